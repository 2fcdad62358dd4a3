/**
 * One event as rules see it and as the store keeps it: dotted field names to typed values.
 *
 * Contract: what `get` returns live is what a query over the stored row returns (held by
 * `src/store/roundtrip.int.test.ts`). Keys are data: any string is a valid name, `__proto__` included, because a
 * Map holds them. Numbers whose text differs from `String(n)` are kept as their source text.
 */
import { CLAIMED_PREFIX, type FieldDef, hotField, INVALID_PREFIX } from './catalogue.ts';
import { parseIp } from './ip.ts';

export type Scalar = string | number | boolean | null;
/** A list is multi-valued in ECS's sense; nested objects are flattened to dotted names before they get here. */
export type FieldValue = Scalar | readonly Scalar[];

/** At most this many fields are kept per event; further ones are counted in `overflow` and stay in the raw text. */
export const FIELDS_MAX = 1000;
/** A single value longer than this many UTF-16 units is cut in the fields (never in the raw bytes). */
export const VALUE_CHARS_MAX = 64 * 1024;
/**
 * Range of `date` fields, microseconds: 1900-01-01 (the store's DateTime64) to the last safe integer (year 2255). A date
 * outside, such as a certificate's `9999-12-31`, does not fit its type and is kept under `invalid.<name>`.
 */
export const DATE_US_MIN = -2_208_988_800_000_000;
export const DATE_US_MAX = Number.MAX_SAFE_INTEGER;

/** Fields of one prefix that are read from the record when somebody asks. Text as the store keeps it, within its bounds. */
export type FieldFamily = {
  get(name: string): string | undefined;
  [Symbol.iterator](): Iterator<readonly [string, string]>;
  /** All values of the record, of this family or not, whose text does not stand in it as it is (it has escapes there). */
  escaped(see: (value: string) => void): void;
};
type Deferred = { readonly prefix: string; readonly family: FieldFamily };

/** What a field's name is without a prefix, for names that are asked for again and again. */
const suffixes = new Map<string, string>();
const SUFFIXES_MAX = 10_000;
function suffixOf(name: string, prefix: string): string {
  let s = suffixes.get(name);
  if (s === undefined) {
    s = name.slice(prefix.length);
    if (suffixes.size >= SUFFIXES_MAX) suffixes.clear();
    // One prefix per name: the only family is the one whose prefix fits.
    suffixes.set(name, s);
  }
  return s;
}

export class EventFields {
  readonly #map = new Map<string, FieldValue>();
  /** Fields not made yet; a field in `#map` goes before them. */
  #family: Deferred | undefined;
  #late:
    | { readonly name: string; readonly make: () => FieldValue | undefined; readonly could: string }
    | undefined;
  /** See `derived`: holds for the first `count` fields. */
  #derived: { readonly count: number; readonly words: string } | undefined;
  /** Fields refused because of FIELDS_MAX. */
  overflow = 0;
  /** Values cut at VALUE_CHARS_MAX, lists and names cut at the bounds of `flatten`. */
  cut = 0;
  /** Lists of different values given to fields that hold one. */
  several = 0;
  /** Keys that a record has more than once, where the later value replaced the earlier one. */
  repeated = 0;
  /** Values that did not fit their field's type. */
  invalid = 0;
  /** Objects where a field of the catalogue holds a value. */
  misfit = 0;

  /**
   * Sets a field from what a source said. Coerces to the catalogue's type; what does not fit goes to
   * `invalid.<name>`, what is ours to write goes to `claimed.<name>`. `undefined` is ignored.
   */
  set(name: string, value: FieldValue | undefined): void {
    if (value === undefined) return;
    const def = hotField(name);
    if (def === undefined) return this.#put(name, value);
    if (def.ours) return this.#put(CLAIMED_PREFIX + name, value);
    this.#typed(def, value);
  }

  /** Sets a field that only the pipeline may write (`vigil.*`, `@timestamp`, `event.ingested`). No coercion. */
  setOurs(name: string, value: FieldValue): void {
    this.#map.set(name, value);
  }

  get(name: string): FieldValue | undefined {
    const v = this.#map.get(name);
    return v === undefined ? this.#deferred(name) : v;
  }

  /**
   * Fields below `prefix` (no field of the catalogue is) that are made when they are asked for. `family` must answer as long as
   * the event is used, and hold nothing that `set` would change.
   */
  defer(prefix: string, family: FieldFamily): void {
    this.#family = { prefix, family };
  }

  /** One field of ours that is made when it, or all fields, are asked for. `could`: all texts that it can have, in one. */
  deferOurs(name: string, make: () => FieldValue | undefined, could: string): void {
    this.#late = { name, make, could };
  }

  /**
   * Says of the text set so far that all of it stands in the record, as it is or as a value that the family calls escaped, or in
   * `words`. Numbers are not meant.
   */
  derived(words: string): void {
    this.#derived = { count: this.#map.size, words };
  }

  /**
   * All that a text search over the fields can find and a search over the record's own text may not, and possibly more;
   * makes nothing that is deferred. `constant` is told texts that are the same for many events.
   */
  forSearch(see: (name: string, value: FieldValue) => void, constant: (text: string) => void): void {
    const d = this.#derived;
    let skip = d?.count ?? 0;
    this.#map.forEach((value, name) => {
      if (skip-- > 0 && (typeof value === 'string' || Array.isArray(value))) return;
      see(name, value);
    });
    if (d !== undefined) constant(d.words);
    const f = this.#family;
    f?.family.escaped((value) => {
      see(f.prefix, value);
    });
    if (this.#late !== undefined) constant(this.#late.could);
  }

  #deferred(name: string): FieldValue | undefined {
    const f = this.#family;
    if (f !== undefined && name.startsWith(f.prefix)) return f.family.get(suffixOf(name, f.prefix));
    if (this.#late?.name !== name) return undefined;
    this.#settle();
    return this.#map.get(name);
  }

  /** Makes all that is deferred. */
  #settle(): void {
    const f = this.#family;
    const late = this.#late;
    // With its values made, the family no longer answers for the text of others.
    if (f !== undefined) this.#derived = undefined;
    this.#family = undefined;
    this.#late = undefined;
    if (f !== undefined)
      for (const [name, value] of f.family) {
        const full = f.prefix + name;
        if (!this.#map.has(full)) this.#put(full, value);
      }
    const v = late?.make();
    if (late !== undefined && v !== undefined) this.#map.set(late.name, v);
  }

  /** The first value as text, or undefined where absent or null. */
  text(name: string): string | undefined {
    const v = this.get(name);
    const one = Array.isArray(v) ? v[0] : v;
    return one === undefined || one === null ? undefined : String(one);
  }

  has(name: string): boolean {
    return this.#map.has(name) || this.#deferred(name) !== undefined;
  }

  delete(name: string): void {
    this.#settle();
    this.#map.delete(name);
  }

  /** Adds to a multi-valued field without repeating a value. */
  append(name: string, value: Scalar): void {
    const old = this.get(name);
    if (old === undefined) return this.set(name, hotField(name)?.multi === true ? [value] : value);
    const list = Array.isArray(old) ? old : [old as Scalar];
    if (!list.includes(value)) this.set(name, [...list, value]);
  }

  entries(): IterableIterator<[string, FieldValue]> {
    if (this.#family !== undefined || this.#late !== undefined) this.#settle();
    return this.#map.entries();
  }

  get size(): number {
    this.#settle();
    return this.#map.size;
  }

  #typed(def: FieldDef, value: FieldValue): void {
    if (Array.isArray(value)) {
      if (!def.multi && value.length === 1) return this.#typed(def, value[0] as Scalar);
      // A single-valued column cannot hold a list: the first value stays hot, the whole list is kept beside it.
      if (!def.multi) {
        if (value.some((v) => v !== value[0])) this.several++;
        this.#typed(def, (value[0] ?? null) as Scalar);
        return this.#put(`${def.name}.all`, value);
      }
      const good: Scalar[] = [];
      for (const v of value) {
        const c = coerce(def, v as Scalar);
        if (c !== undefined && c !== null) good.push(c);
      }
      return this.#put(def.name, good);
    }
    const c = coerce(def, value as Scalar);
    if (c === undefined) {
      this.invalid++;
      return this.#put(INVALID_PREFIX + def.name, value);
    }
    this.#put(def.name, def.multi && c !== null ? [c] : c);
  }

  #put(name: string, value: FieldValue): void {
    // A field set anew may say anything.
    if (this.#derived !== undefined && this.#map.has(name)) this.#derived = undefined;
    if (this.#map.size >= FIELDS_MAX && !this.#map.has(name)) {
      this.overflow++;
      return;
    }
    // Text is UTF-8 in the store: a lone surrogate becomes U+FFFD here already, so that live and stored text agree.
    // A list has no null members, as in the store; a null by itself is kept.
    if (typeof value === 'string') value = this.#text(value);
    else if (Array.isArray(value)) value = this.#list(value);
    this.#map.set(name.isWellFormed() ? name : name.toWellFormed(), value);
  }

  #text(value: string): string {
    if (value.length > VALUE_CHARS_MAX) {
      this.cut++;
      value = value.slice(0, VALUE_CHARS_MAX);
    }
    return value.isWellFormed() ? value : value.toWellFormed();
  }

  #list(values: readonly Scalar[]): readonly Scalar[] {
    const out: Scalar[] = [];
    for (const v of values) if (v !== null) out.push(typeof v === 'string' ? this.#text(v) : v);
    return out;
  }
}

/** The value as its field's type; undefined where it does not fit. */
function coerce(def: FieldDef, v: Scalar): Scalar | undefined {
  if (v === null) return null;
  switch (def.type) {
    case 'keyword':
    case 'text':
      return typeof v === 'string' ? v : String(v);
    case 'long': {
      if (typeof v === 'number') return Number.isSafeInteger(v) ? v : undefined;
      if (typeof v !== 'string' || !/^-?\d{1,15}$/.test(v)) return undefined;
      return Number(v);
    }
    case 'double': {
      const n = typeof v === 'number' ? v : typeof v === 'string' && v.trim() !== '' ? Number(v) : Number.NaN;
      return Number.isFinite(n) ? n : undefined;
    }
    case 'boolean':
      if (typeof v === 'boolean') return v;
      return v === 'true' ? true : v === 'false' ? false : undefined;
    case 'date':
      // Callers give microseconds; text is parsed by the normaliser, which knows zone and year rules.
      return typeof v === 'number' && Number.isSafeInteger(v) && v >= DATE_US_MIN ? v : undefined;
    case 'ip':
      return typeof v === 'string' ? parseIp(v) : undefined;
  }
}

/** What the pipeline knows of a record before any parser has seen it; parsers may read it, never write it. */
export type Provenance = {
  readonly tenant: string;
  readonly origin: Origin;
  readonly door: string;
  readonly sender: string;
  readonly token: string;
  /** Microseconds, UTC, from the journal. */
  readonly ingested: number;
};

export const ORIGINS = ['live', 'import', 'demo', 'retro'] as const;
export type Origin = (typeof ORIGINS)[number];

/** parsed: the source's parser understood it; partial: the envelope only; raw: nothing recognised; quarantined: a parser failed on it. */
export const STATUSES = ['parsed', 'partial', 'raw', 'quarantined'] as const;
export type ParseStatus = (typeof STATUSES)[number];

/** A normalised event on its way through match and encode. */
export type NormalizedEvent = {
  readonly fields: EventFields;
  /** The record decoded as UTF-8 with U+FFFD for what is not; bare words search this text. */
  readonly rawText: string;
  /** The exact bytes. */
  readonly raw: Uint8Array;
  /** Claimed time in microseconds, already held to `ingested` + 10 min (see `docs/ARCHITECTURE.md`, Time). */
  readonly ts: number;
  readonly status: ParseStatus;
  /** What kind of log: folder name under `content/sources`. */
  readonly source: string;
  /** `name@version`. */
  readonly parser: string;
  /** `kind:value` of everything the event speaks of, at most ENTITIES_MAX. */
  readonly entities: readonly string[];
};

export const ENTITIES_MAX = 64;
