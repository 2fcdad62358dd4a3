/** Live = history, some seconds of it; `npm run fuzz:equivalence` goes on for as long as it is told. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openTestStore, type TestStore } from '../store/testing.ts';
import { fuzz, tallyText } from './equivalence-fixture.ts';

let t: TestStore;
before(async () => {
  t = await openTestStore();
});
after(() => t?.end());

test('oracle, engine, state owner and history give the same verdicts; what comes late is not missed', async () => {
  const r = await fuzz(t.store, { ms: 8000, seed: 7, shrinkMs: 30_000 });
  console.log(tallyText(r));
  assert.equal(r.failure, '');
  assert.ok(r.tally.cases > 3 && r.tally.verdicts > 100, 'some cases ran');
});
