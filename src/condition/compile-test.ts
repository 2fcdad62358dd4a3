/**
 * A comparison of two expressions over one live event (the `test` node). Semantics, the same in SQL
 * (`src/query/sql-test.ts`; held by `src/query/exact.int.test.ts`):
 * - A field stands for one of its values; the test holds if it does for any of them (with several multi-valued fields:
 *   for any combination, of which at most COMBINATIONS_MAX are looked at). An absent field is nothing.
 * - Text that is no number is nothing where a number is needed; so is division by zero, and what is computed of nothing.
 *   Comparisons with nothing fail. `!=` is the opposite of `==`.
 * - Numbers are IEEE doubles. Text compares exactly. Times are microseconds, but the difference of two is in seconds,
 *   and seconds are added to a time. `round` takes halves up; `len` counts characters; `trim` takes ASCII blanks.
 * - Counts and baselines are asked of `memory`.
 */
import { never } from '../base/result.ts';
import { reader } from './computed.ts';
import type { ArithmeticOp, CountTerm, Expression, TestOp } from './expression.ts';
import { checkTest, kindOf, zoneOf } from './expression-type.ts';
import type { Judged, Predicate } from './evaluate.ts';
import { fold, numberOf, textsOf, typeOf } from './text.ts';
import { type ClockPart, clockPart } from './zone.ts';

/** Most combinations of values of one test over several multi-valued fields. */
export const COMBINATIONS_MAX = 10_000;

/** What a condition with counts is judged with; `undefined`: the event has no such key, or nothing is known yet. */
export type Memory = {
  readonly count: (term: CountTerm, e: Judged) => number | undefined;
  readonly baseline: (term: CountTerm, e: Judged) => number | undefined;
};

type Value = number | string | undefined;
/** `texts`: the value that each field of the test stands for at the moment. */
type Compute = (texts: readonly (string | undefined)[], e: Judged) => Value;

type TestNode = { readonly op: TestOp; readonly left: Expression; readonly right: Expression };

export function compileTest(c: TestNode, memory: Memory | undefined): Predicate {
  const as = checkTest(c.op, c.left, c.right);
  const fields = [...new Set([...fieldsOf(c.left), ...fieldsOf(c.right)])];
  const compiler: Compiler = { slots: new Map(fields.map((f, i) => [f, i])), memory };
  const [left, right] = [compile(c.left, as, compiler), compile(c.right, as, compiler)];
  const holds = COMPARE[c.op === '!=' ? '==' : c.op];
  const test: (texts: readonly (string | undefined)[], e: Judged) => boolean = (texts, e) => {
    const [a, b] = [left(texts, e), right(texts, e)];
    return a !== undefined && b !== undefined && holds(a, b);
  };
  const any = anyCombination(fields, test);
  return c.op === '!=' ? (e) => !any(e) : any;
}

/** The fields that an expression reads of the event at hand, each once. Those within a count are not among them. */
export function fieldsOf(e: Expression): string[] {
  switch (e.kind) {
    case 'field':
      return [e.field];
    case 'call':
      return [...new Set(e.args.flatMap(fieldsOf))];
    case 'arithmetic':
      return [...new Set([...fieldsOf(e.left), ...fieldsOf(e.right)])];
    case 'number':
    case 'text':
    case 'count':
    case 'baseline':
      return [];
    default:
      return never(e);
  }
}

/** Values looked at per field where a test has `fields` of them. */
export const valuesMax = (fields: number): number =>
  fields <= 1 ? Number.POSITIVE_INFINITY : Math.floor(COMBINATIONS_MAX ** (1 / fields) + 1e-9);

const NOTHING: readonly undefined[] = [undefined];

function anyCombination(
  fields: readonly string[],
  test: (texts: readonly (string | undefined)[], e: Judged) => boolean,
): Predicate {
  const readers = fields.map((f) => ({ read: reader(f), type: typeOf(f) }));
  const most = valuesMax(fields.length);
  return (e) => {
    const choices = readers.map(({ read, type }): readonly (string | undefined)[] => {
      const texts = textsOf(read(e.fields), type);
      return texts.length === 0 ? NOTHING : texts.length > most ? texts.slice(0, most) : texts;
    });
    const current: (string | undefined)[] = choices.map((c) => c[0]);
    const from = (i: number): boolean => {
      if (i === choices.length) return test(current, e);
      for (const v of choices[i] as readonly (string | undefined)[]) {
        current[i] = v;
        if (from(i + 1)) return true;
      }
      return false;
    };
    return from(0);
  };
}

const COMPARE = {
  '<': (a: Value, b: Value) => (a as number) < (b as number),
  '<=': (a: Value, b: Value) => (a as number) <= (b as number),
  '>': (a: Value, b: Value) => (a as number) > (b as number),
  '>=': (a: Value, b: Value) => (a as number) >= (b as number),
  '==': (a: Value, b: Value) => a === b,
} as const;

type Compiler = { readonly slots: ReadonlyMap<string, number>; readonly memory: Memory | undefined };

/** `as`: what the value is needed as; times and counts are numbers. */
function compile(e: Expression, as: 'number' | 'text', to: Compiler): Compute {
  switch (e.kind) {
    case 'number': {
      const value = e.value;
      return () => value;
    }
    case 'text': {
      const value = as === 'number' ? numberOf(e.value) : e.value.toWellFormed();
      return () => value;
    }
    case 'field': {
      const slot = to.slots.get(e.field) as number;
      if (as === 'text') return (texts) => texts[slot];
      return (texts) => {
        const text = texts[slot];
        return text === undefined ? undefined : numberOf(text);
      };
    }
    case 'call':
      return compileCall(e, as, to);
    case 'arithmetic':
      return compileArithmetic(e, to);
    case 'count':
    case 'baseline': {
      const { memory } = to;
      if (memory === undefined) throw new Error(`${e.kind}(...) needs a memory of earlier events`);
      return e.kind === 'count'
        ? (_, event) => memory.count(e, event)
        : (_, event) => memory.baseline(e.of, event);
    }
    default:
      return never(e);
  }
}

function compileArithmetic(e: Extract<Expression, { kind: 'arithmetic' }>, to: Compiler): Compute {
  const [l, r] = [compile(e.left, 'number', to), compile(e.right, 'number', to)];
  const [times, others] = [kindOf(e.left) === 'time', kindOf(e.right) === 'time'];
  const compute = ARITHMETIC[e.op];
  // Seconds on one side, microseconds on the other.
  const [scale, unit] =
    times && others && e.op === '-' ? [1, 1e6] : times && (e.op === '+' || e.op === '-') ? [1e6, 1] : [1, 1];
  return (texts, event) => {
    const [a, b] = [l(texts, event), r(texts, event)];
    if (a === undefined || b === undefined) return undefined;
    const made = compute(a as number, (b as number) * scale);
    return made === undefined ? undefined : made / unit;
  };
}

const ARITHMETIC: Readonly<Record<ArithmeticOp, (a: number, b: number) => number | undefined>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => (b === 0 ? undefined : a / b),
  // As the engine computes it; JavaScript's own remainder is exact for huge numbers, too.
  '%': (a, b) => (b === 0 ? undefined : a - Math.trunc(a / b) * b),
};

export const TEXT_FUNCTIONS: Readonly<Record<'lower' | 'upper' | 'trim' | 'len', (text: string) => Value>> = {
  lower: fold,
  upper: (t) => t.toUpperCase(),
  trim: (t) => t.replace(/^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/g, ''),
  len: (t) => [...t].length,
};

const NUMBER_FUNCTIONS: Readonly<
  Record<'abs' | 'round' | 'floor' | 'ceil' | 'number', (n: number) => number>
> = {
  abs: Math.abs,
  round: (n) => Math.floor(n + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
  number: (n) => n,
};

function compileCall(e: Extract<Expression, { kind: 'call' }>, as: 'number' | 'text', to: Compiler): Compute {
  const [first, second] = e.args as readonly [Expression, Expression | undefined];
  switch (e.name) {
    case 'coalesce': {
      const items = e.args.map((a) => compile(a, as, to));
      return (texts, event) => {
        for (const item of items) {
          const v = item(texts, event);
          if (v !== undefined) return v;
        }
        return undefined;
      };
    }
    case 'lower':
    case 'upper':
    case 'trim':
    case 'len': {
      const [item, f] = [compile(first, 'text', to), TEXT_FUNCTIONS[e.name]];
      const textFirst = (texts: readonly (string | undefined)[], event: Judged): Value => {
        const v = item(texts, event);
        return v === undefined ? undefined : f(String(v));
      };
      return e.name === 'len' || as === 'text' ? textFirst : (t, event) => asNumber(textFirst(t, event));
    }
    case 'hour':
    case 'minute':
    case 'weekday':
    case 'day':
      return compileClock(e.name, compile(first, 'number', to), second);
    default: {
      const [item, f] = [compile(first, 'number', to), NUMBER_FUNCTIONS[e.name]];
      return (texts, event) => {
        const v = item(texts, event);
        return v === undefined ? undefined : f(v as number);
      };
    }
  }
}

const asNumber = (v: Value): number | undefined => (typeof v === 'string' ? numberOf(v) : v);

function compileClock(part: ClockPart, time: Compute, zone: Expression | undefined): Compute {
  const name = zone === undefined ? '' : zoneOf(zone);
  return (texts, event) => {
    const us = time(texts, event);
    return us === undefined ? undefined : clockPart(us as number, part, name);
  };
}
