/**
 * Follows log files over rotation (rename and create), copy-and-truncate and truncation. Polls once per `pollMs`;
 * fs.watch only makes it quicker.
 *
 * A file seen for the first time at start is read from its beginning if it is smaller than `firstReadBytesMax`, else
 * from that far before its end (at the next line). A file that appears later is read from its beginning. A file with a
 * kept position goes on there, also where it has been renamed meanwhile (`auth.log.1`): what was not read of it comes
 * first. A last line without terminator waits; it is handed on when its file has been rotated away for ROTATED_MS.
 * What copytruncate cuts off between our last read and the truncation is lost to us, as for every reader.
 * `received` counts a record when it is handed on, since what is not is read again.
 * Held by file-tail.int.test.ts.
 */
import { type FSWatcher, watch } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Log } from '../base/log.ts';
import { errorText } from '../base/result.ts';
import type { Intake, RecordMeta } from '../model/record.ts';
import { type Door, type DoorState, handOver, sleep } from './door.ts';
import { type FileRecord, FollowedFile, type Start } from './followed-file.ts';
import { isOwnLine } from './self-mark.ts';
import { findPosition, openRegular, readHead } from './tailed-file.ts';

export type FileTailOptions = {
  readonly tenant: string;
  readonly files: readonly { readonly path: string; readonly source?: string; readonly zone?: string }[];
  /** Folders that the files must lie in after all links are resolved. */
  readonly roots: readonly string[];
  /** Last stored position of a stream (`file:...`), from the journal or the ledger. */
  readonly positions: (stream: string) => string | undefined;
  readonly firstReadBytesMax?: number;
  readonly pollMs?: number;
  readonly rotatedMs?: number;
};

export const FIRST_READ_BYTES_MAX = 16 * 1024 * 1024;
export const FILES_MAX = 500;
const POLL_MS = 1000;
/** A rotated file that stood still this long is let go. */
const ROTATED_MS = 30_000;
/** Rotated files of one path that are still followed. */
const ROTATED_MAX = 4;
/** Shortest time between two rounds, however often the system says that something changed. */
const ROUND_MS = 50;
const SIBLINGS_MAX = 64;
const PACKED = /\.(?:gz|xz|bz2|zst|lz4)$/;

type Target = {
  readonly path: string;
  readonly meta: Omit<RecordMeta, 'stream'>;
  current: FollowedFile | undefined;
  rotated: FollowedFile[];
  /** Why it is not read, '' if it is. */
  problem: string;
  seen: boolean;
};

export async function openFileTail(o: FileTailOptions, intake: Intake, log: Log): Promise<Door> {
  if (o.files.length > FILES_MAX) throw new Error(`at most ${FILES_MAX} files can be followed`);
  const roots: string[] = [];
  for (const r of o.roots) roots.push(await realpath(r).catch(() => r));
  const tail = new FileTail(o, roots, intake, log);
  await tail.firstScan();
  tail.start();
  return {
    name: 'file',
    address: o.files.length === 1 ? o.files[0]!.path : `${o.files.length} files`,
    state: () => tail.state(),
    close: () => tail.close(),
    [Symbol.asyncDispose]: () => tail.close(),
  };
}

class FileTail {
  readonly #o: FileTailOptions;
  readonly #roots: readonly string[];
  readonly #intake: Intake;
  readonly #log: Log;
  readonly #targets: Target[];
  readonly #metas = new Map<string, RecordMeta>();
  readonly #watchers: FSWatcher[] = [];
  readonly #stop = new AbortController();
  #wake = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  #full = false;

  constructor(o: FileTailOptions, roots: readonly string[], intake: Intake, log: Log) {
    this.#o = o;
    this.#roots = roots;
    this.#intake = intake;
    this.#log = log;
    this.#targets = o.files.map((f) => ({
      path: f.path,
      meta: {
        tenant: o.tenant,
        origin: 'live',
        door: 'file',
        sender: f.path,
        token: '',
        format: '',
        source: f.source ?? '',
        zone: f.zone ?? '',
      },
      current: undefined,
      rotated: [],
      problem: '',
      seen: false,
    }));
  }

  state(): DoorState {
    const read = this.#targets.filter((t) => t.current !== undefined).length;
    const problems = this.#targets.filter((t) => t.problem !== '').map((t) => `${t.path}: ${t.problem}`);
    const note = [`${read} of ${this.#targets.length} files are read`, ...problems.slice(0, 10)].join('; ');
    if (this.#full) return { state: 'waiting', note: `journal full; ${note}` };
    return { state: read > 0 ? 'reading' : 'waiting', note };
  }

  /** Opens what is there, with the positions kept from before. */
  async firstScan(): Promise<void> {
    for (const t of this.#targets) {
      const renamed = await this.#renamedBefore(t);
      await this.#open(t, renamed ? 'new' : 'first');
    }
  }

  start(): void {
    const dirs = new Set(this.#targets.map((t) => dirname(t.path)));
    for (const d of dirs) {
      try {
        const w = watch(d, { persistent: false }, () => this.#wake.abort());
        w.on('error', () => w.close());
        this.#watchers.push(w);
      } catch {
        // Not there or no more watches to be had: polling does it alone.
      }
    }
    this.#loop = this.#run();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#wake.abort();
    for (const w of this.#watchers) w.close();
    await this.#loop;
    for (const t of this.#targets) {
      for (const f of [t.current, ...t.rotated]) await f?.close().catch(() => {});
      t.current = undefined;
      t.rotated = [];
    }
  }

  async #run(): Promise<void> {
    const stop = this.#stop.signal;
    while (!stop.aborted) {
      this.#wake = new AbortController();
      let more = false;
      for (const t of this.#targets) {
        if (stop.aborted) return;
        try {
          if (await this.#turn(t)) more = true;
        } catch (e) {
          await this.#fail(t, e);
        }
      }
      if (more) continue;
      await sleep(ROUND_MS, stop);
      await sleep((this.#o.pollMs ?? POLL_MS) - ROUND_MS, this.#wake.signal);
    }
  }

  async #fail(t: Target, e: unknown): Promise<void> {
    t.problem = errorText(e);
    this.#log.error('file cannot be read', { file: t.path, error: t.problem });
    await t.current?.close().catch(() => {});
    t.current = undefined;
  }

  /** One file's turn; true if there is more to read at once. */
  async #turn(t: Target): Promise<boolean> {
    for (const f of [...t.rotated]) {
      const r = await f.read();
      if (r === 'closing') return false;
      if (r === 'more') return true;
      const idle = performance.now() - f.lastGrowth;
      if (idle < (this.#o.rotatedMs ?? ROTATED_MS) && t.rotated.length <= ROTATED_MAX) continue;
      if (!(await f.finish())) return false;
      await this.#letGo(t, f);
    }
    const cur = t.current;
    if (cur === undefined) {
      await this.#open(t, 'new');
      return t.current !== undefined;
    }
    if ((await cur.read()) === 'more') return true;
    const now = await idOf(t.path);
    if (now !== cur.id && now !== undefined) {
      // Rotated: the old file is read to its end before the new one's first line.
      t.rotated.push(cur);
      t.current = undefined;
      await this.#open(t, 'new');
      return true;
    }
    if (now === undefined && performance.now() - cur.lastGrowth > (this.#o.rotatedMs ?? ROTATED_MS)) {
      if (await cur.finish()) {
        await cur.close();
        t.current = undefined;
      }
    }
    return false;
  }

  async #letGo(t: Target, f: FollowedFile): Promise<void> {
    t.rotated = t.rotated.filter((x) => x !== f);
    this.#metas.delete(f.stream);
    await f.close();
  }

  async #open(t: Target, when: 'first' | 'new'): Promise<void> {
    const r = await openRegular(t.path, this.#roots);
    if (!r.ok) {
      if (t.problem !== r.error.why && r.error.kind !== 'absent')
        this.#log.warn('file is not read', { file: t.path, why: r.error.why });
      t.problem = r.error.why;
      return;
    }
    t.problem = '';
    const { handle, id, size } = r.value;
    const known = findPosition(id, await readHead(handle), this.#o.positions);
    const start = known !== undefined && known.offset <= size ? known : this.#fresh(size, when);
    t.current = new FollowedFile(t.path, id, handle, start, this.#taker(t), this.#log);
    t.seen = true;
  }

  #fresh(size: number, when: 'first' | 'new'): Start {
    const max = this.#o.firstReadBytesMax ?? FIRST_READ_BYTES_MAX;
    if (when === 'new' || size <= max) return { offset: 0 };
    return { offset: size - max, midLine: true };
  }

  /** Files that were read under this path before and have been renamed since; true if there was one. */
  async #renamedBefore(t: Target): Promise<boolean> {
    const dir = dirname(t.path);
    const base = basename(t.path);
    const names = (await readdir(dir).catch(() => [])).filter(
      (n) => (n.startsWith(`${base}.`) || n.startsWith(`${base}-`)) && !PACKED.test(n),
    );
    let found = false;
    for (const n of names.sort().reverse().slice(0, SIBLINGS_MAX)) {
      const r = await openRegular(join(dir, n), this.#roots);
      if (!r.ok) continue;
      const { handle, id, size } = r.value;
      const known = findPosition(id, await readHead(handle), this.#o.positions);
      if (known !== undefined) found = true;
      if (known !== undefined && known.offset < size)
        t.rotated.push(new FollowedFile(t.path, id, handle, known, this.#taker(t), this.#log));
      else await handle.close();
    }
    return found;
  }

  #taker(t: Target): (path: string, stream: string, records: readonly FileRecord[]) => Promise<boolean> {
    return (_path, stream, records) => this.#hand(this.#meta(t, stream), records);
  }

  #meta(t: Target, stream: string): RecordMeta {
    let m = this.#metas.get(stream);
    if (m === undefined) {
      m = { ...t.meta, stream };
      this.#metas.set(stream, m);
    }
    return m;
  }

  /** False if the door closes first. */
  async #hand(meta: RecordMeta, records: readonly FileRecord[]): Promise<boolean> {
    const done = await handOver(
      this.#intake,
      meta,
      records.map((r) => ({ raw: r.raw, pos: String(r.pos) })),
      {
        own: isOwnLine,
        signal: this.#stop.signal,
        onFull: (full) => {
          this.#full = full;
        },
      },
    );
    return done === records.length;
  }
}

async function idOf(path: string): Promise<string | undefined> {
  try {
    const s = await stat(path, { bigint: true });
    return `${s.dev}.${s.ino}`;
  } catch {
    return undefined;
  }
}
