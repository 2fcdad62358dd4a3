/**
 * A fixed number of worker threads; units go out in order to the least busy one, results are handed on in order of
 * `seq`. A worker that dies is replaced and its units are given to the new one; a unit that kills workers twice is
 * handed on as failed (its events are then counted as not evaluated and stay in the journal's raw form).
 */
import { Worker } from 'node:worker_threads';
import type { Log } from '../base/log.ts';
import { errorText } from '../base/result.ts';
import type { FromWorker, Unit, UnitResult } from './unit.ts';
import type { WorkerOptions } from './worker.ts';

export type Outcome =
  | { readonly kind: 'done'; readonly result: UnitResult }
  | { readonly kind: 'failed'; readonly cause: string };
type Job = { readonly unit: Unit; readonly settle: (o: Outcome) => void; tries: number };
type Slot = { worker: Worker; jobs: Map<number, Job>; ready: Promise<void> };

const TRIES_MAX = 2;

export class WorkerPool {
  readonly #slots: Slot[] = [];
  readonly #log: Log;
  #options: WorkerOptions;
  #closed = false;
  problems: readonly { readonly file: string; readonly line: number; readonly reason: string }[] = [];

  private constructor(options: WorkerOptions, log: Log) {
    this.#options = options;
    this.#log = log;
  }

  static async start(size: number, options: WorkerOptions, log: Log): Promise<WorkerPool> {
    const pool = new WorkerPool(options, log);
    for (let i = 0; i < size; i++) pool.#slots.push(pool.#spawn());
    await Promise.all(pool.#slots.map((s) => s.ready));
    return pool;
  }

  get size(): number {
    return this.#slots.length;
  }
  get busy(): number {
    return this.#slots.reduce((n, s) => n + s.jobs.size, 0);
  }

  /** Units are matched by the content in force when they were given. */
  reload(content: string): void {
    this.#options = { ...this.#options, content };
    for (const s of this.#slots) s.worker.postMessage({ kind: 'content', text: content });
  }

  run(unit: Unit): Promise<Outcome> {
    return new Promise((settle) => this.#give({ unit, settle, tries: 0 }));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#slots.map((s) => s.worker.terminate()));
  }

  #give(job: Job): void {
    job.tries++;
    let best = this.#slots[0] as Slot;
    for (const s of this.#slots) if (s.jobs.size < best.jobs.size) best = s;
    best.jobs.set(job.unit.seq, job);
    // The frame's bytes are copied, not moved: they are needed again if the worker dies.
    best.worker.postMessage(job.unit);
  }

  #spawn(): Slot {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: this.#options });
    let ready: () => void = () => {};
    let unready: (e: Error) => void = () => {};
    const slot: Slot = {
      worker,
      jobs: new Map(),
      ready: new Promise((r, f) => {
        ready = r;
        unready = f;
      }),
    };
    slot.ready.catch(() => {});
    worker.on('message', (m: FromWorker) => {
      if (m.kind === 'ready') {
        this.problems = m.problems;
        return ready();
      }
      const job = slot.jobs.get(m.seq);
      slot.jobs.delete(m.seq);
      job?.settle(m.kind === 'result' ? { kind: 'done', result: m } : { kind: 'failed', cause: m.cause });
    });
    worker.on('error', (e) => {
      unready(e instanceof Error ? e : new Error(errorText(e)));
      this.#log.error('a parsing worker failed', { cause: errorText(e) });
    });
    worker.on('exit', () => this.#replace(slot));
    return slot;
  }

  #replace(dead: Slot): void {
    if (this.#closed) return;
    const i = this.#slots.indexOf(dead);
    if (i < 0) return;
    this.#slots[i] = this.#spawn();
    for (const job of [...dead.jobs.values()].sort((a, b) => a.unit.seq - b.unit.seq)) {
      if (job.tries >= TRIES_MAX) job.settle({ kind: 'failed', cause: 'the worker died on it twice' });
      else this.#give(job);
    }
  }
}
