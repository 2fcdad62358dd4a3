/**
 * Which conditions remember: a count over earlier events (`count(...)`, `exists(... in ...)`, `baseline`) cannot be judged
 * by one event alone. Held by `expression.test.ts`.
 */
import { never } from '../base/result.ts';
import type { CountTerm, Expression } from './expression.ts';
import type { Condition } from './tree.ts';

/** Does the condition hold a count or a baseline? */
export const isStateful = (c: Condition): boolean => countTermsOf(c).length > 0;

/** The counts of a condition, those of its baselines included, each once, in the order of the text. */
export function countTermsOf(c: Condition): readonly CountTerm[] {
  const found = new Map<string, CountTerm>();
  ofCondition(c, (t) => {
    const key = countKey(t);
    if (!found.has(key)) found.set(key, t);
  });
  return [...found.values()];
}

/** Equal for counts that count the same. */
export const countKey = (t: CountTerm): string => JSON.stringify([t.where, t.distinct, t.by, t.span]);

/** Beside the tree: what a count was called makes it no other count, and is not printed. */
const words = new WeakMap<CountTerm, string>();
/** The one word that `where` was written as, for people (`auth_failures`); undefined where it was more. */
export const wordOf = (t: CountTerm): string | undefined => words.get(t);
export function called(t: CountTerm, word: string): CountTerm {
  words.set(t, word);
  return t;
}

function ofCondition(c: Condition, see: (t: CountTerm) => void): void {
  switch (c.kind) {
    case 'and':
    case 'or':
      for (const item of c.items) ofCondition(item, see);
      return;
    case 'not':
      ofCondition(c.item, see);
      return;
    case 'test':
      ofExpression(c.left, see);
      ofExpression(c.right, see);
      return;
    default:
      return;
  }
}

function ofExpression(e: Expression, see: (t: CountTerm) => void): void {
  switch (e.kind) {
    case 'number':
    case 'text':
    case 'field':
      return;
    case 'call':
      for (const a of e.args) ofExpression(a, see);
      return;
    case 'arithmetic':
      ofExpression(e.left, see);
      ofExpression(e.right, see);
      return;
    case 'count':
      see(e);
      return;
    case 'baseline':
      see(e.of);
      return;
    default:
      never(e);
  }
}
