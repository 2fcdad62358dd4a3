/** What the tests of the scanners share: patterns by a plain search. */
import assert from 'node:assert/strict';
import { foldForGate, Marks, type Pattern } from './automaton.ts';

function occurs(p: Pattern, t: string): boolean {
  if (p.start && p.end) return t === p.text;
  if (p.start) return t.startsWith(p.text);
  return p.end ? t.endsWith(p.text) : t.includes(p.text);
}

type Scanner = { scan(text: string, marks: Marks): void };

/** In every text exactly what a plain search finds, with marks that are used again. */
export function assertFindsAll(
  scanner: Scanner,
  patterns: readonly Pattern[],
  texts: readonly string[],
): void {
  const marks = new Marks(patterns.length);
  for (const t of texts) {
    marks.begin();
    scanner.scan(t, marks);
    const folded = foldForGate(t);
    assert.deepEqual(
      [...marks.list.subarray(0, marks.n)].sort((a, b) => a - b),
      patterns.filter((p) => occurs(p, folded)).map((p) => p.out),
      JSON.stringify([t, patterns]),
    );
  }
}
