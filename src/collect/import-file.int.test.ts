import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { FakeIntake, until } from './fake-intake.ts';
import { type ImportOptions, type ImportResult, importFile } from './import-file.ts';

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'vigil-import-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}
function positionsOf(...intakes: FakeIntake[]): (stream: string) => string | undefined {
  const kept = new Map<string, string>();
  for (const i of intakes) for (const r of i.records) kept.set(r.meta.stream, r.pos);
  return (s) => kept.get(s);
}
const run = (path: string, intake: FakeIntake, more: Partial<ImportOptions> = {}): Promise<ImportResult> =>
  importFile(path, intake, { tenant: 'default', positions: () => undefined, ...more });

test('lines, NDJSON, arrays, CloudTrail, gzip, zstd', async (t) => {
  const dir = folder(t);
  const lines = 'Mar  5 14:23:01 a b: c\n[Mon Mar 02] apache\nlast';
  const cases: [string, string | Buffer, string[]][] = [
    ['a.log', lines, lines.split('\n')],
    ['apache.log', '[Mon Mar 02] a\n[Mon Mar 02] b\n', ['[Mon Mar 02] a', '[Mon Mar 02] b']],
    ['a.ndjson', '{"a":1}\n{"a":2}\n', ['{"a":1}', '{"a":2}']],
    ['a.json', '[ {"a":1},\n{"a":2} ]\n', ['{"a":1}', '{"a":2}']],
    ['pretty.json', '{\n "a": 1\n}\n', ['{\n "a": 1\n}']],
    ['trail.json.gz', gzipSync('{"Records":[{"a":1},{"a":2}]}'), ['{"a":1}', '{"a":2}']],
    ['a.log.gz', Buffer.concat([gzipSync('x\ny'), gzipSync('y\nz\n')]), ['x', 'yy', 'z']],
    ['a.log.zst', Buffer.concat([zstdCompressSync('x\ny'), zstdCompressSync('y\nz\n')]), ['x', 'yy', 'z']],
    ['empty.log', '', []],
  ];
  for (const [name, content, want] of cases) {
    writeFileSync(join(dir, name), content);
    const intake = new FakeIntake();
    const r = await run(join(dir, name), intake);
    assert.equal(r.status, 'imported', `${name}: ${r.message}`);
    assert.deepEqual(intake.texts, want, name);
    assert.equal(r.records, want.length);
    assert.ok(intake.balanced);
    if (want.length > 0) assert.match(intake.records.at(-1)!.pos, /^end:\d+$/);
    assert.equal(intake.durableCalls, 1);
  }
});

test('the same content twice, under any name, is recognised', async (t) => {
  const dir = folder(t);
  writeFileSync(join(dir, 'a.log'), 'x\ny\n');
  copyFileSync(join(dir, 'a.log'), join(dir, 'b.log'));
  const one = new FakeIntake();
  await run(join(dir, 'a.log'), one, { origin: 'import' });
  assert.equal(one.records[0]!.meta.origin, 'import');
  assert.match(one.records[0]!.meta.stream, /^import:[0-9a-f]{64}$/);
  const two = new FakeIntake();
  const r = await run(join(dir, 'b.log'), two, { positions: positionsOf(one) });
  assert.equal(r.status, 'duplicate');
  assert.equal(two.records.length, 0);
});

test('an import that was stopped goes on where it was, also packed', async (t) => {
  const dir = folder(t);
  const all = Array.from({ length: 50_000 }, (_, i) => `line ${i} ${'y'.repeat(20)}`);
  writeFileSync(join(dir, 'a.log.gz'), gzipSync(`${all.join('\n')}\n`));
  const one = new FakeIntake();
  one.capacity = 20_000;
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 150);
  const r1 = await run(join(dir, 'a.log.gz'), one, { signal: stop.signal });
  assert.equal(r1.status, 'stopped');
  assert.equal(one.records.length, 20_000);
  const two = new FakeIntake();
  const r2 = await run(join(dir, 'a.log.gz'), two, { positions: positionsOf(one) });
  assert.deepEqual([r2.status, r2.records, r2.skipped], ['imported', 30_000, 20_000]);
  assert.deepEqual([...one.texts, ...two.texts], all);
  assert.ok(one.balanced);
});

test('a full journal makes the import wait; what it took is counted meanwhile', async (t) => {
  const dir = folder(t);
  writeFileSync(join(dir, 'a.log'), 'a\nb\nc\nd\n');
  const intake = new FakeIntake();
  intake.capacity = 1;
  const done = run(join(dir, 'a.log'), intake);
  await until(() => intake.records.length === 1, 'the first record');
  assert.equal(intake.receivedCount, 1, 'the ledger balances while it waits, and after a crash then');
  intake.makeRoom();
  assert.equal((await done).records, 4);
  assert.ok(intake.balanced);
});

test('wrong content is said with its place; what stood before it is kept', async (t) => {
  const dir = folder(t);
  writeFileSync(join(dir, 'bad.json'), '[{"a":1},{"b":2} {"c":3}]');
  const intake = new FakeIntake();
  const r = await run(join(dir, 'bad.json'), intake);
  assert.equal(r.status, 'failed');
  assert.match(r.message, /bad\.json: not JSON at byte 17: a comma .*2 records were taken/);
  assert.deepEqual(intake.texts, ['{"a":1}', '{"b":2}']);
  assert.doesNotMatch(intake.records.at(-1)!.pos, /end/);
  writeFileSync(join(dir, 'cut.gz'), gzipSync('x\n'.repeat(1000)).subarray(0, 25));
  assert.match((await run(join(dir, 'cut.gz'), new FakeIntake())).message, /not valid gzip/);
});

test('only regular files, never through a link out of the folder', async (t) => {
  const dir = folder(t);
  mkdirSync(join(dir, 'in'));
  writeFileSync(join(dir, 'shadow'), 'secret\n');
  symlinkSync(join(dir, 'shadow'), join(dir, 'in', 'link.log'));
  const intake = new FakeIntake();
  for (const [path, why] of [
    [join(dir, 'in', 'link.log'), /outside of the configured folders/],
    [join(dir, 'in'), /not a regular file/],
    [join(dir, 'none'), /no such file/],
    ['/dev/zero', /not a regular file/],
  ] as const) {
    const r = await run(path, intake);
    assert.equal(r.status, 'refused');
    assert.match(r.message, why);
  }
  assert.equal(intake.records.length, 0);
});
