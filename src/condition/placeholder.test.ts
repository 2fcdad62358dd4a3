import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXPANDED_MAX, expandParts, parseWildcards, placeholderTest } from './placeholder.ts';
import type { NamedList, PlaceholderPart } from './tree.ts';

const list = (name: string): PlaceholderPart => ({ kind: 'list', list: name });
const text = (t: string): PlaceholderPart => ({ kind: 'text', text: t });
const named = (kind: NamedList['kind'], ...values: string[]): NamedList => ({ kind, values });

test('alone, a list of domains or networks matches by its own kind; within a value its members are texts', () => {
  const lists = new Map([
    ['zones', named('domain', 'example.com')],
    ['nets', named('cidr', '10.0.0.0/8')],
  ]);
  const zone = placeholderTest([list('zones')], false, lists);
  assert.deepEqual(['example.com', 'a.example.com', 'badexample.com'].map(zone), [true, true, false]);
  const net = placeholderTest([list('nets')], false, lists);
  assert.deepEqual(['10.1.2.3', '11.1.2.3'].map(net), [true, false]);
  const inside = placeholderTest([text('https://'), list('zones'), { kind: 'any' }], false, lists);
  assert.deepEqual(['https://EXAMPLE.com/x', 'https://a.example.com/'].map(inside), [true, false]);
});

test('a list that is replaced takes effect at once, one that goes away has no members', () => {
  const lists = new Map([['l', named('text', 'a*')]]);
  const meets = placeholderTest([list('l')], false, lists);
  assert.deepEqual(['ab', 'bc'].map(meets), [true, false]);
  lists.set('l', named('text', 'b*'));
  assert.deepEqual(['ab', 'bc'].map(meets), [false, true]);
  lists.delete('l');
  assert.deepEqual(['ab', 'bc'].map(meets), [false, false]);
});

test('two long lists in one value are bounded', () => {
  const many = named('text', ...Array.from({ length: 1000 }, (_, i) => `v${i}`));
  const parts = [list('a'), text('-'), list('b')];
  const lists = new Map([
    ['a', many],
    ['b', many],
  ]);
  const began = performance.now();
  assert.equal(expandParts(parts, lists).length, EXPANDED_MAX);
  assert.ok(performance.now() - began < 2000);
});

test('wildcards and their escapes, for any text', () => {
  assert.deepEqual(parseWildcards('\\*a*b?\\?'), [
    { kind: 'text', text: '*a' },
    { kind: 'any' },
    { kind: 'text', text: 'b' },
    { kind: 'one' },
    { kind: 'text', text: '?' },
  ]);
  assert.deepEqual(parseWildcards(''), []);
});
