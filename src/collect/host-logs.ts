/**
 * What of this host's own logs can be collected: each message once (the journal is preferred to the files that syslog
 * writes from the same messages), and for what may not be read the line that changes it.
 * Held by host-logs.int.test.ts.
 */
import { access, constants, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

export type HostLogItem =
  | { readonly kind: 'journal'; readonly withoutAudit: boolean }
  | { readonly kind: 'file'; readonly path: string };
export type HostLogPlan = {
  readonly collect: readonly HostLogItem[];
  /** Exists and is left out on purpose. */
  readonly skipped: readonly { readonly path: string; readonly why: string }[];
  /** Exists and may not be read. */
  readonly denied: readonly { readonly path: string; readonly remedy: string }[];
  /** For FileTailOptions.roots. */
  readonly roots: readonly string[];
  /** One sentence each, for the start. */
  readonly sentences: readonly string[];
};
export type HostLogOptions = {
  /** Default `/`; another folder in tests. */
  readonly root?: string;
  /** Name in the remedy line; default: that of this process. */
  readonly user?: string;
  /** Whether journalctl can be run; default: looked for in PATH. */
  readonly journalctl?: boolean;
  /** Default: what access(2) says. */
  readonly mayRead?: (path: string) => Promise<boolean>;
};

/** Written by syslog daemons from messages that the journal holds too (Debian and Red Hat names). */
const SYSLOG_FILES = [
  'auth.log',
  'secure',
  'syslog',
  'messages',
  'kern.log',
  'daemon.log',
  'user.log',
  'cron.log',
  'cron',
];
/** Without a journal: on a Debian host `syslog` repeats these, on any host `messages` repeats kern.log. */
const REPEATED_BY: Readonly<Record<string, readonly string[]>> = {
  syslog: ['messages', 'kern.log', 'daemon.log', 'user.log', 'cron.log'],
  messages: ['kern.log', 'daemon.log', 'user.log'],
};
const OTHER_FILES = [
  'audit/audit.log',
  'nginx/access.log',
  'nginx/error.log',
  'apache2/access.log',
  'apache2/error.log',
  'apache2/other_vhosts_access.log',
  'httpd/access_log',
  'httpd/error_log',
  'httpd/ssl_access_log',
  'httpd/ssl_error_log',
];
const AUDIT = 'audit/audit.log';

type Found = 'absent' | 'denied' | 'readable';

/** Looks at the host; opens nothing and changes nothing. */
export async function discoverHostLogs(o: HostLogOptions = {}): Promise<HostLogPlan> {
  const root = o.root ?? '/';
  const logs = join(root, 'var/log');
  const mayRead = o.mayRead ?? canRead;
  const user = o.user ?? userName();
  const groups = `sudo usermod -aG adm,systemd-journal ${user}, then log in again`;
  const collect: HostLogItem[] = [];
  const skipped: { path: string; why: string }[] = [];
  const denied: { path: string; remedy: string }[] = [];

  const journal = await findJournal(root, o.journalctl ?? (await hasJournalctl()), mayRead);
  const audit = await find(join(logs, AUDIT), mayRead);
  if (journal.found === 'readable') collect.push({ kind: 'journal', withoutAudit: audit === 'readable' });
  if (journal.found === 'denied') denied.push({ path: journal.path, remedy: groups });

  const taken = new Set<string>();
  for (const name of SYSLOG_FILES) {
    const path = join(logs, name);
    const found = await find(path, mayRead);
    if (found === 'absent') continue;
    const by = Object.keys(REPEATED_BY).find((b) => taken.has(b) && REPEATED_BY[b]?.includes(name));
    if (journal.found === 'readable') skipped.push({ path, why: 'the journal has the same messages' });
    else if (by !== undefined) skipped.push({ path, why: `${join(logs, by)} has the same messages` });
    else if (found === 'denied') denied.push({ path, remedy: groups });
    else {
      taken.add(name);
      collect.push({ kind: 'file', path });
    }
  }
  for (const name of OTHER_FILES) {
    const path = join(logs, name);
    const found = name === AUDIT ? audit : await find(path, mayRead);
    if (found === 'readable') collect.push({ kind: 'file', path });
    if (found === 'denied') denied.push({ path, remedy: name === AUDIT ? auditRemedy(user) : groups });
  }
  const plan = { collect, skipped, denied, roots: [logs] };
  return { ...plan, sentences: sentences(plan, journal.note) };
}

const auditRemedy = (user: string): string =>
  `set "log_group = adm" in /etc/audit/auditd.conf, restart auditd, ` +
  `sudo usermod -aG adm ${user}, then log in again (or start Vigil as root)`;

function sentences(p: Omit<HostLogPlan, 'sentences'>, journalNote: string): string[] {
  const out: string[] = [];
  const names = p.collect.map((c) => (c.kind === 'journal' ? 'the systemd journal' : c.path));
  out.push(
    names.length > 0
      ? `Collecting this host's logs: ${names.join(', ')}.`
      : "None of this host's own logs can be read.",
  );
  if (journalNote !== '') out.push(journalNote);
  for (const s of p.skipped) out.push(`Not collected: ${s.path}, ${s.why}.`);
  for (const d of p.denied) out.push(`Not allowed to read ${d.path}. Remedy: ${d.remedy}.`);
  return out;
}

async function find(path: string, mayRead: (p: string) => Promise<boolean>): Promise<Found> {
  try {
    const s = await stat(path);
    if (!s.isFile()) return 'absent';
  } catch (e) {
    // A folder that may not be entered: the file may be in it, which is worth a sentence.
    return e instanceof Error && 'code' in e && e.code === 'EACCES' ? 'denied' : 'absent';
  }
  return (await mayRead(path)) ? 'readable' : 'denied';
}

type JournalFound = { readonly found: Found; readonly path: string; readonly note: string };

/** The system journal of the running journald, persistent or volatile. */
async function findJournal(
  root: string,
  journalctl: boolean,
  mayRead: (p: string) => Promise<boolean>,
): Promise<JournalFound> {
  const none: JournalFound = { found: 'absent', path: '', note: '' };
  const running = await stat(join(root, 'run/systemd/journal/socket')).then(
    () => true,
    () => false,
  );
  if (!running) return none;
  let denied: JournalFound | undefined;
  for (const dir of ['var/log/journal', 'run/log/journal']) {
    const base = join(root, dir);
    for (const machine of await readdir(base).catch(() => [])) {
      const path = join(base, machine, 'system.journal');
      const found = await find(path, mayRead);
      if (found === 'denied') denied = { found, path: base, note: '' };
      if (found !== 'readable') continue;
      if (journalctl) return { found, path: base, note: '' };
      return {
        ...none,
        note: 'The systemd journal is there, but journalctl is not installed: its messages are read from files.',
      };
    }
  }
  return denied ?? none;
}

async function hasJournalctl(): Promise<boolean> {
  for (const dir of (process.env['PATH'] ?? '').split(':')) {
    if (dir !== '' && (await canExecute(join(dir, 'journalctl')))) return true;
  }
  return false;
}
const canExecute = (p: string): Promise<boolean> =>
  access(p, constants.X_OK).then(
    () => true,
    () => false,
  );
const canRead = (p: string): Promise<boolean> =>
  access(p, constants.R_OK).then(
    () => true,
    () => false,
  );
const userName = (): string =>
  process.env['USER'] ?? process.env['LOGNAME'] ?? `uid ${process.getuid?.() ?? '?'}`;
