/** Rows of filters that SQL can only over-approximate, on the real engine: shown are those that meet the filter, page by page. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { SearchRequest, SearchResult } from '../api/contract.ts';
import type { ControlStore } from '../store/control/control-store.ts';
import { BlockEncoder, stampOurs } from '../store/native.ts';
import { openTestStore, TEST_INGESTED, testEvent, testProvenance, type TestStore } from '../store/testing.ts';
import { ROUND_ROWS_MIN, ROUNDS_MAX } from './judged-rows.ts';
import { Searches } from './searches.ts';

const S = 1e6;
const EVENTS = 600;
const FILLER = 2200;
let t: TestStore;
let searches: Searches;

before(async () => {
  t = await openTestStore();
  const encoder = new BlockEncoder();
  for (let i = -FILLER; i < EVENTS; i++) {
    // "ab" for two of three, and for all of the oldest and the newest hundred and twenty.
    const path = i % 3 > 0 || i < 0 || i >= 480 ? '/xabx' : '/c';
    const e = testEvent(
      { 'url.path': path, 'host.name': 'web01' },
      { ts: TEST_INGESTED + i * S, text: `line ${i}` },
    );
    const p = testProvenance({ batch: FILLER + i + 1, ingested: e.ts, retentionDays: 3650 });
    stampOurs(e, p);
    encoder.add(e, p);
  }
  await t.store.insert([encoder.finish()], 'rows');
  searches = new Searches({
    store: t.store,
    control: {} as ControlStore,
    lists: () => new Map(),
    now: () => TEST_INGESTED,
  });
});
after(() => t?.end());

async function ask(query: string, more: Partial<SearchRequest> = {}): Promise<SearchResult> {
  const range = { from: TEST_INGESTED, to: TEST_INGESTED + EVENTS * S };
  const r = await searches.search(
    { tenant: 'default', query, ...range, limit: 50, histogram: true, ...more },
    { signal: new AbortController().signal },
  );
  assert.ok(r.kind !== 'problem', `${query}: ${JSON.stringify(r)}`);
  return r;
}
const secondsOf = (r: SearchResult): number[] => r.rows.map((x) => (x.ts - TEST_INGESTED) / S);
/** Newest first. */
const WANT = Array.from({ length: EVENTS }, (_, i) => EVENTS - 1 - i).filter((i) => i % 3 === 0 && i < 480);
const VAGUE = 'NOT url.path =~ "a\\\\Bb"';

test('the rows shown were judged, the count says that it is approximate', async () => {
  const first = await ask(VAGUE);
  assert.deepEqual(secondsOf(first), WANT.slice(0, 50));
  assert.deepEqual([first.approximate, first.total, first.partial], [true, EVENTS, false]);
  assert.match(first.hints?.[0] ?? '', /^approximate: .*the events shown were judged one by one$/);
  const table = await ask(`${VAGUE} | stats count() as n`);
  assert.deepEqual([table.table, table.approximate], [[[EVENTS]], true]);
});

test('page by page every row comes once; head counts those that met the filter', async () => {
  const seen: number[] = [];
  let before: SearchRequest['before'];
  for (;;) {
    const page = await ask(VAGUE, { limit: 40, ...(before === undefined ? {} : { before }) });
    seen.push(...secondsOf(page));
    const last = page.rows.at(-1);
    if (last === undefined || page.rows.length < 40) break;
    before = { ts: last.ts, id: last.id };
  }
  assert.deepEqual(seen, WANT);
  assert.deepEqual(secondsOf(await ask(`${VAGUE} | head 7`)), WANT.slice(0, 7));
});

test('where almost nothing meets the filter it gives up, and says so', async () => {
  const range = { from: TEST_INGESTED - FILLER * S, to: TEST_INGESTED };
  assert.ok(ROUNDS_MAX * ROUND_ROWS_MIN < FILLER);
  const none = await ask(VAGUE, { limit: 5, ...range });
  assert.deepEqual([none.rows, none.partial], [[], true]);
  const all = await ask(VAGUE, { limit: 500, ...range });
  assert.deepEqual([all.rows, all.partial], [[], false]);
});
