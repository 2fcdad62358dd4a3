/** Late work is written with its batch, once, merged, and done only if nothing came to it meanwhile. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { LateMark } from '../../model/late.ts';
import type { BatchCommit } from './commit.ts';
import { openControl } from './open-control.ts';

const mark = (over: Partial<LateMark> = {}): LateMark => ({
  tenant: 'default',
  origin: 'live',
  rule: 'brute',
  from: 1e15,
  to: 1e15 + 60e6,
  keys: ['["10.0.1.5"]'],
  events: 3,
  batch: 7,
  ingested: 1.1e15,
  ...over,
});
const commit = (through: number, late: readonly LateMark[]): BatchCommit => ({
  through,
  alerts: [],
  ledger: [],
  outbox: [],
  checkpoints: [],
  dedup: [],
  ruleStats: [],
  late,
});

test('the oldest work is taken first, however much there is', () => {
  const c = openControl(':memory:');
  const marks = Array.from({ length: 1000 }, (_, i) => mark({ rule: `r${i}` }));
  c.commitBatch(commit(7, [...marks, mark({ rule: 'zz', ingested: 1e15 })]));
  assert.equal(c.lateWork()[0]?.marks[0]?.rule, 'zz');
});

test('late work lives in the commit that brought it and ends when it is judged', () => {
  const c = openControl(':memory:');
  c.commitBatch(commit(7, [mark(), mark({ rule: 'spray' })]));
  // A batch replayed after a crash adds nothing.
  c.commitBatch(commit(7, [mark()]));
  assert.equal(c.lateWork().length, 2);
  c.commitBatch(
    commit(8, [mark({ from: 1e15 + 90e6, to: 1e15 + 90e6, keys: ['["x"]'], events: 1, batch: 8 })]),
  );
  const work = c.lateWork().find((w) => w.marks[0]?.rule === 'brute');
  assert.deepEqual(work?.marks, [
    mark({ to: 1e15 + 90e6, keys: ['["10.0.1.5"]', '["x"]'], events: 4, batch: 8 }),
  ]);
  assert.ok(work !== undefined);
  c.commitBatch(commit(9, [mark({ batch: 9 })]));
  c.commitLate({ work, alerts: [], outbox: [] });
  assert.equal(c.lateWork().length, 2, 'more came while it was judged');
  for (const w of c.lateWork()) c.commitLate({ work: w, alerts: [], outbox: [] });
  assert.deepEqual(c.lateWork(), []);
  c.close();
});

test('versions of a list with the time each was in force', async () => {
  const c = openControl(':memory:');
  const audit = { at: 1, who: 'x', from: 'x', action: 'list.set', object: 'l', outcome: 'ok', detail: '' };
  for (const [at, v] of [
    [10, 'a'],
    [20, 'b'],
    [30, 'c'],
  ] as const)
    await c.setList({ name: 'l', kind: 'text', values: [v], updatedBy: 'x', validFrom: at }, audit);
  const shown = (since: number) => c.listVersions(since).map((l) => [l.validFrom, l.validTo, l.values[0]]);
  assert.deepEqual(shown(0), [
    [10, 20, 'a'],
    [20, 30, 'b'],
    [30, 0, 'c'],
  ]);
  assert.deepEqual(shown(25), [
    [20, 30, 'b'],
    [30, 0, 'c'],
  ]);
  c.close();
});
