/**
 * The index over some rules: one pass over an event's fields marks every rule whose witness fired.
 *
 * Contract: never omits a rule that the event meets (held by `engine.prop.test.ts`).
 */
import { reader } from '../../condition/computed.ts';
import { keywordSees, type Judged } from '../../condition/evaluate.ts';
import { textsOf, typeOf } from '../../condition/text.ts';
import type { Condition } from '../../condition/tree.ts';
import type { FieldType } from '../../model/catalogue.ts';
import { EventFields, type FieldValue } from '../../model/event.ts';
import { foldForGate, Marks, type Pattern } from './automaton.ts';
import { GramCounts, Needles } from './needles.ts';
import {
  ANYWHERE,
  asciiPiece,
  COMMON_TEXT,
  type Frequency,
  type Literal,
  literalKey,
  literalsOf,
  witnessOf,
} from './witness.ts';

export type Indexed = { readonly rule: number; readonly condition: Condition };

/** With more whole values than this a field gets a map for them; fewer are looked for like parts. */
const EXACT_AS_PARTS_MAX = 64;

type FieldIndex = {
  readonly read: ReturnType<typeof reader>;
  readonly type: FieldType | 'any';
  readonly present: Int32Array;
  /** Rules that need a character beyond ASCII. */
  readonly wide: Int32Array;
  readonly exact: ReadonlyMap<string, Int32Array> | undefined;
  readonly needles: Needles | undefined;
};

export type RuleIndex = {
  /** Marks every rule that the event can meet. */
  scan(e: Judged, marks: Marks): void;
  /** Roughly. */
  readonly bytes: number;
};

const COMMON_GRAMS = new GramCounts();
COMMON_GRAMS.add(COMMON_TEXT);

type Building = {
  present: Set<number>;
  wide: Set<number>;
  exact: Map<string, Set<number>>;
  patterns: Pattern[];
};

export function makeIndex(
  rules: readonly Indexed[],
  often: Frequency,
  counts: GramCounts = COMMON_GRAMS,
): RuleIndex {
  /** Rules without a witness: marked for every event. */
  const always: number[] = [];
  const fields = new Map<string, Building>();
  for (const { rule, condition } of rules) {
    const witness = witnessOf(condition, often);
    if (witness === undefined) {
      always.push(rule);
      continue;
    }
    for (const l of witness) put(fields, l, rule);
  }
  const any = fields.get(ANYWHERE);
  fields.delete(ANYWHERE);
  const made = [...fields].map(([name, b]) => makeField(name, b, counts));
  const anywhere = any === undefined ? undefined : makeAnywhere(any, counts);
  const all = Int32Array.from(always);
  return {
    bytes: made.reduce((sum, f) => sum + bytesOf(f), anywhere?.needles.bytes ?? 0),
    scan: (e, marks) => {
      addAll(all, marks);
      for (const f of made) scanField(f, f.read(e.fields), marks);
      if (anywhere !== undefined) scanAll(anywhere, e, marks);
    },
  };
}

/** An entry of a map, its key and a short list. */
const EXACT_BYTES = 100;
const bytesOf = (f: FieldIndex): number => (f.needles?.bytes ?? 0) + (f.exact?.size ?? 0) * EXACT_BYTES;

function put(fields: Map<string, Building>, l: Literal, rule: number): void {
  let b = fields.get(l.field);
  if (b === undefined) {
    b = { present: new Set(), wide: new Set(), exact: new Map(), patterns: [] };
    fields.set(l.field, b);
  }
  if (l.kind === 'present') b.present.add(rule);
  else if (l.kind === 'wide') b.wide.add(rule);
  else if (l.kind === 'part') b.patterns.push({ text: l.text, start: l.start, end: l.end, out: rule });
  else {
    const rules = b.exact.get(l.text);
    if (rules === undefined) b.exact.set(l.text, new Set([rule]));
    else rules.add(rule);
  }
}

function makeField(name: string, b: Building, counts: GramCounts): FieldIndex {
  let { exact } = b;
  const patterns = [...b.patterns];
  // A pass that is made anyway finds whole values too.
  if (patterns.length > 0 && exact.size <= EXACT_AS_PARTS_MAX) {
    const rest = new Map<string, Set<number>>();
    for (const [text, rules] of exact) {
      const piece = asciiPiece(text, true, true);
      if (piece === undefined || piece.text.length !== text.length) rest.set(text, rules);
      else for (const out of rules) patterns.push({ ...piece, out });
    }
    exact = rest;
  }
  const lists = new Map<string, Int32Array>();
  for (const [text, rules] of exact) lists.set(text, Int32Array.from(rules));
  return {
    read: reader(name),
    type: typeOf(name),
    present: Int32Array.from(b.present),
    wide: Int32Array.from(b.wide),
    exact: lists.size === 0 ? undefined : lists,
    needles: patterns.length === 0 ? undefined : new Needles(patterns, counts),
  };
}

function scanField(f: FieldIndex, v: FieldValue | undefined, marks: Marks): void {
  if (v === undefined) return;
  addAll(f.present, marks);
  if (v === null) return;
  if (typeof v === 'string' && f.type !== 'ip') return scanText(f, v, marks);
  for (const t of textsOf(v, f.type)) scanText(f, t, marks);
}

function scanText(f: FieldIndex, text: string, marks: Marks): void {
  f.needles?.scan(text, marks);
  if (f.wide.length > 0 && WIDE.test(text)) addAll(f.wide, marks);
  if (f.exact !== undefined) lookUp(f.exact, foldForGate(text), marks);
}

const WIDE = /[^\0-\x7f]/;

function addAll(rules: Int32Array, marks: Marks): void {
  for (let i = 0; i < rules.length; i++) marks.add(rules[i] as number);
}

function lookUp(exact: ReadonlyMap<string, Int32Array>, key: string, marks: Marks): void {
  const rules = exact.get(key);
  if (rules !== undefined) addAll(rules, marks);
}

type Anywhere = {
  readonly needles: Needles;
  readonly wide: Int32Array;
  /** What texts that many events have in common fire; few, since they are the program's own. */
  readonly constants: Map<string, Int32Array>;
  readonly size: number;
};
const CONSTANTS_MAX = 100;

function makeAnywhere(b: Building, counts: GramCounts): Anywhere {
  const outs = [...b.patterns.map((p) => p.out), ...b.wide];
  return {
    needles: new Needles(b.patterns, counts),
    wide: Int32Array.from(b.wide),
    constants: new Map(),
    size: Math.max(0, ...outs) + 1,
  };
}

function scanConstant(any: Anywhere, text: string, marks: Marks): void {
  let fired = any.constants.get(text);
  if (fired === undefined) {
    const found = new Marks(any.size);
    found.begin();
    scanOne(any, text, found);
    fired = found.list.slice(0, found.n);
    if (any.constants.size < CONSTANTS_MAX) any.constants.set(text, fired);
  }
  addAll(fired, marks);
}

function scanAll(any: Anywhere, e: Judged, marks: Marks): void {
  scanOne(any, e.rawText, marks);
  const { fields } = e;
  const see = (name: string, v: FieldValue): void => {
    if (v === null || !seenByKeywords(name)) return;
    if (typeof v === 'string') scanOne(any, v, marks);
    else for (const t of textsOf(v, typeOf(name))) scanOne(any, t, marks);
  };
  if (fields instanceof EventFields)
    fields.forSearch(see, (text) => {
      scanConstant(any, text, marks);
    });
  else for (const [name, v] of fields.entries() as Iterable<[string, FieldValue]>) see(name, v);
}

function scanOne(any: Anywhere, text: string, marks: Marks): void {
  any.needles.scan(text, marks);
  if (any.wide.length > 0 && WIDE.test(text)) addAll(any.wide, marks);
}

const seen = new Map<string, boolean>();
const SEEN_MAX = 5000;
function seenByKeywords(name: string): boolean {
  let is = seen.get(name);
  if (is === undefined) {
    is = keywordSees(name);
    if (seen.size >= SEEN_MAX) seen.clear();
    seen.set(name, is);
  }
  return is;
}

/** Events looked at to find out how often literals fire. */
export const SAMPLE_EVENTS = 256;

/** How often each literal that the rules could be found by fires in the sample. */
export function measured(rules: readonly Indexed[], sample: readonly Judged[]): Frequency {
  const literals = new Map<string, Literal>();
  for (const r of rules) literalsOf(r.condition, literals);
  const fields = new Map<string, Building>();
  const numbers = new Map<string, number>();
  for (const [key, l] of literals) {
    put(fields, l, numbers.size);
    numbers.set(key, numbers.size);
  }
  const fired = new Uint32Array(numbers.size);
  const hits = new Marks(numbers.size);
  const any = fields.get(ANYWHERE);
  fields.delete(ANYWHERE);
  const made = [...fields].map(([name, b]) => makeField(name, b, COMMON_GRAMS));
  const anywhere = any === undefined ? undefined : makeAnywhere(any, COMMON_GRAMS);
  for (const e of sample) {
    hits.begin();
    for (const f of made) scanField(f, f.read(e.fields), hits);
    if (anywhere !== undefined) scanAll(anywhere, e, hits);
    for (let i = 0; i < hits.n; i++) {
      const n = hits.list[i] as number;
      fired[n] = (fired[n] as number) + 1;
    }
  }
  return (l) => {
    const n = numbers.get(literalKey(l));
    const seenIn = n === undefined ? 0 : (fired[n] as number);
    return seenIn / sample.length;
  };
}

/** Which characters the events of the sample are made of. */
export function gramsOf(sample: readonly Judged[]): GramCounts {
  const counts = new GramCounts();
  counts.add(COMMON_TEXT);
  for (const e of sample) {
    counts.add(e.rawText);
    for (const [, v] of e.fields.entries() as Iterable<[string, FieldValue]>)
      if (typeof v === 'string') counts.add(v);
  }
  return counts;
}
