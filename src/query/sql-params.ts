/**
 * Values on their way into SQL. Everything from outside is bound (`{p1:String}`, value apart); the SQL text itself is
 * made of constants of this folder and column names of the catalogue, nothing else. Held by `hostile.test.ts`.
 */
import { assert } from '../base/result.ts';
import { wellFormed } from '../condition/text.ts';
import { type FieldDef, hotField } from '../model/catalogue.ts';

export type SqlValue = string | number | readonly string[] | readonly number[];
export type SqlParamValues = Readonly<Record<string, SqlValue>>;

type ParamType =
  | 'String'
  | 'Int64'
  | 'Float64'
  | 'UInt64'
  | 'UInt32'
  | 'IPv6'
  | 'Array(String)'
  | 'Array(Int64)'
  | 'Array(UInt64)'
  | 'Array(UInt32)'
  | 'Array(IPv6)';

export class SqlParams {
  readonly values: Record<string, SqlValue> = Object.create(null);
  readonly #texts = new Map<string, string>();
  #count = 0;

  /** The placeholder to write into the SQL. Equal strings share one. */
  bind(type: ParamType, value: SqlValue): string {
    if (typeof value === 'number') return this.#add(type, value);
    if (typeof value !== 'string') return this.#add(type, cleaned(value));
    const key = `${type} ${value}`;
    const old = this.#texts.get(key);
    if (old !== undefined) return old;
    const made = this.#add(type, wellFormed(value));
    this.#texts.set(key, made);
    return made;
  }

  #add(type: ParamType, value: SqlValue): string {
    const name = `p${++this.#count}`;
    this.values[name] = value;
    return `{${name}:${type}}`;
  }
}

const cleaned = (values: readonly string[] | readonly number[]): SqlValue =>
  values.every((v) => typeof v === 'string') ? values.map(wellFormed) : values;

/** The column of a hot field; the pattern is a second belt, as names come from the catalogue alone. */
export function columnOf(def: FieldDef): string {
  assert(hotField(def.name) === def && /^[a-z][a-z0-9_]*$/.test(def.column), `column of ${def.name}`);
  return def.column;
}
