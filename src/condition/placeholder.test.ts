import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileCondition, conditionProblems } from './evaluate.ts';
import { EXPANDED_MAX, expandParts, parseWildcards, placeholderTest } from './placeholder.ts';
import type { Condition, NamedList, PlaceholderPart } from './tree.ts';

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

/** The condition that `field` meets the value. */
const value = (parts: readonly PlaceholderPart[], field = 'a'): Condition => ({
  kind: 'placeholder',
  field,
  parts,
  cased: false,
});
const many = (n: number, of = (i: number): string => `host-${i}`): NamedList =>
  named('text', ...Array.from({ length: n }, (_, i) => of(i)));

test('what stands for more patterns than are kept is said, and not judged by a part of them', () => {
  const lists = new Map([
    ['names', many(EXPANDED_MAX + 1)],
    ['fits', many(EXPANDED_MAX)],
    ['wild', many(EXPANDED_MAX + 1, (i) => `h${i}-*`)],
    ['half', many(EXPANDED_MAX / 2 + 1)],
    ['two', many(2)],
    ['zones', named('domain', ...many(EXPANDED_MAX + 1, (i) => `${i}.example.com`).values)],
  ]);
  const problems = (c: Condition): string => conditionProblems(c, lists).join();
  const any: PlaceholderPart = { kind: 'any' };
  assert.match(problems(value([any, list('names'), any])), /%names%.*20001.*20000/);
  assert.match(problems(value([list('wild')])), /%wild%/);
  assert.match(problems(value([list('half'), text('-'), list('two')])), /%half%.*%two%.*20002/);
  assert.match(problems(value([list('names')], '')), /%names%/);
  for (const parts of [[list('names')], [list('zones')], [any, list('fits'), any]])
    assert.equal(problems(value(parts)), '', JSON.stringify(parts));
  assert.deepEqual(conditionProblems(value([any, list('names'), any])), []);
});

test('every member of a long list that stands alone counts', () => {
  const lists = new Map([['names', named('text', ...many(EXPANDED_MAX * 2).values, 'last-*')]]);
  const meets = placeholderTest([list('names')], false, lists);
  const texts = ['host-0', `HOST-${EXPANDED_MAX * 2 - 1}`, 'last-one', `host-${EXPANDED_MAX * 2}`];
  assert.deepEqual(texts.map(meets), [true, true, true, false]);
});

test('a long list within a value costs little for each value', () => {
  const lists = new Map([['names', many(EXPANDED_MAX, (i) => `host-${i}.corp.example.com`)]]);
  for (const parts of [
    [{ kind: 'any' }, list('names'), { kind: 'any' }],
    [list('names'), { kind: 'any' }],
    [{ kind: 'any' }, text('\\'), list('names')],
  ] as const) {
    const run = compileCondition(value(parts), { lists });
    const judged = { fields: new Map([['a', `x \\host-${EXPANDED_MAX}.corp.example.com -y`]]) };
    assert.equal(run({ ...judged, rawText: '', entities: [] }), false);
    const began = performance.now();
    for (let i = 0; i < 200; i++) run({ ...judged, rawText: '', entities: [] });
    assert.ok(performance.now() - began < 100, `${performance.now() - began} ms for 200 values`);
  }
});
