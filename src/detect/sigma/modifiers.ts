/**
 * Sigma's value modifiers, applied in their written order (Sigma modifiers appendix 2.1), and the Condition that a
 * field with the resulting values means.
 *
 * Held by `sigma.test.ts`.
 */
import { listsIn } from '../../condition/placeholder.ts';
import { TIME_PARTS, type TimePart } from '../../condition/time-part.ts';
import type { CompareOp, Condition, PatternPart, PlaceholderPart } from '../../condition/tree.ts';
import {
  base64,
  base64Offsets,
  parsePattern,
  parsePlaceholders,
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

type Text = {
  readonly kind: 'text';
  readonly parts: readonly PlaceholderPart[];
  /** As written, until a modifier changes it (`|re` needs it). */
  readonly raw?: string;
  /** What `base64` encodes after an encoding to UTF-16. */
  readonly bytes?: Uint8Array;
  /** The encoding to UTF-16 has no text form: only a base64 modifier may follow. */
  readonly bytesOnly?: boolean;
};
type Value =
  | Text
  | { readonly kind: 'null' }
  | { readonly kind: 'regex'; readonly source: string; readonly flags: string }
  | { readonly kind: 'cidr'; readonly cidr: string }
  | { readonly kind: 'compare'; readonly op: CompareOp; readonly value: number }
  | { readonly kind: 'exists'; readonly want: boolean }
  | {
      readonly kind: 'timepart';
      readonly part: TimePart;
      readonly op: CompareOp | '==';
      readonly value: number;
    }
  | {
      readonly kind: 'fieldref';
      readonly head: boolean;
      readonly tail: boolean;
      readonly other: string;
    };

const OPS: ReadonlyMap<string, CompareOp> = new Map([
  ['lt', '<'],
  ['lte', '<='],
  ['gt', '>'],
  ['gte', '>='],
]);
/** pySigma's long names beside the specification's letters. */
const REGEX_FLAG: ReadonlyMap<string, string> = new Map([
  ['i', 'i'],
  ['ignorecase', 'i'],
  ['m', 'm'],
  ['multiline', 'm'],
  ['s', 's'],
  ['dotall', 's'],
]);
/** They change how values are linked or compared, wherever they stand. */
const LINKING: ReadonlySet<string> = new Set(['all', 'cased', 'neq']);
/** Smallest and largest value of each part (Sigma modifiers, "Time Modifiers"; ISO years have up to 53 weeks). */
const PART_RANGE: { readonly [K in TimePart]: readonly [number, number] } = {
  minute: [0, 59],
  hour: [0, 23],
  day: [1, 31],
  week: [1, 53],
  month: [1, 12],
  year: [1, 9999],
};

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
  const cased = t.modifiers.includes('cased');
  const all = t.modifiers.includes('all') && t.values.length > 1;
  let count = 0;
  // `|all`: each written value on its own, with all forms that modifiers make of it.
  const groups: Value[][] = t.values.map((v) => {
    const forms = formsOf(v, t);
    count += forms.length;
    if (count > VALUES_MAX)
      throw new SigmaError(t.line, `${t.shown} expands to more than ${VALUES_MAX} values: split the rule`);
    return forms;
  });
  const condition: Condition = all
    ? { kind: 'and', items: groups.map((g) => anyOf(g, t.fields, cased, t)) }
    : anyOf(groups.flat(), t.fields, cased, t);
  return t.modifiers.includes('neq') ? { kind: 'not', item: condition } : condition;
}

function formsOf(v: Scalar, t: FieldTest): Value[] {
  let forms: Value[] = [start(v, t)];
  t.modifiers.forEach((m, i) => {
    if (LINKING.has(m)) return;
    forms = forms.flatMap((x) => applyOne(m, x, t, i));
  });
  for (const f of forms)
    if (f.kind === 'text' && f.bytesOnly === true)
      throw new SigmaError(
        t.line,
        `${t.shown}: beyond ASCII an encoding to UTF-16 has no text form: put |base64 or |base64offset after it`,
      );
  return forms;
}

/** `|expand` is read with the value's own escapes, so it does not matter whether `|contains` stands before it. */
function start(v: Scalar, t: FieldTest): Value {
  if (v === null) return { kind: 'null' };
  if (typeof v !== 'string')
    return { kind: 'text', parts: [{ kind: 'text', text: String(v) }], raw: String(v) };
  const parts = t.modifiers.includes('expand') ? parsePlaceholders(v) : parsePattern(v);
  return { kind: 'text', parts, raw: v };
}

function textValue(m: string, v: Value, t: FieldTest): Text {
  if (v.kind !== 'text') throw new SigmaError(t.line, `${t.shown}: |${m} needs a text value`);
  return v;
}

function plainValue(m: string, v: Value, t: FieldTest): string {
  const text = textValue(m, v, t);
  const p = plainText(text.parts);
  if (p !== undefined) return p;
  const list = listsIn(text.parts)[0];
  throw new SigmaError(
    t.line,
    list === undefined
      ? `${t.shown}: |${m} takes no wildcards: escape them with \\`
      : `${t.shown}: |${m} takes no placeholder (%${list}%)`,
  );
}

/** `|re`, `|cidr` and `|exists` take the value as it is written. */
function unmodified(m: string, v: Value, t: FieldTest, at: number): void {
  const before = t.modifiers.slice(0, at).filter((x) => !LINKING.has(x));
  if (before.length > 0)
    throw new SigmaError(
      t.line,
      `${t.shown}: |${m} comes before |${before[0]}: it takes the value as written`,
    );
  textValue(m, v, t);
}

function applyOne(m: string, v: Value, t: FieldTest, at: number): Value[] {
  const flag = REGEX_FLAG.get(m);
  if (flag !== undefined) {
    if (v.kind !== 'regex') throw new SigmaError(t.line, `${t.shown}: |${m} goes after |re`);
    return [{ ...v, flags: v.flags.includes(flag) ? v.flags : v.flags + flag }];
  }
  const compare = OPS.get(m);
  if (compare !== undefined) return [comparison(m, compare, v, t)];
  const part = TIME_PARTS.find((p) => p === m);
  if (part !== undefined) return [datePart(part, v, t)];
  switch (m) {
    case 'contains':
    case 'startswith':
    case 'endswith':
      return [affix(m, v, t)];
    case 're':
      unmodified(m, v, t, at);
      return [{ kind: 'regex', source: regexSource(t, v), flags: '' }];
    case 'cidr':
      unmodified(m, v, t, at);
      return [{ kind: 'cidr', cidr: plainValue(m, v, t) }];
    case 'windash': {
      const forms = windash(textValue(m, v, t).parts);
      if (forms === undefined)
        throw new SigmaError(t.line, `${t.shown}: too many dashes for |windash: shorten it`);
      return forms.map((parts) => ({ kind: 'text', parts }));
    }
    case 'base64':
      return [literal(base64(bytesOf(m, v, t)))];
    case 'base64offset':
      return base64Offsets(bytesOf(m, v, t)).map(literal);
    case 'wide':
    case 'utf16le':
    case 'utf16be':
    case 'utf16':
      return [wide(m === 'wide' ? 'utf16le' : m, textValue(m, v, t), t)];
    case 'expand':
      textValue(m, v, t);
      return [v];
    case 'fieldref':
      return [fieldref(textValue(m, v, t), t)];
    case 'exists':
      unmodified(m, v, t, at);
      return [{ kind: 'exists', want: truth(plainValue(m, v, t), t) }];
    default:
      throw new SigmaError(t.line, `${t.shown}: unknown modifier |${m}`);
  }
}

function comparison(m: string, op: CompareOp, v: Value, t: FieldTest): Value {
  if (v.kind === 'timepart') return { ...v, op };
  return { kind: 'compare', op, value: numberValue(m, v, t) };
}

function numberValue(m: string, v: Value, t: FieldTest): number {
  const text = plainValue(m, v, t);
  const n = Number(text);
  if (text.trim() === '' || !Number.isFinite(n))
    throw new SigmaError(t.line, `${t.shown}: |${m} needs a number`);
  return n;
}

function datePart(part: TimePart, v: Value, t: FieldTest): Value {
  const value = numberValue(part, v, t);
  const [min, max] = PART_RANGE[part];
  if (!Number.isInteger(value) || value < min || value > max)
    throw new SigmaError(t.line, `${t.shown}: |${part} is a whole number from ${min} to ${max}`);
  return { kind: 'timepart', part, op: '==', value };
}

const literal = (text: string): Value => ({ kind: 'text', parts: [{ kind: 'text', text }] });

function bytesOf(m: string, v: Value, t: FieldTest): Uint8Array {
  const text = plainValue(m, v, t);
  return textValue(m, v, t).bytes ?? Buffer.from(text);
}

/** Wildcards stay between the encoded pieces. */
function wide(form: 'utf16le' | 'utf16be' | 'utf16', v: Text, t: FieldTest): Value {
  const whole = plainText(v.parts);
  const list = listsIn(v.parts)[0];
  if (list !== undefined)
    throw new SigmaError(t.line, `${t.shown}: |${form} takes no placeholder (%${list}%)`);
  const ascii = v.parts.every((p) => p.kind !== 'text' || [...p.text].every((c) => c < '\u0080'));
  if (whole === undefined && !ascii)
    throw new SigmaError(t.line, `${t.shown}: |${form} with wildcards takes ASCII text only`);
  const parts = v.parts.map((p): PlaceholderPart => {
    if (p.kind !== 'text') return p;
    const bytes = utf16(p.text, form === 'utf16' ? 'utf16le' : form);
    return { kind: 'text', text: Buffer.from(bytes).toString('latin1') };
  });
  if (form === 'utf16') parts.unshift({ kind: 'text', text: '\ufeff' });
  const joined = joinTexts(parts);
  return whole === undefined
    ? { kind: 'text', parts: joined }
    : { kind: 'text', parts: joined, bytes: utf16(whole, form), bytesOnly: !ascii };
}

function joinTexts(parts: readonly PlaceholderPart[]): PlaceholderPart[] {
  const out: PlaceholderPart[] = [];
  for (const p of parts) {
    const last = out.at(-1);
    if (p.kind === 'text' && last?.kind === 'text')
      out[out.length - 1] = { kind: 'text', text: last.text + p.text };
    else out.push(p);
  }
  return out;
}

function affix(m: 'contains' | 'startswith' | 'endswith', v: Value, t: FieldTest): Value {
  if (v.kind === 'fieldref')
    return { ...v, head: v.head || m !== 'endswith', tail: v.tail || m !== 'startswith' };
  if (v.kind === 'regex') {
    // A regex is unanchored already; an anchor of its own stays in force.
    if (m === 'startswith') return { ...v, source: `^(?:${v.source})` };
    return m === 'endswith' ? { ...v, source: `(?:${v.source})$` } : v;
  }
  if (v.kind !== 'text') throw new SigmaError(t.line, `${t.shown}: |${m} needs a text value`);
  let parts: readonly PlaceholderPart[] = v.parts;
  if (m !== 'startswith') parts = withPrefix(parts);
  if (m !== 'endswith') parts = withSuffix(parts);
  return { kind: 'text', parts, bytesOnly: v.bytesOnly === true };
}

function regexSource(t: FieldTest, v: Value): string {
  if (v.kind !== 'text' || v.raw === undefined)
    throw new SigmaError(t.line, `${t.shown}: |re comes first among the modifiers and needs a text`);
  if (t.modifiers.includes('expand'))
    throw new SigmaError(
      t.line,
      `${t.shown}: |expand in a regular expression is not supported: use |contains`,
    );
  if (v.raw.length > REGEX_CHARS_MAX)
    throw new SigmaError(
      t.line,
      `${t.shown}: the regular expression is longer than ${REGEX_CHARS_MAX} characters`,
    );
  return v.raw;
}

/** Wildcards from `|contains` and friends before it mean the same as those after it. */
function fieldref(v: Text, t: FieldTest): Value {
  const head = v.parts[0]?.kind === 'any';
  const tail = v.parts.at(-1)?.kind === 'any';
  const name = plainText(v.parts.slice(head ? 1 : 0, tail ? -1 : undefined));
  if (name === undefined || name === '')
    throw new SigmaError(t.line, `${t.shown}: |fieldref needs a field name`);
  return { kind: 'fieldref', head: tail, tail: head, other: name };
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
      return textCondition(field, v, cased);
    case 'regex':
      return { kind: 'regex', field, source: v.source, flags: v.flags };
    case 'cidr':
      return { kind: 'cidr', field, cidr: v.cidr };
    case 'compare':
      return { kind: 'compare', field, op: v.op, value: v.value };
    case 'exists':
      return { kind: 'exists', field };
    case 'timepart':
      return { kind: 'timepart', field, part: v.part, op: v.op, value: v.value };
    case 'fieldref': {
      const op = v.head && v.tail ? 'contains' : v.head ? 'startswith' : v.tail ? 'endswith' : 'equals';
      return or(t.mapField(v.other).map((other) => ({ kind: 'fieldref', field, op, other, cased })));
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
  const pattern = patternOf(v.parts);
  return pattern === undefined
    ? { kind: 'placeholder', field: '', parts: v.parts, cased }
    : { kind: 'keyword', pattern, cased };
}

function textCondition(field: string, v: Text, cased: boolean): Condition {
  const pattern = patternOf(v.parts);
  return pattern === undefined
    ? { kind: 'placeholder', field, parts: v.parts, cased }
    : { kind: 'like', field, pattern, cased };
}

/** The parts where no placeholder is among them. */
function patternOf(parts: readonly PlaceholderPart[]): readonly PatternPart[] | undefined {
  const out: PatternPart[] = [];
  for (const p of parts) {
    if (p.kind === 'list') return undefined;
    out.push(p);
  }
  return out;
}

export const or = (items: readonly Condition[]): Condition =>
  items.length === 1 && items[0] !== undefined ? items[0] : { kind: 'or', items };
export const and = (items: readonly Condition[]): Condition =>
  items.length === 1 && items[0] !== undefined ? items[0] : { kind: 'and', items };
