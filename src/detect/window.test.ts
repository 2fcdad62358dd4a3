import assert from 'node:assert/strict';
import test from 'node:test';
import {
  addOccurrence,
  ENDS_MAX,
  measure,
  NUMBERS_MAX,
  type Occurrence,
  type Stretch,
  STRETCHES_MAX,
  type WindowSpec,
} from './window.ts';

const S = 1e6;
const count = (need: number): WindowSpec => ({
  kind: 'count',
  timespan: 300 * S,
  need,
  met: (n) => n >= need,
  order: [],
});

type W = {
  readonly stretches: Stretch<string>[];
  readonly spec: WindowSpec;
  dropped: number;
  counted: number;
};
const window = (spec: WindowSpec): W => ({ stretches: [], spec, dropped: 0, counted: 0 });
function add(w: W, ts: number, value = '', weight = 1): boolean {
  const o: Occurrence<string> = { ts, weight, value, counted: false, event: 'e' };
  const { hit } = addOccurrence(w.stretches, o, w.spec, () => w.dropped++);
  for (const f of hit?.fresh ?? []) w.counted += f.weight;
  return hit !== undefined;
}

test('sliding, not fixed: eleven in five minutes wherever they begin, ten never', () => {
  const w = window(count(11));
  const t = 299 * S;
  for (let i = 0; i < 10; i++) assert.equal(add(w, t + i * 30 * S), false);
  assert.equal(add(w, t + 300 * S), true);
  assert.equal(w.counted, 11);
  const slow = window(count(11));
  for (let i = 0; i < 100; i++) assert.equal(add(slow, i * 31 * S), false);
});

test('order of arrival does not matter within a window', () => {
  for (const order of [
    [0, 1, 2, 3, 4],
    [4, 3, 2, 1, 0],
    [2, 0, 4, 1, 3],
  ]) {
    const w = window(count(5));
    const results = order.map((i) => add(w, i * 60 * S));
    assert.deepEqual(results, [false, false, false, false, true]);
    assert.equal(w.counted, 5);
  }
});

test('1970 beside today: each stretch on its own', () => {
  const w = window(count(3));
  const today = 1.77e15;
  assert.deepEqual(
    [add(w, today), add(w, 10 * S), add(w, today + S), add(w, 11 * S)],
    [false, false, false, false],
  );
  assert.equal(add(w, 12 * S), true);
  assert.equal(w.counted, 3);
  assert.equal(add(w, today + 2 * S), true);
  assert.equal(w.stretches.length, 2);
  // And after one from 2099.
  assert.equal(add(w, 4.07e15), false);
  assert.equal(add(w, today + 3 * S), true);
});

test('stretches are bounded: the least filled goes', () => {
  const w = window(count(3));
  add(w, 0);
  add(w, S);
  for (let i = 1; i < 20; i++) add(w, i * 1000 * 300 * S);
  assert.ok(w.stretches.length <= STRETCHES_MAX);
  assert.equal(add(w, 2 * S), true, 'the fuller stretch was kept');
  assert.ok(w.dropped > 0);
});

test('a gap that closes joins two stretches', () => {
  const w = window(count(3));
  add(w, 0);
  add(w, 500 * S);
  assert.equal(w.stretches.length, 2);
  add(w, 250 * S);
  assert.equal(w.stretches.length, 1);
});

test('a storm on one key stays bounded and its count exact', () => {
  const w = window(count(11));
  let n = 0;
  for (let i = 0; i < 20_000; i++) {
    add(w, i * 1000);
    n++;
  }
  assert.equal(w.counted, n);
  assert.ok((w.stretches[0]?.items.length ?? 0) <= 2 * 11 + 64 + 1);
});

test('distinct values: repeats do not count, memory follows the values that matter', () => {
  const w = window({ kind: 'distinct', timespan: 300 * S, need: 10, met: (n) => n >= 10, order: [] });
  for (let i = 0; i < 5000; i++) assert.equal(add(w, i * 1000, `v${i % 9}`), false);
  assert.ok((w.stretches[0]?.items.length ?? 0) <= 2 * 10 + 64 + 1);
  assert.equal(add(w, 5000 * 1000, 'v9'), true);
  assert.equal(w.counted, 5001, 'what was compacted handed its weight on');
  for (let i = 0; i < 20_000; i++) add(w, 6e6 + i * 1000, `port${i}`);
  assert.ok((w.stretches[0]?.items.length ?? 0) <= 2 * 10 + 64 + 1);
});

test('ordered: greedy, in the order of the rules, within the timespan', () => {
  const spec: WindowSpec = {
    kind: 'ordered',
    timespan: 300 * S,
    need: 3,
    met: (n) => n >= 3,
    order: ['a', 'b', 'c'],
  };
  const run = (...steps: readonly (readonly [string, number])[]): boolean[] => {
    const w = window(spec);
    return steps.map(([v, ts]) => add(w, ts * S, v));
  };
  assert.deepEqual(run(['a', 0], ['b', 1], ['c', 2]), [false, false, true]);
  assert.deepEqual(run(['b', 0], ['a', 1], ['c', 2]), [false, false, false]);
  assert.deepEqual(run(['a', 0], ['b', 1], ['c', 400]), [false, false, false]);
  assert.deepEqual(run(['c', 2], ['a', 0], ['b', 1]), [false, false, true]);
  // Many of the first do not push each other out.
  const w = window(spec);
  for (let i = 0; i < 1000; i++) add(w, i * 1000, 'a');
  add(w, 1.1 * S, 'b');
  assert.equal(add(w, 1.2 * S, 'c'), true);
});

const metric = (
  kind: 'sum' | 'avg' | 'percentile',
  met: (n: number) => boolean,
  percentile = 50,
): WindowSpec => ({
  kind,
  timespan: 300 * S,
  need: NUMBERS_MAX,
  met,
  order: [],
  percentile,
});

test('many numbers: the window stays bounded, sums and averages exact', () => {
  const seen: number[] = [];
  const note = (n: number): boolean => {
    seen.push(n);
    return false;
  };
  const sum = window(metric('sum', note));
  const avg = window(metric('avg', note));
  let total = 0;
  const n = 5 * NUMBERS_MAX;
  for (let i = 0; i < n; i++) {
    const value = i % 7;
    total += value;
    add(sum, i * 1000, String(value));
    assert.ok(Math.abs((seen.at(-1) ?? 0) - total) < 1e-6, `${i}`);
    add(avg, i * 1000, String(value));
    assert.ok(Math.abs((seen.at(-1) ?? 0) - total / (i + 1)) < 1e-9, `${i}`);
  }
  for (const w of [sum, avg]) assert.ok((w.stretches[0]?.items.length ?? 0) <= 2 * NUMBERS_MAX + 64);
  // What has left the window does not count, however it was joined.
  add(sum, n * 1000 + 400 * S, '1');
  assert.equal(seen.at(-1), 1);
});

test('percentiles: of the newest numbers', () => {
  const seen: number[] = [];
  const w = window(
    metric(
      'percentile',
      (n) => {
        seen.push(n);
        return false;
      },
      90,
    ),
  );
  for (let i = 0; i < 11; i++) add(w, i * 1000, String(i));
  assert.equal(seen.at(-1), 9);
  for (let i = 0; i < 3 * NUMBERS_MAX; i++) add(w, 20_000 + i * 1000, '5');
  assert.equal(seen.at(-1), 5);
  assert.ok((w.stretches[0]?.items.length ?? 0) <= 2 * NUMBERS_MAX + 64);
});

test('a sum over a storm: the count of the alert stays exact', () => {
  const w = window(metric('sum', (n) => n >= 1e9));
  const n = 4 * NUMBERS_MAX;
  for (let i = 0; i < n; i++) add(w, i * 1000, '1');
  assert.equal(add(w, n * 1000, '1000000000'), true);
  assert.equal(w.counted, n + 1);
});

test('what comes late finds the first window that is met, as if each were measured', () => {
  let seed = 7;
  const random = (n: number): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % n;
  };
  for (const kind of ['count', 'distinct', 'sum', 'avg'] as const) {
    for (const met of [(n: number) => n > 9, (n: number) => n === 0.3 || n === 6, (n: number) => n < -0.5]) {
      const spec: WindowSpec = { kind, timespan: 60, need: 500, met, order: [] };
      const w = window(spec);
      const all: Occurrence<string>[] = [];
      for (let i = 0; i < 300; i++) {
        const value = kind === 'distinct' ? String(random(9)) : String((random(41) - 20) / 10);
        const o: Occurrence<string> = {
          ts: random(100),
          weight: 1 + random(3),
          value,
          counted: false,
          event: 'e',
        };
        const { hit } = addOccurrence(w.stretches, o, spec, () => {});
        let at = all.length;
        while (at > 0 && (all[at - 1] as Occurrence<string>).ts > o.ts) at--;
        all.splice(at, 0, o);
        let first: number | undefined;
        for (const [hi, x] of all.entries()) {
          if (x.ts < o.ts || x.ts > o.ts + 60 || all[hi + 1]?.ts === x.ts) continue;
          if (
            !met(
              measure(
                all,
                all.findIndex((y) => y.ts >= x.ts - 60),
                hi,
                spec,
              ),
            )
          )
            continue;
          first = x.ts;
          break;
        }
        assert.equal(hit?.to, first, `${kind} ${i}`);
      }
    }
  }
});

test('what comes late costs one pass over its windows, however full they are; percentiles look at some, and say so', () => {
  const full: readonly (readonly [WindowSpec['kind'], number])[] = [
    ['count', 10_001],
    ['distinct', 10_001],
    ['sum', NUMBERS_MAX],
    ['avg', NUMBERS_MAX],
    ['percentile', NUMBERS_MAX],
  ];
  for (const [kind, need] of full) {
    const spec: WindowSpec = {
      kind,
      timespan: 300 * S,
      need,
      met: (n) => n > 1e9,
      order: [],
      percentile: 99,
    };
    const w = window(spec);
    for (let i = 1; i < need; i++) add(w, 300 * S + i * 10, String(i));
    const from = performance.now();
    let late = false;
    for (let i = 0; i < 5; i++) {
      const o: Occurrence<string> = { ts: 300 * S, weight: 1, value: '0', counted: false, event: 'e' };
      late = addOccurrence(w.stretches, o, spec, () => {}).late;
    }
    const each = (performance.now() - from) / 5;
    assert.ok(each < 20, `${kind}: ${each.toFixed(1)} ms`);
    assert.equal(late, kind === 'percentile', kind);
  }
  const few = window({ ...count(3), kind: 'percentile', met: () => false });
  for (let i = 1; i < ENDS_MAX; i++) add(few, i, '1');
  const o: Occurrence<string> = { ts: 0, weight: 1, value: '0', counted: false, event: 'e' };
  assert.equal(addOccurrence(few.stretches, o, few.spec, () => {}).late, false, 'all were looked at');
});
