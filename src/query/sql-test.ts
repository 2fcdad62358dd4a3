/**
 * A comparison of two expressions (the `test` node) as SQL, always exact: the semantics are those of
 * `src/condition/compile-test.ts`, held by `exact.int.test.ts`. A field of several values becomes the variable of an
 * `arrayExists`; any other is the column itself. Everything may be NULL inside, the whole is 0 or 1.
 */
import { never } from '../base/result.ts';
import { fieldsOf, valuesMax } from '../condition/compile-test.ts';
import type { Expression } from '../condition/expression.ts';
import { checkTest, kindOf, zoneOf } from '../condition/expression-type.ts';
import { isStateful } from '../condition/stateful.ts';
import { numberOf } from '../condition/text.ts';
import type { Condition } from '../condition/tree.ts';
import { CLOCK_US_MAX, CLOCK_US_MIN, type ClockPart } from '../condition/zone.ts';
import { hotField } from '../model/catalogue.ts';
import { textOf, textsSql } from './sql-field.ts';
import { numberSql } from './sql-number.ts';
import { columnOf, type SqlParams } from './sql-params.ts';

type TestNode = Extract<Condition, { kind: 'test' }>;

/** `undefined`: the condition remembers, so no single row decides it. */
export function testSql(c: TestNode, p: SqlParams): string | undefined {
  if (isStateful(c)) return undefined;
  const as = checkTest(c.op, c.left, c.right);
  const fields = [...new Set([...fieldsOf(c.left), ...fieldsOf(c.right)])];
  const sources = new Map(fields.map((f, i) => [f, sourceOf(f, `v${i}`, valuesMax(fields.length), p)]));
  const [a, b] = [value(c.left, as, sources, p), value(c.right, as, sources, p)];
  const op = c.op === '!=' || c.op === '==' ? '=' : c.op;
  let sql = `ifNull(${a} ${op} ${b}, 0)`;
  for (const s of [...sources.values()].reverse()) {
    if (s.values !== undefined) sql = `arrayExists(${s.text} -> ${sql}, ${s.values})`;
  }
  return c.op === '!=' ? `NOT (${sql})` : sql;
}

/** Where a field's value comes from, as text and as a number, NULL where absent. */
type Source = {
  readonly text: string;
  readonly number: string;
  /** The array that `text` is a variable of. */
  readonly values: string | undefined;
};
type Sources = ReadonlyMap<string, Source>;

function sourceOf(field: string, name: string, most: number, p: SqlParams): Source {
  const def = hotField(field);
  if (def !== undefined && !def.multi) {
    const col = columnOf(def);
    if (def.type === 'keyword' || def.type === 'text') {
      const has = `(${col} != '' OR has(empties, ${p.bind('String', field)}))`;
      const text = def.ours ? `toString(${col})` : `if(${has}, toNullable(toString(${col})), NULL)`;
      return { text, number: numberSql(text), values: undefined };
    }
    const text = def.ours
      ? textOf(def, col)
      : `if(isNull(${col}), NULL, toNullable(${textOf(def, `assumeNotNull(${col})`)}))`;
    const number =
      def.type === 'date'
        ? `toFloat64(toUnixTimestamp64Micro(${col}))`
        : def.type === 'long' || def.type === 'double'
          ? `toFloat64(${col})`
          : numberSql(text);
    return { text, number, values: undefined };
  }
  const all = textsSql(field, p);
  const some = Number.isFinite(most) ? `arraySlice(${all}, 1, ${most})` : all;
  const values = `if(empty(${all}), [NULL], arrayMap(x -> toNullable(toString(x)), ${some}))`;
  return { text: name, number: numberSql(name), values };
}

function value(e: Expression, as: 'number' | 'text', sources: Sources, p: SqlParams): string {
  switch (e.kind) {
    case 'number':
      return p.bind('Float64', e.value);
    case 'text': {
      if (as === 'text') return p.bind('String', e.value);
      const n = numberOf(e.value);
      return n === undefined ? "CAST(NULL, 'Nullable(Float64)')" : p.bind('Float64', n);
    }
    case 'field':
      return (sources.get(e.field) as Source)[as];
    case 'call':
      return call(e, as, sources, p);
    case 'arithmetic':
      return arithmetic(e, sources, p);
    case 'count':
    case 'baseline':
      throw new Error('bug: a count has no SQL');
    default:
      return never(e);
  }
}

function arithmetic(e: Extract<Expression, { kind: 'arithmetic' }>, sources: Sources, p: SqlParams): string {
  const [a, b] = [value(e.left, 'number', sources, p), value(e.right, 'number', sources, p)];
  if (e.op === '/' || e.op === '%') return `(${a} ${e.op} nullIf(${b}, 0))`;
  if (kindOf(e.left) === 'time' && e.op !== '*') {
    return kindOf(e.right) === 'time' ? `((${a} - ${b}) / 1000000)` : `(${a} ${e.op} ${b} * 1000000)`;
  }
  return `(${a} ${e.op} ${b})`;
}

function call(
  e: Extract<Expression, { kind: 'call' }>,
  as: 'number' | 'text',
  sources: Sources,
  p: SqlParams,
): string {
  const [first, second] = e.args as readonly [Expression, Expression | undefined];
  const text = (): string => value(first, 'text', sources, p);
  const number = (): string => value(first, 'number', sources, p);
  const asked = (sql: string): string => (as === 'number' ? numberSql(sql) : sql);
  switch (e.name) {
    case 'lower':
      return asked(`replaceAll(lowerUTF8(${text()}), 'ς', 'σ')`);
    case 'upper':
      return asked(`upperUTF8(${text()})`);
    case 'trim':
      return asked(
        `replaceRegexpAll(${text()}, '^[ \\\\t\\\\n\\\\v\\\\f\\\\r]+|[ \\\\t\\\\n\\\\v\\\\f\\\\r]+$', '')`,
      );
    case 'len':
      return `toFloat64(lengthUTF8(${text()}))`;
    case 'abs':
    case 'floor':
      return `${e.name}(${number()})`;
    case 'ceil':
      return `ceil(${number()})`;
    case 'round':
      return `floor(${number()} + 0.5)`;
    case 'number':
      return number();
    case 'coalesce':
      return `coalesce(${e.args.map((a) => value(a, as, sources, p)).join(', ')})`;
    case 'hour':
    case 'minute':
    case 'weekday':
    case 'day':
      return clock(e.name, number(), second === undefined ? 'UTC' : zoneOf(second), p);
    default:
      return never(e.name);
  }
}

const CLOCK: Readonly<Record<ClockPart, (time: string, zone: string) => string>> = {
  hour: (t, z) => `toHour(${t}, ${z})`,
  minute: (t, z) => `toMinute(${t}, ${z})`,
  weekday: (t, z) => `toDayOfWeek(${t}, 0, ${z})`,
  day: (t, z) => `toDayOfMonth(${t}, ${z})`,
};

function clock(part: ClockPart, us: string, zone: string, p: SqlParams): string {
  const [from, to] = [p.bind('Float64', CLOCK_US_MIN), p.bind('Float64', CLOCK_US_MAX)];
  const inside = `if(u >= ${from} AND u < ${to}, toInt64(floor(u)), NULL)`;
  const made = CLOCK[part](`fromUnixTimestamp64Micro(${inside}, 'UTC')`, p.bind('String', zone));
  // The time is written once, so that the text grows no faster than the expression.
  return `arrayMap(u -> toFloat64(${made}), [${us}])[1]`;
}
