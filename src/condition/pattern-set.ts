/**
 * Many wildcard patterns at once, each with the meaning that `compilePattern` gives it. Those that are a plain text, alone or
 * with `*` before or behind it, are looked up, so that a value costs much the same for ten of them and for ten thousand; the
 * others are tried one by one. Held by `pattern-set.prop.test.ts` and `placeholder.test.ts`.
 */
import { compileNormed } from './glob.ts';
import { fold, wellFormed } from './text.ts';
import type { PatternPart } from './tree.ts';

/** Fewer texts than these are searched one by one: that is quicker than looking at every place of a value. */
const SEARCHED_MAX = 32;
/** Characters by which a longer list of texts is looked up at a place of a value. */
const HEAD_CHARS_MAX = 8;

type Test = (text: string) => boolean;

/** Whether a text meets one of the patterns. */
export function compilePatterns(patterns: Iterable<readonly PatternPart[]>, cased: boolean): Test {
  const norm = cased ? wellFormed : fold;
  const exact = new Set<string>();
  const starts = new Set<string>();
  const ends = new Set<string>();
  const inside = new Set<string>();
  const others: Test[] = [];
  for (const p of patterns) {
    const from = p.findIndex((x) => x.kind !== 'any');
    const to = p.findLastIndex((x) => x.kind !== 'any') + 1;
    const plain = plainText(p.slice(Math.max(from, 0), to), norm);
    if (plain === undefined || (plain === '' && p.length > 0)) others.push(compileNormed(p, cased));
    else if (from > 0) (to < p.length ? inside : ends).add(plain);
    else (to < p.length ? starts : exact).add(plain);
  }
  const [startOf, endOf] = [lengthsOf(starts), lengthsOf(ends)];
  const contains = searched(inside);
  return (text) => {
    const t = norm(text);
    return (
      exact.has(t) ||
      startOf.some((n) => n <= t.length && starts.has(t.slice(0, n))) ||
      endOf.some((n) => n <= t.length && ends.has(t.slice(t.length - n))) ||
      contains(t) ||
      others.some((test) => test(t))
    );
  };
}

/** The text that the parts are, undefined where one is a wildcard. */
function plainText(parts: readonly PatternPart[], norm: (text: string) => string): string | undefined {
  let out = '';
  for (const p of parts) {
    if (p.kind !== 'text') return undefined;
    out += norm(p.text);
  }
  return out;
}

const lengthsOf = (texts: Iterable<string>): number[] => [...new Set(Array.from(texts, (t) => t.length))];

/** Whether one of the texts, none of them empty, stands in a value. */
function searched(texts: ReadonlySet<string>): Test {
  const all = [...texts];
  if (all.length <= SEARCHED_MAX) return (t) => all.some((x) => t.includes(x));
  const head = all.reduce((least, t) => Math.min(least, t.length), HEAD_CHARS_MAX);
  const byHead = new Map<string, Set<number>>();
  for (const t of all) {
    const key = t.slice(0, head);
    const lengths = byHead.get(key);
    if (lengths === undefined) byHead.set(key, new Set([t.length]));
    else lengths.add(t.length);
  }
  return (t) => {
    for (let i = 0; i + head <= t.length; i++)
      for (const n of byHead.get(t.slice(i, i + head)) ?? []) if (texts.has(t.slice(i, i + n))) return true;
    return false;
  };
}
