/** Every pipe on the real engine gives what a plain computation over the same events gives. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { Lists } from '../condition/tree.ts';
import type { FieldValue } from '../model/event.ts';
import { BlockEncoder, stampOurs } from '../store/native.ts';
import { openTestStore, TEST_INGESTED, testEvent, testProvenance, type TestStore } from '../store/testing.ts';
import { parseQuery } from './parse.ts';
import { compileTable, type Scope, tableCell } from './sql.ts';

type Cell = string | number | null;
type Row = Record<string, Cell>;
type Plain = { readonly ts: number; readonly raw: string; readonly f: Readonly<Record<string, FieldValue>> };

const EVENTS = 240;
const STEP_US = 47e6 + 13;
const NOW = TEST_INGESTED + 86_400e6;
const scope: Scope = { tenants: ['default'], from: TEST_INGESTED, to: NOW };
const lists: Lists = new Map([
  ['staff', { kind: 'text', values: ['Alice', 'BOB'] }],
  ['ours', { kind: 'cidr', values: ['10.0.0.0/9', '2001:db8::/32'] }],
  ['office_networks', { kind: 'cidr', values: ['10.0.0.0/16'] }],
  ['bad_domains', { kind: 'domain', values: ['example.org'] }],
]);

/** The list's values over and over, absent where undefined. */
const pick = <T>(i: number, ...of: readonly T[]): T => of[i % of.length] as T;

function plain(i: number): Plain {
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

const events = Array.from({ length: EVENTS }, (_, i) => plain(i));
/** As a search shows them: newest first. */
const newest = events.toReversed();
let t: TestStore;

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

async function run(text: string, within = scope): Promise<{ columns: readonly string[]; rows: Row[] }> {
  const q = parseQuery(text, { now: NOW, lists });
  assert.ok(q.ok, `${text}: ${q.ok ? '' : q.error.message}`);
  const c = compileTable(q.value, within, { lists });
  assert.ok(c.ok, `${text}: ${c.ok ? '' : c.error.message}`);
  const { columns } = c.value;
  const r = await t.store
    .query(c.value.sql, c.value.params, { timeoutMs: 20_000, maxRows: 10_000 })
    .catch((e) => {
      throw new Error(`${text}\n${c.value.sql}`, { cause: e });
    });
  const rows = r.rows.map(
    (row): Row => Object.fromEntries(row.map((v, i) => [columns[i], tableCell(v, r.columns[i]?.type ?? '')])),
  );
  return { columns, rows };
}
const rowsOf = async (text: string): Promise<Row[]> => (await run(text)).rows;

// Plain computations.

const texts = (e: Plain, field: string): string[] => {
  const v = e.f[field];
  if (v === undefined || v === null) return [];
  return Array.isArray(v) ? v.map(String) : [String(v)];
};
/** One cell: null where absent, several values joined. */
const cell = (e: Plain, field: string): string | null =>
  texts(e, field).length === 0 ? null : texts(e, field).join(', ');
const numbersIn = (of: readonly Plain[], field: string): number[] =>
  of
    .flatMap((e) => texts(e, field))
    .filter((x) => /^[+-]?\d+([.]\d+)?$/.test(x))
    .map(Number);
const number = (e: Plain, field: string): number | null =>
  e.f[field] === undefined ? null : Number(e.f[field]);
const iso = (us: number): string =>
  new Date(us / 1000).toISOString().replace('Z', `${String(us % 1000).padStart(3, '0')}Z`);
const groups = <T>(of: readonly T[], key: (x: T) => string): Map<string, T[]> => Map.groupBy(of, key);
const round = (n: number, digits = 0): number => Math.floor(n * 10 ** digits + 0.5) / 10 ** digits;
const quantile = (sorted: readonly number[], q: number): number | null => {
  if (sorted.length === 0) return null;
  const at = (sorted.length - 1) * q;
  const [low, high] = [sorted[Math.floor(at)] as number, sorted[Math.ceil(at)] as number];
  return low + (high - low) * (at - Math.floor(at));
};
const stdev = (of: readonly number[]): number | null => {
  if (of.length < 2) return null;
  const mean = of.reduce((a, b) => a + b, 0) / of.length;
  return Math.sqrt(of.reduce((a, b) => a + (b - mean) ** 2, 0) / (of.length - 1));
};
const near = (got: Cell | undefined, want: number | null, what: string): void => {
  if (want === null) assert.equal(got, null, what);
  else
    assert.ok(
      typeof got === 'number' && Math.abs(got - want) < 1e-6 * Math.max(1, Math.abs(want)),
      `${what}: ${got} ${want}`,
    );
};

test('stats: percentiles, median, deviation, values, first and last', async () => {
  for (const [field, want] of [
    ['source.bytes', 'column'],
    ['custom.ms', 'any'],
  ]) {
    const rows = await rowsOf(
      `| stats count() as n, median(${field}) as md, p50(${field}) as a, p90(${field}) as b, p95(${field}) as c, p99(${field}) as d, stdev(${field}) as sd, values(event.category) as v, first(user.name) as f, last(user.name) as l by host.name`,
    );
    const hosts = groups(events, (e) => String(e.f['host.name']));
    assert.equal(rows.length, hosts.size);
    for (const row of rows) {
      const of = hosts.get(String(row['host.name'])) as Plain[];
      const sorted = numbersIn(of, field as string).sort((a, b) => a - b);
      const what = `${field} (${want}) ${row['host.name']}`;
      assert.equal(row['n'], of.length, what);
      for (const [column, q] of [
        ['md', 0.5],
        ['a', 0.5],
        ['b', 0.9],
        ['c', 0.95],
        ['d', 0.99],
      ] as const)
        near(row[column], quantile(sorted, q), `${what} ${column}`);
      near(row['sd'], stdev(sorted), `${what} sd`);
      const seen = [...new Set(of.flatMap((e) => texts(e, 'event.category')))].sort();
      assert.equal(row['v'], seen.join(', '), what);
      const named = of.filter((e) => e.f['user.name'] !== undefined);
      assert.equal(row['f'], named[0]?.f['user.name'], what);
      assert.equal(row['l'], named.at(-1)?.f['user.name'], what);
    }
  }
});

test('stats: nothing to compute from is null, and so it is over a table', async () => {
  const [row] = await rowsOf(
    '| stats p95(nowhere) as a, stdev(nowhere) as b, values(nowhere) as c, first(nowhere) as d, median(source.bytes) as e',
  );
  assert.deepEqual([row?.['a'], row?.['b'], row?.['c'], row?.['d']], [null, null, null, null]);
  const [over] = await rowsOf(
    '| stats count() as n by host.name, user.name | stats p90(n) as p, median(n) as m, values(host.name) as v, dc(user.name) as d',
  );
  const counts = [...groups(events, (e) => `${e.f['host.name']} ${e.f['user.name']}`).values()]
    .map((g) => g.length)
    .sort((a, b) => a - b);
  near(over?.['p'], quantile(counts, 0.9), 'p90');
  near(over?.['m'], quantile(counts, 0.5), 'median');
  assert.equal(over?.['v'], 'db01, web01, web02');
  assert.equal(over?.['d'], 4);
});

test('stats by bin', async () => {
  const rows = await rowsOf('| stats count() as n by bin(@timestamp, 10m), bin(source.bytes, 20000) as kb');
  const want = groups(events, (e) => {
    const kb = number(e, 'source.bytes');
    return `${iso(e.ts - (e.ts % 600e6))} ${kb === null ? null : Math.floor(kb / 20000) * 20000}`;
  });
  assert.equal(rows.length, want.size);
  for (const r of rows)
    assert.equal(r['n'], want.get(`${r['@timestamp']} ${r['kb']}`)?.length, JSON.stringify(r));
  const weeks = await rowsOf('| stats count() by bin(@timestamp, 1w)');
  for (const r of weeks) assert.equal(new Date(`${String(r['@timestamp']).slice(0, 23)}Z`).getUTCDay(), 1);
});

test('timechart: buckets, series, the others together', async () => {
  const plainChart = await rowsOf('user.name:bob | timechart span=15m count() as n');
  const bob = groups(
    events.filter((e) => e.f['user.name'] === 'bob'),
    (e) => iso(e.ts - (e.ts % 900e6)),
  );
  assert.deepEqual(
    plainChart.map((r) => [r['@timestamp'], r['n']]),
    [...bob].map(([k, v]) => [k, v.length]),
  );
  const { columns, rows } = await run(
    '| timechart span=1h limit=2 count() as n, max(source.bytes) as m by user.name',
  );
  assert.deepEqual(columns, ['@timestamp', 'user.name', 'n', 'm']);
  const frequency = [
    ...groups(
      events.filter((e) => e.f['user.name'] !== undefined),
      (e) => String(e.f['user.name']),
    ),
  ];
  const top = frequency
    .sort((a, b) => b[1].length - a[1].length)
    .slice(0, 2)
    .map(([k]) => k);
  const series = (e: Plain): string => {
    const u = e.f['user.name'];
    return u === undefined ? 'null' : top.includes(String(u)) ? String(u) : '(other)';
  };
  const want = groups(events, (e) => `${iso(e.ts - (e.ts % 3600e6))} ${series(e)}`);
  assert.equal(rows.length, want.size);
  for (const r of rows) {
    const of = want.get(`${r['@timestamp']} ${r['user.name']}`) ?? [];
    assert.equal(r['n'], of.length, JSON.stringify(r));
    assert.equal(r['m'], Math.max(...numbersIn(of, 'source.bytes')), JSON.stringify(r));
  }
  const multi = await rowsOf(
    '| timechart count() as n by event.category | stats sum(n) as n by event.category',
  );
  assert.equal(multi.find((r) => r['event.category'] === 'session')?.['n'], EVENTS / 4);
  assert.ok((await rowsOf('| eval day = hour(@timestamp) | timechart count() by day')).length > 1);
});

test('top and rare', async () => {
  const named = events.filter((e) => e.f['user.name'] !== undefined);
  const counts = [...groups(named, (e) => String(e.f['user.name']))].map(([k, v]) => [k, v.length] as const);
  const want = (dir: number) =>
    counts
      .toSorted((a, b) => dir * (a[1] - b[1]) || (a[0] < b[0] ? -1 : 1))
      .map(([k, n]) => ({ 'user.name': k, count: n, percent: round((100 * n) / named.length, 2) }));
  assert.deepEqual(await rowsOf('| top 3 user.name'), want(-1).slice(0, 3));
  assert.deepEqual(await rowsOf('| rare 2 user.name'), want(1).slice(0, 2));
  const [first] = await rowsOf('| top 1 event.category, host.name');
  assert.ok(['authentication', 'network', 'session'].includes(String(first?.['event.category'])));
  assert.equal((await rowsOf('| top source.port')).length, 10);
});

test('where over events and over tables', async () => {
  const ids = async (text: string): Promise<string[]> =>
    (await rowsOf(`${text} | fields url.path | head 1000`)).map((r) => String(r['url.path']));
  const is = (f: (e: Plain) => boolean): string[] => newest.filter(f).map((e) => String(e.f['url.path']));
  const n = (e: Plain, f: string): number => number(e, f) ?? Number.NaN;
  const u = (e: Plain): string | undefined => e.f['user.name'] as string | undefined;
  const cases: [string, (e: Plain) => boolean][] = [
    [
      'source.port > 1024 and source.bytes <= 50000',
      (e) => n(e, 'source.port') > 1024 && n(e, 'source.bytes') <= 50000,
    ],
    ['user.name == "alice" OR user.name == "Carol Ö"', (e) => u(e) === 'alice' || u(e) === 'Carol Ö'],
    ['user.name != "alice"', (e) => u(e) !== 'alice'],
    ['not (user.name == "alice")', (e) => u(e) !== 'alice'],
    ['user.name == ""', (e) => u(e) === ''],
    ['isnull(user.name)', (e) => u(e) === undefined],
    ['user.name in ("bob", "")', (e) => u(e) === 'bob' || u(e) === ''],
    ['user.name not in ("bob", "")', (e) => u(e) !== 'bob' && u(e) !== ''],
    ['source.port in (37, 74, 111)', (e) => [37, 74, 111].includes(n(e, 'source.port'))],
    [
      'custom.ms >= 20',
      (e) =>
        !Array.isArray(e.f['custom.ms']) &&
        /^[\d.]+$/.test(String(e.f['custom.ms'])) &&
        n(e, 'custom.ms') >= 20,
    ],
    ['source.ip == "10.0.1.5"', (e) => e.f['source.ip'] === '10.0.1.5'],
    [
      'startswith(url.path, "/p3/") and endswith(url.path, "3")',
      (e) => /^\/p3\/.*3$/.test(String(e.f['url.path'])),
    ],
    ['contains(lower(user.name), "ö")', (e) => u(e)?.toLowerCase().includes('ö') === true],
    ['match(event.original, "port 1[0-9]{3}\\b")', (e) => /port 1\d{3}\b/.test(e.raw)],
    ['source.port / 0 > 1 or source.port % 10 == 3', (e) => n(e, 'source.port') % 10 === 3],
    [`@timestamp < "${iso(TEST_INGESTED + 1000e6)}"`, (e) => e.ts < TEST_INGESTED + 1000e6],
    ['@timestamp > now() - 1d + 2h', (e) => e.ts > NOW - 22 * 3600e6],
    [
      'event.category == "authentication, session"',
      (e) => Array.isArray(e.f['event.category']) && e.f['event.category'].length === 2,
    ],
    ['(source.port > 2000) == true', (e) => n(e, 'source.port') > 2000],
    ['source.bytes > source.port * 10 - 5', (e) => n(e, 'source.bytes') > n(e, 'source.port') * 10 - 5],
  ];
  for (const [test, holds] of cases) {
    const want = is(holds);
    assert.ok(want.length > 0 || test.includes('/ 0'), `the sample holds some: ${test}`);
    assert.deepEqual(await ids(`| where ${test}`), want, test);
  }
  const rows = await rowsOf(
    '| stats count() as n, sum(source.bytes) by user.name | where n > 40 and sum(source.bytes) > 10',
  );
  assert.deepEqual(
    rows.map((r) => r['user.name']).sort(),
    [...groups(events, (e) => String(u(e)))]
      .filter(([, v]) => v.length > 40)
      .map(([k]) => k)
      .sort(),
  );
});

test('eval: every function', async () => {
  const num = (f: string) => (e: Plain) => number(e, f);
  const port = num('source.port');
  const user = (e: Plain): string | null => cell(e, 'user.name');
  const when = (x: Cell, f: (x: never) => Cell): Cell => (x === null ? null : f(x as never));
  const cases: [string, (e: Plain) => Cell][] = [
    ['source.port + 1 * 2 - -3', (e) => when(port(e), (x: number) => x + 5)],
    ['(source.port + 1) * 2 % 7', (e) => when(port(e), (x: number) => ((x + 1) * 2) % 7)],
    ['1 / (source.port - source.port)', () => null],
    ['if(source.port > 2500, "high", "low")', (e) => ((port(e) ?? 0) > 2500 ? 'high' : 'low')],
    [
      'if(source.port > 2500, source.port, user.name)',
      (e) => ((port(e) ?? 0) > 2500 ? String(port(e)) : user(e)),
    ],
    ['if(user.name == "bob", 1, null)', (e) => (user(e) === 'bob' ? 1 : null)],
    ['coalesce(user.name, host.name)', (e) => user(e) ?? cell(e, 'host.name')],
    ['lower(upper(user.name))', (e) => when(user(e), (x: string) => x.toUpperCase().toLowerCase())],
    ['upper(user.name)', (e) => when(user(e), (x: string) => x.toUpperCase())],
    ['trim(custom.note)', (e) => when(cell(e, 'custom.note'), (x: string) => x.trim())],
    ['len(user.name)', (e) => when(user(e), (x: string) => x.length)],
    [
      'concat(user.name, "@", host.name, ":", source.port)',
      (e) => (user(e) === null || port(e) === null ? null : `${user(e)}@${e.f['host.name']}:${port(e)}`),
    ],
    ['substr(url.path, 2, 2)', (e) => String(e.f['url.path']).slice(1, 3)],
    ['substr(url.path, 4)', (e) => String(e.f['url.path']).slice(3)],
    ['contains(url.path, "item/1")', (e) => String(String(e.f['url.path']).includes('item/1'))],
    ['match(url.path, "[0-9]{3}$")', (e) => String(/\d{3}$/.test(String(e.f['url.path'])))],
    ['round(source.port / 8, 2)', (e) => when(port(e), (x: number) => round(x / 8, 2))],
    ['round(source.port / 2)', (e) => when(port(e), (x: number) => round(x / 2))],
    [
      'floor(source.port / 8) + ceil(source.port / 8)',
      (e) => when(port(e), (x: number) => Math.floor(x / 8) + Math.ceil(x / 8)),
    ],
    ['abs(-source.port)', port],
    ['bin(source.port, 250)', (e) => when(port(e), (x: number) => Math.floor(x / 250) * 250)],
    ['bin(@timestamp, 5m)', (e) => iso(e.ts - (e.ts % 300e6))],
    ['hour(@timestamp)', (e) => new Date(e.ts / 1000).getUTCHours()],
    ['weekday(@timestamp)', (e) => new Date(e.ts / 1000).getUTCDay() || 7],
    ['@timestamp + 90s', (e) => iso(e.ts + 90e6)],
    ['now() - @timestamp', (e) => (NOW - e.ts) / 1e6],
    [
      'number(custom.ms)',
      (e) => when(cell(e, 'custom.ms'), (x: string) => (/^[\d.]+$/.test(x) ? Number(x) : null)),
    ],
    ['text(source.port)', (e) => when(port(e), (x: number) => String(x))],
    ['time(concat("2026-03-0", "5T00:00:01Z"))', () => '2026-03-05T00:00:01.000000Z'],
    ['isnull(user.name) or not true', (e) => String(user(e) === null)],
    ['custom.note', (e) => cell(e, 'custom.note')],
    ['source.ip', (e) => cell(e, 'source.ip')],
    ['event.category', (e) => cell(e, 'event.category')],
    ['null', () => null],
  ];
  for (const [expression, want] of cases) {
    const rows = await rowsOf(`| eval x = ${expression} | fields url.path, x`);
    assert.equal(rows.length, EVENTS);
    const byPath = new Map(rows.map((r) => [r['url.path'], r['x']]));
    for (const e of events) {
      const [got, wanted] = [byPath.get(String(e.f['url.path'])), want(e)];
      const what = `${expression} ${JSON.stringify(e.f)}`;
      if (typeof wanted === 'number') near(got, wanted, what);
      else assert.equal(got, wanted, what);
    }
  }
});

test('eval: several columns, a replaced one, columns in later pipes', async () => {
  const { columns, rows } = await run(
    '| eval a = source.port * 2, b = a + 1, a = b, user.name = lower(user.name) | head 5',
  );
  assert.deepEqual(columns, ['@timestamp', 'host.name', 'vigil.source', 'message', 'b', 'a', 'user.name']);
  assert.deepEqual(
    rows.map((r) => [r['@timestamp'], r['a'], r['b'], r['user.name']]),
    newest.slice(0, 5).map((e) => {
      const p = number(e, 'source.port');
      return [
        iso(e.ts),
        p === null ? null : p * 2 + 1,
        p === null ? null : p * 2 + 1,
        cell(e, 'user.name')?.toLowerCase() ?? null,
      ];
    }),
  );
  const [sum] = await rowsOf(
    '| eval big = source.bytes > 50000 | stats count() as n by big | where big | fields n',
  );
  assert.equal(sum?.['n'], events.filter((e) => (number(e, 'source.bytes') ?? 0) > 50000).length);
});

test('dedup, sort, head, fields, rename', async () => {
  const rows = await rowsOf('| dedup user.name | fields user.name, url.path');
  const firsts = [...groups(newest, (e) => String(e.f['user.name']))].map(([, v]) => v[0] as Plain);
  assert.deepEqual(
    rows,
    firsts.map((e) => ({ 'user.name': cell(e, 'user.name'), 'url.path': e.f['url.path'] })),
  );
  const two = await rowsOf('| sort source.bytes | dedup 2 host.name | fields host.name, source.bytes');
  assert.equal(two.length, 6);
  for (const [host, of] of groups(events, (e) => String(e.f['host.name']))) {
    const least = numbersIn(of, 'source.bytes')
      .sort((a, b) => a - b)
      .slice(0, 2);
    assert.deepEqual(
      two.filter((r) => r['host.name'] === host).map((r) => r['source.bytes']),
      least,
    );
  }
  const renamed = await run('| rename user.name as who | where who == "bob" | sort -source.port | head 3');
  assert.deepEqual(renamed.columns, [
    '@timestamp',
    'host.name',
    'vigil.source',
    'message',
    'source.port',
    'who',
  ]);
  const ports = numbersIn(
    events.filter((e) => e.f['user.name'] === 'bob'),
    'source.port',
  ).sort((a, b) => b - a);
  assert.deepEqual(
    renamed.rows.map((r) => r['source.port']),
    ports.slice(0, 3),
  );
  const swapped = await run(
    '| stats count() as n, dc(user.name) as u by host.name | rename n as events, host.name as h | fields - u',
  );
  assert.deepEqual(swapped.columns, ['h', 'events']);
  assert.equal(swapped.rows.length, 3);
  assert.deepEqual((await run('| fields - message, @timestamp | head 1')).columns, [
    'host.name',
    'vigil.source',
  ]);
  assert.equal(
    (await rowsOf('| head 30 | where source.port > 0 | head 100')).length,
    newest.slice(0, 30).filter((e) => (number(e, 'source.port') ?? 0) > 0).length,
  );
});

test('rex: from the raw text, from a field, from a column', async () => {
  const rows = await rowsOf('| rex "port (?<p>[0-9]+)(?: session=(?<s>s[0-9]))?" | fields url.path, p, s');
  for (const r of rows) {
    const e = events.find((x) => x.f['url.path'] === r['url.path']) as Plain;
    const m = /port (\d+)(?: session=(s\d))?/.exec(e.raw);
    assert.deepEqual([r['p'], r['s']], [m?.[1], m?.[2] ?? null]);
  }
  const by = await rowsOf('| rex field=url.path "^/(?<dir>[^/]+)/" | stats count() as n by dir | sort dir');
  assert.deepEqual(
    by.map((r) => [r['dir'], r['n']]),
    ['p0', 'p1', 'p2', 'p3', 'p4'].map((d) => [d, EVENTS / 5]),
  );
  const deep = await rowsOf(
    '| eval line = concat(user.name, "=", url.path) | rex field=line "^(?<a>.*)=/p(?<b>[0-4])" | where b == 4 | stats count() as n by a | sort a',
  );
  const want = groups(
    events.filter((e, i) => i % 5 === 4 && e.f['user.name'] !== undefined),
    (e) => String(e.f['user.name']),
  );
  assert.equal(
    deep.reduce((n, r) => n + Number(r['n']), 0),
    [...want.values()].reduce((n, v) => n + v.length, 0),
  );
  assert.ok(
    deep.some((r) => r['a'] === null),
    'an empty group is null',
  );
});

test('lookup agrees with IN', async () => {
  for (const [list, field] of [
    ['staff', 'user.name'],
    ['ours', 'source.ip'],
    ['bad_domains', 'dns.question.name'],
  ]) {
    const [found] = await rowsOf(`${field} IN ${list} | stats count() as n`);
    assert.ok(Number(found?.['n']) > 10, list);
    const [looked] = await rowsOf(`| lookup ${list} ${field} as yes | where yes | stats count() as n`);
    assert.deepEqual(looked, found, list);
    const [column] = await rowsOf(
      `| eval c = ${field} | lookup ${list} c | where ${list} == true | stats count() as n`,
    );
    assert.deepEqual(column, found, list);
  }
});

test('a search within the search', async () => {
  const bob = new Set(events.filter((e) => e.f['user.name'] === 'bob').map((e) => e.f['source.port']));
  const [found] = await rowsOf(
    '| where source.port in (search user.name:bob | fields source.port) | stats count() as n',
  );
  assert.equal(
    found?.['n'],
    events.filter((e) => e.f['source.port'] !== undefined && bob.has(e.f['source.port'])).length,
  );
  const [rest] = await rowsOf(
    '| where source.port not in (search user.name:bob | fields source.port) | stats count() as n',
  );
  assert.equal(Number(rest?.['n']) + Number(found?.['n']), EVENTS);
  const [top] = await rowsOf(
    '| where host.name == "web01" and (user.name in (search host.name:db01 | top 1 user.name) or false) | stats count() as n, dc(user.name) as d',
  );
  assert.equal(top?.['d'], 1);
  const [deep] = await rowsOf(
    '| where source.ip in (search * | where user.name in (search user.name:bob | fields user.name) | stats count() by source.ip) | stats count() as n',
  );
  const ips = new Set(events.filter((e) => e.f['user.name'] === 'bob').map((e) => e.f['source.ip']));
  assert.equal(
    deep?.['n'],
    events.filter((e) => e.f['source.ip'] !== undefined && ips.has(e.f['source.ip'])).length,
  );
  const [times] = await rowsOf(
    '| where @timestamp in (search * | head 7 | fields @timestamp) | stats count() as n',
  );
  assert.equal(times?.['n'], 7);
});

test('transaction', async () => {
  // Every third event is of one host; pauses come from the events that the filter leaves out.
  const kept = events.filter((e, i) => i % 40 < 25 && e.f['user.name'] !== undefined);
  const rows = await rowsOf(
    `| eval i = number(substr(url.path, 10)) | where i % 40 < 25 | transaction user.name, host.name maxpause=20m values(url.path) as paths, max(source.bytes) as m`,
  );
  const want: Row[] = [];
  for (const of of groups(kept, (e) => `${e.f['user.name']} ${e.f['host.name']}`).values()) {
    let run: Plain[] = [];
    const close = (): void => {
      const [a, z] = [run[0] as Plain, run.at(-1) as Plain];
      const bytes = numbersIn(run, 'source.bytes');
      want.push({
        '@timestamp': iso(a.ts),
        end: iso(z.ts),
        'user.name': cell(a, 'user.name'),
        'host.name': cell(a, 'host.name'),
        duration: (z.ts - a.ts) / 1e6,
        count: run.length,
        paths: run
          .map((e) => String(e.f['url.path']))
          .sort()
          .join(', '),
        m: bytes.length === 0 ? null : Math.max(...bytes),
      });
      run = [];
    };
    for (const e of of) {
      if (run.length > 0 && e.ts - (run.at(-1) as Plain).ts > 1200e6) close();
      run.push(e);
    }
    close();
  }
  const key = (r: Row): string => JSON.stringify(r);
  assert.ok(want.length > 25 && want.some((r) => Number(r['count']) > 1), String(want.length));
  assert.deepEqual(rows.map(key).sort(), want.map(key).sort());
  const [one] = await rowsOf(
    '| transaction event.category maxpause=1d | where `event.category` == "session"',
  );
  assert.equal(one?.['count'], EVENTS / 4);
});

test('no pipe sees beyond tenant, time range and row filter', async () => {
  const rowFilter = { kind: 'equals', field: 'host.name', values: ['web01'], cased: true } as const;
  const narrow = { ...scope, rowFilter, from: TEST_INGESTED + 100 * STEP_US };
  const inside = events.filter((e, i) => i >= 100 && e.f['host.name'] === 'web01').length;
  const hidden = 'user.name in (search host.name:web02 | fields user.name) | stats count() as n';
  assert.equal((await run(`| where ${hidden}`, narrow)).rows[0]?.['n'], 0);
  assert.notEqual((await run(`| where ${hidden}`)).rows[0]?.['n'], 0);
  for (const pipes of [
    'eval a = 1 | stats count() as n',
    'where true or false | stats count() as n',
    'rex "(?<a>l)" | stats count() as n',
    'lookup staff user.name | stats count() as n',
    'dedup url.path | stats count() as n',
    'timechart limit=1 count() as n by user.name | stats sum(n) as n',
    'rename host.name as h | stats count() as n',
    'sort user.name | head 1000 | stats count() as n',
    'where url.path in (search * | fields url.path) | stats count() as n',
    'transaction url.path | stats sum(count) as n',
  ]) {
    assert.equal((await run(`| ${pipes}`, narrow)).rows[0]?.['n'], inside, pipes);
    assert.ok(
      [0, null, undefined].includes(
        (await run(`| ${pipes}`, { ...scope, tenants: ['other'] })).rows[0]?.['n'] as never,
      ),
      pipes,
    );
  }
});

test('every example of the page and odd mixtures run', async () => {
  const doc = readFileSync(new URL('../../docs/SEARCH.md', import.meta.url), 'utf8');
  const examples = [...doc.matchAll(/^\| `(.*\\\|.*?)` \|/gm)].map((m) =>
    (m[1] as string).replaceAll('\\|', '|'),
  );
  assert.ok(examples.length > 30);
  const types = [
    'user.name',
    'source.port',
    '@timestamp',
    'source.ip',
    'event.category',
    'custom.ms',
    'vigil.batch',
    'vigil.door',
    'x509.not_after',
    'event.original',
  ];
  for (const f of types) {
    examples.push(
      `| eval x = ${f}, y = if(isnull(x), null, x), z = coalesce(y, ${f}) | sort -z, x | fields x, y, z`,
      `| stats dc(${f}), values(${f}), first(${f}), last(${f}) by ${f}`,
      `| eval x = ${f} | stats dc(x), values(x), first(x), last(x) by x | stats values(x), dc(x)`,
      `| top ${f} | where text(${f}) == "x" or text(${f}) in ("1", 2) or isnull(${f})`,
      `| dedup ${f} | eval q = ${f} | rename q as r | rex field=r "(?<q>.)" | lookup ours r | timechart limit=2 count() by r`,
      `| eval s = ${f} | timechart span=1h dc(${f}), values(${f}) by s`,
      `| rare 2 ${f}, host.name | eval t = text(${f}), l = len(t)`,
    );
  }
  for (const text of examples) await run(text);
});
