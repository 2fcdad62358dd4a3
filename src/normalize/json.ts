/**
 * JSON of attackers -> documents that are safe to index, and documents -> flat event fields. Held by `json.test.ts`
 * and `json.prop.test.ts`.
 *
 * - Objects have no prototype, so `__proto__`, `constructor` and the like are keys as any other.
 * - Duplicate keys: the last one wins (as in JSON.parse); the raw text keeps both and bare words find both. The caller
 *   is told (`facts`), as of what is left out.
 * - A number whose text differs from `String(n)` (20 digits, `1.50`, `1e3`) becomes its source text, a string.
 * - What lies deeper than JSON_DEPTH_MAX stays as its JSON text. Beyond JSON_NODES_MAX values, the rest of the document
 *   is left out (it stays in the raw text); in documents over SCAN_CHARS it is not even checked to be JSON.
 */
import { hotField } from '../model/catalogue.ts';
import type { EventFields, FieldValue, Scalar } from '../model/event.ts';
import { type DecodingFacts, noFacts } from './flags.ts';
import type { Json, JsonObject } from './source.ts';

export const JSON_DEPTH_MAX = 128;
export const JSON_NODES_MAX = 20_000;
/** `flatten` sets at most this many fields, so that mapped fields always have room below FIELDS_MAX. */
export const FLATTEN_FIELDS_MAX = 900;
/** Objects deeper than this below the start of `flatten` are kept as JSON text. */
export const FLATTEN_DEPTH_MAX = 24;
/** Values kept per list. */
export const FLATTEN_LIST_MAX = 1000;
/** A dotted name longer than this is cut. */
export const FIELD_NAME_CHARS_MAX = 512;

/** Numbers that JSON.parse could change: 16 digits, -0, trailing zero or many digits after the point, exponent. */
const ODD_NUMBER =
  /[:,[\s](?:-0(?!\.)|-?(?:\d{16}|\d{1,15}(?:\.\d{0,6}0(?!\d)|\.\d{7}|(?:\.\d{1,7})?[eE])|0\.00000))/;
/** Below this length nesting cannot cost anything worth a scan. */
const DEPTH_SCAN_CHARS = 2048;
/** Longer documents are scanned here, since the scanner can stop at JSON_NODES_MAX. */
const SCAN_CHARS = 256 * 1024;

/** The document, or undefined where the text is not JSON. Never throws. */
export function parseJson(text: string, facts: DecodingFacts = noFacts()): Json | undefined {
  if (isOdd(text)) return scanJson(text, facts);
  try {
    const count = { nodes: 0, keys: 0 };
    const v = safe(JSON.parse(text) as Json, 0, count);
    if (count.nodes > JSON_NODES_MAX) facts.leftOut = true;
    else if (colons(text) !== count.keys && keysOf(text) !== count.keys) facts.duplicateKey = true;
    return v;
  } catch {
    // Not JSON: the caller treats it as text.
    return undefined;
  }
}

/** Colons behind a quote: as many as the text has keys, or more where strings hold such text. Most documents end here. */
function colons(text: string): number {
  let n = 0;
  for (let at = text.indexOf(':'); at >= 0; at = text.indexOf(':', at + 1)) {
    let k = at - 1;
    while (isBlank(text.charCodeAt(k))) k--;
    if (text.charCodeAt(k) === 0x22) n++;
  }
  return n;
}

/** Keys of all objects of a JSON text, repeated ones included. */
function keysOf(text: string): number {
  let n = 0;
  for (let open = text.indexOf('"'); open >= 0; ) {
    let end = open;
    let slashes = 1;
    // A quote behind an odd number of backslashes belongs to the string.
    while (slashes % 2 === 1) {
      end = text.indexOf('"', end + 1);
      if (end < 0) return n;
      slashes = 0;
      while (text.charCodeAt(end - 1 - slashes) === 0x5c) slashes++;
    }
    let k = end + 1;
    while (isBlank(text.charCodeAt(k))) k++;
    if (text.charCodeAt(k) === 0x3a) n++;
    open = text.indexOf('"', k);
  }
  return n;
}

const isBlank = (c: number): boolean => c === 32 || c === 10 || c === 13 || c === 9;

/** The document where the text is a JSON object. */
export function parseJsonObject(text: string, facts?: DecodingFacts): JsonObject | undefined {
  const v = parseJson(text, facts);
  return isObject(v) ? v : undefined;
}

export const isObject = (v: Json | undefined): v is JsonObject =>
  typeof v === 'object' && v !== null && !Array.isArray(v);

/** Value at a path of own keys. */
export function at(doc: JsonObject | undefined, ...path: readonly string[]): Json | undefined {
  let v: Json | undefined = doc;
  for (const key of path) {
    if (!isObject(v)) return undefined;
    v = v[key];
  }
  return v;
}

/** Text of a scalar; undefined for null, absent, objects and lists. */
export function textOf(v: Json | undefined): string | undefined {
  if (typeof v === 'string') return v;
  return typeof v === 'number' || typeof v === 'boolean' ? String(v) : undefined;
}

function isOdd(text: string): boolean {
  if (text.length > SCAN_CHARS || ODD_NUMBER.test(text)) return true;
  if (/^-?\d/.test(text)) return true;
  if (text.length < DEPTH_SCAN_CHARS) return maybeDeep(text);
  return depthOver(text);
}
/** Short texts: only those with enough opening brackets are looked at. */
function maybeDeep(text: string): boolean {
  return text.length > JSON_DEPTH_MAX * 2 && depthOver(text);
}
/** Over-approximates: brackets within strings count too. */
function depthOver(text: string): boolean {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x7b || c === 0x5b) {
      if (++depth > JSON_DEPTH_MAX) return true;
    } else if (c === 0x7d || c === 0x5d) depth--;
  }
  return false;
}

function safe(v: Json, depth: number, count: { nodes: number; keys: number }): Json {
  if (typeof v !== 'object' || v === null) return v;
  if (depth >= JSON_DEPTH_MAX) return JSON.stringify(v);
  if (Array.isArray(v)) {
    const list = v as readonly Json[];
    const out: Json[] = [];
    for (const x of list) {
      if (++count.nodes > JSON_NODES_MAX) break;
      out.push(typeof x === 'object' && x !== null ? safe(x, depth + 1, count) : x);
    }
    return out;
  }
  const from = v as JsonObject;
  const out = Object.create(null) as { [key: string]: Json };
  for (const key in from) {
    if (++count.nodes > JSON_NODES_MAX) break;
    count.keys++;
    const x = from[key] as Json;
    out[key] = typeof x === 'object' && x !== null ? safe(x, depth + 1, count) : x;
  }
  return out;
}

/** The slow path: own scanner of RFC 8259, which knows source text and depth. */
function scanJson(text: string, facts: DecodingFacts): Json | undefined {
  const s: Scan = { text, i: 0, nodes: 0, full: false, facts };
  try {
    const v = scanValue(s, 0);
    if (s.full) {
      facts.leftOut = true;
      return v;
    }
    skipBlank(s);
    return s.i === text.length ? v : undefined;
  } catch {
    // scanValue throws only for text that is not JSON.
    return undefined;
  }
}

type Scan = {
  readonly text: string;
  i: number;
  nodes: number;
  full: boolean;
  readonly facts: DecodingFacts;
};
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const fail = (): never => {
  throw new SyntaxError('not JSON');
};

function skipBlank(s: Scan): void {
  for (;;) {
    if (!isBlank(s.text.charCodeAt(s.i))) return;
    s.i++;
  }
}

function scanValue(s: Scan, depth: number): Json {
  skipBlank(s);
  const c = s.text.charCodeAt(s.i);
  if (c === 0x7b || c === 0x5b) {
    if (depth >= JSON_DEPTH_MAX) return skipDeep(s);
    return c === 0x7b ? scanObject(s, depth) : scanArray(s, depth);
  }
  if (c === 0x22) return scanString(s);
  if (c === 0x2d || (c >= 48 && c <= 57)) return scanNumber(s);
  for (const [word, value] of WORDS) {
    if (s.text.startsWith(word, s.i)) {
      s.i += word.length;
      return value;
    }
  }
  return fail();
}
const WORDS: readonly (readonly [string, Json])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
];

function scanNumber(s: Scan): Json {
  NUMBER.lastIndex = s.i;
  const t = NUMBER.exec(s.text)?.[0];
  if (t === undefined) return fail();
  s.i += t.length;
  const n = Number(t);
  return String(n) === t ? n : t;
}

function scanString(s: Scan): string {
  const { text } = s;
  const start = s.i;
  let plain = true;
  let i = start + 1;
  for (; ; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x22) break;
    if (Number.isNaN(c) || c < 32) return fail();
    if (c === 0x5c) {
      plain = false;
      i++;
    }
  }
  s.i = i + 1;
  return plain ? text.slice(start + 1, i) : (JSON.parse(text.slice(start, i + 1)) as string);
}

function scanObject(s: Scan, depth: number): Json {
  const out = Object.create(null) as { [key: string]: Json };
  s.i++;
  skipBlank(s);
  if (s.text.charCodeAt(s.i) === 0x7d) {
    s.i++;
    return out;
  }
  for (;;) {
    skipBlank(s);
    if (s.text.charCodeAt(s.i) !== 0x22) return fail();
    const key = scanString(s);
    skipBlank(s);
    if (s.text.charCodeAt(s.i++) !== 0x3a) return fail();
    if (key in out) s.facts.duplicateKey = true;
    out[key] = scanValue(s, depth + 1);
    if (isFull(s)) return out;
    if (!more(s, 0x7d)) return out;
  }
}

function scanArray(s: Scan, depth: number): Json {
  const out: Json[] = [];
  s.i++;
  skipBlank(s);
  if (s.text.charCodeAt(s.i) === 0x5d) {
    s.i++;
    return out;
  }
  for (;;) {
    out.push(scanValue(s, depth + 1));
    if (isFull(s)) return out;
    if (!more(s, 0x5d)) return out;
  }
}

/** Counts one value; true once there are enough. */
function isFull(s: Scan): boolean {
  if (++s.nodes >= JSON_NODES_MAX) s.full = true;
  return s.full;
}

/** Consumes `,` (true) or the closing bracket (false). */
function more(s: Scan, close: number): boolean {
  skipBlank(s);
  const c = s.text.charCodeAt(s.i++);
  if (c === 0x2c) return true;
  return c === close ? false : fail();
}

/** Text of a bracketed value, found by counting; its inside is not checked further. */
function skipDeep(s: Scan): string {
  const start = s.i;
  let depth = 0;
  while (s.i < s.text.length) {
    const c = s.text.charCodeAt(s.i);
    if (c === 0x22) {
      scanString(s);
      continue;
    }
    s.i++;
    if (c === 0x7b || c === 0x5b) depth++;
    else if ((c === 0x7d || c === 0x5d) && --depth === 0) return s.text.slice(start, s.i);
  }
  return fail();
}

export type FlattenBounds = { readonly fields?: number; readonly depth?: number; readonly list?: number };

/**
 * Sets the document's values as dotted names below `prefix` (`''` for none). Lists of scalars stay lists; lists of
 * objects become, per path, the list of their values; a name that is reached in two ways (`a.b` beside `{a: {b}}`) gets
 * both values. Empty objects and lists are kept as an empty list. Names below `vigil.` are ours and go to `claimed.`.
 * Returns how many names were left out, and adds them to `out.overflow`.
 */
export function flatten(doc: JsonObject, out: EventFields, prefix = '', bounds: FlattenBounds = {}): number {
  const f: Flat = {
    found: new Map(),
    merged: new Map(),
    left: 0,
    cut: 0,
    misfit: 0,
    fields: bounds.fields ?? FLATTEN_FIELDS_MAX,
    depth: bounds.depth ?? FLATTEN_DEPTH_MAX,
    list: bounds.list ?? FLATTEN_LIST_MAX,
  };
  walkObject(f, doc, prefix, 0);
  for (const [name, value] of f.found) {
    if (name.startsWith('vigil.')) out.set(`claimed.${name}`, value);
    else out.set(name, value);
  }
  out.overflow += f.left;
  out.cut += f.cut;
  out.misfit += f.misfit;
  return f.left;
}

type Flat = {
  readonly found: Map<string, FieldValue>;
  /** Lists in `found` that were made here and may grow. */
  readonly merged: Map<string, Scalar[]>;
  left: number;
  /** Lists and names that were cut. */
  cut: number;
  misfit: number;
  readonly fields: number;
  readonly depth: number;
  readonly list: number;
};

function walkObject(f: Flat, doc: JsonObject, prefix: string, depth: number): void {
  let empty = true;
  for (const key in doc) {
    empty = false;
    const name = prefix === '' ? key : `${prefix}.${key}`;
    walk(f, doc[key] as Json, name.length > FIELD_NAME_CHARS_MAX ? shortened(f, name) : name, depth);
  }
  if (empty && prefix !== '') add(f, prefix, []);
}

function shortened(f: Flat, name: string): string {
  f.cut++;
  return name.slice(0, FIELD_NAME_CHARS_MAX);
}

function walk(f: Flat, v: Json, name: string, depth: number): void {
  if (typeof v !== 'object' || v === null) return add(f, name, v);
  if (depth >= f.depth) return add(f, name, JSON.stringify(v));
  if (!Array.isArray(v)) {
    if (hotField(name) !== undefined) f.misfit++;
    return walkObject(f, v as JsonObject, name, depth + 1);
  }
  const list = v as readonly Json[];
  if (list.length > f.list) f.cut++;
  if (list.every(isScalar)) return add(f, name, list.length > f.list ? list.slice(0, f.list) : list);
  const count = Math.min(list.length, f.list);
  for (let i = 0; i < count; i++) walk(f, list[i] as Json, name, depth + 1);
}
const isScalar = (v: Json): v is Scalar => typeof v !== 'object' || v === null;

function add(f: Flat, name: string, value: FieldValue): void {
  const own = f.merged.get(name);
  if (own === undefined) {
    const old = f.found.get(name);
    if (old === undefined) {
      if (f.found.size >= f.fields) f.left++;
      else f.found.set(name, value);
      return;
    }
    const list: Scalar[] = Array.isArray(old) ? (old as readonly Scalar[]).slice() : [old as Scalar];
    f.merged.set(name, list);
    f.found.set(name, list);
    return push(f, list, value);
  }
  push(f, own, value);
}

function push(f: Flat, list: Scalar[], value: FieldValue): void {
  const more = Array.isArray(value) ? (value as readonly Scalar[]) : [value as Scalar];
  for (const x of more) {
    if (list.length < f.list) list.push(x);
    else f.cut++;
  }
}
