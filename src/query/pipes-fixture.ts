/** For tests of pipes: events in a store of their own, and the plain computations that answers are compared with. */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import type { Lists } from '../condition/tree.ts';
import type { FieldValue } from '../model/event.ts';
import { checkSearch } from '../store/engine/guard.ts';
import { BlockEncoder, stampOurs } from '../store/native.ts';
import { openTestStore, TEST_INGESTED, testEvent, testProvenance, type TestStore } from '../store/testing.ts';
import { parseQuery } from './parse.ts';
import { compileTable, type Scope, tableCell } from './sql.ts';

export type Cell = string | number | null;
export type Row = Record<string, Cell>;
export type Plain = {
  readonly ts: number;
  readonly raw: string;
  readonly f: Readonly<Record<string, FieldValue>>;
};

export const EVENTS = 240;
export const STEP_US = 47e6 + 13;
export const NOW = TEST_INGESTED + 86_400e6;
export const scope: Scope = { tenants: ['default'], from: TEST_INGESTED, to: NOW };
export const lists: Lists = new Map([
  ['staff', { kind: 'text', values: ['Alice', 'BOB'] }],
  ['ours', { kind: 'cidr', values: ['10.0.0.0/9', '2001:db8::/32'] }],
  ['office_networks', { kind: 'cidr', values: ['10.0.0.0/16'] }],
  ['bad_domains', { kind: 'domain', values: ['example.org'] }],
]);

/** The list's values over and over, absent where undefined. */
export const pick = <T>(i: number, ...of: readonly T[]): T => of[i % of.length] as T;

export function plain(i: number): Plain {
  const f: Record<string, FieldValue | undefined> = {
    'user.name': pick(i, 'alice', 'bob', 'Carol Ö', undefined, 'alice', '', 'bob'),
    'host.name': pick(i, 'web01', 'web02', 'db01'),
    'source.ip': pick(i, '10.0.1.5', '10.200.0.1', '2001:db8::7', undefined, '192.0.2.9'),
    'source.port': i % 11 === 0 ? undefined : (i * 37) % 5000,
    'source.bytes': i % 4 === 0 ? undefined : (i * i * 91) % 100_000,
    'event.category': pick<FieldValue | undefined>(
      i,
      ['authentication', 'session'],
      ['network'],
      undefined,
      [],
    ),
    'dns.question.name': pick(i, 'www.example.org', 'example.com', undefined),
    'custom.ms': pick<FieldValue | undefined>(i, String(i), 'slow', undefined, i / 8, ['5', 'x', '7.5'], ''),
    'custom.note': pick(i, 'a b', ' pad ', 'x|y', undefined),
    'url.path': `/p${i % 5}/item/${i}`,
  };
  const kept = Object.entries(f).filter(([, v]) => v !== undefined) as [string, FieldValue][];
  const raw = `login ${i} from port ${(i * 37) % 5000}${i % 6 === 0 ? '' : ` session=s${i % 3}`}`;
  return { ts: TEST_INGESTED + i * STEP_US, raw, f: Object.fromEntries(kept) };
}

export const events = Array.from({ length: EVENTS }, (_, i) => plain(i));
/** As a search shows them: newest first. */
export const newest = events.toReversed();
let t: TestStore;

/** To be called once by a test file. */
export function storeEvents(): void {
  before(async () => {
    t = await openTestStore();
    const encoder = new BlockEncoder();
    events.forEach((e, ord) => {
      const made = testEvent(e.f, { text: e.raw, ts: e.ts });
      const p = testProvenance({ ord });
      stampOurs(made, p);
      encoder.add(made, p);
    });
    await t.store.insert([encoder.finish()], 'pipes');
  });
  after(() => t.end());
}

export type Found = { readonly columns: readonly string[]; readonly rows: Row[] };

/** The table, or why the query is refused. Throws where the engine refuses the SQL. */
export async function tried(text: string, within = scope): Promise<Found | string> {
  const q = parseQuery(text, { now: NOW, lists });
  if (!q.ok) return q.error.message;
  const c = compileTable(q.value, within, { lists });
  if (!c.ok) return c.error.message;
  const { columns, sql, params } = c.value;
  const gate = checkSearch(sql);
  assert.ok(gate.ok, `${text}\n${gate.ok ? '' : gate.error}\n${sql}`);
  const r = await t.store.query(sql, params, { timeoutMs: 20_000, maxRows: 10_000 }).catch((e) => {
    throw new Error(`${text}\n${String(e)}\n${sql}`, { cause: e });
  });
  const rows = r.rows.map(
    (row): Row => Object.fromEntries(row.map((v, i) => [columns[i], tableCell(v, r.columns[i]?.type ?? '')])),
  );
  return { columns, rows };
}
export async function run(text: string, within = scope): Promise<Found> {
  const found = await tried(text, within);
  if (typeof found === 'string') assert.fail(`${text}: ${found}`);
  return found;
}
export const rowsOf = async (text: string): Promise<Row[]> => (await run(text)).rows;

// Plain computations.

export const texts = (e: Plain, field: string): string[] => {
  const v = e.f[field];
  if (v === undefined || v === null) return [];
  return Array.isArray(v) ? v.map(String) : [String(v)];
};
/** One cell: null where absent, several values joined. */
export const cell = (e: Plain, field: string): string | null =>
  texts(e, field).length === 0 ? null : texts(e, field).join(', ');
export const numbersIn = (of: readonly Plain[], field: string): number[] =>
  of
    .flatMap((e) => texts(e, field))
    .filter((x) => /^[+-]?\d+([.]\d+)?$/.test(x))
    .map(Number);
export const number = (e: Plain, field: string): number | null =>
  e.f[field] === undefined ? null : Number(e.f[field]);
export const iso = (us: number): string =>
  new Date(us / 1000).toISOString().replace('Z', `${String(us % 1000).padStart(3, '0')}Z`);
export const groups = <T>(of: readonly T[], key: (x: T) => string): Map<string, T[]> => Map.groupBy(of, key);
export const round = (n: number, digits = 0): number => Math.floor(n * 10 ** digits + 0.5) / 10 ** digits;
export const quantile = (sorted: readonly number[], q: number): number | null => {
  if (sorted.length === 0) return null;
  const at = (sorted.length - 1) * q;
  const [low, high] = [sorted[Math.floor(at)] as number, sorted[Math.ceil(at)] as number];
  return low + (high - low) * (at - Math.floor(at));
};
export const stdev = (of: readonly number[]): number | null => {
  if (of.length < 2) return null;
  const mean = of.reduce((a, b) => a + b, 0) / of.length;
  return Math.sqrt(of.reduce((a, b) => a + (b - mean) ** 2, 0) / (of.length - 1));
};
export const near = (got: Cell | undefined, want: number | null, what: string): void => {
  if (want === null) assert.equal(got, null, what);
  else
    assert.ok(
      typeof got === 'number' && Math.abs(got - want) < 1e-6 * Math.max(1, Math.abs(want)),
      `${what}: ${got} ${want}`,
    );
};
