/**
 * Extended conditions of temporal correlations: `a and not b`, `(a or b) and c`, over names or ids of rules. Precedence
 * from least to most binding: or, and, not, parentheses.
 *
 * Held by `closing.test.ts` and `test/conformance`.
 */
import type { CorrelationExpression } from '../rule.ts';
import { SigmaError } from './modifiers.ts';

export const EXPRESSION_CHARS_MAX = 4096;
export const EXPRESSION_DEPTH_MAX = 20;

/** `rules`: what `rules` names; empty where the expression alone says which. Throws SigmaError. */
export function parseCorrelationExpression(
  text: string,
  rules: readonly string[],
  line: number,
): CorrelationExpression {
  const fail = (what: string): never => {
    throw new SigmaError(line, `condition '${text.slice(0, 200)}': ${what}`);
  };
  if (text.length > EXPRESSION_CHARS_MAX) return fail(`longer than ${EXPRESSION_CHARS_MAX} characters`);
  const tokens = text.match(/[()]|[^\s()]+/g) ?? [];
  let at = 0;
  const word = (): string => (tokens[at] ?? '').toLowerCase();
  const chain = (
    op: 'or' | 'and',
    next: (depth: number) => CorrelationExpression,
    depth: number,
  ): CorrelationExpression => {
    const items = [next(depth)];
    while (word() === op) {
      at++;
      items.push(next(depth));
    }
    return items.length === 1 ? (items[0] as CorrelationExpression) : { kind: op, items };
  };
  const either = (depth: number): CorrelationExpression => chain('or', both, depth);
  const both = (depth: number): CorrelationExpression => chain('and', negated, depth);
  const negated = (depth: number): CorrelationExpression => {
    if (depth > EXPRESSION_DEPTH_MAX) return fail(`nests deeper than ${EXPRESSION_DEPTH_MAX}`);
    if (word() === 'not') {
      at++;
      return { kind: 'not', item: negated(depth + 1) };
    }
    const token = tokens[at++];
    if (token === undefined) return fail('ends where the name of a rule is expected');
    if (token === '(') {
      const inner = either(depth + 1);
      if (tokens[at++] !== ')') return fail('a ) is missing');
      return inner;
    }
    if (token === ')' || token.toLowerCase() === 'and' || token.toLowerCase() === 'or')
      return fail(`'${token}' stands where the name of a rule is expected`);
    if (rules.length > 0 && !rules.includes(token))
      return fail(`it names the rule '${token}', which is not in 'rules'`);
    return { kind: 'rule', rule: token };
  };
  const result = either(0);
  if (at < tokens.length) return fail(`'${tokens[at] ?? ''}' is not expected here`);
  const used = new Set(rulesIn(result));
  const unused = rules.find((r) => !used.has(r));
  if (unused !== undefined) return fail(`it does not name the rule '${unused}', which is in 'rules'`);
  if (!needsOne(result)) return fail('it holds where nothing happens: it must ask for a rule that occurs');
  return result;
}

/** Rules in order of appearance, each once. */
export function rulesIn(e: CorrelationExpression | undefined): string[] {
  if (e === undefined) return [];
  if (e.kind === 'rule') return [e.rule];
  if (e.kind === 'not') return rulesIn(e.item);
  return [...new Set(e.items.flatMap(rulesIn))];
}

/** The rules under an odd number of `not`: what must stay away. */
export function negatedIn(e: CorrelationExpression, odd = false): string[] {
  if (e.kind === 'rule') return odd ? [e.rule] : [];
  if (e.kind === 'not') return negatedIn(e.item, !odd);
  return [...new Set(e.items.flatMap((i) => negatedIn(i, odd)))];
}

export const hasNegation = (e: CorrelationExpression | undefined): boolean =>
  e !== undefined && negatedIn(e).length > 0;

/** `present` and `absent` answer for rules under an even and an odd number of `not`. */
export function holdsExpression(
  e: CorrelationExpression,
  present: ReadonlySet<string>,
  seen: ReadonlySet<string>,
  odd = false,
): boolean {
  switch (e.kind) {
    case 'rule':
      return (odd ? seen : present).has(e.rule);
    case 'not':
      return !holdsExpression(e.item, present, seen, !odd);
    case 'and':
      return e.items.every((i) => holdsExpression(i, present, seen, odd));
    case 'or':
      return e.items.some((i) => holdsExpression(i, present, seen, odd));
  }
}

/** False where the expression is true of an empty window. */
function needsOne(e: CorrelationExpression): boolean {
  return !holdsExpression(e, new Set(), new Set());
}

/** The same expression over ids. */
export function renamed(e: CorrelationExpression, idOf: (ref: string) => string): CorrelationExpression {
  switch (e.kind) {
    case 'rule':
      return { kind: 'rule', rule: idOf(e.rule) };
    case 'not':
      return { kind: 'not', item: renamed(e.item, idOf) };
    default:
      return { kind: e.kind, items: e.items.map((i) => renamed(i, idOf)) };
  }
}
