/** The automaton finds what a plain search for each pattern finds. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { Automaton, foldForGate, Marks, type Pattern } from './automaton.ts';
import { assertFindsAll } from './testing.ts';

const text = fc.string({ unit: fc.constantFrom('a', 'b', 'A', 'c', '^', '$', 'ſ', 's', 'K', 'k', 'é') });
const pattern = fc.record({
  text: fc.string({ unit: fc.constantFrom('a', 'b', 's', 'k', '^', '$'), maxLength: 5 }),
  start: fc.boolean(),
  end: fc.boolean(),
});

test('every pattern is found where it occurs, and nowhere else', () => {
  fc.assert(
    fc.property(
      fc.array(pattern, { minLength: 1, maxLength: 12 }),
      fc.array(text, { minLength: 1, maxLength: 6 }),
      (all, texts) => {
        const patterns = all.filter((p) => p.text !== '').map((p, out) => ({ ...p, out }));
        assertFindsAll(new Automaton(patterns), patterns, texts);
      },
    ),
    { numRuns: 300 },
  );
});

test('many patterns that end in the same place', () => {
  const patterns: Pattern[] = Array.from({ length: 60 }, (_, i) => ({
    text: 'a'.repeat(i + 1),
    start: false,
    end: false,
    out: i,
  }));
  const automaton = new Automaton(patterns);
  const marks = new Marks(60);
  marks.begin();
  automaton.scan(`b${'a'.repeat(40)}b`, marks);
  assert.equal(marks.n, 40);
  marks.begin();
  automaton.scan('b', marks);
  assert.equal(marks.n, 0);
});

test('three characters beyond ASCII fold into it', () => {
  const found: number[] = [];
  for (let c = 0x80; c <= 0x10ffff; c++) {
    if (c >= 0xd800 && c <= 0xdfff) continue;
    if (/[\0-\x7f]/.test(foldForGate(String.fromCodePoint(c)))) found.push(c);
  }
  assert.deepEqual(found, [0x130, 0x17f, 0x212a]);
});
