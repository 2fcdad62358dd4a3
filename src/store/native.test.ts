/** The encoder's bytes: layout of a block, reuse, and the integrity leaf. Values are held by `roundtrip.int.test.ts`. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { Bytes } from './columns.ts';
import { BlockEncoder, leafHash, stampOurs, wireType } from './native.ts';
import { COLUMNS } from './schema.ts';
import { testEvent, testProvenance } from './testing.ts';

function varint(b: Uint8Array, at: number): [number, number] {
  let n = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = b[at++] as number;
    n += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return [n, at];
  }
}

test('a block says how many columns and rows it has, and names the first column and its type', () => {
  const e = new BlockEncoder();
  e.add(testEvent({}), testProvenance());
  e.add(testEvent({}), testProvenance({ ord: 1 }));
  assert.equal(e.rows, 2);
  const b = e.finish();
  assert.equal(e.rows, 0);
  let at = 0;
  let n: number;
  [n, at] = varint(b, at);
  assert.equal(n, COLUMNS.length);
  [n, at] = varint(b, at);
  assert.equal(n, 2);
  const word = (): string => {
    const [size, start] = varint(b, at);
    at = start + size;
    return Buffer.from(b.subarray(start, at)).toString();
  };
  assert.deepEqual([word(), word(), word(), word()], ['tenant', 'String', 'default', 'default']);
});

test('an encoder used again gives the same bytes, and an empty one none', () => {
  const e = new BlockEncoder();
  assert.equal(e.finish().length, 0);
  const one = (): Uint8Array => {
    e.add(
      testEvent({ 'user.name': 'ü', 'source.ip': '::1', 'source.port': 22, x: ['a'], y: '', z: null }),
      testProvenance(),
    );
    e.add(testEvent({}), testProvenance({ ord: 1 }));
    return e.finish();
  };
  const first = one();
  for (let i = 0; i < 100; i++) e.add(testEvent({ message: 'x'.repeat(300), q: 'y' }), testProvenance());
  e.finish();
  assert.deepEqual(one(), first);
});

test('text of every length is varint and UTF-8, lone surrogates replaced', () => {
  for (const s of [
    '',
    'a',
    'é',
    '\ud800',
    'a'.repeat(63),
    'a'.repeat(64),
    'a'.repeat(127),
    'a'.repeat(128),
    'é'.repeat(63),
    'é'.repeat(64),
    'é'.repeat(100),
    '名'.repeat(6000),
    `${'a'.repeat(20_000)}😀`,
  ]) {
    const b = new Bytes(8);
    b.text(s);
    const utf8 = Buffer.from(s, 'utf8');
    const [n, at] = varint(b.buf, 0);
    assert.equal(n, utf8.length);
    assert.deepEqual(b.buf.subarray(at, b.len), utf8);
  }
});

test('64-bit integers, negative ones too', () => {
  for (const n of [
    0,
    1,
    -1,
    2 ** 32,
    -(2 ** 32),
    2 ** 32 - 1,
    Number.MAX_SAFE_INTEGER,
    Number.MIN_SAFE_INTEGER,
    1_700_000_000_123_456,
  ]) {
    const b = new Bytes(8);
    b.int64(n);
    assert.equal(b.buf.readBigInt64LE(0), BigInt(n));
  }
});

test('dictionaries are sent as strings', () => {
  assert.equal(wireType('Array(LowCardinality(String))'), 'Array(String)');
  assert.equal(wireType('Map(LowCardinality(String), String)'), 'Map(String, String)');
});

test('the leaf is SHA-256 over the documented layout', () => {
  const door = Buffer.from('döör');
  const raw = Buffer.from([0, 255, 10]);
  const head = Buffer.alloc(28);
  head.writeUInt32BE(7, 0);
  head.writeBigUInt64BE(2n ** 40n + 5n, 4);
  head.writeUInt32BE(9, 12);
  head.writeBigInt64BE(1_700_000_000_123_456n, 16);
  head.writeUInt32BE(door.length, 24);
  const wanted = createHash('sha256').update('vigil-leaf-1\0').update(head).update(door).update(raw).digest();
  const got = leafHash({ node: 7, batch: 2 ** 40 + 5, ord: 9 }, 1_700_000_000_123_456, 'döör', raw);
  assert.deepEqual(Buffer.from(got), wanted);
  assert.equal(leafHash({ node: 0, batch: 0, ord: 0 }, 0, '', Buffer.alloc(300_000)).length, 32);
});

test('stampOurs sets every field of the pipeline', () => {
  const e = testEvent({});
  stampOurs(e, testProvenance({ ord: 4 }));
  assert.equal(e.fields.get('vigil.ord'), 4);
  assert.equal(e.fields.get('vigil.source'), 'test');
  assert.equal(e.fields.size, 15);
});
