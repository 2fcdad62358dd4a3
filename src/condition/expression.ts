/**
 * Expressions of the condition language: what stands on either side of a comparison that is more than
 * "field operator value". The `test` node of `tree.ts` holds two of them. Plain data, no methods.
 *
 * A `count` remembers: it is judged by the state owner (live) or over stored events (history), never by one event alone.
 */
import type { Condition } from './tree.ts';

export const ARITHMETIC = ['+', '-', '*', '/', '%'] as const;
export type ArithmeticOp = (typeof ARITHMETIC)[number];
export const TEST_OPS = ['<', '<=', '>', '>=', '==', '!='] as const;
export type TestOp = (typeof TEST_OPS)[number];

/** Functions of one event; `hour`, `weekday` and `day` are UTC unless a zone is given as second argument. */
export const EXPRESSION_FUNCTIONS = [
  'lower',
  'upper',
  'trim',
  'len',
  'abs',
  'round',
  'floor',
  'ceil',
  'hour',
  'minute',
  'weekday',
  'day',
  'number',
  'coalesce',
] as const;
export type ExpressionFunction = (typeof EXPRESSION_FUNCTIONS)[number];

/** Longest span of a count. */
export const SPAN_DAYS_MAX = 366;
export const SPAN_US_MAX = SPAN_DAYS_MAX * 86_400e6;
/** Most parts of a count's key, and most fields that one part chooses from. */
export const KEYS_MAX = 5;
/** Most counts of one condition. */
export const COUNTS_MAX = 10;

/** One part of a group key: the first of these fields that the event has. */
export type KeyField = readonly string[];

/**
 * How many events that meet `where` (the event at hand included, if it does) had the same key within the last `span`
 * microseconds of event time; with `distinct`, how many different values of that field ('' otherwise).
 * `count(X by f in 1 hour)`, `count_distinct(user.name by source.ip in 5m)`; `exists(X for f in last 30 days)` is
 * `count(...) > 0`. An event without one of the key's fields has no count: every comparison with it fails.
 */
export type CountTerm = {
  readonly kind: 'count';
  readonly where: Condition;
  readonly distinct: string;
  readonly by: readonly KeyField[];
  /** Microseconds. */
  readonly span: number;
};

export type Expression =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'field'; readonly field: string }
  | { readonly kind: 'call'; readonly name: ExpressionFunction; readonly args: readonly Expression[] }
  | {
      readonly kind: 'arithmetic';
      readonly op: ArithmeticOp;
      readonly left: Expression;
      readonly right: Expression;
    }
  | CountTerm
  /** What `of` usually is for this key (its mean per span over the learning time); a bare `baseline` is that of the count it is compared with. */
  | { readonly kind: 'baseline'; readonly of: CountTerm };
