/**
 * Where the embedded engine lives: its folders (each 0700), its configuration files, and the process itself with a
 * scrubbed environment in a group of its own. Held by `hostile.int.test.ts`.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { serverConfig, usersConfig } from './config.ts';
import { POOL_THREADS } from './wire.ts';

/** An empty engine takes ~260 MB; below this it refuses work with error 241. */
export const ENGINE_MEMORY_BYTES_MIN = 512 * 1024 * 1024;
/** Insert bodies go to tmpfs where it has this much room. */
const TMPFS_BYTES_MIN = 256 * 1024 * 1024;
/** Longest path of a unix socket (sun_path is 108 bytes on Linux, 104 on macOS). */
const SOCKET_PATH_BYTES_MAX = 100;

export type Child = ChildProcessByStdio<Writable, Readable, Readable>;

export function spawnChild(): Child {
  const env: Record<string, string> = {
    UV_THREADPOOL_SIZE: String(POOL_THREADS),
    TZ: 'UTC',
    LANG: 'C.UTF-8',
  };
  for (const name of ['PATH', 'LD_LIBRARY_PATH', 'TMPDIR']) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  const program = fileURLToPath(new URL('./child.ts', import.meta.url));
  return spawn(process.execPath, [program], {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env,
    cwd: '/',
  });
}

export type Places = {
  readonly folder: string;
  readonly runtime: string;
  readonly bodyDir: string;
  readonly configFile: string;
};

/** The engine's folders, each 0700, and its configuration files. */
export function preparePlaces(options: { readonly dataDir: string; readonly memoryBytes: number }): Places {
  if (options.memoryBytes < ENGINE_MEMORY_BYTES_MIN) {
    throw new Error(`engine memory of ${options.memoryBytes} bytes is less than ${ENGINE_MEMORY_BYTES_MIN}`);
  }
  const dataDir = resolve(options.dataDir);
  const folder = join(dataDir, 'engine');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  let runtime = join(dataDir, 'run');
  if (Buffer.byteLength(runtime) + 24 > SOCKET_PATH_BYTES_MAX) {
    runtime = mkdtempSync(join(tmpdir(), 'vigil-'));
  } else {
    // Sockets and bodies of a former run; whoever starts an engine holds the data folder.
    rmSync(runtime, { recursive: true, force: true });
    mkdirSync(runtime, { recursive: true, mode: 0o700 });
  }
  const cores = availableParallelism();
  const usersFile = join(runtime, 'users.xml');
  const configFile = join(runtime, 'config.xml');
  const { memoryBytes } = options;
  writeFileSync(usersFile, usersConfig({ memoryBytes, cores }), { mode: 0o600 });
  writeFileSync(configFile, serverConfig({ path: folder, usersConfig: usersFile, memoryBytes, cores }), {
    mode: 0o600,
  });
  return { folder, runtime, bodyDir: tmpfsDir(dataDir) ?? runtime, configFile };
}

/** A folder of ours on tmpfs, always the same one for a data folder, so that a killed run leaves nothing for long. */
function tmpfsDir(dataDir: string): string | undefined {
  const name = createHash('sha256').update(dataDir).digest('hex').slice(0, 16);
  const dir = join('/dev/shm', `vigil-${name}`);
  try {
    const fs = statfsSync('/dev/shm');
    if (fs.bavail * fs.bsize < TMPFS_BYTES_MIN) return undefined;
    rmSync(dir, { recursive: true, force: true });
    mkdirSync(dir, { mode: 0o700 });
    const made = lstatSync(dir);
    return made.isDirectory() && made.uid === process.getuid?.() ? dir : undefined;
  } catch {
    // No tmpfs, or the name is another user's: bodies go through the data folder.
    return undefined;
  }
}
