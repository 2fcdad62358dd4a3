import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseJson } from './json.ts';
import type { Json } from './source.ts';

/** The document with every number as its text, so that both parsers can be compared. */
const asText = (v: unknown): unknown => {
  if (typeof v === 'number') return String(v);
  if (Array.isArray(v)) return v.map(asText);
  if (typeof v === 'object' && v !== null) return Object.entries(v).map(([k, x]) => [k, asText(x)]);
  return v;
};

test('agrees with JSON.parse on every document', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (doc) => {
      const text = JSON.stringify(doc);
      const got = parseJson(text) as Json;
      // A number that changes its text on the way (-0, 1e+21) is the one licensed difference.
      const same = JSON.stringify(asText(got)) === JSON.stringify(asText(JSON.parse(text)));
      assert.ok(same || /[eE]|-0/.test(text), text);
    }),
    { numRuns: 200 },
  );
});

test('the slow path (forced by one odd number) reads the same document', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (doc) => {
      const inner = JSON.stringify(doc);
      const got = parseJson(`{"odd": 1.0, "doc": ${inner}}`) as { readonly [k: string]: Json } | undefined;
      assert.ok(got !== undefined, inner);
      assert.equal(got['odd'], '1.0');
      const same = JSON.stringify(asText(got['doc'])) === JSON.stringify(asText(JSON.parse(inner)));
      assert.ok(same || /[eE]|-0/.test(inner), inner);
    }),
    { numRuns: 200 },
  );
});

test('accepts exactly what JSON.parse accepts', () => {
  const piece = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ':',
    ',',
    '"a"',
    '1',
    '1.0',
    '-0',
    'null',
    'true',
    ' ',
    '"\\u00e9"',
    '1e5',
    '"',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (parts) => {
      const text = parts.join('');
      let valid = true;
      try {
        JSON.parse(text);
      } catch {
        valid = false;
      }
      assert.equal(parseJson(text) !== undefined, valid, text);
    }),
    { numRuns: 1000 },
  );
});
