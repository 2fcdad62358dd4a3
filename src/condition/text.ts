/**
 * How values become comparable text. Both back ends use these definitions: `evaluate.ts` runs them, `src/query/sql.ts`
 * binds needles made by them and says the same in SQL. Held by `evaluate.test.ts` and `src/query/exact.int.test.ts`.
 */
import { type FieldType, hotField } from '../model/catalogue.ts';
import type { FieldValue, Scalar } from '../model/event.ts';
import { parseIp } from '../model/ip.ts';

/** Text as the store can keep it: lone surrogates become U+FFFD. */
export const wellFormed = (s: string): string => (s.isWellFormed() ? s : s.toWellFormed());

/**
 * Case folding: Unicode lower case with final sigma as plain sigma, so that folding never depends on a letter's
 * neighbours. The Kelvin sign folds to k; dotless i stays itself. SQL: `lowerUTF8`, and `replaceAll(.., 'ς', 'σ')`
 * where the needle holds a sigma.
 */
export const fold = (s: string): string => wellFormed(s).toLowerCase().replaceAll('ς', 'σ');

/** A number as text: plain decimal, optional exponent. No hex, no blanks, no Infinity. */
export const NUMBER_SOURCE = '^[+-]?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]{1,3})?$';
/** The same with the number as group 1, for `extract`. */
export const NUMBER_GROUP = '^([+-]?[0-9]+(?:[.][0-9]+)?(?:[eE][+-]?[0-9]{1,3})?)$';
const NUMBER = new RegExp(NUMBER_SOURCE);
/** Longer texts are no numbers for comparison. UTF-16 units. */
export const NUMBER_CHARS_MAX = 64;

export function numberOf(text: string): number | undefined {
  if (text.length > NUMBER_CHARS_MAX || !NUMBER.test(text)) return undefined;
  const n = Number(text);
  return Number.isFinite(n) ? n : undefined;
}

/** A token is a run of ASCII letters and digits and of anything beyond ASCII (ClickHouse's `splitByNonAlpha`). */
const TOKEN = /[0-9A-Za-z\u0080-\u{10ffff}]+/gu;

export const tokensOf = (text: string): string[] => wellFormed(text).match(TOKEN) ?? [];

/** Tokens of a `words` node, folded, in order. */
export const needleTokens = (words: readonly string[]): string[] => words.flatMap((w) => tokensOf(fold(w)));

/** True for a field whose values compare as addresses. */
export const typeOf = (field: string): FieldType | 'any' => hotField(field)?.type ?? 'any';

/** What texts of the field are compared with for equality, before folding: addresses in their one form. */
export function equalTexts(c: {
  readonly field: string;
  readonly values: readonly string[];
}): readonly string[] {
  return typeOf(c.field) === 'ip' ? c.values.map((v) => parseIp(v) ?? v) : c.values;
}

const textOf = (v: Exclude<Scalar, null>, ip: boolean): string => {
  const s = wellFormed(String(v));
  return ip ? (parseIp(s) ?? s) : s;
};

const NONE: readonly string[] = [];

/** A field's values as text; null and absent give none. Addresses in ip-typed fields are canonical. */
export function textsOf(value: FieldValue | undefined, type: FieldType | 'any'): readonly string[] {
  if (value === undefined || value === null) return NONE;
  const ip = type === 'ip';
  if (!Array.isArray(value)) return [textOf(value as Exclude<Scalar, null>, ip)];
  const out: string[] = [];
  for (const v of value as readonly Scalar[]) if (v !== null) out.push(textOf(v, ip));
  return out;
}
