/** A firewall and a VPN gateway that speak CEF. Bodies; the envelope is RFC 3164 with the program left out. */
import { bsdStamp } from './stamps.ts';

const envelope = (at: number, host: string, pri: number): string => `<${pri}>${bsdStamp(at)} ${host} `;

export const cefTraffic = (t: {
  at: number;
  host: string;
  allow: boolean;
  src: string;
  spt: number;
  dst: string;
  dpt: number;
  app: string;
  rule: string;
  sent: number;
  received: number;
}): string =>
  `${envelope(t.at, t.host, 134)}CEF:0|Example Net|EdgeWall|7.2|TRAFFIC|traffic ${t.allow ? 'allowed' : 'denied'}|${t.allow ? 3 : 5}|rt=${Math.floor(t.at / 1000)} src=${t.src} spt=${t.spt} dst=${t.dst} dpt=${t.dpt} proto=TCP app=${t.app} act=${t.allow ? 'allow' : 'deny'} cs1Label=Rule Name cs1=${t.rule} out=${t.sent} in=${t.received} deviceDirection=${t.src.startsWith('10.') ? 1 : 0} dvchost=${t.host}`;

export const cefVpn = (v: {
  at: number;
  host: string;
  user: string;
  src: string;
  assigned: string;
  ok: boolean;
}): string =>
  v.ok
    ? `${envelope(v.at, v.host, 134)}CEF:0|Example Net|RemoteAccess|3.1|200|VPN user logged in|3|rt=${Math.floor(v.at / 1000)} src=${v.src} duser=${v.user} outcome=success cs1Label=Assigned Address cs1=${v.assigned} dvchost=${v.host}`
    : `${envelope(v.at, v.host, 132)}CEF:0|Example Net|RemoteAccess|3.1|201|VPN user login failed|6|rt=${Math.floor(v.at / 1000)} src=${v.src} duser=${v.user} outcome=failure reason=bad password dvchost=${v.host}`;
