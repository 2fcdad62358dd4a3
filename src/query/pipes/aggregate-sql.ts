/** The SQL of the aggregates. Held by `golden.test.ts`, `exact.int.test.ts`, `pipes.int.test.ts`. */
import { NUMBER_CHARS_MAX, NUMBER_SOURCE } from '../../condition/text.ts';
import { hotField } from '../../model/catalogue.ts';
import { textSql, type ValueType } from '../expression-sql.ts';
import { numberSql } from '../sql-number.ts';
import { QueryFault } from '../../condition/language/scan.ts';
import { textsSql } from '../sql-field.ts';
import type { SqlParams } from '../sql-params.ts';
import { type Aggregate, type AggregateName, VALUE_CHARS_MAX, VALUES_MAX } from './aggregates.ts';
import type { FieldRef } from './pipe.ts';
import type { Source } from './table.ts';

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
      if (order === undefined)
        return refused(`${a.name}() needs rows with a time; this table has none`, a.ref);
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
  return refused(`${a.name}() makes no sense of ${what}; ${ref.written} is such`, ref);
}

function refused(message: string, { start, end }: FieldRef): never {
  throw new QueryFault({ message, start, end, expected: ['min', 'max', 'dc', 'count', 'values'] });
}
