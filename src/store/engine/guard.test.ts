/** The gate lets compiled searches through and refuses everything it does not know. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EVENT_COLUMNS } from '../rows.ts';
import { checkSearch, STATEMENT_CHARS_MAX, tokenize } from './guard.ts';
import { HOSTILE } from './hostile.ts';

const GOOD = [
  'SELECT count() FROM vigil.events',
  `SELECT ${EVENT_COLUMNS} FROM vigil.events WHERE tenant = {t:String} ORDER BY ts DESC, batch DESC LIMIT 500`,
  "SELECT count() FROM vigil.events WHERE ts >= fromUnixTimestamp64Micro({a:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({b:Int64}, 'UTC')",
  'SELECT count() FROM vigil.events WHERE user_name IN {names:Array(String)} AND NOT (lowerUTF8(message) LIKE {p:String})',
  "SELECT count() FROM vigil.events WHERE mapContains(fields, {k:String}) AND fields[{k:String}] = 'it''s \\' ; -- FORMAT file('",
  'SELECT user_name AS `c0; DROP`, quantile(0.95)(source_bytes) AS c1 FROM vigil.events GROUP BY user_name HAVING count() > 5 ORDER BY c1 DESC NULLS LAST LIMIT 10',
  'WITH x AS (SELECT user_name AS u FROM vigil.events) SELECT u, count() FROM x GROUP BY u',
  'SELECT * FROM (SELECT ts FROM vigil.events WHERE arrayExists(v -> lower(v) = {v:String}, event_category)) LIMIT 3',
  'SELECT e FROM vigil.events ARRAY JOIN entities AS e WHERE hasAllTokens(raw, {w:Array(String)})',
  'SELECT toStartOfInterval(ts, INTERVAL 5 MINUTE) AS t, countIf(event_outcome = {o:String}) FROM vigil.events PREWHERE 1 GROUP BY t',
  'SELECT if(isNull(source_port), -1, source_port) + 1.5e3 FROM vigil.events',
];

test('compiled searches pass', () => {
  for (const sql of GOOD) assert.deepEqual(checkSearch(sql), { ok: true, value: true }, sql);
});

test('each hostile statement is refused', () => {
  assert.ok(HOSTILE.length >= 60);
  for (const sql of HOSTILE) assert.equal(checkSearch(sql).ok, false, sql);
});

test('a hostile piece is refused wherever a good statement has room for it', () => {
  const pieces = [
    "file('/etc/passwd')",
    'system.tables',
    '; SELECT 1',
    '-- x',
    '/* x */',
    '# x',
    ' FORMAT Null',
    " INTO OUTFILE 'x'",
    '{x:Identifier}',
  ];
  fc.assert(
    fc.property(fc.constantFrom(...GOOD), fc.constantFrom(...pieces), fc.nat(), (sql, piece, n) => {
      const read = tokenize(sql);
      assert.ok(read.ok);
      const places = read.value.map((t) => t.at).filter((at) => at > 0);
      const at = places[n % places.length] ?? sql.length;
      assert.equal(checkSearch(`${sql.slice(0, at)} ${piece} ${sql.slice(at)}`).ok, false);
    }),
    { numRuns: 300 },
  );
});

test('any text is judged without a throw, and a very long one refused', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      checkSearch(text);
      checkSearch(`SELECT ${text} FROM vigil.events`);
    }),
    { numRuns: 300 },
  );
  assert.equal(checkSearch(`SELECT ${' '.repeat(STATEMENT_CHARS_MAX)}1`).ok, false);
});
