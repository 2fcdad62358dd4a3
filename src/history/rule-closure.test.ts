import assert from 'node:assert/strict';
import test from 'node:test';
import { BRUTE, rulesOf } from '../detect/testing.ts';
import { countedBy, reachOf, rulesFor, withCounting } from './rule-closure.ts';

const set = rulesOf(`${BRUTE}
---
title: Twice
id: twice
name: twice
taxonomy: ecs
correlation:
  type: event_count
  rules: [brute]
  group-by: [source.ip]
  timespan: 1h
  condition: { gte: 2 }
`);
const ids = (s: { readonly rules: readonly { readonly id: string }[] }) => s.rules.map((r) => r.id);

test('a rule with all that it counts or raises, and nothing else', () => {
  assert.deepEqual(ids(rulesFor(set, ['fail'])), ['fail']);
  assert.deepEqual(ids(rulesFor(set, ['twice'])), ['brute', 'fail', 'twice']);
  assert.deepEqual(ids(rulesFor(set, ['after'])), ['after', 'brute', 'fail', 'ok']);
  assert.deepEqual(ids(rulesFor(set, ['nowhere'])), []);
});

test('what counts a rule, over any number of steps', () => {
  assert.deepEqual(
    countedBy(set, 'brute').map((r) => r.id),
    ['after', 'twice'],
  );
  assert.deepEqual([...withCounting(set, ['fail'])].sort(), ['after', 'brute', 'fail', 'twice']);
});

test('how far back a set looks: the timespans that stand on each other', () => {
  assert.equal(reachOf(rulesFor(set, ['fail'])), 0);
  assert.equal(reachOf(rulesFor(set, ['brute'])), 300e6);
  assert.equal(reachOf(rulesFor(set, ['twice'])), 3900e6);
});
