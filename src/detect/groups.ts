/**
 * The groups of one correlation, bounded: when full, the group farthest from its threshold goes first (oldest first
 * among equals), so that a flood of fresh keys cannot push out an attacker who is half-way. Evictions are counted.
 *
 * Order is part of the state: `state` and `restore` keep it, so that a restored table evicts the same groups.
 * Held by `groups.test.ts`.
 */
import type { Lost } from './late.ts';
import { Oldest } from './oldest.ts';
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
  /** Receive time of the first event since the group was last judged (conditions with only an upper bound). */
  since: number;
  /** Event time of the newest hit, NEVER before the first: tells a crossing from a condition that stays met. */
  lastHit: number;
  /** Event times of stretches that had to go, and of an earlier group of this key that was forgotten. */
  lost: Lost | null;
};

export class Groups<E> {
  readonly #max: number;
  readonly #byId = new Map<string, Group<E>>();
  readonly #levels: Map<string, Group<E>>[] = Array.from({ length: LEVELS }, () => new Map());
  readonly #oldest = this.#levels.map((l) => new Oldest(l));
  readonly #gone: (g: Group<E>) => void;
  evicted = 0;
  /** Evicted at half the threshold or nearer. */
  evictedNear = 0;

  constructor(max: number, gone: (g: Group<E>) => void) {
    this.#max = max;
    this.#gone = gone;
  }

  get size(): number {
    return this.#byId.size;
  }

  get(id: string): Group<E> | undefined {
    return this.#byId.get(id);
  }

  add(id: string, values: readonly string[], ingested: number): Group<E> {
    if (this.#byId.size >= this.#max) this.#evict();
    const g: Group<E> = {
      id,
      values,
      stretches: [],
      level: 0,
      lastIngested: ingested,
      since: ingested,
      lastHit: NEVER,
      lost: null,
    };
    this.#byId.set(id, g);
    this.#levels[0]?.set(id, g);
    return g;
  }

  /** Tells how near the group is to its threshold, 0 to 1. */
  near(g: Group<E>, nearness: number): void {
    const level = Math.min(LEVELS - 1, Math.floor(nearness * LEVELS));
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

  #evict(): void {
    for (let i = 0; i < LEVELS; i++) {
      if (this.#levels[i]?.size === 0) continue;
      const first = this.#oldest[i]?.next()?.[1];
      if (first === undefined) continue;
      if (first.level >= NEAR_LEVEL) this.evictedNear++;
      this.evicted++;
      this.delete(first);
      return;
    }
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
