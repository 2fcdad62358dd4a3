/** What an index says that it holds. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { makeIndex } from './index-of.ts';
import { guessedFrequency } from './witness.ts';

test('whole values are counted into the bytes, as needles are', () => {
  const values = Array.from({ length: 1000 }, (_, i) => `value ${i}`);
  const equals = makeIndex(
    [{ rule: 0, condition: { kind: 'equals', field: 'a', values, cased: false } }],
    guessedFrequency,
  );
  assert.ok(equals.bytes >= 100_000, `${equals.bytes} bytes`);
});
