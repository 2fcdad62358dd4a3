/** The journal when the disk says no: nothing acknowledged is lost or doubled, nothing grows, no other file is touched. */
import assert from 'node:assert/strict';
import {
  closeSync,
  existsSync,
  fdatasync,
  fstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  renameSync,
  write,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { silentLog } from '../base/log.ts';
import type { RecordMeta } from '../model/record.ts';
import { Journal, type JournalIo } from './journal.ts';

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
const writeAsync = promisify(write);
const real: JournalIo = {
  write: async (fd, b, at, n) => (await writeAsync(fd, b, at, n)).bytesWritten,
  sync: promisify(fdatasync),
};
const folder = (): string => mkdtempSync(join(tmpdir(), 'vigil-journal-'));
const open = (dir: string, more: { io?: JournalIo; segmentBytes?: number } = {}): Journal =>
  new Journal({ dir, node: 1, bytesMax: 1e9, nowUs: () => Date.now() * 1000, log: silentLog, ...more });
const put = (j: Journal, text: string) => j.offer({ meta: META, raw: Buffer.from(text), pos: '' });
const texts = (dir: string): string[] => {
  const out: string[] = [];
  open(dir).replay(0, (_r, f) => out.push(...f.records.map((r) => Buffer.from(r.raw).toString())));
  return out;
};
const wait = (ms: number): Promise<void> => new Promise((r) => setTimeout(r, ms));

test('a disk that fills up in the middle of a frame: told, retried from a clean end, once each', async () => {
  const dir = folder();
  let full = false;
  let attempts = 0;
  const j = open(dir, {
    io: {
      ...real,
      async write(fd, b, at, n) {
        if (!full) return real.write(fd, b, at, n);
        attempts++;
        if (at === 0) return real.write(fd, b, 0, 60);
        throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
      },
    },
  });
  put(j, 'one');
  await j.durable();
  full = true;
  put(j, 'two');
  await assert.rejects(j.durable(), /no space/);
  assert.equal(put(j, 'refused'), 'full');
  const before = attempts;
  // Doors go on counting what they must drop; that alone must not hammer the disk, or pile up frames.
  for (let i = 0; i < 20; i++) {
    j.received(META, 1, 1);
    j.dropped(META, 'journal_full', 1);
    await wait(12);
  }
  assert.equal(attempts, before, 'retried before its time');
  full = false;
  await j.room();
  await j.durable();
  assert.equal(put(j, 'three'), 'taken');
  await j.durable();
  await j.close();
  assert.deepEqual(texts(dir), ['one', 'two', 'three']);
  let received = 0;
  const again = open(dir);
  assert.equal(again.damage.length, 0);
  again.replay(0, (_r, f) => {
    received += f.head.tallies.reduce((n, t) => n + t.received, 0);
  });
  assert.equal(received, 20);
});

test('a segment that cannot be opened touches no other file', async () => {
  const dir = folder();
  const j = open(dir, { segmentBytes: 100 });
  put(j, 'x'.repeat(200));
  await j.durable();
  renameSync(dir, `${dir}.away`);
  put(j, 'second');
  await assert.rejects(j.durable());
  // It gets the number that the closed segment had.
  const other = join(tmpdir(), `vigil-other-${process.pid}`);
  writeFileSync(other, 'somebody else');
  const fds = [openSync(other, 'r+'), openSync(other, 'r+'), openSync(other, 'r+')];
  await wait(1300);
  for (const fd of fds) assert.equal(fstatSync(fd).size, 13);
  renameSync(`${dir}.away`, dir);
  await j.room();
  await j.durable();
  for (const fd of fds) closeSync(fd);
  await j.close();
  assert.deepEqual(texts(dir), ['x'.repeat(200), 'second']);
});

test('a receiver that throws does not make the journal write its frames again', async () => {
  const dir = folder();
  const j = open(dir);
  j.onFrame(() => {
    throw new Error('receiver');
  });
  put(j, 'one');
  await j.durable();
  await wait(30);
  await j.close();
  assert.deepEqual(texts(dir), ['one']);
});

test('a segment that a crash left empty does not stand in the way of the first frame after it', async () => {
  const dir = folder();
  const j = open(dir, { segmentBytes: 10 });
  put(j, 'one');
  await j.durable();
  await j.close();
  writeFileSync(join(dir, `${String(j.lastBatch + 1).padStart(15, '0')}.vj`), 'VJF1 torn');
  const again = open(dir);
  put(again, 'two');
  await again.durable();
  await again.close();
  assert.deepEqual(texts(dir), ['one', 'two']);
});

test('a closed journal takes nothing and writes nothing', async () => {
  const dir = folder();
  const j = open(dir);
  put(j, 'one');
  await j.durable();
  await j.close();
  const files = readdirSync(dir);
  j.tick();
  j.received(META, 1, 1);
  assert.equal(put(j, 'late'), 'full');
  await wait(40);
  assert.deepEqual(readdirSync(dir), files);
  assert(existsSync(dir));
});

test('a crowd of senders does not make a frame that no reader accepts', async () => {
  const dir = folder();
  const j = open(dir);
  for (let i = 0; i < 70_000; i++) j.received({ ...META, sender: `s${i}` }, 1, 1);
  put(j, 'last');
  await j.durable();
  await j.close();
  const again = open(dir);
  let received = 0;
  again.replay(0, (_r, f) => {
    received += f.head.tallies.reduce((n, t) => n + t.received, 0);
  });
  assert.equal(again.damage.length, 0);
  assert.equal(received, 70_000);
  assert.deepEqual(texts(dir), ['last']);
});
