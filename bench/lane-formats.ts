/**
 * The records of the mixed lane, by format. Each function writes one line that no other call writes: the record's
 * number is in it, as a port, a process id, an item or an id, together with its time. No line holds a newline.
 */
import { ecsRequest, jobDone } from '../src/demo/lines/apps.ts';
import { auditCommand, auditLogin } from '../src/demo/lines/auditd.ts';
import { cefTraffic, cefVpn } from '../src/demo/lines/cef.ts';
import { cloudCall } from '../src/demo/lines/cloudtrail.ts';
import { cronRan } from '../src/demo/lines/cron.ts';
import { ufw } from '../src/demo/lines/netfilter.ts';
import { pamOpened } from '../src/demo/lines/pam.ts';
import { groupJoined } from '../src/demo/lines/shadow.ts';
import { sshAcceptedKey, sshDisconnected, sshFailed } from '../src/demo/lines/sshd.ts';
import { sudoRan } from '../src/demo/lines/sudo.ts';
import { type Facility, syslog } from '../src/demo/lines/syslog.ts';
import { unitStarted } from '../src/demo/lines/systemd.ts';
import { vaultCall } from '../src/demo/lines/vault.ts';
import { combined } from '../src/demo/lines/web.ts';
import {
  type Start,
  sysmonProcess,
  winCleared,
  winLogon,
  winProcess,
  winTicket,
} from '../src/demo/lines/windows.ts';
import { zeekConn, zeekSsl } from '../src/demo/lines/zeek.ts';
import { between, chance, hex, letters, pick, type Rng, skewed } from '../src/demo/random.ts';

/** What a record is written from. `n`: its number, `at`: its time in microseconds. */
export type Draws = {
  readonly rng: Rng;
  n: number;
  at: number;
  /** An address of the company, by Zipf. */
  readonly inside: () => string;
  /** An address of the Internet, by Zipf. */
  readonly outside: () => string;
  /** A user name, by Zipf. */
  readonly user: () => string;
  /** A server's name, by Zipf. */
  readonly host: () => string;
};
export type LaneFormat = (d: Draws) => string;

/** One process id per record; 4,194,304 is the kernel's maximum. */
const pid = (d: Draws): number => 300 + (d.n % 4_000_000);
/** One port per record within a second, up to 64,000 records a second. */
const port = (d: Draws): number => 1024 + (d.n % 64_000);
const id = (d: Draws): string =>
  `${hex(d.rng, 8)}-${hex(d.rng, 4)}-4000-a000-${d.n.toString(16).padStart(12, '0')}`;
const log = (d: Draws, program: string, facility: Facility, text: string): string =>
  syslog({ at: d.at, host: d.host(), program, pid: pid(d), facility }, text);
const AGENTS = [
  'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
  'curl/8.5.0',
] as const;

const hit = (d: Draws, user?: string): string =>
  combined({
    at: d.at,
    ip: d.outside(),
    ...(user === undefined ? {} : { user }),
    method: chance(d.rng, 0.9) ? 'GET' : 'POST',
    path: `/shop/item/${d.n.toString(36)}?ref=${between(d.rng, 1, 500)}`,
    status: chance(d.rng, 0.01) ? 404 : 200,
    bytes: skewed(d.rng, 9000),
    referrer: 'https://shop.example.com/',
    agent: pick(d.rng, AGENTS),
  });
const SYSTEM = 'C:\\Windows\\System32';
const win = (d: Draws): { at: number; computer: string; record: number } => ({
  at: d.at,
  computer: `ws-${between(d.rng, 1, 3000)}`,
  record: d.n,
});
const sid = (d: Draws): string => `S-1-5-21-1004336348-1177238915-682003330-${between(d.rng, 1100, 9999)}`;
const flow = (d: Draws, src: string, dst: string, dpt: number) =>
  ({
    at: d.at,
    uid: `C${letters(d.rng, 10)}${d.n.toString(36).padStart(7, '0')}`,
    src,
    spt: port(d),
    dst,
    dpt,
  }) as const;

export const nginx: LaneFormat = (d) => log(d, 'nginx', 'local7', hit(d));
export const apache: LaneFormat = (d) => log(d, 'apache2', 'local7', hit(d, d.user()));
export const sshd: LaneFormat = (d) => {
  const peer = { user: d.user(), ip: d.inside(), port: port(d) };
  const x = d.rng();
  if (x < 0.03)
    return log(d, 'sshd', 'authpriv', sshFailed({ ...peer, ip: d.outside() }, chance(d.rng, 0.5)));
  return log(
    d,
    'sshd',
    'authpriv',
    x < 0.15 ? sshAcceptedKey(peer, letters(d.rng, 43)) : sshDisconnected(peer),
  );
};
export const pam: LaneFormat = (d) =>
  log(d, 'sshd', 'authpriv', pamOpened('sshd', d.user(), between(d.rng, 1000, 60_000), '(uid=0)'));
export const sudo: LaneFormat = (d) => {
  const user = d.user();
  const command = `/usr/bin/systemctl restart ${pick(d.rng, ['orders', 'nginx', 'postgresql'])}@${d.n % 100}`;
  return log(
    d,
    'sudo',
    'authpriv',
    sudoRan({ user, tty: 'pts/0', pwd: `/home/${user}`, as: 'root', command }),
  );
};
export const cron: LaneFormat = (d) =>
  log(d, 'CRON', 'cron', cronRan('root', 'cd / && run-parts --report /etc/cron.hourly'));
export const systemd: LaneFormat = (d) => {
  const session = `session-${d.n}.scope`;
  return syslog(
    { at: d.at, host: d.host(), program: 'systemd', pid: 1, facility: 'daemon', style: '5424' },
    unitStarted(session, `Session ${d.n} of User ${d.user()}`),
  );
};
export const netfilter: LaneFormat = (d) =>
  syslog(
    { at: d.at, host: d.host(), program: 'kernel', pid: 0, facility: 'kern', severity: 4 },
    ufw(chance(d.rng, 0.15) ? 'BLOCK' : 'ALLOW', {
      src: d.outside(),
      dst: d.inside(),
      spt: port(d),
      dpt: pick(d.rng, [22, 80, 443, 3389, 8080]),
      proto: 'TCP',
      id: d.n % 65_536,
      uptime: d.n / 1000,
    }),
  );
export const cef: LaneFormat = (d) => {
  if (chance(d.rng, 0.01))
    return cefVpn({
      at: d.at,
      host: `vpn${(d.n % 8) + 1}`,
      user: d.user(),
      src: d.outside(),
      assigned: `10.${between(d.rng, 0, 255)}.${(d.n >> 8) & 255}.${d.n & 255}`,
      ok: true,
    });
  return cefTraffic({
    at: d.at,
    host: d.host(),
    allow: chance(d.rng, 0.97),
    src: d.inside(),
    spt: port(d),
    dst: d.outside(),
    dpt: pick(d.rng, [80, 443, 443, 443, 8443]),
    app: 'SSL',
    rule: 'web-out',
    sent: skewed(d.rng, 4000),
    received: skewed(d.rng, 90_000),
  });
};
export const auditd: LaneFormat = (d) => {
  const head = { at: d.at, serial: d.n, host: d.host() };
  if (chance(d.rng, 0.5))
    return auditLogin(head, { pid: pid(d), acct: d.user(), addr: d.inside(), ok: true });
  const command = `/usr/bin/journalctl -u orders -n ${d.n % 1000}`;
  return auditCommand(head, {
    pid: pid(d),
    auid: between(d.rng, 1000, 60_000),
    session: d.n % 10_000,
    cwd: `/home/${d.user()}`,
    command,
  });
};
/** Tickets, program starts, and logons. */
export const windows: LaneFormat = (d) => {
  const x = d.rng();
  if (x < 0.6)
    return winTicket(win(d), { user: d.user(), sid: '' }, `cifs/files${d.n % 40}`, d.inside(), port(d));
  if (x < 0.85)
    return winProcess(
      win(d),
      startOf(d, `${SYSTEM}\\conhost.exe`, `${SYSTEM}\\svchost.exe`, `conhost.exe ${d.n}`),
    );
  return winLogon(win(d), {
    user: d.user(),
    sid: sid(d),
    ok: chance(d.rng, 0.97),
    type: 3,
    ip: d.inside(),
    port: port(d),
    workstation: `ws-${between(d.rng, 1, 3000)}`,
    logonId: `0x${hex(d.rng, 7)}`,
  });
};
const startOf = (d: Draws, image: string, parent: string, commandLine: string): Start => ({
  user: d.user(),
  sid: sid(d),
  image,
  commandLine,
  parent,
  parentLine: `"${parent}"`,
  pid: pid(d),
  ppid: between(d.rng, 400, 30_000),
  sha256: hex(d.rng, 64).toUpperCase(),
});
const start = (d: Draws, image: string, parent: string, commandLine: string): string =>
  sysmonProcess(win(d), startOf(d, image, parent, commandLine));
export const sysmon: LaneFormat = (d) => {
  const image = `${SYSTEM}\\${pick(d.rng, ['svchost.exe', 'notepad.exe', 'taskhostw.exe', 'conhost.exe', 'backgroundTaskHost.exe'])}`;
  return start(d, image, `${SYSTEM}\\services.exe`, `${image} -k group${d.n % 50}`);
};
export const cloudtrail: LaneFormat = (d) => {
  const [service, name] = pick(d.rng, [
    ['s3', 'GetObject'],
    ['s3', 'PutObject'],
    ['ec2', 'DescribeInstances'],
    ['kms', 'Decrypt'],
    ['sts', 'GetCallerIdentity'],
  ] as const);
  return cloudCall({
    at: d.at,
    id: id(d),
    caller: { user: d.user() },
    ip: d.outside(),
    agent: 'aws-cli/2.31',
    service,
    name,
    request: { bucketName: `orders-${d.n % 40}`, key: `in/${d.n}.json` },
  });
};
export const vault: LaneFormat = (d) =>
  vaultCall({
    at: d.at,
    id: id(d),
    who: `ldap-${d.user()}`,
    policies: ['default', 'orders'],
    operation: 'read',
    mount: 'kv',
    path: `secret/data/app${d.n % 200}/db`,
    ip: d.inside(),
    response: { data: { value: `hmac-sha256:${hex(d.rng, 32)}` } },
  })[1];
export const zeekFlow: LaneFormat = (d) =>
  zeekConn(flow(d, d.inside(), d.outside(), 443), {
    proto: 'tcp',
    service: 'ssl',
    seconds: Math.round(d.rng() * 1e7) / 1e6,
    sent: skewed(d.rng, 3000),
    received: skewed(d.rng, 80_000),
    state: 'SF',
  });
export const zeekTls: LaneFormat = (d) =>
  zeekSsl(flow(d, d.inside(), d.outside(), 443), {
    name: `site${between(d.rng, 1, 5000)}.example.net`,
    issuer: 'Example Trust R3',
    valid: true,
  });
export const ecs: LaneFormat = (d) =>
  ecsRequest({
    at: d.at,
    host: d.host(),
    ip: d.inside(),
    user: d.user(),
    method: 'GET',
    path: `/api/orders/${d.n}`,
    status: chance(d.rng, 0.005) ? 500 : 200,
    ms: skewed(d.rng, 30),
    trace: hex(d.rng, 32),
  });
export const plainJson: LaneFormat = (d) =>
  jobDone({
    at: d.at,
    host: d.host(),
    job: pick(d.rng, ['invoice-export', 'stock-sync', 'price-import']),
    rows: skewed(d.rng, 300),
    ms: skewed(d.rng, 900),
    id: id(d),
  });

/** Records that a rule which alerts by itself matches. */
export const ALERTING: readonly LaneFormat[] = [
  (d) => winCleared(win(d), { user: d.user(), sid: sid(d) }),
  (d) => log(d, 'usermod', 'authpriv', groupJoined(d.user(), 'sudo')),
  (d) =>
    log(
      d,
      'sudo',
      'authpriv',
      `${d.user()} : user NOT in sudoers ; TTY=pts/1 ; PWD=/tmp ; USER=root ; COMMAND=/usr/bin/id`,
    ),
  (d) =>
    zeekConn(flow(d, d.inside(), d.outside(), 443), {
      proto: 'tcp',
      service: 'ssl',
      seconds: 61,
      sent: 600_000_000 + (d.n % 1e9),
      received: 90_000,
      state: 'SF',
    }),
  (d) =>
    start(
      d,
      `${SYSTEM}\\cmd.exe`,
      'C:\\Program Files\\Microsoft Office\\root\\Office16\\EXCEL.EXE',
      `cmd.exe /c echo ${d.n}`,
    ),
  (d) =>
    cloudCall({
      at: d.at,
      id: id(d),
      caller: { user: d.user() },
      ip: d.outside(),
      agent: 'aws-cli/2.31',
      service: 'iam',
      name: 'CreateAccessKey',
      request: { userName: d.user() },
      response: { accessKey: { status: 'Active' } },
    }),
  (d) =>
    log(
      d,
      'nginx',
      'local7',
      combined({
        at: d.at,
        ip: d.outside(),
        method: 'GET',
        path: `/${d.n}/../../etc/passwd`,
        status: 404,
        bytes: 153,
        agent: 'curl/8.5.0',
      }),
    ),
];
