/** No window is missed without a word: the event that completes one either hits or is late, and then the store judges it. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { addMark, LATE_KEYS_MAX, LATE_MARKS_MAX, type LateMark, mergeMarks } from '../model/late.ts';
import { Correlator, type Hit } from './correlate.ts';
import { LateMarks, reaches } from './late.ts';
import { BRUTE, matchedOf, rulesOf, T0 } from './testing.ts';
import { addOccurrence, type Occurrence, type Stretch, type WindowSpec } from './window.ts';

const SPAN = 100;
const specOf = (kind: 'count' | 'distinct', need: number): WindowSpec => ({
  kind,
  timespan: SPAN,
  need,
  met: (n) => n >= need,
  order: [],
});

type Step = { readonly ts: number; readonly value: string };
const measure = (kind: 'count' | 'distinct', w: readonly Step[]): number =>
  kind === 'count' ? w.length : new Set(w.map((s) => s.value)).size;

/** Mostly forward, some far back, a few clocks of their own. */
const steps = fc
  .array(
    fc.record({
      move: fc.oneof(
        { weight: 6, arbitrary: fc.integer({ min: 0, max: 60 }) },
        { weight: 3, arbitrary: fc.integer({ min: -400, max: 0 }) },
        { weight: 1, arbitrary: fc.constantFrom(-3000, -1500, 5000) },
      ),
      stay: fc.boolean(),
      value: fc.constantFrom('a', 'b', 'c', 'd'),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .map((list) => {
    let now = 10_000;
    return list.map(({ move, stay, value }): Step => {
      const ts = now + move;
      if (stay && move > 0) now = ts;
      return { ts, value };
    });
  });

test('whatever completes a window hits, or is late', () => {
  fc.assert(
    fc.property(
      steps,
      fc.constantFrom('count' as const, 'distinct' as const),
      fc.integer({ min: 2, max: 4 }),
      (events, kind, need) => {
        const spec = specOf(kind, need);
        const stretches: Stretch<number>[] = [];
        let evicted: readonly [number, number] | null = null;
        events.forEach((s, i) => {
          const o: Occurrence<number> = { ...s, weight: 1, counted: false, event: i };
          const added = addOccurrence(stretches, o, spec, () => {});
          const late = added.late || reaches(evicted, s.ts, SPAN);
          if (added.evicted !== null)
            evicted =
              evicted === null
                ? added.evicted
                : [Math.min(evicted[0], added.evicted[0]), Math.max(evicted[1], added.evicted[1])];
          const seen = events.slice(0, i + 1);
          const completes = seen.some(({ ts: end }) => {
            if (end < s.ts || end - SPAN > s.ts) return false;
            return (
              measure(
                kind,
                seen.filter((x) => x.ts >= end - SPAN && x.ts <= end),
              ) >= need
            );
          });
          assert.ok(!completes || added.hit !== undefined || late, `event ${i} of ${JSON.stringify(events)}`);
          if (added.hit !== undefined) assert.ok(completes, 'nothing is met that was not there');
        });
      },
    ),
    { numRuns: 200 },
  );
});

test('events in order are never late, not in a storm and not over days', () => {
  for (const kind of ['count', 'distinct'] as const) {
    const spec = specOf(kind, 3);
    const stretches: Stretch<number>[] = [];
    for (let i = 0; i < 5000; i++) {
      const o: Occurrence<number> = {
        ts: i * 7,
        value: String(i % 2),
        weight: 1,
        counted: false,
        event: i,
      };
      assert.equal(addOccurrence(stretches, o, spec, () => {}).late, false);
    }
  }
});

const fail = (ts: number, ip = '10.0.1.5', ingested = ts) =>
  matchedOf({ rules: ['fail'], ts, ingested, fields: { 'source.ip': ip } });

test('a backlog beside the same key of today is marked with rule, lane, key and stretch of time', () => {
  const c = new Correlator(rulesOf(BRUTE));
  const hits: Hit[] = [];
  // Today has moved on from six hours ago to now, without a gap that would keep the stretches apart.
  for (let i = 0; i < 100; i++) c.feed('fail', fail(T0 + i * 280e6), 1, hits);
  assert.deepEqual(c.takeLate(), []);
  const now = T0 + 100 * 280e6;
  c.feed('fail', fail(T0 + 1000e6, '10.0.1.5', now), 1, hits);
  c.feed('fail', fail(T0 + 1060e6, '10.0.1.5', now), 1, hits);
  c.feed('fail', fail(T0 + 1060e6, '10.0.1.99', now), 1, hits);
  const [mark, ...more] = c.takeLate();
  assert.deepEqual(more, []);
  assert.equal(mark?.rule, 'brute');
  assert.deepEqual([mark?.from, mark?.to, mark?.events], [T0 + 1000e6, T0 + 1060e6, 2]);
  assert.deepEqual(mark?.keys, ['["10.0.1.5"]']);
  assert.equal(mark?.ingested, now);
  assert.deepEqual(c.takeLate(), []);
});

test('a key that was idle for a day and forgotten: its backlog is late, a new key is not; a restart keeps that', () => {
  const rules = rulesOf(BRUTE);
  const c = new Correlator(rules);
  for (let i = 0; i < 8; i++) c.feed('fail', fail(T0 + i * 1e6), 1, []);
  const later = T0 + 30 * 3600e6;
  c.tick(later, []);
  const after = new Correlator(rules);
  after.restore(JSON.parse(JSON.stringify(c.state())) as ReturnType<typeof c.state>);
  for (const x of [c, after]) {
    x.feed('fail', fail(later, '10.0.1.7', later), 1, []);
    assert.deepEqual(x.takeLate(), []);
    x.feed('fail', fail(T0 + 9e6, '10.0.1.5', later), 1, []);
    assert.equal(x.takeLate()[0]?.from, T0 + 9e6);
    // Here again, with something new first: what was forgotten stays forgotten.
    x.feed('fail', fail(later, '10.0.1.6', later), 1, []);
    assert.deepEqual(x.takeLate(), []);
    x.feed('fail', fail(T0 + 9e6, '10.0.1.6', later), 1, []);
    assert.equal(x.takeLate()[0]?.from, T0 + 9e6);
  }
});

test('one host a day ahead or in 1970 closes nobody’s window and is not late itself', () => {
  const c = new Correlator(rulesOf(BRUTE));
  const hits: Hit[] = [];
  for (let i = 0; i < 11; i++) {
    c.feed('fail', fail(T0 + i * 20e6), 1, hits);
    c.feed('fail', fail(T0 + i * 20e6 + 86_400e6, '10.0.1.5', T0), 1, hits);
    c.feed('fail', fail(i * 20e6, '10.0.1.5', T0), 1, hits);
  }
  assert.equal(hits.length, 3);
  assert.deepEqual(c.takeLate(), []);
});

test('marks are bounded: one per rule and lane, keys up to a number', () => {
  const m = new LateMarks();
  for (let i = 0; i < LATE_KEYS_MAX + 1; i++) m.note('r', `k${i}`, fail(T0 + i));
  const [one, ...more] = m.take();
  assert.deepEqual(more, []);
  assert.equal(one?.keys, null);
  assert.equal(one?.events, LATE_KEYS_MAX + 1);
  assert.ok(one !== undefined);
  assert.equal(mergeMarks(one, { ...one, keys: ['x'] }).keys, null);
  // Far apart in time they stay apart, up to a number; nothing is left out.
  const day = 86_400e6;
  let marks: LateMark[] = [];
  for (let i = 0; i < 40; i++)
    marks = addMark(marks, { ...one, from: T0 + i * day + i * i * 1e6, to: T0 + i * day + i * i * 1e6 });
  assert.equal(marks.length, LATE_MARKS_MAX);
  assert.equal(
    marks.reduce((n, x) => n + x.events, 0),
    40 * one.events,
  );
  assert.ok(marks.every((x, i) => i === 0 || x.from > (marks[i - 1]?.to ?? 0)));
});
