/**
 * Many literals looked for in one pass. Each is known by the four characters of it that are rarest in logs: at each place of
 * the text a small filter says whether these four belong to a literal, and only then the literal is compared. Measured
 * against one automaton of all of them: as fast on texts that fit the caches, several times faster where its tables do not
 * (20 MB for the process rules of SigmaHQ, against 2), and made at once. Literals of less than four characters
 * are looked for one by one, or by an automaton (`automaton.ts`), which is small then.
 *
 * Contract: `scan` reports exactly the numbers whose pattern occurs in the folded text (`foldForGate`). Patterns are ASCII.
 * O(text x literals that share their four characters) at worst. Held by `needles.test.ts`.
 */
import { Automaton, foldForGate, type Marks, type Pattern } from './automaton.ts';

const GRAM = 4;
/** Literals compared at one place at most hold the same gram; beyond this many they go to the automaton. */
const BUCKET_MAX = 64;
/** Places that are left out are worth it from STEP_MIN on, and cost entries: at most STEP_MAX per literal. */
const STEP_MIN = 4;
const STEP_MAX = 12;

/** How often four characters were seen, by their hash. */
export class GramCounts {
  readonly #counts = new Uint32Array(1 << 16);

  add(text: string): void {
    let gram = 0;
    for (let i = 0; i < text.length; i++) {
      gram = (gram << 8) | folded(text.charCodeAt(i));
      if (i < GRAM - 1) continue;
      const h = hash(gram) >>> 16;
      this.#counts[h] = (this.#counts[h] as number) + 1;
    }
  }
  of(gram: number): number {
    return this.#counts[hash(gram) >>> 16] as number;
  }
}

/** ASCII folded; all else is one character that no literal has. */
const FOLD = new Uint8Array(128);
for (let c = 0; c < 128; c++) FOLD[c] = c >= 65 && c <= 90 ? c + 32 : c;
const WIDE = 0x80;
const folded = (c: number): number => (c > 127 ? WIDE : (FOLD[c] as number));
const hash = (gram: number): number => Math.imul(gram, 0x9e3779b1);

type Literal = Pattern & { readonly at: number };

export class Needles {
  /** One bit per hash of a gram. */
  readonly #filter: Uint8Array;
  readonly #shift: number;
  /** Open addressing by gram: number of the bucket + 1. */
  readonly #grams: Int32Array;
  readonly #slots: Int32Array;
  readonly #mask: number;
  readonly #buckets: (readonly Literal[])[] = [];
  /** All literals are so long that every so-manieth place is enough. */
  readonly #step: number;
  /** Literals of less than four characters: at an end, without letters, and the rest. */
  readonly #edges: readonly Pattern[];
  readonly #signs: readonly Pattern[];
  readonly #short: Automaton | undefined;

  constructor(patterns: readonly Pattern[], counts: GramCounts) {
    const long = patterns.filter((p) => p.text.length >= GRAM);
    const rest = patterns.filter((p) => p.text.length < GRAM);
    const shortest = long.reduce((n, p) => Math.min(n, p.text.length), GRAM + STEP_MAX - 1);
    this.#step = shortest - GRAM + 1 >= STEP_MIN ? shortest - GRAM + 1 : 1;
    const byGram = new Map<number, Literal[]>();
    for (const p of long) {
      const found = rarest(p.text, counts, this.#step);
      if (found.some((f) => (byGram.get(f.gram)?.length ?? 0) >= BUCKET_MAX)) {
        rest.push(p);
        continue;
      }
      for (const { gram, at } of found) {
        const bucket = byGram.get(gram);
        if (bucket === undefined) byGram.set(gram, [{ ...p, at }]);
        else bucket.push({ ...p, at });
      }
    }
    // About 1 place in 32 or less passes by chance.
    const bits = Math.max(10, Math.min(19, Math.ceil(Math.log2(byGram.size + 1)) + 5));
    this.#shift = 32 - bits;
    this.#filter = new Uint8Array((1 << bits) / 8);
    const size = 1 << Math.ceil(Math.log2(byGram.size * 2 + 2));
    this.#mask = size - 1;
    this.#grams = new Int32Array(size);
    this.#slots = new Int32Array(size);
    for (const [gram, bucket] of byGram) {
      const h = hash(gram) >>> this.#shift;
      this.#filter[h >> 3] = (this.#filter[h >> 3] as number) | (1 << (h & 7));
      let i = (hash(gram) >>> 7) & this.#mask;
      while (this.#slots[i] !== 0) i = (i + 1) & this.#mask;
      this.#grams[i] = gram;
      this.#slots[i] = this.#buckets.push(bucket);
    }
    this.#edges = rest.filter((p) => p.start || p.end);
    this.#signs = rest.filter((p) => !p.start && !p.end && !/[a-z]/.test(p.text));
    const letters = rest.filter((p) => !p.start && !p.end && /[a-z]/.test(p.text));
    this.#short = letters.length === 0 ? undefined : new Automaton(letters);
  }

  /** Bytes of the tables, about. */
  get bytes(): number {
    const literals = this.#buckets.reduce((n, b) => n + b.length, 0);
    return this.#filter.length + this.#grams.length * 8 + literals * 120 + (this.#short?.bytes ?? 0);
  }

  scan(text: string, marks: Marks): void {
    if (this.#buckets.length > 0) {
      if (this.#step > 1) this.#stride(FOLDS_TO_ASCII.test(text) ? foldForGate(text) : text, marks);
      else this.#scan(text, marks);
    }
    for (const p of this.#signs) if (text.includes(p.text)) marks.add(p.out);
    if (this.#edges.length > 0) this.#ends(text, marks);
    this.#short?.scan(text, marks);
  }

  #ends(text: string, marks: Marks): void {
    if (FOLDS_TO_ASCII.test(text)) text = foldForGate(text);
    for (const p of this.#edges)
      if (stands(p, text, p.start ? 0 : text.length - p.text.length)) marks.add(p.out);
  }

  #scan(text: string, marks: Marks): void {
    const filter = this.#filter;
    const shift = this.#shift;
    const n = text.length;
    let gram = 0;
    for (let i = 0; i < n; i++) {
      const c = text.charCodeAt(i);
      if (c > 127) {
        if (c === 0x212a || c === 0x130 || c === 0x17f) return this.#scan(foldForGate(text), marks);
        gram = (gram << 8) | WIDE;
        continue;
      }
      gram = (gram << 8) | (FOLD[c] as number);
      const h = Math.imul(gram, 0x9e3779b1) >>> shift;
      if (((filter[h >> 3] as number) & (1 << (h & 7))) !== 0) this.#look(text, i, gram, marks);
    }
  }

  /** As `#scan`, at every `#step`th place: each literal is known by as many grams in a row, one of which stands there. */
  #stride(text: string, marks: Marks): void {
    const filter = this.#filter;
    const shift = this.#shift;
    const step = this.#step;
    const n = text.length;
    for (let i = GRAM - 1; i < n; i += step) {
      const a = text.charCodeAt(i - 3);
      const b = text.charCodeAt(i - 2);
      const c = text.charCodeAt(i - 1);
      const d = text.charCodeAt(i);
      // No literal has characters beyond ASCII; what folds into it was folded before.
      if ((a | b | c | d) > 127) continue;
      const gram =
        ((FOLD[a] as number) << 24) |
        ((FOLD[b] as number) << 16) |
        ((FOLD[c] as number) << 8) |
        (FOLD[d] as number);
      const h = Math.imul(gram, 0x9e3779b1) >>> shift;
      if (((filter[h >> 3] as number) & (1 << (h & 7))) !== 0) this.#look(text, i, gram, marks);
    }
  }

  #look(text: string, last: number, gram: number, marks: Marks): void {
    let i = (hash(gram) >>> 7) & this.#mask;
    for (;;) {
      const slot = this.#slots[i] as number;
      if (slot === 0) return;
      if (this.#grams[i] === gram) {
        for (const l of this.#buckets[slot - 1] as readonly Literal[])
          if (stands(l, text, last - GRAM + 1 - l.at)) marks.add(l.out);
        return;
      }
      i = (i + 1) & this.#mask;
    }
  }
}

/** The Kelvin sign, dotted I, long s. Text of one byte per character cannot have them, which costs nothing to find out. */
const FOLDS_TO_ASCII = /[\u212a\u0130\u017f]/;

/** Does the literal begin at `from`? */
function stands(l: Pattern, text: string, from: number): boolean {
  if (from < 0 || (l.start && from !== 0)) return false;
  const end = from + l.text.length;
  if (end > text.length || (l.end && end !== text.length)) return false;
  for (let i = 0; i < l.text.length; i++)
    if (folded(text.charCodeAt(from + i)) !== l.text.charCodeAt(i)) return false;
  return true;
}

/** The `count` grams in a row that are seen least. */
function rarest(text: string, counts: GramCounts, count: number): readonly { gram: number; at: number }[] {
  const grams: number[] = [];
  let gram = 0;
  for (let i = 0; i < text.length; i++) {
    gram = (gram << 8) | text.charCodeAt(i);
    if (i >= GRAM - 1) grams.push(gram);
  }
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let at = 0; at + count <= grams.length; at++) {
    let seen = 0;
    for (let k = 0; k < count; k++) seen += counts.of(grams[at + k] as number);
    if (seen >= least) continue;
    least = seen;
    best = at;
  }
  return grams.slice(best, best + count).map((g, k) => ({ gram: g, at: best + k }));
}
