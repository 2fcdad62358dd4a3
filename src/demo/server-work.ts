/** Work on servers: an SSH session with its PAM, logind and audit records, commands, sudo and su. */
import { HOSTS, type Person, SERVERS } from './company.ts';
import { type Activity, ipOf, MISTYPE_US } from './habits.ts';
import { between, chance, pick } from './random.ts';
import type { World } from './world.ts';
import { auditCommand, auditExec, auditLogin } from './lines/auditd.ts';
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

const COMMANDS = [
  '/usr/bin/systemctl restart orders',
  '/usr/bin/journalctl -u nginx -n 200',
  '/usr/bin/apt-get update',
  '/usr/bin/tail -n 100 /var/log/syslog',
  '/usr/bin/systemctl status postgresql',
  '/usr/sbin/nginx -t',
] as const;

export const sshSession: Activity = (w, p) => {
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
