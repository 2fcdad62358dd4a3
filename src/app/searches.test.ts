/** What a search answers besides rows: remarks on the query. The store here answers everything with nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ControlStore } from '../store/control/control-store.ts';
import type { SqlResult } from '../store/engine/client.ts';
import type { EventStore } from '../store/events.ts';
import { Searches } from './searches.ts';

const NOTHING: Pick<SqlResult, 'rows' | 'columns' | 'partial'> & { stats: unknown } = {
  rows: [],
  columns: [],
  partial: false,
  stats: { bytesRead: 0, rowsRead: 0 },
};
const searches = new Searches({
  store: { query: async () => NOTHING } as unknown as EventStore,
  control: {} as ControlStore,
  lists: () => new Map(),
  now: () => 0,
});

async function hints(query: string): Promise<readonly string[] | undefined> {
  const r = await searches.search(
    { tenant: 'default', query, from: 0, to: 1e9, limit: 10, histogram: false },
    { signal: new AbortController().signal },
  );
  assert.ok(r.kind !== 'problem', JSON.stringify(r));
  return r.hints;
}

test('remarks on filter and pipes arrive, each once', async () => {
  const misspelled = 'no known field is called "usr.name"; did you mean "user.name"?';
  assert.equal(await hints('user.name:x | stats count() by user.name'), undefined);
  assert.deepEqual(await hints('usr.name:x'), [misspelled]);
  assert.deepEqual(await hints('usr.name:x | stats count() by usr.name'), [misspelled]);
  assert.match((await hints('user=root'))?.[0] ?? '', /compared with ":" or "=="; did you mean "user:root"/);
});
