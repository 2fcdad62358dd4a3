/**
 * Judges the residual of a condition rule at one moment: which parts the event met, what the counts say. Pure.
 *
 * A comparison with a count whose key the event lacks fails, and so passes under NOT, as a missing field does everywhere.
 * A comparison with a baseline that is still being learned fails either way: nothing is said before it is known.
 * Held by `memory.test.ts`.
 */
import { never } from '../../base/result.ts';
import type { TestOp } from '../../condition/expression.ts';
import type { Condition } from '../../condition/tree.ts';
import type { Measure, Residual } from '../rule.ts';

export type View = {
  readonly met: (part: string) => boolean;
  readonly local: (c: Condition) => boolean;
  readonly field: (name: string) => number | undefined;
  /** Undefined where the event has no key. */
  readonly count: (term: number) => number | undefined;
  /** 'learning' while it cannot be said. */
  readonly baseline: (term: number) => number | undefined | 'learning';
};

export function judge(r: Residual, v: View): boolean {
  switch (r.kind) {
    case 'and':
      return r.items.every((x) => judge(x, v));
    case 'or':
      return r.items.some((x) => judge(x, v));
    case 'const':
      return r.value;
    case 'part':
      return v.met(r.rule);
    case 'local':
      return v.local(r.condition);
    case 'test': {
      const left = measure(r.left, v);
      const right = measure(r.right, v);
      if (left === 'learning' || right === 'learning') return false;
      const holds = left !== undefined && right !== undefined && compare(r.op, left, right);
      return holds !== r.negated;
    }
    default:
      return never(r);
  }
}

/** Could it be met, whatever the counts are? */
export function possible(r: Residual, v: Pick<View, 'met' | 'local'>): boolean {
  switch (r.kind) {
    case 'and':
      return r.items.every((x) => possible(x, v));
    case 'or':
      return r.items.some((x) => possible(x, v));
    case 'const':
      return r.value;
    case 'part':
      return v.met(r.rule);
    case 'local':
      return v.local(r.condition);
    case 'test':
      return true;
    default:
      return never(r);
  }
}

/** Could it be met while what is usual is not known yet? */
export function possibleUnlearned(r: Residual): boolean {
  switch (r.kind) {
    case 'and':
      return r.items.every(possibleUnlearned);
    case 'or':
      return r.items.some(possibleUnlearned);
    case 'test':
      return !asksUsual(r.left) && !asksUsual(r.right);
    default:
      return true;
  }
}
const asksUsual = (m: Measure): boolean =>
  m.kind === 'baseline' || (m.kind === 'arithmetic' && (asksUsual(m.left) || asksUsual(m.right)));

export function measure(m: Measure, v: Omit<View, 'met' | 'local'>): number | undefined | 'learning' {
  switch (m.kind) {
    case 'number':
      return m.value;
    case 'field':
      return v.field(m.field);
    case 'count':
      return v.count(m.term);
    case 'baseline':
      return v.baseline(m.term);
    case 'arithmetic': {
      const a = measure(m.left, v);
      const b = measure(m.right, v);
      if (a === 'learning' || b === 'learning') return 'learning';
      if (a === undefined || b === undefined) return undefined;
      return arithmetic(m.op, a, b);
    }
    default:
      return never(m);
  }
}

/** Division by zero has no value. */
function arithmetic(op: '+' | '-' | '*' | '/' | '%', a: number, b: number): number | undefined {
  switch (op) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return b === 0 ? undefined : a / b;
    case '%':
      return b === 0 ? undefined : a % b;
    default:
      return never(op);
  }
}

export function compare(op: TestOp, a: number, b: number): boolean {
  switch (op) {
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
    case '==':
      return a === b;
    case '!=':
      return a !== b;
    default:
      return never(op);
  }
}
