/**
 * What goes on without people: customers of the web shop, timers, backups, monitoring, certificates that renew
 * themselves, and the Internet's constant knocking at the firewall (never enough of it to look like an attack).
 */
import { CAS, fingerprint, HOSTS, PUBLIC_IP, SERVERS } from './company.ts';
import { AGENTS, MINUTE_US } from './habits.ts';
import { between, chance, draw, pick, skewed, weighted } from './random.ts';
import type { World } from './world.ts';
import { jobDone, mailLine, portalEvent } from './lines/apps.ts';
import { auditService } from './lines/auditd.ts';
import { cefTraffic } from './lines/cef.ts';
import { ctEntry } from './lines/certstream.ts';
import { cloudCall } from './lines/cloudtrail.ts';
import { cronRan } from './lines/cron.ts';
import { iptables, ufw } from './lines/netfilter.ts';
import { pamOpened } from './lines/pam.ts';
import { sshAcceptedKey, sshFailed, sshScan } from './lines/sshd.ts';
import { syslog } from './lines/syslog.ts';
import { unitDone, unitStarted, unitStarting } from './lines/systemd.ts';
import { colons, vaultCall } from './lines/vault.ts';
import { combined, nginxMissing, nginxUpstream } from './lines/web.ts';
import { winTicket } from './lines/windows.ts';
import { zeekConn, zeekSsl, zeekX509 } from './lines/zeek.ts';

type Activity = (w: World) => void;

const SHOP = [
  '/',
  '/shop',
  '/shop/sensors',
  '/shop/cart',
  '/support',
  '/static/app.css',
  '/static/app.js',
  '/about',
] as const;
const customerIp = (w: World): string =>
  chance(w.rng, 0.15) ? `2001:db8:${w.hex(2)}::${w.hex(3)}` : `198.51.100.${between(w.rng, 1, 254)}`;

export const customerVisits: Activity = (w) => {
  const ip = customerIp(w);
  const agent = pick(w.rng, AGENTS);
  const host = pick(w.rng, ['web01', 'web02']);
  const n = between(w.rng, 2, 9);
  const nginx = (at: number, severity: 4 | 6, text: string): void =>
    w.emit(at, 'nginx', syslog({ at, host, program: 'nginx', pid: 0, facility: 'local7', severity }, text));
  for (let i = 0; i < n; i++) {
    const at = w.at + i * 3e6 + w.rng() * 2e6;
    // A dozen refused requests in five minutes at most.
    const missing = chance(w.rng, 0.02) && w.allow(`404 ${ip}`, 25e6);
    const path = missing
      ? `/old/${w.hex(5)}.html`
      : `${pick(w.rng, SHOP)}${chance(w.rng, 0.2) ? `?item=${between(w.rng, 100, 999)}` : ''}`;
    const hit = {
      at,
      ip,
      method: path === '/shop/cart' ? 'POST' : 'GET',
      path,
      status: missing ? 404 : chance(w.rng, 0.1) ? 304 : 200,
      bytes: skewed(w.rng, 14_000),
      referrer: 'https://shop.example.com/',
      agent,
    };
    nginx(at, 6, combined(hit));
    const e = { at, ip, port: w.port(), pid: 1301, connection: w.serial(), path, site: 'shop.example.com' };
    if (missing) nginx(at, 4, nginxMissing(e));
    else if (chance(w.rng, 0.005)) nginx(at, 4, nginxUpstream(e, '10.30.0.31:8080'));
  }
  if (chance(w.rng, 0.4)) {
    const f = { at: w.at, uid: w.uid(), src: ip, spt: w.port(), dst: HOSTS.web01.ip, dpt: 443 };
    w.emit(
      w.at,
      'zeek',
      zeekConn(f, {
        proto: 'tcp',
        service: 'ssl',
        seconds: n * 3,
        sent: skewed(w.rng, 3000),
        received: skewed(w.rng, 200_000),
        state: 'SF',
      }),
    );
  }
};

const JOBS = [
  ['root', 'cd / && run-parts --report /etc/cron.hourly'],
  ['root', '/usr/local/sbin/rotate-orders'],
  ['www-data', '/usr/bin/php /var/www/intranet/cron.php'],
  ['postgres', '/usr/local/bin/vacuum-orders --analyze'],
] as const;
const cronJob: Activity = (w) => {
  const host = pick(w.rng, SERVERS).name;
  const [user, command] = pick(w.rng, JOBS);
  const e = { at: w.at, host, program: 'CRON', pid: w.pid(), facility: 'cron' as const };
  w.emit(w.at, 'cron', syslog(e, cronRan(user, command)));
  w.emit(
    w.at,
    'pam',
    syslog({ ...e, facility: 'authpriv' }, pamOpened('cron', user, user === 'root' ? 0 : 33, '(uid=0)')),
  );
};

const UNITS = [
  ['logrotate.service', 'Rotate log files'],
  ['apt-daily.service', 'Daily apt download activities'],
  ['fstrim.service', 'Discard unused blocks'],
  ['orders-report.service', 'Report of yesterday'],
] as const;
const timer: Activity = (w) => {
  const host = pick(w.rng, SERVERS).name;
  const [unit, title] = pick(w.rng, UNITS);
  const style = chance(w.rng, 0.3) ? ('forward' as const) : ('bsd' as const);
  const say = (at: number, text: string): void =>
    w.emit(at, 'systemd', syslog({ at, host, program: 'systemd', pid: 1, facility: 'daemon', style }, text));
  say(w.at, unitStarting(unit, title));
  say(w.at + 2e6, unitDone(unit));
  say(w.at + 2.1e6, unitStarted(unit, title));
  w.emit(
    w.at,
    'auditd',
    auditService({ at: w.at, serial: 1e5 + w.serial(), host }, unit.slice(0, -8), 'START'),
  );
};

const backup: Activity = (w) => {
  const host = pick(w.rng, SERVERS);
  const peer = { user: 'svc-backup', ip: HOSTS.backup01.ip, port: w.port() };
  const e = { at: w.at, host: host.name, program: 'sshd', pid: w.pid(), facility: 'authpriv' as const };
  w.emit(w.at, 'sshd', syslog(e, sshAcceptedKey(peer, fingerprint(900))));
  w.emit(w.at, 'pam', syslog(e, pamOpened('sshd', 'svc-backup', 990, '(uid=0)')));
  const f = { at: w.at, uid: w.uid(), src: host.ip, spt: w.port(), dst: HOSTS.backup01.ip, dpt: 873 };
  w.emit(
    w.at + 6e7,
    'zeek',
    zeekConn(f, {
      proto: 'tcp',
      service: 'ssh',
      seconds: 58,
      sent: skewed(w.rng, 9e8),
      received: skewed(w.rng, 40_000),
      state: 'SF',
    }),
  );
};

const healthCheck: Activity = (w) => {
  for (const host of ['web01', 'web02']) {
    const hit = {
      at: w.at,
      ip: HOSTS.mon01.ip,
      method: 'GET',
      path: `/healthz?n=${w.serial()}`,
      status: 200,
      bytes: 15,
      agent: 'probe/2.1',
    };
    w.emit(
      w.at,
      'nginx',
      syslog({ at: w.at, host, program: 'nginx', pid: 0, facility: 'local7' }, combined(hit)),
    );
  }
  const f = { at: w.at, uid: w.uid(), src: HOSTS.mon01.ip, spt: w.port(), dst: HOSTS.db01.ip, dpt: 5432 };
  w.emit(
    w.at,
    'zeek',
    zeekConn(f, {
      proto: 'tcp',
      service: 'postgresql',
      seconds: 0.02,
      sent: 310,
      received: 840,
      state: 'SF',
    }),
  );
};

/** Ports that are always tried; fewer than what a scan is. */
const KNOCKED = [22, 23, 80, 443, 445, 1433, 3306, 3389, 5900, 6379, 8080, 8443] as const;
const knocking: Activity = (w) => {
  const src = `203.0.113.${between(w.rng, 1, 254)}`;
  const dpt = pick(w.rng, KNOCKED);
  const packet = {
    src,
    dst: PUBLIC_IP,
    spt: w.port(),
    dpt,
    proto: dpt === 443 && chance(w.rng, 0.2) ? ('UDP' as const) : ('TCP' as const),
    id: between(w.rng, 1, 65_535),
    uptime: (w.at / 1e6) % 5e6,
  };
  const kind = w.rng();
  if (kind < 0.4)
    w.emit(
      w.at,
      'cef',
      cefTraffic({
        at: w.at,
        host: 'fw01',
        allow: false,
        src,
        spt: packet.spt,
        dst: PUBLIC_IP,
        dpt,
        app: 'unknown',
        rule: 'default-deny',
        sent: 0,
        received: 60,
      }),
    );
  else
    w.emit(
      w.at,
      'netfilter',
      syslog(
        { at: w.at, host: 'vpn01', program: 'kernel', pid: 0, facility: 'kern', severity: 4 },
        kind < 0.8 ? ufw('BLOCK', packet) : iptables('IPTABLES-DROP', packet),
      ),
    );
  if (dpt !== 22 || !w.allow(`knock ${src}`, 3 * MINUTE_US)) return;
  const e = { at: w.at + 1e6, host: 'web01', program: 'sshd', pid: w.pid(), facility: 'authpriv' as const };
  const peer = { user: pick(w.rng, ['admin', 'test', 'oracle', 'ubuntu']), ip: src, port: w.port() };
  w.emit(e.at, 'sshd', syslog(e, chance(w.rng, 0.5) ? sshScan(src, peer.port) : sshFailed(peer, false)));
};

const machineTicket: Activity = (w) => {
  const name = pick(w.rng, SERVERS);
  const u = { user: `${name.name.toUpperCase()}$`, sid: 'S-1-5-21-1004336348-1177238915-682003330-3001' };
  w.emit(
    w.at,
    'windows',
    winTicket({ at: w.at, computer: 'dc01', record: 8e5 + w.serial() }, u, 'ldap/dc01', name.ip, w.port()),
  );
};

const appJob: Activity = (w) => {
  const job = pick(w.rng, ['invoice-export', 'stock-sync', 'price-import', 'mail-digest']);
  w.emit(
    w.at,
    'generic-json',
    jobDone({
      at: w.at,
      host: pick(w.rng, ['app01', 'app02']),
      job,
      rows: skewed(w.rng, 300),
      ms: skewed(w.rng, 900),
      id: w.uuid(),
    }),
  );
};

const cloudRole: Activity = (w) => {
  const [service, name] = pick(w.rng, [
    ['s3', 'PutObject'],
    ['kms', 'Decrypt'],
    ['sqs', 'ReceiveMessage'],
    ['logs', 'PutLogEvents'],
  ] as const);
  w.emit(
    w.at,
    'cloudtrail',
    cloudCall({
      at: w.at,
      id: w.uuid(),
      caller: { user: `i-0${w.hex(8)}`, role: 'orders-worker' },
      ip: `10.50.1.${between(w.rng, 10, 60)}`,
      agent: 'aws-sdk-js/3.900',
      service,
      name,
      request: { keyId: 'alias/orders' },
    }),
  );
};

const tokenRenewal: Activity = (w) => {
  const app = pick(w.rng, [HOSTS.app01, HOSTS.app02, HOSTS.build01]);
  const lines = vaultCall({
    at: w.at,
    id: w.uuid(),
    who: `approle-${app.name}`,
    policies: ['default', 'orders'],
    operation: 'read',
    mount: 'token',
    path: 'auth/token/lookup-self',
    ip: app.ip,
  });
  w.emit(w.at, 'vault', lines[0]);
  w.emit(w.at + 4000, 'vault', lines[1]);
};

const NAMES = ['shop', 'api', 'orders', 'intranet.corp', 'build.corp', 'vpn', 'mail'] as const;
const certificates: Activity = (w) => {
  // Certificates are rare; what comes too often is a look at one instead.
  const name = `${pick(w.rng, NAMES)}.example.com`;
  const inside = name.includes('.corp.');
  const issuer = inside ? CAS.internal : CAS.public;
  const serial = w.hex(20);
  const seen = {
    at: w.at,
    fingerprint: w.hex(64),
    serial,
    name,
    issuer,
    organisation: inside ? 'Lysfjord Instruments' : 'Example Trust',
    days: 80,
  };
  if (inside && w.allow('issue', 10 * MINUTE_US)) {
    const request = { common_name: name, ttl: '2160h' };
    const answer = {
      certificate: `hmac-sha256:${w.hex(32)}`,
      serial_number: colons(serial),
      expiration: Math.floor(w.at / 1e6) + 90 * 86_400,
    };
    const lines = vaultCall({
      at: w.at,
      id: w.uuid(),
      who: 'approle-cert-renewer',
      policies: ['pki-web'],
      operation: 'update',
      mount: 'pki',
      path: 'pki_int/issue/web',
      ip: HOSTS.app01.ip,
      data: request,
      response: answer,
    });
    w.emit(w.at, 'vault', lines[0]);
    w.emit(w.at + 4000, 'vault', lines[1]);
    w.emit(
      w.at + 2e6,
      'pki-generic',
      portalEvent({
        at: w.at + 2e6,
        type: 'certificate_renewed',
        who: 'cert-renewer',
        name,
        serial,
        ca: issuer,
        extra: { renewal_mode: 'auto', previous_serial: w.hex(20) },
      }),
    );
  } else if (w.allow('ct', 5 * MINUTE_US))
    w.emit(
      w.at,
      'certstream',
      ctEntry({
        ...seen,
        index: 4e6 + w.serial(),
        name: `${w.hex(6)}.example.net`,
        issuer: 'Other Trust G2',
        organisation: 'Other Trust',
      }),
    );
  else w.emit(w.at, 'zeek', zeekX509(seen));
};

/** The label printer's own certificate, which nobody ever replaced. */
const printer: Activity = (w) => {
  if (!w.allow('printer', 2 * MINUTE_US)) return timer(w);
  const f = { at: w.at, uid: w.uid(), src: '10.10.1.45', spt: w.port(), dst: '10.10.1.200', dpt: 443 };
  return w.emit(
    w.at,
    'zeek',
    zeekSsl(f, { name: 'printer.corp.example.com', issuer: CAS.internal, valid: false }),
  );
};

const mail: Activity = (w) => {
  const e = { at: w.at, host: 'mail01', program: 'postfix/lmtp', pid: w.pid(), facility: 'user' as const };
  w.emit(
    w.at,
    'syslog',
    syslog(
      e,
      mailLine(w.hex(10).toUpperCase(), `${w.hex(5)}@example.net`, 'orders@example.com', skewed(w.rng, 300)),
    ),
  );
};

const MACHINES = weighted<Activity>([
  [3, cronJob],
  [1, timer],
  [0.5, backup],
  [2, healthCheck],
  [4, knocking],
  [1.5, machineTicket],
  [2, appJob],
  [1.5, cloudRole],
  [1.5, tokenRenewal],
  [1, certificates],
  [0.3, printer],
  [0.8, mail],
]);

export const machineActs: Activity = (w) => draw(w.rng, MACHINES)(w);
