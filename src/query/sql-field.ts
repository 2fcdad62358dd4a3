/**
 * How a field's values lie in the event table, as SQL. Contract (the store's `schema.ts`): a present empty string has
 * its name in `empties`, a present null in `nulls`, a list of a field without a column is in `lists`, any other value
 * of such a field in `fields` as text; hot strings are '' and hot numbers, addresses and dates NULL where absent; the
 * pipeline's own fields are always present.
 * `fields` holds no empty text, so presence is `!= ''`: `mapContains` misses the key '' of a LowCardinality map (26.7).
 * Every expression is 0 or 1, never NULL, so that NOT is the complement. Held by `exact.int.test.ts`.
 */
import { type FieldDef, hotField } from '../model/catalogue.ts';
import { computedSql } from './sql-computed.ts';
import { columnOf, type SqlParams } from './sql-params.ts';

/** A test of one text value; `empty`: does it hold for ''? */
export type TextTest = { readonly sql: (x: string) => string; readonly empty: boolean };

const isText = (def: FieldDef): boolean => def.type === 'keyword' || def.type === 'text';
export function existsSql(field: string, p: SqlParams): string {
  const computed = computedSql(field, p);
  if (computed !== undefined) return `isNotNull(${computed})`;
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

/** Absent or null. */
export function nullSql(field: string, p: SqlParams): string {
  const computed = computedSql(field, p);
  if (computed !== undefined) return `isNull(${computed})`;
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

/** Does any of the field's values, as text, pass the test? */
export function anyTextSql(field: string, test: TextTest, p: SqlParams): string {
  const computed = computedSql(field, p);
  if (computed !== undefined)
    return `arrayExists(c -> isNotNull(c) AND ${test.sql('assumeNotNull(c)')}, [${computed}])`;
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

/** All values as `Array(String)`. */
export function textsSql(field: string, p: SqlParams): string {
  const computed = computedSql(field, p);
  if (computed !== undefined)
    return `if(isNull(${computed}), emptyArrayString(), [assumeNotNull(${computed})])`;
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
