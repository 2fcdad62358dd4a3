/** What a search answers besides rows: remarks on the query, refusals. The store here answers everything with nothing. */
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
  store: { query: async () => NOTHING, firstReceived: async () => undefined } as unknown as EventStore,
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

const ask = (query: string) =>
  searches.search(
    { tenant: 'default', query, from: 0, to: 1e9, limit: 10, histogram: true },
    { signal: new AbortController().signal },
  );

test('what SQL cannot say exactly is named', async () => {
  for (const query of ['url.path =~ "a\\Bb"', 'url.path =~ "a\\Bb" | stats count() by user.name']) {
    const vague = await ask(query);
    assert.ok(vague.kind !== 'problem' && vague.approximate === true, query);
    assert.match(vague.hints?.[0] ?? '', /^approximate/);
  }
  const exact = await ask('url.path =~ "ab"');
  assert.ok(exact.kind !== 'problem' && exact.approximate === undefined);
});

test('counts over earlier events are judged over history; what cannot be is refused with what to do', async () => {
  for (const query of [
    'count(auth_failure by source.ip in 5m) > 10',
    'failed NOT exists(auth_success for user in last 1 hour) | stats count() by user.name',
  ]) {
    const r = await ask(query);
    assert.ok(r.kind !== 'problem', query);
    assert.match(r.hints?.[0] ?? '', /^judged over history/);
  }
  const refusals: readonly (readonly [string, RegExp])[] = [
    [
      'certificate.days_to_expiry < 7 AND NOT exists(renewal_event for certificate in last 30 days)',
      /write the condition as a rule and ask "vigil rules backtest"/,
    ],
    [
      '* | where user.name in (search count(a in 1h) > 3 | fields user.name)',
      /run it as a search of its own/,
    ],
    [
      'count(a in 1h) > 3 | where user.name in (search count(b in 1h) > 3 | fields user.name)',
      /run it as a search of its own/,
    ],
    ['count(source.ip IN nowhere in 1h) > 3', /nowhere/],
    ['count(a in 1h) > 3 | stats count() as n | where m > 3', /m/],
  ];
  for (const [query, why] of refusals) {
    const r = await ask(query);
    assert.ok(r.kind === 'problem', query);
    assert.match(r.message, why);
  }
});
