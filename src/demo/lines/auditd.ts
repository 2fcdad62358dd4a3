/**
 * Linux audit as audispd's syslog plugin sends it, the records of one event in one message (a program start has five,
 * joined by newlines as Vigil's file door joins them).
 */
import { auditStamp } from './stamps.ts';
import { syslog } from './syslog.ts';

export type AuditHead = { readonly at: number; readonly serial: number; readonly host: string };
const head = (type: string, h: AuditHead): string =>
  `node=${h.host} type=${type} msg=audit(${auditStamp(h.at)}:${h.serial}):`;

export type Exec = {
  readonly pid: number;
  readonly ppid: number;
  readonly auid: number;
  readonly uid: number;
  readonly session: number;
  readonly exe: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly tty: string;
};

const send = (h: AuditHead, text: string): string =>
  syslog({ at: h.at, host: h.host, program: 'audispd', pid: 0, facility: 'user' }, text);

const toHex = (s: string): string => Buffer.from(s, 'utf8').toString('hex').toUpperCase();
/** Audit writes an argument in quotes, or in hex where it holds a blank or a quote. */
const arg = (s: string): string => (/^[\w./:=@,+-]+$/.test(s) ? `"${s}"` : toHex(s));

/** One joined event: five lines. */
export function auditExec(h: AuditHead, x: Exec): string {
  const comm = x.exe.slice(x.exe.lastIndexOf('/') + 1).slice(0, 15);
  const argv = x.args.map((a, i) => `a${i}=${arg(a)}`).join(' ');
  const records = [
    `${head('SYSCALL', h)} arch=c000003e syscall=59 success=yes exit=0 a0=55d1 a1=55d2 a2=55d3 a3=8 items=2 ppid=${x.ppid} pid=${x.pid} auid=${x.auid} uid=${x.uid} gid=${x.uid} euid=${x.uid} suid=${x.uid} fsuid=${x.uid} egid=${x.uid} sgid=${x.uid} fsgid=${x.uid} tty=${x.tty} ses=${x.session} comm="${comm}" exe="${x.exe}" subj=unconfined key="exec"`,
    `${head('EXECVE', h)} argc=${x.args.length} ${argv}`,
    `${head('CWD', h)} cwd="${x.cwd}"`,
    `${head('PATH', h)} item=0 name="${x.exe}" inode=${1000 + (h.serial % 9000)} dev=08:01 mode=0100755 ouid=0 ogid=0 rdev=00:00 nametype=NORMAL`,
    `${head('PROCTITLE', h)} proctitle=${toHex(x.args.join('\0'))}`,
  ];
  return send(h, records.join('\n'));
}

export const auditLogin = (
  h: AuditHead,
  a: { pid: number; acct: string; addr: string; ok: boolean },
): string =>
  send(
    h,
    `${head('USER_START', h)} pid=${a.pid} uid=0 auid=4294967295 ses=4294967295 msg='op=PAM:session_open grantors=pam_unix acct="${a.acct}" exe="/usr/sbin/sshd" hostname=${a.addr} addr=${a.addr} terminal=ssh res=${a.ok ? 'success' : 'failed'}'`,
  );

export const auditCommand = (
  h: AuditHead,
  a: { pid: number; auid: number; session: number; cwd: string; command: string },
): string =>
  send(
    h,
    `${head('USER_CMD', h)} pid=${a.pid} uid=${a.auid} auid=${a.auid} ses=${a.session} msg='cwd="${a.cwd}" cmd=${toHex(a.command)} exe="/usr/bin/sudo" terminal=pts/0 res=success'`,
  );

export const auditService = (h: AuditHead, unit: string, what: 'START' | 'STOP'): string =>
  send(
    h,
    `${head(`SERVICE_${what}`, h)} pid=1 uid=0 auid=4294967295 ses=4294967295 msg='unit=${unit} comm="systemd" exe="/usr/lib/systemd/systemd" hostname=? addr=? terminal=? res=success'`,
  );
