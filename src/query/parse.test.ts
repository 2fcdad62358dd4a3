import assert from 'node:assert/strict';
import { test } from 'node:test';
import { print, quote } from '../condition/print.ts';
import type { Condition } from '../condition/tree.ts';
import { EventFields } from '../model/event.ts';
import { entitiesOf } from '../normalize/entities.ts';
import {
  QUERY_CHARS_MAX,
  QUERY_DEPTH_MAX,
  QUERY_TERMS_MAX,
  type QueryError,
} from '../condition/language/grammar.ts';
import { nearest } from '../base/nearest.ts';
import type { ParseOptions } from '../condition/language/reading.ts';
import { parseQuery } from './parse.ts';
import type { Query } from './query.ts';
import { parseTime } from '../condition/language/time.ts';

const NOW = Date.UTC(2026, 2, 5, 12) * 1000;
const options: ParseOptions = { now: NOW, lists: new Map([['approved_cas', true]]) };

function good(text: string): Query {
  const r = parseQuery(text, options);
  assert.ok(r.ok, r.ok ? '' : `${text}: ${JSON.stringify(r.error)}`);
  return r.value;
}
function bad(text: string): QueryError {
  const r = parseQuery(text, options);
  assert.ok(!r.ok, `${text} should be refused`);
  return r.error;
}
const filter = (text: string): Condition => good(text).filter;
const is = (field: string, value: string): Condition => ({
  kind: 'equals',
  field,
  values: [value],
  cased: false,
});
const words = (...w: string[]): Condition => ({ kind: 'words', words: w });

test('words, phrases, AND by standing side by side, precedence', () => {
  assert.deepEqual(filter(''), { kind: 'const', value: true });
  assert.deepEqual(filter('failed'), words('failed'));
  assert.deepEqual(filter('"failed password"'), words('failed', 'password'));
  assert.deepEqual(filter('a b'), { kind: 'and', items: [words('a'), words('b')] });
  assert.deepEqual(filter('a AND b'), filter('a b'));
  assert.deepEqual(filter('a b OR c'), {
    kind: 'or',
    items: [{ kind: 'and', items: [words('a'), words('b')] }, words('c')],
  });
  assert.deepEqual(filter('a (b OR c)'), {
    kind: 'and',
    items: [words('a'), { kind: 'or', items: [words('b'), words('c')] }],
  });
  assert.deepEqual(filter('NOT a b'), {
    kind: 'and',
    items: [{ kind: 'not', item: words('a') }, words('b')],
  });
  assert.deepEqual(filter('and or not in'), {
    kind: 'and',
    items: [words('and'), words('or'), words('not'), words('in')],
  });
  assert.deepEqual(filter('ssh-rsa'), words('ssh', 'rsa'));
  assert.deepEqual(filter('uid=0'), words('uid', '0'));
});

test('comparisons', () => {
  assert.deepEqual(filter('user.name:Root'), is('user.name', 'Root'));
  assert.deepEqual(filter('user.name: root'), is('user.name', 'root'));
  assert.deepEqual(filter('user.name:"a*b"'), is('user.name', 'a*b'));
  assert.deepEqual(filter('user.name:a\\*b'), is('user.name', 'a*b'));
  assert.deepEqual(filter('user.name:""'), is('user.name', ''));
  assert.deepEqual(filter('user.name == Root*'), {
    kind: 'equals',
    field: 'user.name',
    values: ['Root*'],
    cased: true,
  });
  assert.deepEqual(filter('user.name != root'), { kind: 'not', item: filter('user.name == root') });
  assert.deepEqual(filter('url.path:*a?'), {
    kind: 'like',
    field: 'url.path',
    pattern: [{ kind: 'any' }, { kind: 'text', text: 'a' }, { kind: 'one' }],
    cased: false,
  });
  assert.deepEqual(filter('user.name:*'), { kind: 'exists', field: 'user.name' });
  assert.deepEqual(filter('source.ip:10.0.0.0/8'), { kind: 'cidr', field: 'source.ip', cidr: '10.0.0.0/8' });
  assert.deepEqual(filter('url.path:/adm.*/i'), {
    kind: 'regex',
    field: 'url.path',
    source: 'adm.*',
    flags: 'i',
  });
  assert.deepEqual(filter('url.path:/var/log'), is('url.path', '/var/log'));
  assert.deepEqual(filter('url.path =~ "a b|c"is'), {
    kind: 'regex',
    field: 'url.path',
    source: 'a b|c',
    flags: 'is',
  });
  const port = (op: '<' | '>='): Condition => ({ kind: 'compare', field: 'source.port', op, value: 1024 });
  assert.deepEqual(filter('source.port<1024'), port('<'));
  assert.deepEqual(filter('source.port >= 1024'), port('>='));
  assert.deepEqual(filter('source.port:>=1024'), port('>='));
  assert.deepEqual(filter('user.name IN (a, "b c")'), {
    kind: 'equals',
    field: 'user.name',
    values: ['a', 'b c'],
    cased: false,
  });
  assert.deepEqual(filter('x509.issuer.common_name NOT IN approved_cas'), {
    kind: 'not',
    item: { kind: 'inlist', field: 'x509.issuer.common_name', list: 'approved_cas' },
  });
  assert.deepEqual(filter('user.name:(a OR b)'), {
    kind: 'or',
    items: [is('user.name', 'a'), is('user.name', 'b')],
  });
  assert.deepEqual(filter('source.domain:a:b=c'), is('source.domain', 'a:b=c'));
});

test('entities and aliases; a quoted name is neither', () => {
  const ip: Condition = { kind: 'entity', entity: 'ip:10.0.1.5' };
  assert.deepEqual(filter('ip:10.0.1.5'), ip);
  assert.deepEqual(filter('ip:::ffff:10.0.1.5'), ip);
  assert.deepEqual(filter('10.0.1.5'), { kind: 'or', items: [ip, words('10', '0', '1', '5')] });
  assert.deepEqual(filter('2001:DB8::1'), {
    kind: 'or',
    items: [{ kind: 'entity', entity: 'ip:2001:db8::1' }, words('2001', 'DB8', '1')],
  });
  assert.deepEqual(filter('user:root'), { kind: 'entity', entity: 'user:root' });
  assert.deepEqual(filter('domain:Example.COM'), { kind: 'entity', entity: 'domain:example.com' });
  assert.deepEqual(filter('host:web*'), filter('host.name:web*'));
  assert.equal(filter('ip:10.0.0.0/8').kind, 'or');
  assert.deepEqual(filter('src_ip:10.0.1.5'), is('source.ip', '10.0.1.5'));
  assert.deepEqual(filter('"src_ip":10.0.1.5'), is('src_ip', '10.0.1.5'));
  assert.deepEqual(filter('"user":root'), is('user', 'root'));
});

test('entities are spelled as the normaliser spells them', () => {
  const values: [string, string, string][] = [
    ['ip', 'source.ip', '::ffff:10.0.1.5'],
    ['ip', 'destination.ip', '2001:DB8::0:1'],
    ['user', 'user.name', 'CORP\\Alice'],
    ['user', 'user.target.name', 'bob@Example.org'],
    ['host', 'host.name', 'Web01.Example.org.'],
    ['domain', 'dns.question.name', 'WWW.Example.org.'],
    ['domain', 'source.domain', '10.0.1.7'],
    ['hash', 'file.hash.sha256', 'ABCDEF'.repeat(10)],
    ['cert', 'x509.serial_number', '0A1B2C'.replace(/^0+/, '')],
    ['key', 'key.id', 'arn:aws:kms:eu-1:1:key/Ab'],
  ];
  for (const [kind, field, v] of values) {
    const fields = new EventFields();
    fields.set(field, v);
    const [entity] = entitiesOf(fields);
    assert.deepEqual(filter(`${kind}:${quote(v)}`), { kind: 'entity', entity }, `${kind} ${v}`);
  }
  assert.deepEqual(filter('cert:0a:1b:2c'), { kind: 'entity', entity: 'cert:A1B2C' });
});

test('times', () => {
  const day = Date.UTC(2026, 2, 4) * 1000;
  assert.deepEqual(filter('@timestamp:2026-03-04'), {
    kind: 'and',
    items: [
      { kind: 'compare', field: '@timestamp', op: '>=', value: day },
      { kind: 'compare', field: '@timestamp', op: '<', value: day + 86_400e6 },
    ],
  });
  assert.deepEqual(filter('x509.not_after < now+30d'), {
    kind: 'compare',
    field: 'x509.not_after',
    op: '<',
    value: NOW + 30 * 86_400e6,
  });
  assert.deepEqual(parseTime('2026-03-04T01:00:00.25+01:00', NOW), {
    from: day + 250_000,
    to: day + 260_000,
  });
  for (const t of ['2026-02-30', '2026-13-01', 'yesterday', '2026-03-04T25:00', '']) {
    assert.equal(parseTime(t, NOW), undefined, t);
  }
});

test('pipes', () => {
  const q = good(
    'error | stats count() as n, sum(source.bytes) by user, "odd name" | sort -n, user | head 5',
  );
  assert.deepEqual(
    q.pipes.map((p) => p.kind),
    ['stats', 'sort', 'head'],
  );
  const [stats] = q.pipes;
  assert.ok(stats?.kind === 'stats');
  assert.deepEqual(
    stats.aggregates.map((a) => [a.name, a.ref?.field, a.column]),
    [
      ['count', undefined, 'n'],
      ['sum', 'source.bytes', 'sum(source.bytes)'],
    ],
  );
  assert.deepEqual(
    stats.by.map((b) => [b.ref.written, b.ref.field]),
    [
      ['user', 'user.name'],
      ['odd name', 'odd name'],
    ],
  );
  assert.equal(good('| stats count by host.name').filter.kind, 'const');
});

/** text, what the error points at, what its message holds, suggestion */
const ERRORS: readonly [string, string, RegExp, string?][] = [
  ['user.name:', 'user.name:', /no value/],
  ['usr.name: ', 'usr.name: ', /no value/, 'user.name'],
  ['a AND', '', /ends here/],
  ['AND a', 'AND', /AND stands where/, '"AND"'],
  ['user.name:OR', 'OR', /OR stands where a value/, '"OR"'],
  ['(a OR b', '(', /still open/],
  ['a)', ')', /nothing before it opens/],
  ['()', ')', /no term/],
  ['a "b', '"b', /never closed/, '"b"'],
  [': x', ':', /field name is missing/],
  ['---', '---', /no letter or digit/],
  ['user.*:x', 'user.*', /no wildcards/],
  ['source.port > many', 'many', /no number/],
  ['@timestamp > soon', 'soon', /no time/],
  ['ip:web01', 'web01', /no address/],
  ['user.name IN nobody', 'nobody', /no list is called/],
  ['user.name IN approved_ca', 'approved_ca', /no list is called/, 'approved_cas'],
  ['user.name IN (a, ', '', /ends here/],
  ['url.path:/(/', '/(/', /regular expression/],
  ['url.path =~ "(?=x)"', '"(?=x)"', /regular expression/],
  ['a | stat count()', 'stat', /no pipe/, 'stats'],
  ['a | stats mode(x)', 'mode(x)', /no function/],
  ['a | stats count() as x, dc(y) as x', 'x', /two columns/],
  ['a | stats count() by', '', /a field to group by/],
  ['a | stats sum() by x', 'sum()', /needs a field/],
  ['a | head 0', '0', /between 1/],
  ['a | head 5 5', '5', /complete here/],
  ['a |', '', /pipe is missing/],
  ['fieldref(a, like, b)', 'like', /no operator/],
  ['exists(a', '', /still open/],
  ['user.name:\\u{110000}', '\\u{110000}', /no such character/],
];

test('errors say what, where and what would have been right', () => {
  for (const [text, at, message, suggestion] of ERRORS) {
    const e = bad(text);
    assert.match(e.message, message, text);
    assert.equal(text.slice(e.start, e.end), at, `${text}: place`);
    if (suggestion !== undefined) assert.equal(e.suggestion, suggestion, text);
    assert.ok(e.expected.length > 0, `${text}: expected`);
  }
});

test('unknown fields are allowed, with a hint where one looks misspelled', () => {
  assert.deepEqual(
    good('usr.name:x').hints.map((h) => [h.start, h.end, h.suggestion]),
    [[0, 8, 'user.name']],
  );
  assert.deepEqual(good('my.very.own.field:x').hints, []);
  assert.deepEqual(good('"usr.name":x').hints, []);
  assert.equal(good('user=root').hints[0]?.suggestion, 'user:root');
  assert.equal(nearest('soruce.ip', ['source.ip', 'source.port']), 'source.ip');
});

test('bounds', () => {
  assert.match(bad('a'.repeat(QUERY_CHARS_MAX + 1)).message, /longer/);
  assert.match(
    bad(`${'('.repeat(QUERY_DEPTH_MAX + 5)}a${')'.repeat(QUERY_DEPTH_MAX + 5)}`).message,
    /deeper/,
  );
  assert.match(bad(`${'NOT '.repeat(QUERY_DEPTH_MAX + 5)}a`).message, /deeper/);
  assert.match(bad('cased('.repeat(QUERY_DEPTH_MAX + 5)).message, /deeper/);
  assert.match(bad('a '.repeat(QUERY_TERMS_MAX + 1)).message, /terms/);
  assert.match(bad(`x IN (${'a,'.repeat(QUERY_TERMS_MAX + 1)}a)`).message, /terms/);
  assert.match(bad(`a${' | head 5'.repeat(11)}`).message, /pipes/);
});

test('tokens cover the text in order, for highlighting', () => {
  const text = 'NOT user.name:ro* OR "x y" url.path:/a/i AND b IN (c) | stats count() by d';
  const { tokens } = good(text);
  let end = 0;
  for (const t of tokens) {
    assert.ok(t.start >= end && t.end > t.start, JSON.stringify(t));
    assert.equal(text.slice(end, t.start).trim(), '', `gap before ${t.start}`);
    end = t.end;
  }
  const kinds = tokens.map((t) => `${t.kind} ${text.slice(t.start, t.end)}`);
  for (const want of [
    'keyword NOT',
    'field user.name',
    'value ro*',
    'quoted "x y"',
    'regex /a/i',
    'pipe stats',
  ]) {
    assert.ok(kinds.includes(want), `${want} in ${kinds.join(', ')}`);
  }
});

test('what is printed can be read', () => {
  for (const text of [
    'a "b c" OR NOT d',
    'user.name != x',
    'x IN (a, b)',
    'ip:10.0.0.0/8',
    'cased(a.b:X*)',
    '*',
  ]) {
    assert.deepEqual(filter(print(filter(text))), filter(text), text);
  }
});
