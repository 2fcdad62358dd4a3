/**
 * Expressions to typed SQL. Every literal is bound; each function writes each of its arguments once, so that the text
 * grows with the expression and no faster.
 *
 * Types: number (Float64), text, time, bool. Values but bools may be NULL, which arithmetic and text functions hand on;
 * a comparison is true or false: with a NULL it fails, `!=` is its opposite. Text that is no number is NULL where a
 * number is needed. Held by `pipes.test.ts`, `golden.test.ts`, `hostile.test.ts` and `expressions.int.test.ts`.
 */
import { never } from '../base/result.ts';
import { regexDiffersInSql, regexProblem, sqlRegexSource } from '../condition/regex.ts';
import { type BinaryOp, type Expr, type ExprFunction, isComparison, type Place } from './expression.ts';
import type { FieldRef } from './pipes/pipe.ts';
import type { Subquery } from './query.ts';
import { QueryFault } from '../condition/language/scan.ts';
import { numberSql } from './sql-number.ts';
import type { SqlParams } from './sql-params.ts';

export type ValueType = 'number' | 'text' | 'time' | 'bool';
export type Typed = { readonly sql: string; readonly type: ValueType };

export type ExprEnv = {
  readonly p: SqlParams;
  readonly resolve: (ref: FieldRef) => Typed;
  /** A search within the search as a SELECT of one column of text. */
  readonly subsearch: (query: Subquery, at: Place) => string;
};

type Made = { readonly sql: string; readonly type: ValueType | 'null' };

const fail = (message: string, at: Place, expected: readonly string[]): never => {
  throw new QueryFault({ message, start: at.start, end: at.end, expected });
};

/** A null literal alone is text. */
export function expressionSql(e: Expr, env: ExprEnv): Typed {
  const made = make(e, env);
  return made.type === 'null' ? to('text', made, e, env) : (made as Typed);
}

/** The expression as a condition: 0 or 1. */
export const conditionSql = (e: Expr, env: ExprEnv): string => to('bool', make(e, env), e, env).sql;

function make(e: Expr, env: ExprEnv): Made {
  const { p } = env;
  switch (e.kind) {
    case 'number':
      return { sql: p.bind('Float64', e.value), type: 'number' };
    case 'text':
      return { sql: p.bind('String', e.value), type: 'text' };
    case 'bool':
      return { sql: e.value ? '1' : '0', type: 'bool' };
    case 'null':
      return { sql: 'NULL', type: 'null' };
    case 'time':
      return { sql: timeSql(p.bind('Int64', e.value)), type: 'time' };
    case 'field': {
      const found = env.resolve(e.ref);
      return found.type === 'number' ? { ...found, sql: `toFloat64(${found.sql})` } : found;
    }
    case 'not':
      return { sql: `NOT (${conditionSql(e.item, env)})`, type: 'bool' };
    case 'negate':
      return { sql: `negate(${as('number', e.item, env)})`, type: 'number' };
    case 'in':
      return { sql: among(e.item, e.values, env), type: 'bool' };
    case 'insearch': {
      const item = as('text', e.item, env);
      return { sql: `ifNull(toString(${item}) IN (${env.subsearch(e.query, e.at)}), 0)`, type: 'bool' };
    }
    case 'binary':
      return binary(e.op, e.left, e.right, env);
    case 'call':
      return FUNCTIONS[e.name](e.args, env, e);
    default:
      return never(e);
  }
}

const as = (type: ValueType, e: Expr, env: ExprEnv): string => to(type, make(e, env), e, env).sql;

const NULLS: Readonly<Record<Exclude<ValueType, 'bool'>, string>> = {
  number: "CAST(NULL, 'Nullable(Float64)')",
  text: "CAST(NULL, 'Nullable(String)')",
  time: "CAST(NULL, 'Nullable(DateTime64(6))')",
};

export const timeSql = (us: string): string => `fromUnixTimestamp64Micro(${us}, 'UTC')`;
const usSql = (time: string): string => `toUnixTimestamp64Micro(${time})`;

/** Converts, or says why that makes no sense. */
function to(type: ValueType, v: Made, e: Expr, env: ExprEnv): Typed {
  if (v.type === type) return v as Typed;
  if (v.type === 'null') return { sql: type === 'bool' ? '0' : NULLS[type], type };
  if (type === 'text') return { sql: textSql(v as Typed), type };
  if (type === 'number' && v.type === 'text') return { sql: numberSql(v.sql), type };
  if (type === 'time' && v.type === 'text') {
    if (e.kind !== 'text')
      return { sql: `parseDateTime64BestEffortOrNull(toString(${v.sql}), 6, 'UTC')`, type };
    if (e.time === undefined) fail(`"${e.value}" is no time`, e, ['"2026-03-05T14:00:00Z"', '"now-7d"']);
    return { sql: timeSql(env.p.bind('Int64', e.time as number)), type };
  }
  const is = { number: 'a number', text: 'text', time: 'a time', bool: 'true or false' };
  const hint = type === 'bool' ? ['a comparison, like n > 5'] : [is[type]];
  return fail(`this is ${is[v.type]}, but ${is[type]} is needed`, e, hint);
}

/** A value as text; times as ISO text. */
export function textSql(v: Typed): string {
  if (v.type === 'time') return `formatDateTime(${v.sql}, '%Y-%m-%dT%H:%i:%S.%fZ')`;
  if (v.type === 'bool') return `if(${v.sql}, 'true', 'false')`;
  return `toString(${v.sql})`;
}

function binary(op: BinaryOp, left: Expr, right: Expr, env: ExprEnv): Made {
  if (op === 'and' || op === 'or') {
    return { sql: `(${as('bool', left, env)} ${op.toUpperCase()} ${as('bool', right, env)})`, type: 'bool' };
  }
  if (isComparison(op)) return { sql: compare(op, left, right, env), type: 'bool' };
  const [l, r] = [make(left, env), make(right, env)];
  if (l.type === 'time' && r.type === 'time' && op === '-') {
    return { sql: `((${usSql(l.sql)} - ${usSql(r.sql)}) / 1000000)`, type: 'number' };
  }
  if (l.type === 'time' && (op === '+' || op === '-')) {
    const shift = `accurateCastOrNull(round(${to('number', r, right, env).sql} * 1000000), 'Int64')`;
    return { sql: timeSql(`(${usSql(l.sql)} ${op} ${shift})`), type: 'time' };
  }
  const [a, b] = [to('number', l, left, env).sql, to('number', r, right, env).sql];
  // Division by zero is null.
  if (op === '/' || op === '%') return { sql: `(${a} ${op} nullIf(${b}, 0))`, type: 'number' };
  return { sql: `(${a} ${op} ${b})`, type: 'number' };
}

/** `<` and its like compare times or numbers; `==` compares text exactly where neither side is one. */
function compare(op: string, left: Expr, right: Expr, env: ExprEnv): string {
  const [l, r] = [make(left, env), make(right, env)];
  const types = [l.type, r.type];
  const type = types.includes('time')
    ? 'time'
    : types.includes('number') || (op !== '==' && op !== '!=')
      ? 'number'
      : types.includes('bool') && !types.includes('text')
        ? 'bool'
        : 'text';
  const [a, b] = [to(type, l, left, env).sql, to(type, r, right, env).sql];
  if (op === '!=') return `NOT ifNull(${a} = ${b}, 0)`;
  return `ifNull(${a} ${op === '==' ? '=' : op} ${b}, 0)`;
}

/** The item is written once, whatever the number of values. */
function among(item: Expr, values: readonly Expr[], env: ExprEnv): string {
  const made = make(item, env);
  const others = values.map((v) => make(v, env));
  const types = new Set([made.type, ...others.map((o) => o.type)]);
  const type = (['time', 'number', 'text', 'bool'] as const).find((t) => types.has(t)) ?? 'text';
  const tests = others.map((o, i) => `ifNull(x = ${to(type, o, values[i] as Expr, env).sql}, 0)`);
  return `arrayExists(x -> ${tests.join(' OR ')}, [${to(type, made, item, env).sql}])`;
}

/** One type for values of which one is taken: their common one, else text. */
function common(items: readonly Expr[], env: ExprEnv): { sqls: string[]; type: ValueType } {
  const made = items.map((e) => make(e, env));
  const types = new Set(made.map((m) => m.type).filter((t) => t !== 'null'));
  const type = (types.size === 1 ? [...types][0] : 'text') as ValueType;
  return { sqls: made.map((m, i) => to(type, m, items[i] as Expr, env).sql), type };
}

type Maker = (args: readonly Expr[], env: ExprEnv, at: Place) => Made;

const one =
  (from: ValueType, type: ValueType, sql: (x: string) => string): Maker =>
  (args, env) => ({ sql: sql(as(from, args[0] as Expr, env)), type });

const textTest =
  (sql: (text: string, part: string) => string): Maker =>
  (args, env) => {
    const [a, b] = [as('text', args[0] as Expr, env), as('text', args[1] as Expr, env)];
    return { sql: `ifNull(${sql(`toString(${a})`, `toString(${b})`)}, 0)`, type: 'bool' };
  };

function wholeNumber(e: Expr | undefined, least: number, most: number): number {
  if (e === undefined) throw new Error('bug: an argument is missing');
  if (e.kind !== 'number' || !Number.isInteger(e.value) || e.value < least || e.value > most) {
    return fail(`a whole number from ${least} to ${most} is needed`, e, ['10']);
  }
  return e.value;
}

const DIGITS_MAX = 10;
const SUBSTR_MAX = 100_000;

const FUNCTIONS: Readonly<Record<ExprFunction, Maker>> = {
  if: (args, env) => {
    const test = as('bool', args[0] as Expr, env);
    const { sqls, type } = common(args.slice(1), env);
    return { sql: `if(${test}, ${sqls.join(', ')})`, type };
  },
  coalesce: (args, env) => {
    const { sqls, type } = common(args, env);
    return { sql: `coalesce(${sqls.join(', ')})`, type };
  },
  isnull: (args, env) => ({ sql: `isNull(${make(args[0] as Expr, env).sql})`, type: 'bool' }),
  lower: one('text', 'text', (x) => `lowerUTF8(${x})`),
  upper: one('text', 'text', (x) => `upperUTF8(${x})`),
  trim: one('text', 'text', (x) => `trimBoth(${x})`),
  len: one('text', 'number', (x) => `toFloat64(lengthUTF8(${x}))`),
  concat: (args, env) => ({
    sql: `concat(${args.map((a) => as('text', a, env)).join(', ')}, '')`,
    type: 'text',
  }),
  substr: (args, env) => {
    const rest = args.slice(1).map((a) => env.p.bind('Int64', wholeNumber(a, 1, SUBSTR_MAX)));
    return { sql: `substringUTF8(${[as('text', args[0] as Expr, env), ...rest].join(', ')})`, type: 'text' };
  },
  contains: textTest((a, b) => `position(${a}, ${b}) > 0`),
  startswith: textTest((a, b) => `startsWith(${a}, ${b})`),
  endswith: textTest((a, b) => `endsWith(${a}, ${b})`),
  match: (args, env) => {
    const [text, re] = args as [Expr, Expr];
    const problem =
      re.kind === 'text' ? regexProblemInSql(re.value) : 'it has to stand here as "text", not be computed';
    if (problem !== undefined) fail(`regular expression: ${problem}`, re, ['RE2 syntax']);
    const source = env.p.bind('String', sqlRegexSource((re as { value: string }).value, ''));
    return { sql: `ifNull(match(${as('text', text, env)}, ${source}), 0)`, type: 'bool' };
  },
  round: (args, env) => {
    const x = as('number', args[0] as Expr, env);
    const scale = args.length === 1 ? 1 : 10 ** wholeNumber(args[1], 0, DIGITS_MAX);
    const by = env.p.bind('Float64', scale);
    // Halves go up; the engine's own rounds them to even.
    return { sql: `(floor(${x} * ${by} + 0.5) / ${by})`, type: 'number' };
  },
  floor: one('number', 'number', (x) => `floor(${x})`),
  ceil: one('number', 'number', (x) => `ceil(${x})`),
  abs: one('number', 'number', (x) => `abs(${x})`),
  bin: (args, env) => {
    const [value, size] = args as [Expr, Expr];
    if (size.kind !== 'number' || !(size.value > 0)) fail('bin() needs a size above 0', size, ['5m', '1000']);
    const n = (size as { value: number }).value;
    const made = make(value, env);
    if (made.type === 'time') return { sql: binSql(made.sql, n * 1e6, env.p, size), type: 'time' };
    const by = env.p.bind('Float64', n);
    return { sql: `(floor(${to('number', made, value, env).sql} / ${by}) * ${by})`, type: 'number' };
  },
  hour: one('time', 'number', (x) => `toFloat64(toHour(${x}))`),
  weekday: one('time', 'number', (x) => `toFloat64(toDayOfWeek(${x}))`),
  number: one('number', 'number', (x) => x),
  text: one('text', 'text', (x) => x),
  time: one('time', 'time', (x) => x),
  now: () => {
    throw new Error('bug: now() is a literal');
  },
};

/** Why it cannot be used in a pipe, where nobody checks a match again. */
export const regexProblemInSql = (source: string): string | undefined =>
  regexProblem(source, '') ?? (regexDiffersInSql(source) ? '\\B cannot be used here' : undefined);

const SECOND_US = 1e6;
const YEAR_US = 366 * 86_400e6;
const WEEK_US = 7 * 86_400e6;
/** Monday, 1970-01-05. */
const MONDAY_US = 4 * 86_400e6;
/** Times may lie before 1970, down to 1900. */
const BEFORE_1970_US = 3e15;

/** The start of the bucket of `spanUs` that holds the time. Buckets of whole weeks start on Mondays. */
export function binSql(time: string, spanUs: number, p: SqlParams, at: Place): string {
  if (!Number.isInteger(spanUs) || spanUs % SECOND_US !== 0 || spanUs < SECOND_US || spanUs > YEAR_US) {
    fail('a bucket of time lasts a whole number of seconds, at most 366 days', at, ['5m', '1h', '1d']);
  }
  const offset = spanUs % WEEK_US === 0 ? MONDAY_US : 0;
  const shift = p.bind('Int64', Math.ceil(BEFORE_1970_US / spanUs) * spanUs - offset);
  const span = p.bind('Int64', spanUs);
  return timeSql(`intDiv(${usSql(time)} + ${shift}, ${span}) * ${span} - ${shift}`);
}
