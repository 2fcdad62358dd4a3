import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RecordMeta } from '../model/record.ts';
import { decodeFrame, FrameBuilder, TAUGHT_CHARS_MAX } from './frame.ts';

const meta = (sender: string): RecordMeta => ({
  tenant: 'default',
  origin: 'live',
  door: 'syslog-tcp',
  sender,
  token: '',
  format: 'syslog',
  source: '',
  zone: '',
  stream: '',
});

test('a frame decodes to what was put in', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          sender: fc.constantFrom('a', 'b', '__proto__'),
          raw: fc.uint8Array({ maxLength: 300 }),
          pos: fc.string({ maxLength: 20 }),
        }),
        { maxLength: 40 },
      ),
      fc.nat(),
      (records, batch) => {
        const b = new FrameBuilder(1_700_000_000_000_000);
        for (const r of records) {
          b.received(meta(r.sender), 1, r.raw.length);
          b.add({ meta: meta(r.sender), raw: r.raw, pos: r.pos });
        }
        b.key('default', 'k');
        const f = decodeFrame(b.seal(3, batch));
        assert(f.ok);
        assert.equal(f.value.batch, batch);
        assert.equal(f.value.node, 3);
        assert.deepEqual(
          f.value.records.map((r) => [
            r.meta.sender,
            r.pos.toWellFormed(),
            Buffer.from(r.raw).toString('hex'),
          ]),
          records.map((r) => [r.sender, r.pos.toWellFormed(), Buffer.from(r.raw).toString('hex')]),
        );
        assert.equal(
          f.value.head.tallies.reduce((n, t) => n + t.received, 0),
          records.length,
        );
      },
    ),
    { numRuns: 150 },
  );
});

test('no bytes make the decoder throw, and a flipped bit never passes', () => {
  const b = new FrameBuilder(1);
  b.add({ meta: meta('x'), raw: Buffer.from('hello'), pos: '' });
  const good = b.seal(1, 1);
  fc.assert(
    fc.property(fc.nat(good.length * 8 - 1), (bit) => {
      const bad = Buffer.from(good);
      bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.equal(decodeFrame(bad).ok, false);
    }),
    { numRuns: 300 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      decodeFrame(Buffer.from(bytes));
    }),
  );
});

test('a text of the longest kind can be read again; a frame that no reader takes is not made', () => {
  const b = new FrameBuilder(1);
  b.taught('\u20ac'.repeat(TAUGHT_CHARS_MAX));
  assert.equal(decodeFrame(b.seal(1, 1)).ok, true);
  const large = new FrameBuilder(1);
  for (let i = 0; i < 2; i++) large.taught('\u20ac'.repeat(TAUGHT_CHARS_MAX));
  assert.throws(() => large.seal(1, 2), /longer than a reader takes/);
});
