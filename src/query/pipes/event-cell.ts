/**
 * Fields of an event as single values for pipes: NULL where absent, several values joined. In pipes, `event.original` is
 * the raw text. Held by `golden.test.ts`, `exact.int.test.ts` and `pipes.int.test.ts`.
 */
import { type FieldDef, hotField } from '../../model/catalogue.ts';
import type { Typed, ValueType } from '../expression-sql.ts';
import { textOf, textsSql } from '../sql-field.ts';
import { columnOf, type SqlParams } from '../sql-params.ts';

export const RAW_TEXT = 'event.original';

export function fieldType(field: string): ValueType {
  const def = hotField(field);
  if (def === undefined || def.multi) return 'text';
  if (def.type === 'date') return 'time';
  return def.type === 'long' || def.type === 'double' ? 'number' : 'text';
}

export function cellSql(field: string, p: SqlParams): Typed {
  const type = fieldType(field);
  if (field === RAW_TEXT) return { sql: 'toValidUTF8(raw)', type };
  const def = hotField(field);
  if (def !== undefined && !def.multi) return { sql: scalarSql(def, p), type };
  const texts = textsSql(field, p);
  return { sql: `if(empty(${texts}), NULL, arrayStringConcat(${texts}, ', '))`, type };
}

function scalarSql(def: FieldDef, p: SqlParams): string {
  const col = columnOf(def);
  if (def.type === 'keyword' || def.type === 'text') {
    if (def.ours) return `toString(${col})`;
    const name = p.bind('String', def.name);
    return `if(${col} = '' AND NOT has(empties, ${name}), NULL, toString(${col}))`;
  }
  if (fieldType(def.name) !== 'text') return col;
  if (def.ours) return textOf(def, col);
  return `if(isNull(${col}), NULL, ${textOf(def, `assumeNotNull(${col})`)})`;
}

/** A field to group by: one row per value. */
export function groupSql(field: string, p: SqlParams): string {
  const def = hotField(field);
  if (def !== undefined && !def.multi) return cellSql(field, p).sql;
  const texts = textsSql(field, p);
  return `arrayJoin(if(empty(${texts}), [NULL], arrayMap(x -> toNullable(toString(x)), ${texts})))`;
}
