/** Rules that count: by key, against what is usual, with parts of one event, and what must not have happened. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FieldValue } from '../../model/event.ts';
import { load } from '../testing.ts';
import { learningText } from './memory.ts';
import { Bench, DAY, HOUR, S, T0, THREE } from './testing.ts';
import { LEARN_DAYS } from './usual.ts';

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const MINUTE = 60 * S;

// ── what is usual ───────────────────────────────────────────────────────────────────────────────────────────────────

const VOLUME = load(THREE).set;
const request = (at: number, who: string, more: Readonly<Record<string, FieldValue>> = {}) => ({
  at,
  fields: {
    'event.action': 'certificate_requested',
    'source.ip': who,
    'x509.subject.common_name': 'x.example.org',
    ...more,
  },
});
/** `n` requests an hour for `days`, spread over the hour. */
function usual(b: Bench, who: string, perDay: number, days: number, from = T0): Bench {
  for (let i = 0; i < perDay * days; i++) b.event(request(from + (i * DAY) / perDay, who));
  return b;
}
/** Begins when the last usual ones are more than an hour old. */
const burst = (b: Bench, who: string, n: number, at: number): Bench => {
  for (const i of range(n)) b.event(request(at + HOUR + i * 30 * S, who));
  return b;
};
const volume = (b: Bench) => b.list.filter((a) => a.ruleTitle === 'Unusual certificate request volume');

test('more than ten times what is usual for the source; the sentence says both', () => {
  const b = usual(new Bench(VOLUME), '10.0.1.5', 48, 15);
  assert.equal(volume(b).length, 0);
  const at = T0 + 15 * DAY;
  burst(b, '10.0.1.5', 20, at);
  assert.equal(volume(b).length, 0, 'twenty are ten times two');
  burst(b, '10.0.1.5', 5, at + 11 * MINUTE);
  const [a] = volume(b);
  assert.deepEqual(a?.key, ['source.ip=10.0.1.5']);
  assert.match(
    a?.sentence ?? '',
    /^Unusual certificate request volume from 10\.0\.1\.5: \d\d certificate requests within 1 hour \(usual for it: about 2\)$/,
  );
  b.tick(at + HOUR);
  assert.ok((volume(b)[0]?.count ?? 0) >= 21, `${volume(b)[0]?.count} requests`);
  assert.equal(b.changes.filter((c) => c.kind === 'opened').length, 1, 'one episode');
});

test('floored at one an hour: what happens every ten hours may happen twice, ten times, in one', () => {
  const b = usual(new Bench(VOLUME), '10.0.1.5', 2.4, 15);
  const at = T0 + 15 * DAY;
  burst(b, '10.0.1.5', 10, at);
  assert.equal(volume(b).length, 0);
  burst(b, '10.0.1.5', 1, at + 30 * MINUTE);
  assert.match(
    volume(b)[0]?.sentence ?? '',
    /11 certificate requests within 1 hour \(usual for it: at most 1\)$/,
  );
  // A source that was never seen before has the floor, once the rule has learned.
  const fresh = usual(new Bench(VOLUME), '10.0.1.5', 2.4, 15);
  burst(fresh, '198.51.100.9', 11, at);
  assert.deepEqual(
    volume(fresh).map((a) => a.key),
    [['source.ip=198.51.100.9']],
  );
});

test('nothing is said while it learns, and the state says how far it is', () => {
  const b = usual(new Bench(VOLUME), '10.0.1.5', 2.4, 3).tick(T0 + 3 * DAY + HOUR);
  burst(b, '10.0.1.5', 100, T0 + 3 * DAY + 2 * HOUR);
  assert.equal(volume(b).length, 0);
  const [m] = b.detection.stats().memory.filter((x) => x.learned !== undefined);
  assert.ok(m !== undefined);
  assert.equal(learningText(m), 'learning 3 of 14 days');
  b.tick(T0 + LEARN_DAYS * DAY);
  const [later] = b.detection.stats().memory.filter((x) => x.learned !== undefined);
  assert.equal(later === undefined ? '?' : learningText(later), '');
});

test('a burst does not raise its own measure; weeks without events count as zero', () => {
  const b = usual(new Bench(VOLUME), '10.0.1.5', 48, 15);
  const at = T0 + 15 * DAY;
  burst(b, '10.0.1.5', 60, at);
  assert.match(volume(b)[0]?.sentence ?? '', /usual for it: about 2/);
  // Nothing for ten days: what was 2 an hour is 48 * 4 / 336 = 0.6 now, and has the floor.
  const quiet = usual(new Bench(VOLUME), '10.0.1.5', 48, 15);
  burst(quiet, '10.0.1.5', 11, T0 + 25 * DAY);
  assert.equal(volume(quiet).length, 1);
});

test('an import of three weeks is judged by its own past', () => {
  const b = new Bench(VOLUME).tick(T0 + 99 * DAY);
  const line = (at: number) => ({
    ...request(at, '10.0.1.5'),
    ingested: T0 + 99 * DAY,
    origin: 'import' as const,
  });
  for (let i = 0; i < 20 * 48; i++) b.event(line(T0 + (i * DAY) / 48));
  for (const i of range(21)) b.event(line(T0 + 20 * DAY + HOUR + i * S));
  b.tick(T0 + 99 * DAY + HOUR);
  assert.deepEqual(
    volume(b).map((a) => [a.origin, a.key[0]]),
    [['retro', 'source.ip=10.0.1.5']],
  );
});

test('the source is the requester, else the user, else the address', () => {
  const b = new Bench(VOLUME).event(request(T0, 'x')).tick(T0);
  b.until(T0, T0 + 15 * DAY, DAY);
  const at = T0 + 15 * DAY;
  for (const i of range(11))
    b.event(
      request(at + i * S, `10.0.1.${i}`, { 'certificate.requester': 'acme-account-7', 'user.name': `u${i}` }),
    );
  for (const i of range(11)) b.event(request(at + i * S, `10.0.2.${i}`, { 'user.name': 'eva' }));
  assert.deepEqual(
    volume(b).map((a) => a.key),
    [['certificate.requester=acme-account-7'], ['user.name=eva']],
  );
});

test('the store teaches a rule that is new here', () => {
  const b = new Bench(VOLUME).tick(T0);
  const rule = VOLUME.rules.find(
    (r) => r.title === 'Unusual certificate request volume' && r.partOf === undefined,
  );
  const days = range(14).map((d) => [T0 - (d + 1) * DAY, 48] as const);
  b.detection.teach({
    rule: rule?.id ?? '',
    tenant: 'default',
    origin: 'live',
    since: T0 - 20 * DAY,
    keys: [{ term: 0, values: ['10.0.1.5'], days }],
    events: [],
    last: true,
  });
  b.restart();
  burst(b, '10.0.1.5', 20, T0);
  assert.equal(volume(b).length, 0);
  burst(b, '10.0.1.5', 5, T0 + 11 * MINUTE);
  assert.match(volume(b)[0]?.sentence ?? '', /about 2\)/);
});

// ── counts and parts ────────────────────────────────────────────────────────────────────────────────────────────────

const rules = (condition: string, more = '') => {
  const { set, problems } = load(`- name: R\n  condition: |\n    ${condition}\n  severity: high\n${more}`);
  assert.deepEqual(problems, []);
  return set;
};
const login = (at: number, outcome: string, more: Readonly<Record<string, FieldValue>> = {}) => ({
  at,
  fields: {
    'event.action': 'ssh_login',
    'event.outcome': outcome,
    'user.name': 'root',
    'source.ip': '10.0.1.5',
    ...more,
  },
});

test('a count alone: sliding, by key, the exact number', () => {
  const b = new Bench(rules('count(event.outcome:failure by source.ip in 5 minutes) > 10'));
  for (const i of range(10)) b.event(login(T0 + i * S, 'failure'));
  for (const i of range(10)) b.event(login(T0 + i * S, 'failure', { 'source.ip': '10.0.1.6' }));
  for (const i of range(3)) b.event(login(T0 + (301 + i) * S, 'failure'));
  assert.equal(b.list.length, 0, 'ten within any five minutes');
  b.event(login(T0 + 303 * S, 'failure')).tick(T0 + 400 * S);
  assert.deepEqual(
    b.list.map((a) => [a.key, a.count]),
    [[['source.ip=10.0.1.5'], 11]],
  );
});

test('an event after others: only that event raises it, and the others are shown with it', () => {
  const b = new Bench(
    rules('event.outcome:success AND count(event.outcome:failure by source.ip in 5 minutes) > 3'),
  );
  for (const i of range(4)) b.event(login(T0 + i * S, 'failure'));
  assert.equal(b.list.length, 0);
  b.event(login(T0 + 200 * S, 'success', { 'source.ip': '10.0.1.6' }));
  assert.equal(b.list.length, 0);
  b.event(login(T0 + 200 * S, 'success'));
  assert.deepEqual(
    b.list.map((a) => [a.key, a.count, a.events.length]),
    [[['source.ip=10.0.1.5'], 1, 5]],
  );
  assert.match(b.list[0]?.sentence ?? '', /^R from 10\.0\.1\.5: 4 matching events within 5 minutes$/);
});

test('what comes late counts in its own place, also for an event that was judged before it', () => {
  const set = rules('event.outcome:success AND count(event.outcome:failure by source.ip in 5 minutes) > 3');
  const b = new Bench(set);
  b.event(login(T0 + 100 * S, 'success'));
  for (const i of range(4)) b.event({ ...login(T0 + i * S, 'failure'), ingested: T0 + 200 * S });
  assert.deepEqual(
    b.list.map((a) => [a.count, a.firstSeen]),
    [[1, T0]],
  );
  const after = new Bench(set);
  after.event(login(T0 + 100 * S, 'success'));
  for (const i of range(4)) after.event({ ...login(T0 + (101 + i) * S, 'failure'), ingested: T0 + 200 * S });
  assert.equal(after.list.length, 0, 'failures after the success are none before it');
});

test('what comes late costs little: while the rule learns, and where every moment after it is judged again', () => {
  const counts = 'count(event.outcome:failure by source.ip in 1 hour)';
  for (const condition of [
    `${counts} > 10 * baseline`,
    `${counts} > 8000`,
    `${counts} > 7900 AND ${counts} > 8000 + baseline`,
    'count_distinct(user.name by source.ip in 1 hour) > 8000',
  ]) {
    const b = new Bench(rules(condition));
    for (const i of range(6000)) b.event(login(T0 + i * 0.5 * S, 'failure', { 'user.name': `u${i}` }));
    const from = performance.now();
    for (const i of range(100))
      b.event({ ...login(T0 + i * S, 'failure', { 'user.name': 'late' }), ingested: T0 + HOUR });
    const each = (performance.now() - from) / 100;
    assert.equal(b.list.length, 0);
    assert.ok(each < 2.5, `${condition}: ${each.toFixed(2)} ms`);
  }
});

test('different values, ratios of two counts, fields of the event', () => {
  const spray = new Bench(rules('count_distinct(user.name by source.ip in 10 minutes) >= 3'));
  for (const u of ['a', 'b', 'a', 'b']) spray.event(login(T0, 'failure', { 'user.name': u }));
  assert.equal(spray.list.length, 0);
  spray.event(login(T0 + S, 'failure', { 'user.name': 'c' }));
  assert.equal(spray.list.length, 1);
  const ratio = new Bench(
    rules(
      'count(event.outcome:failure by source.ip in 1 hour) > 2 * count(event.outcome:success by source.ip in 1 hour) AND event.outcome:failure AND user.name:root',
    ),
  );
  for (const i of range(3)) ratio.event(login(T0 + i * S, 'success'));
  for (const i of range(6)) ratio.event(login(T0 + (10 + i) * S, 'failure'));
  ratio.until(T0 + 16 * S, T0 + 300 * S, 60 * S);
  assert.equal(ratio.list.length, 0, 'six are not more than twice three');
  ratio.event(login(T0 + 400 * S, 'failure')).until(T0 + 400 * S, T0 + 800 * S, 60 * S);
  assert.equal(ratio.list.length, 1, 'judged at a tick, since a success that comes late would change it');
});

test('an event without a key: the comparison fails, and passes under NOT', () => {
  const e = { at: T0, fields: { 'event.action': 'ssh_login', 'event.outcome': 'failure' } };
  const b = new Bench(rules('count(event.outcome:failure by source.ip in 5 minutes) > 0'))
    .event(e)
    .tick(T0 + HOUR);
  assert.equal(b.list.length, 0);
  const not = new Bench(
    rules('event.outcome:failure AND NOT exists(event.outcome:success for source.ip in 5 minutes)'),
  );
  not.event(e).tick(T0 + HOUR);
  assert.equal(not.list.length, 1);
});

// ── what did not happen ─────────────────────────────────────────────────────────────────────────────────────────────

const NO_MFA = 'event.action:user_login AND NOT exists(event.action:mfa_challenge for user.name in 1 hour)';
const user = (at: number, action: string) => ({
  at,
  fields: { 'event.action': action, 'user.name': 'eva', 'event.outcome': 'success' },
});

test('NOT exists is judged once, at a tick, after what is late had its minute', () => {
  const b = new Bench(rules(NO_MFA)).event(user(T0, 'user_login'));
  assert.equal(b.list.length, 0);
  b.tick(T0 + 30 * S);
  assert.equal(b.list.length, 0);
  const late = new Bench(rules(NO_MFA)).event(user(T0, 'user_login'));
  late.event({ ...user(T0 - 10 * S, 'mfa_challenge'), ingested: T0 + 40 * S });
  late.until(T0 + 50 * S, T0 + HOUR, MINUTE);
  assert.equal(late.list.length, 0);
  b.tick(T0 + 61 * S).tick(T0 + 200 * S);
  assert.deepEqual(
    b.list.map((a) => [a.key, a.openedAt]),
    [[['user.name=eva'], T0 + 61 * S]],
  );
  assert.equal(
    b.list[0]?.sentence,
    'R from user eva: no matching events within 1 hour (history since 2026-03-05: 0 of 1 hours)',
  );
  const done = new Bench(rules(NO_MFA))
    .event(user(T0 - 30 * MINUTE, 'mfa_challenge'))
    .event(user(T0, 'user_login'));
  assert.deepEqual(done.until(T0, T0 + HOUR, MINUTE).list, []);
});

const SILENT = 'NOT exists(event.action:service_started for host.name in 1 hour)';
const beat = (at: number, host: string) => ({
  at,
  fields: { 'event.action': 'service_started', 'service.name': 'x', 'host.name': host },
});

test('silence of something that was heard: once, an hour after its last sign', () => {
  const b = new Bench(rules(SILENT));
  for (let t = T0; t <= T0 + 5 * HOUR; t += 20 * MINUTE) {
    b.event(beat(t, 'a'));
    if (t <= T0 + 2 * HOUR) b.event(beat(t, 'b'));
    b.tick(t + S);
  }
  assert.deepEqual(
    b.list.map((a) => [a.key, a.lastSeen]),
    [[['host.name=b'], T0 + 2 * HOUR]],
  );
  b.restart().until(T0 + 5 * HOUR, T0 + 9 * HOUR, MINUTE);
  assert.deepEqual(
    b.list.map((a) => a.key),
    [['host.name=b'], ['host.name=a']],
  );
});

test('fewer than three within the hour after one', () => {
  const b = new Bench(rules('count(event.action:service_started by host.name in 1 hour) < 2'));
  for (const [host, n] of [
    ['few', 2],
    ['many', 4],
  ] as const)
    for (const i of range(n)) b.event(beat(T0 + i * 10 * MINUTE, host));
  b.until(T0, T0 + HOUR + 90 * S, MINUTE);
  assert.deepEqual(
    b.list.map((a) => a.key),
    [['host.name=few']],
  );
});

// ── around it ───────────────────────────────────────────────────────────────────────────────────────────────────────

test('an import fills no live window; modes and reloads as for any rule', () => {
  const set = rules('count(event.outcome:failure by source.ip in 5 minutes) > 10');
  const b = new Bench(set);
  for (const i of range(6)) b.event({ ...login(T0 + i * S, 'failure'), origin: 'import' });
  for (const i of range(6)) b.event(login(T0 + i * S, 'failure'));
  assert.equal(b.list.length, 0);
  b.detection.swapRules(set);
  for (const i of range(5)) b.event(login(T0 + (10 + i) * S, 'failure'));
  assert.equal(b.list.length, 1, 'an unchanged rule keeps what it counted');
  const shadow = new Bench(
    rules('count(event.outcome:failure by source.ip in 5 minutes) > 10', '  mode: shadow\n'),
  );
  for (const i of range(12)) shadow.event(login(T0 + i * S, 'failure'));
  assert.equal(shadow.list.length, 0);
  const id = [...shadow.detection.ruleCounts()].find(([r]) => !r.includes('#'))?.[1];
  assert.equal(id?.matched, 2);
});

test('an edit of what is counted begins anew, at a reload and at a restart; one of the text alone does not', () => {
  const of = (action: string, more = '') =>
    rules(`count(event.action:${action} AND event.outcome:failure by source.ip in 5 minutes) > 10`, more);
  const counted = () => {
    const b = new Bench(of('vpn_login'));
    for (const i of range(10)) b.event({ ...login(T0 + i * S, 'failure', { 'event.action': 'vpn_login' }) });
    return b;
  };
  for (const edit of ['swap', 'restart'] as const) {
    const other = counted()
      [edit](of('ssh_login'))
      .event(login(T0 + 20 * S, 'failure'));
    assert.equal(other.list.length, 0, `${edit}: VPN logins are no SSH logins`);
    for (const i of range(10)) other.event(login(T0 + (21 + i) * S, 'failure'));
    assert.equal(other.list.length, 1, edit);
    const same = counted()[edit](of('vpn_login', '  description: as before\n'));
    same.event(login(T0 + 20 * S, 'failure', { 'event.action': 'vpn_login' }));
    assert.equal(same.list.length, 1, `${edit}: what is counted did not change`);
  }
});

test('correlations count condition rules by name', () => {
  const text = `
- name: Too many failures
  condition: count(event.outcome:failure by source.ip in 5 minutes) > 3
  severity: low
---
title: Failures, then a success
id: then
taxonomy: ecs
correlation:
  type: temporal_ordered
  rules: [Too many failures, ok]
  group-by: [source.ip]
  timespan: 10m
level: high
---
title: Success
id: ok
name: ok
taxonomy: ecs
logsource: { category: test }
detection: { sel: { event.outcome: success }, condition: sel }
vigil: { alert: false }
`;
  const { set, problems } = load(text);
  assert.deepEqual(problems, []);
  const b = new Bench(set);
  for (const i of range(4)) b.event(login(T0 + i * S, 'failure'));
  b.event(login(T0 + 20 * S, 'success'));
  assert.deepEqual(
    b.list.map((a) => a.ruleTitle),
    ['Failures, then a success'],
  );
});

test('a flood of keys does not push out what has been gathering; what goes is counted', () => {
  const b = new Bench(rules('count(event.outcome:failure by source.ip in 5 minutes) > 10'), undefined, {
    groupsMax: 100,
  });
  for (const i of range(8)) b.event(login(T0 + i * S, 'failure'));
  for (const i of range(2000))
    b.event(login(T0 + 10 * S + i, 'failure', { 'source.ip': `198.51.${i >> 8}.${i & 255}` }));
  for (const i of range(3)) b.event(login(T0 + 20 * S + i * S, 'failure'));
  assert.deepEqual(
    b.list.map((a) => a.key),
    [['source.ip=10.0.1.5']],
  );
  const [m] = b.detection.stats().memory;
  assert.ok(m !== undefined && m.keys <= 100 && m.evicted >= 1900 && m.evictedNear === 0, JSON.stringify(m));
});

test('a storm on one key stays bounded, and its count exact', () => {
  const b = new Bench(rules('count(event.outcome:failure by source.ip in 1 hour) > 10'));
  const n = 60_000;
  for (const i of range(n)) b.event(login(T0 + i * 50_000, 'failure'));
  b.tick(T0 + 2 * HOUR);
  assert.equal(b.list[0]?.count, n);
  const size = b.detection.snapshot().length;
  assert.ok(size < 3_000_000, `${size} bytes of state`);
});
