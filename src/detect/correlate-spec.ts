/**
 * What a correlation means for its windows: what is measured, when the condition holds, and whether an event or only
 * time can decide it.
 *
 * Held by `closing.test.ts` and `test/conformance`.
 */
import { isMetric } from './group-keys.ts';
import type { CorrelationOp, CorrelationRule } from './rule.ts';
import { hasNegation, holdsExpression, negatedIn } from './sigma/correlation-expression.ts';
import { NUMBERS_MAX, type WindowSpec } from './window.ts';

/** Receive-time allowance before something that must not have happened is judged. */
export const CLOSE_AFTER_US = 60e6;

/**
 * `event`: at the event that fulfils it. `below`: as time goes by (receive time), since less and less is in the window.
 * `share`: when a window is over. `absence`: once what must stay away has had its time to arrive.
 */
export type Judged = 'event' | 'below' | 'share' | 'absence';

export function judgedBy(rule: CorrelationRule): Judged {
  if (hasNegation(rule.expression)) return 'absence';
  if (rule.expression !== undefined) return 'event';
  if (rule.type === 'value_percentile' && rule.percentile === undefined) return 'share';
  const upper = rule.criteria.every(
    (c) => c.op === 'lt' || c.op === 'lte' || (c.op === 'eq' && c.value === 0),
  );
  return upper && !(isMetric(rule) && rule.criteria.some((c) => c.op === 'eq')) ? 'below' : 'event';
}

export const holds = (rule: CorrelationRule, n: number): boolean =>
  !Number.isNaN(n) && rule.criteria.every((c) => fulfils(c.op, n, c.value));

function fulfils(op: CorrelationOp, n: number, value: number): boolean {
  switch (op) {
    case 'gt':
      return n > value;
    case 'gte':
      return n >= value;
    case 'lt':
      return n < value;
    case 'lte':
      return n <= value;
    case 'eq':
      return n === value;
    case 'neq':
      return n !== value;
  }
}

const KINDS = {
  event_count: 'count',
  value_count: 'distinct',
  temporal: 'distinct',
  temporal_ordered: 'ordered',
  value_sum: 'sum',
  value_avg: 'avg',
  value_median: 'percentile',
  value_percentile: 'percentile',
} as const;

export function specOf(rule: CorrelationRule): WindowSpec {
  const judged = judgedBy(rule);
  const values = rule.criteria.map((c) => c.value);
  const metric = isMetric(rule);
  const base = {
    timespan: rule.timespan,
    need: metric || judged === 'share' ? NUMBERS_MAX : Math.max(1, ...values) + 1,
    // What only time can decide is never met by an event.
    met: judged === 'event' ? (n: number) => holds(rule, n) : () => false,
    order: rule.rules,
  };
  if (judged === 'share') return { ...base, kind: 'distinct' };
  const { expression } = rule;
  if (expression !== undefined)
    return {
      ...base,
      kind: 'expression',
      need: 8 * rule.rules.length,
      met: judged === 'event' ? (n) => n > 0 : () => false,
      holds: (list) => {
        const present = rule.type === 'temporal' ? new Set(list) : inOrder(rule, list);
        return holdsExpression(expression, present, present);
      },
      nearness: () => 0.5,
      // Anchors wait for their judgement, which comes a timespan and the allowance after them.
      retain: 2 * rule.timespan + 4 * CLOSE_AFTER_US,
    };
  return {
    ...base,
    kind: KINDS[rule.type],
    ...(rule.percentile === undefined ? {} : { percentile: rule.percentile }),
    ...(metric ? { nearness: (n: number) => nearnessOf(rule, n) } : {}),
  };
}

/** How near a number is to a lower bound; half-way where there is none. */
function nearnessOf(rule: CorrelationRule, n: number): number {
  const lower = rule.criteria
    .filter((c) => (c.op === 'gt' || c.op === 'gte') && c.value > 0)
    .map((c) => c.value);
  if (lower.length === 0 || Number.isNaN(n)) return 0.5;
  return Math.max(0, Math.min(1, n / Math.min(...lower)));
}

/** The rules that occurred one after the other, as far as they go. Greedy, as temporal_ordered is. */
function inOrder(rule: CorrelationRule, list: readonly string[]): ReadonlySet<string> {
  const present = new Set<string>();
  let from = 0;
  for (const id of rule.rules) {
    const at = list.indexOf(id, from);
    if (at < 0) continue;
    present.add(id);
    from = at + 1;
  }
  return present;
}

export type Timed = { readonly ts: number; readonly value: string };

/**
 * `a and not b`, seen from an event of a positive rule: what must occur does so within a timespan from it; what must stay
 * away does not occur within a timespan before or after (temporal), or not between its neighbours in `rules`
 * (temporal_ordered). `items` are in order of time.
 */
export function absenceHolds(rule: CorrelationRule, items: readonly Timed[], anchor: number): boolean {
  const { expression } = rule;
  const start = items[anchor];
  if (expression === undefined || start === undefined) return false;
  const end = start.ts + rule.timespan;
  const negated = new Set(negatedIn(expression));
  if (rule.type === 'temporal') {
    const within = items.filter((o) => o.ts <= end);
    const present = new Set(within.filter((o) => o.ts >= start.ts).map((o) => o.value));
    const seen = new Set(within.filter((o) => o.ts >= start.ts - rule.timespan).map((o) => o.value));
    return holdsExpression(expression, present, seen);
  }
  const places = placesOf(rule, items, anchor, end, negated);
  const present = new Set(places.keys());
  const seen = new Set<string>();
  rule.rules.forEach((id, i) => {
    if (!negated.has(id)) return;
    const before = rule.rules.slice(0, i).findLast((r) => places.has(r));
    const after = rule.rules.slice(i + 1).find((r) => places.has(r));
    const from = before === undefined ? 0 : (places.get(before) ?? 0) + 1;
    const to = after === undefined ? items.length : (places.get(after) ?? items.length);
    for (let k = from; k < to; k++) {
      const o = items[k] as Timed;
      if (o.value === id && o.ts >= start.ts - rule.timespan && o.ts <= end) seen.add(id);
    }
  });
  return holdsExpression(expression, present, seen);
}

/** Where each positive rule occurs, in order, from the anchor on. */
function placesOf(
  rule: CorrelationRule,
  items: readonly Timed[],
  anchor: number,
  end: number,
  negated: ReadonlySet<string>,
): Map<string, number> {
  const places = new Map<string, number>();
  let from = anchor;
  for (const id of rule.rules) {
    if (negated.has(id)) continue;
    for (let k = from; k < items.length && (items[k] as Timed).ts <= end; k++) {
      if ((items[k] as Timed).value !== id) continue;
      places.set(id, k);
      from = k + 1;
      break;
    }
  }
  return places;
}
