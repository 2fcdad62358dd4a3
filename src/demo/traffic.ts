/**
 * The company's traffic: `history` over a stretch of time, `live` from a moment on at a given rate. Pure: seed and times
 * decide everything, records come in order of time, and no clock is read. Held by `traffic.test.ts`.
 */
import { customerVisits, machineActs } from './machines.ts';
import { personActs } from './people.ts';
import { clockOf, customerLoad, peopleLoad, SHARES, volume, WEEK_US } from './rhythm.ts';
import { SCENARIOS } from './scenarios.ts';
import { type DemoItem, World } from './world.ts';

/** History is made in pieces of this length, and live traffic in pieces of a second. */
export const SLOT_US = 600e6;
const LIVE_SLOT_US = 1e6;
/** Live: the first attack begins this long after the start, then one begins every so often. */
export const FIRST_ATTACK_US = 3e6;
export const ATTACK_EVERY_US = 240e6;
/** History: an attack about every this long. */
export const HISTORY_ATTACK_EVERY_US = 4.3 * 86_400e6;
/** Records that activities may leave for later slots (a session that ends later); beyond it they are not written. */
const WAITING_MAX = 500_000;
/** Activities of one slot. */
const ACTIVITIES_MAX = 1_000_000;

type StageOptions = {
  readonly seed: number;
  readonly attacks: boolean;
  readonly fromUs: number;
  readonly slotUs: number;
  readonly firstUs: number;
  readonly everyUs: number;
};

export type HistoryOptions = {
  readonly seed: number;
  readonly fromUs: number;
  readonly toUs: number;
  /** Mean records a day over a week. */
  readonly perDay: number;
  /** Attacks in it, default true. */
  readonly attacks?: boolean;
};
export type LiveOptions = {
  readonly seed: number;
  readonly fromUs: number;
  /** Records a second; the ordinary day, attacks come on top. */
  readonly ratePerSecond: number;
  readonly attacks?: boolean;
};

/** Records of a stretch of time, in order. */
export function* history(o: HistoryOptions): Generator<DemoItem, void, undefined> {
  const stage = new Stage({
    seed: o.seed,
    attacks: o.attacks ?? true,
    fromUs: o.fromUs,
    slotUs: SLOT_US,
    firstUs: o.fromUs + HISTORY_ATTACK_EVERY_US * 0.3,
    everyUs: HISTORY_ATTACK_EVERY_US,
  });
  const perVolume = (o.perDay * 7) / weekVolume();
  for (let at = o.fromUs; at < o.toUs; at += SLOT_US) {
    for (const item of stage.slot(at, perVolume * volume(at))) if (item.atUs < o.toUs) yield item;
  }
}

/** Records from a moment on, in order, without end. */
export function* live(o: LiveOptions): Generator<DemoItem, never, undefined> {
  const stage = new Stage({
    seed: o.seed,
    attacks: o.attacks ?? true,
    fromUs: o.fromUs,
    slotUs: LIVE_SLOT_US,
    firstUs: o.fromUs + FIRST_ATTACK_US,
    everyUs: ATTACK_EVERY_US,
  });
  for (let at = o.fromUs; ; at += LIVE_SLOT_US) yield* stage.slot(at, o.ratePerSecond);
}

/** Sum of the volume of a week's slots. */
function weekVolume(): number {
  let sum = 0;
  for (let at = 0; at < WEEK_US; at += SLOT_US) sum += volume(at);
  return sum;
}

/**
 * Plays slot after slot. What an activity writes beyond its slot waits for its time and counts there, so that each slot
 * holds as many records as asked, from the first on.
 */
class Stage {
  readonly #w: World;
  readonly #o: StageOptions;
  #nextAttackUs: number;
  #played = 0;
  /** Records of later slots, by the slot's number. */
  readonly #waiting = new Map<number, DemoItem[]>();
  #waitingCount = 0;
  /** Records asked for and not given (below zero: given ahead). */
  #owed = 0;

  constructor(o: StageOptions) {
    this.#w = new World(o.seed);
    this.#o = o;
    this.#nextAttackUs = o.firstUs;
  }

  /** Records of the slot that begins at `at`, in order of time: `want` of the ordinary day, and attacks. */
  slot(at: number, want: number): DemoItem[] {
    const n = Math.round((at - this.#o.fromUs) / this.#o.slotUs);
    const due = this.#waiting.get(n) ?? [];
    this.#waiting.delete(n);
    this.#waitingCount -= due.length;
    this.#owed += want;
    for (const item of due) if (item.scenario === '') this.#owed--;
    for (let i = 0; this.#owed > 0 && i < ACTIVITIES_MAX; i++) {
      this.#w.at = Math.floor(at + this.#w.rng() * this.#o.slotUs);
      this.#w.scenario = '';
      this.#activity();
      this.#file(n, due);
    }
    while (this.#o.attacks && this.#nextAttackUs < at + this.#o.slotUs) {
      this.#attack();
      this.#file(n, due);
    }
    // A stable sort: records of one moment stay in the order in which they were written.
    return due.sort((a, b) => a.atUs - b.atUs);
  }

  #activity(): void {
    const c = clockOf(this.#w.at);
    // Of a visit or a session come more records than of a timer: shares are of records, roughly.
    const people = (SHARES.people * peopleLoad(c)) / 4;
    const customers = (SHARES.customers * customerLoad(c)) / 6;
    const x = this.#w.rng() * (people + customers + SHARES.machines / 1.8);
    if (x < people) personActs(this.#w);
    else if (x < people + customers) customerVisits(this.#w);
    else machineActs(this.#w);
  }

  #attack(): void {
    const scenario = SCENARIOS[this.#played % SCENARIOS.length]!;
    this.#played++;
    this.#w.at = Math.floor(this.#nextAttackUs);
    this.#w.scenario = scenario.name;
    scenario.play(this.#w);
    this.#nextAttackUs += this.#o.everyUs;
  }

  /** Sorts what was written into this slot and later ones. */
  #file(n: number, due: DemoItem[]): void {
    for (const item of this.#w.take()) {
      const of = Math.floor((item.atUs - this.#o.fromUs) / this.#o.slotUs);
      if (of <= n) {
        due.push(item);
        if (item.scenario === '') this.#owed--;
      } else if (this.#waitingCount < WAITING_MAX || item.scenario !== '') {
        const later = this.#waiting.get(of);
        if (later === undefined) this.#waiting.set(of, [item]);
        else later.push(item);
        this.#waitingCount++;
      }
    }
  }
}
