/**
 * Staged attacks. Each plays from `w.at` on and marks its records with its name. Which alerts each should raise stands
 * in `raises`, by the names of the rules in `content/rules`. Held by `scenarios.int.test.ts`.
 */
import { CAS, HOSTS, PEOPLE } from './company.ts';
import { between, pick } from './random.ts';
import type { World } from './world.ts';
import { cefTraffic, cefVpn } from './lines/cef.ts';
import { ctEntry } from './lines/certstream.ts';
import { cloudCall } from './lines/cloudtrail.ts';
import { pamFailure, pamOpened } from './lines/pam.ts';
import { groupJoined, userAdded } from './lines/shadow.ts';
import { sshAcceptedKey, sshAcceptedPassword, sshClosed, sshFailed, sshInvalid } from './lines/sshd.ts';
import { sudoRan } from './lines/sudo.ts';
import { syslog } from './lines/syslog.ts';
import {
  sysmonConnection,
  sysmonProcess,
  winCleared,
  winGroupJoined,
  winLogon,
  winUserCreated,
} from './lines/windows.ts';
import { zeekConn, zeekSsl, zeekX509 } from './lines/zeek.ts';

export type Scenario = {
  readonly name: string;
  readonly title: string;
  readonly raises: readonly string[];
  readonly play: (w: World) => void;
};

const SECOND_US = 1e6;
/** An address of rented servers, scanners and relays. */
const stranger = (w: World): string => `203.0.113.${between(w.rng, 1, 254)}`;

const TARGETS = [HOSTS.web01, HOSTS.web02, HOSTS.db01, HOSTS.mail01, HOSTS.build01] as const;
const GUESSED = ['root', 'admin', 'deploy'] as const;
export const BRUTE_FAILURES = 50;
export const BRUTE_SECONDS = 100;

/** 50 failures on 5 servers in under 2 minutes, then in, a root shell, and the database leaves the house. */
function bruteForce(w: World): void {
  const ip = stranger(w);
  const start = w.at;
  for (let i = 0; i < BRUTE_FAILURES; i++) {
    const at = start + Math.floor((i * BRUTE_SECONDS * SECOND_US) / BRUTE_FAILURES + w.rng() * SECOND_US);
    const host = TARGETS[i % TARGETS.length]!;
    const user = pick(w.rng, GUESSED);
    const known = user !== 'admin';
    const peer = { user, ip, port: w.port() };
    const e = { host: host.name, program: 'sshd', pid: w.pid(), facility: 'authpriv' as const };
    if (!known) w.emit(at, 'sshd', syslog({ ...e, at }, sshInvalid(peer)));
    w.emit(at, 'pam', syslog({ ...e, at }, pamFailure('sshd', ip, known ? user : '')));
    w.emit(at + 400_000, 'sshd', syslog({ ...e, at: at + 400_000 }, sshFailed(peer, known)));
    w.emit(at + 450_000, 'sshd', syslog({ ...e, at: at + 450_000 }, sshClosed(peer, known)));
  }
  breakIn(w, ip, start + (BRUTE_SECONDS + 6) * SECOND_US);
}

function breakIn(w: World, ip: string, at: number): void {
  const host = HOSTS.db01.name;
  const peer = { user: 'deploy', ip, port: w.port() };
  const e = { host, program: 'sshd', pid: w.pid(), facility: 'authpriv' as const };
  w.emit(at, 'sshd', syslog({ ...e, at }, sshAcceptedPassword(peer)));
  w.emit(at + 1000, 'pam', syslog({ ...e, at: at + 1000 }, pamOpened('sshd', 'deploy', 1500, '(uid=0)')));
  const root = at + 20 * SECOND_US;
  const su = { host, program: 'sudo', pid: 0, facility: 'authpriv' as const, severity: 5 as const };
  const c = { user: 'deploy', tty: 'pts/2', pwd: '/home/deploy', as: 'root', command: '/usr/bin/bash' };
  w.emit(root, 'sudo', syslog({ ...su, at: root }, sudoRan(c)));
  w.emit(
    root + 9000,
    'pam',
    syslog({ ...su, at: root + 9000 }, pamOpened('sudo', 'root', 0, 'deploy(uid=1500)')),
  );
  const out = root + 60 * SECOND_US;
  const sent = between(w.rng, 2_900_000_000, 4_800_000_000);
  const f = {
    at: root + 15 * SECOND_US,
    uid: w.uid(),
    src: HOSTS.db01.ip,
    spt: w.port(),
    dst: stranger(w),
    dpt: 443,
  };
  const conn = { proto: 'tcp' as const, service: 'ssl', seconds: 45, sent, received: 210_000, state: 'SF' };
  w.emit(out, 'zeek', zeekConn(f, conn));
  w.emit(
    out + 20_000,
    'cef',
    cefTraffic({
      ...f,
      at: out + 20_000,
      host: 'fw01',
      allow: true,
      app: 'SSL',
      rule: 'servers-out',
      sent,
      received: 210_000,
    }),
  );
}

/** Somebody got a certificate for the shop from a CA that we do not use. */
function rogueCertificate(w: World): void {
  const name = pick(w.rng, ['shop.example.com', 'vpn.example.com', 'login.example.com']);
  const cert = {
    name,
    issuer: CAS.rogue,
    organisation: 'QuickCert',
    serial: w.hex(24),
    fingerprint: w.hex(64),
    days: 90,
  };
  const at = w.at;
  w.emit(at, 'certstream', ctEntry({ ...cert, at, index: 4e6 + w.serial() }));
  const seen = at + 50 * SECOND_US;
  const victim = pick(w.rng, PEOPLE);
  const f = { at: seen, uid: w.uid(), src: victim.officeIp, spt: w.port(), dst: stranger(w), dpt: 443 };
  w.emit(seen, 'zeek', zeekX509({ ...cert, at: seen }));
  w.emit(seen, 'zeek', zeekSsl(f, { name, issuer: CAS.rogue, valid: true }));
}

/** A remote logon to the domain controller, and the Security log is gone. */
function logCleared(w: World): void {
  const thief = { user: 'svc-print', sid: 'S-1-5-21-1004336348-1177238915-682003330-2107' };
  const head = (at: number): { at: number; computer: string; record: number } => ({
    at,
    computer: 'dc01',
    record: 8e5 + w.serial(),
  });
  const at = w.at;
  const logon = {
    ...thief,
    ok: true,
    type: 10 as const,
    ip: '10.20.1.77',
    port: w.port(),
    workstation: 'LAP-177',
    logonId: '0x8a41f',
  };
  w.emit(at, 'windows', winLogon(head(at), logon));
  const later = at + 35 * SECOND_US;
  w.emit(later, 'windows', winCleared(head(later), thief));
}

/** A key nobody knows, a new user, and the user is in the group `sudo`. */
function newAdmin(w: World): void {
  const host = HOSTS.app01.name;
  const name = `sysop${between(w.rng, 2, 99)}`;
  const uid = between(w.rng, 1600, 1999);
  const at = w.at;
  const auth = { host, facility: 'authpriv' as const };
  const peer = { user: 'deploy', ip: HOSTS.web02.ip, port: w.port() };
  w.emit(
    at,
    'sshd',
    syslog(
      { ...auth, at, program: 'sshd', pid: w.pid() },
      sshAcceptedKey(peer, 'Qd7Xk2mNsVbT9LcRhYw4ZpGfJ8uEaK1oI3xB6tM5rSe'),
    ),
  );
  const say = (t: number, program: string, format: 'sudo' | 'shadow-utils', text: string): void =>
    w.emit(
      t,
      format,
      syslog({ ...auth, at: t, program, pid: program === 'sudo' ? 0 : w.pid(), severity: 5 }, text),
    );
  const c = { user: 'deploy', tty: 'pts/1', pwd: '/home/deploy', as: 'root' };
  say(
    at + 12 * SECOND_US,
    'sudo',
    'sudo',
    sudoRan({ ...c, command: `/usr/sbin/useradd -m -s /bin/bash ${name}` }),
  );
  say(at + 12.2 * SECOND_US, 'useradd', 'shadow-utils', userAdded(name, uid));
  say(at + 25 * SECOND_US, 'sudo', 'sudo', sudoRan({ ...c, command: `/usr/sbin/usermod -aG sudo ${name}` }));
  say(at + 25.2 * SECOND_US, 'usermod', 'shadow-utils', groupJoined(name, 'sudo'));
}

/** The same in the directory. */
function newDomainAdmin(w: World): void {
  const by = { user: 'svc-print', sid: 'S-1-5-21-1004336348-1177238915-682003330-2107' };
  const target = {
    user: `helpdesk${between(w.rng, 2, 9)}`,
    sid: `S-1-5-21-1004336348-1177238915-682003330-${between(w.rng, 2200, 2999)}`,
  };
  const at = w.at;
  const later = at + 40 * SECOND_US;
  w.emit(at, 'windows', winUserCreated({ at, computer: 'dc01', record: 8e5 + w.serial() }, by, target));
  w.emit(
    later,
    'windows',
    winGroupJoined({ at: later, computer: 'dc01', record: 8e5 + w.serial() }, by, target, 'Domain Admins'),
  );
}

/** A document opens PowerShell, which calls home. */
function macro(w: World): void {
  const p = pick(
    w.rng,
    PEOPLE.filter((x) => x.department === 'sales' || x.department === 'finance'),
  );
  const powershell = 'C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe';
  const word = 'C:\\Program Files\\Microsoft Office\\root\\Office16\\WINWORD.EXE';
  const pid = w.pid();
  const hello = Buffer.from(`Write-Output 'a simulated attack of the demo ${w.hex(6)}'`, 'utf16le').toString(
    'base64',
  );
  const at = w.at;
  const head = { at, computer: p.laptop, record: 5e5 + w.serial() };
  w.emit(
    at,
    'windows',
    sysmonProcess(head, {
      user: p.user,
      sid: p.sid,
      image: powershell,
      commandLine: `powershell.exe -NoProfile -WindowStyle Hidden -EncodedCommand ${hello}`,
      parent: word,
      parentLine: `"${word}" /n "C:\\Users\\${p.user}\\Downloads\\invoice-${between(w.rng, 1000, 9999)}.docm"`,
      pid,
      ppid: w.pid(),
      sha256: w.hex(64).toUpperCase(),
    }),
  );
  const c = {
    user: p.user,
    image: powershell,
    pid,
    src: p.officeIp,
    spt: w.port(),
    dst: stranger(w),
    dpt: 443,
  };
  w.emit(
    at + 3 * SECOND_US,
    'windows',
    sysmonConnection({ ...head, at: at + 3 * SECOND_US, record: head.record + 1 }, c),
  );
}

/** A cloud user without a second factor makes a key for later, and stops the trail. */
function cloudTakeover(w: World): void {
  const base = { caller: { user: 'build-legacy' }, ip: stranger(w), agent: 'aws-cli/2.31' };
  const calls: readonly (readonly [number, string, string, object])[] = [
    [0, 'signin', 'ConsoleLogin', { response: { ConsoleLogin: 'Success' }, extra: { MFAUsed: 'No' } }],
    [
      30,
      'iam',
      'CreateAccessKey',
      {
        request: { userName: 'backup-ro' },
        response: { accessKey: { userName: 'backup-ro', status: 'Active' } },
      },
    ],
    [55, 'cloudtrail', 'StopLogging', { request: { name: 'org-trail' } }],
  ];
  for (const [after, service, name, more] of calls) {
    const at = w.at + after * SECOND_US;
    w.emit(at, 'cloudtrail', cloudCall({ ...base, ...more, at, id: w.uuid(), service, name }));
  }
}

/** One password tried with fourteen names at the VPN. */
function spray(w: World): void {
  const src = stranger(w);
  const first = between(w.rng, 0, PEOPLE.length - 15);
  for (let i = 0; i < 14; i++) {
    const at = w.at + i * 4 * SECOND_US;
    const p = PEOPLE[first + i]!;
    w.emit(at, 'cef', cefVpn({ at, host: 'vpn01', user: p.user, src, assigned: p.vpnIp, ok: false }));
  }
}

/** In the order in which a newcomer meets them. */
export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'brute_force',
    title: 'Brute force on five servers, break-in, root, data leaves',
    raises: ['brute_force', 'root_shell_after_break_in', 'large_outbound_transfer'],
    play: bruteForce,
  },
  {
    name: 'rogue_certificate',
    title: 'Certificate from an unexpected CA',
    raises: ['certificate_unexpected_ca'],
    play: rogueCertificate,
  },
  { name: 'log_cleared', title: 'Security log cleared', raises: ['log_cleared'], play: logCleared },
  {
    name: 'new_admin',
    title: 'New administrator on a server',
    raises: ['admin_user_created', 'linux_admin_group'],
    play: newAdmin,
  },
  {
    name: 'spray',
    title: 'Password spraying at the VPN',
    raises: ['password_spray', 'brute_force'],
    play: spray,
  },
  {
    name: 'macro',
    title: 'A document that starts PowerShell',
    raises: ['office_starts_shell', 'powershell_encoded'],
    play: macro,
  },
  {
    name: 'cloud_takeover',
    title: 'Cloud account taken over',
    raises: ['aws_access_key_created', 'aws_console_without_mfa', 'aws_logging_stopped'],
    play: cloudTakeover,
  },
  {
    name: 'domain_admin',
    title: 'New domain administrator',
    raises: ['windows_admin_group', 'admin_user_created'],
    play: newDomainAdmin,
  },
];
