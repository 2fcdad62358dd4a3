/** Live = history, for up to four minutes from a fixed seed; the report says how many cases ran. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fuzz, tallyText } from '../../src/history/equivalence-fixture.ts';
import { openTestStore, type TestStore } from '../../src/store/testing.ts';

/** Time for cases; making a failing one smaller takes the rest of the stage's four minutes. */
const CASES_MS = Number(process.env['VIGIL_EQUIVALENCE_MS'] ?? 180_000);
const SHRINK_MS = 45_000;

let t: TestStore;
before(async () => {
  t = await openTestStore();
});
after(() => t?.end());

test('oracle, engines, state owner and history agree', { timeout: 300_000 }, async () => {
  const r = await fuzz(t.store, { ms: CASES_MS, seed: 20_261_124, shrinkMs: SHRINK_MS });
  console.log(tallyText(r));
  assert.equal(r.failure, '');
  assert.ok(r.tally.cases >= CASES_MS / 10_000, 'cases ran');
});
