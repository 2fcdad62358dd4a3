/**
 * Bad input at the doors of a running Vigil: each is bounded, counted, answered with a clear error where there is someone
 * to answer, and stops nothing else. After every case a well-behaved line still goes through, and at the end the ledger is
 * balanced and the process is the one that was started.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { ApiError } from '../../src/api/contract.ts';
import { sleep, startVigil, type Vigil } from '../support/vigil.ts';

const YEAR_MS = 365 * 86_400_000;
/** Searches by claimed time: from 1970 on. */
const EVER = { from: 0 } as const;

let v: Vigil;
let token = '';
let pid = 0;
let probes = 0;

before(async () => {
  v = await startVigil();
  token = await v.token('ingest');
  pid = v.pid;
});
after(async () => {
  await v.dispose();
});

/** A case, and then the proof that everybody else is served. */
function bad(name: string, run: (say: (text: string) => void) => Promise<void>): void {
  test(name, { timeout: 180_000 }, async (t) => {
    try {
      await run((text) => t.diagnostic(text));
      const word = `probe${probes++}x`;
      await v.syslogTcp([`<30>${stamp(Date.now())} web01 probe 1 - - ${word} tcp`]);
      await v.syslogUdp([`<30>${stamp(Date.now())} web01 probe 1 - - ${word} udp`]);
      assert.equal((await v.ingest(token, `${word} http\n`)).status, 200);
      await v.until(async () => (await v.count(word)) === 3, `${word} by three doors`);
      assert.ok(v.alive && v.pid === pid, 'it is still the same process');
    } catch (e) {
      process.stderr.write(`${v.output.slice(-30).join('\n')}\n`);
      throw e;
    }
  });
}

bad('a line of 1 MB, and one of 3 MB', async () => {
  const long = `<30>${stamp(Date.now())} web01 app 1 - - longword ${'m'.repeat(1_000_000)} endlong`;
  await v.syslogTcp([long]);
  assert.equal((await v.ingest(token, `httplong ${'h'.repeat(1_000_000)} httpend\n`)).status, 200);
  await v.until(async () => (await v.count('longword endlong')) === 1, 'the line of 1 MB, whole');
  await v.until(async () => (await v.count('httplong httpend')) === 1, 'the same over HTTP');
  const row = (await v.search('longword')).rows[0];
  assert.equal((await v.event(row?.id ?? '')).raw, long);
  // Over RECORD_BYTES_MAX: in pieces, none lost.
  await v.syslogTcp([`<30>${stamp(Date.now())} web01 app 1 - - hugeword ${'g'.repeat(3_000_000)} hugeend`]);
  await v.until(async () => (await v.count('hugeend')) === 1, 'the last piece of 3 MB');
  assert.equal(await v.count('hugeword'), 1, 'and the first');
});

bad('NUL and invalid UTF-8, bytes kept', async () => {
  const odd = Buffer.concat([
    Buffer.from(`<30>${stamp(Date.now())} web01 app 1 - - oddbytes `),
    Buffer.from([0x00, 0x61, 0xff, 0xfe, 0xc0, 0x80, 0xed, 0xa0, 0x80, 0xf4, 0x90, 0x80, 0x80]),
    Buffer.from(' oddend'),
  ]);
  const s = await v.connectSyslog();
  s.end(Buffer.concat([odd, Buffer.from('\n')]));
  await v.until(async () => (await v.count('oddbytes oddend')) === 1, 'the event');
  const row = (await v.search('oddbytes')).rows[0];
  const detail = await v.event(row?.id ?? '');
  assert.equal(detail.rawBase64, odd.toString('base64'), 'the raw bytes are what was sent');
  const json = Buffer.concat([
    Buffer.from('{"message":"nuljson","a\\u0000b":"x\\u0000y","bad":"'),
    Buffer.from([0xff, 0x80]),
    Buffer.from('"}\n'),
  ]);
  const r = await v.ingest(token, new Uint8Array(json), { 'content-type': 'application/x-ndjson' });
  assert.equal(r.status, 200);
  await v.until(async () => (await v.count('nuljson')) === 1, 'the JSON');
});

bad('a TCP sender that stops in the middle of a line, and one that only closes its half', async () => {
  const silent = await v.connectSyslog();
  silent.write(`<30>${stamp(Date.now())} web01 app 1 - - halfopenword and then nothing`);
  const half = connect({ port: v.syslogPort, host: '127.0.0.1', allowHalfOpen: true });
  half.end(`<30>${stamp(Date.now())} web01 app 1 - - halfclosedword`);
  await v.until(
    async () => (await v.count('halfopenword')) === 1,
    'the unfinished line, after a moment of silence',
  );
  await v.until(async () => (await v.count('halfclosedword')) === 1, 'the line before the half close');
  silent.write(' late end\n');
  await v.until(async () => (await v.count('late end')) >= 1, 'what came later is not lost');
  silent.destroy();
  half.destroy();
});

bad('10,000 idle connections', async (say) => {
  const before = v.pss();
  const sockets: Socket[] = [];
  try {
    const wanted = 10_000;
    for (let i = 0; i < wanted; i += 250)
      sockets.push(...(await Promise.all(Array.from({ length: 250 }, () => v.connectSyslog()))));
    await sleep(500);
    assert.equal(sockets.filter((s) => !s.destroyed).length, wanted, 'all stay open');
    const grown = (v.pss() - before) / 1e6;
    say(`${wanted} connections cost ${grown.toFixed(0)} MB`);
    assert.ok(grown < 400, `${grown} MB`);
    const from = performance.now();
    (sockets[5000] as Socket).write(`<30>${stamp(Date.now())} web01 app 1 - - amongidle\n`);
    await v.until(async () => (await v.count('amongidle')) === 1, 'a line of one of them');
    say(`a line among them was found after ${Math.round(performance.now() - from)} ms`);
    assert.equal((await v.status()).store.ok, true);
  } finally {
    for (const s of sockets) s.destroy();
  }
});

bad('stamps of 1970, 2038, 2106 and 9999', async () => {
  const stamps = [
    '1970-01-01T00:00:00Z',
    '2038-01-19T03:14:08Z',
    '2106-02-07T06:28:16Z',
    '9999-12-31T23:59:59.999999Z',
  ];
  await v.syslogTcp(stamps.map((s, i) => `<30>1 ${s} web0${i} app 1 - - stampword number${i}`));
  const json = stamps.map((s, i) => JSON.stringify({ '@timestamp': s, message: `stampword json${i}` }));
  assert.equal(
    (await v.ingest(token, json.join('\n'), { 'content-type': 'application/x-ndjson' })).status,
    200,
  );
  await v.until(async () => (await v.count('stampword', EVER)) === 8, 'all eight');
  // Far ahead counts as received now; the past is believed.
  assert.equal(await v.count('stampword'), 6, 'those ahead are found among the events of today');
  assert.equal(await v.count('stampword', { from: 0, to: 86_400e6 }), 2, 'and 1970 in 1970');
  await sleep(7000);
  assert.equal(await v.count('stampword', EVER), 8, 'nothing of it expires early');
});

bad('one batch that claims 1,000 days', async () => {
  const lines = Array.from({ length: 1000 }, (_, i) =>
    JSON.stringify({
      '@timestamp': new Date(Date.now() - i * 86_400_000).toISOString(),
      message: 'manydays',
    }),
  );
  const r = await v.ingest(token, lines.join('\n'), { 'content-type': 'application/x-ndjson' });
  assert.deepEqual(r, { status: 200, body: { accepted: 1000, duplicate: false } });
  await v.until(async () => (await v.count('manydays', EVER)) === 1000, 'all 1,000');
});

const alertsOf = async (ip: string) =>
  (await v.alerts()).alerts.filter((a) => a.key.includes(`source.ip=${ip}`));
const failures = (host: string, ip: string, n: number, at: (i: number) => string): string[] =>
  Array.from(
    { length: n },
    (_, i) =>
      `<38>1 ${at(i)} ${host} sshd ${7000 + i} - - Failed password for root from ${ip} port ${41_000 + i} ssh2`,
  );
const seconds = (first: number) => (i: number) => new Date(first + i * 1000).toISOString();

bad('eleven failures fire whatever their stamps say', async () => {
  await v.syslogTcp(failures('h1970', '192.0.2.70', 11, seconds(0)));
  await v.syslogTcp(failures('h2099', '192.0.2.99', 11, seconds(Date.UTC(2099, 0, 1))));
  await v.syslogTcp([`<30>1 2099-06-01T00:00:00Z h3 app 1 - - the clock of this host was ahead once`]);
  await v.syslogTcp(failures('h3', '192.0.2.3', 1, seconds(Date.UTC(2099, 5, 1))));
  await v.syslogTcp(failures('h3', '192.0.2.33', 11, seconds(Date.now() - 20_000)));
  await v.syslogTcp(failures('h3', '192.0.2.34', 10, seconds(Date.now() - 20_000)));
  for (const ip of ['192.0.2.70', '192.0.2.99', '192.0.2.33'])
    await v.until(async () => (await alertsOf(ip)).length === 1, `the alert of ${ip}`);
  await v.settled();
  for (const ip of ['192.0.2.70', '192.0.2.99', '192.0.2.33'])
    assert.deepEqual(
      (await alertsOf(ip)).map((a) => a.count),
      [11],
      ip,
    );
  assert.deepEqual(await alertsOf('192.0.2.34'), [], 'ten do not');
});

bad('a year-old file is imported: stored, found, judged, kept', async (say) => {
  const at = Date.now() - YEAR_MS;
  const lines = [
    ...Array.from(
      { length: 20_000 },
      (_, i) => `<30>${stamp(at + i * 10)} old01 app 1 - - oldword number${i}`,
    ),
    ...failures('old01', '192.0.2.200', 11, seconds(at)),
  ];
  const file = join(v.dataDir, 'old.log');
  writeFileSync(file, `${lines.join('\n')}\n`);
  const from = performance.now();
  const r = await v.cli('import', file);
  assert.equal(r.code, 0, r.err);
  const range = { from: at * 1000 - 3600e6, to: (at + YEAR_MS / 2) * 1000 };
  await v.until(async () => (await v.count('oldword', range)) === 20_000, 'all lines');
  say(`${lines.length} lines in ${Math.round(performance.now() - from)} ms`);
  await v.until(async () => (await alertsOf('192.0.2.200')).length === 1, 'its alert');
  assert.deepEqual(
    (await alertsOf('192.0.2.200')).map((a) => [a.count, a.origin === 'live']),
    [[11, false]],
  );
  const again = await v.cli('import', file);
  assert.match(again.out, /imported before/);
  await sleep(6000);
  assert.equal(await v.count('oldword', range), 20_000, 'nothing expires early, nothing is there twice');
});

bad('wrong tokens and wrong bodies get an answer that says what is wrong', async () => {
  const answer = async (credential: string, body = 'never stored\n', headers = {}) => {
    const r = await v.ingest(credential, body, headers);
    return { status: r.status, error: r.body as unknown as ApiError };
  };
  for (const wrong of ['vgl_not_a_token', `${token}x`, 'x'.repeat(200)]) {
    const r = await answer(wrong);
    assert.equal(r.status, 401);
    assert.ok(r.error.message.length > 10, r.error.message);
  }
  const none = await fetch(`${v.url}/api/v1/ingest`, { method: 'POST', body: 'never stored\n' });
  assert.equal(none.status, 401);
  const read = await answer(await v.token('read'));
  assert.equal(read.status, 403);
  const broken = await answer(token, '[{"a":1},', { 'content-type': 'application/json' });
  assert.equal(broken.status, 400);
  assert.match(broken.error.message, /byte \d+/);
  assert.equal((await answer(token, 'x', { 'content-encoding': 'br' })).status, 415);
  assert.equal((await answer(token, 'x', { 'idempotency-key': 'a b' })).status, 400);
  assert.equal(await v.count('"never stored"'), 0);
});

bad('50 bombs at once', async (say) => {
  // 400 MB of nothing each; the second kind is text, within the ratio that is allowed for as long as it can be.
  const zeros = Buffer.alloc(400_000_000);
  const gzip = new Uint8Array(gzipSync(zeros, { level: 9 }));
  const zstd = new Uint8Array(zstdCompressSync(zeros));
  const start = v.pss();
  let peak = start;
  let busy = true;
  const watch = (async () => {
    while (busy) {
      peak = Math.max(peak, v.pss());
      await sleep(50);
    }
  })();
  const from = performance.now();
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, i) =>
      v
        .ingest(token, i % 2 === 0 ? gzip : zstd, { 'content-encoding': i % 2 === 0 ? 'gzip' : 'zstd' })
        .then((r) => r.status),
    ),
  );
  busy = false;
  await watch;
  const statuses = [...new Set(answers)].toSorted();
  say(
    `answers ${statuses.join(', ')} in ${Math.round(performance.now() - from)} ms; ` +
      `memory ${(start / 1e6).toFixed(0)} MB before, ${(peak / 1e6).toFixed(0)} MB at most`,
  );
  assert.ok(
    answers.every((s) => s === 413 || s === 400 || s === 503),
    statuses.join(),
  );
  assert.ok(peak - start < 700e6, `${peak - start} bytes more`);
  assert.ok(peak < 2e9);
});

bad('keys named __proto__, constructor, toString', async () => {
  const text =
    '{"__proto__":{"polluted":"yes1"},"constructor":{"prototype":{"polluted":"yes2"}},"toString":"yes3",' +
    '"hasOwnProperty":"yes4","valueOf":5,"message":"protoword"}';
  const r = await v.ingest(token, text, { 'content-type': 'application/json' });
  assert.equal(r.status, 200);
  await v.until(async () => (await v.count('protoword')) === 1, 'the event');
  for (const q of [
    '__proto__.polluted:yes1',
    'constructor.prototype.polluted:yes2',
    'toString:yes3',
    'hasOwnProperty:yes4',
  ])
    assert.equal(await v.count(q), 1, q);
  const detail = await v.event((await v.search('protoword')).rows[0]?.id ?? '');
  assert.equal(detail.raw, text);
  const fields = new Map(detail.fields.map(([name, value]) => [name, value]));
  assert.equal(fields.get('__proto__.polluted'), 'yes1');
  assert.equal(String(fields.get('valueOf')), '5');
  // By a syslog line's structured data, and as names that a search asks for.
  await v.syslogTcp([
    `<30>${stamp(Date.now())} __proto__ constructor 1 __proto__ [__proto__ a="yes6"] protosyslog`,
  ]);
  await v.until(async () => (await v.count('protosyslog')) === 1, 'the syslog line');
  assert.equal(await v.count('protosyslog host.name:__proto__'), 1);
  assert.equal(((await v.search('| stats count() by __proto__.polluted')).table ?? []).length > 0, true);
});

test('at the end the ledger is balanced', async (t) => {
  const ledger = await v.settled();
  t.diagnostic(JSON.stringify(ledger.totals.map((l) => [l.door, l.received, l.stored, l.dropped])));
  assert.ok(ledger.balanced, JSON.stringify(ledger.minutes.filter((m) => !m.balanced)));
  const stored = ledger.totals.reduce((n, l) => n + l.stored + l.quarantined, 0);
  assert.equal(await v.count('', EVER), stored, 'every event that was stored is found');
  const status = await v.cli('status');
  assert.equal(status.code, 0, status.out);
  const end = await v.stop();
  assert.equal(end.code, 0);
  assert.ok(end.ms < 5000, `stopped in ${end.ms} ms`);
});

/** RFC 5424's version and stamp. */
function stamp(ms: number): string {
  return `1 ${new Date(ms).toISOString()}`;
}
