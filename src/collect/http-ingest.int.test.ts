import assert from 'node:assert/strict';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import { test } from 'node:test';
import { constants, deflateRawSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { silentLog } from '../base/log.ts';
import { RECORD_BYTES_MAX } from '../model/record.ts';
import { FakeIntake } from './fake-intake.ts';
import { BODY_BYTES_MAX } from './http-body.ts';
import {
  type HttpIngestOptions,
  type IngestAnswer,
  makeIngest,
  REQUEST_RECORDS_MAX,
  splitBody,
} from './http-ingest.ts';

const TOKEN = { id: 't1', tenant: 'default', sources: [] as string[] };
type Headers = Record<string, string>;

function setup(intake = new FakeIntake(), options: HttpIngestOptions = {}) {
  const ingest = makeIngest(options, intake, silentLog);
  const post = (body: string | Buffer, headers: Headers = {}, token = TOKEN): Promise<IngestAnswer> => {
    const b = Buffer.from(body);
    const chunks: Buffer[] = [];
    for (let i = 0; i < b.length; i += 60_000) chunks.push(b.subarray(i, i + 60_000));
    return ingest({ stream: Readable.from(chunks), headers, peer: '::ffff:10.1.2.3', token });
  };
  return { intake, ingest, post };
}
const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };
const accepted = (n: number, duplicate = false) => ({ status: 200, body: { accepted: n, duplicate } });

test('JSON object, array, NDJSON, lines: each element its own exact bytes, acknowledged after the fsync', async () => {
  const { intake, post } = setup();
  assert.deepEqual(await post('{"a": 1.0}', JSON_TYPE), accepted(1));
  assert.deepEqual(await post('[{"a": 1e2},\n {"b":"x"}]', JSON_TYPE), accepted(2));
  assert.deepEqual(
    await post('{"c":1}\n\n{"d":2}\r\n', { 'content-type': 'application/x-ndjson' }),
    accepted(2),
  );
  assert.deepEqual(await post('line one\nline two', { 'content-type': 'text/plain' }), accepted(2));
  assert.deepEqual(await post('[]', JSON_TYPE), accepted(0));
  assert.deepEqual(intake.texts, [
    '{"a": 1.0}',
    '{"a": 1e2}',
    '{"b":"x"}',
    '{"c":1}',
    '{"d":2}',
    'line one',
    'line two',
  ]);
  assert.equal(intake.durableCalls, 5);
  assert.ok(intake.balanced);
  const m = intake.records[0]!.meta;
  assert.deepEqual([m.sender, m.door, m.token, m.source], ['10.1.2.3', 'http', 't1', '']);
});

test('an unknown type is told by its first byte', () => {
  const texts = (body: string, type = 'application/x-www-form-urlencoded'): string[] => {
    const s = splitBody(Buffer.from(body), type);
    assert.ok(s !== 'too_many');
    return s.ok ? s.raws.map((r) => Buffer.from(r).toString()) : [`refused: ${s.message}`];
  };
  assert.deepEqual(texts('{"a":\n1}'), ['{"a":\n1}']);
  assert.deepEqual(texts('[{"a":1},{"b":2}]', ''), ['{"a":1}', '{"b":2}']);
  assert.deepEqual(texts('[Mon Mar 02] error\n[Mon Mar 02] other'), [
    '[Mon Mar 02] error',
    '[Mon Mar 02] other',
  ]);
  assert.deepEqual(texts('plain\n{"x":1}'), ['plain', '{"x":1}']);
});

test('wrong content is refused whole and counted', async () => {
  const { intake, post } = setup();
  for (const bad of ['[{"a":1},', 'hello', '{"a":1}]']) {
    const a = await post(bad, JSON_TYPE);
    assert.equal(a.status, 400);
    assert.match(JSON.stringify(a.body), /not JSON at byte \d+.*nothing was stored/);
  }
  assert.equal((await post('x', { 'content-encoding': 'br' })).status, 415);
  assert.equal((await post('no gzip', { 'content-encoding': 'gzip' })).status, 400);
  assert.equal((await post('no zstd', { 'content-encoding': 'zstd' })).status, 400);
  assert.equal(
    (await post(gzipSync('cut off, cut off').subarray(0, 20), { 'content-encoding': 'gzip' })).status,
    400,
  );
  assert.equal(
    (await post(zstdCompressSync('cut off, cut off').subarray(0, 20), { 'content-encoding': 'zstd' })).status,
    400,
  );
  assert.equal(intake.records.length, 0);
  assert.equal(intake.drop('bad_frame'), 8);
  assert.ok(intake.balanced);
});

test('gzip of several members and zstd of several frames', async () => {
  const { intake, post } = setup();
  const members = Buffer.concat(['a\n', 'b\nc', 'c\n'].map((t) => gzipSync(t)));
  assert.deepEqual(await post(members, { 'content-encoding': 'gzip' }), accepted(3));
  const frames = Buffer.concat(['d\n', 'e\nf', 'f\n'].map((t) => zstdCompressSync(t)));
  assert.deepEqual(await post(frames, { 'content-encoding': 'zstd' }), accepted(3));
  assert.deepEqual(intake.texts, ['a', 'b', 'cc', 'd', 'e', 'ff']);
  // Larger than any internal chunk, frames torn at 60,000 bytes.
  const long = Array.from({ length: 60_000 }, (_, i) => `line ${(i * 7919) % 60_013} ${Math.sin(i)}`);
  const big = Buffer.concat(
    [0, 1, 2].map((k) => zstdCompressSync(`${long.slice(k * 20_000, (k + 1) * 20_000).join('\n')}\n`)),
  );
  assert.ok(big.length > 200_000);
  assert.deepEqual(await post(big, { 'content-encoding': 'zstd' }), accepted(60_000));
  assert.deepEqual(intake.texts.slice(6), long);
});

test('bombs: refused with a clear message, counted, memory bounded', { timeout: 60_000 }, async () => {
  const { intake, post } = setup();
  const zeros = Buffer.alloc(BODY_BYTES_MAX + 1);
  const gzip = gzipSync(zeros);
  const zstd = zstdCompressSync(zeros);
  const window = zstdCompressSync(zeros, { params: { [constants.ZSTD_c_windowLog]: 26 } });
  // Members of 1 MiB each with nothing but zeros in them: 100 MiB.
  const members = Buffer.concat(Array.from({ length: 100 }, () => gzipSync(zeros.subarray(0, 1 << 20))));
  const before = process.memoryUsage().rss;
  const bodies: (readonly [Buffer, string])[] = [];
  for (let i = 0; i < 50; i++)
    bodies.push(
      i % 4 === 0
        ? [gzip, 'gzip']
        : i % 4 === 1
          ? [zstd, 'zstd']
          : i % 4 === 2
            ? [window, 'zstd']
            : [members, 'gzip'],
    );
  const answers = await Promise.all(bodies.map(([b, e]) => post(b, { 'content-encoding': e })));
  for (const a of answers) assert.ok(a.status === 413 || a.status === 503, `status ${a.status}`);
  assert.ok(answers.every((a, i) => bodies[i]![0] !== window || a.status === 413));
  assert.match(JSON.stringify(answers[2]!.body), /zstd window of more than 8 MiB/);
  assert.equal(intake.drop('too_large'), answers.filter((a) => a.status === 413).length);
  assert.equal(intake.records.length, 0);
  assert.ok(intake.balanced);
  const grown = process.memoryUsage().rss - before;
  assert.ok(grown < 400 * 1024 * 1024, `grew by ${grown} bytes`);
});

test('a bomb in layers is one layer: what is inside is data', async () => {
  const { intake, post } = setup();
  const twice = gzipSync(gzipSync(Buffer.alloc(100_000_000)));
  const a = await post(twice, { 'content-encoding': 'gzip' });
  assert.equal(a.status, 200);
  assert.ok(intake.receivedBytes < 1_000_000);
  assert.equal((await post(twice, { 'content-encoding': 'gzip, gzip' })).status, 415);
});

test('a body over the bound without compression', async () => {
  const { intake, post } = setup();
  const a = await post(Buffer.alloc(BODY_BYTES_MAX + 1, 'x'));
  assert.equal(a.status, 413);
  assert.match(JSON.stringify(a.body), /send smaller batches/);
  assert.equal(intake.drop('too_large'), 1);
  // Afterwards everything is as before: the memory is given back.
  for (let i = 0; i < 5; i++) assert.deepEqual(await post('x'), accepted(1));
});

test('many tiny records in one request are refused before they cost memory', async () => {
  const { intake, post } = setup();
  for (const [body, headers] of [
    [Buffer.alloc(40_000_000, 'a\n'), {}],
    [Buffer.from(`[${'1,'.repeat(REQUEST_RECORDS_MAX)}1]`), JSON_TYPE],
  ] as const) {
    const a = await post(body, headers);
    assert.equal(a.status, 413);
    assert.match(JSON.stringify(a.body), /more than 250000 records/);
  }
  assert.equal(intake.records.length, 0);
  assert.deepEqual(await post('a\n'.repeat(REQUEST_RECORDS_MAX)), accepted(REQUEST_RECORDS_MAX));
  assert.ok(intake.balanced);
});

test('the bodies of all requests together are bounded; the memory is given back', async () => {
  const intake = new FakeIntake();
  const ingest = makeIngest({ bodiesBytesMax: 1_000_000 }, intake, silentLog);
  const send = (stream: Readable): Promise<IngestAnswer> =>
    ingest({ stream, headers: {}, peer: '10.0.0.1', token: TOKEN });
  const slow = new PassThrough({ highWaterMark: 2_000_000 });
  slow.write(Buffer.alloc(700_000, 'x'));
  const first = send(slow);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const second = await send(Readable.from([Buffer.alloc(400_000, 'y')]));
  assert.equal(second.status, 503);
  slow.end();
  assert.equal((await first).status, 200);
  assert.equal((await send(Readable.from([Buffer.alloc(900_000, 'y')]))).status, 200);
  assert.ok(intake.balanced);
});

test('a long element becomes several records', async () => {
  const { intake, post } = setup();
  const long = JSON.stringify({ a: 'x'.repeat(RECORD_BYTES_MAX) });
  assert.deepEqual(await post(`[${long}]`, JSON_TYPE), accepted(2));
  assert.equal(intake.texts.join(''), long);
});

test('a full journal: 503 before anything is stored', async () => {
  const { intake, post } = setup();
  intake.capacity = 0;
  const a = await post('a\nb');
  assert.equal(a.status, 503);
  assert.ok((a.retryAfterSeconds ?? 0) > 0);
  assert.equal(intake.drop('journal_full'), 2);
  assert.ok(intake.balanced);
});

test('full in the middle: waits, else says what is stored, and the retry goes on there', async () => {
  const { intake, post } = setup(new FakeIntake(), { roomMs: 100 });
  intake.capacity = 2;
  const first = post('a\nb\nc\nd');
  setTimeout(() => intake.makeRoom(), 30);
  assert.deepEqual(await first, accepted(4));

  const key = { 'idempotency-key': 'batch-7' };
  intake.capacity = 1;
  const a = await post('e\nf\ng', key);
  assert.equal(a.status, 503);
  assert.match(JSON.stringify(a.body), /1 of 3 records are stored/);
  intake.makeRoom();
  assert.deepEqual(await post('e\nf\ng', key), accepted(3));
  assert.deepEqual(await post('e\nf\ng', key), accepted(3, true));
  assert.deepEqual(intake.texts, ['a', 'b', 'c', 'd', 'e', 'f', 'g']);
  assert.equal(intake.drop('journal_full'), 2);
  assert.equal(intake.drop('duplicate'), 1 + 3);
  assert.ok(intake.balanced);
});

test('a key that was seen: said and counted; per tenant; two at once store once', async () => {
  const { intake, post } = setup();
  const key = { 'idempotency-key': 'k' };
  assert.deepEqual(await post('a', key), accepted(1));
  assert.deepEqual(await post('a', key), accepted(1, true));
  assert.deepEqual(await post('a', key, { ...TOKEN, tenant: 'other' }), accepted(1));
  assert.equal(intake.records.length, 2);
  assert.equal(intake.drop('duplicate'), 1);
  const both = await Promise.all([
    post('b', { 'idempotency-key': 'z' }),
    post('b', { 'idempotency-key': 'z' }),
  ]);
  assert.equal(intake.records.length, 3);
  assert.ok(both.some((a) => a.status === 200));
  assert.equal((await post('a', { 'idempotency-key': 'x'.repeat(300) })).status, 400);
  assert.equal((await post('a', { 'idempotency-key': 'a b\u0007' })).status, 400);
  assert.ok(intake.balanced);
});

test('a key is remembered only behind its last record; what is not on disk is not acknowledged', async () => {
  const { intake, post } = setup();
  await post('a\nb\nc', { 'idempotency-key': 'k1' });
  assert.equal(intake.keyMarkedAt, 3);
  intake.durableError = new Error('ENOSPC');
  const a = await post('d', { 'idempotency-key': 'k2' });
  assert.equal(a.status, 503);
  assert.equal((await post('d', { 'idempotency-key': 'k2' })).status, 503);
  intake.durableError = undefined;
  assert.deepEqual(await post('d', { 'idempotency-key': 'k2' }), accepted(1, true));
  assert.deepEqual(intake.texts, ['a', 'b', 'c', 'd']);
  // An intake that cannot look without remembering still works.
  const plain = new FakeIntake();
  Object.defineProperty(plain, 'seen', { value: undefined });
  const other = setup(plain);
  assert.deepEqual(await other.post('x', { 'idempotency-key': 'k' }), accepted(1));
  assert.deepEqual(await other.post('x', { 'idempotency-key': 'k' }), accepted(1, true));
});

test('a source is pinned only where the token may write it', async () => {
  const { intake, post } = setup();
  const limited = { ...TOKEN, sources: ['nginx', 'vault'] };
  assert.equal((await post('x', { 'x-vigil-source': 'sshd' }, limited)).status, 403);
  assert.equal((await post('x', {}, limited)).status, 403);
  assert.equal((await post('x', { 'x-vigil-source': '../etc' })).status, 403);
  assert.equal(intake.drop('denied'), 3);
  assert.equal(intake.records.length, 0);
  await post('x', { 'x-vigil-source': 'vault' }, limited);
  await post('x', {}, { ...TOKEN, sources: ['nginx'] });
  await post('x', { 'x-vigil-source': 'sshd' });
  assert.deepEqual(
    intake.records.map((r) => r.meta.source),
    ['vault', 'nginx', 'sshd'],
  );
  assert.ok(intake.balanced);
});

test('a body that never ends is given up', async () => {
  const intake = new FakeIntake();
  const ingest = makeIngest({ bodyMs: 100 }, intake, silentLog);
  for (const encoding of ['', 'gzip']) {
    const stream = new PassThrough();
    stream.write(encoding === '' ? 'x' : gzipSync('abc').subarray(0, 5));
    const a = await ingest({
      stream,
      headers: { 'content-encoding': encoding },
      peer: '10.0.0.1',
      token: TOKEN,
    });
    assert.equal(a.status, 408);
    stream.destroy();
  }
  // A sender that goes away in the middle.
  const gone = new PassThrough();
  gone.write('half');
  setTimeout(() => gone.destroy(new Error('reset')), 20);
  const a = await ingest({ stream: gone, headers: {}, peer: '10.0.0.1', token: TOKEN });
  assert.equal(a.status, 400);
  assert.equal(intake.records.length, 0);
  assert.ok(intake.balanced);
});

test('over a real connection a refused large request still gets its answer', async () => {
  const { ingest } = setup();
  const server = createServer((req, res) => {
    void ingest({
      stream: req,
      headers: req.headers,
      peer: req.socket.remoteAddress ?? '',
      token: TOKEN,
    }).then((a) => {
      res.writeHead(a.status, { 'content-type': 'application/json' });
      res.end(JSON.stringify(a.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const post = (body: Buffer, headers: Headers): Promise<number> =>
    new Promise((resolve, reject) => {
      const r = request({ port, host: '127.0.0.1', method: 'POST', headers }, (res) => {
        res.resume();
        res.on('end', () => resolve(res.statusCode ?? 0));
      });
      r.on('error', reject);
      r.end(body);
    });
  assert.equal(await post(Buffer.alloc(BODY_BYTES_MAX + 5_000_000, 'y'), {}), 413);
  assert.equal(await post(gzipSync(Buffer.alloc(BODY_BYTES_MAX + 1)), { 'content-encoding': 'gzip' }), 413);
  assert.equal(await post(deflateRawSync('x'), { 'content-encoding': 'gzip' }), 400);
  assert.equal(await post(Buffer.from('fine\n'), {}), 200);
  await new Promise((resolve) => server.close(resolve));
});
