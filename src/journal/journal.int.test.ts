import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLog } from '../base/log.ts';
import type { RecordMeta } from '../model/record.ts';
import { FRAME_RECORDS_MAX, TAUGHT_CHARS_MAX } from './frame.ts';
import { Journal } from './journal.ts';

const META: RecordMeta = {
  tenant: 'default',
  origin: 'live',
  door: 'http',
  sender: '127.0.0.1',
  token: '',
  format: '',
  source: '',
  zone: '',
  stream: '',
};
const open = (dir: string, more: { bytesMax?: number; segmentBytes?: number } = {}) =>
  new Journal({
    dir,
    node: 1,
    bytesMax: more.bytesMax ?? 1e9,
    segmentBytes: more.segmentBytes ?? 4096,
    nowUs: () => Date.now() * 1000,
    log: silentLog,
  });
const texts = (dir: string, after = 0): string[] => {
  const out: string[] = [];
  open(dir).replay(after, (_ref, f) => out.push(...f.records.map((r) => Buffer.from(r.raw).toString())));
  return out;
};
const put = (j: Journal, text: string) => j.offer({ meta: META, raw: Buffer.from(text), pos: '' });

test('a request over several frames is there whole, with its key, or not at all', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'vigil-journal-'));
  const j = open(dir);
  put(j, 'acknowledged before');
  await j.durable();
  const records = 2 * FRAME_RECORDS_MAX;
  j.received(META, records, records);
  for (let i = 0; i < records; i++) put(j, `${i}`);
  // The last record filled its frame, so the key needs one more.
  await Promise.resolve().then(() => j.key('default', 'request-1'));
  await j.durable();
  await j.close();
  const frames: { path: string; end: number; keys: number }[] = [];
  open(dir).replay(0, (ref, f) =>
    frames.push({ path: ref.path, end: ref.offset + ref.length, keys: f.head.keys.length }),
  );
  assert.equal(texts(dir).length, 1 + records);
  assert.deepEqual(
    frames.map((f) => f.keys),
    [0, 0, 0, 1],
  );
  // As a kill leaves it: the request's second frame is the last one on disk.
  const second = frames[2] as (typeof frames)[number];
  truncateSync(second.path, second.end);
  assert.deepEqual(texts(dir), ['acknowledged before']);
  const again = open(dir);
  put(again, 'after');
  await again.durable();
  await again.close();
  assert.deepEqual(texts(dir), ['acknowledged before', 'after']);
});

test('what was durable is replayed in order, over several segments; released segments go', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'vigil-journal-'));
  const j = open(dir);
  const want: string[] = [];
  for (let i = 0; i < 60; i++) {
    want.push(`event ${i} ${'x'.repeat(200)}`);
    assert.equal(put(j, want[i] as string), 'taken');
    if (i % 5 === 4) await j.durable();
  }
  await j.durable();
  const last = j.lastBatch;
  await j.close();
  assert.deepEqual(texts(dir), want);
  assert(readdirSync(dir).length > 2);
  const again = open(dir);
  assert.equal(again.lastBatch, last);
  again.release(last);
  assert.equal(readdirSync(dir).length, 0);
  put(again, 'next');
  await again.durable();
  assert.equal(again.lastBatch, last + 1);
  await again.close();
});

test('a text too long for a frame is refused, and stops nothing', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'vigil-journal-'));
  const j = open(dir);
  assert.throws(() => j.taught('x'.repeat(TAUGHT_CHARS_MAX + 1)), /too long/);
  put(j, 'after');
  await j.durable();
  await j.close();
  assert.deepEqual(texts(dir), ['after']);
});

test('a torn tail is cut, damage in the middle is skipped and reported, the rest is served', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'vigil-journal-'));
  const j = open(dir, { segmentBytes: 1e6 });
  for (const t of ['one', 'two', 'three']) {
    put(j, t);
    await j.durable();
  }
  await j.close();
  const file = join(dir, readdirSync(dir)[0] as string);
  const whole = statSync(file).size;
  appendFileSync(file, readFileSync(file).subarray(0, 50));
  assert.deepEqual(texts(dir), ['one', 'two', 'three']);
  assert.equal(statSync(file).size, whole);
  const bytes = readFileSync(file);
  bytes[bytes.indexOf('two')] = 0x5a;
  writeFileSync(file, bytes);
  assert.deepEqual(texts(dir), ['one', 'three']);
  const damaged = open(dir);
  assert.equal(damaged.damage.length, 1);
  assert.match(damaged.damage[0]?.what ?? '', /checksum/);
});

test('a full journal says so, and room() resolves after a release', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'vigil-journal-'));
  const j = open(dir, { bytesMax: 3000, segmentBytes: 1000 });
  let taken = 0;
  while (put(j, 'y'.repeat(300)) === 'taken') {
    taken++;
    await j.durable();
  }
  assert(taken >= 4 && taken < 10, String(taken));
  let room = false;
  const waiting = j.room().then(() => {
    room = true;
  });
  j.release(j.lastBatch);
  await waiting;
  assert(room);
  assert.equal(put(j, 'again'), 'taken');
  await j.close();
});

test('a crowd of writers shares fsyncs', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'vigil-journal-'));
  const j = open(dir, { segmentBytes: 1e8 });
  let frames = 0;
  j.onFrame(() => frames++);
  await Promise.all(
    Array.from({ length: 500 }, async (_, i) => {
      await new Promise((r) => setTimeout(r, i % 20));
      put(j, `n${i}`);
      await j.durable();
    }),
  );
  assert(frames < 60, `${frames} frames for 500 writers`);
  assert.equal(j.pendingBytes, 0);
  await j.close();
  assert.equal(texts(dir).length, 500);
});
