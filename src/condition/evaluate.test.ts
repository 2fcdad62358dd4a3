import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventFields } from '../model/event.ts';
import { compileCondition, conditionProblems, type Judged } from './evaluate.ts';
import { ANY, compilePattern, ONE } from './glob.ts';
import { inRange, ipHex, parseCidr } from './ip-range.ts';
import { REGEX_CHARS_MAX, regexProblem } from './regex.ts';
import { fold, numberOf, tokensOf } from './text.ts';
import type { Condition, Lists, PatternPart } from './tree.ts';

const event = (fields: Record<string, unknown>, rawText = '', entities: string[] = []): Judged => {
  const f = new EventFields();
  for (const [k, v] of Object.entries(fields)) f.set(k, v as never);
  return { fields: f, rawText, entities };
};
const lists: Lists = new Map([
  ['monitored', { kind: 'domain', values: ['Example.com', 'corp.test.'] }],
  ['nets', { kind: 'cidr', values: ['10.0.0.0/8', 'not an address', '2001:db8::/32'] }],
  ['names', { kind: 'text', values: ['Alice', '__proto__'] }],
]);
const holds = (c: Condition, e: Judged): boolean => compileCondition(c, { lists })(e);
const eq = (field: string, value: string, cased = false): Condition => ({
  kind: 'equals',
  field,
  values: [value],
  cased,
});
const text = (t: string): PatternPart => ({ kind: 'text', text: t });

test('absent, null and empty are three things', () => {
  const e = event({ a: '', b: null, c: 'x', d: [] });
  const table: [string, boolean, boolean, boolean][] = [
    // field, exists, null, equals ''
    ['a', true, false, true],
    ['b', true, true, false],
    ['c', true, false, false],
    ['d', true, false, false],
    ['gone', false, true, false],
  ];
  for (const [field, exists, isNull, empty] of table) {
    assert.equal(holds({ kind: 'exists', field }, e), exists, `${field} exists`);
    assert.equal(holds({ kind: 'null', field }, e), isNull, `${field} null`);
    assert.equal(holds(eq(field, ''), e), empty, `${field} empty`);
    const never: Condition = { kind: 'not', item: eq(field, 'nothing') };
    assert.equal(holds(never, e), true, `not passes for ${field}`);
  }
});

test('case is folded unless cased; Kelvin sign, sigma, dotless i', () => {
  const e = event({ a: 'ROOT', k: '\u212aelvin', s: 'ΟΔΟΣ', i: 'ı', __proto__x: 1 });
  assert.ok(holds(eq('a', 'root'), e));
  assert.ok(!holds(eq('a', 'root', true), e));
  assert.ok(holds(eq('k', 'kelvin'), e));
  assert.ok(holds({ kind: 'like', field: 's', pattern: [text('οδοσ'), ANY], cased: false }, e));
  assert.ok(!holds(eq('i', 'i'), e));
  assert.equal(fold('ΑΣ'), fold('ας'));
});

test('multi-valued fields pass if any member does; numbers compare as text and as numbers', () => {
  const e = event({ m: ['x', null, 7], 'source.port': 22, n: '1e3', h: '0x10', 'event.code': 4625 });
  assert.ok(holds(eq('m', '7'), e));
  assert.ok(!holds(eq('m', 'null'), e));
  assert.ok(holds(eq('source.port', '22'), e));
  assert.ok(!holds(eq('source.port', '22.0'), e));
  assert.ok(holds(eq('event.code', '4625'), e));
  assert.ok(holds({ kind: 'compare', field: 'n', op: '>', value: 999 }, e));
  assert.ok(!holds({ kind: 'compare', field: 'h', op: '>', value: 0 }, e));
  assert.ok(holds({ kind: 'compare', field: 'source.port', op: '<=', value: 22 }, e));
  assert.ok(!holds({ kind: 'compare', field: 'gone', op: '<', value: 22 }, e));
  assert.equal(numberOf(' 5'), undefined);
  assert.equal(numberOf('1e999'), undefined);
});

test('addresses: canonical equality, networks over text, mapped and IPv6 networks', () => {
  const e = event({ 'source.ip': '::ffff:10.0.1.5', other: '[2001:DB8::1%eth0]', bad: '010.0.0.1' });
  assert.ok(holds(eq('source.ip', '10.0.1.5'), e));
  assert.ok(holds(eq('source.ip', '::FFFF:10.0.1.5'), e));
  assert.ok(holds({ kind: 'cidr', field: 'source.ip', cidr: '10.0.0.0/8' }, e));
  assert.ok(holds({ kind: 'cidr', field: 'other', cidr: '2001:db8::/32' }, e));
  assert.ok(!holds({ kind: 'cidr', field: 'bad', cidr: '0.0.0.0/0' }, e));
  assert.ok(!holds({ kind: 'cidr', field: 'source.ip', cidr: '::/0' }, e), 'IPv6 networks hold no IPv4');
  assert.equal(parseCidr('10.0.0.0/33'), undefined);
  assert.equal(parseCidr('10.0.0/8'), undefined);
  const host = parseCidr('10.0.1.5/8');
  assert.ok(host !== undefined && inRange(ipHex('10.255.0.0') as string, host));
});

test('lists', () => {
  const inList = (field: string, list: string): Condition => ({ kind: 'inlist', field, list });
  const e = event({
    d: 'WWW.example.com.',
    e: 'notexample.com',
    a: 'alice',
    p: '__proto__',
    'source.ip': '10.1.2.3',
  });
  assert.ok(holds(inList('d', 'monitored'), e));
  assert.ok(!holds(inList('e', 'monitored'), e));
  assert.ok(holds(inList('a', 'names'), e));
  assert.ok(holds(inList('p', 'names'), e));
  assert.ok(holds(inList('source.ip', 'nets'), e));
  assert.ok(!holds(inList('a', 'no such list'), e));
  const live = new Map(lists);
  const p = compileCondition(inList('a', 'names'), { lists: live });
  assert.ok(p(e));
  live.set('names', { kind: 'text', values: ['bob'] });
  assert.ok(!p(e), 'a replaced list takes effect');
});

test('words are whole tokens side by side; keyword is any value; entity is exact', () => {
  const e = event(
    { a: 'inner value', b: ['list member'], 'source.port': 4444 },
    'Failed PASSWORD for_root é1 from 10.0.1.5',
    ['ip:10.0.1.5'],
  );
  const words = (...w: string[]): Condition => ({ kind: 'words', words: w });
  assert.ok(holds(words('failed', 'password'), e));
  assert.ok(holds(words('root'), e), 'underscore separates');
  assert.ok(holds(words('É1'), e));
  assert.ok(!holds(words('fail'), e));
  assert.ok(!holds(words('failed', 'for'), e));
  assert.ok(holds(words('0.1'), e));
  assert.ok(!holds(words('---'), e));
  const kw = (...pattern: PatternPart[]): Condition => ({ kind: 'keyword', pattern, cased: false });
  assert.ok(holds(kw(text('NNER V')), e));
  assert.ok(holds(kw(text('member')), e));
  assert.ok(holds(kw(text('444')), e));
  assert.ok(holds(kw(text('sword'), ONE, text('for')), e));
  assert.ok(!holds(kw(text('absent')), e));
  assert.ok(holds({ kind: 'entity', entity: 'ip:10.0.1.5' }, e));
  assert.ok(!holds({ kind: 'entity', entity: 'ip:10.0.1' }, e));
  assert.deepEqual(tokensOf('Ab-ç1_é x'), ['Ab', 'ç1', 'é', 'x']);
});

test('field references', () => {
  const e = event({ a: 'C:\\Windows\\x.EXE', b: 'x.exe', c: ['no', 'X.exe'] });
  const ref = (field: string, op: 'equals' | 'endswith' | 'contains', other: string, cased = false) =>
    holds({ kind: 'fieldref', field, op, other, cased }, e);
  assert.ok(ref('a', 'endswith', 'b'));
  assert.ok(!ref('a', 'endswith', 'b', true));
  assert.ok(ref('b', 'equals', 'c'));
  assert.ok(!ref('gone', 'equals', 'gone'), 'absent equals nothing');
});

test('wildcards against a naive matcher', () => {
  const naive = (p: string, s: string): boolean => {
    if (p === '') return s === '';
    if (p[0] === '*') return naive(p.slice(1), s) || (s !== '' && naive(p, s.slice(1)));
    return s !== '' && (p[0] === '?' || p[0] === s[0]) && naive(p.slice(1), s.slice(1));
  };
  const parts = (p: string): PatternPart[] =>
    [...p].map((c) => (c === '*' ? ANY : c === '?' ? ONE : text(c)));
  let seed = 7;
  const rnd = (n: number): number => {
    seed = (seed * 48271) % 2147483647;
    return seed % n;
  };
  const word = (alphabet: string, n: number): string =>
    Array.from({ length: rnd(n) }, () => alphabet[rnd(alphabet.length)]).join('');
  for (let i = 0; i < 20_000; i++) {
    const [p, s] = [word('ab*?', 7), word('ab', 9)];
    assert.equal(compilePattern(parts(p), true)(s), naive(p, s), `${p} on ${s}`);
  }
  assert.ok(compilePattern([ONE], true)('😀'));
  assert.ok(compilePattern([ANY, ONE, text('x')], true)('a😀x'));
  assert.ok(!compilePattern([ONE, ONE, text('x')], true)('😀x'));
});

test('regular expressions are RE2, bounded, linear', () => {
  const e = event({ a: `line1\nLine2 ${'x'.repeat(60_000)}` });
  const re = (source: string, flags = ''): boolean => holds({ kind: 'regex', field: 'a', source, flags }, e);
  assert.ok(re('^line1'));
  assert.ok(!re('^Line2'));
  assert.ok(re('^line2', 'im'));
  assert.ok(!re('line1.Line2'));
  assert.ok(re('line1.Line2', 's'));
  const t0 = performance.now();
  assert.ok(!re('(x+x+)+y'));
  assert.ok(performance.now() - t0 < 2000);
  for (const bad of ['(?=a)', '(', '\\1', '(a{1000}){1000}', 'a'.repeat(REGEX_CHARS_MAX + 1), 'a\0']) {
    assert.notEqual(regexProblem(bad, ''), undefined, bad.slice(0, 20));
  }
  assert.match(regexProblem('a', 'g') ?? '', /flag/);
});

test('names are data', () => {
  const name = '"];process.exit()//';
  const f = new EventFields();
  f.set('__proto__', 'x');
  f.set(name, 'y');
  f.set('constructor', 'z');
  const e = { fields: f, rawText: '', entities: [] };
  assert.ok(holds(eq('__proto__', 'x'), e));
  assert.ok(holds(eq(name, 'y'), e));
  assert.ok(holds(eq('constructor', 'z'), e));
  assert.ok(!holds({ kind: 'exists', field: 'toString' }, e));
});

test('problems are found before compiling', () => {
  let deep: Condition = eq('a', 'b');
  for (let i = 0; i < 200; i++) deep = { kind: 'not', item: deep };
  assert.match(conditionProblems(deep)[0] ?? '', /deeper/);
  assert.match(conditionProblems({ kind: 'inlist', field: 'a', list: 'x' }, lists)[0] ?? '', /no list/);
  assert.match(conditionProblems({ kind: 'cidr', field: 'a', cidr: '1.2.3/8' })[0] ?? '', /no network/);
  assert.match(conditionProblems({ kind: 'regex', field: 'a', source: '(', flags: '' })[0] ?? '', /a: /);
  assert.deepEqual(conditionProblems(eq('a', 'b'), lists), []);
});
