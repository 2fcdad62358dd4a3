/** Tokens give what the parser gives, or decline. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { noFacts } from './flags.ts';
import { isObject, parseJsonObject } from './json.ts';
import type { JsonObject } from './source.ts';
import { bucketOf, hashOf, PATHS_MAX, PROBES_MAX, ROOT, TOKENS_MAX, Tokens } from './tokens.ts';

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

/** Three characters that lead from one state of the hash to another: the largest group of them with the same end. */
function blocksFrom(prefix: string): string[] {
  const groups = new Map<number, string[]>();
  const of = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:;,!#';
  for (const a of of)
    for (const b of of)
      for (const c of of) {
        const hash = hashOf(ROOT, prefix + a + b + c);
        const group = groups.get(hash);
        if (group === undefined) groups.set(hash, [a + b + c]);
        else group.push(a + b + c);
      }
  return [...groups.values()].reduce((a, b) => (b.length > a.length ? b : a));
}
const document = (keys: readonly string[]): string => `{${keys.map((k) => `"${k}":1`).join()}}`;

test('keys that a sender chose to collide are given up', () => {
  let colliding = [''];
  while (colliding.length < TOKENS_MAX) {
    const next = blocksFrom(colliding[0] as string);
    colliding = colliding.flatMap((head) => next.map((tail) => head + tail));
  }
  colliding.length = TOKENS_MAX - 5;
  assert.equal(new Set(colliding.map((k) => hashOf(ROOT, k))).size, 1);
  const t = new Tokens();
  assert.equal(t.read(document(colliding)), false);
  assert.equal(t.read(document(colliding.slice(0, PROBES_MAX))), true);
  // A plan of a source asks for any path, whatever stands in its way.
  const planned = t.path(ROOT, colliding.at(-1) as string);
  assert.ok(planned > 0);
  assert.equal(t.read(document(['a', colliding[0] as string])), true);
  assert.equal(t.value(t.find(ROOT, 'a')), 1);
});

test('keys whose hashes agree in their low bits are spread', () => {
  const low: string[] = [];
  for (let i = 0; low.length < TOKENS_MAX - 5; i++) {
    const k = i.toString(36);
    if ((hashOf(ROOT, k) & 0x7fff) < 8) low.push(k);
  }
  const buckets = new Set(low.map((k) => bucketOf(hashOf(ROOT, k))));
  assert.ok(buckets.size > low.length / 2, `${buckets.size} buckets for ${low.length} keys`);
  assert.equal(new Tokens().read(document(low)), true);
});
