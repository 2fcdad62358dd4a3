/** Needles are found where a plain search finds them, and nowhere else. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { Marks, type Pattern } from './automaton.ts';
import { GramCounts, Needles } from './needles.ts';
import { assertFindsAll } from './testing.ts';

const text = fc.string({
  unit: fc.constantFrom('a', 'b', 'A', 'c', '^', 'ſ', 's', 'K', 'k', 'é', '\0', '\x7f'),
  maxLength: 30,
});
const pattern = fc.record({
  text: fc.string({ unit: fc.constantFrom('a', 'b', 's', 'k', '^', '\0'), minLength: 1, maxLength: 18 }),
  start: fc.boolean(),
  end: fc.boolean(),
});

test('every needle is found where it occurs, and nowhere else', () => {
  fc.assert(
    fc.property(
      fc.array(pattern, { minLength: 1, maxLength: 20 }),
      fc.array(text, { minLength: 1, maxLength: 6 }),
      text,
      fc.constantFrom(1, 7, 10),
      (some, texts, seen, shortest) => {
        const all = some.filter((p) => p.text.length >= shortest);
        const patterns: Pattern[] = all.map((p, out) => ({ ...p, out }));
        // Needles themselves stand in texts, alone and within others.
        for (const p of all.slice(0, 4))
          texts.push(p.text.toUpperCase(), `x${p.text}`, `${p.text}y`, `é${p.text}é`);
        const counts = new GramCounts();
        counts.add(seen);
        assertFindsAll(new Needles(patterns, counts), patterns, texts);
      },
    ),
    { numRuns: 500 },
  );
});

test('more needles with the same four characters than are compared at one place', () => {
  const patterns: Pattern[] = Array.from({ length: 200 }, (_, i) => ({
    text: `aaaa${i}`,
    start: false,
    end: false,
    out: i,
  }));
  const needles = new Needles(patterns, new GramCounts());
  const marks = new Marks(200);
  marks.begin();
  needles.scan('xAAAA7 aaaa150', marks);
  assert.deepEqual(
    [...marks.list.subarray(0, marks.n)].sort((a, b) => a - b),
    [1, 7, 15, 150],
  );
});

test('long needles are found at every place, whatever places are left out', () => {
  for (const length of [7, 8, 11, 15, 16, 40]) {
    const needle = Array.from({ length }, (_, i) => String.fromCharCode(97 + (i % 26))).join('');
    const needles = new Needles([{ text: needle, start: false, end: false, out: 0 }], new GramCounts());
    const marks = new Marks(1);
    for (let before = 0; before < 40; before++) {
      for (const [text, want] of [
        [`${'-'.repeat(before)}${needle.toUpperCase()}`, 1],
        [`${'é'.repeat(before)}${needle}é`, 1],
        [`${'-'.repeat(before)}${needle.replace('k', '\u212a')}`, 1],
        [`${'-'.repeat(before)}${needle.slice(1)}`, 0],
      ] as const) {
        marks.begin();
        needles.scan(text, marks);
        assert.equal(marks.n, want, text);
      }
    }
  }
});
