/** What the store says it holds, formats, and removal. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { HOT_FIELDS } from '../model/catalogue.ts';
import { openEventStore } from './events.ts';
import { migrate, PLAIN_TABLES, readMigrations } from './migrate.ts';
import { BlockEncoder, type RowProvenance } from './native.ts';
import { addColumnSql, COLUMNS } from './schema.ts';
import { openTestStore, TEST_INGESTED, type TestStore, testEvent, testProvenance } from './testing.ts';

let t: TestStore;
before(async () => {
  t = await openTestStore();
});
after(() => t.end());

const MINUTE = 60_000_000;
async function put(
  token: string,
  rows: readonly Partial<RowProvenance>[],
  status: 'parsed' | 'quarantined' = 'parsed',
): Promise<void> {
  const e = new BlockEncoder();
  for (const [ord, over] of rows.entries()) {
    e.add(testEvent({ 'user.name': 'x' }, { status }), testProvenance({ ord, ...over }));
  }
  await t.store.insert([e.finish()], token);
}

test('the table in the engine has the columns of the catalogue, in order', async () => {
  const r = await t.engine.select(
    "SELECT name, type FROM system.columns WHERE database = 'vigil' AND table = 'events' ORDER BY position",
  );
  assert.deepEqual(
    r.rows.map(([name, type]) => ({ name, type })),
    COLUMNS,
  );
  const s = await t.engine.select(
    "SELECT create_table_query FROM system.tables WHERE database = 'vigil' AND name = 'events'",
  );
  for (const wanted of [
    'PARTITION BY (retention_class, toYYYYMMDD(ingested))',
    'fsync_after_insert = 1',
    'fsync_part_directory = 1',
    'min_rows_to_fsync_after_merge = 1',
  ]) {
    assert.ok(String(s.rows[0]?.[0]).includes(wanted), wanted);
  }
});

test('held, heldOrds and counts say exactly what was inserted; a token makes a repeat harmless', async () => {
  const a = { batch: 10, door: 'http', sender: 'a' };
  await put('t10', [a, a, { ...a, ingested: TEST_INGESTED + MINUTE }]);
  await put('t10', [a, a, { ...a, ingested: TEST_INGESTED + MINUTE }]);
  await put('t11', [{ batch: 11, door: 'http', sender: 'a' }], 'quarantined');
  await put('t12', [
    { batch: 12, node: 2, tenant: 'other', door: 'http', sender: 'b', ingested: TEST_INGESTED + 2 * MINUTE },
  ]);
  assert.deepEqual(
    await t.store.held(1, 10, 12),
    new Map([
      [10, 3],
      [11, 1],
    ]),
  );
  assert.deepEqual(await t.store.held(2, 0, 99), new Map([[12, 1]]));
  assert.deepEqual(await t.store.held(1, 11, 11), new Map([[11, 1]]));
  assert.deepEqual(await t.store.heldOrds(1, 10), new Set([0, 1, 2]));
  assert.deepEqual(await t.store.heldOrds(1, 99), new Set());
  const base = { tenant: 'default', door: 'http', sender: 'a' };
  assert.deepEqual(await t.store.counts(TEST_INGESTED, TEST_INGESTED + 2 * MINUTE), [
    { ...base, minute: TEST_INGESTED, stored: 2, quarantined: 1 },
    { ...base, minute: TEST_INGESTED + MINUTE, stored: 1, quarantined: 0 },
  ]);
});

test('an event is found by id within its tenant, with or without a right hint', async () => {
  const id = { node: 1, batch: 10, ord: 1 };
  for (const hint of [undefined, TEST_INGESTED, 5]) {
    const e = await t.store.eventById('default', id, hint);
    assert.deepEqual([e?.id, e?.fields.get('user.name'), e?.raw.toString()], [id, 'x', 'a line']);
  }
  assert.equal(await t.store.eventById('other', id), undefined);
  assert.equal(await t.store.eventById("' OR 1 = 1 --", id), undefined);
});

test('words are found in the raw text, addresses as entities, through their indexes', async () => {
  const e = new BlockEncoder();
  e.add(
    testEvent({}, { text: 'Failed PASSWORD for ÄRGER from 10.0.1.5', entities: ['ip:10.0.1.5'] }),
    testProvenance({ batch: 30 }),
  );
  await t.store.insert([e.finish()], 'words');
  const count = async (where: string, params: Record<string, string | string[]>): Promise<unknown> =>
    (await t.store.query(`SELECT count() FROM vigil.events WHERE batch = 30 AND ${where}`, params))
      .rows[0]?.[0];
  assert.equal(
    await count('hasAllTokens(raw, {w:Array(String)})', { w: ['failed', 'password', 'ärger'] }),
    1,
  );
  assert.equal(await count('hasAllTokens(raw, {w:Array(String)})', { w: ['fail'] }), 0);
  assert.equal(await count('has(entities, {e:String})', { e: 'ip:10.0.1.5' }), 1);
  assert.equal(await count('has(entities, {e:String})', { e: 'ip:10.0.1' }), 0);
  const plan = await t.engine.select(
    "EXPLAIN indexes = 1 SELECT count() FROM vigil.events WHERE has(entities, 'ip:10.0.1.5') AND hasAllTokens(raw, ['failed'])",
  );
  const text = plan.rows.flat().join('\n');
  assert.ok(text.includes('idx_words') && text.includes('idx_entities'), text);
});

test('a format newer than ours is refused with a sentence; our own opens again', async () => {
  await openEventStore(t.engine);
  const newest = readMigrations().length;
  assert.equal(await migrate(t.engine), newest);
  const future = [...readMigrations(), { version: newest + 1, name: 'future', statements: [] }];
  assert.equal(await migrate(t.engine, PLAIN_TABLES, future), newest + 1);
  await assert.rejects(
    openEventStore(t.engine),
    /has format \d+, and this Vigil knows formats up to \d+\. .*newer version/,
  );
  await t.engine.command('ALTER TABLE vigil.format DELETE WHERE version > {v:UInt32}', {
    params: { v: newest },
    settings: { mutations_sync: 1 },
  });
});

test('a column added later reads what older parts hold in the maps', async () => {
  const e = new BlockEncoder();
  const cases = [
    {
      n: '42',
      ip: '::ffff:10.0.1.5',
      list: ['a', 'b'],
      text: 'x',
      when: 1_700_000_000_000_000,
      flag: true,
      d: 1.5,
    },
    { n: 'x', ip: '', text: '' },
    {},
  ];
  for (const [ord, c] of cases.entries())
    e.add(testEvent(c as Record<string, string>), testProvenance({ batch: 40, ord }));
  await t.store.insert([e.finish()], 'old');
  const base = { multi: false, low: false, ours: false, about: '' };
  const last = HOT_FIELDS.at(-1)?.column as string;
  for (const [name, type, multi] of [
    ['n', 'long', false],
    ['ip', 'ip', false],
    ['list', 'keyword', true],
    ['text', 'keyword', false],
    ['when', 'date', false],
    ['flag', 'boolean', false],
    ['d', 'double', false],
  ] as const) {
    await t.engine.command(
      addColumnSql({ ...base, name, column: `later_${name}`, type, multi }, last).replace('$ON_CLUSTER', ''),
    );
  }
  const r = await t.engine.select(
    'SELECT later_n, toString(later_ip), later_list, later_text, toUnixTimestamp64Micro(later_when), later_flag, later_d FROM vigil.events WHERE batch = 40 ORDER BY ord',
  );
  assert.deepEqual(r.rows, [
    [42, '::ffff:10.0.1.5', ['a', 'b'], 'x', 1_700_000_000_000_000, true, 1.5],
    [null, null, [], '', null, null, null],
    [null, null, [], '', null, null, null],
  ]);
});

test('a retention class goes by its partitions', async () => {
  const day = 86_400_000_000;
  await put('demo', [
    { batch: 20, retentionClass: 'demo' },
    { batch: 20, retentionClass: 'demo', ingested: TEST_INGESTED + day },
    { batch: 20, retentionClass: "it's" },
  ]);
  const all = (await t.store.stats()).rows;
  await t.store.dropRetentionClass('demo');
  assert.equal((await t.store.stats()).rows, all - 2);
  await t.store.dropRetentionClass("it's");
  assert.equal((await t.store.stats()).rows, all - 3);
  assert.deepEqual(await t.store.detachedParts(), []);
});

test('rows claiming 1970 and far days are kept: expiry goes by receipt', async () => {
  const e = new BlockEncoder();
  for (let i = 0; i < 400; i++)
    e.add(
      testEvent({}, { ts: i * 86_400_000_000 }),
      testProvenance({ batch: 60, ord: i, retentionDays: 30, ingested: Date.now() * 1000 }),
    );
  await t.store.insert([e.finish()], 'claims');
  await t.engine.command('OPTIMIZE TABLE vigil.events FINAL');
  assert.equal((await t.store.held(1, 60, 60)).get(60), 400);
});
