/**
 * A bounded map of groups: when it is full, the group with the least in it goes first (oldest first among equals), so that
 * a flood of fresh keys cannot push out what has been gathering. What had to go is counted.
 *
 * Order is part of the state: `state` and `restore` keep it, so that a restored map lets go of the same groups. Held by
 * `parts.test.ts`.
 */
import { Oldest } from '../oldest.ts';

const LEVELS = 24;
/** From this level on (8 events) a group that goes may have hidden something. */
const NEAR_LEVEL = 3;

export type Keyed = {
  readonly id: string;
  level: number;
};

export class Kept<G extends Keyed> {
  readonly #max: number;
  readonly #gone: (g: G) => void;
  readonly #byId = new Map<string, G>();
  readonly #levels: Map<string, G>[] = Array.from({ length: LEVELS }, () => new Map());
  readonly #oldest = this.#levels.map((l) => new Oldest(l));
  evicted = 0;
  /** Those with eight events or more. */
  evictedNear = 0;

  constructor(max: number, gone: (g: G) => void = () => {}) {
    this.#max = max;
    this.#gone = gone;
  }

  get size(): number {
    return this.#byId.size;
  }
  get(id: string): G | undefined {
    return this.#byId.get(id);
  }
  all(): IterableIterator<G> {
    return this.#byId.values();
  }

  add(g: G): G {
    if (this.#byId.size >= this.#max) this.#evict();
    this.#byId.set(g.id, g);
    this.#levels[g.level]?.set(g.id, g);
    return g;
  }

  /** `n`: how much is in it now. */
  weigh(g: G, n: number): void {
    const level = Math.min(LEVELS - 1, n < 1 ? 0 : Math.floor(Math.log2(n)));
    if (level === g.level) return;
    this.#levels[g.level]?.delete(g.id);
    g.level = level;
    this.#levels[level]?.set(g.id, g);
  }

  delete(g: G): void {
    this.#byId.delete(g.id);
    this.#levels[g.level]?.delete(g.id);
    this.#gone(g);
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

  /** Level by level in the order of eviction. */
  state(): G[] {
    return this.#levels.flatMap((l) => [...l.values()]);
  }
  restore(groups: readonly G[]): void {
    for (const g of groups) {
      this.#byId.set(g.id, g);
      this.#levels[g.level]?.set(g.id, g);
    }
  }
}
