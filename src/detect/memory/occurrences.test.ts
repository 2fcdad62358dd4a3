/** Windows over what occurred for one key, against counting by hand. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OCCURRENCES_MAX, type Occurrence, Occurrences, type Range } from './occurrences.ts';

const SPAN = 100;
type Seen = { readonly ts: number; readonly value: string; readonly n: number };
const occurrence = (o: Seen): Occurrence => ({ ...o, seen: 0, counted: false });

/** Closed windows that end at an occurrence, open ones that begin at one. */
const ranges = (all: readonly Seen[]): Range[] =>
  all.flatMap((o) => [
    { after: o.ts - SPAN, until: o.ts, closed: true },
    { after: o.ts, until: o.ts + SPAN, closed: false },
  ]);
const within = (all: readonly Seen[], r: Range): Seen[] =>
  all.filter((o) => o.ts <= r.until && (r.closed ? o.ts >= r.after : o.ts > r.after));

const seen = fc.array(
  fc.record({
    ts: fc.integer({ min: 0, max: 400 }),
    value: fc.constantFrom('a', 'b', 'c'),
    n: fc.integer({ min: 1, max: 3 }),
  }),
  { minLength: 1, maxLength: 40 },
);

test('counts of any window, in any order of arrival', () => {
  fc.assert(
    fc.property(seen, (all) => {
      const list = new Occurrences(SPAN, false);
      for (const [i, o] of all.entries()) {
        list.add(occurrence({ ...o, value: '' }));
        const so = all.slice(0, i + 1);
        for (const r of ranges(so))
          assert.equal(
            list.count(r),
            within(so, r).reduce((n, x) => n + x.n, 0),
          );
      }
    }),
    { numRuns: 150 },
  );
});

test('distinct values: what is dropped decides no window', () => {
  fc.assert(
    fc.property(seen, (all) => {
      const list = new Occurrences(SPAN, true);
      for (const [i, o] of all.entries()) {
        list.add(occurrence(o));
        const so = all.slice(0, i + 1);
        for (const r of ranges(so)) {
          // Windows that end (closed) or begin (open) at what occurred are those that rules ask for.
          if (!r.closed) continue;
          assert.equal(list.count(r), new Set(within(so, r).map((x) => x.value)).size);
        }
      }
      const perSpan = new Map<string, number>();
      for (const o of list.items) perSpan.set(o.value, (perSpan.get(o.value) ?? 0) + 1);
      for (const n of perSpan.values()) assert.ok(n <= 10, 'at most two per span and value');
    }),
    { numRuns: 150 },
  );
});

test('taken once: every occurrence is counted into one alert', () => {
  fc.assert(
    fc.property(seen, (all) => {
      const list = new Occurrences(SPAN, false);
      let taken = 0;
      for (const o of all) {
        list.add(occurrence({ ...o, value: '' }));
        taken += list.take({ after: o.ts - SPAN, until: o.ts, closed: true }).n;
      }
      assert.equal(
        taken,
        all.reduce((n, o) => n + o.n, 0),
      );
    }),
    { numRuns: 150 },
  );
});

test('a storm stays bounded; the newest window stays right to a 2,048th of the span', () => {
  const list = new Occurrences(3600e6, false);
  const each = 10_000;
  let last = 0;
  for (let i = 0; i < 500_000; i++) {
    last = i * each;
    list.add({ ts: last, seen: last, n: 1, value: '', counted: false });
  }
  assert.ok(list.items.length <= OCCURRENCES_MAX);
  const n = list.count({ after: last - 3600e6, until: last, closed: true });
  assert.ok(Math.abs(n - 360_001) <= 2 * (360_000 / 2048), `${n}`);
});

test('windows counted one after the other are those counted one by one', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 300 }), fc.constantFrom('a', 'b', 'c')), { maxLength: 60 }),
      fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 20 }),
      fc.boolean(),
      (given, steps, distinct) => {
        const o = new Occurrences(100, distinct);
        for (const [ts, value] of given)
          o.add({ ts, seen: 1000, n: 2, value: distinct ? value : '', counted: false });
        const next = o.sliding();
        let until = 0;
        for (const step of steps) {
          until += step;
          const r = { after: until - 100, until, closed: true };
          assert.equal(next(r), o.count(r));
        }
      },
    ),
    { numRuns: 200 },
  );
});
