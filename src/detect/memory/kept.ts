/**
 * A bounded map of groups: when it is full, the group with the least in it goes first (`levels.ts`). What had to go is
 * counted. Held by `parts.test.ts`.
 */
import { type Levelled, Levels } from '../levels.ts';

const LEVELS = 24;
/** From this level on (8 events) a group that goes may have hidden something. */
const NEAR_LEVEL = 3;

export type Keyed = Levelled;

export class Kept<G extends Keyed> extends Levels<G> {
  readonly #max: number;
  readonly #gone: (g: G) => void;
  evicted = 0;
  /** Those with eight events or more. */
  evictedNear = 0;

  constructor(max: number, gone: (g: G) => void = () => {}) {
    super(LEVELS);
    this.#max = max;
    this.#gone = gone;
  }

  /** Makes room for it. */
  override add(g: G): G {
    if (this.size >= this.#max) this.#evict();
    return super.add(g);
  }

  /** `n`: how much is in it now. */
  weigh(g: G, n: number): void {
    this.move(g, n < 1 ? 0 : Math.floor(Math.log2(n)));
  }

  override delete(g: G): void {
    super.delete(g);
    this.#gone(g);
  }

  #evict(): void {
    const first = this.first();
    if (first === undefined) return;
    if (first.level >= NEAR_LEVEL) this.evictedNear++;
    this.evicted++;
    this.delete(first);
  }
}
