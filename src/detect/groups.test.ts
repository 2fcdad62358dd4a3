import assert from 'node:assert/strict';
import test from 'node:test';
import { Correlator, type Hit } from './correlate.ts';
import { Groups } from './groups.ts';
import { BRUTE, matchedOf, rulesOf, T0 } from './testing.ts';

test('the farthest from the threshold goes first, oldest first among equals', () => {
  const gone: string[] = [];
  const g = new Groups<null>(3, (x) => gone.push(x.id));
  g.near(g.add('half', [], 0), 0.5);
  g.add('a', [], 0);
  g.add('b', [], 0);
  g.add('c', [], 0);
  g.add('d', [], 0);
  assert.deepEqual(gone, ['a', 'b']);
  assert.equal(g.evicted, 2);
  assert.equal(g.evictedNear, 0);
  for (const id of ['half', 'c', 'd']) assert.ok(g.get(id) !== undefined, id);
  const near = new Groups<null>(1, () => {});
  near.near(near.add('x', [], 0), 0.9);
  near.add('y', [], 0);
  assert.equal(near.evictedNear, 1);
});

test('eviction is no hiding place: a flood of ten times the cap between the 5th and 11th failure', () => {
  const cap = 200;
  const c = new Correlator(rulesOf(BRUTE), cap);
  const hits: Hit[] = [];
  const fail = (ip: string, i: number): void =>
    c.feed('fail', matchedOf({ rules: ['fail'], ts: T0 + i * 1000, fields: { 'source.ip': ip } }), 1, hits);
  for (let i = 0; i < 5; i++) fail('10.0.1.5', i);
  for (let i = 0; i < 10 * cap; i++) fail(`198.51.${i >> 8}.${i & 255}`, 10 + i);
  for (let i = 0; i < 6; i++) fail('10.0.1.5', 3000 + i);
  assert.deepEqual(
    hits.filter((h) => h.rule.id === 'brute').map((h) => h.shown),
    [['source.ip=10.0.1.5']],
  );
  const brute = c.stats().find((s) => s.rule === 'brute');
  assert.equal(brute?.groups, cap);
  assert.equal(brute?.evicted, 10 * cap + 1 - cap);
  assert.equal(brute?.evictedNear, 0);
});

test('a restored table evicts the same groups in the same order', () => {
  const make = (gone: string[]): Groups<null> => new Groups<null>(3, (x) => gone.push(x.id));
  const one: string[] = [];
  const a = make(one);
  const x = a.add('x', [], 0);
  a.add('y', [], 0);
  a.add('z', [], 0);
  // x rose and fell back: it is now the youngest of its level.
  a.near(x, 0.9);
  a.near(x, 0);
  const two: string[] = [];
  const b = make(two);
  b.restore(a.state().map((g) => ({ ...g })));
  for (const g of [a, b]) for (const id of ['p', 'q', 'r']) g.add(id, [], 0);
  assert.deepEqual(one, ['y', 'z', 'x']);
  assert.deepEqual(two, one);
});

test('windows of a snapshot of 0.1 go on', () => {
  // Four failures of 10.0.1.5, as 0.1 wrote them.
  const e = matchedOf({ rules: ['fail'], ts: T0, fields: { 'source.ip': '10.0.1.5' } });
  const items = [0, 1, 2, 3].map((i) => [T0 + i, 1, '', 0, 0] as const);
  const rules = rulesOf(BRUTE);
  const brute = rules.rules.find((r) => r.id === 'brute');
  assert.ok(brute?.kind === 'correlation');
  const shape = JSON.stringify([
    'event_count',
    ['fail'],
    [{ name: 'source.ip', perRule: [['', 'source.ip']] }],
    300e6,
    [{ op: 'gt', value: 10 }],
    [],
  ]);
  const id = JSON.stringify(['default', 'live', '["10.0.1.5"]']);
  const group = [id, ['10.0.1.5'], 5, T0, T0, Number.MIN_SAFE_INTEGER, [[T0, T0 + 3, items]]] as const;
  const c = new Correlator(rules);
  c.restore({ events: [e], tables: [['brute', shape, 0, 0, [group]]] });
  const hits: Hit[] = [];
  for (let i = 0; i < 7; i++)
    c.feed(
      'fail',
      matchedOf({ rules: ['fail'], ts: T0 + 10 + i, fields: { 'source.ip': '10.0.1.5' } }),
      1,
      hits,
    );
  assert.equal(hits.length, 1, 'the eleventh');
  assert.equal(
    hits[0]?.fresh.reduce((n, f) => n + f.weight, 0),
    11,
  );
});

test('all rules together are bounded: the rule with most groups gives', () => {
  const two = rulesOf(`${BRUTE}---
title: Other
id: other
taxonomy: ecs
correlation: { type: event_count, rules: [ok], group-by: [source.ip], timespan: 5m, condition: { gte: 3 } }
`);
  const c = new Correlator(two, 100, 60);
  const hits: Hit[] = [];
  const feed = (rule: string, i: number): void =>
    c.feed(rule, matchedOf({ rules: [rule], ts: T0 + i, fields: { 'source.ip': `192.0.2.${i}` } }), 1, hits);
  for (let i = 0; i < 10; i++) feed('ok', i);
  for (let i = 0; i < 100; i++) feed('fail', i);
  const size = new Map(c.stats().map((s) => [s.rule, s.groups]));
  assert.equal(size.get('other'), 10);
  // Ten more wait in the rule that wants brute force, then a success.
  assert.equal(size.get('brute'), 40);
  assert.deepEqual(
    c.takeEvictions().map((e) => [e.rule.id, e.count]),
    [['brute', 60]],
  );
  assert.deepEqual(c.takeEvictions(), []);
});

test('a host whose clock is a day ahead closes nobody else`s window, nor its own', () => {
  const c = new Correlator(rulesOf(BRUTE));
  const hits: Hit[] = [];
  const day = 86_400e6;
  const fail = (host: string, ts: number, ingested: number): void =>
    c.feed(
      'fail',
      matchedOf({ rules: ['fail'], ts, ingested, fields: { 'source.ip': '10.0.1.5', 'host.name': host } }),
      1,
      hits,
    );
  // Both hosts see the same attacker; one of them lives tomorrow.
  for (let i = 0; i < 11; i++) {
    fail('ahead', T0 + day + i * 1e6, T0 + i * 1e6);
    fail('right', T0 + i * 1e6, T0 + i * 1e6);
    if (i === 5) c.tick(T0 + i * 1e6, hits);
  }
  assert.equal(hits.length, 2, 'each of them, at its eleventh');
});
