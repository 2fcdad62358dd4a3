/**
 * Query text from clicked values. Exact by construction: a value becomes a quoted literal with `\` and `"` escaped and
 * is compared with `==`, so `*`, `?`, ` OR ` or a quote in it match only themselves. Held by query-text.test.ts.
 */
import type { FieldValue, Scalar } from '../../../src/model/event.ts';

/** A quoted literal. Control characters travel as `\u{..}`, so that the query stays one readable line. */
export const quote = (text: string): string =>
  `"${text.replace(/[\\"]/g, '\\$&').replace(/[\u0000-\u001f\u007f]/g, (c) => `\\u{${c.charCodeAt(0).toString(16)}}`)}"`;

/**
 * A dotted name stands bare. One without a dot may be a short name of the grammar (`status`, `ip`), and an odd one is no
 * word at all: both are quoted, which always means the field of exactly that name.
 */
const BARE_FIELD = /^(@timestamp|[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)+)$/;
/** Bare, these stand for several fields (`FIELD_GROUPS` of the grammar). */
const GROUPS: ReadonlySet<string> = new Set(['event.type', 'event.domain', 'event.issuer']);
export const fieldName = (name: string): string =>
  BARE_FIELD.test(name) && !GROUPS.has(name) ? name : quote(name);

/** The condition that holds exactly for events whose field has this value. */
export function matches(field: string, value: Scalar): string {
  if (value === null) return `null(${fieldName(field)})`;
  return `${fieldName(field)} == ${quote(String(value))}`;
}

/** Kinds that the grammar takes as `kind:value`, and values that need no quotes there. */
const PLAIN_ENTITY = /^(ip:[0-9a-f.:]+|(user|host):[A-Za-z0-9][A-Za-z0-9._-]*)$/;

/** Everything of an entity as events name it: `ip:10.0.1.5`; exactly, whatever characters its name holds. */
export const entityQuery = (entity: string): string =>
  PLAIN_ENTITY.test(entity) ? entity : `entity(${quote(entity)})`;

const REGEX = /\/((?:\\[^\s]|[^\\\s/])+)\/[a-z]*(?=$|[\s),|])/y;

/** The filter and the pipes of a query, cut at the first `|` that stands outside quotes and regular expressions. */
export function splitPipes(query: string): { readonly filter: string; readonly pipes: string } {
  let quoted = false;
  for (let i = 0; i < query.length; i++) {
    const c = query[i];
    if (c === '\\') i++;
    else if (c === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (c === '/' && /^$|[\s(,:~]$/.test(query.slice(Math.max(0, i - 1), i))) {
      REGEX.lastIndex = i;
      if (REGEX.test(query)) i = REGEX.lastIndex - 1;
    } else if (c === '|') return { filter: query.slice(0, i).trim(), pipes: query.slice(i).trim() };
  }
  return { filter: query.trim(), pipes: '' };
}

/** An OR at the top level would swallow what is added after it. */
const needsParens = (filter: string): boolean =>
  /(^|[\s)])OR([\s(]|$)/.test(filter.replace(/"(?:\\.|[^"\\])*"/g, '""'));

/** The query narrowed by a condition; pipes stay behind the filter. */
export function narrow(query: string, condition: string): string {
  const { filter, pipes } = splitPipes(query);
  const base = filter === '' ? condition : `${needsParens(filter) ? `(${filter})` : filter} AND ${condition}`;
  return pipes === '' ? base : `${base} ${pipes}`;
}

export const filterIn = (query: string, field: string, value: Scalar): string =>
  narrow(query, matches(field, value));
export const filterOut = (query: string, field: string, value: Scalar): string =>
  narrow(query, `NOT (${matches(field, value)})`);

/** Top values of a field among what the query finds. */
export const topValuesQuery = (query: string, field: string): string =>
  `${splitPipes(query).filter} | stats count() by ${fieldName(field)} | sort -count | head 10`.trim();

const ENTITY_FIELDS: readonly (readonly [RegExp, 'ip' | 'user' | 'host'])[] = [
  [/(^|\.)ip$/, 'ip'],
  [/^user\.(effective\.|target\.)?name$/, 'user'],
  [/^(host\.name|source\.domain|destination\.domain)$/, 'host'],
];

/** The entity that a field's value names, if it names one. */
export function entityOf(
  field: string,
  value: string,
): { readonly kind: 'ip' | 'user' | 'host'; readonly text: string } | undefined {
  if (value === '') return undefined;
  for (const [re, kind] of ENTITY_FIELDS) if (re.test(field)) return { kind, text: `${kind}:${value}` };
  return undefined;
}

/** `ip:10.0.1.5` as kind and name; the name may hold colons. */
export function splitEntity(entity: string): { readonly kind: string; readonly name: string } {
  const i = entity.indexOf(':');
  return i < 0 ? { kind: '', name: entity } : { kind: entity.slice(0, i), name: entity.slice(i + 1) };
}

export const valueList = (value: FieldValue): readonly Scalar[] =>
  Array.isArray(value) ? (value as readonly Scalar[]) : [value as Scalar];

/** A value as shown: null is said, text stays text. */
export const scalarText = (value: Scalar): string => (value === null ? 'null' : String(value));
