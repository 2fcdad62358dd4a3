import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BUCKETS_MAX, bucketStarts, onBuckets, stacked } from './buckets.ts';

test('buckets cover the range and are aligned', () => {
  assert.deepEqual(bucketStarts(15, 40, 10), [10, 20, 30]);
  assert.deepEqual(bucketStarts(10, 10, 10), []);
  assert.deepEqual(bucketStarts(0, 10, 0), []);
  assert.equal(bucketStarts(0, 1e9, 1).length, BUCKETS_MAX);
});

test('points fall into their bucket; those outside are left out', () => {
  const starts = bucketStarts(0, 30, 10);
  assert.deepEqual(
    onBuckets(
      starts,
      [
        { t: 10, n: 2 },
        { t: 19, n: 3 },
        { t: 30, n: 9 },
        { t: -1, n: 9 },
      ],
      (p) => p.n,
    ),
    [0, 5, 0],
  );
});

test('stacking is cumulative, bottom first', () => {
  assert.deepEqual(
    stacked([
      [1, 2],
      [10, 0],
      [5, 5],
    ]),
    [
      [1, 2],
      [11, 2],
      [16, 7],
    ],
  );
});
