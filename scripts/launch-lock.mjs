/**
 * One launcher at a time prepares a folder. The lock is a file that names its holder and the program the holder has
 * started (npm, the console's build): a launcher that was killed may leave npm at work, and the next one waits for it.
 * A process is named by pid and start time, since pids are given out again. A lock of dead processes is taken over.
 * Built-ins only, Node >= 18. Held by `launch.test.ts`.
 */
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const LOCK_WAIT_MS = 10 * 60_000;
const LOOK_AGAIN_MS = 100;
/** A lock without a name in it: just created and not yet written, if it is younger than this. */
const UNWRITTEN_MS_MAX = 5000;

/** What a person is told, in one sentence; everything else that is thrown is a bug of ours. */
export class Failure extends Error {}

export const say = (text) => process.stderr.write(`vigil: ${text}\n`);

/**
 * Runs `work` as the only launcher of the folder that `cache` belongs to. `work` gets `note(pid)`: call it with the pid
 * of each program it starts. Throws Failure where the folder cannot be written to or the wait takes LOCK_WAIT_MS.
 */
export async function withLock(cache, work) {
  const lock = join(cache, 'launch.lock');
  const mine = processName(process.pid);
  await takeLock(cache, lock, mine);
  try {
    return await work((pid) => writeFileSync(lock, `${mine}\n${processName(pid)}\n`));
  } finally {
    rmSync(lock, { force: true });
  }
}

async function takeLock(cache, lock, mine) {
  const until = Date.now() + LOCK_WAIT_MS;
  for (let told = false; ; ) {
    if (create(cache, lock, `${mine}\n`)) return;
    if (!holderLives(lock)) {
      removeDead(cache, lock);
      continue;
    }
    if (Date.now() > until) {
      throw new Failure(
        `another launcher has been preparing this folder for ten minutes; if there is none, delete ${lock}`,
      );
    }
    if (!told) say('waiting for another launcher that prepares this folder');
    told = true;
    await new Promise((r) => setTimeout(r, LOOK_AGAIN_MS));
  }
}

/** True where the file is ours now; false where it existed. */
function create(cache, file, text) {
  try {
    mkdirSync(cache, { recursive: true });
  } catch (e) {
    throw unwritable(cache, e);
  }
  try {
    writeFileSync(file, text, { flag: 'wx' });
    return true;
  } catch (e) {
    if (e.code === 'EEXIST') return false;
    throw unwritable(cache, e);
  }
}

const unwritable = (cache, e) =>
  new Failure(
    `Vigil is not prepared yet, and ${cache} cannot be written to (${e.code}): start it once as the owner of this folder, or clone it where you may write`,
  );

/** Removes a dead holder's lock; under a lock of its own, so that nobody removes the lock of whoever was faster. */
function removeDead(cache, lock) {
  const own = `${lock}.takeover`;
  if (!create(cache, own, String(process.pid))) {
    if (ageMs(own) > UNWRITTEN_MS_MAX) rmSync(own, { force: true });
    return;
  }
  try {
    if (!holderLives(lock)) rmSync(lock, { force: true });
  } finally {
    rmSync(own, { force: true });
  }
}

function holderLives(lock) {
  let names;
  try {
    names = readFileSync(lock, 'utf8').split('\n').filter(Boolean);
  } catch {
    return false;
  }
  return names.length === 0 ? ageMs(lock) < UNWRITTEN_MS_MAX : names.some(lives);
}

function lives(name) {
  const pid = Number(name.split(' ')[0]);
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
  } catch (e) {
    if (e.code !== 'EPERM') return false;
  }
  const now = processName(pid);
  // Where the system does not tell start times, the pid alone counts.
  return now === name || !now.includes(' ') || !name.includes(' ');
}

/** `PID START`, START in clock ticks since boot (proc(5), field 22 of stat); `PID` alone where there is no /proc. */
function processName(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return `${pid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`;
  } catch {
    return String(pid);
  }
}

function ageMs(file) {
  try {
    return Date.now() - statSync(file).mtimeMs;
  } catch {
    return 0;
  }
}
