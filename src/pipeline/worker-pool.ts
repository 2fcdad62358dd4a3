/**
 * A fixed number of worker threads; units go out in order to the least busy one, each judged by the content it was given
 * with. A worker that dies is replaced and its units are given to the new one; one that makes no progress for `stallMs` is
 * ended. The unit it was at is handed back as failed (at once after a stall, after TRIES_MAX deaths otherwise) with the
 * record that it was at; units that only waited behind it are not blamed. Held by `poison.int.test.ts`.
 */
import { Worker } from 'node:worker_threads';
import type { Log } from '../base/log.ts';
import { errorText } from '../base/result.ts';
import type { Content } from './content.ts';
import { Progress, PROGRESS_BYTES } from './progress.ts';
import type { WorkerOptions } from './run-unit.ts';
import type { FromWorker, Unit, UnitResult } from './unit.ts';
import type { WorkerData } from './worker.ts';

export type Failed = {
  readonly kind: 'failed';
  readonly cause: string;
  /** The record at which it failed, where that is known: [batch, ord]. */
  readonly at?: readonly [number, number];
};
export type Outcome = { readonly kind: 'done'; readonly result: UnitResult } | Failed;
export type PoolOptions = Omit<WorkerOptions, 'content'> & {
  readonly content: Content;
  readonly stallMs?: number;
  /** Tests put a worker with faults here. */
  readonly script?: URL;
};

type Job = {
  readonly unit: Unit;
  readonly content: Content;
  readonly settle: (o: Outcome) => void;
  tries: number;
};
type Slot = {
  readonly worker: Worker;
  readonly jobs: Map<number, Job>;
  readonly ready: Promise<void>;
  readonly progress: Progress;
  /** Hash of the content it was last given. */
  content: string;
  started: boolean;
  stalled: boolean;
  /** What it had come to when it was last seen to get on, and when that was. */
  seen: string;
  seenAt: number;
};

const TRIES_MAX = 2;
const STALL_MS = 60_000;
/** A worker that died before it could start is not started again at once. */
const RESTART_MS = 1000;

/** Nearly all that a worker makes is dead when its unit is done: with room for a few units, collecting finds little to copy. */
const YOUNG_MB = 64;

export class WorkerPool {
  readonly #slots: Slot[] = [];
  readonly #o: PoolOptions;
  readonly #log: Log;
  readonly #stallMs: number;
  readonly #watch: NodeJS.Timeout;
  #latest: Content;
  #closed = false;
  problems: readonly { readonly file: string; readonly line: number; readonly reason: string }[] = [];

  private constructor(options: PoolOptions, log: Log) {
    this.#o = options;
    this.#latest = options.content;
    this.#log = log;
    this.#stallMs = options.stallMs ?? STALL_MS;
    this.#watch = setInterval(() => this.#lookForStalls(), this.#stallMs / 4);
    this.#watch.unref();
  }

  static async start(size: number, options: PoolOptions, log: Log): Promise<WorkerPool> {
    const pool = new WorkerPool(options, log);
    for (let i = 0; i < size; i++) pool.#slots.push(pool.#spawn());
    try {
      await Promise.all(pool.#slots.map((s) => s.ready));
    } catch (e) {
      await pool.close();
      throw e;
    }
    return pool;
  }

  get size(): number {
    return this.#slots.length;
  }

  run(unit: Unit, content: Content): Promise<Outcome> {
    this.#latest = content;
    return new Promise((settle) => this.#give({ unit, content, settle, tries: 0 }));
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#watch);
    await Promise.all(this.#slots.map((s) => s.worker.terminate()));
  }

  #give(job: Job): void {
    let best = this.#slots[0] as Slot;
    for (const s of this.#slots) if (s.jobs.size < best.jobs.size) best = s;
    if (best.jobs.size === 0) best.seenAt = performance.now();
    best.jobs.set(job.unit.seq, job);
    if (best.content !== job.content.hash) {
      best.content = job.content.hash;
      best.worker.postMessage({ kind: 'content', text: job.content.text });
    }
    // The frame's bytes are copied, not moved: they are needed again if the worker dies.
    best.worker.postMessage(job.unit);
  }

  #spawn(): Slot {
    const { content: _, stallMs: __, script, ...rest } = this.#o;
    const shared = new SharedArrayBuffer(PROGRESS_BYTES);
    const worker = new Worker(script ?? new URL('./worker-main.ts', import.meta.url), {
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
      workerData: { options: { ...rest, content: this.#latest.text }, progress: shared } satisfies WorkerData,
    });
    let ready: () => void = () => {};
    let unready: (e: Error) => void = () => {};
    const slot: Slot = {
      worker,
      jobs: new Map(),
      ready: new Promise((r, f) => {
        ready = r;
        unready = f;
      }),
      progress: new Progress(shared),
      content: this.#latest.hash,
      started: false,
      stalled: false,
      seen: '',
      seenAt: performance.now(),
    };
    slot.ready.catch(() => {});
    worker.on('message', (m: FromWorker) => {
      slot.seenAt = performance.now();
      if (m.kind === 'ready') {
        this.problems = m.problems;
        slot.started = true;
        return ready();
      }
      const job = slot.jobs.get(m.seq);
      slot.jobs.delete(m.seq);
      job?.settle(m.kind === 'result' ? { kind: 'done', result: m } : failed(job.unit, m.cause, m.at));
    });
    worker.on('error', (e) => {
      unready(e instanceof Error ? e : new Error(errorText(e)));
      this.#log.error('a parsing worker failed', { cause: errorText(e) });
    });
    worker.on('exit', () => {
      unready(new Error('a parsing worker ended before it was ready'));
      if (this.#closed) return;
      if (slot.started) this.#replace(slot);
      else setTimeout(() => this.#replace(slot), RESTART_MS).unref();
    });
    return slot;
  }

  #replace(dead: Slot): void {
    const i = this.#slots.indexOf(dead);
    if (this.#closed || i < 0) return;
    this.#slots[i] = this.#spawn();
    const jobs = [...dead.jobs.values()];
    const culprit = jobs.find((j) => dead.progress.of(j.unit.seq) !== undefined) ?? jobs[0];
    if (dead.started && culprit !== undefined) culprit.tries++;
    for (const job of jobs) {
      const blamed = dead.started && job === culprit && (dead.stalled || job.tries >= TRIES_MAX);
      if (!blamed) this.#give(job);
      else {
        const cause = dead.stalled
          ? `no progress in ${this.#stallMs / 1000} s`
          : 'the worker died on it twice';
        job.settle(failed(job.unit, cause, dead.progress.of(job.unit.seq)));
      }
    }
  }

  #lookForStalls(): void {
    const now = performance.now();
    for (const s of this.#slots) {
      const text = s.progress.text;
      if (s.jobs.size === 0 || text !== s.seen) s.seenAt = now;
      s.seen = text;
      if (s.stalled || now - s.seenAt < this.#stallMs) continue;
      s.stalled = true;
      this.#log.error('a parsing worker makes no progress; it is ended', { at: text });
      void s.worker.terminate();
    }
  }
}

function failed(unit: Unit, cause: string, at: { frame: number; ord: number } | undefined): Failed {
  const frame = at === undefined ? undefined : unit.frames[at.frame];
  return { kind: 'failed', cause, ...(frame && at ? { at: [frame.batch, at.ord] as const } : {}) };
}
