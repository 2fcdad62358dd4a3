/**
 * The data folder: 0700, one Vigil at a time. The lock is a file with the holder's pid and start time, so that a pid
 * that was given to another program later is not mistaken for a running Vigil. Held by `app.int.test.ts`.
 */
import {
  closeSync,
  constants,
  accessSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { err, errorText, ok, type Result } from '../base/result.ts';
import { writeDurably } from '../base/durable-file.ts';

/** Format of the folder as a whole; its parts (journal, state, control, events) have their own versions too. */
export const DATA_FORMAT = 1;
const LOCK = 'vigil.lock';
const VERSION = 'format';

export type DataFolder = { readonly path: string; release(): void };
type Holder = { readonly pid: number; readonly started: string };

export function openDataFolder(path: string): Result<DataFolder> {
  const full = resolve(path);
  try {
    mkdirSync(full, { recursive: true, mode: 0o700 });
    const mode = statSync(full).mode & 0o777;
    if ((mode & 0o022) !== 0)
      return err(`other users can write to the data folder ${full}; run: chmod 700 '${full}'`);
    accessSync(full, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (e) {
    return err(
      `the data folder ${full} cannot be used: ${errorText(e)}; name another one with --data DIR, or run: chown -R "$(id -un)" '${full}'`,
    );
  }
  const lock = takeLock(join(full, LOCK));
  if (!lock.ok)
    return err(
      `another Vigil (process ${lock.error.pid}) uses the data folder ${full}; stop it, or name another one with --data DIR`,
    );
  // Under the lock: of two first starts one writes it.
  const version = checkFormat(full);
  if (!version.ok) {
    releaseLock(join(full, LOCK));
    return version;
  }
  return ok({ path: full, release: () => releaseLock(join(full, LOCK)) });
}

/** The running holder of a folder's lock, if any. */
export function lockHolder(path: string): number | undefined {
  const h = readHolder(join(resolve(path), LOCK));
  return h !== undefined && alive(h) ? h.pid : undefined;
}

function checkFormat(dir: string): Result<undefined> {
  const file = join(dir, VERSION);
  if (!existsSync(file)) {
    writeDurably(file, `${DATA_FORMAT}\n`);
    return ok(undefined);
  }
  const found = Number(readFileSync(file, 'utf8'));
  if (!Number.isInteger(found))
    return err(`${file} does not say which format the data folder has; restore it from a backup`);
  if (found > DATA_FORMAT)
    return err(`the data folder ${dir} (format ${found}) was written by a newer Vigil; start that version`);
  return ok(undefined);
}

function takeLock(file: string): Result<undefined, Holder> {
  const mine = `${file}.${process.pid}`;
  const fd = openSync(mine, 'w', 0o600);
  writeSync(fd, JSON.stringify({ pid: process.pid, started: startedAt(process.pid) } satisfies Holder));
  closeSync(fd);
  try {
    for (let tries = 0; tries < 5; tries++) {
      try {
        // link() fails where the name exists: exactly one of two starters gets it, whole.
        linkSync(mine, file);
        return ok(undefined);
      } catch {
        const holder = readHolder(file);
        if (holder !== undefined && alive(holder)) return err(holder);
        setStaleAside(file, `${mine}.stale`);
      }
    }
    return err({ pid: 0, started: '' });
  } finally {
    unlinkSync(mine);
  }
}

/**
 * Removing by name would remove the lock of whoever was faster: it is moved first (one of several starters gets it), and
 * goes back if its holder turns out to be alive.
 */
function setStaleAside(file: string, aside: string): void {
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  const holder = readHolder(aside);
  if (holder !== undefined && alive(holder)) {
    try {
      linkSync(aside, file);
    } catch {
      // A third one has it already.
    }
  }
  unlinkSync(aside);
}

function releaseLock(file: string): void {
  if (readHolder(file)?.pid === process.pid) unlinkSync(file);
}

function readHolder(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

function alive(h: Holder): boolean {
  try {
    process.kill(h.pid, 0);
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const now = startedAt(h.pid);
  return now === '' || h.started === '' || now === h.started;
}

/** Start time of a process in clock ticks since boot, '' where the system does not say. */
function startedAt(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
