/**
 * Searches that count over earlier events, on the real engine and through the search itself: the events found are those at
 * which a rule with that condition is met live; pages, totals, histogram and pipes over them; scope, bounds, giving up.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { SearchRequest, SearchResult } from '../api/contract.ts';
import { parseCondition } from '../condition/language/parse.ts';
import type { Lists } from '../condition/tree.ts';
import type { Scope } from '../query/sql.ts';
import type { ControlStore } from '../store/control/control-store.ts';
import { StoreError } from '../store/engine/client.ts';
import { openTestStore, TEST_INGESTED, type TestStore } from '../store/testing.ts';
import { Searches } from './searches.ts';
import { judgeSearch, type Limits } from './stateful-search.ts';
import { dice, type Given, World } from './stateful-search-fixture.ts';
import { searchRule } from './stateful-search-rule.ts';

const [S, MIN, HOUR, DAY] = [1e6, 60e6, 3600e6, 86_400e6];
/** Four hours of logins, then twenty days later: two senders that bring the same attempt, hosts that fall silent. */
const START = TEST_INGESTED - 40 * DAY;
const END = START + 4 * HOUR;
const FROM = START + HOUR;
const LISTS: Lists = new Map([['admins', { kind: 'text', values: ['eva'] }]]);

function logins(): Given[] {
  const roll = dice(7);
  const out: Given[] = [];
  let at = START;
  while (at < END) {
    at += (roll(60) + 1) * S;
    const user = ['root', 'eva', 'bob', 'ann', 'joe'][roll(5)] as string;
    const failed = roll(3) > 0;
    const fields = {
      'event.category': ['authentication'],
      'event.action': 'ssh_login',
      'event.outcome': failed ? 'failure' : 'success',
      'user.name': user,
      'host.name': `web0${roll(3)}`,
      'source.ip': `10.0.0.${roll(4)}`,
      'process.pid': 1000 + roll(1000),
    };
    const text = failed ? `Failed password for ${user}` : `Accepted key for ${user}`;
    out.push({ at, fields, text, same: roll(3) === 0 });
    // The same attempt by another door; and something else at the same time.
    if (roll(10) === 0) out.push({ at, fields, text, sender: '192.0.2.8' });
    if (roll(4) === 0) out.push({ at, fields: { 'event.action': 'dns_query', 'source.ip': '10.0.0.1' } });
  }
  return out;
}

/** Heartbeats of a tenant: a minute apart, with pauses now and then. */
function beats(): Given[] {
  const roll = dice(3);
  return ['h1', 'h2', 'h3']
    .flatMap((host) => {
      let at = START;
      return Array.from({ length: 60 }, (): Given => {
        at += roll(8) === 0 ? (11 + roll(30)) * MIN : (30 + roll(60)) * S;
        return { at, tenant: 'beats', fields: { 'event.action': 'heartbeat', 'host.name': host } };
      });
    })
    .sort((a, b) => a.at - b.at);
}

/** Seventeen days of a certificate request every other hour, then forty in one hour. */
function requests(): Given[] {
  const of = (at: number): Given => ({
    at,
    tenant: 'acme',
    fields: { 'event.action': 'certificate_requested', 'user.name': 'svc-acme', 'host.name': 'pki01' },
  });
  const out = Array.from({ length: 17 * 12 }, (_, i) => of(START + i * 2 * HOUR));
  for (let i = 0; i < 40; i++) out.push(of(START + 17 * DAY + i * MIN));
  return out;
}

let silent: Given[];
let usual: World;
let t: TestStore;
let world: World;
let searches: Searches;
before(async () => {
  t = await openTestStore();
  world = new World(logins());
  await world.store(t, 'world');
  silent = beats();
  await new World(silent).store(t, 'silent');
  usual = new World(requests());
  await usual.store(t, 'usual');
  await new World([
    ...logins().map((g) => ({ ...g, tenant: 'other', fields: { ...g.fields, 'source.ip': '10.0.0.9' } })),
  ]).store(t, 'other');
  searches = searchesOver(t);
});
after(() => t?.end());

const searchesOver = (s: TestStore): Searches =>
  new Searches({ store: s.store, control: {} as ControlStore, lists: () => LISTS, now: () => TEST_INGESTED });

async function ask(query: string, more: Partial<SearchRequest> = {}): Promise<SearchResult> {
  const r = await searches.search(
    { tenant: 'default', query, from: FROM, to: END + 1, limit: 500, histogram: true, ...more },
    { signal: new AbortController().signal },
  );
  assert.ok(r.kind !== 'problem', `${query}: ${JSON.stringify(r)}`);
  return r;
}

const CONDITIONS: readonly [string, ...string[]] = [
  'count(auth_failure by source.ip in 5m) > 3',
  'count(auth_failure by source.ip in 5m) > 3 AND user.name IN admins',
  'event.outcome:success count(auth_failure by source.ip in 10m) >= 5',
  'failed user.name:root count(event.outcome:success by host in 5m) > 2',
  'count_distinct(user.name where auth_failure by source.ip in 10m) >= 4',
  'event.action == ssh_login NOT exists(accepted for user, source.ip in last 20 minutes)',
  'event.outcome:failure AND NOT (count(accepted by user in 10m) > 1 OR source.ip:10.0.0.1)',
  'count(auth_failure by user in 10m) > 2 * count(auth_success by user in 10m) AND failed',
  'count(in 1m) > 4',
  'event.action == dns_query AND count(auth_failure from source.ip in 55m) > 12',
  'event.action == dns_query AND count(failed by source.ip in 3m) == 2',
];

test('found is what the rule finds live, condition by condition', async () => {
  let some = 0;
  for (const condition of CONDITIONS) {
    const want = [...world.live(condition, LISTS)].filter(([, ts]) => ts >= FROM).map(([id]) => id);
    const r = await ask(condition);
    assert.deepEqual(r.rows.map((x) => x.id).sort(), want.sort(), condition);
    assert.equal(r.total, want.length, condition);
    assert.match(r.hints?.[0] ?? '', /^judged over history like a rule/);
    assert.equal(r.partial, false);
    assert.ok(want.length > 0, `${condition}: nothing`);
    some += want.length;
  }
  assert.ok(some > 300, `${some} events`);
});

test('silence: the last event of each host before ten quiet minutes', async () => {
  const want: number[] = [];
  const last = Math.max(...silent.map((g) => g.at));
  for (const host of ['h1', 'h2', 'h3']) {
    const at = silent.filter((g) => g.fields['host.name'] === host).map((g) => g.at);
    for (const [i, ts] of at.entries())
      if ((at[i + 1] ?? Number.MAX_SAFE_INTEGER) - ts > 10 * MIN) want.push(ts);
  }
  const condition = 'NOT exists(event.action == heartbeat for host in 10m)';
  const r = await ask(condition, { tenant: 'beats', from: START, to: last + 1 });
  assert.deepEqual(
    r.rows.map((x) => [x.ts, x.action]),
    want.sort((a, b) => b - a).map((ts) => [ts, 'heartbeat']),
  );
  // What came behind the range is looked at, and nothing of it is found.
  const half = START + 90 * MIN;
  const first = await ask(condition, { tenant: 'beats', from: START, to: half });
  assert.deepEqual(
    first.rows.map((x) => x.ts),
    want.filter((ts) => ts < half),
  );
  assert.ok(first.rows.length > 3 && want.length > first.rows.length);
});

test('a baseline is what it is to a rule that saw it all; until then it learns and says so', async () => {
  const condition = 'count(certificate_requests from source in 1 hour) > 5 * baseline';
  const live = [...usual.live(condition)];
  const r = await ask(condition, { tenant: 'acme', from: START + 16 * DAY, to: START + 18 * DAY });
  assert.deepEqual(r.rows.map((x) => x.id).sort(), live.map(([id]) => id).sort());
  assert.ok(r.total > 30, `${r.total}`);
  const young = await ask(condition, { tenant: 'acme', from: START, to: START + 3 * DAY });
  assert.equal(young.total, 0);
  assert.match(young.hints?.join('\n') ?? '', /still learning: [23] of 14 days/);
});

test('pages, histogram, head and pipes speak of the same events', async () => {
  const [condition] = CONDITIONS;
  const whole = await ask(condition);
  const ids: string[] = [];
  let before: SearchRequest['before'];
  for (let i = 0; i < 100; i++) {
    const page = await ask(condition, { limit: 7, ...(before === undefined ? {} : { before }) });
    ids.push(...page.rows.map((x) => x.id));
    const last = page.rows.at(-1);
    if (last === undefined || page.rows.length < 7) break;
    before = { ts: last.ts, id: last.id };
  }
  assert.deepEqual(
    ids,
    whole.rows.map((x) => x.id),
  );
  assert.deepEqual(
    whole.rows,
    whole.rows.toSorted((a, b) => b.ts - a.ts),
  );
  for (const b of whole.histogram)
    assert.equal(
      b.success + b.failure + b.other,
      whole.rows.filter((x) => x.ts >= b.t && x.ts < b.t + whole.bucketUs).length,
    );
  const all = whole.histogram.reduce((n, b) => n + b.success + b.failure + b.other, 0);
  assert.equal(all, whole.total);
  const few = await ask(`${condition} | head 5`);
  assert.deepEqual(few.rows, whole.rows.slice(0, 5));
  const users = await ask(`${condition} | stats count() as n by user.name`);
  const want = Map.groupBy(whole.rows, (x) => x.user);
  assert.deepEqual(
    new Map(users.table.map((row) => [row[0], row[1]])),
    new Map([...want].map(([u, l]) => [u, l.length])),
  );
  assert.equal(users.total, whole.total);
  // A search in parentheses sees every event of the range.
  const within = await ask(
    `${condition} | where user.name in (search accepted | fields user.name) | stats count() as n`,
  );
  assert.deepEqual(within.table, [[whole.total]]);
  const none = await ask('count(auth_failure by source.ip in 5m) > 1000 | stats count() as n');
  assert.deepEqual([none.table, none.total, none.hasData], [[[0]], 0, true]);
});

test('tenant and row filter bound what is counted and what is shown', async () => {
  const condition = 'count(auth_failure by source.ip in 5m) > 6';
  const own = await ask(condition);
  const other = await ask(condition, { tenant: 'other' });
  // All of the other tenant's come from one address, so many more hold.
  assert.ok(other.total > own.total + 50, `${other.total} and ${own.total}`);
  assert.ok(other.rows.every((x) => x.sourceIp === '10.0.0.9'));
  assert.equal((await ask(condition, { tenant: 'nobody' })).hasData, false);
  const open = await judged('count(failed in 5m) > 3', {});
  const rowFilter = { kind: 'equals', field: 'user.name', values: ['bob'], cased: true } as const;
  const filtered = await judged('count(failed in 5m) > 3', { rowFilter });
  const by = await judged('count(failed user.name == bob in 5m) > 3', {});
  assert.deepEqual(filtered.events, by.events);
  assert.ok(filtered.total > 0 && filtered.total < open.total);
});

test('bounds and giving up: what was found until then, or nothing', async () => {
  const whole = await judged(CONDITIONS[0], {});
  assert.equal(whole.stopped, '');
  const cut = await judged(CONDITIONS[0], {}, { candidatesMax: 150 });
  assert.equal(cut.stopped, 'candidates');
  assert.ok(cut.total > 0 && cut.total < whole.total && cut.reached < END);
  // Time goes forward: what was found is the same, only less of it.
  assert.deepEqual(cut.events, whole.events.slice(-cut.total));
  assert.equal((await judged(CONDITIONS[0], {}, { bytesMax: 1 })).stopped, 'bytes');
  const nobody = 'event.action == nobody AND count(event.action == nobody in 5m) > 3';
  assert.equal((await judged(nobody, {}, { bytesMax: 1 })).stopped, 'bytes');
  assert.equal((await judged(CONDITIONS[0], {}, { msMax: 1 })).stopped, 'time');
  const few = await judged(CONDITIONS[0], {}, { foundMax: 10 });
  assert.deepEqual([few.total, few.events], [whole.total, whole.events.slice(0, 10)]);
  const gone = new AbortController();
  gone.abort();
  await assert.rejects(
    searches.search(
      { tenant: 'default', query: 'count(failed in 7m) > 3', from: FROM, to: END, limit: 5, histogram: true },
      { signal: gone.signal },
    ),
    (e) => e instanceof StoreError && e.kind === 'aborted',
  );
});

test('two at once; what was judged is known for the next page', async () => {
  let asked = 0;
  const counting = new Searches({
    store: {
      query: (...args: Parameters<TestStore['store']['query']>) => {
        asked++;
        return t.store.query(...args);
      },
      firstReceived: (tenant: string) => t.store.firstReceived(tenant),
    } as unknown as TestStore['store'],
    control: {} as ControlStore,
    lists: () => LISTS,
    now: () => TEST_INGESTED,
  });
  const one = (n: number) =>
    counting.search(
      {
        tenant: 'default',
        query: `count(failed in 5m) > ${n}`,
        from: FROM,
        to: END,
        limit: 5,
        histogram: true,
      },
      { signal: new AbortController().signal },
    );
  const many = await Promise.all([one(1), one(2), one(3)]);
  assert.deepEqual(
    many.map((r) => r.kind),
    ['events', 'events', 'problem'],
  );
  assert.match(many[2]?.kind === 'problem' ? many[2].message : '', /wait for one to end/);
  assert.equal((await one(3)).kind, 'events');
  asked = 0;
  assert.equal((await one(3)).kind, 'events');
  assert.equal(asked, 1);
});

test('asked twice at once it is judged once; one that gives up takes nothing from the other; a failure is not kept', async () => {
  let [asked, first, broken] = [0, 0, false];
  const counting = new Searches({
    store: {
      query: (...args: Parameters<TestStore['store']['query']>) => {
        asked++;
        if (broken) throw new StoreError('unavailable', 0, 'gone');
        return t.store.query(...args);
      },
      firstReceived: (tenant: string) => {
        first++;
        return t.store.firstReceived(tenant);
      },
    } as unknown as TestStore['store'],
    control: {} as ControlStore,
    lists: () => LISTS,
    now: () => TEST_INGESTED,
  });
  const one = (n: number, signal = new AbortController().signal) =>
    counting.search(
      {
        tenant: 'default',
        query: `count(failed in 6m) > ${n}`,
        from: FROM,
        to: END,
        limit: 5,
        histogram: true,
      },
      { signal },
    );
  const aborted = (e: unknown): boolean => e instanceof StoreError && e.kind === 'aborted';
  await one(1);
  const alone = asked;
  asked = 0;
  const both = await Promise.all([one(2), one(2), one(2)]);
  assert.deepEqual(
    both.map((r) => r.kind),
    ['events', 'events', 'events'],
  );
  assert.equal(asked, alone + 2, 'each shows its page, one judges');
  // For every filter of a tenant the same.
  assert.equal(first, 1);

  const gone = new AbortController();
  const given = one(3, gone.signal);
  const kept = one(3);
  gone.abort();
  await assert.rejects(given, aborted);
  assert.equal((await kept).kind, 'events');
  // Nobody waits for it any more: it ends, and makes room.
  const [a, b] = [new AbortController(), new AbortController()];
  const left = [one(4, a.signal), one(4, b.signal)];
  a.abort();
  b.abort();
  for (const l of left) await assert.rejects(l, aborted);
  assert.equal((await one(4)).kind, 'events');

  broken = true;
  await assert.rejects(one(5), /gone/);
  broken = false;
  assert.equal((await one(5)).kind, 'events');
});

test('what was heard of a key that fell silent is forgotten when it has been judged', async () => {
  const tenant = 'passing';
  const given = Array.from({ length: 60 }, (_, i): Given => {
    const fields = { 'event.action': 'heartbeat', 'host.name': `once${i}` };
    return { at: START + i * 5 * MIN, tenant, fields };
  });
  await new World(given).store(t, tenant);
  const condition = 'NOT exists(event.action == heartbeat for host in 10m)';
  // Each host is heard once; at any time, three of them are not yet judged.
  const r = await judged(condition, { tenants: [tenant], from: START, to: START + DAY }, { heardMax: 6 });
  assert.deepEqual([r.total, r.forgotten], [given.length, 0]);
});

const judged = (condition: string, scope: Partial<Scope>, limits: Partial<Limits> = {}) => {
  const parsed = parseCondition(condition, { now: 0, lists: LISTS });
  assert.ok(parsed.ok);
  const rule = searchRule(parsed.value, condition);
  assert.ok(rule.ok);
  return judgeSearch({
    ask: (sql, params, o) => t.store.query(sql, params, o),
    rule: rule.value,
    scope: { tenants: ['default'], from: FROM, to: END + 1, ...scope },
    lists: LISTS,
    bucketUs: HOUR,
    firstReceived: undefined,
    now: TEST_INGESTED,
    signal: new AbortController().signal,
    limits,
  });
};
