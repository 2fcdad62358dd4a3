/**
 * A comparison of expressions as text that parses back (held by `src/query/print.prop.test.ts`). Fields are written
 * `field(name)` where the bare name could be read as something else: as text behind `==`, as an alias.
 */
import { never } from '../base/result.ts';
import type { CountTerm, Expression, KeyField } from './expression.ts';
import { FIELD_GROUPS } from './language/aliases.ts';
import type { Condition } from './tree.ts';

export type Printers = {
  readonly condition: (c: Condition) => string;
  readonly field: (name: string) => string;
  readonly quote: (text: string) => string;
};

export function printTestNode(c: Extract<Condition, { kind: 'test' }>, by: Printers): string {
  // A bare field before a plain number would be a `compare`, which the tree tells apart.
  const bare = c.op !== '==' && c.op !== '!=' && c.right.kind !== 'number' && c.right.kind !== 'text';
  return `${printBegin(c.left, bare, by)} ${c.op} ${printSide(c.right, bare, by)}`;
}

const printSide = (e: Expression, bare: boolean, by: Printers): string =>
  e.kind === 'field' && !bare ? `field(${by.field(e.field)})` : printExpression(e, by);

/** A term does not begin with a number or with quoted text: a function gives them again. */
function printBegin(e: Expression, bare: boolean, by: Printers): string {
  if (e.kind === 'number') return `number(${e.value})`;
  if (e.kind === 'text') return `coalesce(${by.quote(e.value)})`;
  if (e.kind !== 'arithmetic' || e.left.kind === 'arithmetic' || e.left.kind === 'number') {
    return printSide(e, bare, by);
  }
  return `${printBegin(e.left, true, by)} ${e.op} ${operand(e.right, by)}`;
}

/** A name that the expression's lexer takes whole and that is no alias. */
const BARE = /^(@timestamp|[A-Za-z_][A-Za-z0-9_]*([.][A-Za-z0-9_]+)+)$/;

export function printExpression(e: Expression, by: Printers): string {
  switch (e.kind) {
    case 'number':
      return String(e.value);
    case 'text':
      return by.quote(e.value);
    case 'field':
      return BARE.test(e.field) && !FIELD_GROUPS.has(e.field) ? e.field : `field(${by.field(e.field)})`;
    case 'call':
      return `${e.name}(${e.args.map((a) => printExpression(a, by)).join(', ')})`;
    case 'arithmetic':
      return `${operand(e.left, by)} ${e.op} ${operand(e.right, by)}`;
    case 'count':
      return printCount(e, by);
    case 'baseline':
      return `baseline(${printCount(e.of, by)})`;
    default:
      return never(e);
  }
}

const operand = (e: Expression, by: Printers): string =>
  e.kind === 'arithmetic' ? `(${printExpression(e, by)})` : printExpression(e, by);

function printCount(t: CountTerm, by: Printers): string {
  const key = t.by.length === 0 ? '' : ` by ${t.by.map((k) => printKey(k, by)).join(', ')}`;
  const window = `${key} in ${printSpan(t.span)}`;
  if (t.distinct === '') return `count(${by.condition(t.where)}${window})`;
  const every = t.where.kind === 'const' && t.where.value;
  return `count_distinct(${by.field(t.distinct)}${every ? '' : ` where ${by.condition(t.where)}`}${window})`;
}

const printKey = (k: KeyField, by: Printers): string =>
  k.length === 1 ? by.field(k[0] as string) : `coalesce(${k.map(by.field).join(', ')})`;

const UNITS = [
  ['d', 86_400e6],
  ['h', 3600e6],
  ['m', 60e6],
  ['s', 1e6],
] as const;

/** The length in the largest unit that divides it. */
export function printSpan(us: number): string {
  const [unit, size] = UNITS.find(([, size]) => us % size === 0) ?? UNITS[3];
  return `${us / size}${unit}`;
}
