/**
 * Wildcard patterns: `*` is any run of characters, `?` exactly one code point. Matching is hand-written (no regular
 * expression, so no backtracking explosion): at most O(text x pattern). Held by `evaluate.test.ts`.
 */
import { fold, wellFormed } from './text.ts';
import type { PatternPart } from './tree.ts';

type Piece = string | null;
/** Pieces between two `*`; null stands for `?`. */
type Segment = readonly Piece[];

export const ANY: PatternPart = { kind: 'any' };
export const ONE: PatternPart = { kind: 'one' };

/** The same pattern found anywhere in a text. */
export const unanchored = (pattern: readonly PatternPart[]): readonly PatternPart[] => [ANY, ...pattern, ANY];

export function compilePattern(pattern: readonly PatternPart[], cased: boolean): (text: string) => boolean {
  const test = compileNormed(pattern, cased);
  return (t) => test(cased ? wellFormed(t) : fold(t));
}

/** The same for texts that are well-formed, and folded unless case counts. */
export function compileNormed(pattern: readonly PatternPart[], cased: boolean): (text: string) => boolean {
  const segments = split(pattern, cased);
  const first = segments[0] as Segment;
  if (segments.length === 1) return (s) => matchAt(first, s, 0) === s.length;
  const middle = segments.slice(1, -1).filter((s) => s.length > 0);
  const last = segments.at(-1) as Segment;
  return (s) => {
    let at = matchAt(first, s, 0);
    if (at < 0) return false;
    for (const seg of middle) {
      at = findFrom(seg, s, at);
      if (at < 0) return false;
    }
    return endsWithSegment(last, s, at);
  };
}

function split(pattern: readonly PatternPart[], cased: boolean): Segment[] {
  const segments: Piece[][] = [[]];
  for (const p of pattern) {
    const seg = segments.at(-1) as Piece[];
    if (p.kind === 'any') segments.push([]);
    else if (p.kind === 'one') seg.push(null);
    else if (p.text !== '') seg.push(cased ? wellFormed(p.text) : fold(p.text));
  }
  return segments;
}

/** End of the segment's match at `at`, or -1. */
function matchAt(seg: Segment, s: string, at: number): number {
  let i = at;
  for (const p of seg) {
    if (p === null) {
      if (i >= s.length) return -1;
      i = next(s, i);
    } else {
      if (!s.startsWith(p, i)) return -1;
      i += p.length;
    }
  }
  return i;
}

const next = (s: string, i: number): number => i + ((s.codePointAt(i) ?? 0) > 0xffff ? 2 : 1);

function findFrom(seg: Segment, s: string, from: number): number {
  const head = seg[0];
  if (typeof head === 'string') {
    for (let i = s.indexOf(head, from); i >= 0; i = s.indexOf(head, i + 1)) {
      const end = matchAt(seg, s, i);
      if (end >= 0) return end;
    }
    return -1;
  }
  for (let i = from; i <= s.length; i = i < s.length ? next(s, i) : i + 1) {
    const end = matchAt(seg, s, i);
    if (end >= 0) return end;
  }
  return -1;
}

function endsWithSegment(seg: Segment, s: string, from: number): boolean {
  if (seg.length === 0) return true;
  // The segment has a fixed number of code points, so its start is determined by walking back from the end.
  let start = s.length;
  for (let k = seg.length - 1; k >= 0; k--) {
    const p = seg[k] as Piece;
    if (p === null) {
      if (start <= 0) return false;
      start -= start > 1 && (s.codePointAt(start - 2) ?? 0) > 0xffff ? 2 : 1;
    } else {
      start -= p.length;
      if (start < 0 || !s.startsWith(p, start)) return false;
    }
  }
  return start >= from;
}
