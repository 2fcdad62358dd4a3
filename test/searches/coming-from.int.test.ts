/**
 * Runs every Vigil search of `docs/COMING-FROM.md` over the records of `events.ts`, normalised and stored as in the
 * product. What each must find is in `expected.ts`, under the first column's words; a row without a result and a result
 * without a row fail, so page and test cannot drift.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { Lists } from '../../src/condition/tree.ts';
import { goldenNormalizer, GOLDEN_META } from '../../src/normalize/golden.ts';
import { loadSources } from '../../src/normalize/registry.ts';
import { parseQuery } from '../../src/query/parse.ts';
import { compileCount, compileTable, isTable, type Scope, tableCell } from '../../src/query/sql.ts';
import { checkSearch } from '../../src/store/engine/guard.ts';
import { BlockEncoder, stampOurs } from '../../src/store/native.ts';
import { openTestStore, TEST_INGESTED, testProvenance, type TestStore } from '../../src/store/testing.ts';
import { companyWeek } from './events.ts';
import { EXPECTED } from './expected.ts';

const DAY = 86_400e6;
/** A Monday some weeks ago: nothing is too old to be kept, whatever the day of the test. 1970-01-05 was a Monday. */
const MONDAY = Math.floor((TEST_INGESTED - 14 * DAY - 4 * DAY) / (7 * DAY)) * 7 * DAY + 4 * DAY;
const NOW = MONDAY + 6 * DAY;
const scope: Scope = { tenants: ['default'], from: MONDAY, to: MONDAY + 7 * DAY };
const lists: Lists = new Map([
  ['office_networks', { kind: 'cidr', values: ['10.0.0.0/8'] }],
  ['bad_domains', { kind: 'domain', values: ['t.example.org'] }],
  ['monitored_domains', { kind: 'domain', values: ['example.com'] }],
  ['approved_cas', { kind: 'text', values: ['Example Issuing CA 1'] }],
]);

const page = readFileSync(new URL('../../docs/COMING-FROM.md', import.meta.url), 'utf8');
type Row = { readonly asked: string; readonly spl: string; readonly kql: string; readonly vigil: string };

/** The rows of the page's tables; `\|` is a bar within a cell. */
function rowsOf(text: string): Row[] {
  const out: Row[] = [];
  for (const line of text.split('\n')) {
    const cells = line.split(/(?<!\\)\|/).map((c) => c.trim().replaceAll('\\|', '|'));
    if (cells.length !== 6 || !cells[4]?.startsWith('`')) continue;
    const [, asked = '', spl = '', kql = '', vigil = ''] = cells;
    out.push({ asked, spl, kql, vigil: vigil.slice(1, -1) });
  }
  return out;
}
const rows = rowsOf(page);

let t: TestStore;
before(async () => {
  t = await openTestStore();
  const normalize = goldenNormalizer(
    await loadSources(new URL('../../content/sources', import.meta.url).pathname),
  );
  const encoder = new BlockEncoder();
  companyWeek(MONDAY).forEach(({ at, raw }, ord) => {
    const bytes = Buffer.from(raw);
    const ingested = at + 2e6;
    const meta = { ...GOLDEN_META, door: 'syslog-tcp', sender: '192.0.2.1' };
    const e = normalize(bytes, meta, ingested);
    assert.equal(e.ts, at - (at % 1e3) + (e.ts % 1e3), `time of ${raw}`);
    const p = testProvenance({ ord, ingested });
    stampOurs(e, p);
    encoder.add(e, p);
  });
  await t.store.insert([encoder.finish()], 'coming-from');
});
after(() => t.end());

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
/** `2026-03-02T03:00:40.000000Z` -> `Mon 03:00:40`: the week is another one every month. */
function ofDay(v: string | number | null): string | number | null {
  if (typeof v !== 'string' || !/^\d{4}-\d\d-\d\dT.*Z$/.test(v)) return v;
  return `${DAYS[Math.floor((Date.parse(v) * 1000 - MONDAY) / DAY)]} ${v.slice(11, 19)}`;
}

/** The number of events, or a table's rows, cells in the order of its columns. */
async function find(text: string): Promise<number | (string | number | null)[][]> {
  const q = parseQuery(text, { now: NOW, lists });
  assert.ok(q.ok, `${text}: ${q.ok ? '' : q.error.message}`);
  assert.deepEqual(q.value.hints, [], text);
  const table = isTable(q.value);
  const c = table ? compileTable(q.value, scope, { lists }) : compileCount(q.value, scope, { lists });
  assert.ok(c.ok, `${text}: ${c.ok ? '' : c.error.message}`);
  const gate = checkSearch(c.value.sql);
  assert.ok(gate.ok, text);
  const r = await t.store.query(c.value.sql, c.value.params, { timeoutMs: 20_000, maxRows: 1000 });
  const cells = r.rows.map((row) => row.map((v, i) => ofDay(tableCell(v, r.columns[i]?.type ?? ''))));
  return table ? cells : Number(cells[0]?.[0]);
}

test('the page has at least 40 searches, each in three languages, each with a result', () => {
  assert.ok(rows.length >= 40, `${rows.length} rows`);
  for (const r of rows)
    for (const cell of [r.spl, r.kql]) assert.match(cell, /^`.+`$/, `${r.asked}: SPL and KQL`);
  assert.equal(new Set(rows.map((r) => r.asked)).size, rows.length, 'no question twice');
  assert.deepEqual(rows.map((r) => r.asked).sort(), [...EXPECTED.keys()].sort());
});

for (const r of rows) {
  test(r.asked, async () => {
    const found = await find(r.vigil);
    const want = EXPECTED.get(r.asked);
    assert.deepEqual(found, want, r.vigil);
    assert.ok(
      Array.isArray(found) ? found.length > 0 : found > 0,
      'a search that finds nothing shows nothing',
    );
  });
}
