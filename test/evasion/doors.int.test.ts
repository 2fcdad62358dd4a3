/**
 * Attacks that try to hide in how they are sent: one line over several writes, torn characters, lines longer than a record,
 * several records in one, odd framing. Through the real doors, then the normaliser and the matcher.
 */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { silentLog } from '../../src/base/log.ts';
import { FakeIntake, until } from '../../src/collect/fake-intake.ts';
import { makeIngest } from '../../src/collect/http-ingest.ts';
import { openSyslogTcp } from '../../src/collect/syslog-tcp.ts';
import { openSyslogUdp } from '../../src/collect/syslog-udp.ts';
import { type CompiledRules, compileRules } from '../../src/detect/matcher.ts';
import type { RuleSet } from '../../src/detect/rule.ts';
import { RECORD_BYTES_MAX } from '../../src/model/record.ts';
import { GOLDEN_INGESTED, goldenNormalizer } from '../../src/normalize/golden.ts';
import type { Normalizer } from '../../src/normalize/normalize.ts';
import { loadSources } from '../../src/normalize/registry.ts';
import { app, filling, json, sshd } from './families/records.ts';
import { conditionOf, evasionRules, ROOT, type RuleName } from './harness.ts';

const LINE = sshd('Failed password for root from 203.0.113.66 port 4 ssh2');
const N = 'mimikatz';
let set: RuleSet;
let rules: CompiledRules;
let normalize: Normalizer;
before(async () => {
  normalize = goldenNormalizer(await loadSources(join(ROOT, 'content/sources')));
  set = evasionRules();
  rules = compileRules(set, new Map());
});

type Judged = { readonly fired: number; readonly flags: readonly string[] };
/** How many of the records the rule fires for, and the flags of all. */
function judge(intake: FakeIntake, rule: RuleName): Judged {
  const { id } = conditionOf(set, rule);
  const flags: string[] = [];
  let fired = 0;
  for (const r of intake.records) {
    const e = normalize(r.raw, r.meta, GOLDEN_INGESTED);
    if (rules.match(e).includes(id)) fired++;
    flags.push(...((e.fields.get('vigil.flags') ?? []) as readonly string[]));
  }
  return { fired, flags };
}

const pause = (ms: number): Promise<void> => new Promise((r) => setTimeout(r, ms));
/** Sends the pieces one by one, each in a packet of its own; what became of them once the connection is closed. */
async function overTcp(pieces: readonly (string | Buffer)[], rule: RuleName, records = 1): Promise<Judged> {
  const intake = new FakeIntake();
  await using door = await openSyslogTcp({ tenant: 'default', port: 0 }, intake, silentLog);
  const s = connect({ port: door.port, host: '127.0.0.1', noDelay: true });
  for (const p of pieces) {
    await new Promise<void>((resolve, reject) => s.write(p, (e) => (e == null ? resolve() : reject(e))));
    if (pieces.length < 100) await pause(5);
  }
  s.end();
  await until(() => intake.records.length >= records, `${records} records`);
  await pause(50);
  assert.ok(intake.balanced);
  return judge(intake, rule);
}
const bytesOf = (text: string): Buffer[] => [...Buffer.from(text)].map((b) => Buffer.from([b]));
const counted = (text: string): string => `${Buffer.byteLength(text)} ${text}`;

const TCP: readonly (readonly [
  name: string,
  pieces: readonly (string | Buffer)[],
  rule: RuleName,
  records?: number,
])[] = [
  ['byte by byte', bytesOf(`${LINE}\n`), 'ssh_root'],
  ['torn within the priority', [LINE.slice(0, 2), `${LINE.slice(2)}\n`], 'ssh_root'],
  [
    'torn within the address',
    [LINE.slice(0, LINE.indexOf('113')), `${LINE.slice(LINE.indexOf('113'))}\n`],
    'ssh_root',
  ],
  ['counted, byte by byte', bytesOf(counted(LINE)), 'ssh_root'],
  ['counted, torn within the count', [counted(LINE).slice(0, 1), counted(LINE).slice(1)], 'ssh_root'],
  ['counted behind a line', [`${sshd('Server listening on :: port 22.')}\n${counted(LINE)}`], 'ssh_root', 2],
  ['behind a line without end', [`${sshd('x')}\n`, LINE], 'ssh_root', 2],
  ['ended by NUL', [`${LINE}\0`], 'ssh_root'],
  ['ended by CRLF', [`${LINE}\r\n`], 'ssh_root'],
  ['never ended', [LINE], 'ssh_root'],
  ['behind a thousand empty lines', ['\n'.repeat(1000), `${LINE}\n`], 'ssh_root'],
  [
    'torn within a character',
    [
      Buffer.from(json(app(`ø${N}`))).subarray(0, 20),
      Buffer.from(`${json(app(`ø${N}`))}\n`).subarray(20),
    ].map((b) => Buffer.from(b)),
    'command',
  ],
];
for (const [name, pieces, rule, records] of TCP)
  test(`TCP: ${name}`, async () => {
    const { fired, flags } = await overTcp(pieces, rule, records ?? 1);
    assert.equal(fired, 1);
    assert.deepEqual(flags, []);
  });

test('TCP: a count too large takes nothing along', async () => {
  // What follows is the attacker's own; the line before must stand.
  const { fired } = await overTcp([`${LINE}\n`, `99999999 ${sshd('x')}`], 'ssh_root');
  assert.equal(fired, 1);
});

test('TCP: lines longer than a record', async () => {
  const long = (place: number): string =>
    `<13>${filling(place)} ${N} ${filling(RECORD_BYTES_MAX * 2 - place)}\n`;
  for (const place of [1000, RECORD_BYTES_MAX + 1000]) {
    const { fired, flags } = await overTcp([long(place)], 'keyword', 2);
    assert.equal(fired, 1, `needle at ${place}`);
    assert.ok(flags.includes('truncated'));
  }
  // Across the bound no record holds the needle: both parts say that they are parts.
  const across = await overTcp([long(RECORD_BYTES_MAX - 8)], 'keyword', 2);
  assert.equal(across.fired, 0);
  assert.ok(across.flags.filter((f) => f === 'truncated').length >= 1);
});

test('UDP: two lines in one datagram', async () => {
  const intake = new FakeIntake();
  await using door = await openSyslogUdp({ tenant: 'default', port: 0 }, intake, silentLog);
  const s = createSocket('udp4');
  const send = (d: string): Promise<void> =>
    new Promise((resolve, reject) =>
      s.send(d, door.port, '127.0.0.1', (e) => (e === null ? resolve() : reject(e))),
    );
  await send(`${LINE}\n${sshd('Accepted publickey for bob from 10.0.0.1 port 1 ssh2')}`);
  await send(`${sshd('Accepted publickey for bob from 10.0.0.1 port 1 ssh2')}\n${LINE}`);
  await until(() => intake.records.length === 2, 'two datagrams');
  s.close();
  const { fired, flags } = judge(intake, 'ssh_root');
  assert.equal(fired, 1, 'the first line of a datagram is read');
  assert.deepEqual(flags, ['truncated', 'truncated'], 'and the second is named');
});

async function overHttp(body: Buffer, headers: Record<string, string>, cut: number): Promise<FakeIntake> {
  const intake = new FakeIntake();
  const ingest = makeIngest({}, intake, silentLog);
  const chunks: Buffer[] = [];
  for (let i = 0; i < body.length; i += cut) chunks.push(body.subarray(i, i + cut));
  const answer = await ingest({
    stream: Readable.from(chunks),
    headers,
    peer: '10.1.2.3',
    token: { id: 't1', tenant: 'default', sources: [] },
  });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return intake;
}

test('HTTP: bodies in pieces, in arrays, behind byte order marks, compressed', async () => {
  const one = json(app(`ø${N}`));
  const type = { 'content-type': 'application/json' };
  const bodies: readonly (readonly [string, Buffer, Record<string, string>])[] = [
    ['one document', Buffer.from(one), type],
    ['an array', Buffer.from(`[{"x":1},${one}]`), type],
    [
      'an array over many lines',
      Buffer.from(`[\n{"x":1}\n,\n${JSON.stringify(JSON.parse(one), null, 2)}\n]`),
      type,
    ],
    ['NDJSON', Buffer.from(`{"x":1}\n${one}`), { 'content-type': 'application/x-ndjson' }],
    ['gzip', gzipSync(one), { ...type, 'content-encoding': 'gzip' }],
    [
      'gzip in two members',
      Buffer.concat([gzipSync(one.slice(0, 12)), gzipSync(one.slice(12))]),
      { ...type, 'content-encoding': 'gzip' },
    ],
    ['escaped braces in strings', Buffer.from(`[{"x":"}]\\"{"},${one}]`), type],
  ];
  for (const [name, body, headers] of bodies)
    for (const cut of [1, 7, 60_000]) {
      const { fired, flags } = judge(await overHttp(body, headers, cut), 'command');
      assert.equal(fired, 1, `${name}, pieces of ${cut}`);
      assert.deepEqual(flags, [], name);
    }
});
