/** `where` and `eval` on the real engine give what a plain computation over the same events gives; all examples run. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { TEST_INGESTED } from '../store/testing.ts';
import {
  cell,
  type Cell,
  EVENTS,
  events,
  groups,
  iso,
  near,
  newest,
  NOW,
  number,
  type Plain,
  round,
  rowsOf,
  run,
  storeEvents,
} from './pipes-fixture.ts';

storeEvents();

test('text of more than 64 characters is no number, as in the filter; of a computed text as well', async () => {
  const [fits, long] = ['0'.repeat(63), '0'.repeat(64)];
  const rows = await rowsOf(
    `| head 1 | eval a = number("${fits}7"), b = number("${long}7"), c = number(concat("${fits}", "7")), ` +
      `d = number(concat("${long}", "7")), e = number(null) | fields a, b, c, d, e`,
  );
  assert.deepEqual(rows, [{ a: 7, b: null, c: 7, d: null, e: null }]);
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
