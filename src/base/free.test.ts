import assert from 'node:assert/strict';
import { test } from 'node:test';
import { free } from './free.ts';

test('what owns its memory is emptied, a part of something larger is left alone', () => {
  const own = Buffer.allocUnsafeSlow(1000);
  const view = own.subarray(10, 20);
  free(own);
  assert.equal(own.length, 0);
  assert.equal(view.length, 0);
  const pooled = Buffer.from('from the pool');
  free(pooled);
  assert.equal(pooled.toString(), 'from the pool');
  const shared = new Uint8Array(new SharedArrayBuffer(8));
  free(shared);
  assert.equal(shared.length, 8);
  free(undefined);
  free(new Uint8Array(0));
});
