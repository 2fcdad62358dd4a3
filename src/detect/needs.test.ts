/** Which rules can never be met, and why. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Condition, Lists } from '../condition/tree.ts';
import { mentioned, possible, type Seen } from './needs.ts';

const eq = (field: string): Condition => ({ kind: 'equals', field, values: ['x'], cased: false });
const not = (item: Condition): Condition => ({ kind: 'not', item });
const all = (...items: Condition[]): Condition => ({ kind: 'and', items });
const some = (...items: Condition[]): Condition => ({ kind: 'or', items });
const lists: Lists = new Map([
  ['full', { kind: 'text', values: ['a'] }],
  ['empty', { kind: 'text', values: [] }],
]);
const seen = (...names: string[]): Seen => ({ field: (f) => names.includes(f), lists });
const can = (c: Condition, s: Seen): boolean => possible(c, s).yes;

test('a field that no event has makes a test of it false, and its negation true', () => {
  assert.equal(can(eq('a'), seen('a')), true);
  assert.equal(can(eq('a'), seen('b')), false);
  assert.equal(can(not(eq('a')), seen()), true);
  assert.equal(can(not(not(eq('a'))), seen()), false);
  assert.equal(can({ kind: 'null', field: 'a' }, seen()), true);
  assert.equal(can(not({ kind: 'null', field: 'a' }), seen()), false);
});

test('and needs all, or needs one; a constant is what it is', () => {
  assert.equal(can(all(eq('a'), eq('b')), seen('a')), false);
  assert.equal(can(some(eq('a'), eq('b')), seen('b')), true);
  assert.equal(can(some(eq('a'), eq('b')), seen()), false);
  assert.equal(can(all(eq('a'), not(eq('b'))), seen('a')), true);
  assert.equal(
    can(not(some(eq('a'), not(eq('b')))), seen('a')),
    false,
    'not b always holds, so the whole never',
  );
  assert.equal(can({ kind: 'const', value: false }, seen('a')), false);
});

test('both fields of a comparison, members of lists, fields that every event has', () => {
  const ref: Condition = { kind: 'fieldref', field: 'a', op: 'equals', other: 'b', cased: false };
  assert.equal(can(ref, seen('a')), false);
  assert.equal(can(ref, seen('a', 'b')), true);
  assert.equal(can({ kind: 'inlist', field: 'a', list: 'full' }, seen('a')), true);
  assert.equal(can({ kind: 'inlist', field: 'a', list: 'empty' }, seen('a')), false);
  assert.equal(can({ kind: 'inlist', field: 'a', list: 'missing' }, seen('a')), false);
  assert.equal(can(not({ kind: 'inlist', field: 'a', list: 'empty' }), seen('a')), true);
  assert.equal(can(eq('vigil.source'), seen()), true);
  assert.equal(can({ kind: 'keyword', pattern: [{ kind: 'text', text: 'x' }], cased: false }, seen()), true);
});

test('fields and lists that are mentioned, wherever they stand, each once', () => {
  const c = all(eq('a'), not(some(eq('b'), { kind: 'inlist', field: 'a', list: 'full' })));
  assert.deepEqual(mentioned(c), { fields: ['a', 'b'], lists: ['full'] });
});
