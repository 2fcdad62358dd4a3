/**
 * The event-time window of one (tenant, lane, rule, key): what has occurred, in a few disjoint stretches, so that
 * events stamped 1970 or an hours-late backlog beside today's form a window of their own. Sliding, never fixed
 * boundaries; trimmed by the key's own event times; nothing here reads a clock.
 *
 * A stretch holds occurrences sorted by time and reaches back two timespans from its newest. It is compacted so that
 * a storm on one key stays bounded: event_count needs no more than the newest `need` occurrences to go on being met,
 * value_count and temporal no more than the newest of each value. What is compacted away before it was counted into
 * an episode hands its weight on, so that the alert's count stays exact. Sums and averages keep NUMBERS_MAX numbers and
 * then join neighbours in time (the sum stays exact, its place in time becomes coarser); medians and percentiles are over
 * the newest NUMBERS_MAX numbers of a window.
 *
 * An event whose windows may have held what was let go of is `late`: the store judges it again (`late.ts`).
 *
 * Held by `window.test.ts`, `late.test.ts` and `src/alert/detection.prop.test.ts`.
 */
import { joined, type Lost, reaches } from './late.ts';

/** Disjoint stretches kept per key. */
export const STRETCHES_MAX = 4;

/** `value` is the counted value (value_count), the index of the rule (temporal), '' for event_count. */
export type Occurrence<E> = {
  readonly ts: number;
  weight: number;
  readonly value: string;
  /** Already part of an episode. */
  counted: boolean;
  /** What the alert shows; null once it was counted into an episode, which then holds it. */
  event: E | null;
};

export type Stretch<E> = {
  items: Occurrence<E>[];
  min: number;
  max: number;
  /** Trimmed away. */
  lost: Lost | null;
  /** Compacted away: only what comes late can miss it. */
  thinned: Lost | null;
};

/** Numbers that a window holds apart. */
export const NUMBERS_MAX = 2048;
/** Percentiles measured for one event that comes late; the store judges what is beyond. */
export const ENDS_MAX = 32;

export type WindowSpec = {
  readonly kind: 'count' | 'distinct' | 'ordered' | 'sum' | 'avg' | 'percentile' | 'expression';
  /** Microseconds. */
  readonly timespan: number;
  /** Occurrences (or distinct values) that decide; larger numbers need not be told apart. */
  readonly need: number;
  readonly met: (n: number) => boolean;
  /** Rules in order, for `ordered`. */
  readonly order: readonly string[];
  /** Microseconds that a stretch reaches back from its newest; two timespans where not stated. */
  readonly retain?: number;
  /** `percentile`: which, 0 to 100. */
  readonly percentile?: number;
  /** `expression`: is it true of the rules that occurred, given in order of time? */
  readonly holds?: (values: readonly string[]) => boolean;
  /** How near to its threshold a measure is, 0 to 1; its share of `need` where not stated. */
  readonly nearness?: (n: number) => number;
};

const retainOf = (spec: WindowSpec): number => spec.retain ?? 2 * spec.timespan;

/** Told of every occurrence that leaves a window with its event, so that the owner can account for memory. */
export type Dropped<E> = (o: Occurrence<E>) => void;

/** What an added occurrence did. */
export type WindowHit<E> = {
  /** Event times of the window that is met. */
  readonly from: number;
  readonly to: number;
  /** Occurrences not yet counted into an episode, oldest first. They are marked as counted. */
  readonly fresh: readonly Occurrence<E>[];
};

export type Added<E> = {
  readonly hit: WindowHit<E> | undefined;
  readonly nearness: number;
  /** Its windows may have held what the key no longer remembers. */
  readonly late: boolean;
  /** The stretch that had to go, if one had to. */
  readonly evicted: Lost | null;
};

export function addOccurrence<E>(
  stretches: Stretch<E>[],
  o: Occurrence<E>,
  spec: WindowSpec,
  dropped: Dropped<E>,
): Added<E> {
  const { home: s, evicted } = place(stretches, o, spec, dropped);
  const newest = s.max;
  const items = s.items;
  let at = items.length;
  while (at > 0 && (items[at - 1] as Occurrence<E>).ts > o.ts) at--;
  if (at === items.length) items.push(o);
  else items.splice(at, 0, o);
  s.min = Math.min(s.min, o.ts);
  s.max = Math.max(s.max, o.ts);
  trim(s, spec, dropped);
  const best = bestWindow(s, o.ts, spec);
  const late =
    best.cut ||
    // What a stretch lost, and what it holds where this one is too old to join it.
    stretches.some(
      (x) =>
        reaches(x.lost, o.ts, spec.timespan) || (x !== s && reaches([x.min, x.max], o.ts, spec.timespan)),
    ) ||
    (best.met === undefined && o.ts < newest - spec.timespan && reaches(s.thinned, o.ts, spec.timespan));
  if (best.met === undefined) {
    compact(s, spec, dropped);
    const nearness = spec.nearness?.(best.n) ?? Math.min(1, best.n / Math.max(1, spec.need));
    return { hit: undefined, nearness, late, evicted };
  }
  const fresh: Occurrence<E>[] = [];
  for (let i = best.met.lo; i <= best.met.hi; i++) {
    const x = s.items[i] as Occurrence<E>;
    if (x.counted) continue;
    x.counted = true;
    fresh.push(x);
  }
  compact(s, spec, dropped);
  return { hit: { from: best.met.from, to: best.met.to, fresh }, nearness: 1, late, evicted };
}

/** The stretch the occurrence belongs to; stretches that it joins are merged, the least filled one goes if too many. */
function place<E>(
  stretches: Stretch<E>[],
  o: Occurrence<E>,
  spec: WindowSpec,
  dropped: Dropped<E>,
): { readonly home: Stretch<E>; readonly evicted: Lost | null } {
  let home: Stretch<E> | undefined;
  for (let i = 0; i < stretches.length; i++) {
    const s = stretches[i] as Stretch<E>;
    if (o.ts < s.min - spec.timespan || o.ts > s.max + spec.timespan) continue;
    // Older than what the stretch still remembers: its windows there were judged and forgotten.
    if (o.ts < s.max - retainOf(spec)) continue;
    if (home === undefined) {
      home = s;
      continue;
    }
    home.items = [...home.items, ...s.items].sort((a, b) => a.ts - b.ts);
    home.min = Math.min(home.min, s.min);
    home.max = Math.max(home.max, s.max);
    home.lost = joined(home.lost, s.lost);
    home.thinned = joined(home.thinned, s.thinned);
    stretches.splice(i--, 1);
  }
  if (home !== undefined) return { home, evicted: null };
  const fresh: Stretch<E> = { items: [], min: o.ts, max: o.ts, lost: null, thinned: null };
  let evicted: Lost | null = null;
  if (stretches.length >= STRETCHES_MAX) {
    let least = 0;
    for (let i = 1; i < stretches.length; i++)
      if ((stretches[i] as Stretch<E>).items.length < (stretches[least] as Stretch<E>).items.length)
        least = i;
    const gone = stretches.splice(least, 1)[0] as Stretch<E>;
    for (const x of gone.items) dropped(x);
    evicted = joined([gone.min, gone.max], gone.lost);
  }
  stretches.push(fresh);
  return { home: fresh, evicted };
}

function trim<E>(s: Stretch<E>, spec: WindowSpec, dropped: Dropped<E>): void {
  const oldest = s.max - retainOf(spec);
  let n = 0;
  while (n < s.items.length && (s.items[n] as Occurrence<E>).ts < oldest) n++;
  if (n > 0) s.lost = joined(s.lost, gone(s.items.splice(0, n), dropped));
  s.min = (s.items[0] as Occurrence<E>).ts;
}

/** Lets them go; the event times that they had. They are in order of time, and at least one. */
function gone<E>(items: readonly Occurrence<E>[], dropped: Dropped<E>): Lost {
  for (const x of items) dropped(x);
  return [(items[0] as Occurrence<E>).ts, (items.at(-1) as Occurrence<E>).ts];
}

type Best = {
  readonly n: number;
  readonly met:
    | { readonly lo: number; readonly hi: number; readonly from: number; readonly to: number }
    | undefined;
  /** Nothing was met so far, and not all windows were looked at. */
  readonly cut: boolean;
};

/**
 * Slides over the windows that contain the time `ts`: those that end at an occurrence in [ts, ts + timespan]. For an
 * occurrence that is the newest (the usual case) that is one window. The first that is met is given.
 */
function bestWindow<E>(s: Stretch<E>, ts: number, spec: WindowSpec): Best {
  const items = s.items;
  let best = Number.NEGATIVE_INFINITY;
  let ends = 0;
  const measured = sliding(items, spec);
  // From the first occurrence at or after ts on; its equals in time belong to the same window end.
  for (let hi = lowerBound(items, ts); hi < items.length; hi++) {
    const end = (items[hi] as Occurrence<E>).ts;
    if (end - spec.timespan > ts) break;
    if (hi + 1 < items.length && (items[hi + 1] as Occurrence<E>).ts === end) continue;
    if (ends++ >= ENDS_MAX && spec.kind === 'percentile') return { n: best, met: undefined, cut: true };
    const lo = lowerBound(items, end - spec.timespan);
    const n = measured(lo, hi);
    if (n > best) best = n;
    if (spec.met(n))
      return { n, met: { lo, hi, from: (items[lo] as Occurrence<E>).ts, to: end }, cut: false };
  }
  return { n: best, met: undefined, cut: false };
}

function lowerBound<E>(items: readonly Occurrence<E>[], ts: number): number {
  let lo = 0;
  let hi = items.length;
  while (lo < hi) {
    const mid = (lo + hi) >>> 1;
    if ((items[mid] as Occurrence<E>).ts < ts) lo = mid + 1;
    else hi = mid;
  }
  return lo;
}

/** What the condition compares: a count, a number of distinct values or steps, a sum...; NaN where there is nothing. */
export function measure<E>(
  items: readonly Occurrence<E>[],
  lo: number,
  hi: number,
  spec: WindowSpec,
): number {
  if (spec.kind === 'count') {
    let n = 0;
    for (let i = lo; i <= hi; i++) n += (items[i] as Occurrence<E>).weight;
    return n;
  }
  if (spec.kind === 'ordered') {
    // Greedy, as the specification's temporal_ordered is: no backtracking.
    let next = 0;
    for (let i = lo; i <= hi && next < spec.order.length; i++)
      if ((items[i] as Occurrence<E>).value === spec.order[next]) next++;
    return next;
  }
  if (spec.kind === 'sum' || spec.kind === 'avg') return total(items, lo, hi, spec.kind);
  if (spec.kind === 'percentile') return percentile(items, lo, hi, spec.percentile ?? 50);
  if (spec.kind === 'expression') {
    const values: string[] = [];
    for (let i = lo; i <= hi; i++) values.push((items[i] as Occurrence<E>).value);
    return spec.holds?.(values) === true ? 1 : 0;
  }
  const seen = new Set<string>();
  for (let i = lo; i <= hi; i++) seen.add((items[i] as Occurrence<E>).value);
  return seen.size;
}

/**
 * Measures windows one after the other, none of whose ends goes back: the first as `measure` does, later ones by what came
 * and what left, where the measure allows it.
 */
function sliding<E>(items: readonly Occurrence<E>[], spec: WindowSpec): (lo: number, hi: number) => number {
  const exact = (lo: number, hi: number): number => measure(items, lo, hi, spec);
  let first = true;
  let slide: ((lo: number, hi: number) => number) | undefined;
  return (lo, hi) => {
    if (first) {
      first = false;
      return exact(lo, hi);
    }
    slide ??= slideOf(items, spec, lo) ?? exact;
    return slide(lo, hi);
  };
}

function slideOf<E>(
  items: readonly Occurrence<E>[],
  spec: WindowSpec,
  from: number,
): ((lo: number, hi: number) => number) | undefined {
  let low = from;
  let next = from;
  const at = (i: number): Occurrence<E> => items[i] as Occurrence<E>;
  const move = (lo: number, hi: number, change: (o: Occurrence<E>, sign: 1 | -1) => void): void => {
    while (next <= hi) change(at(next++), 1);
    while (low < lo) change(at(low++), -1);
  };
  if (spec.kind === 'count' || spec.kind === 'sum' || spec.kind === 'avg') {
    let weight = 0;
    let sum = 0;
    let most = 0;
    let again = 0;
    let fractions = false;
    return (lo, hi) => {
      move(lo, hi, (o, sign) => {
        weight += sign * o.weight;
        if (spec.kind === 'count') return;
        const x = Number(o.value) * o.weight;
        fractions ||= !Number.isSafeInteger(x);
        sum += sign * x;
        most = Math.max(most, Math.abs(sum));
      });
      if (spec.kind === 'count') return weight;
      const n = spec.kind === 'sum' ? sum : sum / weight;
      if (!fractions && most <= Number.MAX_SAFE_INTEGER) return n;
      // Fractions that came and left leave a trace: near a threshold the window is measured as it stands.
      const off = (most * ROUNDING) / (spec.kind === 'sum' ? 1 : weight);
      const near = [n - off, n + off, Number(n.toPrecision(10))];
      const doubtful = near.some((x) => spec.met(x) !== spec.met(n));
      return doubtful && again++ < ENDS_MAX ? measure(items, lo, hi, spec) : n;
    };
  }
  if (spec.kind !== 'distinct') return undefined;
  const seen = new Map<string, number>();
  return (lo, hi) => {
    move(lo, hi, (o, sign) => {
      const n = (seen.get(o.value) ?? 0) + sign;
      if (n === 0) seen.delete(o.value);
      else seen.set(o.value, n);
    });
    return seen.size;
  };
}
/** Of the largest sum: thousands of roundings stay below it. */
const ROUNDING = 1e-11;

function total<E>(items: readonly Occurrence<E>[], lo: number, hi: number, kind: 'sum' | 'avg'): number {
  let sum = 0;
  let n = 0;
  for (let i = lo; i <= hi; i++) {
    const o = items[i] as Occurrence<E>;
    sum += Number(o.value) * o.weight;
    n += o.weight;
  }
  return n === 0 ? Number.NaN : kind === 'sum' ? sum : sum / n;
}

/** Linear between the two nearest ranks, so that 50 is the median as it is commonly taken. */
function percentile<E>(items: readonly Occurrence<E>[], lo: number, hi: number, p: number): number {
  const from = Math.max(lo, hi + 1 - NUMBERS_MAX);
  const sorted = new Float64Array(Math.max(0, hi + 1 - from));
  for (let i = from; i <= hi; i++) sorted[i - from] = Number((items[i] as Occurrence<E>).value);
  if (sorted.length === 0) return Number.NaN;
  sorted.sort();
  const at = ((sorted.length - 1) * p) / 100;
  const below = sorted[Math.floor(at)] as number;
  const above = sorted[Math.ceil(at)] as number;
  return below + (above - below) * (at - Math.floor(at));
}

/**
 * Keeps a stretch bounded. What goes first is what no window can need: repeats of a value, then the oldest that are
 * counted or out of the newest window; the last resort is for conditions with an upper bound, which are never "met
 * for good".
 */
function compact<E>(s: Stretch<E>, spec: WindowSpec, dropped: Dropped<E>): void {
  if (spec.kind === 'sum' || spec.kind === 'avg' || spec.kind === 'percentile') {
    if (s.items.length > 2 * NUMBERS_MAX + 64) thinNumbers(s, spec, dropped);
    return;
  }
  if (s.items.length <= 2 * spec.need + 64) return;
  if (spec.kind !== 'count') keepNewest(s, spec.kind === 'distinct' ? 1 : 8, dropped);
  const keep = spec.need + 32;
  const hard = 4 * spec.need + 1024;
  let n = 0;
  while (s.items.length - n > keep) {
    const o = s.items[n] as Occurrence<E>;
    if (!o.counted && o.ts >= s.max - spec.timespan && s.items.length - n <= hard) break;
    n++;
  }
  if (n > 0) s.thinned = joined(s.thinned, gone(s.items.splice(0, n), dropped));
  s.min = (s.items[0] as Occurrence<E>).ts;
}

/** Sums: neighbours become one with their mean at the later time. Percentiles: the oldest go, their weight is handed on. */
function thinNumbers<E>(s: Stretch<E>, spec: WindowSpec, dropped: Dropped<E>): void {
  const items = s.items;
  const out: Occurrence<E>[] = [];
  const joins = spec.kind !== 'percentile';
  const head = items.length - NUMBERS_MAX;
  for (let i = 0; i < items.length; i++) {
    const o = items[i] as Occurrence<E>;
    const next = items[i + 1];
    if (i >= head || next === undefined || (joins && i + 1 >= head)) {
      out.push(o);
      continue;
    }
    s.thinned = joined(s.thinned, [o.ts, o.ts]);
    if (!joins) {
      if (!o.counted && !next.counted) next.weight += o.weight;
      dropped(o);
      continue;
    }
    // What is part of an episode and what is not stay apart, or the alert would count twice.
    if (o.counted !== next.counted) {
      out.push(o);
      continue;
    }
    const weight = o.weight + next.weight;
    const mean = (Number(o.value) * o.weight + Number(next.value) * next.weight) / weight;
    const event = next.event ?? o.event;
    out.push({ ts: next.ts, weight, value: String(mean), counted: o.counted, event });
    if (next.event !== null && o.event !== null) dropped(o);
    i++;
  }
  s.items = out;
  s.min = (out[0] as Occurrence<E>).ts;
}

/** Keeps the newest `each` occurrences of every value; an uncounted one that goes hands its weight to a newer one. */
function keepNewest<E>(s: Stretch<E>, each: number, dropped: Dropped<E>): void {
  const kept = new Map<string, { n: number; readonly newest: Occurrence<E> }>();
  const out: Occurrence<E>[] = [];
  for (let i = s.items.length - 1; i >= 0; i--) {
    const o = s.items[i] as Occurrence<E>;
    const k = kept.get(o.value);
    if (k === undefined) kept.set(o.value, { n: 1, newest: o });
    else if (k.n < each) k.n++;
    else {
      if (!o.counted && !k.newest.counted) k.newest.weight += o.weight;
      s.thinned = joined(s.thinned, [o.ts, o.ts]);
      dropped(o);
      continue;
    }
    out.push(o);
  }
  s.items = out.reverse();
}
