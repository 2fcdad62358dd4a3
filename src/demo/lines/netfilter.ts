/** Packets that ufw and iptables log, for the envelope `kernel`. */
export type Packet = {
  readonly src: string;
  readonly dst: string;
  readonly spt: number;
  readonly dpt: number;
  readonly proto: 'TCP' | 'UDP';
  readonly id: number;
  readonly uptime: number;
};
export const ufw = (verdict: 'BLOCK' | 'ALLOW', p: Packet): string =>
  `[${p.uptime.toFixed(6)}] [UFW ${verdict}] IN=eth0 OUT= MAC=02:00:00:00:00:01:02:00:00:00:00:02:08:00 SRC=${p.src} DST=${p.dst} LEN=60 TOS=0x00 PREC=0x00 TTL=${40 + (p.id % 24)} ID=${p.id} ${p.proto === 'TCP' ? 'DF ' : ''}PROTO=${p.proto} SPT=${p.spt} DPT=${p.dpt} ${p.proto === 'TCP' ? 'WINDOW=64240 RES=0x00 SYN URGP=0' : 'LEN=40'}`;
export const iptables = (rule: string, p: Packet): string =>
  `${rule}: IN=eth0 OUT=eth1 SRC=${p.src} DST=${p.dst} LEN=60 TOS=0x00 PREC=0x00 TTL=${40 + (p.id % 24)} ID=${p.id} PROTO=${p.proto} SPT=${p.spt} DPT=${p.dpt}${p.proto === 'TCP' ? ' WINDOW=29200 RES=0x00 SYN URGP=0' : ' LEN=40'}`;
