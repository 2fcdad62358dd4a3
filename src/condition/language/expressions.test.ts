/** Conditions beyond "field operator value": the rules of the seed, expressions, counts, names for several fields. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventFields } from '../../model/event.ts';
import { compileCondition, conditionProblems } from '../evaluate.ts';
import type { CountTerm } from '../expression.ts';
import { print } from '../print.ts';
import { countTermsOf } from '../stateful.ts';
import type { Condition } from '../tree.ts';
import { NAMED_CLASSES } from './classes.ts';
import { QUERY_DEPTH_MAX, type QueryError } from './grammar.ts';
import { parseCondition } from './parse.ts';

const NOW = Date.UTC(2026, 2, 5, 12) * 1000;
const lists = new Map([
  ['monitored_domains', true],
  ['approved_cas', true],
]);
function good(text: string): Condition {
  const r = parseCondition(text, { now: NOW, lists });
  assert.ok(r.ok, r.ok ? '' : `${text}: ${JSON.stringify(r.error)}`);
  assert.deepEqual(conditionProblems(r.value), [], text);
  const back = parseCondition(print(r.value), { now: NOW });
  assert.ok(back.ok, `${text} -> ${print(r.value)}: ${back.ok ? '' : back.error.message}`);
  assert.deepEqual(back.value, r.value, `${text} -> ${print(r.value)}`);
  return r.value;
}
function bad(text: string): QueryError {
  const r = parseCondition(text, { now: NOW, lists });
  assert.ok(!r.ok, `${text} should be refused`);
  return r.error;
}
function count(text: string): CountTerm {
  const [only, ...more] = countTermsOf(good(text));
  assert.ok(only !== undefined && more.length === 0, text);
  return only;
}
const action = (...values: string[]): Condition => ({
  kind: 'equals',
  field: 'event.action',
  values,
  cased: true,
});

test("the seed's three rules, as they are written there", () => {
  const inList = (field: string, list: string): Condition => ({ kind: 'inlist', field, list });
  assert.deepEqual(
    good(`event.type == "certificate_issued" AND
    event.domain IN monitored_domains AND
    event.issuer NOT IN approved_cas
`),
    {
      kind: 'and',
      items: [
        {
          kind: 'or',
          items: [
            { kind: 'equals', field: 'event.type', values: ['certificate_issued'], cased: true },
            action('certificate_issued'),
          ],
        },
        {
          kind: 'or',
          items: [
            inList('x509.subject.common_name', 'monitored_domains'),
            inList('x509.alternative_names', 'monitored_domains'),
          ],
        },
        {
          kind: 'not',
          item: {
            kind: 'or',
            items: [
              inList('x509.issuer.common_name', 'approved_cas'),
              inList('x509.issuer.distinguished_name', 'approved_cas'),
              inList('x509.authority_key_id', 'approved_cas'),
              inList('certificate.authority', 'approved_cas'),
            ],
          },
        },
      ],
    },
  );
  const renewal: CountTerm = {
    kind: 'count',
    where: NAMED_CLASSES.get('renewal_event')?.condition as Condition,
    distinct: '',
    by: [['certificate.identity']],
    span: 30 * 86_400e6,
  };
  assert.deepEqual(
    good(`certificate.days_to_expiry < 7 AND
    NOT exists(renewal_event for certificate in last 30 days)
`),
    {
      kind: 'and',
      items: [
        { kind: 'compare', field: 'certificate.days_to_expiry', op: '<', value: 7 },
        {
          kind: 'not',
          item: { kind: 'test', op: '>', left: renewal, right: { kind: 'number', value: 0 } },
        },
      ],
    },
  );
  const requests: CountTerm = {
    kind: 'count',
    where: action('certificate_requested'),
    distinct: '',
    by: [['certificate.requester', 'user.name', 'source.ip']],
    span: 3600e6,
  };
  assert.deepEqual(good('count(certificate_requests from source in 1 hour) > 10 * baseline\n'), {
    kind: 'test',
    op: '>',
    left: requests,
    right: {
      kind: 'arithmetic',
      op: '*',
      left: { kind: 'number', value: 10 },
      right: { kind: 'baseline', of: requests },
    },
  });
});

test('counts: conditions, keys and windows in their spellings', () => {
  const failure = NAMED_CLASSES.get('auth_failure')?.condition as Condition;
  assert.deepEqual(count('count(auth_failure by src_ip in 5m) > 10'), {
    kind: 'count',
    where: failure,
    distinct: '',
    by: [['source.ip']],
    span: 300e6,
  });
  assert.deepEqual(
    count('count(auth_failure for user and source.ip in last 5 minutes) > 10'),
    count('count(auth_failure from user.name, source.ip in 300s) > 10'),
  );
  assert.deepEqual(count('exists(auth_failure in last week) OR true()').span, 7 * 86_400e6);
  assert.deepEqual(count('count(in 1 day) > 5').where, { kind: 'const', value: true });
  assert.deepEqual(
    count('count(failed NOT (root OR admin) by host in 2 h) >= 3').where,
    good('failed NOT (root OR admin)'),
  );
  assert.deepEqual(count('count("auth_failure" in 1h) > 3').where, good('"auth_failure"'));
  assert.deepEqual(
    count('count(certificate_issued by domain in 1 month) > 3').where,
    action('certificate_issued'),
  );
  assert.equal(
    count('count_distinct(user.name where auth_failure by source.ip in 5m) > 3').distinct,
    'user.name',
  );
  assert.deepEqual(count('count_distinct(user.name by source.ip in 5m) > 3').where, {
    kind: 'const',
    value: true,
  });
  assert.deepEqual(count('count(a by coalesce(user.name, source.ip), "odd name" in 1h) > 1').by, [
    ['user.name', 'source.ip'],
    ['odd name'],
  ]);
  assert.equal(count('count(a by user in 1h) > 3 * baseline(count(a by user in 1h))').span, 3600e6);
  assert.deepEqual(good('exists(user.name)'), { kind: 'exists', field: 'user.name' });
});

test('expressions stand left and right; what was a query before is the same query', () => {
  for (const text of [
    'source.bytes > 10 * destination.bytes',
    'source.bytes > destination.bytes',
    'source.bytes / destination.bytes >= 1.5',
    'source.bytes*2 > 5',
    '(source.bytes + destination.bytes) * 2 > 1000 AND failed',
    '10 * destination.bytes < source.bytes',
    'hour(@timestamp) < 6 OR hour(@timestamp, "Europe/Berlin") >= 22',
    'NOT weekday(@timestamp, "America/New_York") IN (6, 7)',
    'day(@timestamp) == 1 minute(@timestamp) != 0',
    'x509.not_after - @timestamp < 30d',
    'x509.not_after < @timestamp + 30d',
    '@timestamp - 1h > "2026-03-05"',
    'lower(user.name) == root',
    'user.name == lower(user.name)',
    'coalesce(user.name, user.id) == "x"',
    'len(process.command_line) > 1000',
    'number(app.ms) % 2 == 1',
    'abs(source.bytes - destination.bytes) > -5 + 6',
    'field("odd name") > field("user-agent.length")',
    'round(floor(ceil(source.bytes))) < 3',
    'trim(upper(user.name)) != "ROOT"',
  ]) {
    assert.ok(JSON.stringify(good(text)).includes('"test"'), text);
  }
  const fieldref = {
    kind: 'fieldref',
    field: 'user.name',
    op: 'equals',
    other: 'user.target.name',
    cased: true,
  };
  assert.deepEqual(good('user.name == field(user.target.name)'), fieldref);
  assert.deepEqual(good('user.name != field(user.target.name)'), { kind: 'not', item: fieldref });
  const words = (...w: string[]): Condition => ({ kind: 'words', words: w });
  const all: Condition = { kind: 'const', value: true };
  assert.deepEqual(good('a * b'), { kind: 'and', items: [words('a'), all, words('b')] });
  assert.deepEqual(good('source.port > 1024 failed').kind, 'and');
  assert.deepEqual(good('source.port > 1024 *').kind, 'and');
  assert.deepEqual(good('user.name == user.target.name'), {
    kind: 'equals',
    field: 'user.name',
    values: ['user.target.name'],
    cased: true,
  });
});

test('names for several fields, and classes behind event.type', () => {
  const events: [string, Record<string, string | string[]>][] = [
    ['action', { 'event.action': 'ssh_login', 'event.type': ['start'] }],
    ['failure', { 'event.category': ['authentication'], 'event.outcome': 'failure' }],
    ['cert', { 'x509.alternative_names': ['a.example.com'] }],
  ];
  const finds = (text: string): string[] =>
    events
      .filter(([, fields]) => {
        const f = new EventFields();
        for (const [k, v] of Object.entries(fields)) f.set(k, v);
        return compileCondition(good(text), { lists: new Map() })({ fields: f, rawText: '', entities: [] });
      })
      .map(([name]) => name);
  assert.deepEqual(finds('event.type == ssh_login'), ['action']);
  assert.deepEqual(finds('event.type == start'), ['action']);
  assert.deepEqual(finds('event_type:START'), ['action']);
  assert.deepEqual(finds('"event.type" == ssh_login'), []);
  assert.deepEqual(finds('event_type == "auth_failure"'), ['failure']);
  assert.deepEqual(finds('event_type != auth_failure'), ['action', 'cert']);
  assert.deepEqual(finds('event_type IN (auth_failure, ssh_login)'), ['action', 'failure']);
  assert.deepEqual(finds('"event.type" == auth_failure'), []);
  assert.deepEqual(finds('event.domain:a.example.com'), ['cert']);
  assert.deepEqual(finds('exists(event.domain)'), ['cert']);
});

test('errors: where, what was expected, what may be meant', () => {
  const table: [string, string, RegExp, string?][] = [
    ['hour(@timestamp)', 'hour(@timestamp)', /comparison is missing/],
    ['hour(user.name) < 6', 'user.name', /a time is needed/],
    ['hour(@timestamp, "Mars") < 6', '"Mars"', /time zone/],
    ['hour(@timestamp) : 3', 'hour(@timestamp) :', /compares a field with text/],
    ['hour(@timestamp) == source.port', 'source.port', /no number/],
    ['hour(@timestamp) IN approved_cas', 'a', /in parentheses/],
    ['lenn(message) > 5', 'lenn', /no function/, 'len'],
    ['source.bytes > lenn(message)', 'lenn', /no function/, 'len'],
    ['source.bytes > abc', 'abc', /no number/],
    ['source.bytes + destnation > 3', 'destnation', /neither a number nor/],
    ['(source.bytes + ) > 5', ')', /a value is needed/],
    ['event.domain + 1 > 3', 'event.domain', /several fields/],
    ['len(event.issuer) > 3', 'event.issuer', /several fields/],
    ['count(auth_failure by source.ip) > 3', ')', /length of time/],
    ['count(auth_failure in 10 years) > 3', '10 years', /366 days/],
    ['count(auth_failure in 0s) > 3', '0s', /at least a second/],
    ['count(auth_failure in 3 dais) > 3', '3 dais', /no unit/, 'days'],
    ['count(auth_failure by in 1h) > 3', 'in', /length of time|field/],
    ['exists(renewal_evnt for certificate in last 30 days)', 'renewal_evnt', /no class/, 'renewal_event'],
    ['exists(renewal_event)', 'renewal_event', /when/],
    ['count(user.name in 1h) > 3', 'user.name', /not a class/],
    ['count(count(a in 1h) > 3 in 1h) > 2', 'a', /count within a count/],
    ['count(a in 1h) > x.y + baseline + baseline(count(b in 1h))', 'baseline', /which count/],
    ['lower(user.name) == "a" AND len(message) > baseline', 'baseline', /no count/],
    ['count(a in 1h | b) > 2', '|', /still open/],
    ['a | head 5', '|', /no pipes/],
  ];
  for (const [text, at, message, suggestion] of table) {
    const e = bad(text);
    assert.match(e.message, message, text);
    if (text !== 'count(auth_failure by in 1h) > 3') assert.equal(text.slice(e.start, e.end), at, text);
    assert.ok(e.expected.length > 0, text);
    if (suggestion !== undefined) assert.equal(e.suggestion, suggestion, text);
  }
});

test('bounds', () => {
  const deep = (n: number): string => `${'('.repeat(n)}source.bytes + 1${')'.repeat(n)} > 1`;
  good(deep(QUERY_DEPTH_MAX - 5));
  assert.match(bad(deep(QUERY_DEPTH_MAX + 5)).message, /nested deeper/);
  assert.match(bad(`len(${'-'.repeat(60)}1) > 1`).message, /nested deeper/);
  assert.match(bad(`source.bytes > ${'1 + '.repeat(200)}1`).message, /parts in one comparison/);
  assert.match(bad(`count(a by ${'x.a, '.repeat(5)}x.b in 1h) > 1`).message, /at most 5 parts/);
  const many = Array.from({ length: 11 }, (_, i) => `count(a${i} in 1h)`).join(' + ');
  assert.match(bad(`${many} > 1`).message, /more than 10 counts/);
  assert.match(bad(`${many.replaceAll(' + ', ' > 1 ')} > 1`).message, /more than 10 counts/);
  // Nested as deep as may be, in every way: no step may look at a part twice per level.
  for (const [open, close] of [
    ['(a.b * ', ')'],
    ['(1 - ', ')'],
    ['abs(', ')'],
    ['coalesce(a.b, ', ')'],
    ['round(a.b % ', ')'],
    ['hour(@timestamp + ', ')'],
    ['- ', ''],
  ] as const) {
    const before = process.threadCpuUsage().user;
    const c = good(`number(${open.repeat(40)}1${close.repeat(40)}) > 1`);
    compileCondition(c, { lists: new Map() });
    assert.ok(process.threadCpuUsage().user - before < 500_000, open);
  }
  assert.match(bad(`count((${'a OR '.repeat(500)}a) in 1h) > 1`).message, /more than 500 terms/);
});

test('remarks on unknown fields reach the caller', () => {
  const seen: string[] = [];
  parseCondition('user.nmae:x count(a by source.pi in 1h) > 3', {
    now: NOW,
    onHint: (h) => seen.push(h.suggestion),
  });
  assert.deepEqual(seen, ['user.name', 'source.ip']);
});
