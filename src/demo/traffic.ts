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
export const FIRST_ATTACK_US = 5e6;
export const ATTACK_EVERY_US = 240e6;
/** History: an attack about every this long. */
export const HISTORY_ATTACK_EVERY_US = 4.3 * 86_400e6;
/** Records that activities may leave for later slots (a session that ends later). */
const PENDING_MAX = 500_000;

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
  const stage = new Stage(o.seed, o.attacks ?? true, {
    firstUs: o.fromUs + HISTORY_ATTACK_EVERY_US * 0.3,
    everyUs: HISTORY_ATTACK_EVERY_US,
  });
  const perVolume = (o.perDay * 7) / weekVolume();
  for (let at = o.fromUs; at < o.toUs; at += SLOT_US) {
    const length = Math.min(SLOT_US, o.toUs - at);
    const want = (perVolume * volume(at) * length) / SLOT_US;
    for (const item of stage.slot(at, length, want)) if (item.atUs < o.toUs) yield item;
  }
}

/** Records from a moment on, in order, without end. */
export function* live(o: LiveOptions): Generator<DemoItem, never, undefined> {
  const stage = new Stage(o.seed, o.attacks ?? true, {
    firstUs: o.fromUs + FIRST_ATTACK_US,
    everyUs: ATTACK_EVERY_US,
  });
  for (let at = o.fromUs; ; at += LIVE_SLOT_US) yield* stage.slot(at, LIVE_SLOT_US, o.ratePerSecond);
}

/** Sum of the volume of a week's slots. */
function weekVolume(): number {
  let sum = 0;
  for (let at = 0; at < WEEK_US; at += SLOT_US) sum += volume(at);
  return sum;
}

/** Plays slot after slot; what an activity writes beyond its slot waits for its time. */
class Stage {
  readonly #w: World;
  readonly #attacks: boolean;
  readonly #everyUs: number;
  #nextAttackUs: number;
  #played = 0;
  #pending: DemoItem[] = [];
  /** Records still owed to the wanted rate (below zero: ahead of it). */
  #owed = 0;

  constructor(seed: number, attacks: boolean, when: { firstUs: number; everyUs: number }) {
    this.#w = new World(seed);
    this.#attacks = attacks;
    this.#nextAttackUs = when.firstUs;
    this.#everyUs = when.everyUs;
  }

  /** Records of [at, at + length), in order of time. */
  slot(at: number, length: number, want: number): DemoItem[] {
    const all = this.#pending;
    this.#owed += want;
    while (this.#owed > 0 && all.length < PENDING_MAX) {
      this.#w.at = Math.floor(at + this.#w.rng() * length);
      this.#w.scenario = '';
      this.#activity();
      const made = this.#w.take();
      this.#owed -= made.length;
      for (const item of made) all.push(item);
    }
    while (this.#attacks && this.#nextAttackUs < at + length) this.#attack(all);
    return this.#due(at + length);
  }

  #activity(): void {
    const c = clockOf(this.#w.at);
    const people = SHARES.people * peopleLoad(c);
    const customers = SHARES.customers * customerLoad(c);
    // Of a visit or a session come more records than of a timer: shares are of records, roughly.
    const x = this.#w.rng() * (people / 4 + customers / 6 + SHARES.machines / 1.8);
    if (x < people / 4) personActs(this.#w);
    else if (x < people / 4 + customers / 6) customerVisits(this.#w);
    else machineActs(this.#w);
  }

  #attack(all: DemoItem[]): void {
    const scenario = SCENARIOS[this.#played % SCENARIOS.length]!;
    this.#played++;
    this.#w.at = Math.floor(this.#nextAttackUs);
    this.#w.scenario = scenario.name;
    scenario.play(this.#w);
    all.push(...this.#w.take());
    this.#nextAttackUs += this.#everyUs;
  }

  #due(end: number): DemoItem[] {
    const due: DemoItem[] = [];
    const rest: DemoItem[] = [];
    for (const item of this.#pending) (item.atUs < end ? due : rest).push(item);
    this.#pending = rest;
    // A stable sort: records of one moment stay in the order in which they were written.
    return due.sort((a, b) => a.atUs - b.atUs);
  }
}
