/**
 * A condition as query text. `parseQuery(print(t))` gives `t` again for every tree that the parser can make (held by
 * `src/query/print.prop.test.ts`); the rest comes out as readable text of the same meaning where there is one.
 * Field names without a dot, or that also stand for several fields, are quoted, because a quoted name is no alias; values are quoted, hence literal.
 */
import { never } from '../base/result.ts';
import { FIELD_GROUPS } from './language/aliases.ts';
import { printTestNode } from './print-expression.ts';
import { needleTokens } from './text.ts';
import type { Condition, PatternPart } from './tree.ts';

const PLAIN_FIELD = /^[A-Za-z_@][A-Za-z0-9_@-]*([.][A-Za-z0-9_@-]+)+$/;
const PLAIN_LIST = /^[a-z][a-z0-9_.-]*$/;
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ud800-\udfff]/u;

/** Quoted text that reads back as exactly `s`. */
export function quote(s: string): string {
  let out = '"';
  for (const c of s) out += c === '"' || c === '\\' ? `\\${c}` : CONTROL.test(c) ? codeOf(c) : c;
  return `${out}"`;
}

const codeOf = (c: string): string => `\\u{${(c.codePointAt(0) as number).toString(16)}}`;

export const printField = (name: string): string =>
  PLAIN_FIELD.test(name) && !FIELD_GROUPS.has(name) ? name : quote(name);

/** A pattern as an unquoted word; text alone is quoted. */
export function printPattern(pattern: readonly PatternPart[]): string {
  if (pattern.every((p) => p.kind === 'text')) return quote(pattern.map((p) => p.text).join(''));
  return pattern.map((p) => (p.kind === 'any' ? '*' : p.kind === 'one' ? '?' : escapeWord(p.text))).join('');
}

function escapeWord(text: string): string {
  let out = '';
  for (const c of text) {
    if (CONTROL.test(c) || /\s/.test(c)) out += codeOf(c);
    else out += '*?\\/()",|:=!<>'.includes(c) ? `\\${c}` : c;
  }
  return out;
}

export function print(cond: Condition): string {
  switch (cond.kind) {
    case 'and':
    case 'or':
      if (cond.items.length === 0) return cond.kind === 'and' ? 'true()' : 'false()';
      return cond.items.map(printInner).join(cond.kind === 'and' ? ' AND ' : ' OR ');
    case 'not':
      return `NOT ${printInner(cond.item)}`;
    case 'const':
      return cond.value ? 'true()' : 'false()';
    case 'exists':
    case 'null':
      return `${cond.kind}(${printField(cond.field)})`;
    case 'compare':
      return `${printField(cond.field)} ${cond.op} ${cond.value}`;
    case 'fieldref':
      return cased(cond.cased, `fieldref(${printField(cond.field)}, ${cond.op}, ${printField(cond.other)})`);
    case 'inlist':
      return `${printField(cond.field)} IN ${PLAIN_LIST.test(cond.list) ? cond.list : quote(cond.list)}`;
    case 'placeholder':
      return `${cond.field === '' ? 'keyword' : printField(cond.field)}: ${quote(cond.parts.map((p) => (p.kind === 'list' ? `%${p.list}%` : p.kind === 'text' ? p.text : p.kind === 'any' ? '*' : '?')).join(''))}`;
    case 'test':
      return printTestNode(cond, { condition: print, field: printField, quote });
    case 'timepart':
      return `${cond.part}(${printField(cond.field)}) ${cond.op} ${cond.value}`;
    case 'words':
      // Without a token it matches nothing, and could not be read back.
      return needleTokens(cond.words).length === 0 ? 'false()' : quote(cond.words.join(' '));
    case 'keyword':
      return cased(cond.cased, `keyword(${printPattern(cond.pattern)})`);
    case 'entity':
      return `entity(${quote(cond.entity)})`;
    default:
      return printTest(cond);
  }
}

function printTest(cond: Extract<Condition, { kind: 'equals' | 'like' | 'regex' | 'cidr' }>): string {
  const field = printField(cond.field);
  switch (cond.kind) {
    case 'equals': {
      const [first] = cond.values;
      if (first === undefined) return 'false()';
      if (cond.values.length === 1)
        return cond.cased ? `${field} == ${quote(first)}` : `${field}:${quote(first)}`;
      return `${field} ${cond.cased ? '==' : 'IN'} (${cond.values.map(quote).join(', ')})`;
    }
    case 'like': {
      const pattern = cond.pattern.filter((p) => p.kind !== 'text' || p.text !== '');
      // `field:*` is `exists`; a lone `*` here asks for a value that is text.
      if (pattern.length > 0 && pattern.every((p) => p.kind === 'any')) return `${field} =~ ""`;
      return cased(cond.cased, `${field}:${printPattern(pattern)}`);
    }
    case 'regex':
      return `${field} =~ ${quote(cond.source)}${cond.flags}`;
    case 'cidr':
      // An address alone would read as a value.
      return `${field}:${cond.cidr.includes('/') ? cond.cidr : `${cond.cidr}/${cond.cidr.includes(':') ? 128 : 32}`}`;
    default:
      return never(cond);
  }
}

const cased = (is: boolean, text: string): string => (is ? `cased(${text})` : text);

const printInner = (c: Condition): string =>
  (c.kind === 'and' || c.kind === 'or') && c.items.length > 0 ? `(${print(c)})` : print(c);

/** Query text that matches exactly this value of this field and nothing else (a clicked value). */
export const literal = (field: string, value: string): string => `${printField(field)} == ${quote(value)}`;
