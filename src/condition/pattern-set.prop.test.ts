import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compilePattern } from './glob.ts';
import { compilePatterns } from './pattern-set.ts';
import { parseWildcards } from './placeholder.ts';

const RUNS = { numRuns: 150 };
const word = (size: number) =>
  fc.string({ unit: fc.constantFrom('a', 'B', 'b', 'σ', 'ς', 'É', '😀', '\ud800'), maxLength: size });
const wild = fc
  .tuple(
    fc.constantFrom('', '*', '**'),
    word(4),
    fc.constantFrom('', '', '*', '?'),
    word(3),
    fc.constantFrom('', '*', '?'),
  )
  .map((p) => p.join(''));

test('a text meets many patterns just when it meets one of them', () => {
  let met = 0;
  let not = 0;
  fc.assert(
    fc.property(
      fc.array(wild, { maxLength: 60 }),
      fc.array(word(10), { maxLength: 20 }),
      fc.boolean(),
      (written, texts, cased) => {
        const patterns = written.map(parseWildcards);
        const many = compilePatterns(patterns, cased);
        const each = patterns.map((p) => compilePattern(p, cased));
        for (const t of texts) {
          const is = each.some((e) => e(t));
          if (is) met++;
          else not++;
          assert.equal(many(t), is, JSON.stringify({ t, written }));
        }
      },
    ),
    RUNS,
  );
  assert.ok(met > 20 && not > 20, `${met} met, ${not} not`);
});

test('more texts than are searched one by one, found wherever they stand', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 3, maxLength: 12 }), {
        minLength: 100,
        maxLength: 200,
      }),
      fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 40 }),
      (needles, t) => {
        const long = needles.map((n) => `${n}${n}c`);
        const many = compilePatterns(
          long.map((n) => parseWildcards(`*${n}*`)),
          false,
        );
        assert.equal(
          many(t),
          long.some((n) => t.includes(n)),
        );
        assert.equal(many(`${t}${long[7]}`), true);
      },
    ),
    RUNS,
  );
});
