/**
 * Sigma's value modifiers, applied in their written order (Sigma modifiers appendix 2.1), and the Condition that a
 * field with the resulting values means.
 *
 * Held by `sigma.test.ts`.
 */
import type { CompareOp, Condition, PatternPart } from '../../condition/tree.ts';
import {
  base64,
  base64Offsets,
  parsePattern,
  plainText,
  utf16,
  windash,
  withPrefix,
  withSuffix,
} from './pattern.ts';
import type { Scalar } from './yaml.ts';

/** Raised with a sentence for the rule's author; `load.ts` adds file and line. */
export class SigmaError extends Error {
  readonly line: number;
  constructor(line: number, reason: string) {
    super(reason);
    this.line = line;
  }
}

/** Values of one field after modifiers, at most. */
export const VALUES_MAX = 20_000;
export const REGEX_CHARS_MAX = 4096;

type Value =
  /** `raw`: as written, until a modifier changes it (`|re` needs it). */
  | {
      readonly kind: 'text';
      readonly parts: readonly PatternPart[];
      readonly raw?: string;
      readonly bytes?: Uint8Array;
    }
  | { readonly kind: 'null' }
  | { readonly kind: 'regex'; readonly source: string; readonly flags: string }
  | { readonly kind: 'cidr'; readonly cidr: string }
  | { readonly kind: 'compare'; readonly op: CompareOp; readonly value: number }
  | { readonly kind: 'exists'; readonly want: boolean }
  | { readonly kind: 'list'; readonly list: string }
  | {
      readonly kind: 'fieldref';
      readonly op: 'equals' | 'startswith' | 'endswith' | 'contains';
      readonly other: string;
    };

const OPS: ReadonlyMap<string, CompareOp> = new Map([
  ['lt', '<'],
  ['lte', '<='],
  ['gt', '>'],
  ['gte', '>='],
]);

export type FieldTest = {
  /** Names to try, all of which may hold the value (from the taxonomy); empty for keywords. */
  readonly fields: readonly string[];
  /** As written, for messages. */
  readonly shown: string;
  readonly modifiers: readonly string[];
  readonly values: readonly Scalar[];
  readonly line: number;
  /** Maps the field name that a `fieldref` names. */
  readonly mapField: (name: string) => readonly string[];
};

/** The Condition of `field|modifiers: values`. */
export function fieldCondition(t: FieldTest): Condition {
  const mods = t.modifiers;
  const cased = mods.includes('cased');
  const all = mods.includes('all');
  const negated = mods.includes('neq');
  let values: Value[] = t.values.map((v) => start(v));
  for (const m of mods) {
    if (m === 'all' || m === 'cased' || m === 'neq') continue;
    values = values.flatMap((v) => applyOne(m, v, t));
    if (values.length > VALUES_MAX)
      throw new SigmaError(t.line, `${t.shown} expands to more than ${VALUES_MAX} values: split the rule`);
  }
  const condition = all && t.values.length > 1 ? allOf(t, cased) : anyOf(values, t.fields, cased, t);
  return negated ? { kind: 'not', item: condition } : condition;
}

/** `|all`: each written value on its own, with all forms that modifiers make of it. */
function allOf(t: FieldTest, cased: boolean): Condition {
  const rest = t.modifiers.filter((m) => m !== 'all' && m !== 'neq' && m !== 'cased');
  const items = t.values.map((v) => {
    let forms: Value[] = [start(v)];
    for (const m of rest) forms = forms.flatMap((x) => applyOne(m, x, t));
    return anyOf(forms, t.fields, cased, t);
  });
  return { kind: 'and', items };
}

function start(v: Scalar): Value {
  if (v === null) return { kind: 'null' };
  if (typeof v === 'string') return { kind: 'text', parts: parsePattern(v), raw: v };
  return { kind: 'text', parts: [{ kind: 'text', text: String(v) }], raw: String(v) };
}

function applyOne(m: string, v: Value, t: FieldTest): Value[] {
  const text = (): Extract<Value, { kind: 'text' }> => {
    if (v.kind !== 'text') throw new SigmaError(t.line, `${t.shown}: |${m} needs a text value`);
    return v;
  };
  const plain = (): string => {
    const p = plainText(text().parts);
    if (p === undefined)
      throw new SigmaError(t.line, `${t.shown}: |${m} takes no wildcards: escape them with \\`);
    return p;
  };
  const compare = OPS.get(m);
  if (compare !== undefined) {
    const n = Number(plain());
    if (plain().trim() === '' || !Number.isFinite(n))
      throw new SigmaError(t.line, `${t.shown}: |${m} needs a number`);
    return [{ kind: 'compare', op: compare, value: n }];
  }
  switch (m) {
    case 'contains':
    case 'startswith':
    case 'endswith':
      return [affix(m, v, t)];
    case 're':
      return [{ kind: 'regex', source: regexSource(t, v), flags: '' }];
    case 'i':
    case 'm':
    case 's':
      if (v.kind !== 'regex') throw new SigmaError(t.line, `${t.shown}: |${m} goes after |re`);
      return [{ ...v, flags: v.flags + m }];
    case 'cidr':
      return [{ kind: 'cidr', cidr: plain() }];
    case 'windash': {
      const forms = windash(text().parts);
      if (forms === undefined)
        throw new SigmaError(t.line, `${t.shown}: too many dashes for |windash: shorten it`);
      return forms.map((parts) => ({ kind: 'text', parts }));
    }
    case 'base64':
      return [literal(base64(bytesOf(text(), plain())))];
    case 'base64offset':
      return base64Offsets(bytesOf(text(), plain())).map(literal);
    case 'wide':
    case 'utf16le':
    case 'utf16be':
    case 'utf16': {
      const bytes = utf16(plain(), m === 'wide' ? 'utf16le' : m);
      return [{ kind: 'text', parts: [{ kind: 'text', text: Buffer.from(bytes).toString('utf8') }], bytes }];
    }
    case 'expand':
      return [placeholder(text().parts, t)];
    case 'fieldref':
      return [fieldref(text().parts, t)];
    case 'exists':
      return [{ kind: 'exists', want: truth(plain(), t) }];
    case 'minute':
    case 'hour':
    case 'day':
    case 'week':
    case 'month':
    case 'year':
      throw new SigmaError(
        t.line,
        `${t.shown}: the time modifier |${m} is not supported yet: remove the test`,
      );
    default:
      throw new SigmaError(t.line, `${t.shown}: unknown modifier |${m}`);
  }
}

const literal = (text: string): Value => ({ kind: 'text', parts: [{ kind: 'text', text }] });
const bytesOf = (v: { readonly bytes?: Uint8Array }, text: string): Uint8Array =>
  v.bytes ?? Buffer.from(text);

function affix(m: 'contains' | 'startswith' | 'endswith', v: Value, t: FieldTest): Value {
  if (v.kind === 'fieldref') return { ...v, op: m };
  if (v.kind === 'regex') {
    // A regex is unanchored already; an anchor of its own stays in force.
    if (m === 'startswith') return { ...v, source: `^(?:${v.source})` };
    return m === 'endswith' ? { ...v, source: `(?:${v.source})$` } : v;
  }
  if (v.kind !== 'text') throw new SigmaError(t.line, `${t.shown}: |${m} needs a text value`);
  let parts: readonly PatternPart[] = v.parts;
  if (m !== 'startswith') parts = withPrefix(parts);
  if (m !== 'endswith') parts = withSuffix(parts);
  return { kind: 'text', parts };
}

function regexSource(t: FieldTest, v: Value): string {
  if (v.kind !== 'text' || v.raw === undefined)
    throw new SigmaError(t.line, `${t.shown}: |re comes first among the modifiers and needs a text`);
  if (v.raw.length > REGEX_CHARS_MAX)
    throw new SigmaError(
      t.line,
      `${t.shown}: the regular expression is longer than ${REGEX_CHARS_MAX} characters`,
    );
  return v.raw;
}

function placeholder(parts: readonly PatternPart[], t: FieldTest): Value {
  const text = plainText(parts);
  const m = text === undefined ? null : /^%([^%]+)%$/.exec(text);
  if (m?.[1] !== undefined) return { kind: 'list', list: m[1] };
  const named = parts.flatMap((p) =>
    p.kind === 'text' ? [...p.text.matchAll(/%([^%]+)%/g)].map((x) => x[0]) : [],
  );
  if (named.length === 0) return { kind: 'text', parts };
  throw new SigmaError(
    t.line,
    `${t.shown}: the placeholder ${named[0]} stands inside a longer value, which has no value here: write it alone, as '%name%', and make a list of that name`,
  );
}

function fieldref(parts: readonly PatternPart[], t: FieldTest): Value {
  const head = parts[0]?.kind === 'any';
  const tail = parts.at(-1)?.kind === 'any';
  const name = plainText(parts.slice(head ? 1 : 0, tail ? -1 : undefined));
  if (name === undefined || name === '')
    throw new SigmaError(t.line, `${t.shown}: |fieldref needs a field name`);
  const op = head && tail ? 'contains' : head ? 'endswith' : tail ? 'startswith' : 'equals';
  return { kind: 'fieldref', op, other: name };
}

function truth(text: string, t: FieldTest): boolean {
  if (/^(true|yes)$/i.test(text)) return true;
  if (/^(false|no)$/i.test(text)) return false;
  throw new SigmaError(t.line, `${t.shown}: |exists takes true or false`);
}

/** OR over values and over the names a field may have. */
function anyOf(values: readonly Value[], fields: readonly string[], cased: boolean, t: FieldTest): Condition {
  if (t.fields.length === 0) return or(values.map((v) => keyword(v, cased, t)));
  const perField = fields.map((field) => ({ field, items: [] as Condition[] }));
  const nulls = values.some((v) => v.kind === 'null');
  const absent = values.some((v) => v.kind === 'exists' && !v.want);
  for (const { field, items } of perField) {
    const exact: string[] = [];
    for (const v of values) {
      if (v.kind === 'null' || (v.kind === 'exists' && !v.want)) continue;
      const text = v.kind === 'text' ? plainText(v.parts) : undefined;
      if (text !== undefined) exact.push(text);
      else items.push(single(field, v, cased, t));
    }
    if (exact.length > 0) items.unshift({ kind: 'equals', field, values: exact, cased });
  }
  const items = perField.flatMap((f) => f.items);
  // Absent or null means so under every name the field may have.
  if (nulls) items.push(and(fields.map((field) => ({ kind: 'null', field }))));
  if (absent) items.push(and(fields.map((field) => ({ kind: 'not', item: { kind: 'exists', field } }))));
  return or(items);
}

function single(field: string, v: Value, cased: boolean, t: FieldTest): Condition {
  switch (v.kind) {
    case 'text':
      return { kind: 'like', field, pattern: v.parts, cased };
    case 'regex':
      return { kind: 'regex', field, source: v.source, flags: v.flags };
    case 'cidr':
      return { kind: 'cidr', field, cidr: v.cidr };
    case 'compare':
      return { kind: 'compare', field, op: v.op, value: v.value };
    case 'exists':
      return { kind: 'exists', field };
    case 'list':
      return { kind: 'inlist', field, list: v.list };
    case 'fieldref': {
      const others = t.mapField(v.other);
      return or(others.map((other) => ({ kind: 'fieldref', field, op: v.op, other, cased })));
    }
    case 'null':
      return { kind: 'null', field };
  }
}

function keyword(v: Value, cased: boolean, t: FieldTest): Condition {
  if (v.kind !== 'text')
    throw new SigmaError(t.line, 'a keyword is a text: put other tests under a field name');
  if (v.parts.length === 0)
    throw new SigmaError(t.line, 'an empty keyword is found in every event: remove it');
  return { kind: 'keyword', pattern: v.parts, cased };
}

export const or = (items: readonly Condition[]): Condition =>
  items.length === 1 && items[0] !== undefined ? items[0] : { kind: 'or', items };
export const and = (items: readonly Condition[]): Condition =>
  items.length === 1 && items[0] !== undefined ? items[0] : { kind: 'and', items };
