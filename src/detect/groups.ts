/**
 * The groups of one correlation, bounded: when full, the group farthest from its threshold goes first (oldest first
 * among equals: `levels.ts`), so that a flood of fresh keys cannot push out an attacker who is half-way. Groups with one
 * occurrence are kept small (`singles.ts`) and go first of all. Evictions are counted, and noted for the alert that names
 * them. Held by `groups.test.ts`.
 */
import type { Lost } from './late.ts';
import { Levels } from './levels.ts';
import { Singles } from './singles.ts';
import type { Stretch } from './window.ts';

const LEVELS = 16;
/** From this level on an eviction may have hidden something. */
const NEAR_LEVEL = 8;
/** Before every event time. */
export const NEVER = Number.MIN_SAFE_INTEGER;

export type Group<E> = {
  readonly id: string;
  /** Values of the group-by fields as first seen. */
  readonly values: readonly string[];
  stretches: Stretch<E>[];
  level: number;
  /** Receive time of the newest event, microseconds. */
  lastIngested: number;
  /** Receive time of the first event (conditions that time decides). */
  since: number;
  /** Event time of the newest hit, NEVER before the first: tells a crossing from a condition that stays met. */
  lastHit: number;
  /** Event times of stretches that had to go. */
  lost: Lost | null;
  /** Conditions that time decides: judged up to here (receive time), 0 before the first. */
  judged: number;
  /** The newest event, for conditions that hold where nothing occurs; null for all others. */
  last: E | null;
  /** When time is to judge it, as far as that stands in the owner's queue. Not part of the state. */
  timers: number[];
};

/** What was evicted since it was last asked for. */
export type Evictions = {
  count: number;
  near: number;
  /** Receive times of the first and last event of what went, microseconds. */
  from: number;
  to: number;
};

export class Groups<E> {
  readonly #max: number;
  readonly #levels = new Levels<Group<E>>(LEVELS);
  readonly #gone: (g: Group<E>) => void;
  readonly #singleGone: (held: boolean) => void;
  readonly singles = new Singles();
  evicted = 0;
  /** Evicted at half the threshold or nearer. */
  evictedNear = 0;
  #fresh: Evictions | null = null;

  constructor(max: number, gone: (g: Group<E>) => void, singleGone: (held: boolean) => void = () => {}) {
    this.#max = max;
    this.#gone = gone;
    this.#singleGone = singleGone;
  }

  get size(): number {
    return this.#levels.size + this.singles.size;
  }

  get(id: string): Group<E> | undefined {
    return this.#levels.get(id);
  }

  /** Room for one more. */
  makeRoom(): void {
    if (this.size >= this.#max) this.evict();
  }

  add(id: string, values: readonly string[], ingested: number): Group<E> {
    this.makeRoom();
    const g: Group<E> = {
      id,
      values,
      stretches: [],
      level: 0,
      lastIngested: ingested,
      since: ingested,
      lastHit: NEVER,
      lost: null,
      judged: 0,
      last: null,
      timers: [],
    };
    return this.#levels.add(g);
  }

  /** Tells how near the group is to its threshold, 0 to 1. */
  near(g: Group<E>, nearness: number): void {
    this.#levels.move(g, Math.floor(nearness * LEVELS) || 0);
  }

  delete(g: Group<E>): void {
    this.#levels.delete(g);
    this.#gone(g);
  }

  all(): IterableIterator<Group<E>> {
    return this.#levels.all();
  }

  evict(): void {
    const single = this.singles.drop();
    if (single !== undefined) {
      this.#singleGone(single.held);
      this.#note(single.ingested, single.ingested, false);
      return;
    }
    const first = this.#levels.first();
    if (first === undefined) return;
    this.#note(first.since, first.lastIngested, first.level >= NEAR_LEVEL);
    this.delete(first);
  }

  #note(from: number, to: number, near: boolean): void {
    this.evicted++;
    if (near) this.evictedNear++;
    const f = this.#fresh;
    if (f === null) this.#fresh = { count: 1, near: near ? 1 : 0, from, to };
    else {
      f.count++;
      if (near) f.near++;
      f.from = Math.min(f.from, from);
      f.to = Math.max(f.to, to);
    }
  }

  /** What was evicted since the last call, null where nothing was. */
  takeEvictions(): Evictions | null {
    const f = this.#fresh;
    this.#fresh = null;
    return f;
  }

  /** As it stands, for a snapshot; `restoreEvictions` puts it back. */
  get evictions(): Evictions | null {
    return this.#fresh;
  }

  restoreEvictions(e: Evictions | null): void {
    this.#fresh = e;
  }

  /** In the order of eviction, which `restore` keeps. */
  state(): Group<E>[] {
    return this.#levels.state();
  }
  restore(groups: readonly Group<E>[]): void {
    this.#levels.restore(groups);
  }
}
