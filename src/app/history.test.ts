/** Late work beside trouble: a row that cannot be judged holds up no other, and is tried again later. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../base/log.ts';
import { makeRuleSet } from '../detect/rule.ts';
import type { LateMark } from '../model/late.ts';
import type { ControlStore } from '../store/control/control-store.ts';
import type { LateWork } from '../store/control/tables/late.ts';
import type { EventStore } from '../store/events.ts';
import { History, LATE_RETRY_US } from './history.ts';

const row = (name: string, from: number): LateWork => {
  const mark: LateMark = {
    tenant: 'default',
    origin: 'live',
    rule: name,
    from,
    to: from + 1,
    keys: null,
    events: 1,
    batch: 1,
    ingested: 0,
  };
  return { name, pos: '', marks: [mark] };
};

test('a row that always fails is set aside for a while; the others are judged, and its trouble is told', async () => {
  const BROKEN = 1;
  let work = [row('a', BROKEN), row('b', 2), row('c', 3)];
  let now = 1e9;
  let broken = true;
  let tries = 0;
  const control = {
    lateWork: () => work,
    listVersions: (from: number) => {
      if (from !== BROKEN) return [];
      tries++;
      if (broken) throw new Error('no such page');
      return [];
    },
    commitLate: (c: { readonly work: LateWork }) => {
      work = work.filter((w) => w.name !== c.work.name);
    },
  } as unknown as ControlStore;
  const history = new History({
    store: {} as EventStore,
    control,
    rules: () => makeRuleSet([]),
    lists: () => new Map(),
    storedBatch: () => 1,
    channels: [],
    now: () => now,
    log: silentLog,
    opened: () => undefined,
  });
  await assert.rejects(history.judgeLate(true), /no such page/);
  assert.equal(await history.judgeLate(true), 1);
  assert.equal(await history.judgeLate(), 1);
  assert.deepEqual([work.map((w) => w.name), tries], [['a'], 1]);
  assert.equal(await history.judgeLate(true), 0);
  assert.equal(history.late.trouble, 'no such page');
  now += LATE_RETRY_US;
  await assert.rejects(history.judgeLate(true), /no such page/);
  broken = false;
  now += LATE_RETRY_US;
  assert.equal(await history.judgeLate(true), 1);
  assert.deepEqual([work, history.late.trouble], [[], '']);
});
