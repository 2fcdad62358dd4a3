/** What rules see is what is stored: any event, encoded, inserted and read back, has the fields it had live. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { type FieldDef, HOT_FIELDS } from '../model/catalogue.ts';
import { DATE_US_MAX, DATE_US_MIN, type FieldValue, type NormalizedEvent, STATUSES } from '../model/event.ts';
import { BlockEncoder, leafHash, type RowProvenance, stampOurs } from './native.ts';
import { EVENT_COLUMNS, fromRow, type StoredEvent, storedValue } from './rows.ts';
import { openTestStore, type TestStore, TEST_INGESTED, testEvent, testProvenance } from './testing.ts';

let t: TestStore;
before(async () => {
  t = await openTestStore();
});
after(() => t.end());

const ODD_NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '',
  "a'b",
  '"];process.exit()//',
  'nul\0name',
  '\ud800',
  'ünïcode.名前',
  'a.b.c',
  'x'.repeat(300),
];
const name = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...HOT_FIELDS.map((d) => d.name)) },
  { weight: 1, arbitrary: fc.constantFrom(...ODD_NAMES) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
);
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({ maxLength: 80 }),
  // Lone surrogates, NUL, and the lengths at which the encoder changes its way of writing.
  fc
    .array(fc.constantFrom('\ud800', '\udfff', '\0', 'é', '😀', "'", '\\', '\n'), { maxLength: 6 })
    .map((a) => a.join('')),
  fc.integer({ min: 60, max: 70 }).map((n) => 'a'.repeat(n)),
  fc.constantFrom(
    'é'.repeat(70),
    'a'.repeat(127),
    'a'.repeat(128),
    `${'a'.repeat(126)}é`,
    'é'.repeat(8191),
    'a'.repeat(70_000),
  ),
  fc.constantFrom(
    '',
    '0',
    '007',
    '1e3',
    'true',
    'null',
    '\\N',
    '::ffff:1.2.3.4',
    '10.0.1.5',
    'FE80::1%eth0',
    '[::1]',
    '01.2.3.4',
    '1.2.3.256',
  ),
  fc.ipV4(),
  fc.ipV6(),
);
const scalar: fc.Arbitrary<FieldValue> = fc.oneof(
  text,
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true }),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom(
    -0,
    0,
    2 ** 53,
    -(2 ** 53),
    1.5,
    1e21,
    DATE_US_MIN,
    DATE_US_MIN - 1,
    DATE_US_MAX,
    253_402_300_799_000_000,
  ),
);
const value = fc.oneof(
  { weight: 5, arbitrary: scalar },
  { weight: 1, arbitrary: fc.array(scalar as fc.Arbitrary<string>, { maxLength: 5 }) },
);
/** A field with a column and a value that fits it: with names and values drawn apart, few would. */
const fitting = fc
  .constantFrom(...HOT_FIELDS.filter((d) => !d.ours))
  .chain((d) => fc.tuple(fc.constant(d.name), fits(d)));
function fits(d: FieldDef): fc.Arbitrary<FieldValue> {
  if (d.multi) return fc.array(text, { maxLength: 4 });
  switch (d.type) {
    case 'ip':
      return fc.oneof(
        fc.ipV4(),
        fc.ipV6(),
        fc.constantFrom('0.0.0.0', '255.255.255.255', '::', '::1', '::102:304', '::1:0', '::ffff:1.2.3.4'),
      );
    case 'long':
    case 'date':
      return fc.oneof(fc.maxSafeInteger(), fc.integer(), fc.integer({ min: 0, max: 65_535 }));
    default:
      return text;
  }
}
const event = fc.record({
  fields: fc.array(fc.oneof(fitting, fc.tuple(name, value)), { maxLength: 25 }),
  raw: fc.uint8Array({ maxLength: 300 }),
  ts: fc.oneof(fc.maxSafeInteger(), fc.constantFrom(0, 1, DATE_US_MIN - 5, DATE_US_MAX, TEST_INGESTED)),
  status: fc.constantFrom(...STATUSES),
  source: fc.constantFrom('sshd', '', "it's"),
  entities: fc.array(text, { maxLength: 3 }),
  door: fc.constantFrom('http', 'döör'),
});

function expected(e: NormalizedEvent): Map<string, FieldValue> {
  return new Map([...e.fields.entries()].map(([k, v]) => [k, storedValue(k, v)] as const).sort(byName));
}
const got = (s: StoredEvent): Map<string, FieldValue> => new Map([...s.fields.entries()].sort(byName));
const byName = (a: readonly [string, unknown], b: readonly [string, unknown]): number =>
  a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0;

/** Encodes all as one batch (cut into two blocks), inserts, and reads them back as the restricted query user. */
async function store(
  batch: number,
  events: readonly NormalizedEvent[],
  doors: readonly string[],
): Promise<StoredEvent[]> {
  const encoder = new BlockEncoder();
  const blocks: Uint8Array[] = [];
  for (const [ord, e] of events.entries()) {
    const p = provenance(batch, ord, e, doors[ord] as string);
    stampOurs(e, p);
    encoder.add(e, p);
    if (ord === Math.floor(events.length / 2)) blocks.push(encoder.finish());
  }
  blocks.push(encoder.finish());
  await t.store.insert(blocks, `batch-${batch}`);
  const r = await t.store.query(
    `SELECT ${EVENT_COLUMNS} FROM vigil.events WHERE batch = {batch:UInt64} ORDER BY ord`,
    { batch },
  );
  return r.rows.map(fromRow);
}

const provenance = (batch: number, ord: number, e: NormalizedEvent, door: string): RowProvenance =>
  testProvenance({ batch, ord, door, leaf: leafHash({ node: 1, batch, ord }, TEST_INGESTED, door, e.raw) });

test('any event comes back as it was live', async () => {
  let batch = 100;
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 30 }), async (specs) => {
      batch++;
      const events = specs.map((s) =>
        testEvent(s.fields as [string, FieldValue][], {
          raw: s.raw,
          ts: s.ts,
          status: s.status,
          source: s.source,
          entities: s.entities,
        }),
      );
      const stored = await store(
        batch,
        events,
        specs.map((s) => s.door),
      );
      assert.equal(stored.length, events.length);
      for (const [i, e] of events.entries()) {
        const s = stored[i] as StoredEvent;
        assert.deepStrictEqual(got(s), expected(e));
        assert.deepStrictEqual(Buffer.from(s.raw), Buffer.from(e.raw));
        assert.deepStrictEqual(
          [...s.entities],
          e.entities.map((x) => x.toWellFormed()),
        );
        assert.deepStrictEqual(s.id, { node: 1, batch, ord: i });
        assert.equal(s.status, e.status);
        assert.deepStrictEqual(Buffer.from(s.leaf), Buffer.from(leafHash(s.id, s.ingested, s.door, s.raw)));
      }
    }),
    { numRuns: 60, endOnFailure: true },
  );
  assert.equal(Object.getOwnPropertyNames(Object.prototype).includes('x'), false);
});

test('absent, empty, null and lists stay apart, with and without a column', async () => {
  const cases: readonly (readonly [string, FieldValue])[][] = [
    [],
    [
      ['user.name', ''],
      ['custom', ''],
    ],
    [
      ['user.name', null],
      ['custom', null],
      ['source.ip', null],
      ['source.port', null],
      ['event.type', null],
    ],
    [
      ['event.type', []],
      ['custom', []],
    ],
    [
      ['event.type', ['']],
      ['custom', ['']],
    ],
    [
      ['user.name', ['a', 'b']],
      ['custom', ['a', 'b']],
    ],
    [
      ['source.port', 'http'],
      ['source.ip', 'nowhere'],
      ['x509.not_after', 253_402_300_799_000_000],
    ],
  ];
  const stored = await store(
    50,
    cases.map((c) => testEvent(c)),
    cases.map(() => 'http'),
  );
  const own = (s: StoredEvent): unknown =>
    Object.fromEntries(
      [...s.fields.entries()].filter(([k]) => !/^(vigil\.|@timestamp|event\.ingested)/.test(k)),
    );
  assert.deepStrictEqual(stored.map(own), [
    {},
    { 'user.name': '', custom: '' },
    { 'user.name': null, custom: null, 'source.ip': null, 'source.port': null, 'event.type': null },
    { 'event.type': [], custom: [] },
    { 'event.type': [''], custom: [''] },
    { 'user.name': 'a', 'user.name.all': ['a', 'b'], custom: ['a', 'b'] },
    {
      'invalid.source.port': 'http',
      'invalid.source.ip': 'nowhere',
      'invalid.x509.not_after': '253402300799000000',
    },
  ]);
});

test('addresses within ::/96 stay what they are', async () => {
  const ips = ['::102:304', '::1:0', '::ffff', '::', '::1', '::ffff:1.2.3.4', '1.2.3.4'];
  const events = ips.map((ip) => testEvent([['source.ip', ip]]));
  const stored = await store(
    52,
    events,
    ips.map(() => 'http'),
  );
  assert.deepEqual(
    stored.map((s) => s.fields.get('source.ip')),
    events.map((e) => e.fields.get('source.ip')),
  );
});

test('a source that went round the types loses no value', async () => {
  const e = testEvent([]);
  e.fields.setOurs('source.port', 'abc');
  e.fields.setOurs('source.ip', 'not an address');
  e.fields.setOurs('user.name', ['a', 'b']);
  const [s] = await store(51, [e], ['http']);
  assert.equal(s?.fields.get('invalid.source.port'), 'abc');
  assert.equal(s?.fields.get('invalid.source.ip'), 'not an address');
  assert.deepStrictEqual(s?.fields.get('invalid.user.name'), ['a', 'b']);
});
