/**
 * Many literals looked for in one pass (Aho and Corasick 1975), as a table of transitions. Case is folded into the
 * character classes; the start and the end of a text are symbols of their own, so that equals, startswith, endswith and contains
 * are all plain patterns.
 *
 * Contract: `scan` reports every number whose pattern occurs in the folded text (`foldForGate`), and may report one more than once.
 * Patterns are ASCII. Linear in the text. Held by `automaton.test.ts`.
 */
import { fold } from '../../condition/text.ts';

export type Pattern = {
  /** Folded, ASCII only. */
  readonly text: string;
  readonly start: boolean;
  readonly end: boolean;
  /** What is reported where it occurs. */
  readonly out: number;
};

/** A set of numbers that is emptied in no time: which rules are to be looked at. */
export class Marks {
  readonly list: Int32Array;
  n = 0;
  readonly #stamp: Uint32Array;
  #epoch = 0;

  constructor(size: number) {
    this.list = new Int32Array(size);
    this.#stamp = new Uint32Array(size);
  }

  begin(): void {
    this.n = 0;
    if (++this.#epoch === 0x1_0000_0000) {
      this.#stamp.fill(0);
      this.#epoch = 1;
    }
  }

  add(i: number): void {
    if (this.#stamp[i] === this.#epoch) return;
    this.#stamp[i] = this.#epoch;
    this.list[this.n++] = i;
  }
}

/**
 * Folded so far that no case-insensitive comparison sees more: to a regular expression a long s is an s. What two texts
 * have in common under `fold` they have in common here too.
 */
export const foldForGate = (s: string): string => gateOfFolded(fold(s));
/** The same of a text that is folded already. */
export const gateOfFolded = (folded: string): string =>
  folded.includes('ſ') ? folded.replaceAll('ſ', 's') : folded;

/** Character classes: other, start, end, then what patterns hold. */
const START = 1;
const END = 2;

export class Automaton {
  readonly #cls = new Uint8Array(128);
  /** Next state by (state | class); states are multiplied by the width; complemented where patterns end there. */
  readonly #table: Int32Array;
  readonly #first: number;
  readonly #shift: number;
  /** Where a state's numbers begin in `#outs`; indexed by state / width. */
  readonly #outAt: Int32Array;
  readonly #outs: Int32Array;
  readonly states: number;

  constructor(patterns: readonly Pattern[]) {
    const width = this.#classes(patterns);
    this.#shift = Math.ceil(Math.log2(width));
    const trie = makeTrie(patterns, this.#cls, 1 << this.#shift);
    this.states = trie.states;
    const { table, outAt, outs } = finish(trie, this.#shift);
    this.#table = table;
    this.#outAt = outAt;
    this.#outs = outs;
    const first = table[START] as number;
    this.#first = first < 0 ? ~first : first;
  }

  /** Bytes of the tables. */
  get bytes(): number {
    return this.#table.byteLength + this.#outAt.byteLength + this.#outs.byteLength;
  }

  #classes(patterns: readonly Pattern[]): number {
    let next = 3;
    for (const p of patterns) {
      for (let i = 0; i < p.text.length; i++) {
        const c = p.text.charCodeAt(i);
        if (c > 127) throw new Error('bug: a pattern of the automaton is not ASCII');
        if (this.#cls[c] === 0) this.#cls[c] = next++;
      }
    }
    for (let c = 65; c <= 90; c++) this.#cls[c] = this.#cls[c + 32] as number;
    return next;
  }

  /** What lies beyond ASCII, folded or not, is in no pattern. */
  scan(text: string, marks: Marks): void {
    const cls = this.#cls;
    const table = this.#table;
    const n = text.length;
    let at = this.#first;
    for (let i = 0; i < n; i++) {
      const c = text.charCodeAt(i);
      if (c > 127 && (c === 0x212a || c === 0x130 || c === 0x17f))
        return this.#scanWide(foldForGate(text), marks);
      at = table[at + (c > 127 ? 0 : (cls[c] as number))] as number;
      if (at < 0) {
        at = ~at;
        this.#emit(at, marks);
      }
    }
    at = table[at + END] as number;
    if (at < 0) this.#emit(~at, marks);
  }

  /** Text with one of the three characters that fold into ASCII (Kelvin, dotted I, long s), folded. */
  #scanWide(text: string, marks: Marks): void {
    let at = this.#first;
    for (let i = 0; i < text.length; i++) {
      const c = text.charCodeAt(i);
      at = this.#table[at + (c > 127 ? 0 : (this.#cls[c] as number))] as number;
      if (at >= 0) continue;
      at = ~at;
      this.#emit(at, marks);
    }
    at = this.#table[at + END] as number;
    if (at < 0) this.#emit(~at, marks);
  }

  #emit(at: number, marks: Marks): void {
    const state = at >>> this.#shift;
    const end = this.#outAt[state + 1] as number;
    for (let i = this.#outAt[state] as number; i < end; i++) marks.add(this.#outs[i] as number);
  }
}

type Trie = {
  readonly next: Int32Array;
  readonly width: number;
  readonly outs: (readonly number[])[];
  states: number;
};

function makeTrie(patterns: readonly Pattern[], cls: Uint8Array, width: number): Trie {
  let room = 1;
  for (const p of patterns) room += p.text.length + 2;
  const t: Trie = { next: new Int32Array(room * width), width, outs: [[]], states: 1 };
  const step = (at: number, c: number): number => {
    const have = t.next[at * width + c] as number;
    if (have !== 0) return have;
    t.outs.push([]);
    t.next[at * width + c] = t.states;
    return t.states++;
  };
  for (const p of patterns) {
    let at = p.start ? step(0, START) : 0;
    for (let i = 0; i < p.text.length; i++) at = step(at, cls[p.text.charCodeAt(i)] as number);
    if (p.end) at = step(at, END);
    t.outs[at] = union(t.outs[at] as readonly number[], [p.out]);
  }
  return t;
}

/** Failure links made into transitions, states numbered by depth so that the ones often met lie together. */
function finish(t: Trie, shift: number): { table: Int32Array; outAt: Int32Array; outs: Int32Array } {
  const { next, width, states } = t;
  const fail = new Int32Array(states);
  const order = new Int32Array(states);
  let filled = 1;
  for (let head = 0; head < filled; head++) {
    const u = order[head] as number;
    const back = fail[u] as number;
    if (u !== 0) t.outs[u] = union(t.outs[u] as readonly number[], t.outs[back] as readonly number[]);
    for (let c = 0; c < width; c++) {
      const v = next[u * width + c] as number;
      const elsewhere = u === 0 ? 0 : (next[back * width + c] as number);
      if (v === 0) {
        next[u * width + c] = elsewhere;
        continue;
      }
      fail[v] = elsewhere;
      order[filled++] = v;
    }
  }
  const place = new Int32Array(states);
  for (let i = 0; i < states; i++) place[order[i] as number] = i;
  const table = new Int32Array(states * width);
  const outAt = new Int32Array(states + 1);
  const all: number[] = [];
  for (let i = 0; i < states; i++) {
    const u = order[i] as number;
    outAt[i] = all.length;
    for (const o of t.outs[u] as readonly number[]) all.push(o);
    for (let c = 0; c < width; c++) {
      const v = next[u * width + c] as number;
      const to = (place[v] as number) << shift;
      table[i * width + c] = (t.outs[v] as readonly number[]).length > 0 ? ~to : to;
    }
  }
  outAt[states] = all.length;
  return { table, outAt, outs: Int32Array.from(all) };
}

function union(a: readonly number[], b: readonly number[]): readonly number[] {
  if (b.length === 0) return a;
  if (a.length === 0) return b;
  return [...new Set([...a, ...b])];
}
