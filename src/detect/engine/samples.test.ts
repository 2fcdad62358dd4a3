/** Samples are bounded by count and by characters. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { eventOf } from '../testing.ts';
import { noSample, SAMPLE_CHARS_MAX, SAMPLES_CHARS_MAX, SAMPLES_MAX, Samples } from './samples.ts';

test('long records are not kept, many are let go of', () => {
  const samples = new Samples();
  const a = noSample();
  const b = noSample();
  samples.keep(a, eventOf({}, 'x'.repeat(SAMPLE_CHARS_MAX + 1)));
  assert.equal(a.events.length, 0);
  const long = eventOf({}, 'x'.repeat(SAMPLE_CHARS_MAX));
  const fit = SAMPLES_CHARS_MAX / SAMPLE_CHARS_MAX;
  for (let i = 0; i < fit; i++) samples.keep(i % 2 === 0 ? a : b, long);
  assert.equal(a.events.length + b.events.length, fit);
  samples.keep(b, long);
  assert.deepEqual([a.events.length, b.events.length, b.chars], [0, 1, SAMPLE_CHARS_MAX]);
  samples.letGo(b);
  const short = eventOf({}, 'x');
  for (let i = 0; i < SAMPLES_MAX; i++) samples.keep(a, short);
  assert.equal(a.events.length, SAMPLES_MAX);
  samples.keep(a, short);
  assert.equal(a.events.length, 1);
});
