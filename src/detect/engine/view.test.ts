/** The view holds nothing of an event that was let go of. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { eventOf } from '../testing.ts';
import { View } from './view.ts';

test('what was made of an event goes with it', () => {
  const view = new View();
  const slot = view.slot('a');
  view.begin(eventOf({ a: 'X' }, 'Raw'));
  assert.deepEqual([view.texts(slot), view.folded(slot), view.everywhere()], [['X'], ['x'], ['raw', 'x']]);
  view.end();
  assert.deepEqual([view.texts(slot), view.folded(slot), view.everywhere()], [[], [], ['']]);
  view.begin(eventOf({ a: 'Y' }, ''));
  assert.deepEqual([view.folded(slot), view.texts(slot), view.everywhere()], [['y'], ['Y'], ['', 'y']]);
});
