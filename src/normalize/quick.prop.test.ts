/** The quick way gives the event that the plain way gives, or leaves it to the plain way. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { keywordSees } from '../condition/evaluate.ts';
import { fold, textsOf, typeOf } from '../condition/text.ts';
import type { NormalizedEvent } from '../model/event.ts';
import { GOLDEN_INGESTED, GOLDEN_META, readSamples, sourceFolders } from './golden.ts';
import { makeNormalizer } from './normalize.ts';
import { loadSources } from './registry.ts';

const ROOT = join(import.meta.dirname, '../..');
const SOURCES = join(ROOT, 'content/sources');
const CORPORA = process.env['VIGIL_CORPORA'] ?? join(ROOT, '../shared/corpora');
const registry = await loadSources(SOURCES);
const options = { hostZone: 'UTC', hostName: 'here' };
const plain = makeNormalizer(registry, options);
const quick = makeNormalizer(registry, { ...options, lazy: true });

const everything = (e: NormalizedEvent): unknown => ({
  fields: [...e.fields.entries()].sort(([a], [b]) => (a < b ? -1 : 1)),
  counters: [e.fields.overflow, e.fields.cut, e.fields.several, e.fields.repeated, e.fields.invalid],
  rawText: e.rawText,
  ts: e.ts,
  status: e.status,
  source: e.source,
  parser: e.parser,
  entities: e.entities,
});

/** A search over the record's text and over what `forSearch` gives finds every value. */
function found(e: NormalizedEvent): void {
  const texts = [fold(e.rawText)];
  e.fields.forSearch(
    (name, v) => {
      for (const t of textsOf(v, typeOf(name))) texts.push(fold(t));
    },
    (t) => {
      texts.push(fold(t));
    },
  );
  for (const [name, v] of e.fields.entries()) {
    if (!keywordSees(name)) continue;
    for (const t of textsOf(v, typeOf(name)))
      assert.ok(
        texts.some((x) => x.includes(fold(t))),
        `${name}: ${t} is found nowhere`,
      );
  }
}

/** True where the quick way took it. */
function same(raw: Uint8Array, meta = GOLDEN_META): boolean {
  const want = plain(raw, meta, GOLDEN_INGESTED);
  const got = quick(raw, meta, GOLDEN_INGESTED);
  // Single fields first, as rules ask for them: nothing is made as a whole then.
  for (const [name, value] of want.fields.entries()) {
    assert.deepEqual(got.fields.get(name), value, name);
    assert.ok(got.fields.has(name), name);
  }
  for (const name of [
    'winlog.event_data.None',
    'winlog.event_data.',
    'winlog.event_data',
    'vigil.flags',
    '__proto__',
  ])
    assert.deepEqual(got.fields.get(name), want.fields.get(name), name);
  if (got.constructor !== Object) found(quick(raw, meta, GOLDEN_INGESTED));
  assert.deepEqual(everything(quick(raw, meta, GOLDEN_INGESTED)), everything(want));
  return got.constructor !== Object;
}

test('samples of all sources', () => {
  const taken = new Map<string, number>();
  for (const name of sourceFolders(SOURCES)) {
    for (const s of readSamples(join(SOURCES, name)))
      if (same(new Uint8Array(s.raw), { ...GOLDEN_META, ...s.meta }))
        taken.set(name, (taken.get(name) ?? 0) + 1);
  }
  assert.ok((taken.get('windows') ?? 0) >= 3, `windows samples taken: ${taken.get('windows')}`);
});

const key = fc.constantFrom(
  ...'EventID Channel Computer Hostname Provider_Name SourceName Image ProcessId ProcessGuid ParentImage CommandLine User SubjectUserName TargetUserName IpAddress Hashes UtcTime EventTime Keywords EventType Level Severity TargetObject Details QueryName QueryResults LogonType Status SubStatus NewProcessName ObjectType ObjectName Message UserID EventData winlog Event System __proto__ __REALTIME_TIMESTAMP 12 ecs @timestamp'.split(
    ' ',
  ),
);
const text = fc.oneof(
  fc.constantFrom(
    '-',
    '',
    'C:\\Windows\\System32\\cmd.exe',
    'CORP\\alice',
    '0x3e7',
    '::ffff:10.0.0.1',
    '10.1.2.3',
    'Security',
  ),
  fc.constantFrom(
    'Microsoft-Windows-Sysmon/Operational',
    'System',
    '2026-03-05 10:00:00.123',
    '0x8010000000000000',
  ),
  fc.constantFrom(
    'SHA256=AA,MD5=0123456789abcdef0123456789abcdef',
    'a"b\nc',
    'Microsoft® ü',
    'x\u200by',
    'host.example.com.',
  ),
  fc.constantFrom('type:  5 cdn.example.net;::ffff:192.0.2.1;', 'DeleteValue', '\b', '\u0000', 'z\x7f'),
  fc.string({ maxLength: 8 }),
);
const scalar = fc.oneof(
  { weight: 6, arbitrary: text },
  { weight: 2, arbitrary: fc.integer({ min: -5, max: 99_999 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(true, null, 1.5, 1e21, -0, 4688, 12345678901234568, 123456789012345),
  },
);
const id = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.constantFrom<unknown>(
      1,
      3,
      7,
      8,
      10,
      11,
      12,
      13,
      17,
      22,
      23,
      4104,
      4624,
      4625,
      4657,
      4663,
      4688,
      4720,
      5156,
      7045,
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<unknown>('1', '4688', '0x10', ' 1', '', null, 1.5, { '#text': '4688' }),
  },
);
const data = fc.dictionary(
  key,
  fc.oneof(
    { weight: 9, arbitrary: scalar },
    { weight: 1, arbitrary: fc.constantFrom<unknown>({ a: 1 }, ['x'], {}) },
  ),
  { maxKeys: 10 },
);
const channel = fc.constantFrom<unknown>(
  'Microsoft-Windows-Sysmon/Operational',
  'Security',
  'System',
  'Windows PowerShell',
  '',
  null,
);
const flat = fc.tuple(id, fc.option(channel), data).map(([e, c, d]) => ({
  EventID: e,
  ...(c === null ? {} : { Channel: c }),
  Computer: 'ws1.example.com.',
  ...d,
}));
const attributes = (name: string): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 5, arbitrary: text.map((v) => ({ '#attributes': { [name]: v } })) },
    { weight: 1, arbitrary: fc.constantFrom<unknown>(null, {}, 'x', { [`@${name}`]: 'y' }) },
  );
const evtx = fc
  .record({
    id,
    channel,
    provider: attributes('Name'),
    time: attributes('SystemTime'),
    execution: attributes('ProcessID'),
    security: attributes('UserID'),
    data: fc.oneof(
      { weight: 6, arbitrary: data as fc.Arbitrary<unknown> },
      { weight: 1, arbitrary: fc.constantFrom<unknown>(null, 'x') },
    ),
    user: fc.option(data, { freq: 5 }),
  })
  .map((r) => ({
    Event: {
      '#attributes': { xmlns: 'x' },
      System: {
        Provider: r.provider,
        EventID: r.id,
        Level: 4,
        TimeCreated: r.time,
        Execution: r.execution,
        Security: r.security,
        Channel: r.channel,
        Computer: 'dc1',
      },
      EventData: r.data,
      ...(r.user === null ? {} : { UserData: r.user }),
    },
  }));

test('documents of Windows events with any values', () => {
  let taken = 0;
  let all = 0;
  fc.assert(
    fc.property(
      fc.oneof(flat, evtx),
      fc.constantFrom('', '\n', '\r\n\0'),
      fc.boolean(),
      (doc, end, spaced) => {
        all++;
        if (same(Buffer.from(JSON.stringify(doc, null, spaced ? 1 : 0) + end))) taken++;
      },
    ),
    { numRuns: 1500 },
  );
  assert.ok(taken > all / 8, `only ${taken} of ${all} were taken`);
});

test('text that is nearly a document', () => {
  const good = '{"EventID":1,"Channel":"Security","Computer":"a","X":"b\\\\c","Y":{"Z":null}}';
  for (let i = 0; i < good.length; i++) {
    same(Buffer.from(good.slice(0, i)));
    for (const c of ['"', '\\', ',', '{', '}', ' ', '0', '\u0001', '[', 'é'])
      same(Buffer.from(good.slice(0, i) + c + good.slice(i + 1)));
  }
  same(Buffer.from('{"EventID":1,"Computer":"a","Computer":"b"}'));
  same(Buffer.from(`{"EventID":1,"Computer":"${'x'.repeat(40_000)}"}`));
});

const lanes = join(CORPORA, 'lanes');
test('real events', {
  skip: existsSync(lanes) ? false : `no corpora at ${CORPORA} (set VIGIL_CORPORA)`,
}, (t) => {
  let taken = 0;
  let all = 0;
  const see = (line: string): void => {
    all++;
    if (same(Buffer.from(line))) taken++;
  };
  for (const f of readdirSync(lanes))
    for (const line of gunzipSync(readFileSync(join(lanes, f)))
      .toString('utf8')
      .trim()
      .split('\n')
      .slice(0, 300))
      see(line);
  for (const row of readFileSync(join(CORPORA, 'sigma/regression-dev.jsonl'), 'utf8').trim().split('\n'))
    for (const e of (JSON.parse(row) as { events: unknown[] }).events) see(JSON.stringify(e));
  t.diagnostic(`${taken} of ${all} taken the quick way`);
});
