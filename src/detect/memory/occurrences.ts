/**
 * What occurred for one key, by event time: a list sorted by time, in which windows may end anywhere. A late event takes
 * its own place. Nothing here reads a clock.
 *
 * Bounded: an occurrence goes when it is older than two spans, by event time and by receipt. Beyond OCCURRENCES_MAX per
 * key, neighbours closer than a 4,096th of the span are counted at the time of the later one; distinct values keep their
 * newest occurrence, and are exact up to OCCURRENCES_MAX values. Held by `occurrences.test.ts`.
 */

/** Per key. */
export const OCCURRENCES_MAX = 20_000;
const GRAINS = 4096;

export type Occurrence = {
  /** Event time and time of receipt, microseconds. */
  ts: number;
  seen: number;
  n: number;
  /** What is told apart (count_distinct), '' otherwise. */
  readonly value: string;
  /** Part of an alert already. */
  counted: boolean;
};

/** Index of the first occurrence at or after `ts`. */
export function from(list: readonly Occurrence[], ts: number): number {
  let lo = 0;
  let hi = list.length;
  while (lo < hi) {
    const mid = (lo + hi) >>> 1;
    if ((list[mid] as Occurrence).ts < ts) lo = mid + 1;
    else hi = mid;
  }
  return lo;
}

export function addOccurrence(list: Occurrence[], o: Occurrence, span: number, distinct: boolean): void {
  let at = list.length;
  while (at > 0 && (list[at - 1] as Occurrence).ts > o.ts) at--;
  const before = list[at - 1];
  if (
    before !== undefined &&
    before.ts === o.ts &&
    before.value === o.value &&
    !before.counted &&
    !o.counted
  ) {
    before.n += o.n;
    before.seen = Math.max(before.seen, o.seen);
  } else if (at === list.length) list.push(o);
  else list.splice(at, 0, o);
  forget(list, o.seen, span);
  if (list.length > OCCURRENCES_MAX) compact(list, span, distinct);
}

/** Lets go of what is older than two spans by event time, and has been here that long. */
function forget(list: Occurrence[], now: number, span: number): void {
  const newest = (list.at(-1) as Occurrence).ts;
  let n = 0;
  while (n < list.length - 1) {
    const x = list[n] as Occurrence;
    if (x.ts >= newest - 2 * span || x.seen >= now - 2 * span) break;
    n++;
  }
  if (n > 0) list.splice(0, n);
}

function compact(list: Occurrence[], span: number, distinct: boolean): void {
  const kept = distinct ? newestOfEach(list) : merged(list, span / GRAINS);
  // The oldest go: their windows were judged when they were the newest.
  const spare = kept.length - Math.floor((OCCURRENCES_MAX * 3) / 4);
  list.splice(0, list.length, ...(spare > 0 ? kept.slice(spare) : kept));
}

function merged(list: readonly Occurrence[], grain: number): Occurrence[] {
  const out: Occurrence[] = [];
  let begun = 0;
  for (const x of list) {
    const last = out.at(-1);
    if (last !== undefined && last.counted === x.counted && x.ts - begun < grain) {
      last.n += x.n;
      last.ts = x.ts;
      last.seen = Math.max(last.seen, x.seen);
    } else {
      out.push(x);
      begun = x.ts;
    }
  }
  return out;
}

function newestOfEach(list: readonly Occurrence[]): Occurrence[] {
  const seen = new Set<string>();
  const out: Occurrence[] = [];
  for (let i = list.length - 1; i >= 0; i--) {
    const x = list[i] as Occurrence;
    if (seen.has(x.value)) continue;
    seen.add(x.value);
    out.push(x);
  }
  return out.reverse();
}

/** Occurrences, or different values, with `after < ts <= until` (`after` itself included where `closed`). */
export function countIn(
  list: readonly Occurrence[],
  range: { readonly after: number; readonly until: number; readonly closed: boolean },
  distinct: boolean,
): number {
  let n = 0;
  const values = distinct ? new Set<string>() : undefined;
  for (let i = from(list, range.closed ? range.after : range.after + 1); i < list.length; i++) {
    const x = list[i] as Occurrence;
    if (x.ts > range.until) break;
    if (values === undefined) n += x.n;
    else values.add(x.value);
  }
  return values === undefined ? n : values.size;
}
