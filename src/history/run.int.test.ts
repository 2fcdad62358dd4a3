/** Runs over a store: every row once and in order however it is paged, limits, cancelling, what a backtest says. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { BRUTE, rulesOf } from '../detect/testing.ts';
import type { FieldValue } from '../model/event.ts';
import type { LateMark } from '../model/late.ts';
import { StoreError } from '../store/engine/client.ts';
import { BlockEncoder, stampOurs } from '../store/native.ts';
import { openTestStore, TEST_INGESTED, type TestStore, testEvent, testProvenance } from '../store/testing.ts';
import { backtest, DAY_US, forecast } from './backtest.ts';
import { scopeSql } from './candidates.ts';
import { type Ask, candidatePages, type Order } from './read.ts';
import { judgeLate, LATE_RULE_ID } from './late.ts';
import { type HistoryLimits, type HistoryOptions, runHistory } from './run.ts';

const S = 1e6;
const RULES = rulesOf(BRUTE);
let t: TestStore;
let ask: Ask;
/** ts and batch of each row, in order of arrival. */
const rows: { readonly ts: number; readonly batch: number; readonly ord: number }[] = [];
const DAYS = 10;
const START = TEST_INGESTED;

before(async () => {
  t = await openTestStore();
  ask = (sql, params, o) => t.store.query(sql, params, o);
  const encoder = new BlockEncoder();
  let batch = 1;
  const add = (at: number, events: readonly (readonly [number, Record<string, FieldValue>])[]): void => {
    batch += 1 + (rows.length % 7);
    for (const [ord, [late, fields]] of events.entries()) {
      const e = testEvent(fields, { ts: at - late, text: 'x'.repeat(200) });
      const p = testProvenance({ batch, ord, ingested: at, retentionDays: 3650 });
      stampOurs(e, p);
      encoder.add(e, p);
      rows.push({ ts: e.ts, batch, ord });
    }
  };
  const fail = { 'event.outcome': 'failure', 'source.ip': '10.0.1.5', 'host.name': 'web01' };
  for (let d = 0; d < DAYS; d++) {
    const day = START + d * DAY_US;
    for (let i = 0; i < 40; i++)
      add(day + i * 600 * S, [
        [i % 5 === 0 ? 3000 * S : 0, { 'user.name': `u${i}` }],
        [0, fail],
      ]);
    // A brute force on every second day.
    if (d % 2 === 0)
      add(
        day + 43_200 * S,
        Array.from({ length: 12 }, (_, i) => [i * S, fail] as const),
      );
  }
  await t.store.insert([encoder.finish()], 'run');
});
after(() => t?.end());

const options = (over: Partial<HistoryOptions> = {}): HistoryOptions => ({
  ask,
  rules: RULES,
  lists: [{ from: 0, lists: new Map() }],
  scope: { tenants: ['default'] },
  from: START - DAY_US,
  to: START + DAYS * DAY_US,
  judgedAt: START + 20 * DAY_US,
  ...over,
});

test('every row once and in order, by arrival and by time, in pages of any size', async () => {
  const scope = scopeSql({ tenants: ['default'], from: START - DAY_US, to: START + DAYS * DAY_US });
  for (const order of ['arrival', 'time'] as readonly Order[]) {
    const want = rows
      .map((r) => [r.ts, r.batch, r.ord] as const)
      .sort((a, b) => (order === 'time' ? a[0] - b[0] : 0) || a[1] - b[1] || a[2] - b[2]);
    for (const pageRows of [1000, 97]) {
      const cost = { rowsRead: 0, bytesRead: 0, statements: 0 };
      const got: (readonly [number, number, number])[] = [];
      for await (const page of candidatePages({ ask, where: scope, scope, cost, order, pageRows })) {
        assert.ok(page.length <= pageRows);
        for (const e of page) got.push([e.ts, e.id.batch, e.id.ord]);
      }
      assert.deepEqual(got, want, `${order} ${pageRows}`);
      assert.ok(cost.rowsRead > 0 && cost.bytesRead > 0);
      assert.ok(cost.statements < 3 * (rows.length / pageRows) + 10, `${cost.statements} statements`);
    }
  }
});

test('an answer that is too large, or too slow, is asked for in smaller pieces', async () => {
  const whole = await runHistory(options());
  let refused = 0;
  const picky: Ask = async (sql, params, o) => {
    const r = await ask(sql, params, o);
    if (r.rows.length > 30) {
      refused++;
      throw new StoreError('memory', 241, 'too much');
    }
    return r;
  };
  const small = await runHistory(options({ ask: picky, pageRows: 1000 }));
  assert.ok(refused > 0);
  assert.deepEqual(small.alerts, whole.alerts);
  assert.equal(small.candidates, whole.candidates);
});

test('limits and cancelling end it early and say so; what was found so far is told', async () => {
  const whole = await runHistory(options());
  assert.equal(whole.stopped, '');
  assert.equal(whole.matched.get('fail'), 40 * DAYS + 12 * (DAYS / 2));
  // SQL selected only what can meet a rule.
  assert.equal(whole.candidates, whole.matched.get('fail'));
  const few = await runHistory(options({ limits: { candidatesMax: 100 }, pageRows: 50 }));
  assert.equal(few.stopped, 'candidates');
  assert.ok(few.candidates >= 100 && few.candidates < whole.candidates);
  assert.equal((await runHistory(options({ limits: { bytesMax: 1 } }))).stopped, 'bytes');
  const stop = new AbortController();
  const cancelled = await runHistory(
    options({ signal: stop.signal, pageRows: 20, onMatch: () => stop.abort() }),
  );
  assert.equal(cancelled.stopped, 'cancelled');
  assert.ok(cancelled.matchedEvents < whole.matchedEvents);
});

test('limits end a run in which nothing is a candidate, and one that the store keeps refusing', async () => {
  const rules = rulesOf(`title: Nobody
id: nobody
taxonomy: ecs
logsource: { category: test }
detection: { sel: { host.name: nowhere }, condition: sel }
`);
  let statements = 0;
  // As of a store of many rows: narrow slices, so that there are many of them.
  const large: Ask = async (sql, params, o) => {
    statements++;
    const r = await ask(sql, params, o);
    return sql.includes('count()') ? { ...r, rows: r.rows.map((x) => [x[0], x[1], 1e12] as const) } : r;
  };
  for (const order of ['arrival', 'time'] as const) {
    // Two sets of lists: in order of time they are read beside each other.
    const lists = [
      { from: 0, lists: new Map() },
      { from: START + 5 * DAY_US, lists: new Map() },
    ] as const;
    for (const [limits, stopped] of [
      [{ bytesMax: 1 }, 'bytes'],
      [{ msMax: 0 }, 'time'],
    ] as const) {
      statements = 0;
      const r = await runHistory(options({ ask: large, rules, order, lists, limits }));
      assert.deepEqual([r.stopped, r.candidates], [stopped, 0], order);
      assert.ok(statements <= 2, `${order} ${stopped}: ${statements} statements`);
    }
    let refused = 0;
    const refusing: Ask = async (sql, params, o) => {
      if (sql.includes('count()')) return large(sql, params, o);
      refused++;
      throw new StoreError('timeout', 159, 'too slow');
    };
    const r = await runHistory(options({ ask: refusing, rules, order, lists, limits: { msMax: 0 } }));
    assert.deepEqual([r.stopped, refused], ['time', 1], order);
    const all = await runHistory(options({ ask: large, rules, order, lists }));
    assert.deepEqual([all.stopped, all.candidates], ['', 0]);
  }
});

test('alerts beyond what is kept are counted once each, however often they change', async () => {
  // Two addresses that go on for a quarter of an hour.
  const encoder = new BlockEncoder();
  for (let i = 0; i < 90; i++) {
    const at = START + i * 10 * S;
    const fields = { 'event.outcome': 'failure', 'source.ip': `10.0.2.${i % 2}`, 'host.name': 'web01' };
    const e = testEvent(fields, { ts: at, text: 'x' });
    const p = testProvenance({ tenant: 'two', batch: i + 1, ord: 0, ingested: at, retentionDays: 3650 });
    stampOurs(e, p);
    encoder.add(e, p);
  }
  await t.store.insert([encoder.finish()], 'two');
  const whole = await runHistory(options({ scope: { tenants: ['two'] } }));
  assert.deepEqual([whole.alerts.length, whole.alertsLeftOut], [2, 0]);
  assert.ok(whole.alerts.every((a) => a.updatedAt > a.openedAt));
  const few = await runHistory(options({ scope: { tenants: ['two'] }, limits: { alertsMax: 1 } }));
  assert.deepEqual([few.alerts, few.alertsLeftOut], [whole.alerts.slice(0, 1), 1]);
});

test('a backtest that did not count everything forecasts nothing', async () => {
  const of = (limits: Partial<HistoryLimits>) =>
    backtest({
      ask,
      set: RULES,
      rule: 'brute',
      lists: [{ from: 0, lists: new Map() }],
      scope: { tenants: ['default'] },
      from: START - 3 * DAY_US,
      to: START + DAYS * DAY_US,
      judgedAt: START + 20 * DAY_US,
      limits,
    });
  const whole = (await of({})).notes;
  assert.ok(whole.some((n) => /the forecast stands on those/.test(n)));
  for (const [limits, note] of [
    [
      { candidatesMax: 100 },
      'it was stopped (candidates): the figures are those up to there, and there is no forecast',
    ],
    [{ alertsMax: 1 }, '4 more alerts are not counted, so there is no forecast'],
  ] as const) {
    const b = await of(limits);
    assert.ok(b.alerts > 0);
    assert.deepEqual(b.forecast, forecast(0, 0));
    assert.ok(b.notes.includes(note), b.notes.join('\n'));
    assert.ok(!b.notes.some((n) => /stands on/.test(n)));
    assert.ok(
      b.notes.some((n) => /the store holds 10\.0 days of the range/.test(n)),
      b.notes.join('\n'),
    );
  }
});

test('what was received after the judgement does not count', async () => {
  const first = await runHistory(options({ judgedAt: START + DAY_US - 1 }));
  assert.equal(first.alerts.length, 1);
  assert.equal(first.matched.get('fail'), 52);
});

test('a backtest: matches and alerts per day, examples, cost, forecast', async () => {
  const b = await backtest({
    ask,
    set: RULES,
    rule: 'brute',
    lists: [{ from: 0, lists: new Map() }],
    scope: { tenants: ['default'] },
    from: START,
    to: START + DAYS * DAY_US,
    judgedAt: START + 20 * DAY_US,
  });
  assert.equal(b.alerts, 5);
  assert.equal(b.matches, 460);
  assert.equal(b.perDay.length, DAYS);
  assert.deepEqual(
    b.perDay.slice(0, 2).map((d) => [d.matches, d.alerts]),
    [
      [52, 1],
      [40, 0],
    ],
  );
  assert.equal(b.examples.alerts.length, 5);
  assert.equal(b.examples.alerts[0]?.count, 12);
  assert.equal(b.examples.events.length, 10);
  assert.ok(b.examples.events[0]?.fields.some(([k, v]) => k === 'source.ip' && v === '10.0.1.5'));
  assert.ok(b.cost.bytesRead > 0 && b.cost.candidates === 460 && b.cost.width === 'rules');
  assert.equal(b.lists, 'as of now');
  assert.deepEqual(b.notes, [
    'in force it is counted by "Success after brute force"; the alerts shown are those it would raise by itself',
  ]);
  // Five alerts in ten days.
  assert.ok(Math.abs(b.forecast.perWeek - 3.5) < 0.2 && b.forecast.days > 9.9, JSON.stringify(b.forecast));
  assert.ok(b.forecast.low < 3.5 && b.forecast.high > 3.5);
});

test('another tenant, a row filter and an empty range see nothing of it', async () => {
  const of = (over: Partial<Parameters<typeof backtest>[0]>) =>
    backtest({
      ask,
      set: RULES,
      rule: 'fail',
      lists: [{ from: 0, lists: new Map() }],
      scope: { tenants: ['default'] },
      from: START,
      to: START + DAYS * DAY_US,
      judgedAt: START + 20 * DAY_US,
      ...over,
    });
  assert.ok((await of({})).matches > 0);
  for (const over of [
    { scope: { tenants: ['other'] } },
    {
      scope: {
        tenants: ['default'],
        rowFilter: { kind: 'equals', field: 'host.name', values: ['db01'], cased: true },
      },
    },
    { origins: ['import'] },
    { from: START - 9 * DAY_US, to: START - 8 * DAY_US },
  ] as const) {
    const b = await of(over);
    assert.deepEqual([b.matches, b.alerts, b.heldFrom, b.forecast.days], [0, 0, 0, 0]);
  }
});

test('late work beyond its limits is named by an alert: rule, stretch, how much', async () => {
  const mark: LateMark = {
    tenant: 'default',
    origin: 'live',
    rule: 'brute',
    from: START,
    to: START + 3 * DAY_US,
    keys: ['["10.0.1.5"]'],
    events: 7,
    batch: 1,
    ingested: START,
  };
  const o = { ask, rules: RULES, lists: options().lists, judgedAt: START + 20 * DAY_US, known: () => [] };
  const whole = await judgeLate(mark, o);
  assert.deepEqual(
    whole?.changes.map((c) => [c.kind, c.alert.rule, c.alert.late, c.alert.openedAt]),
    [0, 2].map(() => ['opened', 'brute', true, o.judgedAt]),
  );
  const cut = await judgeLate(mark, { ...o, limits: { candidatesMax: 0 } });
  const said = cut?.changes.find((c) => c.alert.rule === LATE_RULE_ID)?.alert;
  assert.match(
    said?.sentence ?? '',
    /^7 events came too late for the windows of rule "Brute force", between .*, and could not all be judged again/,
  );
  assert.equal(said?.severity, 'high');
  // Alerts that were not kept, and rules that could not be compiled, leave something unjudged as well.
  const full = await judgeLate(mark, { ...o, limits: { alertsMax: 1 } });
  assert.deepEqual(
    full?.changes.map((c) => c.alert.rule),
    ['brute', LATE_RULE_ID],
  );
  assert.match(
    full?.changes[1]?.alert.sentence ?? '',
    /judged again: \d more alerts were not kept \(\d+ events/,
  );
  const rules = rulesOf(BRUTE.replace('event.outcome: failure', "user.name|expand: '%gone%'"));
  const odd = await judgeLate(mark, { ...o, rules });
  assert.deepEqual(
    odd?.changes.map((c) => c.alert.rule),
    [LATE_RULE_ID],
  );
  assert.match(odd?.changes[0]?.alert.sentence ?? '', /judged again: 1 rule could not be compiled: /);
  // Other keys than those that were late, and alerts that are there, are left alone.
  const other = await judgeLate({ ...mark, keys: ['["10.0.1.6"]'] }, o);
  assert.deepEqual(other?.changes, []);
  const again = await judgeLate(mark, { ...o, known: () => whole?.changes.map((c) => c.alert) ?? [] });
  assert.deepEqual(again?.changes, []);
  assert.equal(await judgeLate({ ...mark, rule: 'gone' }, o), undefined);
});

test('a forecast from nothing seen is not nothing to come', () => {
  assert.deepEqual(forecast(0, 7), { perWeek: 0, low: 0, high: 3, days: 7 });
  assert.deepEqual(forecast(0, 0), { perWeek: 0, low: 0, high: 0, days: 0 });
  const f = forecast(100, 100);
  assert.equal(f.perWeek, 7);
  assert.ok(f.low > 2 && f.high < 12);
});

test('what time decides is the same in pages of any size: a page ends in the middle of a batch', async () => {
  const rules = rulesOf(`title: Beat
id: beat
name: beat
taxonomy: ecs
logsource: { category: test }
detection: { sel: { host.name: beats }, condition: sel }
---
title: Too few
id: few
taxonomy: ecs
correlation: { type: event_count, rules: [beat], group-by: [host.name], timespan: 10s, condition: { lt: 2 } }
`);
  const encoder = new BlockEncoder();
  const tenant = 'paged';
  for (const [batch, at] of [1, 2, 3].map((n) => [n, START + n * 40 * S] as const))
    for (let ord = 0; ord < (batch === 1 ? 1 : 4); ord++) {
      const e = testEvent({ 'host.name': 'beats' }, { ts: at, text: 'x' });
      const p = testProvenance({ tenant, batch, ord, ingested: at, retentionDays: 3650 });
      stampOurs(e, p);
      encoder.add(e, p);
    }
  await t.store.insert([encoder.finish()], 'paged');
  const judged = async (pageRows: number): Promise<readonly unknown[]> => {
    const r = await runHistory(options({ rules, scope: { tenants: [tenant] }, pageRows }));
    assert.equal(r.matched.get('beat'), 9);
    return r.alerts;
  };
  const whole = await judged(1000);
  assert.equal(whole.length, 3, 'after the first, and each time when the four have left');
  for (const pageRows of [1, 2, 3, 4]) assert.deepEqual(await judged(pageRows), whole, `${pageRows} rows`);
});
