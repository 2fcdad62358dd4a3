/**
 * A map of groups, each on a level that says how much would be lost with it: what has to go is of the lowest level, the
 * oldest there first. So a flood of fresh keys cannot push out what has been gathering. Correlations (`groups.ts`) and the
 * memory of condition rules (`memory/kept.ts`) bound themselves by it.
 *
 * Order is part of the state: `state` and `restore` keep it, so that a restored map lets go of the same groups. Held by
 * `groups.test.ts` and `memory/parts.test.ts`.
 */
import { Oldest } from './oldest.ts';

export type Levelled = { readonly id: string; level: number };

export class Levels<G extends Levelled> {
  readonly #byId = new Map<string, G>();
  readonly #levels: readonly Map<string, G>[];
  readonly #oldest: readonly Oldest<string, G>[];

  constructor(levels: number) {
    this.#levels = Array.from({ length: levels }, () => new Map());
    this.#oldest = this.#levels.map((l) => new Oldest(l));
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
    this.#put(g);
    return g;
  }
  #put(g: G): void {
    this.#byId.set(g.id, g);
    this.#levels[g.level]?.set(g.id, g);
  }
  /** `level` is cut to those that there are. */
  move(g: G, level: number): void {
    const to = Math.max(0, Math.min(this.#levels.length - 1, level));
    if (to === g.level) return;
    this.#levels[g.level]?.delete(g.id);
    g.level = to;
    this.#levels[to]?.set(g.id, g);
  }
  delete(g: G): void {
    this.#byId.delete(g.id);
    this.#levels[g.level]?.delete(g.id);
  }

  /** What is to go next; the caller deletes it. */
  first(): G | undefined {
    for (let i = 0; i < this.#levels.length; i++) {
      if (this.#levels[i]?.size === 0) continue;
      const first = this.#oldest[i]?.next()?.[1];
      if (first !== undefined) return first;
    }
    return undefined;
  }

  /** Level by level in the order in which they would go. */
  state(): G[] {
    return this.#levels.flatMap((l) => [...l.values()]);
  }
  restore(groups: readonly G[]): void {
    for (const g of groups) this.#put(g);
  }
}
