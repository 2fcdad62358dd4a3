/**
 * Nobody's string becomes SQL: hostile text in every place of a query stands in the bound values alone, and the SQL
 * passes the store's gate. Straight to the engine: `src/store/engine/hostile.int.test.ts`.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quote } from '../condition/print.ts';
import type { Condition } from '../condition/tree.ts';
import { checkSearch } from '../store/engine/guard.ts';
import { parseQuery } from './parse.ts';
import {
  compileCount,
  compileHasData,
  compileHistogram,
  compileRows,
  compileTable,
  isTable,
  type Scope,
} from './sql.ts';

/** Stands in every hostile text; must not be found in any SQL. */
const MARK = 'zqxj';

const HOSTILE: readonly string[] = [
  "' OR 1=1 --",
  "'; DROP TABLE vigil.events; --",
  "') UNION ALL SELECT * FROM system.users --",
  '" OR ""="',
  '`; SELECT 1; `',
  "\\' OR 1=1 --",
  "\\\\' OR 1=1 --",
  "''",
  "'||'",
  '/* comment */',
  '-- comment',
  '# comment',
  '1; SYSTEM SHUTDOWN',
  'SYSTEM DROP MARK CACHE',
  "file('/etc/passwd')",
  "(SELECT * FROM file('/etc/passwd', 'LineAsString'))",
  "url('http://192.0.2.1/', 'CSV', 'a String')",
  "remote('192.0.2.1', 'system', 'users')",
  "s3('http://192.0.2.1/b', 'CSV')",
  "executable('id', 'TSV', 'a String')",
  "mysql('192.0.2.1:3306', 'd', 't', 'u', 'p')",
  "postgresql('192.0.2.1', 'd', 't', 'u', 'p')",
  "dictGet('d', 'a', 1)",
  "joinGet('t', 'a', 1)",
  'sleep(3)',
  "INTO OUTFILE '/tmp/x'",
  'FORMAT Null',
  'SETTINGS max_execution_time = 0',
  "BACKUP DATABASE vigil TO File('/tmp/x')",
  'RESTORE ALL FROM Disk(x)',
  'INSERT INTO vigil.events SELECT 1',
  'ALTER TABLE vigil.events DELETE WHERE 1',
  'CREATE USER x IDENTIFIED BY y',
  'GRANT ALL ON *.* TO x',
  'KILL QUERY WHERE 1',
  'ATTACH TABLE x',
  'SET readonly = 0',
  '{p1:String}',
  '{p1:Identifier}',
  '{x:Identifier}',
  '${process.exit()}',
  '"];process.exit()//',
  '__proto__',
  'constructor.prototype',
  'c1x0',
  'tenant',
  'ts',
  '*',
  'COLUMNS(x)',
  '@@version',
  'system.tables',
  'vigil.events',
  'events.raw',
  '\0',
  'a\nb; DROP TABLE x',
  '\u2028; DROP TABLE x',
  '%',
  '_',
  '%%%%%%',
  '\\%',
  '\ud800',
  'ʼ OR 1=1',
  '＇ OR 1=1',
  '0x27 OR 1=1',
  '$$ SELECT 1 $$',
  "$tag$'$tag$",
  "x' AND sleepEachRow(1) AND 'x",
  'WITH x AS (SELECT 1) SELECT',
  'VALUES (1)',
  'EXPLAIN AST SELECT 1',
].map((t) => `${t}${MARK}`);

const scope: Scope = { tenants: ['default'], from: 0, to: 1e15 };
const lists = { has: () => true, keys: () => [] };

/** Every place where a person's text can stand. */
const PLACES: readonly ((q: string) => string)[] = [
  (q) => q,
  (q) => `word${q}`,
  (q) => `user.name:${q}`,
  (q) => `${q}:x`,
  (q) => `user.name == ${q}`,
  (q) => `${q} == x`,
  (q) => `exists(${q})`,
  (q) => `null(${q})`,
  (q) => `${q} < 5`,
  (q) => `custom.field:${q}`,
  (q) => `source.ip == ${q}`,
  (q) => `source.port IN (1, ${q})`,
  (q) => `user.name IN ${q}`,
  (q) => `${q} IN names`,
  (q) => `keyword(${q})`,
  (q) => `entity(${q})`,
  (q) => `user:${q}`,
  (q) => `fieldref(${q}, contains, ${q})`,
  (q) => `* | stats count() as ${q}`,
  (q) => `* | stats count() by ${q}`,
  (q) => `* | stats dc(${q}), sum(${q}) by host.name`,
  (q) => `* | stats count() as ${q} by host.name | sort -${q} | head 5 | stats max(${q}) by host.name`,
  (q) => `* | sort ${q}`,
  (q) => `* | where ${name(q)} == ${q}`,
  (q) => `* | where user.name in ("a", ${q}) or contains(${name(q)}, ${q})`,
  (q) => `* | where match(user.name, ${q})`,
  (q) => `* | eval x = concat(lower(${q}), ${name(q)}) | fields x`,
  (q) => `* | eval ${q} = 1 + source.port, y = ${name(q)} * 2 | where ${name(q)} > 5`,
  (q) => `* | eval t = time(${q}) | where @timestamp < t`,
  (q) => `* | stats values(${q}), first(${q}), p95(${q}) as n by bin(@timestamp, 5m) as ${q}`,
  (q) => `* | stats count() by bin(source.port, ${q})`,
  (q) => `* | timechart span=1d count() as ${q} by user.name`,
  (q) => `* | timechart limit=2 sum(${q}) as n by ${q}`,
  (q) => `* | timechart limit=${q} count() by user.name`,
  (q) => `* | top 3 ${q} | rename ${q} as x | where contains(x, ${q})`,
  (q) => `* | rare ${q}, user.name`,
  (q) => `* | dedup 2 ${q}, host.name | fields ${q}`,
  (q) => `* | fields - ${q}`,
  (q) => `* | rename ${q} as a, user.name as ${q} | sort -${q}`,
  (q) => `* | where user.name in (search ${q} | fields user.name)`,
  (q) => `* | where user.name not in (search ${q}:${q} | rename user.name as ${q} | fields ${q})`,
  (q) => `* | transaction ${q} maxpause=5m values(${q}) as v`,
  (q) => `* | transaction user.name maxpause=${q}`,
  (q) => `* | rex field=${q} "(?<a>x)" | stats count() by a`,
  (q) => `* | rex ${q}`,
  (q) => `* | rex "(?<${q}>x)"`,
  (q) => `* | lookup names ${q} as ${q} | where ${name(q)}`,
  (q) => `* | eval x = ${q} | lookup names x | lookup ${q} x as y`,
];
/** Refused as they stand whatever the quoting: no such function, size, number or regular expression. */
const MAY_REFUSE =
  /^\* \| (where match|stats count\(\) by bin\(source|timechart limit|transaction user|fields - |rex [^f])/;

/** The quoted text as a name in an expression. */
function name(q: string): string {
  return q.startsWith('"') ? `\`${q.slice(1, -1).replaceAll('\\"', '"').replaceAll('`', '\\`')}\`` : q;
}

test('there are enough hostile texts', () => {
  assert.ok(HOSTILE.length >= 60, String(HOSTILE.length));
});

test('hostile text is bound, never SQL', () => {
  let compiledCount = 0;
  for (const hostile of HOSTILE) {
    const env = {
      lists: new Map([
        [hostile.toWellFormed(), { kind: 'text', values: [hostile] }],
        ['names', { kind: 'domain', values: [hostile] }],
      ] as const),
    };
    for (const place of PLACES) {
      // As typed (most are refused or mean something else) and properly quoted (all are understood).
      for (const written of [hostile, quote(hostile)]) {
        const q = parseQuery(place(written), { now: 0, lists });
        if (!q.ok) {
          const fine = written !== quote(hostile) || MAY_REFUSE.test(place(written));
          assert.ok(fine, `${place(written)}: ${q.error.message}`);
          continue;
        }
        const made = [
          isTable(q.value)
            ? compileTable(q.value, scope, env)
            : compileRows(q.value, scope, env, { limit: 10 }),
          compileCount(q.value, scope, env),
          compileHistogram(q.value, scope, env, 1e12),
        ];
        for (const c of made) {
          if (!c.ok) continue;
          compiledCount++;
          assert.ok(!c.value.sql.includes(MARK), `${place(written)}\n${c.value.sql}`);
          const gate = checkSearch(c.value.sql);
          assert.ok(gate.ok, `${place(written)}\n${c.value.sql}\n${gate.ok ? '' : gate.error}`);
        }
      }
    }
  }
  assert.ok(compiledCount > HOSTILE.length * PLACES.length, String(compiledCount));
});

test('hostile tenants, lists and row filters are bound too', () => {
  for (const hostile of HOSTILE) {
    const rowFilter: Condition = {
      kind: 'like',
      field: hostile,
      pattern: [{ kind: 'text', text: hostile }],
      cased: true,
    };
    const c = compileHasData({ tenants: [hostile, 'b'], rowFilter, from: 0, to: 1 }, { lists: new Map() });
    assert.ok(c.ok && !c.value.sql.includes(MARK) && checkSearch(c.value.sql).ok);
  }
});

test('no search without a scope', () => {
  const query = { filter: { kind: 'const', value: true } as Condition, pipes: [] };
  const env = { lists: new Map() };
  const bad: unknown[] = [
    undefined,
    {},
    { tenants: [], from: 0, to: 1 },
    { tenants: [''], from: 0, to: 1 },
    { tenants: 'default', from: 0, to: 1 },
    { tenants: ['a'], from: 0 },
    { tenants: ['a'], from: Number.NaN, to: 1 },
    { tenants: ['a'], from: 0, to: Number.POSITIVE_INFINITY },
  ];
  for (const s of bad)
    assert.throws(() => compileCount(query, s as Scope, env), /bug: a search/, JSON.stringify(s));
  // A row filter that over-approximates would show what must not be seen.
  const rowFilter: Condition = { kind: 'keyword', pattern: [{ kind: 'one' }], cased: false };
  const r = compileCount(query, { ...scope, rowFilter }, env);
  assert.ok(!r.ok && /row filter/.test(r.error.message));
});
