/**
 * One pass over the text of a flat JSON document: which paths it has and where their values stand, without making an object,
 * a string or a number. Sources that know their fields read them from here (`SourceSpec.fromTokens`), and what nobody asks for
 * is never made.
 *
 * Contract: where `read` says true, the text is a JSON object, no key stands twice in an object, there is no list, every
 * number is an integer of at most 15 digits as `String(n)` writes it, and `value` gives what `parseJson` gives for a path.
 * For all else it says false, and the plain way is taken. Linear; memory is bounded. Held by `tokens.prop.test.ts`.
 */

/** Longer documents, deeper ones, and those with more values take the plain way. */
export const TOKENS_CHARS_MAX = 32 * 1024;
export const TOKENS_MAX = 200;
const DEPTH_MAX = 8;
/** Paths known at a time; beyond them all are forgotten. */
export const PATHS_MAX = 8192;
const BUCKETS = PATHS_MAX * 4;
/** Buckets looked at for a key of a document: a sender can choose keys that collide. */
export const PROBES_MAX = 64;

/** The document itself, as a parent. */
export const ROOT = 0;

const STRING = 1;
const ESCAPED = 2;
const NUMBER = 3;
const TRUE = 4;
const FALSE = 5;
const NULL = 6;
const OBJECT = 7;

export class Tokens {
  text = '';
  /** Paths of the document at hand, in the order of the text. */
  readonly paths = new Int32Array(TOKENS_MAX);
  n = 0;
  #epoch = 0;
  /** Per path. */
  readonly #seen = new Float64Array(PATHS_MAX);
  readonly #start = new Int32Array(PATHS_MAX);
  readonly #end = new Int32Array(PATHS_MAX);
  readonly #kind = new Uint8Array(PATHS_MAX);
  readonly #parent = new Int32Array(PATHS_MAX);
  readonly #key: string[] = [''];
  readonly #hash = new Int32Array(BUCKETS);
  #children: Map<string, number>[] = [new Map()];
  /** Changes when the paths were forgotten: numbers from before are void. */
  generation = 1;

  /** Counts documents: what was taken from an earlier one is void. */
  get epoch(): number {
    return this.#epoch;
  }

  /** The number of a path below a parent; it need not occur. */
  path(parent: number, key: string): number {
    const known = (this.#children[parent] as Map<string, number>).get(key);
    if (known !== undefined) return known;
    return this.#add(parent, key, hashOf(parent, key));
  }

  /** As `path`, for a name that need not be known: -1 where no document had it. */
  find(parent: number, key: string): number {
    return this.#children[parent]?.get(key) ?? -1;
  }

  has(path: number): boolean {
    return this.#seen[path] === this.#epoch;
  }
  isObject(path: number): boolean {
    return this.#seen[path] === this.#epoch && this.#kind[path] === OBJECT;
  }
  /** A string with escapes, at a path that is there. */
  isEscaped(path: number): boolean {
    return this.#kind[path] === ESCAPED;
  }
  keyOf(path: number): string {
    return this.#key[path] as string;
  }
  parentOf(path: number): number {
    return this.#parent[path] as number;
  }

  /** Text of a string, number or boolean; undefined for null, an object, and what is not there. */
  textOf(path: number): string | undefined {
    if (this.#seen[path] !== this.#epoch) return undefined;
    switch (this.#kind[path]) {
      case STRING:
      case NUMBER:
        return this.text.slice(this.#start[path], this.#end[path]);
      case ESCAPED:
        return JSON.parse(
          this.text.slice((this.#start[path] as number) - 1, (this.#end[path] as number) + 1),
        ) as string;
      case TRUE:
        return 'true';
      case FALSE:
        return 'false';
      default:
        return undefined;
    }
  }

  /** The value as `parseJson` gives it; undefined for objects and what is not there. */
  value(path: number): string | number | boolean | null | undefined {
    if (this.#seen[path] !== this.#epoch) return undefined;
    switch (this.#kind[path]) {
      case NUMBER:
        return Number(this.text.slice(this.#start[path], this.#end[path]));
      case TRUE:
        return true;
      case FALSE:
        return false;
      case NULL:
        return null;
      default:
        return this.textOf(path);
    }
  }

  /** False where the plain way has to be taken. */
  read(text: string): boolean {
    this.n = 0;
    this.#epoch++;
    this.text = text;
    if (text.length > TOKENS_CHARS_MAX) return false;
    if (this.#key.length > PATHS_MAX - TOKENS_MAX) this.#forget();
    const end = text.charCodeAt(0) === 0x7b ? this.#object(0, ROOT, 0) : -1;
    return end === text.length;
  }

  /** Index after the object that begins at `i`, or -1. */
  #object(i: number, parent: number, depth: number): number {
    if (depth >= DEPTH_MAX) return -1;
    const { text } = this;
    i = blank(text, i + 1);
    if (text.charCodeAt(i) === 0x7d) return i + 1;
    for (;;) {
      if (text.charCodeAt(i) !== 0x22) return -1;
      let hash = parent * 31 + 7;
      let k = i + 1;
      for (; ; k++) {
        const c = text.charCodeAt(k);
        if (c === 0x22) break;
        // Odd keys (escapes, control characters, no end) take the plain way.
        if (c === 0x5c || !(c >= 32)) return -1;
        hash = (Math.imul(hash, 33) ^ c) | 0;
      }
      const path = this.#find(parent, i + 1, k, hash);
      if (path < 0) return -1;
      if (this.#seen[path] === this.#epoch || this.n >= TOKENS_MAX) return -1;
      this.#seen[path] = this.#epoch;
      this.paths[this.n++] = path;
      i = blank(text, k + 1);
      if (text.charCodeAt(i) !== 0x3a) return -1;
      i = this.#value(blank(text, i + 1), path, depth);
      if (i < 0) return -1;
      i = blank(text, i);
      const c = text.charCodeAt(i);
      if (c === 0x7d) return i + 1;
      if (c !== 0x2c) return -1;
      i = blank(text, i + 1);
    }
  }

  #value(i: number, path: number, depth: number): number {
    const { text } = this;
    const c = text.charCodeAt(i);
    if (c === 0x22) return this.#string(i + 1, path);
    if (c === 0x7b) {
      this.#kind[path] = OBJECT;
      return this.#object(i, path, depth + 1);
    }
    if (c === 0x2d || (c >= 48 && c <= 57)) return this.#number(i, path);
    for (const [word, kind] of WORDS) {
      if (!text.startsWith(word, i)) continue;
      this.#kind[path] = kind;
      return i + word.length;
    }
    return -1;
  }

  #string(i: number, path: number): number {
    const { text } = this;
    this.#start[path] = i;
    let kind = STRING;
    for (; ; i++) {
      const c = text.charCodeAt(i);
      if (c === 0x22) break;
      if (!(c >= 32)) return -1;
      if (c !== 0x5c) continue;
      kind = ESCAPED;
      // Backspaces and escapes by number are rare, and may hide anything.
      if (!SIMPLE_ESCAPE[text.charCodeAt(++i)]) return -1;
    }
    this.#end[path] = i;
    this.#kind[path] = kind;
    return i + 1;
  }

  #number(i: number, path: number): number {
    const { text } = this;
    const start = i;
    if (text.charCodeAt(i) === 0x2d) i++;
    const first = text.charCodeAt(i);
    const digits = i;
    for (;;) {
      const c = text.charCodeAt(i);
      if (c >= 48 && c <= 57) i++;
      else if (c === 0x2e || c === 0x65 || c === 0x45) return -1;
      else break;
    }
    const count = i - digits;
    // A leading zero is no JSON, -0 has another text.
    if (count === 0 || count > 15 || (first === 48 && i - start > 1)) return -1;
    this.#start[path] = start;
    this.#end[path] = i;
    this.#kind[path] = NUMBER;
    return i;
  }

  /** -1 where too many others stand in the way. */
  #find(parent: number, from: number, to: number, hash: number): number {
    const length = to - from;
    let b = bucketOf(hash);
    for (let probes = 0; probes < PROBES_MAX; probes++) {
      const path = this.#hash[b] as number;
      if (path === 0) return this.#add(parent, this.text.slice(from, to), hash);
      const key = this.#key[path] as string;
      if (this.#parent[path] === parent && key.length === length && this.text.startsWith(key, from))
        return path;
      b = (b + 1) & (BUCKETS - 1);
    }
    return -1;
  }

  #add(parent: number, key: string, hash: number): number {
    const path = this.#key.length;
    // `read` leaves room for a document; only plans of sources could come this far.
    if (path >= PATHS_MAX) throw new Error('bug: too many paths are asked for');
    this.#key.push(key);
    this.#parent[path] = parent;
    this.#seen[path] = 0;
    this.#children.push(new Map());
    (this.#children[parent] as Map<string, number>).set(key, path);
    let b = bucketOf(hash);
    while (this.#hash[b] !== 0) b = (b + 1) & (BUCKETS - 1);
    this.#hash[b] = path;
    return path;
  }

  #forget(): void {
    this.#key.length = 1;
    this.#hash.fill(0);
    this.#children = [new Map()];
    this.generation++;
  }
}

const WORDS: readonly (readonly [string, number])[] = [
  ['true', TRUE],
  ['false', FALSE],
  ['null', NULL],
];

const SIMPLE_ESCAPE: readonly boolean[] = Array.from({ length: 128 }, (_, c) =>
  '"\\/fnrt'.includes(String.fromCharCode(c)),
);

function blank(text: string, i: number): number {
  for (;;) {
    const c = text.charCodeAt(i);
    if (c !== 32 && c !== 10 && c !== 13 && c !== 9) return i;
    i++;
  }
}

/** The upper bits of a product: those of the sum itself follow the last characters alone. */
export const bucketOf = (hash: number): number => Math.imul(hash, 0x9e3779b1) >>> BUCKET_SHIFT;
const BUCKET_SHIFT = 32 - Math.log2(BUCKETS);

export function hashOf(parent: number, key: string): number {
  let hash = parent * 31 + 7;
  for (let i = 0; i < key.length; i++) hash = (Math.imul(hash, 33) ^ key.charCodeAt(i)) | 0;
  return hash;
}
