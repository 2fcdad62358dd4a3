/** Tokens give what the parser gives, or decline. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { noFacts } from './flags.ts';
import { isObject, parseJsonObject } from './json.ts';
import type { JsonObject } from './source.ts';
import { PATHS_MAX, ROOT, Tokens } from './tokens.ts';

const tokens = new Tokens();

/** False where the tokens declined. */
function same(text: string): boolean {
  if (!tokens.read(text)) return false;
  const facts = noFacts();
  const doc = parseJsonObject(text, facts);
  assert.ok(doc !== undefined, `taken, and no JSON object: ${text}`);
  assert.ok(!facts.duplicateKey && !facts.leftOut, text);
  let seen = 0;
  const walk = (o: JsonObject, parent: number): void => {
    for (const key of Object.keys(o)) {
      seen++;
      const path = tokens.find(parent, key);
      assert.ok(path > 0 && tokens.has(path), key);
      const v = o[key];
      if (isObject(v)) {
        assert.ok(tokens.isObject(path), key);
        walk(v, path);
      } else assert.deepEqual(tokens.value(path), v, key);
    }
  };
  walk(doc, ROOT);
  assert.equal(tokens.n, seen);
  return true;
}

const key = fc.oneof(
  fc.constantFrom('a', 'b', '__proto__', 'constructor', '', '1', 'é'),
  fc.string({ maxLength: 4 }),
);
/** A value's own text, so that every way to write a number is met. */
const value: fc.Arbitrary<string> = fc.oneof(
  fc.string({ maxLength: 6 }).map((s) => JSON.stringify(s)),
  fc.constantFrom(
    '0',
    '-0',
    '-1',
    '12',
    '01',
    '1.0',
    '1e3',
    '123456789012345',
    '1234567890123456',
    '12345678901234567',
    '-',
    '+1',
  ),
  fc.constantFrom('true', 'false', 'null', 'nul', '"\\u0041"', '"\\x"', '"a\\nb"', '"\\\\"', '[]', '"\t"'),
);
const doc: fc.Arbitrary<string> = fc.letrec<{ d: string }>((tie) => ({
  d: fc
    .array(fc.tuple(key, fc.oneof({ weight: 5, arbitrary: value }, { weight: 1, arbitrary: tie('d') })), {
      maxLength: 5,
    })
    .map((pairs) => `{${pairs.map(([k, v]) => `${JSON.stringify(k)}: ${v}`).join(' ,')}}`),
})).d;

test('values are those of the parser', () => {
  let taken = 0;
  fc.assert(
    fc.property(doc, (text) => {
      if (same(text)) taken++;
    }),
    { numRuns: 3000 },
  );
  assert.ok(taken > 500, `${taken} taken`);
});

test('more paths than are remembered', () => {
  const before = tokens.generation;
  for (let i = 0; i < PATHS_MAX / 8; i++)
    assert.ok(same(`{${Array.from({ length: 16 }, (_, k) => `"k${i}_${k}":${k}`).join()}}`));
  assert.ok(tokens.generation > before);
  assert.ok(same('{"a":1}'));
});
