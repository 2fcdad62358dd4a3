import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Severity } from '../../../src/model/alert.ts';
import { cursorOf, firstOf } from './queue-order.ts';

const a = (id: string, openedAt: number, severity: Severity) => ({ id, openedAt, severity });
const ids = (list: readonly { readonly id: string }[]): string => list.map((x) => x.id).join('');

test('lists of two statuses become one, newest first, ties by id', () => {
  const open = [a('d', 9, 'low'), a('b', 5, 'low')];
  const taken = [a('c', 5, 'high'), a('a', 1, 'critical')];
  assert.equal(ids(firstOf([open, taken], 'newest', 10)), 'dcba');
  assert.equal(ids(firstOf([open, taken], 'newest', 3)), 'dcb');
});

test('gravest first', () => {
  assert.equal(
    ids(firstOf([[a('d', 9, 'low')], [a('c', 5, 'high'), a('a', 1, 'critical')]], 'severity', 10)),
    'acd',
  );
});

test('the cursor names time and id', () => assert.equal(cursorOf(a('x:1', 7, 'low')), '7:x:1'));
