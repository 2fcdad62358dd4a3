/** The small parts: what goes first when a map is full, what is usual, up to when everything has arrived, what is due next. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { matchedOf } from '../testing.ts';
import { Heap } from './heap.ts';
import { Kept } from './kept.ts';
import { DAY, HOUR, S, T0 } from './testing.ts';
import { learned, Usual } from './usual.ts';
import { WAIT_MAX_US, Watermark } from './watermark.ts';

test('kept: the least filled goes first, the oldest among equals; a restored map lets go of the same', () => {
  const gone: string[] = [];
  const make = (): Kept<{ readonly id: string; level: number }> => new Kept(3, (g) => gone.push(g.id));
  const k = make();
  for (const id of ['a', 'b', 'c']) k.add({ id, level: 0 });
  const a = k.get('a');
  assert.ok(a !== undefined);
  k.weigh(a, 9);
  k.add({ id: 'd', level: 0 });
  assert.deepEqual([gone, k.evicted, k.evictedNear], [['b'], 1, 0]);
  const other = make();
  other.restore(k.state().map((g) => ({ ...g })));
  for (const map of [k, other]) for (const id of ['e', 'f', 'g']) map.add({ id, level: 3 });
  assert.deepEqual(gone, ['b', 'c', 'd', 'a', 'c', 'd', 'a']);
  assert.equal(k.evictedNear, 1, 'a had nine');
});

test('usual: the mean per span over fourteen days before the day, zero where nothing was', () => {
  const u = new Usual();
  for (let d = 1; d <= 14; d++) u.add('k', T0 - d * DAY, 48);
  u.add('k', T0, 5000);
  assert.equal(u.at('k', T0, HOUR), 2);
  assert.equal(u.at('k', T0, DAY), 48);
  assert.equal(u.at('k', T0 + 7 * DAY, HOUR), (7 * 48 + 5000) / 336);
  assert.equal(u.at('k', T0 - 7 * DAY, HOUR), 1, 'what came after it says nothing, and one is the least');
  assert.equal(u.at('other', T0, HOUR), 1);
  assert.deepEqual(
    [learned(T0, T0 + 3.9 * DAY), learned(T0, T0 + 99 * DAY), learned(T0, T0 - DAY)],
    [3, 14, 0],
  );
  u.sweep(T0 + 16 * DAY);
  assert.equal(u.at('k', T0 + DAY, HOUR), 1, 'forgotten');
});

test('watermark: a minute behind, or as far as who is catching up; nobody holds it back for long', () => {
  const e = (sender: string, ts: number, ingested: number) => matchedOf({ rules: [], ts, ingested, sender });
  const w = new Watermark();
  const now = T0 + DAY;
  assert.equal(w.at('l', now), now - 60 * S);
  w.saw('l', e('live', now - S, now));
  w.saw('l', e('behind', now - 2 * HOUR, now));
  w.saw('l', e('1970', 0, now));
  assert.equal(w.at('l', now), now - 2 * HOUR);
  assert.equal(w.at('other', now), now - 60 * S, 'another lane');
  assert.equal(Watermark.from(w.state()).at('l', now), now - 2 * HOUR);
  assert.equal(w.at('l', now + 301 * S), now + 241 * S, 'silent for five minutes');
  w.saw('l', e('behind', now - WAIT_MAX_US - S, now + 400 * S));
  assert.ok(w.at('l', now + 400 * S) >= now + 400 * S - WAIT_MAX_US);
});

test('heap: in order of what is due, then of arrival', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 60 }), (dues) => {
      const h = new Heap<{ readonly due: number; readonly seq: number }>();
      const all = dues.map((due, seq) => ({ due, seq }));
      for (const x of all) h.push(x);
      const sorted = [...all].sort((a, b) => a.due - b.due || a.seq - b.seq);
      assert.deepEqual(h.state(), sorted);
      assert.deepEqual(
        all.map(() => h.pop()),
        sorted,
      );
      assert.equal(h.pop(), undefined);
    }),
    { numRuns: 100 },
  );
});
