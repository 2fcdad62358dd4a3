/** What a regular expression cannot match without is found in every text that it matches. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { compileRegex, regexProblem } from '../../condition/regex.ts';
import { foldForGate } from './automaton.ts';
import { required, requiredLiterals } from './literal.ts';

const atoms = [
  'a',
  'b',
  'S',
  'k',
  '.',
  '\\.',
  '\\\\',
  '[ab]',
  '[^a]',
  '[Ss]',
  '[a-c]',
  '\\d',
  '\\b',
  '\\x41',
  'é',
  '😀',
  '-',
  '1',
];
const regex: fc.Arbitrary<string> = fc.letrec<{ r: string }>((tie) => ({
  r: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(...atoms),
    fc.tuple(tie('r'), tie('r')).map(([a, b]) => a + b),
    fc.tuple(tie('r'), tie('r')).map(([a, b]) => `(${a}|${b})`),
    fc.tuple(tie('r'), tie('r')).map(([a, b]) => `${a}|${b}`),
    fc
      .tuple(tie('r'), fc.constantFrom('*', '+', '?', '{2}', '{0,2}', '{1,}', '*?'))
      .map(([a, q]) => `(?:${a})${q}`),
    fc.constantFrom('a😀?', '😀*b', '😀{0,2}', 'é?😀+'),
    tie('r').map((a) => `(?i)${a}`),
    tie('r').map((a) => `^${a}$`),
  ),
})).r;
const text = fc.string({
  unit: fc.constantFrom('a', 'b', 's', 'S', 'ſ', 'k', '\u212a', '.', '\\', 'A', '1', '-', 'é', 'c', '😀'),
  maxLength: 12,
});

test('a required literal is in every text that matches', () => {
  let matched = 0;
  fc.assert(
    fc.property(
      regex,
      fc.constantFrom('', 'i'),
      fc.array(text, { minLength: 4, maxLength: 12 }),
      (source, flags, texts) => {
        if (regexProblem(source, flags) !== undefined) return;
        const { need, min } = required(source);
        const test = compileRegex(source, flags);
        for (const t of texts) {
          if (!test(t)) continue;
          matched++;
          assert.ok(t.length >= min, `${source} matches ${JSON.stringify(t)}, shorter than ${min}`);
          if (need === undefined) continue;
          const folded = foldForGate(t);
          assert.ok(
            need.some((n) => folded.includes(n)),
            `${source} matches ${JSON.stringify(t)} without ${JSON.stringify(need)}`,
          );
        }
      },
    ),
    { numRuns: 3000 },
  );
  assert.ok(matched > 100, `only ${matched} matches were looked at`);
});

test('a character beyond the BMP is quantified whole', () => {
  assert.equal(required('user=root😀?').min, 'user=root'.length);
  assert.equal(required('a😀*').min, 1);
});

test('literals that are expected', () => {
  const table: readonly (readonly [string, readonly string[] | undefined])[] = [
    ['curl[^|;]*\\|\\s*bash', ['curl']],
    ['abc|def', ['abc', 'def']],
    ['(?:abc|de)f', ['abcf', 'def']],
    ['abcd?', ['abcd', 'abc']],
    ['abcd*ef', ['abc']],
    ['a\\.exe$', ['a.exe']],
    ['\\d\\w', undefined],
    ['[ab]x', ['ax', 'bx']],
    ['[a-z]+', undefined],
    ['(?P<n>ab){2,}', ['ab']],
    ['ab{x|y}cd', undefined],
    ['\\Qa\\E', undefined],
    ['[]a]bcd[[:alpha:]]', [']bcd', 'abcd']],
    ['(?i)Ünder', ['nder']],
    ['', undefined],
    ['(', undefined],
  ];
  for (const [source, want] of table) assert.deepEqual(requiredLiterals(source), want, source);
});
