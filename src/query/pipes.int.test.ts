/** Every pipe on the real engine gives what a plain computation over the same events gives. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TEST_INGESTED } from '../store/testing.ts';
import {
  cell,
  EVENTS,
  events,
  groups,
  iso,
  near,
  newest,
  number,
  numbersIn,
  type Plain,
  quantile,
  round,
  type Row,
  rowsOf,
  run,
  scope,
  stdev,
  STEP_US,
  texts,
  storeEvents,
} from './pipes-fixture.ts';

storeEvents();

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
