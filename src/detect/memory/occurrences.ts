/**
 * What occurred for one key, by event time: a list sorted by time, in which windows may end anywhere. A late event takes
 * its own place. Nothing here reads a clock.
 *
 * Bounded: an occurrence goes when it is older than two spans, by event time and by receipt. Beyond OCCURRENCES_MAX per
 * key, neighbours closer than a 2,048th of the span are counted at the time of the later one. Of distinct values no more is
 * kept than decides any window (an occurrence with others of its value before and after it within one span decides
 * none), up to OCCURRENCES_MAX; beyond it the oldest go. Held by `occurrences.test.ts` against counting by hand.
 */

/** Per key. */
export const OCCURRENCES_MAX = 8192;
const GRAINS = 2048;

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

/** Occurrences with `after < ts <= until` (`after` itself included where `closed`). */
export type Range = { readonly after: number; readonly until: number; readonly closed: boolean };

export class Occurrences {
  readonly items: Occurrence[] = [];
  readonly #span: number;
  readonly #distinct: boolean;
  /** Sum of `n` from here on, where it is known: the window that ends at the newest slides along. */
  #low = -1;
  #sum = 0;
  /** Before this index all are counted. */
  #uncounted = 0;

  constructor(span: number, distinct: boolean) {
    this.#span = span;
    this.#distinct = distinct;
  }

  get newest(): number {
    return this.items.at(-1)?.ts ?? Number.MIN_SAFE_INTEGER;
  }

  add(o: Occurrence): void {
    const list = this.items;
    let at = list.length;
    while (at > 0 && (list[at - 1] as Occurrence).ts > o.ts) at--;
    const before = list[at - 1];
    if (
      before !== undefined &&
      before.ts === o.ts &&
      before.value === o.value &&
      before.counted === o.counted
    ) {
      before.n += o.n;
      before.seen = Math.max(before.seen, o.seen);
      if (at === list.length && this.#low >= 0) this.#sum += o.n;
      else this.#low = -1;
    } else if (at === list.length) {
      list.push(o);
      if (this.#low >= 0) this.#sum += o.n;
    } else {
      list.splice(at, 0, o);
      this.#low = -1;
      if (!o.counted) this.#uncounted = Math.min(this.#uncounted, at);
    }
    if (this.#distinct) this.#thin(o);
    this.#forget(o.seen);
    if (list.length > OCCURRENCES_MAX) this.#compact();
  }

  /** Drops the occurrence of the same value that lies between two others within one span. */
  #thin(o: Occurrence): void {
    const list = this.items;
    const same: number[] = [];
    // Two on either side decide: looked for within a span of the new one.
    for (let i = from(list, o.ts - this.#span); i < list.length; i++) {
      const x = list[i] as Occurrence;
      if (x.ts > o.ts + this.#span) break;
      if (x.value === o.value) same.push(i);
    }
    for (let k = same.length - 2; k >= 1; k--) {
      const [a, b, c] = [same[k - 1], same[k], same[k + 1]].map((i) => list[i as number] as Occurrence);
      if (a === undefined || b === undefined || c === undefined || c.ts - a.ts > this.#span) continue;
      if (!b.counted) {
        c.n += b.n;
        if (c.counted) c.counted = false;
      }
      this.#cut(same[k] as number, 1);
      for (let j = k; j < same.length - 1; j++) same[j] = (same[j + 1] as number) - 1;
      same.pop();
    }
  }

  #cut(at: number, n: number): void {
    this.items.splice(at, n);
    this.#low = this.#low >= at + n ? this.#low - n : -1;
    this.#uncounted = Math.max(0, Math.min(this.#uncounted, this.#uncounted - n));
  }

  /** Lets go of what is older than two spans by event time, and has been here that long. */
  #forget(now: number): void {
    const newest = this.newest;
    let n = 0;
    while (n < this.items.length - 1) {
      const x = this.items[n] as Occurrence;
      if (x.ts >= newest - 2 * this.#span || x.seen >= now - 2 * this.#span) break;
      n++;
    }
    if (n > 0) this.#cut(0, n);
  }

  #compact(): void {
    const list = this.items;
    const kept = this.#distinct ? [...list] : merged(list, this.#span / GRAINS);
    // The oldest go: their windows were judged when they were the newest.
    const spare = kept.length - Math.floor((OCCURRENCES_MAX * 3) / 4);
    list.splice(0, list.length, ...(spare > 0 ? kept.slice(spare) : kept));
    this.#low = -1;
    this.#uncounted = 0;
  }

  count(r: Range): number {
    if (this.#distinct) return this.values(r).size;
    const list = this.items;
    if (r.until < this.newest) return sumOf(list, r);
    // The window that ends at (or after) the newest: its sum slides along.
    const after = r.closed ? r.after : r.after + 1;
    const low = from(list, after);
    if (this.#low < 0 || low < this.#low) {
      this.#low = low;
      this.#sum = sumOf(list, r);
      return this.#sum;
    }
    for (; this.#low < low; this.#low++) this.#sum -= (list[this.#low] as Occurrence).n;
    return this.#sum;
  }

  /** Counts windows none of whose ends goes back, each from the one before. Nothing may be added meanwhile. */
  sliding(): (r: Range) => number {
    const list = this.items;
    const seen = this.#distinct ? new Map<string, number>() : undefined;
    let low = -1;
    let next = -1;
    let sum = 0;
    const change = (o: Occurrence, sign: 1 | -1): void => {
      sum += sign * o.n;
      if (seen === undefined) return;
      const n = (seen.get(o.value) ?? 0) + sign;
      if (n === 0) seen.delete(o.value);
      else seen.set(o.value, n);
    };
    return (r) => {
      const after = r.closed ? r.after : r.after + 1;
      if (low < 0) low = next = from(list, after);
      for (; next < list.length && (list[next] as Occurrence).ts <= r.until; next++)
        change(list[next] as Occurrence, 1);
      for (; low < next && (list[low] as Occurrence).ts < after; low++) change(list[low] as Occurrence, -1);
      return seen === undefined ? sum : seen.size;
    };
  }

  /** Different values and how often each occurred. */
  values(r: Range): Map<string, number> {
    const out = new Map<string, number>();
    for (let i = from(this.items, r.closed ? r.after : r.after + 1); i < this.items.length; i++) {
      const x = this.items[i] as Occurrence;
      if (x.ts > r.until) break;
      out.set(x.value, (out.get(x.value) ?? 0) + x.n);
    }
    return out;
  }

  /** Marks the range as counted; gives how much of it was not, and its first time. */
  take(r: Range): { readonly n: number; readonly first: number } {
    const low = from(this.items, r.closed ? r.after : r.after + 1);
    const first = this.items[low];
    let n = 0;
    let i = Math.max(low, this.#uncounted);
    for (; i < this.items.length; i++) {
      const x = this.items[i] as Occurrence;
      if (x.ts > r.until) break;
      if (x.counted) continue;
      n += x.n;
      x.counted = true;
    }
    if (low <= this.#uncounted) this.#uncounted = i;
    return { n, first: first === undefined || first.ts > r.until ? Number.MAX_SAFE_INTEGER : first.ts };
  }
}

/** Index of the first occurrence at or after `ts`. */
function from(list: readonly Occurrence[], ts: number): number {
  let lo = 0;
  let hi = list.length;
  while (lo < hi) {
    const mid = (lo + hi) >>> 1;
    if ((list[mid] as Occurrence).ts < ts) lo = mid + 1;
    else hi = mid;
  }
  return lo;
}

function sumOf(list: readonly Occurrence[], r: Range): number {
  let n = 0;
  for (let i = from(list, r.closed ? r.after : r.after + 1); i < list.length; i++) {
    const x = list[i] as Occurrence;
    if (x.ts > r.until) break;
    n += x.n;
  }
  return n;
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
