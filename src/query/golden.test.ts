/** The SQL of typical searches, as text: `golden.sql`. A change of it is seen in review. Rewrite with UPDATE_GOLDEN=1. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { checkSearch } from '../store/engine/guard.ts';
import { parseQuery } from './parse.ts';
import {
  compileCount,
  compileHasData,
  compileHistogram,
  compileRows,
  compileTable,
  compileWhere,
  type Scope,
} from './sql.ts';

const FILE = new URL('./golden.sql', import.meta.url);
const NOW = Date.UTC(2026, 2, 5) * 1000;
const scope: Scope = { tenants: ['default'], from: NOW - 86_400e6, to: NOW };
const env = {
  lists: new Map([
    ['approved_cas', { kind: 'text', values: ['Example CA', 'Other CA'] }],
    ['monitored', { kind: 'domain', values: ['example.com'] }],
    ['issuers', { kind: 'issuer', values: ['Example CA', 'CN=Other CA,O=Other'] }],
    ['ours', { kind: 'cidr', values: ['10.0.0.0/8', '::/0'] }],
  ] as const),
};

const FILTERS = [
  '',
  'failed',
  '"failed password" NOT root',
  '10.0.1.5',
  'user:root',
  'user.name:root OR user.name == Root',
  'user.name:""',
  'user.name:ro*',
  'message:*100%_\\\\*',
  'user.name IN (alice, bob)',
  'event.category:authentication',
  'source.ip:10.0.1.5',
  'source.ip:10.0.0.0/8',
  'NOT source.port:22',
  'source.port >= 1024',
  'x509.not_after < now+30d',
  '@timestamp:2026-03-04',
  'exists(user.name) null(source.ip) custom.x:*',
  'custom.x:v NOT custom.x == ""',
  'custom.x > 1.5',
  'custom.ip:10.0.0.0/8',
  'url.path =~ "^/admin"i',
  'x509.issuer.common_name NOT IN approved_cas',
  'dns.question.name IN monitored source.ip IN ours',
  'fieldref(user.name, equals, user.target.name)',
  'cased(host.name:WEB*)',
  'source.bytes > 10 * destination.bytes',
  'custom.a / custom.b >= 1.5 NOT x509.alternative_names == lower(user.name)',
  'hour(@timestamp) < 6 OR weekday(@timestamp, "Europe/Berlin") IN (6, 7)',
  'x509.not_after - @timestamp < 30d',
  'len(process.command_line) > 1000 AND upper(trim(coalesce(user.name, custom.x))) != ROOT',
  'user.name == field(user.target.name)',
  'event.type == "certificate_issued" AND event.domain IN monitored AND event.issuer NOT IN issuers',
  'event_type == auth_failure',
  'certificate.days_to_expiry < 7 exists(certificate.identity)',
];
/** What remembers is true of every row: whoever reads them judges them again. */
const CANDIDATES = [
  'user.name:root count(auth_failure by user in 1 hour) > 10 * baseline',
  'user.name:root NOT exists(renewal_event for certificate in last 30 days)',
];
const TABLES = [
  '| stats count() by user.name',
  'failed | stats count() as n, dc(source.ip), sum(source.bytes) by user.name, custom.x | sort -n, user.name | head 10',
  '| stats min(@timestamp), avg(custom.x) by event.category',
  '| sort -source.bytes | head 5',
  '| head 100 | stats count() as n by host.name | stats max(n)',
  '| where source.port > 1024 and (user.name != "root" or isnull(user.name))',
  '| where host.name in ("a", "b") and match(message, "^x") and @timestamp > now() - 1h',
  '| eval mb = round(source.bytes / 1e6, 2), big = mb > 100, who = lower(coalesce(user.name, custom.x, "nobody"))',
  '| stats count() as n, median(source.bytes), p95(custom.x), stdev(source.port), values(user.name), first(user.name), last(event.category) by bin(@timestamp, 5m), host.name',
  '| stats count() by bin(source.bytes, 1000), bin(@timestamp, 1w) as week | where `count` > 5 and week < "2026-03-05"',
  'failed | timechart span=5m count() as n, avg(source.bytes)',
  '| timechart limit=3 count() by event.category',
  '| top 5 user.name',
  'failed | where source.ip in (search user.name:root | top 3 source.ip) and user.name not in (search "x" | fields user.name)',
  '| transaction user.name, host.name maxpause=5m values(event.action) as did',
  '| rare 3 user.name, event.category',
  '| dedup user.name, host.name | fields user.name, @timestamp',
  '| dedup 2 custom.x | fields - message',
  '| stats count() as n by user.name | rename user.name as who, n as events | fields who, events',
  '| rename user.name as who | where who == "root" | sort who',
  '| rex "port (?<port>[0-9]+)" | stats count() by port',
  '| rex field=url.path "^/(?P<first>[^/]*)/(x)?(?P<second>.*)" | head 3 | fields first, second',
  '| lookup monitored dns.question.name as seen | where seen | lookup ours source.ip',
  '| eval d = lower(host.name) | lookup approved_cas d | lookup ours d as net | fields d, approved_cas, net',
];

function query(text: string): Parameters<typeof compileRows>[0] {
  const q = parseQuery(text, { now: NOW });
  assert.ok(q.ok, text);
  return q.value;
}

function candidates(text: string): ReturnType<typeof compileCount> {
  const r = compileWhere(query(text).filter, scope, env);
  return r.ok
    ? { ok: true, value: { ...r.value, sql: `SELECT ord FROM vigil.events WHERE ${r.value.sql}` } }
    : r;
}

function entry(title: string, r: ReturnType<typeof compileCount>): string {
  assert.ok(r.ok, `${title}: ${r.ok ? '' : r.error.message}`);
  const gate = checkSearch(r.value.sql);
  assert.ok(gate.ok, `${title}: ${gate.ok ? '' : gate.error}`);
  const sql = r.value.sql
    .replaceAll(/ (FROM|WHERE|AND \(|GROUP BY|ORDER BY) ?/g, '\n  $1 ')
    .replaceAll(/ +$/gm, '');
  return `-- ${title}${r.value.exact ? '' : ' (over-approximates)'}\n${sql}\n-- ${JSON.stringify(r.value.params)}\n`;
}

test('golden SQL', () => {
  const all = [
    ...FILTERS.map((f) => entry(`count ${f}`, compileCount(query(f), scope, env))),
    ...CANDIDATES.map((f) => entry(`candidates ${f}`, candidates(f))),
    ...TABLES.map((f) => entry(f, compileTable(query(f), scope, env))),
    entry('rows', compileRows(query('failed | head 20'), scope, env, { limit: 100 })),
    entry(
      'rows, next page',
      compileRows(query(''), scope, env, { limit: 100, before: { ts: NOW - 5, id: '1-22-3' } }),
    ),
    entry(
      'rows, two tenants and a row filter',
      compileRows(
        query(''),
        { ...scope, tenants: ['a', 'b'], rowFilter: query('host.name == web01').filter },
        env,
        { limit: 1 },
      ),
    ),
    entry(
      'pipes over named events, whose subsearch sees all',
      compileTable(
        query('| where source.ip in (search failed | fields source.ip) | stats count() as n'),
        { ...scope, only: [2, 7].map((n) => ({ id: { node: 1, batch: 20 + n, ord: n }, ts: NOW - n })) },
        env,
      ),
    ),
    entry('no event named', compileRows(query(''), { ...scope, only: [] }, env, { limit: 1 })),
    entry('histogram', compileHistogram(query('failed'), scope, env, 3600e6)),
    entry('hasData', compileHasData(scope, env)),
    entry('keyword', compileCount(query('adm?n*'), scope, env)),
  ].join('\n');
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(FILE, all);
  assert.equal(all, readFileSync(FILE, 'utf8'));
});
