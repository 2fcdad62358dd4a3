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
