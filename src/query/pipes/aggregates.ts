/**
 * What `stats` and `timechart` compute per group. Numbers are those of the values that are numbers; nothing to compute
 * from is NULL. Percentiles interpolate between the two nearest values (Hyndman and Fan, type 7), `stdev` is that of a
 * sample, `first` and `last` go by the events' times. Held by `golden.test.ts`, `exact.int.test.ts`, `pipes.int.test.ts`.
 */
import { hotField } from '../../model/catalogue.ts';
import { NUMBER_CHARS_MAX, NUMBER_SOURCE } from '../../condition/text.ts';
import { numberSql, textSql, type ValueType } from '../expression-sql.ts';
import { QueryFault } from '../scan.ts';
import { textsSql } from '../sql-field.ts';
import type { SqlParams } from '../sql-params.ts';
import type { FieldRef, PipeReader } from './pipe.ts';
import type { Source } from './table.ts';

/** Most values that values() shows, and of each the most characters. */
export const VALUES_MAX = 100;
export const VALUE_CHARS_MAX = 500;

export const AGGREGATES = [
  { name: 'count', field: false, about: 'how many events' },
  { name: 'dc', field: true, about: 'how many distinct values' },
  { name: 'sum', field: true, about: 'sum of the numbers' },
  { name: 'avg', field: true, about: 'mean of the numbers' },
  { name: 'min', field: true, about: 'smallest number or earliest time' },
  { name: 'max', field: true, about: 'largest number or latest time' },
  { name: 'median', field: true, about: 'the middle of the numbers' },
  { name: 'p50', field: true, about: 'the same as median' },
  { name: 'p90', field: true, about: '90% of the numbers are at most this' },
  { name: 'p95', field: true, about: '95% of the numbers are at most this' },
  { name: 'p99', field: true, about: '99% of the numbers are at most this' },
  { name: 'stdev', field: true, about: 'standard deviation of the numbers (sample)' },
  { name: 'values', field: true, about: `distinct values as text, at most ${VALUES_MAX}` },
  { name: 'first', field: true, about: 'value in the earliest event that has one' },
  { name: 'last', field: true, about: 'value in the latest event that has one' },
] as const;
export type AggregateName = (typeof AGGREGATES)[number]['name'];

export type Aggregate = {
  readonly name: AggregateName;
  readonly ref: FieldRef | undefined;
  /** The column's name: `as`, or the call as written. */
  readonly column: string;
};

const CALL = /^([a-z][a-z0-9]*)(?:\((.*)\))?$/s;

/** One call, with `as` where it stands; `place` is for messages. */
export function parseAggregate(r: PipeReader): Aggregate & { readonly place: FieldRef } {
  const call = r.name('a function, like count()');
  const made = aggregateOf(r, call);
  const column = r.takeWord('as') ? r.name('the new name') : undefined;
  return { ...made, column: column?.written ?? made.column, place: column ?? call };
}

function aggregateOf(r: PipeReader, call: FieldRef): Aggregate {
  const names = AGGREGATES.map((a) => (a.field ? `${a.name}(field)` : `${a.name}()`));
  const m = CALL.exec(call.written);
  const spec = AGGREGATES.find((a) => a.name === m?.[1]);
  if (m === null || spec === undefined)
    r.fail(`"${call.written}" is no function that stats knows`, names, call);
  const inner = (m[2] ?? '').trim();
  if (!spec.field) {
    if (inner !== '') r.fail('count() takes no field', ['count()'], call);
    return { name: spec.name, ref: undefined, column: spec.name };
  }
  if (inner === '') r.fail(`${spec.name}() needs a field`, [`${spec.name}(source.bytes)`], call);
  return {
    name: spec.name,
    ref: { written: inner, field: call.field, start: call.start, end: call.end },
    column: call.written,
  };
}

export type AggregateSql = { readonly sql: string; readonly type: ValueType };

/** @param order what first() and last() go by, where rows have a time; one SQL value. */
export function aggregateSql(
  a: Aggregate,
  of: Source | undefined,
  order: string | undefined,
  p: SqlParams,
): AggregateSql {
  if (a.ref === undefined || of === undefined) return { sql: 'count()', type: 'number' };
  switch (a.name) {
    case 'count':
      return { sql: 'count()', type: 'number' };
    case 'dc':
      return { sql: distinct(of, p), type: 'number' };
    case 'values':
      return { sql: valuesSql(of, p), type: 'text' };
    case 'first':
    case 'last': {
      if (order === undefined) return noSense(a, a.ref, 'rows without a time');
      return {
        sql: `${a.name === 'first' ? 'argMin' : 'argMax'}(${nullable(of.sql)}, ${order})`,
        type: of.type,
      };
    }
    default:
      return numbers(a, a.ref, of, p);
  }
}

const nullable = (x: string): string => `toNullable(${x})`;

function distinct(of: Source, p: SqlParams): string {
  return of.field === undefined
    ? `uniqExact(${of.sql})`
    : `length(groupUniqArrayArray(${textsSql(of.field, p)}))`;
}

/** Sorted, joined; NULL where there is none. Which ones are shown of more than VALUES_MAX is not said. */
function valuesSql(of: Source, p: SqlParams): string {
  const cut = (x: string): string => `substringUTF8(${x}, 1, ${VALUE_CHARS_MAX})`;
  const set =
    of.field === undefined
      ? `groupUniqArray(${VALUES_MAX})(${cut(textSql(of))})`
      : `groupUniqArrayArray(${VALUES_MAX})(arrayMap(x -> ${cut('toString(x)')}, ${valueTexts(of, p)}))`;
  return `nullIf(arrayStringConcat(arraySort(${set}), ', '), '')`;
}

const valueTexts = (of: Source, p: SqlParams): string =>
  of.type === 'time'
    ? `if(isNull(${of.sql}), emptyArrayString(), [assumeNotNull(${textSql(of)})])`
    : textsSql(of.field as string, p);

const QUANTILES: Readonly<Partial<Record<AggregateName, number>>> = {
  median: 0.5,
  p50: 0.5,
  p90: 0.9,
  p95: 0.95,
  p99: 0.99,
};

function numbers(a: Aggregate, ref: FieldRef, of: Source, p: SqlParams): AggregateSql {
  if (of.type === 'time') {
    if (a.name !== 'min' && a.name !== 'max') return noSense(a, ref, 'times');
    return { sql: `${a.name}(${nullable(of.sql)})`, type: 'time' };
  }
  if (of.type === 'bool') return noSense(a, ref, 'true and false');
  const level = QUANTILES[a.name];
  const call =
    a.name === 'stdev'
      ? ['stddevSamp', '']
      : level === undefined
        ? [a.name, '']
        : ['quantileExactInclusive', `(${level})`];
  const [name, parameter] = call as [string, string];
  const def = of.field === undefined ? undefined : hotField(of.field);
  // Aggregates of a Nullable skip NULL and are NULL where nothing is left.
  if (of.type === 'number' && (def === undefined || !def.multi))
    return { sql: `${name}${parameter}(${nullable(of.sql)})`, type: 'number' };
  if (of.field === undefined) return { sql: `${name}${parameter}(${numberSql(of.sql)})`, type: 'number' };
  const isNum = `match(x, '${NUMBER_SOURCE}') AND length(x) <= ${NUMBER_CHARS_MAX}`;
  const all = `arrayMap(x -> toFloat64OrZero(x), arrayFilter(x -> ${isNum}, ${textsSql(of.field, p)}))`;
  return { sql: overArrays(a.name, name, parameter, all), type: 'number' };
}

/** Over all numbers of all events; none at all is NULL. */
function overArrays(is: AggregateName, name: string, parameter: string, all: string): string {
  const each = (f: string): string => `if(empty(${all}), NULL, ${f}(${all}))`;
  if (is === 'sum') return `sum(${each('arraySum')})`;
  if (is === 'avg') return `sum(${each('arraySum')}) / sum(length(${all}))`;
  if (is === 'min' || is === 'max') return `${is}(${each(is === 'min' ? 'arrayMin' : 'arrayMax')})`;
  return `if(sum(length(${all})) = 0, NULL, ${name}Array${parameter}(${all}))`;
}

function noSense(a: Aggregate, ref: FieldRef, what: string): never {
  throw new QueryFault({
    message: `${a.name}() makes no sense of ${what}; ${ref.written} is one`.replace(
      /of rows without a time; .*/,
      'where the rows have no time: the table before has lost it',
    ),
    start: ref.start,
    end: ref.end,
    expected: ['min', 'max', 'dc', 'count', 'values'],
  });
}
