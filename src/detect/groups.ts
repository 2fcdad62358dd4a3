/**
 * The groups of one correlation, bounded: when full, the group farthest from its threshold goes first (oldest first
 * among equals), so that a flood of fresh keys cannot push out an attacker who is half-way. Groups with one occurrence are
 * kept small (`singles.ts`) and go first of all. Evictions are counted, and noted for the alert that names them.
 *
 * Order is part of the state: `state` and `restore` keep it, so that a restored table evicts the same groups.
 * Held by `groups.test.ts`.
 */
import type { Lost } from './late.ts';
import { Oldest } from './oldest.ts';
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
  readonly #byId = new Map<string, Group<E>>();
  readonly #levels: Map<string, Group<E>>[] = Array.from({ length: LEVELS }, () => new Map());
  readonly #oldest = this.#levels.map((l) => new Oldest(l));
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
    return this.#byId.size + this.singles.size;
  }

  get(id: string): Group<E> | undefined {
    return this.#byId.get(id);
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
    this.#byId.set(id, g);
    this.#levels[0]?.set(id, g);
    return g;
  }

  /** Tells how near the group is to its threshold, 0 to 1. */
  near(g: Group<E>, nearness: number): void {
    const level = Math.max(0, Math.min(LEVELS - 1, Math.floor(nearness * LEVELS) || 0));
    if (level === g.level) return;
    this.#levels[g.level]?.delete(g.id);
    g.level = level;
    this.#levels[level]?.set(g.id, g);
  }

  delete(g: Group<E>): void {
    this.#byId.delete(g.id);
    this.#levels[g.level]?.delete(g.id);
    this.#gone(g);
  }

  all(): IterableIterator<Group<E>> {
    return this.#byId.values();
  }

  evict(): void {
    const single = this.singles.drop();
    if (single !== undefined) {
      this.#singleGone(single.held);
      this.#note(single.ingested, single.ingested, false);
      return;
    }
    for (let i = 0; i < LEVELS; i++) {
      if (this.#levels[i]?.size === 0) continue;
      const first = this.#oldest[i]?.next()?.[1];
      if (first === undefined) continue;
      this.#note(first.since, first.lastIngested, first.level >= NEAR_LEVEL);
      this.delete(first);
      return;
    }
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

  /** Groups level by level in eviction order. */
  state(): Group<E>[] {
    return this.#levels.flatMap((l) => [...l.values()]);
  }

  restore(groups: readonly Group<E>[]): void {
    for (const g of groups) {
      this.#byId.set(g.id, g);
      this.#levels[g.level]?.set(g.id, g);
    }
  }
}
