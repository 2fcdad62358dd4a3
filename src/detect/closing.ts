/**
 * What time decides: fewer than so many events within a window (a heartbeat that stops), a value that is rare in a
 * window, something that did not follow. Only receive times and journaled ticks are read, never a clock.
 *
 * - `below` slides: windows are of receive time and are judged at every instant at which their count changes, from a
 *   timespan after the group's first event on. It tells once and is armed again when the condition stops holding. A group
 *   that has never been seen is not known to be missing.
 * - `share` is judged once a timespan after a group's first event; then the group begins anew.
 * - `absence` is judged per event of a rule that must occur, a timespan and CLOSE_AFTER_US after its receipt.
 *
 * Contract: nothing depends on how events were batched or how often ticks come (held by `closing.test.ts`,
 * `src/alert/detection.prop.test.ts`).
 */
import { absenceHolds, CLOSE_AFTER_US, holds } from './correlate-spec.ts';
import { type Group, NEVER } from './groups.ts';
import type { CorrelationRule } from './rule.ts';
import { negatedIn } from './sigma/correlation-expression.ts';
import { type Dropped, measure, type Occurrence, type WindowSpec } from './window.ts';

export type Closed<E> = {
  readonly from: number;
  readonly to: number;
  readonly fresh: readonly Occurrence<E>[];
};

/** When time has something to judge; Infinity where nothing is waited for. Receive time, microseconds. */
export function dueBelow<E>(g: Group<E>, spec: WindowSpec): number {
  if (g.judged === 0) return g.since + spec.timespan;
  return nextChange(g.stretches[0]?.items ?? [], g.judged, spec.timespan) ?? Number.POSITIVE_INFINITY;
}

/** Judges every instant up to `to` at which the group's count changed. */
export function advanceBelow<E>(
  g: Group<E>,
  rule: CorrelationRule,
  spec: WindowSpec,
  to: number,
  dropped: Dropped<E>,
): Closed<E>[] {
  const out: Closed<E>[] = [];
  for (;;) {
    const items = g.stretches[0]?.items ?? [];
    const first = g.judged === 0;
    const at = first ? g.since + spec.timespan : nextChange(items, g.judged, spec.timespan);
    if (at === undefined || at > to) return out;
    // The first window holds both its ends; later ones open where an event leaves.
    const begin = at - spec.timespan;
    let lo = 0;
    while (lo < items.length && (first ? ts(items, lo) < begin : ts(items, lo) <= begin)) lo++;
    let hi = items.length - 1;
    while (hi >= lo && ts(items, hi) > at) hi--;
    // The instant after the first window, in which its first event is gone, is judged too.
    g.judged = first ? at - 1 : at;
    if (!holds(rule, measure(items, lo, hi, spec))) g.lastHit = NEVER;
    else if (g.lastHit === NEVER) {
      g.lastHit = at;
      const fresh = items.slice(lo, hi + 1).filter((o) => !o.counted);
      for (const o of fresh) o.counted = true;
      out.push({ from: begin, to: at, fresh });
    }
    forget(g, first ? begin - 1 : begin, dropped);
  }
}

const ts = <E>(items: readonly Occurrence<E>[], i: number): number => (items[i] as Occurrence<E>).ts;

/** The next instant after `judged` at which an event comes or goes. */
function nextChange<E>(
  items: readonly Occurrence<E>[],
  judged: number,
  timespan: number,
): number | undefined {
  let next: number | undefined;
  for (const o of items) {
    if (o.ts + timespan > judged) {
      next = o.ts + timespan;
      break;
    }
  }
  for (let i = items.length - 1; i >= 0 && ts(items, i) > judged; i--)
    if (next === undefined || ts(items, i) < next) next = ts(items, i);
  return next;
}

/** What has left the window for good. */
function forget<E>(g: Group<E>, before: number, dropped: Dropped<E>): void {
  const s = g.stretches[0];
  if (s === undefined) return;
  let n = 0;
  while (n < s.items.length && ts(s.items, n) <= before) n++;
  if (n === 0) return;
  for (const o of s.items.splice(0, n)) dropped(o);
  if (s.items.length === 0) g.stretches = [];
  else s.min = ts(s.items, 0);
}

/** Values whose share of the window (in percent) fulfils the condition; undefined while the window lasts. */
export function judgeShare<E>(
  g: Group<E>,
  rule: CorrelationRule,
  spec: WindowSpec,
  to: number,
): Closed<E> | undefined {
  if (g.since + spec.timespan > to) return undefined;
  const items = g.stretches.flatMap((s) => s.items);
  const weights = new Map<string, number>();
  let total = 0;
  for (const o of items) {
    weights.set(o.value, (weights.get(o.value) ?? 0) + o.weight);
    total += o.weight;
  }
  const fresh = items.filter((o) => holds(rule, (100 * (weights.get(o.value) ?? 0)) / total));
  return { from: g.since, to: g.since + spec.timespan, fresh };
}

/** Receive time of an occurrence's event, undefined once it was judged. */
export type IngestedOf<E> = (o: Occurrence<E>) => number | undefined;

/** Judges every event whose time has come; `g.judged` is when the next one's does (0: none waits). */
export function judgeAbsence<E>(
  g: Group<E>,
  rule: CorrelationRule,
  to: number,
  ingestedOf: IngestedOf<E>,
  judged: Dropped<E>,
): Closed<E>[] {
  const out: Closed<E>[] = [];
  if (g.judged === 0 || g.judged > to) return out;
  const negated = new Set(rule.expression === undefined ? [] : negatedIn(rule.expression));
  let next = 0;
  for (const s of g.stretches) {
    s.items.forEach((o, i) => {
      const ingested = o.counted || negated.has(o.value) ? undefined : ingestedOf(o);
      if (ingested === undefined) return;
      const due = ingested + rule.timespan + CLOSE_AFTER_US;
      if (due > to) {
        next = next === 0 ? due : Math.min(next, due);
        return;
      }
      if (!absenceHolds(rule, s.items, i)) {
        o.counted = true;
        judged(o);
        o.event = null;
        return;
      }
      const end = o.ts + rule.timespan;
      const fresh = s.items.filter((x) => !x.counted && !negated.has(x.value) && x.ts >= o.ts && x.ts <= end);
      for (const x of fresh) x.counted = true;
      out.push({ from: o.ts, to: fresh.at(-1)?.ts ?? o.ts, fresh });
    });
  }
  g.judged = next;
  return out;
}
