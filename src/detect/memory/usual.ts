/**
 * What is usual for a key: its mean count per span over the fourteen days before the day of the event (UTC days, so that a
 * burst does not raise its own measure). Time without events counts as zero.
 *
 * - Floored at FLOOR per span: what happens once in ten hours is not unusual twice in one.
 * - Not judged before LEARN_DAYS have passed since the tenant's first event or, where the rule is newer and was not taught
 *   from the store, since the rule: `learned` says how far it is.
 *
 * Bounded: KEYS_MAX keys per term, fifteen numbers each. Held by `parts.test.ts`.
 */
import { type Keyed, Kept } from './kept.ts';

export const DAY_US = 86_400e6;
export const LEARN_DAYS = 14;
/** Least that counts as usual, per span. */
export const FLOOR = 1;
export const KEYS_MAX = 50_000;

type Days = Keyed & { days: [day: number, n: number][] };
export type UsualState = readonly (readonly [string, number, readonly (readonly [number, number])[]])[];

const dayOf = (ts: number): number => Math.floor(ts / DAY_US);

export class Usual {
  readonly #keys: Kept<Days>;

  constructor(max = KEYS_MAX) {
    this.#keys = new Kept(max);
  }

  get evicted(): number {
    return this.#keys.evicted;
  }

  add(id: string, ts: number, n: number): void {
    const k = this.#keys.get(id) ?? this.#keys.add({ id, level: 0, days: [] });
    const day = dayOf(ts);
    const at = k.days.find((d) => d[0] === day);
    if (at !== undefined) at[1] += n;
    else {
      k.days.push([day, n]);
      k.days.sort((a, b) => a[0] - b[0]);
      const newest = (k.days.at(-1) as [number, number])[0];
      k.days = k.days.filter((d) => d[0] >= newest - LEARN_DAYS);
    }
    let sum = 0;
    for (const d of k.days) sum += d[1];
    this.#keys.weigh(k, sum);
  }

  /** Per span of microseconds, as it was before the day of `ts`. */
  at(id: string, ts: number, span: number): number {
    const today = dayOf(ts);
    let sum = 0;
    for (const [day, n] of this.#keys.get(id)?.days ?? [])
      if (day < today && day >= today - LEARN_DAYS) sum += n;
    return Math.max(FLOOR, (sum * span) / (LEARN_DAYS * DAY_US));
  }

  /** Forgets keys without an event in the last fifteen days before `now`. */
  sweep(now: number): void {
    const oldest = dayOf(now) - LEARN_DAYS - 1;
    for (const k of [...this.#keys.all()]) if (k.days.every(([day]) => day < oldest)) this.#keys.delete(k);
  }

  state(): UsualState {
    return this.#keys.state().map((k) => [k.id, k.level, k.days]);
  }
  restore(s: UsualState, evicted: number): void {
    this.#keys.restore(s.map(([id, level, days]) => ({ id, level, days: days.map(([d, n]) => [d, n]) })));
    this.#keys.evicted = evicted;
  }
}

/** Whole days learned, at most LEARN_DAYS. */
export const learned = (since: number, ts: number): number =>
  Math.max(0, Math.min(LEARN_DAYS, Math.floor((ts - since) / DAY_US)));
