/** Functions of conditions give the same live and in the engine, value by value: clocks and zones, texts, numbers. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { compileTest, TEXT_FUNCTIONS } from '../condition/compile-test.ts';
import type { Expression, TestOp } from '../condition/expression.ts';
import { compileList } from '../condition/lists.ts';
import type { NamedList } from '../condition/tree.ts';
import { EventFields } from '../model/event.ts';
import { openTestStore, type TestStore } from '../store/testing.ts';
import { SqlParams } from './sql-params.ts';
import { testSql } from './sql-test.ts';
import { ConditionSql } from './sql-condition.ts';
import { LISTS, TEXTS } from './testing.ts';

let t: TestStore;
before(async () => {
  t = await openTestStore({ onRestart: () => console.error('RESTART') });
});
after(() => t.end());

/** The verdict on each value of a field of its own, as one array: live and by the engine. */
async function agree(
  field: string,
  values: readonly (string | number)[],
  op: TestOp,
  left: Expression,
  right: Expression,
): Promise<void> {
  const c = { kind: 'test', op, left, right } as const;
  const p = new SqlParams();
  const sql = testSql(c, p);
  assert.ok(sql !== undefined);
  const holds = compileTest(c, undefined);
  const want = values.map((v) => {
    const fields = new EventFields();
    fields.set(field, v);
    return holds({ fields, rawText: '', entities: [] }) ? 1 : 0;
  });
  const date = typeof values[0] === 'number';
  const source = date
    ? "SELECT fromUnixTimestamp64Micro(us, 'UTC') AS x509_not_before FROM (SELECT arrayJoin({values:Array(Int64)}) AS us)"
    : "SELECT map('app.x', x) AS fields, map('', ['']) AS lists, [''] AS empties FROM (SELECT arrayJoin({values:Array(String)}) AS x)";
  const { rows } = await t.store.query(
    `SELECT toUInt8(${sql}) FROM (${source})`,
    { ...p.values, values: values as readonly string[] },
    { maxRows: 100_000 },
  );
  const got = rows.map((r) => Number(r[0]));
  const off = values.findIndex((_, i) => got[i] !== want[i]);
  assert.equal(
    off,
    -1,
    `${JSON.stringify(c)}: ${JSON.stringify(values[off])} is ${got[off]} in the engine, ${want[off]} live`,
  );
}

const field = (name: string): Expression => ({ kind: 'field', field: name });
const text = (value: string): Expression => ({ kind: 'text', value });
const number = (value: number): Expression => ({ kind: 'number', value });

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'Europe/London',
  'America/New_York',
  'America/Sao_Paulo',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Pacific/Kiritimati',
];
/**
 * Around the nights on which clocks change, and anywhere. Both sides have their own copy of the IANA rules: what is
 * announced for the far future may differ.
 */
const YEARS = Array.from({ length: 60 }, (_, i) => 1971 + i);
const CHANGES = YEARS.flatMap((y) =>
  [2, 3, 8, 9, 10].flatMap((m) => [1, 8, 15, 22, 25, 28, 31].map((d) => Date.UTC(y, m, d) * 1000)),
);
const instant = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(...CHANGES),
      fc.integer({ min: -36, max: 36 }),
      fc.constantFrom(-1, 0, 1, 1_800_000_000 - 1, 1_800_000_000),
    )
    .map(([day, hours, us]) => day + hours * 3600e6 + us),
  fc.integer({ min: Date.UTC(1971, 0) * 1000, max: Date.UTC(2030, 11) * 1000 }),
);

test('hours, minutes, weekdays and days in zones, over changes of the clock', async () => {
  for (const zone of ZONES) {
    for (const [name, values] of [
      ['hour', [0, 1, 2, 3, 23]],
      ['minute', [0, 30, 45]],
      ['weekday', [1, 7]],
      ['day', [1, 31]],
    ] as const) {
      const call: Expression = { kind: 'call', name, args: [field('x509.not_before'), text(zone)] };
      const times = fc.sample(instant, 600);
      for (const v of values) await agree('x509.not_before', times, '==', call, number(v));
    }
  }
});

const DN_ATOMS = [
  'CN=',
  'cn = ',
  'O=',
  '2.5.4.3=',
  's=',
  'Example CA',
  'Example',
  'only',
  'root',
  ',',
  ', ',
  ';',
  '/',
  '+',
  '"',
  '\\',
  '\\,',
  '=',
  ' ',
  '\n',
  '\t',
  'é',
  '\u2028',
];
const KEY_ATOMS = ['keyid:', '01', '23', '45', '67', '89', 'ab', 'CD', 'ef', ':', ' ', '-', '\n'];
const NAME_ATOMS = [
  '*',
  '.',
  'bücher',
  'xn--bcher-kva',
  'bu\u0308cher',
  'äö',
  'ÄÖ',
  'xn--4ca0b',
  'münchen',
  'example',
  'login',
  'com',
  'www',
];
const joined = (atoms: readonly string[], maxLength: number, by: string): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...atoms), { maxLength }).map((a) => a.join(by));
const HITS = [
  'CN=Example CA,O="Example, Inc."',
  '/O=Example, Inc./CN=Example CA',
  'keyid:01:23:45:67:89:AB:CD:EF',
  'cn="only"',
  'a.bücher.xn--4ca0b.example',
  '*.example.com',
  'MÜNCHEN.example.',
];

test('issuer and domain lists, over names made to confuse', async () => {
  const texts = [
    ...HITS,
    ...TEXTS,
    ...fc.sample(joined(DN_ATOMS, 10, ''), 3000),
    ...fc.sample(joined(KEY_ATOMS, 14, ''), 1000),
    ...fc.sample(joined(NAME_ATOMS, 5, '.'), 2000),
    ...fc.sample(joined(NAME_ATOMS, 5, ''), 500),
  ].map((v) => v.toWellFormed());
  for (const name of ['issuers', 'idn', 'domains', 'texts']) {
    const p = new SqlParams();
    const sql = new ConditionSql(p, LISTS).textInList('x', name);
    const { rows } = await t.store.query(
      `SELECT toUInt8(${sql}) FROM (SELECT arrayJoin({texts:Array(String)}) AS x)`,
      { ...p.values, texts },
      { maxRows: 100_000 },
    );
    const test = compileList(LISTS.get(name) as NamedList);
    const want = texts.map((v) => (test(v) ? 1 : 0));
    const off = texts.findIndex((_, i) => Number(rows[i]?.[0]) !== want[i]);
    assert.equal(
      off,
      -1,
      `${name}: ${JSON.stringify(texts[off])} is ${rows[off]?.[0]} in the engine, ${want[off]} live`,
    );
    assert.ok(want.filter((v) => v === 1).length >= 3, `${name} holds some`);
  }
});

test('every text through every function', async () => {
  const drawn = fc.sample(fc.string({ unit: 'binary', maxLength: 8 }), 2000);
  const all = [...TEXTS, ...drawn, ' \t x \n', 'ǅ ŉ ﬁ ẞ ß', '\u00a0x\u00a0']
    .map((v) => v.toWellFormed())
    .filter((v) => v !== '');
  for (const name of ['lower', 'upper', 'trim', 'len'] as const) {
    const call: Expression = { kind: 'call', name, args: [field('app.x')] };
    const p = new SqlParams();
    const sql = testSql({ kind: 'test', op: '==', left: call, right: field('app.y') }, p);
    // What the function gives live stands beside each text; the engine has to find them equal.
    const live = all.map((v) => TEXT_FUNCTIONS[name](v)).map(String);
    const { rows } = await t.store.query(
      `SELECT app_x FROM (SELECT arrayJoin(arrayZip({x:Array(String)}, {y:Array(String)})) AS pair, tupleElement(pair, 1) AS app_x, ` +
        `map('app.x', app_x, 'app.y', tupleElement(pair, 2)) AS fields, map('', ['']) AS lists, ` +
        `if(tupleElement(pair, 2) = '', ['app.y'], []) AS empties) WHERE NOT (${sql})`,
      { ...p.values, x: all, y: live },
      { maxRows: 100_000 },
    );
    assert.deepEqual(rows, [], name);
  }
  for (const n of [1, 2, 3, 5]) {
    const rest: Expression = { kind: 'arithmetic', op: '%', left: field('app.x'), right: number(n) };
    await agree('app.x', all, '>', rest, number(0));
    await agree('app.x', all, '<', { kind: 'call', name: 'round', args: [field('app.x')] }, number(n));
  }
});
