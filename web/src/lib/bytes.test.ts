import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DUMP_BYTES_MAX, hexDump } from './bytes.ts';

test('every byte is shown, none is interpreted', () => {
  const b64 = Buffer.from([0x41, 0x00, 0xff, 0x1b]).toString('base64');
  assert.match(hexDump(b64), /^000000 {2}41 00 ff 1b +A\.\.\.$/);
});

test('a large record is cut and says so', () => {
  const out = hexDump(Buffer.alloc(DUMP_BYTES_MAX + 5).toString('base64'));
  assert.match(out, /\(5 more bytes\)$/);
});
