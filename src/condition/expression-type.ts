/**
 * What kind of value an expression has, found without an event. `any` is the value of a field, text that is read as a
 * number where one is needed; dates are `time`. `checkTest` says what is wrong with a comparison, and at which part.
 *
 * Held by `expression.test.ts`.
 */
import { never } from '../base/result.ts';
import type { Expression, ExpressionFunction, TestOp } from './expression.ts';
import { numberOf, typeOf } from './text.ts';
import { zoneName } from './zone.ts';

export type ValueKind = 'number' | 'text' | 'time' | 'any';

/** What is wrong with an expression, and which part of it. */
export class ExpressionFault extends Error {
  readonly at: Expression;
  readonly expected: readonly string[];
  constructor(message: string, at: Expression, expected: readonly string[]) {
    super(message);
    this.at = at;
    this.expected = expected;
  }
}

type Signature = {
  /** Least and most arguments. */
  readonly args: readonly [number, number];
  readonly takes: 'number' | 'text' | 'time' | 'same';
  readonly gives: 'number' | 'text' | 'same';
};

export const SIGNATURES: Readonly<Record<ExpressionFunction, Signature & { readonly about: string }>> = {
  lower: { args: [1, 1], takes: 'text', gives: 'text', about: 'lower(user.name): in lower case' },
  upper: { args: [1, 1], takes: 'text', gives: 'text', about: 'upper(user.name): in upper case' },
  trim: { args: [1, 1], takes: 'text', gives: 'text', about: 'trim(message): without blanks around it' },
  len: { args: [1, 1], takes: 'text', gives: 'number', about: 'len(message): how many characters' },
  abs: { args: [1, 1], takes: 'number', gives: 'number', about: 'abs(n): without its sign' },
  round: { args: [1, 1], takes: 'number', gives: 'number', about: 'round(n): halves go up' },
  floor: { args: [1, 1], takes: 'number', gives: 'number', about: 'floor(n): rounded down' },
  ceil: { args: [1, 1], takes: 'number', gives: 'number', about: 'ceil(n): rounded up' },
  hour: {
    args: [1, 2],
    takes: 'time',
    gives: 'number',
    about: 'hour(@timestamp, "Europe/Berlin"): 0 to 23; UTC without a zone',
  },
  minute: { args: [1, 2], takes: 'time', gives: 'number', about: 'minute(@timestamp): 0 to 59' },
  weekday: {
    args: [1, 2],
    takes: 'time',
    gives: 'number',
    about: 'weekday(@timestamp, "Europe/Berlin"): Monday is 1, Sunday 7; UTC without a zone',
  },
  day: { args: [1, 2], takes: 'time', gives: 'number', about: 'day(@timestamp): day of the month' },
  number: {
    args: [1, 1],
    takes: 'number',
    gives: 'number',
    about: 'number(app.size): nothing if it is none',
  },
  coalesce: {
    args: [1, 10],
    takes: 'same',
    gives: 'same',
    about: 'coalesce(user.name, user.id): the first that the event has',
  },
};

/** The kind of value, or an `ExpressionFault`. */
export function kindOf(e: Expression): ValueKind {
  switch (e.kind) {
    case 'number':
      if (!Number.isFinite(e.value)) throw new ExpressionFault('not a finite number', e, ['a number']);
      return 'number';
    case 'text':
      return 'text';
    case 'field':
      return typeOf(e.field) === 'date' ? 'time' : 'any';
    case 'call':
      return kindOfCall(e);
    case 'arithmetic':
      return kindOfArithmetic(e);
    case 'count':
    case 'baseline':
      return 'number';
    default:
      return never(e);
  }
}

const NAMES: Readonly<Record<ValueKind, string>> = {
  number: 'a number',
  text: 'text',
  time: 'a time',
  any: 'a field',
};

/** `kind` is that of `e`: found once, or the time would double with each level. */
function need(e: Expression, kind: ValueKind, wanted: 'number' | 'text' | 'time'): void {
  const fits =
    wanted === 'time'
      ? kind === 'time'
      : wanted === 'number'
        ? kind === 'number' || kind === 'any' || kind === 'text'
        : kind === 'text' || kind === 'any';
  if (wanted === 'number') needNumber(e);
  if (fits) return;
  const expected = wanted === 'time' ? ['@timestamp', 'a field that holds a time'] : [NAMES[wanted]];
  throw new ExpressionFault(`this is ${NAMES[kind]}, but ${NAMES[wanted]} is needed`, e, expected);
}

/** Text that stands where a number is needed has to be one; a word there is often meant as a field. */
function needNumber(e: Expression): void {
  if (e.kind !== 'text' || numberOf(e.value) !== undefined) return;
  throw new ExpressionFault(`"${e.value}" is no number`, e, [
    'a number',
    `field(${e.value}), if it is a field`,
  ]);
}

function kindOfCall(e: Extract<Expression, { kind: 'call' }>): ValueKind {
  const s = SIGNATURES[e.name];
  const [least, most] = s.args;
  if (e.args.length < least || e.args.length > most) {
    const wanted = least === most ? String(least) : `${least} to ${most}`;
    throw new ExpressionFault(`${e.name}() takes ${wanted} values, not ${e.args.length}`, e, [s.about]);
  }
  if (s.takes === 'same') return commonKind(e.args);
  const [first, zone] = e.args as readonly [Expression, Expression | undefined];
  need(first, kindOf(first), s.takes);
  if (zone !== undefined) zoneOf(zone);
  return s.gives as ValueKind;
}

/** The zone that a call's second argument names, as IANA writes it. */
export function zoneOf(e: Expression): string {
  const name = e.kind === 'text' ? zoneName(e.value) : undefined;
  if (name === undefined) {
    throw new ExpressionFault('this is no time zone', e, ['"Europe/Berlin"', '"America/New_York"', '"UTC"']);
  }
  return name;
}

/** One kind for values of which one is taken. */
function commonKind(items: readonly Expression[]): ValueKind {
  const kinds = items.map(kindOf);
  const others = new Set(kinds.filter((k) => k !== 'any'));
  if (others.size === 0) return 'any';
  const [kind] = others;
  if (others.size > 1 || (kind === 'time' && kinds.includes('any'))) {
    const at = items[kinds.findIndex((k) => k !== kinds[0])] as Expression;
    throw new ExpressionFault('these values are of different kinds', at, ['fields of one kind']);
  }
  return kind as ValueKind;
}

function kindOfArithmetic(e: Extract<Expression, { kind: 'arithmetic' }>): ValueKind {
  const [l, r] = [kindOf(e.left), kindOf(e.right)];
  if (l === 'time' && r === 'time' && e.op === '-') return 'number';
  if (l === 'time' && (e.op === '+' || e.op === '-')) {
    need(e.right, r, 'number');
    return 'time';
  }
  need(e.left, l, 'number');
  need(e.right, r, 'number');
  return 'number';
}

/** How the two sides compare: as numbers (times are microseconds) or as text. Throws an `ExpressionFault`. */
export function checkTest(op: TestOp, left: Expression, right: Expression): 'number' | 'text' {
  const kinds = [kindOf(left), kindOf(right)];
  const ordered = op !== '==' && op !== '!=';
  if (!ordered && !kinds.includes('number') && !kinds.includes('time')) return 'text';
  needNumber(left);
  needNumber(right);
  return 'number';
}
