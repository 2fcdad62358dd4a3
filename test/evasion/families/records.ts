/** Records that carry an attack, to be dressed. */
export const json = (v: unknown): string => JSON.stringify(v);

/** A process start as Sysmon and `evtx_dump` write it; `data` replaces parts of EventData. */
export const sysmon = (
  data: Readonly<Record<string, unknown>>,
  system: Readonly<Record<string, unknown>> = {},
): object => ({
  Event: {
    System: {
      Provider: { '#attributes': { Name: 'Microsoft-Windows-Sysmon' } },
      EventID: 1,
      Channel: 'Microsoft-Windows-Sysmon/Operational',
      Computer: 'ws-17.corp.example.com',
      TimeCreated: { '#attributes': { SystemTime: '2026-03-05T14:00:00.000000Z' } },
      ...system,
    },
    EventData: {
      UtcTime: '2026-03-05 14:00:00.000',
      ProcessId: 4711,
      Image: 'C:\\Tools\\x.exe',
      CommandLine: 'x.exe',
      User: 'CORP\\bob',
      ParentImage: 'C:\\Windows\\explorer.exe',
      ...data,
    },
  },
});

export const created = (system: Readonly<Record<string, unknown>>): object => ({
  Event: {
    System: {
      Provider: { '#attributes': { Name: 'Microsoft-Windows-Security-Auditing' } },
      EventID: 4720,
      Channel: 'Security',
      Computer: 'dc01.corp.example.com',
      TimeCreated: { '#attributes': { SystemTime: '2026-03-05T14:00:00.000000Z' } },
      ...system,
    },
    EventData: { TargetUserName: 'helpdesk2', SubjectUserName: 'bob' },
  },
});

export const app = (command: unknown, more: Readonly<Record<string, unknown>> = {}): object => ({
  app: { command },
  ...more,
});

export const sudo = (command: string): string =>
  `<86>Mar  5 14:00:00 web01 sudo:      bob : TTY=pts/0 ; PWD=/home/bob ; USER=root ; COMMAND=${command}`;
export const sshd = (message: string, host = 'web01'): string =>
  `<86>Mar  5 14:00:00 ${host} sshd[812]: ${message}`;
export const nginx = (path: string, agent = 'curl/8.5.0'): string =>
  `<190>Mar  5 14:00:00 web01 nginx: 198.51.100.7 - - [05/Mar/2026:14:00:00 +0000] "GET ${path} HTTP/1.1" 200 150 "-" "${agent}"`;
export const netfilter = (src: string, dpt = '22'): string =>
  `<4>Mar  5 14:00:00 fw01 kernel: [UFW BLOCK] IN=eth0 OUT= SRC=${src} DST=10.0.0.10 LEN=60 PROTO=TCP SPT=40000 DPT=${dpt} SYN`;
export const cef = (extension: string): string =>
  `<134>Mar  5 14:00:00 edge01 CEF:0|Example Net|EdgeWall|7.2|TRAFFIC|traffic denied|5|${extension}`;
export const zeekDns = (query: string): string =>
  json({
    _path: 'dns',
    ts: 1772719200.5,
    uid: 'CdnsXX',
    'id.orig_h': '10.0.1.7',
    'id.orig_p': 33000,
    'id.resp_h': '10.0.0.53',
    'id.resp_p': 53,
    proto: 'udp',
    query,
    qtype_name: 'A',
    rcode_name: 'NOERROR',
  });
export const auditExec = (args: readonly string[]): string =>
  [
    'type=SYSCALL msg=audit(1772719200.123:77): arch=c000003e syscall=59 success=yes exit=0 ppid=1 pid=2 auid=1000 uid=0 comm="cat" exe="/usr/bin/cat" key="exec"',
    `type=EXECVE msg=audit(1772719200.123:77): argc=${args.length} ${args.map((a, i) => `a${i}=${a}`).join(' ')}`,
  ].join('\n');
/** A failed logon as Snare writes it, whose user and workstation are what the sender said. */
export const snareLogon = (user: string, workstation: string, address: string): string =>
  [
    '<131>Mar  5 14:00:00 ws-17 MSWinEventLog',
    '1\tSecurity\t1001\tThu Mar 05 14:00:00 2026\t4625\tMicrosoft-Windows-Security-Auditing\tCORP\\anna\tN/A',
    'Failure Audit\tws-17.corp.example.com\tLogon\t',
    `An account failed to log on.    Subject:   Security ID:  NULL SID   Account Name:  -   Account Domain:  -   Logon ID:  0x0    Logon Type:   3    Account For Which Logon Failed:   Security ID:  NULL SID   Account Name:  ${user}   Account Domain:  CORP    ${failedFrom(workstation, address)}`,
    '52',
  ].join('\t');
/** What follows the account in it. */
export const failedFrom = (workstation: string, address: string): string =>
  `Failure Information:   Failure Reason:  Unknown user name or bad password.   Status:   0xc000006d   Sub Status:  0xc000006a    Process Information:   Caller Process ID: 0x0   Caller Process Name: -    Network Information:   Workstation Name: ${workstation}   Source Network Address: ${address}   Source Port:  50100    Detailed Authentication Information:   Logon Process:  NtLmSsp`;

/** Filling of `n` characters that no rule is about. */
export const filling = (n: number): string => 'lorem ipsum '.repeat(Math.ceil(n / 12)).slice(0, n);
