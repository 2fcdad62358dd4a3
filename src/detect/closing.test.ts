import assert from 'node:assert/strict';
import test from 'node:test';
import type { MatchedEvent } from '../model/match.ts';
import { Correlator, type Hit } from './correlate.ts';
import { CLOSE_AFTER_US } from './correlate-spec.ts';
import { matchedOf, rulesOf, T0 } from './testing.ts';

const S = 1e6;
const BASE = ['a', 'b', 'c'].map(
  (id) =>
    `title: ${id}\nid: ${id}\nname: ${id}\ntaxonomy: ecs\nlogsource: { category: test }\ndetection: { s: { k: ${id} }, condition: s }\n---\n`,
);
const correlator = (body: string): Correlator =>
  new Correlator(rulesOf(`${BASE.join('')}title: X\nid: x\ntaxonomy: ecs\ncorrelation: { ${body} }\n`));

type Step = readonly [
  rule: string,
  second: number,
  fields?: Readonly<Record<string, string | number>>,
  ingested?: number,
];
const eventOf = ([rule, second, fields, ingested]: Step): MatchedEvent =>
  matchedOf({
    rules: [rule],
    ts: T0 + second * S,
    ingested: T0 + (ingested ?? second) * S,
    fields: { 'host.name': 'h', ...fields },
  });
const feed = (c: Correlator, ...steps: readonly Step[]): Hit[] => {
  const hits: Hit[] = [];
  for (const s of steps) c.feed(s[0], eventOf(s), 1, hits);
  return hits.filter((h) => h.rule.id === 'x');
};
const tick = (c: Correlator, second: number): Hit[] => {
  const hits: Hit[] = [];
  c.tick(T0 + second * S, hits);
  return hits.filter((h) => h.rule.id === 'x');
};
const GROUP = 'group-by: [host.name], timespan: 1m';

test('a heartbeat that stops is told once, and again after it came back', () => {
  const c = correlator(`type: event_count, rules: [a], ${GROUP}, condition: { lt: 1 }`);
  feed(c, ['a', 0], ['a', 30], ['a', 60], ['a', 90]);
  assert.deepEqual(tick(c, 149), []);
  const hits = tick(c, 151);
  assert.deepEqual(
    hits.map((h) => [h.shown, (h.to - T0) / S, h.fresh.map((f) => f.weight)]),
    [[['host.name=h'], 150, [0]]],
    'a minute after the last one, which shows who is missing and counts for nothing',
  );
  assert.deepEqual(tick(c, 500), []);
  assert.deepEqual(feed(c, ['a', 600]), []);
  assert.equal(tick(c, 661).length, 1);
});

test('how often ticks come makes no difference', () => {
  const steps: readonly Step[] = [
    ['a', 0],
    ['a', 20],
    ['a', 50],
    ['a', 55],
    ['a', 200],
  ];
  const body = `type: event_count, rules: [a], ${GROUP}, condition: { lt: 3 }`;
  const told = (every: number): unknown[] => {
    const c = correlator(body);
    const out: Hit[] = [];
    for (let s = 0; s <= 400; s++) {
      for (const step of steps) if (step[1] === s) out.push(...feed(c, step));
      if (s % every === 0) out.push(...tick(c, s));
    }
    return out.map((h) => [h.from, h.to, h.fresh.length]);
  };
  assert.deepEqual(told(1), told(400));
  assert.equal(told(1).length, 1);
});

test('the clock of a sender says nothing about what is missing', () => {
  const c = correlator(`type: event_count, rules: [a], ${GROUP}, condition: { lt: 1 }`);
  // It lives in 1970, and it beats.
  for (let i = 0; i < 10; i++) feed(c, ['a', -1.7e9 + i * 30, {}, i * 30]);
  assert.deepEqual(tick(c, 299), []);
  assert.equal(tick(c, 331).length, 1);
});

test('a sum that stays small, an average that falls', () => {
  const sum = correlator(`type: value_sum, rules: [a], ${GROUP}, condition: { field: n, lt: 100 }`);
  feed(sum, ['a', 0, { n: 40 }], ['a', 10, { n: 50 }]);
  assert.equal(tick(sum, 61).length, 1);
  const avg = correlator(`type: value_avg, rules: [a], ${GROUP}, condition: { field: n, lt: 10 }`);
  assert.deepEqual(feed(avg, ['a', 0, { n: 50 }], ['a', 59, { n: 1 }]), []);
  assert.deepEqual(tick(avg, 59), []);
  assert.equal(tick(avg, 60).length, 1, 'the mean of both was 25.5; the instant after, the 50 has left');
});

test('a and not b: judged when b has had its time, by event time', () => {
  const body = `type: temporal, rules: [a, b], ${GROUP}, condition: a and not b`;
  const after = 60 + CLOSE_AFTER_US / S + 1;
  const c = correlator(body);
  assert.deepEqual(feed(c, ['a', 0]), []);
  assert.deepEqual(tick(c, 100), []);
  const hits = tick(c, after);
  assert.deepEqual(
    hits.map((h) => [(h.from - T0) / S, h.fresh.length]),
    [[0, 1]],
  );
  assert.deepEqual(tick(c, after + 1000), [], 'once');
  // b before, b after, b later than the window, b that comes late.
  for (const [b, arrives, fires] of [
    [-30, -30, 0],
    [30, 30, 0],
    [60, 60, 0],
    [61, 61, 1],
    [-61, -61, 1],
    [30, 110, 0],
  ] as const) {
    const d = correlator(body);
    const steps: Step[] = [
      ['b', b, {}, arrives],
      ['a', 0],
    ];
    feed(d, ...steps.sort((x, y) => (x[3] ?? x[1]) - (y[3] ?? y[1])));
    assert.equal(tick(d, after).length, fires, `b at ${b}, received at ${arrives}`);
  }
});

test('a then not b, in order: b before a does not count; between a and c it does', () => {
  const after = 60 + CLOSE_AFTER_US / S + 100;
  const run = (rules: string, condition: string, ...steps: readonly Step[]): number => {
    const c = correlator(`type: temporal_ordered, rules: ${rules}, ${GROUP}, condition: ${condition}`);
    return feed(c, ...steps).length + tick(c, after).length;
  };
  assert.equal(run('[a, b]', 'a and not b', ['b', 0], ['a', 10]), 1);
  assert.equal(run('[a, b]', 'a and not b', ['a', 0], ['b', 10]), 0);
  assert.equal(run('[a, b, c]', 'a and not b and c', ['a', 0], ['b', 10], ['c', 20]), 0);
  assert.equal(run('[a, b, c]', 'a and not b and c', ['a', 0], ['c', 20], ['b', 30]), 1);
  assert.equal(run('[a, b, c]', 'a and not b and c', ['c', 0], ['a', 20]), 0);
});

test('an expression without not is judged at once', () => {
  const c = correlator(`type: temporal, rules: [a, b, c], ${GROUP}, condition: a and (b or c)`);
  assert.equal(feed(c, ['a', 0]).length, 0);
  assert.equal(feed(c, ['c', 30]).length, 1);
  const d = correlator(`type: temporal, rules: [a, b, c], ${GROUP}, condition: a and (b or c)`);
  assert.equal(feed(d, ['b', 0], ['c', 10], ['a', 80]).length, 0);
});

test('a value that is rare in a window', () => {
  const c = correlator(`type: value_percentile, rules: [a], ${GROUP}, condition: { field: v, lte: 10 }`);
  for (let i = 0; i < 19; i++) feed(c, ['a', i, { v: 'common' }]);
  feed(c, ['a', 30, { v: 'rare' }]);
  const hits = tick(c, 61);
  assert.deepEqual(
    hits.map((h) => h.fresh.map((f) => f.event.fields.find(([n]) => n === 'v')?.[1])),
    [['rare']],
  );
});

test('an import is not missing', () => {
  const c = correlator(`type: event_count, rules: [a], ${GROUP}, condition: { lt: 5 }`);
  const hits: Hit[] = [];
  c.feed('a', matchedOf({ rules: ['a'], ts: T0, origin: 'import', fields: { 'host.name': 'h' } }), 1, hits);
  assert.deepEqual(tick(c, 100), []);
});

test('what time decides feeds the correlation above it', () => {
  const c = new Correlator(
    rulesOf(`${BASE.join('')}title: Quiet
id: quiet
name: quiet
taxonomy: ecs
correlation: { type: event_count, rules: [a], ${GROUP}, condition: { lt: 1 } }
---
title: X
id: x
taxonomy: ecs
correlation: { type: temporal_ordered, rules: [quiet, b], group-by: [host.name], timespan: 5m }
`),
  );
  feed(c, ['a', 0]);
  tick(c, 200);
  assert.equal(feed(c, ['b', 210]).length, 1);
});

test('each of several waits for its own time: what must stay away may come late for the second', () => {
  const c = correlator(`type: temporal, rules: [a, b], ${GROUP}, condition: a and not b`);
  feed(c, ['a', 0], ['a', 70]);
  assert.equal(tick(c, 135).length, 1, 'the first, which is a minute ahead');
  feed(c, ['b', 75, {}, 140]);
  assert.deepEqual(tick(c, 300), []);
});
