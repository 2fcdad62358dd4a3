/**
 * How a field's values lie in the event table, as SQL. Contract (the store's `schema.ts`): a present empty string has
 * its name in `empties`, a present null in `nulls`, a list of a field without a column is in `lists`, any other value
 * of such a field in `fields` as text; hot strings are '' and hot numbers, addresses and dates NULL where absent; the
 * pipeline's own fields are always present.
 * `fields` holds no empty text, so presence is `!= ''`: `mapContains` misses the key '' of a LowCardinality map (26.7).
 * Every expression is 0 or 1, never NULL, so that NOT is the complement. Held by `exact.int.test.ts`.
 */
import { isComputed } from '../condition/computed.ts';
import { type FieldDef, hotField } from '../model/catalogue.ts';
import { computedSql } from './sql-computed.ts';
import { columnOf, type SqlParams } from './sql-params.ts';

/** A test of one text value; `empty`: does it hold for ''? */
export type TextTest = { readonly sql: (x: string) => string; readonly empty: boolean };

const isText = (def: FieldDef): boolean => def.type === 'keyword' || def.type === 'text';

export function existsSql(field: string, p: SqlParams): string {
  const computed = computedSql(field, p);
  const own = ownExistsSql(field, p);
  return computed === undefined ? own : `(${own} OR isNotNull(${computed}))`;
}

/** Absent or null. */
export function nullSql(field: string, p: SqlParams): string {
  const computed = computedSql(field, p);
  const own = ownNullSql(field, p);
  return computed === undefined ? own : `if(${ownExistsSql(field, p)}, ${own}, isNull(${computed}))`;
}

/** Does any of the field's values, as text, pass the test? */
export function anyTextSql(field: string, test: TextTest, p: SqlParams): string {
  if (!isComputed(field)) return ownAnyTextSql(field, test, p);
  return `arrayExists(c -> ${test.sql('c')}, ${textsSql(field, p)})`;
}

/** All values as `Array(String)`. */
export function textsSql(field: string, p: SqlParams): string {
  const computed = computedSql(field, p);
  const own = ownTextsSql(field, p);
  if (computed === undefined) return own;
  const made = `arrayMap(c -> assumeNotNull(c), arrayFilter(c -> isNotNull(c), [${computed}]))`;
  return `if(${ownExistsSql(field, p)}, ${own}, ${made})`;
}

function ownExistsSql(field: string, p: SqlParams): string {
  const name = p.bind('String', field);
  const elsewhere = `has(empties, ${name}) OR has(nulls, ${name})`;
  const def = hotField(field);
  if (def === undefined) return `(fields[${name}] != '' OR mapContains(lists, ${name}) OR ${elsewhere})`;
  const col = columnOf(def);
  if (def.ours) return '1';
  if (def.multi) return `(notEmpty(${col}) OR ${elsewhere})`;
  if (isText(def)) return `(${col} != '' OR ${elsewhere})`;
  return `(isNotNull(${col}) OR ${elsewhere})`;
}

function ownNullSql(field: string, p: SqlParams): string {
  const name = p.bind('String', field);
  const def = hotField(field);
  if (def === undefined) {
    return `(fields[${name}] = '' AND NOT mapContains(lists, ${name}) AND NOT has(empties, ${name}))`;
  }
  const col = columnOf(def);
  if (def.ours) return '0';
  if (def.multi) return `(empty(${col}) AND NOT has(empties, ${name}))`;
  if (isText(def)) return `(${col} = '' AND NOT has(empties, ${name}))`;
  return `isNull(${col})`;
}

function ownAnyTextSql(field: string, test: TextTest, p: SqlParams): string {
  const def = hotField(field);
  if (def === undefined) return anyRest(field, test, p);
  const col = columnOf(def);
  if (def.multi) return `arrayExists(x -> ${test.sql(textOf(def, 'x'))}, ${col})`;
  if (isText(def)) {
    if (!test.empty || def.ours) return test.sql(col);
    return `(${test.sql(col)} AND (${col} != '' OR has(empties, ${p.bind('String', field)})))`;
  }
  if (def.ours) return test.sql(textOf(def, col));
  return `(isNotNull(${col}) AND ${test.sql(textOf(def, `assumeNotNull(${col})`))})`;
}

function anyRest(field: string, test: TextTest, p: SqlParams): string {
  const name = p.bind('String', field);
  const list = `arrayExists(x -> ${test.sql('x')}, lists[${name}])`;
  const one = test.sql(`fields[${name}]`);
  if (!test.empty) return `(${one} OR ${list})`;
  return `((fields[${name}] != '' AND ${one}) OR has(empties, ${name}) OR ${list})`;
}

function ownTextsSql(field: string, p: SqlParams): string {
  const name = p.bind('String', field);
  const def = hotField(field);
  if (def === undefined) {
    return `multiIf(fields[${name}] != '', [fields[${name}]], has(empties, ${name}), [''], lists[${name}])`;
  }
  const col = columnOf(def);
  if (def.multi) return `arrayMap(x -> ${textOf(def, 'toString(x)')}, ${col})`;
  if (def.ours) return `[${isText(def) ? `toString(${col})` : textOf(def, col)}]`;
  if (isText(def)) {
    return `if(${col} != '' OR has(empties, ${name}), [toString(${col})], emptyArrayString())`;
  }
  return `if(isNull(${col}), emptyArrayString(), [${textOf(def, `assumeNotNull(${col})`)}])`;
}

/** A present value of the column's type as the text it has live. */
export function textOf(def: FieldDef, x: string): string {
  switch (def.type) {
    case 'keyword':
    case 'text':
      return x;
    case 'ip':
      return ipTextSql(x);
    case 'date':
      return `toString(toUnixTimestamp64Micro(${x}))`;
    default:
      return `toString(${x})`;
  }
}

/** RFC 5952 text: ClickHouse writes `::ffff:1.2.3.4` and, within ::/96, dotted tails where RFC 5952 has hex. */
export function ipTextSql(x: string): string {
  const s = `toString(${x})`;
  const n = `toUInt32(assumeNotNull(toIPv4OrNull(substring(${s}, 3))))`;
  const hex = (u: string): string => `replaceRegexpOne(lower(hex(toUInt16(${u}))), '^0+(.)', '\\\\1')`;
  const tail = `concat('::', if(${n} < 65536, '', concat(${hex(`intDiv(${n}, 65536)`)}, ':')), ${hex(`${n} % 65536`)})`;
  const dotted = `position(${s}, '.') > 0`;
  return `multiIf(startsWith(${s}, '::ffff:') AND ${dotted}, substring(${s}, 8), ${dotted}, ${tail}, ${s})`;
}
