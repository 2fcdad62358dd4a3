/**
 * What people do: log in, work on servers, read the intranet, call the cloud, mistype a password now and then.
 * Each activity writes the lines that its devices would write. Never enough failures to look like an attack.
 */
import { CAS, HOSTS, PEOPLE } from './company.ts';
import { type Activity, AGENTS, ipOf, MINUTE_US, MISTYPE_US } from './habits.ts';
import { atHome, clockOf, presence } from './rhythm.ts';
import { between, chance, draw, pick, skewed, weighted } from './random.ts';
import type { World } from './world.ts';
import { sshSession } from './server-work.ts';
import { ecsRequest } from './lines/apps.ts';
import { cefTraffic, cefVpn } from './lines/cef.ts';
import { cloudCall } from './lines/cloudtrail.ts';
import { syslog } from './lines/syslog.ts';
import { apacheMissing, combined } from './lines/web.ts';
import { vaultCall } from './lines/vault.ts';
import { sysmonConnection, sysmonProcess, winLogon, winProcess, winTicket } from './lines/windows.ts';
import { zeekConn, zeekDns, zeekSsl } from './lines/zeek.ts';

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
