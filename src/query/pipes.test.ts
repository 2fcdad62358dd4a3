/** What pipes and their expressions refuse, where they say the mistake is, and how large they can get. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Lists } from '../condition/tree.ts';
import { checkSearch } from '../store/engine/guard.ts';
import { EVAL_COLUMNS_MAX } from './pipes/eval.ts';
import { EXPRESSION_NODES_MAX } from './expression.ts';
import { QUERY_DEPTH_MAX, type QueryError } from '../condition/language/grammar.ts';
import { parseQuery } from './parse.ts';
import { type CompiledTable, compileTable, type Scope, SQL_CHARS_MAX } from './sql.ts';

const NOW = Date.UTC(2026, 2, 5, 12) * 1000;
const scope: Scope = { tenants: ['default'], from: NOW - 86_400e6, to: NOW };
const lists: Lists = new Map([['ours', { kind: 'cidr', values: ['10.0.0.0/8'] }]]);

function compile(text: string): CompiledTable | QueryError {
  const q = parseQuery(text, { now: NOW, lists });
  if (!q.ok) return q.error;
  const c = compileTable(q.value, scope, { lists });
  return c.ok ? c.value : c.error;
}
function good(text: string): CompiledTable {
  const c = compile(text);
  assert.ok('sql' in c, `${text}: ${'sql' in c ? '' : c.message}`);
  assert.ok(checkSearch(c.sql).ok, c.sql);
  return c;
}
function bad(text: string): QueryError {
  const c = compile(text);
  assert.ok(!('sql' in c), `${text} should be refused`);
  return c;
}

/** Query, what is underlined, the message. */
const ERRORS: readonly [string, string, RegExp][] = [
  ['| where', '', /a value is needed/],
  ['| where source.port', 'source.port', /a number, but true or false/],
  ['| where user.name = "x"', '=', /written "=="/],
  ["| where user.name == 'x'", "'", /double quotes/],
  ['| where user.name == "x', '"x', /never closed/],
  ['| where `a', '`a', /never closed/],
  ['| where (a == 1', '(', /still open/],
  ['| where a == 1 b', 'b', /complete here/],
  ['| where a in "x"', '"', /stand in parentheses/],
  ['| where a ==', '', /a value is needed/],
  ['| where and', 'and', /stands where a value/],
  ['| where upper(a) == lowr(b)', 'lowr', /no function called "lowr"/],
  ['| where len(a, b) > 1', 'len(a, b)', /takes 1 values, not 2/],
  ['| where match(a, lower("x"))', 'lower("x")', /has to stand here/],
  ['| where match(a, "(x")', '"(x"', /regular expression/],
  ['| where match(a, "\\\\Bx")', '"\\\\Bx"', /cannot be used/],
  ['| where 5x > 1', '5x', /no number/],
  ['| where @timestamp > "soon"', '"soon"', /no time/],
  ['| where @timestamp > 5', '5', /a number, but a time/],
  ['| where @timestamp * 2 > 1', '@timestamp', /a time, but a number/],
  ['| eval x', '', /eval needs "="/],
  ['| eval = 1', '=', /the name of the new column/],
  ['| eval x = round(a, b)', 'b', /whole number/],
  ['| eval x = bin(a, b)', 'b', /a size above 0/],
  ['| eval x = bin(@timestamp, 400d)', '400d', /at most 366 days/],
  ['| eval x = (1 > 2) + 1', '1 > 2', /true or false, but a number/],
  ['| stats count() by bin(@timestamp, x)', 'x', /no size/],
  ['| stats count() by bin(@timestamp, 5)', '@timestamp', /needs a length of time/],
  ['| stats count() by bin(user.name, 5)', 'user.name', /needs a number/],
  ['| stats sum(@timestamp)', 'sum(@timestamp)', /no sense of times/],
  ['| stats count() by user.name | stats first(user.name)', 'first(user.name)', /rows with a time/],
  ['| stats count() as n | where m > 1', 'm', /no column "m"/],
  ['| stats count() as n | timechart count()', '', /no column "@timestamp"/],
  ['| timechart span=1s count()', '1s', /more than 2000 buckets/],
  ['| timechart span=x count()', 'x', /no length of time/],
  ['| timechart limit=0 count()', '0', /limit is not between/],
  ['| top 0 user.name', '0', /between 1/],
  ['| top 5', '', /a field/],
  ['| top count', 'count', /two columns/],
  ['| dedup', '', /a field/],
  ['| fields a, a', 'a', /twice/],
  ['| fields - nope', 'nope', /no column/],
  ['| rename a', 'a', /needs "as"/],
  ['| rename user.name as u | where user.name == "x"', 'user.name', /no column "user.name"/],
  ['| rex "x"', '"x"', /named group/],
  ['| rex abc', 'abc', /in quotes/],
  ['| rex "(?<a>x"', '"(?<a>x"', /regular expression/],
  ['| rex "(?<a>\\\\B)"', '"(?<a>\\\\B)"', /cannot be used/],
  ['| rex field= "(?<a>x)"', ' ', /right behind field=/],
  ['| lookup our source.ip', 'our', /no list is called/],
  ['| where a in (search b | fields c', '', /still open/],
  ['| where a in (search b) and true', 'search', /has to end in a column/],
  ['| where a in (search b | stat)', 'stat', /no pipe called/],
  ['| where a in (search adm?n | fields a)', 'search', /expressed exactly/],
  ['| transaction user.name maxpause=x', 'x', /length of time/],
  ['| transaction user.name count()', 'count()', /two columns/],
  ['| stats count() by user.name | transaction user.name', 'user.name', /needs events/],
  ['| lookup ours', '', /the field to look up/],
  [
    '| rename user.name as @timestamp | transaction source.ip maxpause=5m',
    'source.ip',
    /"@timestamp" is another column here/,
  ],
];

test('errors say what and where', () => {
  for (const [text, at, message] of ERRORS) {
    const e = bad(text);
    assert.match(e.message, message, text);
    const underlined = text.slice(e.start, e.end);
    assert.equal(underlined, at, `${text}: place`);
    assert.ok(e.expected.length > 0, `${text}: expected`);
  }
});

test('precedence', () => {
  const where = (text: string): string =>
    /WHERE (.*)\) ORDER/.exec(good(`| stats count() as n | where ${text}`).sql)?.[1] ?? '';
  const same: [string, string][] = [
    ['n > 1 + 2 * 3', 'n > (1 + (2 * 3))'],
    ['not n == 1 and n > 2 or n < 3', '((not (n == 1)) and (n > 2)) or (n < 3)'],
    ['n - 1 - 1 > 0', '((n - 1) - 1) > 0'],
    ['-n * 2 > 1', '((-n) * 2) > 1'],
    ['n not in (1, 2)', 'not (n in (1, 2))'],
    ['n AND'.replace(' AND', ' > 1 AND true'), 'n > 1 and true'],
  ];
  for (const [a, b] of same) assert.equal(where(a), where(b), a);
  assert.notEqual(where('(n + 1) * 2 > 1'), where('n + 1 * 2 > 1'));
});

test('bounds', () => {
  const deep = (n: number): string => `${'('.repeat(n)}1${')'.repeat(n)}`;
  assert.match(bad(`| where ${deep(QUERY_DEPTH_MAX + 1)} > 1`).message, /deeper/);
  assert.match(bad(`| where ${'not '.repeat(QUERY_DEPTH_MAX + 1)} true`).message, /deeper/);
  assert.match(bad(`| eval a = ${'-'.repeat(QUERY_DEPTH_MAX + 1)}n`).message, /deeper/);
  assert.match(bad(`| eval a = 1${' + 1'.repeat(EXPRESSION_NODES_MAX)}`).message, /parts in one/);
  const columns = Array.from({ length: EVAL_COLUMNS_MAX + 1 }, (_, i) => `c${i} = 1`);
  assert.match(bad(`| eval ${columns.join(', ')}`).message, /at most 5/);
  assert.match(bad(`| rex "${'(?<x>a)'.repeat(2)}"`).message, /regular expression/);
  const groups = Array.from({ length: 11 }, (_, i) => `(?<g${i}>a)`).join('');
  const nested = Array.from({ length: 4 }, () => 'a in (search b | where ').join('');
  assert.match(bad(`| where ${nested}`).message, /at most 3 searches/);
  assert.match(bad(`| where a in (search x${' | head'.repeat(10)})`).message, /at most 10 pipes/);
  assert.match(bad(`| rex "${groups}"`).message, /at most 10/);
});

test('the SQL grows with the text and no faster', () => {
  const lengthOf = (text: string): number => good(text).sql.length;
  const nest = (open: string, close: string, n: number): string =>
    `${open.repeat(n)}user.name${close.repeat(n)}`;
  for (const [open, close] of [
    ['lower(', ')'],
    ['number(text(', '))'],
    ['round(', ', 1)'],
    ['bin(', ', 5)'],
    ['(', ' in ("true", "x"))'],
    ['if(true, ', ', "")'],
    ['coalesce(', ', "a", "b")'],
    ['time(text(', '))'],
  ] as const) {
    const [one, twenty] = [
      lengthOf(`| eval x = ${nest(open, close, 1)}`),
      lengthOf(`| eval x = ${nest(open, close, 20)}`),
    ];
    assert.ok(twenty < one + 20 * 400, `${open}: ${one} -> ${twenty}`);
  }
  const doubled = Array.from({ length: 10 }, () => '| timechart span=1h count() by user.name').join(' ');
  const made = compile(doubled);
  assert.ok('sql' in made ? made.sql.length < SQL_CHARS_MAX : /large/.test(made.message));
  assert.ok(
    lengthOf(
      `| ${Array.from({ length: 10 }, () => 'eval a = a + a, b = a + a, a = b + b, b = a + b, c = a + b').join(' | ')}`,
    ) < 20_000,
  );
});

test('hints: fields that look misspelled, but no columns', () => {
  assert.deepEqual(good('| stats count() by usr.name').hints, [
    'no known field is called "usr.name"; did you mean "user.name"?',
  ]);
  assert.deepEqual(good('| eval usr.name = 1 | where usr.name > 0 | sort usr.name').hints, []);
  assert.deepEqual(
    good('| rex "(?<a>.)" | stats values(event.original), dc(user) by my.own.field').hints,
    [],
  );
});
