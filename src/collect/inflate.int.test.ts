import assert from 'node:assert/strict';
import { test } from 'node:test';
import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { type Encoding, encodingOf, InflateError, type InflateLimits, inflate } from './inflate.ts';

const WIDE: InflateLimits = { outputBytesMax: 1e9, ratioMax: 1e6 };

async function* parts(b: Buffer, size: number, closed: () => void = () => {}): AsyncGenerator<Buffer> {
  try {
    for (let i = 0; i < b.length; i += size) yield b.subarray(i, i + size);
  } finally {
    closed();
  }
}
async function all(b: Buffer, e: Encoding, limits = WIDE, size = 1000): Promise<Buffer> {
  const out: Buffer[] = [];
  for await (const c of inflate(parts(b, size), e, limits)) out.push(c);
  return Buffer.concat(out);
}
const pack = { gzip: (b: Buffer) => gzipSync(b), zstd: (b: Buffer) => zstdCompressSync(b) };
const kind = (k: string) => (e: unknown) => e instanceof InflateError && e.kind === k;

test('members and frames of any size, torn anywhere', async () => {
  const texts = ['', 'a', 'bc'.repeat(50_000), '', 'end'].map((x) => Buffer.from(x));
  for (const e of ['gzip', 'zstd'] as const) {
    const packed = Buffer.concat(texts.map(pack[e]));
    assert.equal(encodingOf(packed), e);
    for (const size of [1, 7, 64, packed.length])
      assert.equal(
        String(await all(packed, e, WIDE, size)),
        String(Buffer.concat(texts)),
        `${e} in parts of ${size}`,
      );
  }
});

test('output, ratio and window are bounded', async () => {
  const zeros = Buffer.alloc(20_000_000);
  for (const e of ['gzip', 'zstd'] as const) {
    const b = pack[e](zeros);
    await assert.rejects(all(b, e, { ...WIDE, outputBytesMax: 1_000_000 }), kind('too_large'));
    await assert.rejects(all(b, e, { ...WIDE, ratioMax: 100 }), kind('too_large'));
    assert.equal((await all(b, e)).length, zeros.length);
  }
  const wide = zstdCompressSync(zeros, { params: { [constants.ZSTD_c_windowLog]: 25 } });
  await assert.rejects(all(wide, 'zstd'), kind('too_large'));
});

test('damaged and cut-off input is an error, wherever it is cut', async () => {
  for (const e of ['gzip', 'zstd'] as const) {
    const whole = Buffer.concat([
      pack[e](Buffer.from('one two three')),
      pack[e](Buffer.from('four five six')),
    ]);
    const first = pack[e](Buffer.from('one two three')).length;
    for (let n = 1; n < whole.length; n++) {
      if (n === first) continue;
      await assert.rejects(all(whole.subarray(0, n), e), kind('bad'), `${e} cut at ${n}`);
    }
    const damaged = Buffer.from(whole);
    damaged.fill(0xff, 0, 4);
    await assert.rejects(all(damaged, e), kind('bad'));
  }
});

test('whoever stops reading stops the input too', async () => {
  let closed = false;
  const b = gzipSync(Buffer.alloc(10_000_000, 'x'));
  for await (const _ of inflate(
    parts(b, 1000, () => {
      closed = true;
    }),
    'gzip',
    WIDE,
  ))
    break;
  assert.equal(closed, true);
});
