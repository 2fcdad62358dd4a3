/**
 * The `condition` line of a Sigma rule: `selection and not 1 of filter_*`, `all of them`, parentheses. Precedence from
 * least to most binding: or, and, not, `x of`, parentheses (Sigma rules 2.1, "Condition").
 *
 * Held by `sigma.test.ts`.
 */
import type { Condition } from '../../condition/tree.ts';
import { and, or, SigmaError } from './modifiers.ts';

export const EXPRESSION_CHARS_MAX = 8192;
export const EXPRESSION_DEPTH_MAX = 50;

/** Search identifiers in written order. */
export type Selections = ReadonlyMap<string, Condition>;

export function parseExpression(text: string, selections: Selections, line: number): Condition {
  if (text.length > EXPRESSION_CHARS_MAX)
    throw new SigmaError(line, `the condition is longer than ${EXPRESSION_CHARS_MAX} characters`);
  if (text.includes('|'))
    throw new SigmaError(
      line,
      'aggregations after | are no longer part of Sigma: write a correlation (event_count, value_count)',
    );
  const tokens = text.match(/[()]|[^\s()]+/g) ?? [];
  let at = 0;
  const fail = (what: string): never => {
    throw new SigmaError(line, `condition '${text}': ${what}`);
  };
  const word = (): string => (tokens[at] ?? '').toLowerCase();

  function chain(op: 'or' | 'and', next: (depth: number) => Condition, depth: number): Condition {
    const items = [next(depth)];
    while (word() === op) {
      at++;
      items.push(next(depth));
    }
    return op === 'or' ? or(items) : and(items);
  }
  const orExpr = (depth: number): Condition => chain('or', andExpr, depth);
  const andExpr = (depth: number): Condition => chain('and', notExpr, depth);
  function notExpr(depth: number): Condition {
    if (depth > EXPRESSION_DEPTH_MAX) return fail(`nests deeper than ${EXPRESSION_DEPTH_MAX}`);
    if (word() !== 'not') return primary(depth);
    at++;
    return { kind: 'not', item: notExpr(depth + 1) };
  }
  function primary(depth: number): Condition {
    const token = tokens[at];
    if (token === undefined) return fail('ends where the name of a selection is expected');
    at++;
    if (token === '(') {
      const inner = orExpr(depth + 1);
      if (tokens[at] !== ')') return fail('a ) is missing');
      at++;
      return inner;
    }
    if (token === ')') return fail('a ) stands where the name of a selection is expected');
    if (word() === 'of') return quantified(token);
    const found = selections.get(token);
    if (found === undefined)
      return fail(`there is no selection '${token}'; there are: ${[...selections.keys()].join(', ')}`);
    return found;
  }
  function quantified(quantity: string): Condition {
    const target = tokens[at + 1];
    at += 2;
    if (target === undefined) return fail("'of' needs 'them' or a name");
    const names = select(target, selections);
    if (names.length === 0) return fail(`no selection is called '${target}'`);
    const items = names.map((n) => selections.get(n) as Condition);
    const q = quantity.toLowerCase();
    if (q === 'all') return and(items);
    if (q === '1' || q === 'any') return or(items);
    return fail(`'${quantity} of' is not part of Sigma: use '1 of' or 'all of'`);
  }

  const result = orExpr(0);
  if (at < tokens.length) return fail(`'${tokens[at] ?? ''}' is not expected here`);
  return result;
}

/** Names starting with `_` are never meant by `them` or a pattern that does not itself start with `_`. */
function select(target: string, selections: Selections): string[] {
  const names = [...selections.keys()];
  if (target.toLowerCase() === 'them') return names.filter((n) => !n.startsWith('_'));
  const parts = target.split('*');
  return names.filter((n) => (!n.startsWith('_') || target.startsWith('_')) && wild(n, parts));
}

/** Does `name` consist of the parts with anything between them? */
function wild(name: string, parts: readonly string[]): boolean {
  const first = parts[0] ?? '';
  if (parts.length === 1) return name === first;
  const last = parts.at(-1) ?? '';
  if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last))
    return false;
  let from = first.length;
  const end = name.length - last.length;
  for (const p of parts.slice(1, -1)) {
    const i = name.indexOf(p, from);
    if (i < 0 || i + p.length > end) return false;
    from = i + p.length;
  }
  return from <= end;
}
