import assert from 'node:assert/strict';
import test from 'node:test';
import { BRUTE, type Fields, type Matched, matchedOf, rulesOf, T0 } from '../detect/testing.ts';
import type { Alert, AlertChange } from '../model/alert.ts';
import type { MatchedEvent } from '../model/match.ts';
import { Detection } from './detection.ts';
import { EVENT_COPIES_MAX, EVENT_REFS_MAX } from './episode.ts';

const S = 1e6;
const FAIL: Fields = {
  'event.action': 'ssh_login',
  'event.outcome': 'failure',
  'source.ip': '10.0.1.5',
  'host.name': 'web01',
  'user.name': 'root',
};
const fail = (ts: number, more: Fields = {}, m: Partial<Matched> = {}): MatchedEvent =>
  matchedOf({ rules: ['fail'], ts, fields: { ...FAIL, 'process.pid': ts, ...more }, ...m });
const success = (ts: number, more: Fields = {}): MatchedEvent =>
  matchedOf({ rules: ['ok'], ts, fields: { ...FAIL, 'event.outcome': 'success', ...more } });
const range = (n: number, make: (i: number) => MatchedEvent): MatchedEvent[] =>
  Array.from({ length: n }, (_, i) => make(i));
const detection = (text = BRUTE): Detection => new Detection(rulesOf(text));

/** Applies one by one and keeps the newest state of each alert. */
function run(
  d: Detection,
  events: readonly MatchedEvent[],
): { changes: AlertChange[]; alerts: Map<string, Alert> } {
  const changes = events.flatMap((e) => d.apply([e]));
  const last = Math.max(...events.map((e) => e.ingested));
  changes.push(...d.tick(last + 10 * S));
  return { changes, alerts: new Map(changes.map((c) => [c.alert.id, c.alert])) };
}
const only = (alerts: ReadonlyMap<string, Alert>): Alert => {
  assert.equal(alerts.size, 1);
  return [...alerts.values()][0] as Alert;
};

test('ten failures do not fire, the eleventh does; the sentence says who, what and where', () => {
  const d = detection();
  assert.deepEqual(d.apply(range(10, (i) => fail(T0 + i * S, { 'source.ip': '127.0.0.1' }))), []);
  const [change] = d.apply([fail(T0 + 10 * S, { 'source.ip': '127.0.0.1' })]);
  assert.equal(change?.kind, 'opened');
  const a = change.alert;
  assert.equal(a.sentence, 'Brute force attack detected from 127.0.0.1 targeting SSH on 1 server (web01)');
  assert.equal(a.count, 11);
  assert.equal(a.severity, 'high');
  assert.deepEqual(a.key, ['source.ip=127.0.0.1']);
  assert.deepEqual(a.attack, ['credential-access', 'T1110']);
  assert.deepEqual(a.nextSteps, ['Look at it']);
  assert.deepEqual([a.firstSeen, a.lastSeen], [T0, T0 + 10 * S]);
  assert.equal(a.events.length, 11);
  assert.equal(a.status, 'new');
});

test('fifty failures over five hosts in two minutes: one alert with the servers', () => {
  const hosts = ['web01', 'web02', 'web03', 'db01', 'mail01'];
  const { alerts } = run(
    detection(),
    range(50, (i) => fail(T0 + i * 2 * S, { 'host.name': hosts[i % 5] ?? '' })),
  );
  const a = only(alerts);
  assert.equal(
    a.sentence,
    'Brute force attack detected from 10.0.1.5 targeting SSH on 5 servers (web01, web02, web03, db01, mail01)',
  );
  assert.deepEqual(a.hosts, hosts);
  assert.equal(a.hostCount, 5);
  assert.equal(a.count, 50);
});

test('ten attempts by three channels each do not fire, the eleventh does', () => {
  const channels = [
    { door: 'syslog-tcp', sender: '192.0.2.7' },
    { door: 'journal', sender: 'web01' },
    { door: 'file', sender: '/var/log/auth.log' },
  ];
  const attempt = (i: number): MatchedEvent[] =>
    channels.map((c) => fail(T0 + i * S, { 'process.pid': 1000 + i, 'source.port': 40_000 + i }, c));
  const d = detection();
  for (let i = 0; i < 10; i++) assert.deepEqual(d.apply(attempt(i)), []);
  const changes = d.apply(attempt(10));
  assert.equal(changes.length, 1);
  assert.equal(changes[0]?.alert.count, 11);
  assert.equal(d.stats().duplicates, 22);
});

test('"message repeated 5 times" weighs five', () => {
  const d = detection();
  assert.deepEqual(d.apply(range(5, (i) => fail(T0 + i * S))), []);
  const [c] = d.apply([fail(T0 + 6 * S, { 'vigil.count': 6 })]);
  assert.equal(c?.alert.count, 11);
});

test('stamps of 1970 and 2099 fire, also after one from 2099 on the same host', () => {
  for (const base of [S, Date.UTC(2099, 5, 1) * 1000]) {
    const d = detection();
    d.apply([fail(Date.UTC(2099, 11, 1) * 1000, {}, { ingested: T0 })]);
    const events = range(11, (i) => fail(base + i * S, {}, { ingested: T0 + i }));
    assert.equal(events.flatMap((e) => d.apply([e])).filter((c) => c.kind === 'opened').length, 1);
  }
});

test('a success after the failures raises the open alert, once', () => {
  const d = detection();
  const { changes, alerts } = run(d, [
    ...range(11, (i) => fail(T0 + i * S)),
    success(T0 + 20 * S),
    success(T0 + 30 * S),
  ]);
  assert.deepEqual(
    changes.filter((c) => c.kind !== 'updated').map((c) => c.kind),
    ['opened', 'escalated'],
  );
  const a = only(alerts);
  assert.equal(a.severity, 'critical');
  assert.match(
    a.sentence,
    /^Brute force attack detected from 10\.0\.1\.5 targeting SSH on 1 server \(web01\), then a successful login as root on web01$/,
  );
  assert.deepEqual(
    a.steps.map((s) => s.kind),
    ['opened', 'escalated'],
  );
  assert.equal(a.count, 11, 'a success is no failure');
  assert.equal(a.events.length, 13);
});

test('a success without failures, of another address, or too late raises nothing', () => {
  const { changes } = run(detection(), [
    success(T0),
    ...range(11, (i) => fail(T0 + (10 + i) * S)),
    success(T0 + 30 * S, { 'source.ip': '10.0.1.6' }),
    success(T0 + 3600 * S),
  ]);
  assert.deepEqual(
    changes.filter((c) => c.kind === 'escalated'),
    [],
  );
});

test('after closing, the next match opens a linked alert; with no open alert a success opens its own', () => {
  const d = detection();
  const first = only(
    run(
      d,
      range(11, (i) => fail(T0 + i * S)),
    ).alerts,
  );
  d.alertClosed(first.id);
  const second = only(run(d, [fail(T0 + 12 * S)]).alerts);
  assert.notEqual(second.id, first.id);
  assert.equal(second.follows, first.id);
  d.alertClosed(second.id);
  const third = only(run(d, [success(T0 + 14 * S)]).alerts);
  assert.equal(third.rule, 'after');
  assert.equal(third.severity, 'critical');
});

test('a stretch that pauses less than the timespan is one episode, longer than it a new one', () => {
  const burst = (at: number): MatchedEvent[] => range(11, (i) => fail(at + i * S));
  const near = run(detection(), [...burst(T0), ...burst(T0 + 200 * S)]);
  assert.equal(only(near.alerts).count, 22);
  const far = run(detection(), [...burst(T0), ...burst(T0 + 900 * S)]);
  assert.deepEqual(
    [...far.alerts.values()].map((a) => a.count),
    [11, 11],
  );
});

test('a re-run of older events attaches to the episode they overlap', () => {
  const d = detection();
  run(
    d,
    range(11, (i) => fail(T0 + i * 10 * S)),
  );
  const { alerts } = run(
    d,
    range(11, (i) => fail(T0 + 5 * S + i * 10 * S, {}, { ingested: T0 + 200 * S })),
  );
  assert.equal(only(alerts).count, 22);
});

test('lanes and tenants do not mix; an import is marked retro', () => {
  const d = detection();
  const events = [
    ...range(6, (i) => fail(T0 + i * S)),
    ...range(6, (i) => fail(T0 + i * S, {}, { origin: 'import' })),
    ...range(6, (i) => fail(T0 + i * S, {}, { tenant: 'demo', origin: 'demo' })),
  ];
  assert.deepEqual(d.apply(events), []);
  const [c] = range(5, (i) => fail(T0 + (10 + i) * S, {}, { origin: 'import' })).flatMap((e) => d.apply([e]));
  assert.equal(c?.alert.origin, 'retro');
});

test('late: judged over events that claim more than an hour ago', () => {
  const late = run(
    detection(),
    range(11, (i) => fail(T0 + i * S, {}, { ingested: T0 + 7200 * S })),
  );
  assert.equal(only(late.alerts).late, true);
  assert.equal(
    only(
      run(
        detection(),
        range(11, (i) => fail(T0 + i * S)),
      ).alerts,
    ).late,
    false,
  );
});

const SINGLE = `
title: Tool seen
id: tool
taxonomy: ecs
logsource: { category: test }
detection: { sel: { a: b }, condition: sel }
level: medium
author: Somebody Else
vigil:
  entity: [host.name]
  sentence: '{user.name} ran a tool on {hosts} ({count})'
`;

test('a rule without correlation folds its storm into one alert by entity', () => {
  const d = detection(SINGLE);
  const tool = (i: number, host: string): MatchedEvent =>
    matchedOf({
      rules: ['tool'],
      ts: T0 + i * 1000,
      fields: { 'host.name': host, 'user.name': `u${i % 3}` },
    });
  const { alerts, changes } = run(d, [...range(3000, (i) => tool(i, 'web01')), tool(1, 'db01')]);
  assert.equal(alerts.size, 2);
  const a = [...alerts.values()].find((x) => x.hosts[0] === 'web01');
  assert.equal(a?.count, 3000);
  assert.equal(a?.events.length, EVENT_COPIES_MAX);
  assert.equal(a?.eventRefs.length, EVENT_REFS_MAX);
  assert.equal(a?.sentence, 'u0, u1, u2 ran a tool on web01 (3000)');
  assert.equal(a?.author, 'Somebody Else');
  assert.ok(changes.length < 20, `${changes.length} changes for 3,001 matches in 3 s`);
});

test('swapping rules: unchanged ones keep their windows, changed ones begin anew, open alerts stay', () => {
  const d = detection();
  d.apply(range(10, (i) => fail(T0 + i * S)));
  d.swapRules(rulesOf(`${BRUTE}\n---\n${SINGLE}`));
  assert.equal(d.apply([fail(T0 + 10 * S)]).length, 1);
  const stricter = detection();
  stricter.apply(range(10, (i) => fail(T0 + i * S)));
  stricter.swapRules(rulesOf(BRUTE.replace('gt: 10', 'gt: 9')));
  assert.deepEqual(stricter.apply([fail(T0 + 10 * S)]), []);
});

test('a snapshot of a newer format is refused with a sentence', () => {
  const bytes = new TextEncoder().encode('{"format": 99}');
  assert.throws(() => Detection.restore(bytes, rulesOf(BRUTE)), /format 99.*newer Vigil/);
});

test('hostile names and values: stored under their name, no prototype touched', () => {
  const names = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'];
  const d = detection();
  for (const ip of names)
    for (let i = 0; i < 11; i++)
      d.apply([fail(T0 + i * S, { 'source.ip': ip, 'user.name': ip, [`f.${ip}`]: ip })]);
  const restored = Detection.restore(d.snapshot(), rulesOf(BRUTE));
  const { alerts } = run(
    restored,
    names.map((ip) => fail(T0 + 20 * S, { 'source.ip': ip })),
  );
  assert.deepEqual([...alerts.values()].map((a) => a.key[0]?.slice(10)).sort(), [...names].sort());
  assert.deepEqual(Object.keys(Object.prototype), []);
});

test('only an upper bound: judged at a tick, when the window is over; who falls silent is told once', () => {
  const d = detection(`
title: Heartbeat
id: beat
name: beat
taxonomy: ecs
logsource: { category: test }
detection: { sel: { a: b }, condition: sel }
---
title: Too few heartbeats
id: few
taxonomy: ecs
correlation:
  type: event_count
  rules: [beat]
  group-by: [host.name]
  timespan: 5m
  condition: { lt: 3 }
`);
  const beat = (i: number, host: string): MatchedEvent =>
    matchedOf({ rules: ['beat'], ts: T0 + i * S, fields: { 'host.name': host } });
  d.apply([beat(0, 'a'), beat(1, 'a'), beat(0, 'b'), beat(1, 'b'), beat(2, 'b')]);
  assert.deepEqual(d.tick(T0 + 100 * S), []);
  const changes = d.tick(T0 + 400 * S);
  assert.deepEqual(
    changes.map((c) => [c.alert.key[0], c.alert.count]),
    [
      ['host.name=a', 2],
      // Three were enough for the first window; what followed was silence.
      ['host.name=b', 2],
    ],
  );
  assert.deepEqual(d.tick(T0 + 800 * S), []);
});

test('the same host in another case is one host; rules count their matches', () => {
  const d = detection();
  const { alerts } = run(
    d,
    range(11, (i) => fail(T0 + i * S, { 'host.name': i % 2 === 0 ? 'web01' : 'WEB01' })),
  );
  assert.deepEqual([only(alerts).hosts, only(alerts).hostCount], [['web01'], 1]);
  assert.deepEqual(d.ruleCounts().get('fail'), { matched: 11, lastMatched: T0 + 10 * S });
  assert.deepEqual(d.ruleCounts().get('brute'), { matched: 1, lastMatched: T0 + 10 * S });
  assert.deepEqual(Detection.restore(d.snapshot(), rulesOf(BRUTE)).ruleCounts(), d.ruleCounts());
});

test('an event at which detection fails is counted and named, and stops nothing', () => {
  const d = detection();
  const bad = { ...fail(T0), fields: null as unknown as MatchedEvent['fields'] };
  const changes = d.apply([bad, ...range(11, (i) => fail(T0 + i * S))]);
  assert.equal(changes.length, 1);
  assert.equal(d.stats().failed, 1);
  assert.match(d.stats().failure, /^event 1-1-\d+: /);
});

test('a tick between two events of one instant decides nothing: the instant is judged once it is over', () => {
  const text = `
title: Beat
id: beat
name: beat
taxonomy: ecs
logsource: { category: test }
detection: { sel: { a: b }, condition: sel }
---
title: Too few
id: few
taxonomy: ecs
correlation: { type: event_count, rules: [beat], group-by: [host.name], timespan: 10s, condition: { lt: 2 } }
`;
  const beat = (at: number): MatchedEvent =>
    matchedOf({ rules: ['beat'], ts: at, fields: { 'host.name': 'a' } });
  const told = (ticked: boolean): unknown[] => {
    const d = detection(text);
    const changes = [...d.apply([beat(T0)]), ...d.tick(T0 + 20 * S)];
    changes.push(...d.apply([beat(T0 + 40 * S)]));
    // Two frames received in the same instant, each with its tick.
    if (ticked) changes.push(...d.tick(T0 + 40 * S));
    changes.push(...d.apply([beat(T0 + 40 * S)]), ...d.tick(T0 + 100 * S));
    return changes.filter((c) => c.kind === 'opened').map((c) => [c.alert.id, (c.alert.lastSeen - T0) / S]);
  };
  const once = told(false);
  assert.deepEqual(
    once.map((x) => (x as readonly unknown[])[1]),
    [10, 50],
    'two in the instant end the silence, which begins anew ten seconds later',
  );
  assert.deepEqual(told(true), once);
});
