/**
 * Many literals looked for in one pass. Each is known by the four characters of it that are rarest in logs: at each place of
 * the text a small filter says whether these four belong to a literal, and only then the literal is compared. Measured
 * against one automaton of all of them: as fast on texts that fit the caches, several times faster where its tables do not
 * (20 MB for the process rules of SigmaHQ, against 0.3), and made at once. Literals of less than four characters go to an
 * automaton (`automaton.ts`), which is small then.
 *
 * Contract: `scan` reports exactly the numbers whose pattern occurs in the folded text (`foldForGate`). Patterns are ASCII.
 * O(text x literals that share their four characters) at worst. Held by `needles.test.ts`.
 */
import { Automaton, foldForGate, type Marks, type Pattern } from './automaton.ts';

const GRAM = 4;
/** Literals compared at one place at most hold the same gram; beyond this many they go to the automaton. */
const BUCKET_MAX = 64;

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
  readonly #short: Automaton | undefined;

  constructor(patterns: readonly Pattern[], counts: GramCounts) {
    const byGram = new Map<number, Literal[]>();
    const short: Pattern[] = [];
    for (const p of patterns) {
      const found = p.text.length < GRAM ? undefined : rarest(p.text, counts);
      const bucket = found === undefined ? undefined : (byGram.get(found.gram) ?? []);
      if (found === undefined || bucket === undefined || bucket.length >= BUCKET_MAX) short.push(p);
      else {
        bucket.push({ ...p, at: found.at });
        byGram.set(found.gram, bucket);
      }
    }
    // About 1 place in 16 or less passes by chance.
    const bits = Math.max(10, Math.min(19, Math.ceil(Math.log2(byGram.size + 1)) + 4));
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
    this.#short = short.length === 0 ? undefined : new Automaton(short);
  }

  /** Bytes of the tables, about. */
  get bytes(): number {
    const literals = this.#buckets.reduce((n, b) => n + b.length, 0);
    return this.#filter.length + this.#grams.length * 8 + literals * 120 + (this.#short?.bytes ?? 0);
  }

  scan(text: string, marks: Marks): void {
    this.#short?.scan(text, marks);
    if (this.#buckets.length > 0) this.#scan(text, marks);
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

/** Does the literal begin at `from`? */
function stands(l: Literal, text: string, from: number): boolean {
  if (from < 0 || (l.start && from !== 0)) return false;
  const end = from + l.text.length;
  if (end > text.length || (l.end && end !== text.length)) return false;
  for (let i = 0; i < l.text.length; i++)
    if (folded(text.charCodeAt(from + i)) !== l.text.charCodeAt(i)) return false;
  return true;
}

function rarest(text: string, counts: GramCounts): { gram: number; at: number } {
  let best = { gram: 0, at: 0 };
  let least = Number.POSITIVE_INFINITY;
  let gram = 0;
  for (let i = 0; i < text.length; i++) {
    gram = (gram << 8) | text.charCodeAt(i);
    if (i < GRAM - 1) continue;
    const seen = counts.of(gram);
    if (seen >= least) continue;
    least = seen;
    best = { gram, at: i - GRAM + 1 };
  }
  return best;
}
