/**
 * Carries column blocks to the event store, in order. One insert at a time, of up to ROWS_MAX rows or what gathered in
 * WAIT_MS. While the store is away or slow, at most BACKLOG_BYTES_MAX of blocks wait here; further units are `deferred`:
 * only their frames are remembered, and they are encoded again from the journal when the store is back.
 *
 * After an insert whose fate is unknown the store is asked what it holds, and only the missing rows are sent (the rule
 * of "Commit" in docs/ARCHITECTURE.md). Held by `pipeline.int.test.ts` and the kill test.
 */
import type { Log } from '../base/log.ts';
import { free } from '../base/free.ts';
import { errorText } from '../base/result.ts';
import type { FrameRef } from '../journal/journal.ts';
import { type LineCount, sumLines, UNIT_BYTES_MAX, UNIT_RECORDS_MAX } from './follow.ts';
import type { Held } from './unit.ts';

export type StoreUnit = {
  readonly frames: readonly FrameRef[];
  /** What of them the store lacked when they were queued. */
  readonly lines: readonly LineCount[];
  /** What the store held of them already (after a restart). */
  readonly held: ReadonlyMap<number, Held>;
  /** Undefined: must be encoded again from the journal. */
  block: Uint8Array | undefined;
  rows: number;
};
export type InserterDeps = {
  readonly insert: (blocks: readonly Uint8Array[], token: string) => Promise<void>;
  readonly held: (fromBatch: number, toBatch: number) => Promise<Map<number, number>>;
  readonly heldOrds: (batch: number) => Promise<Set<number>>;
  /** Encodes frames again, leaving out what is held. */
  readonly encode: (
    frames: readonly FrameRef[],
    held: ReadonlyMap<number, Held>,
  ) => Promise<{ block: Uint8Array; rows: number }>;
  /** The store has these. */
  readonly stored: (unit: StoreUnit) => void;
  readonly log: Log;
};

type Delivery = {
  group: StoreUnit[];
  /** The group, unit by unit, without what the store holds. */
  todo: StoreUnit[];
  /** An insert of it was begun and not acknowledged. */
  doubt: boolean;
};

const ROWS_MAX = 20_000;
const BYTES_MAX = 24 * 1024 * 1024;
/** Searchable within two seconds, and few inserts: each costs the engine ~60 ms of CPU whatever its size. */
const WAIT_MS = 1000;
const HURRY_MS = 300;
export const BACKLOG_BYTES_MAX = 48 * 1024 * 1024;
const RETRY_MS_MIN = 200;
const RETRY_MS_MAX = 5_000;
/** How long a close waits for a store that does not take events. */
const CLOSE_TROUBLE_MS = 500;

export class Inserter {
  readonly #d: InserterDeps;
  readonly #queue: StoreUnit[] = [];
  #bytes = 0;
  #rows = 0;
  #timer: NodeJS.Timeout | undefined;
  #running = false;
  #closing = false;
  /** The unit that is being encoded again: not to be joined with others now. */
  #encoding: StoreUnit | undefined;
  #delivery: Delivery | undefined;
  #lock: Promise<void> = Promise.resolve();
  /** Set while inserts fail: what the store said. */
  trouble = '';

  constructor(deps: InserterDeps) {
    this.#d = deps;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  add(unit: StoreUnit): void {
    if (this.#bytes >= BACKLOG_BYTES_MAX && unit.block !== undefined) unit.block = undefined;
    this.#push(unit);
    this.#bytes += unit.block?.length ?? 0;
    this.#rows += unit.rows;
    if (this.#rows >= ROWS_MAX || this.#bytes >= BYTES_MAX) this.#run();
    else this.#timer ??= setTimeout(() => this.#run(), WAIT_MS);
  }

  /** An alert was raised: whoever follows it wants its events now. At most once in HURRY_MS, since small inserts are dear. */
  hurry(): void {
    const wait = this.#hurriedAt + HURRY_MS - performance.now();
    if (wait > 0 || this.#queue.length === 0) return;
    this.#hurriedAt = performance.now();
    this.#run();
  }
  #hurriedAt = -Infinity;

  /** Deferred units are joined up to the size of a unit: a long outage leaves few of them, and they are encoded faster. */
  #push(unit: StoreUnit): void {
    const last = this.#queue.at(-1);
    if (
      last === undefined ||
      last.block !== undefined ||
      unit.block !== undefined ||
      this.#encoding === last
    ) {
      this.#queue.push(unit);
      return;
    }
    const frames = [...last.frames, ...unit.frames];
    const bytes = frames.reduce((n, f) => n + f.length, 0);
    if (last.rows + unit.rows > UNIT_RECORDS_MAX || bytes > UNIT_BYTES_MAX) this.#queue.push(unit);
    else
      this.#queue[this.#queue.length - 1] = {
        frames,
        lines: sumLines([last.lines, unit.lines]),
        held: new Map([...last.held, ...unit.held]),
        block: undefined,
        rows: last.rows + unit.rows,
      };
  }

  /** Runs `work` while no insert is under way or in doubt, so that counts of the store and of what is pending fit together. */
  async quiet<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#lock;
    let free: () => void = () => {};
    this.#lock = new Promise((r) => {
      free = r;
    });
    await before;
    try {
      await this.#settleDoubt();
      return await work();
    } finally {
      free();
    }
  }

  /** Sends all that waits; gives up when `ms` are over (the rest is in the journal). */
  async close(ms: number): Promise<void> {
    const until = Date.now() + ms;
    this.#run();
    const early = Date.now() + CLOSE_TROUBLE_MS;
    while ((this.#queue.length > 0 || this.#running) && Date.now() < until) {
      if (this.trouble !== '' && Date.now() > early) break;
      await sleep(10);
    }
    this.#closing = true;
    if (this.#timer !== undefined) clearTimeout(this.#timer);
  }

  #run(): void {
    if (this.#timer !== undefined) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
    if (this.#running || this.#queue.length === 0) return;
    this.#running = true;
    void this.#drain().finally(() => {
      this.#running = false;
      if (this.#queue.length > 0 && !this.#closing) this.#timer ??= setTimeout(() => this.#run(), WAIT_MS);
    });
  }

  /** Inserts what was waiting when it began, and goes on while full groups wait. */
  async #drain(): Promise<void> {
    let wait = RETRY_MS_MIN;
    do {
      let group: StoreUnit[];
      try {
        group = await this.#take();
        wait = RETRY_MS_MIN;
      } catch (e) {
        this.#failed('events cannot be encoded again from the journal', e);
        await sleep(wait);
        wait = Math.min(wait * 2, RETRY_MS_MAX);
        continue;
      }
      if (group.length === 0) return;
      await this.#deliver(group);
    } while (!this.#closing && (this.#rows >= ROWS_MAX || this.#bytes >= BYTES_MAX || this.#deferredFirst));
  }

  get #deferredFirst(): boolean {
    const first = this.#queue[0];
    return first !== undefined && first.block === undefined;
  }

  async #take(): Promise<StoreUnit[]> {
    const group: StoreUnit[] = [];
    let rows = 0;
    let bytes = 0;
    while (this.#queue.length > 0 && rows < ROWS_MAX && bytes < BYTES_MAX) {
      const u = this.#queue[0] as StoreUnit;
      if (u.block === undefined && !(await this.#encode(u, group.length > 0))) return group;
      const block = u.block as Uint8Array;
      this.#queue.shift();
      this.#bytes -= block.length;
      this.#rows -= u.rows;
      group.push(u);
      rows += u.rows;
      bytes += block.length;
    }
    return group;
  }

  /** False where it failed and a group without this unit can go first. */
  async #encode(u: StoreUnit, skippable: boolean): Promise<boolean> {
    this.#encoding = u;
    try {
      const again = await this.#d.encode(u.frames, u.held);
      u.block = again.block;
      this.#rows += again.rows - u.rows;
      u.rows = again.rows;
      this.#bytes += again.block.length;
      return true;
    } catch (e) {
      if (skippable) return false;
      throw e;
    } finally {
      this.#encoding = undefined;
    }
  }

  #failed(what: string, e: unknown): void {
    if (this.trouble === '') this.#d.log.warn(what, { cause: errorText(e) });
    this.trouble = errorText(e);
  }

  async #deliver(group: StoreUnit[]): Promise<void> {
    const d: Delivery = { group, todo: group, doubt: false };
    this.#delivery = d;
    for (let wait = RETRY_MS_MIN; ; wait = Math.min(wait * 2, RETRY_MS_MAX)) {
      try {
        await this.quiet(async () => {
          const blocks = d.todo.flatMap((u) => (u.rows > 0 && u.block !== undefined ? [u.block] : []));
          d.doubt = true;
          if (blocks.length > 0) await this.#d.insert(blocks, tokenOf(d.todo));
          this.#delivery = undefined;
          for (const u of d.group) this.#d.stored(u);
          for (const u of [...d.group, ...d.todo]) {
            free(u.block);
            u.block = undefined;
          }
        });
        if (this.trouble !== '') this.#d.log.info('the event store takes events again');
        this.trouble = '';
        return;
      } catch (e) {
        this.#failed('the event store does not take events; they wait in the journal', e);
      }
      if (this.#closing) return;
      await sleep(wait);
    }
  }

  /** Nothing is sent again, or counted, before the store has said what it holds of an insert whose fate is unknown. */
  async #settleDoubt(): Promise<void> {
    const d = this.#delivery;
    if (d?.doubt !== true) return;
    d.todo = await this.#missing(d.group);
    d.doubt = false;
    // In order, since the store's checkpoint is one number.
    while (d.todo[0]?.rows === 0) {
      this.#d.stored(d.group[0] as StoreUnit);
      d.group = d.group.slice(1);
      d.todo = d.todo.slice(1);
    }
  }

  /** The group without what the store holds. Throws while the store does not answer. */
  async #missing(group: StoreUnit[]): Promise<StoreUnit[]> {
    const frames = group.flatMap((u) => u.frames);
    const first = frames[0]?.batch ?? 0;
    const counts = await this.#d.held(first, frames.at(-1)?.batch ?? first);
    const out: StoreUnit[] = [];
    for (const u of group) {
      if (u.frames.every((f) => (counts.get(f.batch) ?? 0) === 0)) {
        out.push(u);
        continue;
      }
      const held = new Map<number, Held>();
      for (const f of u.frames) {
        const n = counts.get(f.batch) ?? 0;
        if (n >= f.count) held.set(f.batch, 'all');
        else if (n > 0) held.set(f.batch, [...(await this.#d.heldOrds(f.batch))]);
      }
      out.push({ ...u, ...(await this.#d.encode(u.frames, held)) });
    }
    return out;
  }
}

/** Names the rows of an insert, for the engine's own deduplication (a second belt). */
function tokenOf(group: readonly StoreUnit[]): string {
  const frames = group.flatMap((u) => u.frames);
  const rows = group.reduce((n, u) => n + u.rows, 0);
  return `${frames[0]?.batch ?? 0}-${frames.at(-1)?.batch ?? 0}-${rows}`;
}

const sleep = (ms: number): Promise<void> => new Promise((r) => setTimeout(r, ms));
