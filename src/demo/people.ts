/**
 * What people do: log in, work on servers, read the intranet, call the cloud, mistype a password now and then.
 * Each activity writes the lines that its devices would write. Never enough failures to look like an attack.
 */
import { CAS, HOSTS, PEOPLE, type Person, SERVERS } from './company.ts';
import { atHome, clockOf, presence } from './rhythm.ts';
import { between, chance, draw, pick, skewed, weighted } from './random.ts';
import type { World } from './world.ts';
import { ecsRequest } from './lines/apps.ts';
import { auditCommand, auditExec, auditLogin } from './lines/auditd.ts';
import { cefTraffic, cefVpn } from './lines/cef.ts';
import { cloudCall } from './lines/cloudtrail.ts';
import { pamClosed, pamFailure, pamOpened } from './lines/pam.ts';
import {
  sshAcceptedKey,
  sshAcceptedPassword,
  sshDisconnected,
  sshFailed,
  sshReceived,
} from './lines/sshd.ts';
import { sudoRan, sudoWrong, suTo } from './lines/sudo.ts';
import { type Style, syslog } from './lines/syslog.ts';
import { sessionGone, sessionNew } from './lines/systemd.ts';
import { apacheMissing, combined } from './lines/web.ts';
import { vaultCall } from './lines/vault.ts';
import { sysmonConnection, sysmonProcess, winLogon, winProcess, winTicket } from './lines/windows.ts';
import { zeekConn, zeekDns, zeekSsl } from './lines/zeek.ts';

const MINUTE_US = 60e6;
/** One mistyped password per person in this time. */
const MISTYPE_US = 30 * MINUTE_US;
export const AGENTS = [
  'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 15_1) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148',
] as const;

/** Where the person sits: the address that internal services see. */
const ipOf = (p: Person, at: number): string => (atHome(p, clockOf(at)) ? p.vpnIp : p.officeIp);

type Activity = (w: World, p: Person) => void;

const COMMANDS = [
  '/usr/bin/systemctl restart orders',
  '/usr/bin/journalctl -u nginx -n 200',
  '/usr/bin/apt-get update',
  '/usr/bin/tail -n 100 /var/log/syslog',
  '/usr/bin/systemctl status postgresql',
  '/usr/sbin/nginx -t',
] as const;

const sshSession: Activity = (w, p) => {
  const host = pick(w.rng, SERVERS);
  const peer = { user: p.user, ip: ipOf(p, w.at), port: w.port() };
  const pid = w.pid();
  const session = between(w.rng, 100, 9999);
  const style: Style = host === HOSTS.app01 || host === HOSTS.app02 ? '5424' : 'bsd';
  const sshd = (at: number, format: 'sshd' | 'pam', text: string): void =>
    w.emit(
      at,
      format,
      syslog({ at, host: host.name, program: 'sshd', pid, facility: 'authpriv', style }, text),
    );
  const at = w.at;
  if (chance(w.rng, 0.08) && w.allow(`mistype ${p.user}`, MISTYPE_US)) {
    sshd(at, 'pam', pamFailure('sshd', peer.ip, p.user));
    sshd(at + 2e6, 'sshd', sshFailed(peer, true));
    sshd(at + 5e6, 'sshd', sshAcceptedPassword(peer));
  } else sshd(at + 5e6, 'sshd', sshAcceptedKey(peer, p.key));
  sshd(at + 5.02e6, 'pam', pamOpened('sshd', p.user, p.uid, '(uid=0)'));
  const logind = {
    host: host.name,
    program: 'systemd-logind',
    pid: 540,
    facility: 'authpriv' as const,
    style,
  };
  w.emit(at + 5.03e6, 'systemd', syslog({ ...logind, at: at + 5.03e6 }, sessionNew(session, p.user)));
  w.emit(
    at + 5.04e6,
    'auditd',
    auditLogin(
      { at: at + 5.04e6, serial: 1e5 + w.serial(), host: host.name },
      { pid, acct: p.user, addr: peer.ip, ok: true },
    ),
  );
  const runs = between(w.rng, 1, 4);
  for (let i = 0; i < runs; i++) shellCommand(w, p, host.name, session, at + 1e7 + i * 2e7 + w.rng() * 1e7);
  if (p.department === 'it' || chance(w.rng, 0.3)) sudoRun(w, p, host.name, session, at + 9e7);
  const end = at + 1.2e8 + w.rng() * 6e8;
  sshd(end, 'sshd', sshReceived(peer));
  sshd(end + 1000, 'sshd', sshDisconnected(peer));
  sshd(end + 2000, 'pam', pamClosed('sshd', p.user));
  w.emit(end + 3000, 'systemd', syslog({ ...logind, at: end + 3000 }, sessionGone(session)));
};

const PROGRAMS = [
  ['/usr/bin/ls', 'ls', '-la'],
  ['/usr/bin/git', 'git', 'pull', '--ff-only'],
  ['/usr/bin/psql', 'psql', '-d', 'orders'],
  ['/usr/bin/grep', 'grep', '-rn', 'timeout', '/etc/orders'],
  ['/usr/bin/df', 'df', '-h'],
  ['/usr/bin/tail', 'tail', '-f', '/var/log/orders/app.log'],
] as const;

function shellCommand(w: World, p: Person, host: string, session: number, at: number): void {
  const [exe, ...args] = pick(w.rng, PROGRAMS);
  const pid = w.pid();
  w.emit(
    at,
    'auditd',
    auditExec(
      { at, serial: 1e5 + w.serial(), host },
      {
        pid,
        ppid: pid - 1,
        auid: p.uid,
        uid: p.uid,
        session,
        exe,
        args,
        cwd: `/home/${p.user}`,
        tty: 'pts0',
      },
    ),
  );
}

function sudoRun(w: World, p: Person, host: string, session: number, at: number): void {
  const command = pick(w.rng, COMMANDS);
  const c = { user: p.user, tty: 'pts/0', pwd: `/home/${p.user}`, as: 'root', command };
  const say = (t: number, program: string, format: 'sudo' | 'pam' | 'su', text: string): void =>
    w.emit(
      t,
      format,
      syslog(
        { at: t, host, program, pid: program === 'su' ? w.pid() : 0, facility: 'authpriv', severity: 5 },
        text,
      ),
    );
  if (chance(w.rng, 0.04) && w.allow(`sudo ${p.user}`, MISTYPE_US)) say(at, 'sudo', 'sudo', sudoWrong(c, 1));
  if (p.department === 'it' && chance(w.rng, 0.1)) {
    say(at, 'su', 'su', suTo(p.user, 'postgres', 'pts/0'));
    return;
  }
  say(at + 3e6, 'sudo', 'sudo', sudoRan(c));
  say(at + 3.01e6, 'sudo', 'pam', pamOpened('sudo', 'root', 0, `${p.user}(uid=${p.uid})`));
  w.emit(
    at + 3.02e6,
    'auditd',
    auditCommand(
      { at: at + 3.02e6, serial: 1e5 + w.serial(), host },
      { pid: w.pid(), auid: p.uid, session, cwd: c.pwd, command },
    ),
  );
  say(at + 4e6, 'sudo', 'pam', pamClosed('sudo', 'root'));
}

/** Laptop wakes up: domain logon, tickets, and the VPN from home. */
const logon: Activity = (w, p) => {
  const at = w.at;
  const home = atHome(p, clockOf(at));
  if (home) {
    const vpn = { host: 'vpn01', user: p.user, src: p.homeIp, assigned: p.vpnIp };
    if (chance(w.rng, 0.05) && w.allow(`vpn ${p.user}`, MISTYPE_US))
      w.emit(at, 'cef', cefVpn({ ...vpn, at, ok: false }));
    w.emit(at + 8e6, 'cef', cefVpn({ ...vpn, at: at + 8e6, ok: true }));
  }
  const ip = ipOf(p, at);
  const l = {
    user: p.user,
    sid: p.sid,
    type: 2 as const,
    ip,
    port: w.port(),
    workstation: p.laptop,
    logonId: `0x${w.hex(6)}`,
  };
  const head = (t: number): { at: number; computer: string; record: number } => ({
    at: t,
    computer: 'dc01',
    record: 8e5 + w.serial(),
  });
  if (chance(w.rng, 0.06) && w.allow(`logon ${p.user}`, MISTYPE_US))
    w.emit(at + 1e7, 'windows', winLogon(head(at + 1e7), { ...l, ok: false }));
  w.emit(at + 1.5e7, 'windows', winLogon(head(at + 1.5e7), { ...l, type: 3, ok: true }));
  for (const service of ['krbtgt', 'cifs/files01', 'http/intranet'])
    w.emit(at + 1.6e7, 'windows', winTicket(head(at + 1.6e7), p, service, ip, w.port()));
};

const WINDOWS_PROGRAMS = [
  ['C:\\Program Files\\Microsoft Office\\root\\Office16\\OUTLOOK.EXE', ''],
  [
    'C:\\Program Files\\Microsoft Office\\root\\Office16\\EXCEL.EXE',
    ' /e "C:\\Users\\Public\\Documents\\forecast.xlsx"',
  ],
  ['C:\\Program Files\\Mozilla Firefox\\firefox.exe', ' -osint -url https://intranet.corp.example.com/'],
  ['C:\\Windows\\System32\\notepad.exe', ''],
  ['C:\\Windows\\System32\\svchost.exe', ' -k netsvcs -p -s BITS'],
] as const;

const laptopWork: Activity = (w, p) => {
  const [image, tail] = pick(w.rng, WINDOWS_PROGRAMS);
  const pid = w.pid();
  const start = {
    user: p.user,
    sid: p.sid,
    image,
    commandLine: `"${image}"${tail}`,
    parent: 'C:\\Windows\\explorer.exe',
    parentLine: 'C:\\Windows\\Explorer.EXE',
    pid,
    ppid: 4000 + (p.uid % 100) * 4,
    sha256: w.hex(64).toUpperCase(),
  };
  const head = { at: w.at, computer: p.laptop, record: 5e5 + w.serial() };
  w.emit(w.at, 'windows', chance(w.rng, 0.6) ? sysmonProcess(head, start) : winProcess(head, start));
  if (chance(w.rng, 0.5)) {
    const c = { user: p.user, image, pid, src: ipOf(p, w.at), spt: w.port(), dst: HOSTS.mail01.ip, dpt: 443 };
    w.emit(w.at + 1e6, 'windows', sysmonConnection({ ...head, at: w.at + 1e6 }, c));
  }
};

/** Places outside that people read; documentation addresses. */
const SITES = [
  ['news.example.net', '192.0.2.180', 'Example Trust R3'],
  ['docs.example.org', '192.0.2.201', 'Example Trust R3'],
  ['mail.example.net', '192.0.2.166', 'Other Trust G2'],
  ['mirror.example.org', '192.0.2.230', 'Example Trust R3'],
  ['video.example.net', '192.0.2.140', 'Other Trust G2'],
] as const;

const browse: Activity = (w, p) => {
  const [name, ip, issuer] = pick(w.rng, SITES);
  const src = ipOf(p, w.at);
  const f = { at: w.at, uid: w.uid(), src, spt: w.port(), dst: HOSTS.dc01.ip, dpt: 53 };
  w.emit(w.at, 'zeek', zeekDns(f, name, ip));
  const tls = { at: w.at + 30_000, uid: w.uid(), src, spt: w.port(), dst: ip, dpt: 443 };
  w.emit(tls.at, 'zeek', zeekSsl(tls, { name, issuer, valid: true }));
  const sent = skewed(w.rng, 4000);
  const received = skewed(w.rng, 90_000);
  const seconds = Math.round(w.rng() * 3e7) / 1e6;
  w.emit(
    tls.at + seconds * 1e6,
    'zeek',
    zeekConn({ ...tls, at: tls.at }, { proto: 'tcp', service: 'ssl', seconds, sent, received, state: 'SF' }),
  );
  if (chance(w.rng, 0.3))
    w.emit(
      w.at,
      'cef',
      cefTraffic({
        at: w.at,
        host: 'fw01',
        allow: true,
        src,
        spt: tls.spt,
        dst: ip,
        dpt: 443,
        app: 'SSL',
        rule: 'web-out',
        sent,
        received,
      }),
    );
};

const PAGES = [
  '/',
  '/wiki/onboarding',
  '/wiki/vpn',
  '/canteen',
  '/phonebook',
  '/travel/expenses',
  '/holidays',
] as const;
const intranet: Activity = (w, p) => {
  const web = (at: number, text: string): void =>
    w.emit(
      at,
      'apache',
      syslog({ at, host: 'web03', program: 'apache2', pid: 1200, facility: 'local7' }, text),
    );
  const ip = ipOf(p, w.at);
  const n = between(w.rng, 1, 5);
  for (let i = 0; i < n; i++) {
    const at = w.at + i * 7e6 + w.rng() * 3e6;
    const missing = chance(w.rng, 0.02) && w.allow(`404 ${ip}`, MINUTE_US);
    const path = missing ? `/wiki/${w.hex(6)}` : pick(w.rng, PAGES);
    web(
      at,
      combined({
        at,
        ip,
        user: p.user,
        method: 'GET',
        path,
        status: missing ? 404 : 200,
        bytes: skewed(w.rng, 9000),
        agent: pick(w.rng, AGENTS),
      }),
    );
    if (missing)
      web(
        at,
        apacheMissing({
          at,
          ip,
          port: w.port(),
          pid: w.pid(),
          connection: w.serial(),
          path,
          site: 'intranet',
        }),
      );
  }
};

const orders: Activity = (w, p) => {
  const n = between(w.rng, 1, 4);
  for (let i = 0; i < n; i++) {
    const at = w.at + i * 4e6;
    const write = chance(w.rng, 0.3);
    w.emit(
      at,
      'ecs-json',
      ecsRequest({
        at,
        host: pick(w.rng, ['app01', 'app02']),
        ip: ipOf(p, at),
        user: p.user,
        method: write ? 'POST' : 'GET',
        path: `/api/orders/${between(w.rng, 10_000, 99_999)}`,
        status: chance(w.rng, 0.01) ? 500 : write ? 201 : 200,
        ms: skewed(w.rng, 40),
        trace: w.hex(32),
      }),
    );
  }
};

const CLOUD_CALLS = [
  ['ec2', 'DescribeInstances'],
  ['s3', 'GetObject'],
  ['s3', 'PutObject'],
  ['rds', 'DescribeDBInstances'],
  ['logs', 'FilterLogEvents'],
  ['iam', 'ListUsers'],
] as const;
const cloud: Activity = (w, p) => {
  const ip = atHome(p, clockOf(w.at)) ? p.homeIp : '192.0.2.10';
  const base = { caller: { user: p.user }, ip, agent: pick(w.rng, AGENTS) };
  if (w.allow(`console ${p.user}`, 4 * 60 * MINUTE_US))
    w.emit(
      w.at,
      'cloudtrail',
      cloudCall({
        ...base,
        at: w.at,
        id: w.uuid(),
        service: 'signin',
        name: 'ConsoleLogin',
        response: { ConsoleLogin: 'Success' },
        extra: { MFAUsed: 'Yes', MobileVersion: 'No' },
      }),
    );
  const n = between(w.rng, 1, 4);
  for (let i = 0; i < n; i++) {
    const [service, name] = pick(w.rng, CLOUD_CALLS);
    const at = w.at + 2e6 + i * 3e6;
    w.emit(
      at,
      'cloudtrail',
      cloudCall({ ...base, at, id: w.uuid(), service, name, request: { maxResults: 100 } }),
    );
  }
};

const secrets: Activity = (w, p) => {
  const call = {
    at: w.at,
    id: w.uuid(),
    who: `ldap-${p.user}`,
    policies: ['default', p.department],
    operation: 'read' as const,
    mount: 'kv' as const,
    path: `secret/data/${pick(w.rng, ['orders', 'mail', 'build'])}/${pick(w.rng, ['db', 'api', 'smtp'])}`,
    ip: ipOf(p, w.at),
    response: { data: { value: `hmac-sha256:${w.hex(32)}` } },
  };
  for (const line of vaultCall(call)) w.emit(w.at + (line.includes('"response"') ? 4000 : 0), 'vault', line);
};

/** A client certificate in the hands of its owner. */
const mutualTls: Activity = (w, p) => {
  const f = { at: w.at, uid: w.uid(), src: ipOf(p, w.at), spt: w.port(), dst: HOSTS.build01.ip, dpt: 8443 };
  w.emit(
    w.at,
    'zeek',
    zeekSsl(f, {
      name: 'build.corp.example.com',
      issuer: CAS.internal,
      valid: true,
      client: p.user,
      clientIssuer: CAS.clients,
    }),
  );
};

const EVERYONE: readonly (readonly [number, Activity])[] = [
  [1, logon],
  [3, laptopWork],
  [3, browse],
  [2, intranet],
];
const BY_DEPARTMENT = {
  it: weighted<Activity>([...EVERYONE, [2.5, sshSession], [1, cloud], [1, secrets], [0.5, mutualTls]]),
  engineering: weighted<Activity>([
    ...EVERYONE,
    [1.2, sshSession],
    [1, cloud],
    [0.7, secrets],
    [1, mutualTls],
  ]),
  sales: weighted<Activity>([...EVERYONE, [4, orders]]),
  support: weighted<Activity>([...EVERYONE, [4, orders]]),
  finance: weighted<Activity>([...EVERYONE, [2, orders]]),
  people: weighted<Activity>(EVERYONE),
  management: weighted<Activity>([...EVERYONE, [0.5, orders]]),
} as const;

/** Someone who is at work does something of their department. */
export function personActs(w: World): void {
  const c = clockOf(w.at);
  const who = draw(w.rng, weighted(PEOPLE.map((p) => [presence(p, c), p] as const)));
  draw(w.rng, BY_DEPARTMENT[who.department])(w, who);
}
