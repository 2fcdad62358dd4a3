import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { silentLog } from '../base/log.ts';
import type { Door } from './door.ts';
import { FakeIntake, until } from './fake-intake.ts';
import { type FileTailOptions, openFileTail } from './file-tail.ts';

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'vigil-tail-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}
/** Last position per stream, as the journal would give it back. */
function positionsOf(...intakes: FakeIntake[]): (stream: string) => string | undefined {
  const kept = new Map<string, string>();
  for (const i of intakes) for (const r of i.records) kept.set(r.meta.stream, r.pos);
  return (s) => kept.get(s);
}
const open = (
  dir: string,
  path: string,
  intake: FakeIntake,
  more: Partial<FileTailOptions> = {},
): Promise<Door> =>
  openFileTail(
    {
      tenant: 'default',
      files: [{ path }],
      roots: [dir],
      positions: () => undefined,
      pollMs: 60,
      rotatedMs: 300,
      ...more,
    },
    intake,
    silentLog,
  );
const settle = (ms = 300): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test('lines with their positions; an unfinished line waits for its end', async (t) => {
  const dir = folder(t);
  const path = join(dir, 'app.log');
  writeFileSync(path, 'one\r\n\ntwo\nthr');
  const intake = new FakeIntake();
  await using door = await open(dir, path, intake);
  await until(() => intake.records.length === 2, 'two lines');
  await settle(150);
  assert.deepEqual(intake.texts, ['one', 'two']);
  assert.deepEqual(
    intake.records.map((r) => r.pos),
    ['5', '10'],
  );
  appendFileSync(path, Buffer.from([0x65, 0x65, 0x00, 0xff, 0x0a]));
  await until(() => intake.records.length === 3, 'the third');
  assert.deepEqual(
    Buffer.from(intake.records[2]!.raw),
    Buffer.from([0x74, 0x68, 0x72, 0x65, 0x65, 0x00, 0xff]),
  );
  const m = intake.records[0]!.meta;
  assert.deepEqual([m.sender, m.door], [path, 'file']);
  assert.match(m.stream, /^file:\d+\.\d+\.\d+\.[0-9a-f]{24}$/);
  assert.equal(door.state().state, 'reading');
  assert.ok(intake.balanced);
});

test('rotation by rename and create, with late lines in the old file and an unfinished last one', async (t) => {
  const dir = folder(t);
  const path = join(dir, 'app.log');
  writeFileSync(path, 'old 1\n');
  const intake = new FakeIntake();
  await using _door = await open(dir, path, intake);
  await until(() => intake.records.length === 1, 'the first');
  appendFileSync(path, 'old 2\n');
  renameSync(path, `${path}.1`);
  writeFileSync(path, 'new 1\n');
  appendFileSync(`${path}.1`, 'old 3\nunfinished');
  await until(() => intake.texts.includes('unfinished'), 'the unfinished line after a while');
  appendFileSync(path, 'new 2\n');
  await until(() => intake.texts.includes('new 2'), 'the new file');
  assert.deepEqual([...intake.texts].sort(), ['new 1', 'new 2', 'old 1', 'old 2', 'old 3', 'unfinished']);
  assert.equal(new Set(intake.records.map((r) => r.meta.stream)).size, 2);
});

test('copytruncate and truncation, also where the file has grown past the old size', async (t) => {
  const dir = folder(t);
  const path = join(dir, 'app.log');
  writeFileSync(path, 'first 1\nfirst 2\n');
  const intake = new FakeIntake();
  await using _door = await open(dir, path, intake);
  await until(() => intake.records.length === 2, 'two');
  copyFileSync(path, `${path}.1`);
  truncateSync(path);
  appendFileSync(path, 'second 1, longer than all that was there before, so that the size says nothing\n');
  await until(() => intake.records.length === 3, 'the third');
  truncateSync(path);
  await settle(200);
  appendFileSync(path, 'x\n');
  await until(() => intake.records.length === 4, 'the fourth');
  await settle(150);
  assert.deepEqual(
    intake.texts.map((x) => x.slice(0, 8)),
    ['first 1', 'first 2', 'second 1', 'x'],
  );
});

test('a file cut back to a part of itself is read again: doubled, never lost', async (t) => {
  const dir = folder(t);
  const path = join(dir, 'app.log');
  writeFileSync(path, 'aaaa 1\nbbbb 2\ncccc 3\n');
  const intake = new FakeIntake();
  await using _door = await open(dir, path, intake);
  await until(() => intake.records.length === 3, 'three');
  truncateSync(path, 14);
  await settle(200);
  appendFileSync(path, 'dddd 4\n');
  await until(() => intake.texts.includes('dddd 4'), 'the fourth');
  assert.ok(intake.balanced);
});

test('a restart goes on exactly where it was, over growth and rotation meanwhile', async (t) => {
  const dir = folder(t);
  const path = join(dir, 'app.log');
  writeFileSync(path, 'a\nb\nhalf');
  const one = new FakeIntake();
  const first = await open(dir, path, one);
  await until(() => one.records.length === 2, 'two');
  await first.close();
  appendFileSync(path, ' whole\nc\n');
  const two = new FakeIntake();
  const second = await open(dir, path, two, { positions: positionsOf(one) });
  await until(() => two.records.length === 2, 'the two new ones');
  await second.close();
  assert.deepEqual(two.texts, ['half whole', 'c']);
  appendFileSync(path, 'd\n');
  renameSync(path, `${path}.1`);
  writeFileSync(path, 'e\n');
  const three = new FakeIntake();
  const third = await open(dir, path, three, { positions: positionsOf(one, two), firstReadBytesMax: 1 });
  await until(() => three.records.length === 2, 'what was missed');
  await settle(150);
  await third.close();
  assert.deepEqual(three.texts, ['d', 'e']);
  // Nothing new: nothing read.
  const four = new FakeIntake();
  await using _fourth = await open(dir, path, four, { positions: positionsOf(one, two, three) });
  await settle(250);
  assert.deepEqual(four.texts, []);
});

test('another file under a known inode and path is not taken for the old one', async (t) => {
  const dir = folder(t);
  const path = join(dir, 'app.log');
  writeFileSync(path, 'old content of this file\n');
  const one = new FakeIntake();
  const first = await open(dir, path, one);
  await until(() => one.records.length === 1, 'one');
  await first.close();
  // Same inode, other content, longer than before.
  writeFileSync(path, 'new content of this file, and more of it\nsecond\n');
  const two = new FakeIntake();
  await using _second = await open(dir, path, two, { positions: positionsOf(one) });
  await until(() => two.records.length === 2, 'both lines');
});

test('the first look back is bounded and begins at a line', async (t) => {
  const dir = folder(t);
  const path = join(dir, 'big.log');
  writeFileSync(
    path,
    Array.from({ length: 1000 }, (_, i) => `line ${String(i).padStart(4, '0')}\n`).join(''),
  );
  const intake = new FakeIntake();
  await using _door = await open(dir, path, intake, { firstReadBytesMax: 55 });
  await until(() => intake.texts.includes('line 0999'), 'the last line');
  assert.deepEqual(intake.texts, ['line 0995', 'line 0996', 'line 0997', 'line 0998', 'line 0999']);
  assert.equal(intake.records.at(-1)!.pos, '10000');
});

test('a file that comes later is read from its start, and its absence is said', async (t) => {
  const dir = folder(t);
  const path = join(dir, 'later.log');
  const intake = new FakeIntake();
  await using door = await open(dir, path, intake, { firstReadBytesMax: 1 });
  await settle(100);
  assert.equal(door.state().state, 'waiting');
  assert.match(door.state().note, /later\.log: no such file/);
  writeFileSync(path, 'here\nnow\n');
  await until(() => intake.records.length === 2, 'both lines');
  assert.deepEqual(intake.texts, ['here', 'now']);
});

test('links out of the roots, FIFOs and devices are refused, without blocking', {
  timeout: 10_000,
}, async (t) => {
  const dir = folder(t);
  const inside = join(dir, 'logs');
  mkdirSync(inside);
  writeFileSync(join(dir, 'shadow'), 'root:secret\n');
  symlinkSync(join(dir, 'shadow'), join(inside, 'link.log'));
  symlinkSync(dir, join(inside, 'up'));
  symlinkSync('/dev/zero', join(inside, 'dev.log'));
  execFileSync('mkfifo', [join(inside, 'fifo.log')]);
  mkdirSync(join(inside, 'dir.log'));
  writeFileSync(join(inside, 'good.log'), 'good\n');
  symlinkSync(join(inside, 'good.log'), join(inside, 'alias.log'));
  const names = ['link.log', 'up/shadow', 'dev.log', 'fifo.log', 'dir.log', 'alias.log'];
  const intake = new FakeIntake();
  await using door = await openFileTail(
    {
      tenant: 'default',
      files: names.map((n) => ({ path: join(inside, n) })),
      roots: [inside],
      positions: () => undefined,
      pollMs: 60,
    },
    intake,
    silentLog,
  );
  await until(() => intake.records.length === 1, 'the good one');
  await settle(200);
  assert.deepEqual(intake.texts, ['good']);
  const note = door.state().note;
  assert.match(note, /link\.log: leads to .* outside of the configured folders/);
  assert.match(note, /up\/shadow: leads to/);
  assert.match(note, /dev\.log: leads to \/dev\/zero/);
  assert.match(note, /fifo\.log: is not a regular file/);
  assert.match(note, /dir\.log: is not a regular file/);
});

test('a link exchanged for the file while it is followed is not followed', async (t) => {
  const dir = folder(t);
  const inside = join(dir, 'logs');
  mkdirSync(inside);
  writeFileSync(join(dir, 'shadow'), 'root:secret\n');
  const path = join(inside, 'app.log');
  writeFileSync(path, 'mine\n');
  const intake = new FakeIntake();
  await using _door = await open(inside, path, intake);
  await until(() => intake.records.length === 1, 'one');
  rmSync(path);
  symlinkSync(join(dir, 'shadow'), path);
  await settle(400);
  assert.deepEqual(intake.texts, ['mine']);
});

test('a full journal: the file waits, and what was not taken is read after a restart', async (t) => {
  const dir = folder(t);
  const path = join(dir, 'app.log');
  writeFileSync(path, Array.from({ length: 5000 }, (_, i) => `n${i}\n`).join(''));
  const one = new FakeIntake();
  one.capacity = 1234;
  const first = await open(dir, path, one);
  await until(() => door1().state === 'waiting', 'the wait');
  function door1() {
    return first.state();
  }
  await first.close();
  assert.equal(one.records.length, 1234);
  assert.ok(one.balanced);
  const two = new FakeIntake();
  await using _second = await open(dir, path, two, { positions: positionsOf(one) });
  await until(() => two.records.length === 5000 - 1234, 'the rest');
  assert.equal(two.texts[0], 'n1234');
});

test('audit events are joined, the last one after a silence; own lines are counted and left out', {
  timeout: 10_000,
}, async (t) => {
  const dir = folder(t);
  const path = join(dir, 'audit.log');
  const a = ['type=SYSCALL msg=audit(1700000000.1:7): x=1', 'type=CWD msg=audit(1700000000.1:7): cwd="/"'];
  const b = ['type=SYSCALL msg=audit(1700000000.2:8): x=2', 'type=PATH msg=audit(1700000000.2:8): item=0'];
  const self = '{"level":30,"time":"2026-11-24T11:13:34.492Z","vigil":"self","msg":"parse failed"}';
  writeFileSync(path, `${a.join('\n')}\n${self}\n${b[0]}\n`);
  const intake = new FakeIntake();
  await using _door = await open(dir, path, intake);
  await until(() => intake.records.length === 1, 'the first event');
  appendFileSync(path, `${b[1]}\n`);
  await until(() => intake.records.length === 2, 'the second event after 2 s', 4000);
  assert.deepEqual(intake.texts, [a.join('\n'), b.join('\n')]);
  assert.equal(intake.drop('self'), 1);
  assert.ok(intake.balanced);
  assert.equal(intake.records[1]!.pos, String([...a, self, ...b].reduce((n, l) => n + l.length + 1, 0)));
});
