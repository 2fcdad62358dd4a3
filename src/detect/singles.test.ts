import assert from 'node:assert/strict';
import test from 'node:test';
import { Singles } from './singles.ts';
import { matchedOf, T0 } from './testing.ts';

const event = (i: number): ReturnType<typeof matchedOf> =>
  matchedOf({ rules: ['r'], ts: T0 + i, ingested: T0 + 10 + i, ord: i, fields: { a: String(i) } });

test('what was given comes back; without an event, its place and time', () => {
  const s = new Singles();
  s.add('a', event(1), '', event(1));
  s.add('b', event(2), 'value', undefined);
  assert.equal(s.size, 2);
  assert.equal(s.holdsEvent('a'), true);
  assert.equal(s.holdsEvent('b'), false);
  assert.deepEqual(s.take('a', 't', 'live'), { ts: T0 + 1, ingested: T0 + 11, value: '', event: event(1) });
  const b = s.take('b', 't', 'live');
  assert.equal(b?.value, 'value');
  assert.deepEqual(b?.event.id, event(2).id);
  assert.deepEqual([b?.event.tenant, b?.event.fields], ['t', []]);
  assert.equal(s.take('b', 't', 'live'), undefined);
  assert.equal(s.size, 0);
});

test('the oldest goes first, whatever was taken out between', () => {
  const s = new Singles();
  for (let i = 0; i < 1000; i++) s.add(`k${i}`, event(i), '', i % 2 === 0 ? event(i) : undefined);
  for (let i = 0; i < 1000; i += 3) s.take(`k${i}`, 't', 'live');
  assert.deepEqual(s.drop(), { ts: T0 + 1, ingested: T0 + 11, held: false });
  assert.deepEqual(s.drop(), { ts: T0 + 2, ingested: T0 + 12, held: true });
  s.add('new', event(5000), '', undefined);
  const gone: number[] = [];
  s.dropBefore(T0 + 10 + 10, (g) => gone.push(g.ts - T0));
  assert.deepEqual(gone, [4, 5, 7, 8]);
  while (s.size > 1) s.drop();
  assert.equal(s.has('new'), true);
});

test('slots are used again, and columns grow', () => {
  const s = new Singles();
  for (let round = 0; round < 5; round++) {
    for (let i = 0; i < 500; i++) s.add(`${round}-${i}`, event(i), `v${i}`, undefined);
    for (let i = 0; i < 500; i++) assert.equal(s.take(`${round}-${i}`, 't', 'live')?.value, `v${i}`);
  }
});

test('state and restore: the same groups in the same order', () => {
  const s = new Singles();
  for (let i = 0; i < 50; i++)
    s.add(`k ${i}`, event(i), i % 7 === 0 ? `a b ${i}` : '', i % 5 === 0 ? event(i) : undefined);
  s.take('k 3', 't', 'live');
  const events: ReturnType<typeof matchedOf>[] = [];
  const state = JSON.parse(JSON.stringify(s.state((e) => events.push(e) - 1))) as ReturnType<
    Singles['state']
  >;
  const r = new Singles();
  r.restore(state, events);
  assert.deepEqual(
    r.state((e) => events.indexOf(e)),
    state,
  );
  assert.equal(r.heldEvents(), s.heldEvents());
  while (s.size > 0) assert.deepEqual(r.drop(), s.drop());
});
