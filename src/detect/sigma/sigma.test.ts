/** The semantics of Sigma rules, judged through the compiled matcher. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Lists } from '../../condition/tree.ts';
import { compileRules } from '../matcher.ts';
import { eventOf, type Fields, load } from '../testing.ts';

const NO_LISTS: Lists = new Map();

/** Indents a detection block and makes a rule of it. */
const rule = (detection: string, extra = 'taxonomy: ecs'): string =>
  `title: T\nid: r\n${extra}\nlogsource: { category: test }\ndetection:\n${detection
    .trim()
    .split('\n')
    .map((l) => `  ${l}`)
    .join('\n')}\n`;

function judge(detection: string, fields: Fields, raw = '', lists = NO_LISTS): boolean {
  const { set, problems } = load(rule(detection));
  assert.deepEqual(problems, []);
  const compiled = compileRules(set, lists);
  assert.deepEqual(compiled.problems, []);
  return compiled.match(eventOf(fields, raw)).includes('r');
}
const yes = (d: string, f: Fields, raw = ''): void =>
  assert.equal(judge(d, f, raw), true, `${d}\n${JSON.stringify(f)}`);
const no = (d: string, f: Fields, raw = ''): void =>
  assert.equal(judge(d, f, raw), false, `${d}\n${JSON.stringify(f)}`);
const sel = (line: string, condition = 'sel'): string => `sel:\n  ${line}\ncondition: ${condition}`;

test('equality folds case, takes numbers as text, lists are OR, maps AND', () => {
  yes(sel('a: Value'), { a: 'vALUE' });
  no(sel('a|cased: Value'), { a: 'vALUE' });
  yes(sel('a: 4625'), { a: '4625' });
  yes(sel("a: '4625'"), { a: 4625 });
  yes(sel('a: [x, y]'), { a: 'y' });
  no('sel: { a: x, b: y }\ncondition: sel', { a: 'x' });
  yes('sel: [{ a: x }, { b: y }]\ncondition: sel', { b: 'y' });
  yes(sel('a: x'), { a: ['w', 'x'] });
});

test('absent, null and empty', () => {
  no(sel('a: x'), {});
  yes(sel('a: x', 'not sel'), {});
  yes(sel('a: null'), {});
  yes(sel('a: null'), { a: null });
  no(sel('a: null'), { a: '' });
  yes(sel("a: ''"), { a: '' });
  no(sel("a: ''"), {});
  yes(sel("a: [null, '']"), {});
  yes(sel("a: [null, '']"), { a: '' });
  no(sel("a: [null, '']"), { a: 'x' });
  yes(sel('a|exists: true'), { a: '' });
  no(sel('a|exists: true'), {});
  yes(sel('a|exists: false'), {});
});

test('contains, startswith, endswith, all, wildcards, escapes', () => {
  yes(sel('a|contains: BcD'), { a: 'abcde' });
  yes(sel('a|startswith: ab'), { a: 'abcde' });
  no(sel('a|startswith: bc'), { a: 'abcde' });
  yes(sel("a|endswith: '\\cmd.exe'"), { a: 'C:\\Windows\\CMD.EXE' });
  yes(sel('a|contains|all: [ab, de]'), { a: 'abcde' });
  no(sel('a|contains|all: [ab, xx]'), { a: 'abcde' });
  yes(sel('a|contains|all: [one, two]'), { a: ['one', 'two'] });
  yes(sel("a: 'a*e'"), { a: 'abcde' });
  no(sel("a: 'a?e'"), { a: 'abcde' });
  yes(sel("a: 'a\\*e'"), { a: 'a*e' });
  no(sel("a: 'a\\*e'"), { a: 'abe' });
});

test('regular expressions are case-sensitive, unanchored, and linear', () => {
  yes(sel("a|re: 'b+c'"), { a: 'abbcd' });
  no(sel("a|re: 'B+c'"), { a: 'abbcd' });
  yes(sel("a|re|i: 'B+c'"), { a: 'abbcd' });
  no(sel("a|re: '^b'"), { a: 'a\nb' });
  yes(sel("a|re|m: '^b'"), { a: 'a\nb' });
  yes(sel("a|re|s: 'a.b'"), { a: 'a\nb' });
  yes(sel("a|re: 'C:\\\\\\\\Win'"), { a: 'C:\\\\Win' });
  const started = performance.now();
  no(sel("a|re: '^(a+)+$'"), { a: `${'a'.repeat(5000)}!` });
  assert.ok(performance.now() - started < 2000);
});

test('cidr, comparisons, fieldref', () => {
  yes(sel('source.ip|cidr: 10.0.0.0/8'), { 'source.ip': '10.1.2.3' });
  no(sel('source.ip|cidr: 10.0.0.0/8'), { 'source.ip': '11.1.2.3' });
  yes(sel("source.ip|cidr: '2001:db8::/32'"), { 'source.ip': '2001:db8::1' });
  yes(sel('a|gt: 5'), { a: 6 });
  no(sel('a|gt: 5'), { a: 5 });
  yes(sel('a|gte: 5'), { a: '5' });
  no(sel('a|lt: 5'), {});
  yes(sel('a|fieldref: b'), { a: 'X', b: 'x' });
  no(sel('a|fieldref: b'), { a: 'x' });
  yes(sel('a|fieldref|endswith: b'), { a: 'foobar', b: 'bar' });
  yes(sel('a|neq: x'), { a: 'y' });
  no(sel('a|neq: [x, y]'), { a: 'y' });
});

test('windash with contains, in either order', () => {
  for (const m of ['windash|contains', 'contains|windash'])
    for (const dash of ['-', '/', '\u2013', '\u2014', '\u2015'])
      yes(sel(`a|${m}: ' -enc'`), { a: `powershell ${dash}enc xyz` });
  yes(sel("a|contains|windash: ' /enc'"), { a: 'powershell -enc xyz' });
  yes(sel("a|contains|all|windash: [' -a', ' -b']"), { a: 'x /b -a' });
});

test('base64 forms in written order', () => {
  const b64 = (s: string, enc: BufferEncoding = 'utf8'): string => Buffer.from(s, enc).toString('base64');
  yes(sel('a|base64: foo'), { a: b64('foo') });
  yes(sel('a|base64offset|contains: http://'), { a: b64('get http://x') });
  yes(sel('a|base64offset|contains: http://'), { a: b64('go http://x') });
  yes(sel('a|wide|base64offset|contains: IEX'), { a: b64('x; IEX (y)', 'utf16le') });
  no(sel('a|wide|base64offset|contains: IEX'), { a: b64('x; IEX (y)') });
});

test('keywords search raw text and values, numbers too', () => {
  yes('keywords: [EvilService, other]\ncondition: keywords', {}, 'the evilservice ran');
  yes('keywords: [evil]\ncondition: keywords', { a: 'an EVIL value' });
  yes('keywords: [4625]\ncondition: keywords', { a: 4625 });
  yes("keywords:\n  '|all': [one, two]\ncondition: keywords", { a: 'one', b: 'two' });
  no("keywords:\n  '|all': [one, two]\ncondition: keywords", { a: 'one' });
});

test('conditions: precedence, of, them, underscore, lists', () => {
  const d = (condition: string): string =>
    `sel_a: { a: 1 }\nsel_b: { b: 1 }\nfilter_c: { c: 1 }\n_hidden: { d: 1 }\ncondition: ${condition}`;
  yes(d('sel_a or sel_b and filter_c'), { a: 1 });
  no(d('(sel_a or sel_b) and filter_c'), { a: 1 });
  yes(d('1 of sel_*'), { b: 1 });
  no(d('all of sel_*'), { b: 1 });
  yes(d('all of sel_* and not 1 of filter_*'), { a: 1, b: 1 });
  no(d('all of sel_* and not 1 of filter_*'), { a: 1, b: 1, c: 1 });
  yes(d('all of them'), { a: 1, b: 1, c: 1 });
  no(d('1 of them'), { d: 1 });
  yes(d('_hidden'), { d: 1 });
  yes(d('any of *_b'), { b: 1 });
  yes(d('NOT sel_a AND sel_b'), { b: 1 });
  yes(d('[sel_a, sel_b]'), { b: 1 });
  yes(d('not not sel_a'), { a: 1 });
});

test('expand: a list by name, refused with the name where there is none', () => {
  const d = sel("user.name|expand: '%admins%'");
  const lists: Lists = new Map([['admins', { kind: 'text', values: ['Eva'] }]]);
  assert.equal(judge(d, { 'user.name': 'eva' }, '', lists), true);
  assert.equal(judge(d, { 'user.name': 'bob' }, '', lists), false);
  const compiled = compileRules(load(rule(d)).set, NO_LISTS);
  assert.match(compiled.problems[0]?.reason ?? '', /admins/);
  assert.deepEqual(compiled.match(eventOf({ 'user.name': 'eva' })), []);
});

test('field names: taxonomy sigma maps, ecs does not', () => {
  const text = `title: T\nid: r\nlogsource: { product: windows, category: process_creation }\ndetection:\n  sel: { Image: x, Target User Name: y }\n  condition: sel\n`;
  const { set } = load(text);
  const m = compileRules(set, NO_LISTS);
  assert.deepEqual(m.match(eventOf({ 'process.executable': 'x', 'winlog.event_data.TargetUserName': 'y' })), [
    'r',
  ]);
});

test('errors name file, line and remedy', () => {
  const cases: readonly (readonly [string, RegExp, number?])[] = [
    [rule('sel: { a: 1 }\ncondition: sel and other'), /no selection 'other'; there are: sel/, 7],
    [rule('sel: { a: 1 }\ncondition: (sel'), /\) is missing/],
    [rule('sel: { a: 1 }\ncondition: sel | count() > 5'), /write a correlation/],
    [rule('sel: { a: 1 }\ncondition: 2 of sel*'), /use '1 of' or 'all of'/],
    [rule('sel: { a: 1 }\ncondition: 1 of x*'), /no selection is called 'x\*'/],
    [rule('sel: { a: 1 }'), /has no 'condition'/],
    [rule('sel: {}\ncondition: sel'), /selection 'sel' is empty/],
    [rule('sel: { a|nope: 1 }\ncondition: sel'), /unknown modifier \|nope/],
    [rule("sel: { a|re: '(' }\ncondition: sel"), /^a: missing closing/],
    [rule("sel: { a|re: '(?=x)' }\ncondition: sel"), /^a: .*\(\?=/],
    [rule("sel: { a|base64: 'x*' }\ncondition: sel"), /takes no wildcards/],
    [rule('sel: { a|gt: x }\ncondition: sel'), /needs a number/],
    [rule('sel: { a|cidr: 10.0.0.0/99 }\ncondition: sel'), /./],
    [rule("sel: { a|expand|base64: 'x%y%z' }\ncondition: sel"), /\|base64 takes no placeholder \(%y%\)/],
    [rule('sel: { a|hour: 24 }\ncondition: sel'), /\|hour is a whole number from 0 to 23/],
    [rule("sel: { a|contains|re: 'x' }\ncondition: sel"), /\|re comes before \|contains/],
    [rule("sel: { a|i: 'x' }\ncondition: sel"), /\|i goes after \|re/],
    ['title: T\nlogsource: { category: test }', /'detection' \(or 'correlation'\) is missing/],
    ['title: T\ndetection: { s: { a: 1 }, condition: s }', /'logsource' is missing/],
    ['id: x', /'title' is missing/],
    [rule('sel: { a: 1 }\ncondition: sel', 'taxonomy: klingon'), /taxonomy 'klingon'/],
    [rule('sel: { a: 1 }\ncondition: sel', 'level: awful'), /level 'awful'/],
    [rule('sel: { a: 1 }\ncondition: sel', 'vigil: { sentance: x }'), /vigil.sentance is not known/],
    [rule('sel: { a: 1 }\ncondition: sel', 'filter: { rules: any }'), /exactly one 'condition'/],
    [rule('sel: { a: 1 }\ncondition: sel', 'action: twice'), /action 'twice' is not one of/],
    [rule('sel: { a: 1 }\ncondition: sel', 'action: repeat'), /needs a rule before it/],
  ];
  for (const [text, why, line] of cases) {
    const { set, problems } = load(text);
    assert.equal(set.rules.length, 0, text);
    assert.equal(problems[0]?.file, 'test.yml');
    assert.match(problems[0]?.reason ?? '', why, text);
    assert.ok((problems[0]?.line ?? 0) > 0);
    if (line !== undefined) assert.equal(problems[0]?.line, line);
  }
});

test('correlations: references, circles and unsupported kinds are refused with a reason', () => {
  const base =
    'title: B\nid: b\nname: bee\nlogsource: { category: test }\ndetection: { s: { a: 1 }, condition: s }\n---\n';
  const c = (body: string, id = 'c'): string =>
    `title: C\nid: ${id}\nname: ${id}\ncorrelation: { ${body} }\n`;
  const good = load(base + c('type: event_count, rules: [bee], timespan: 5m, condition: { gte: 3 }'));
  assert.deepEqual(good.problems, []);
  const r = good.set.rules.find((x) => x.id === 'c');
  assert.ok(r?.kind === 'correlation');
  assert.deepEqual(r.rules, ['b']);
  assert.equal(r.timespan, 300e6);
  const cases: readonly (readonly [string, RegExp])[] = [
    [
      'type: event_count, rules: [nobody], timespan: 5m, condition: { gte: 3 }',
      /'nobody', which is not there/,
    ],
    ['type: event_count, rules: [c], timespan: 5m, condition: { gte: 3 }', /circle/],
    ['type: value_sum, rules: [bee], timespan: 5m, condition: { gte: 3 }', /value_sum needs 'field'/],
    ['type: event_count, rules: [bee], timespan: 5m', /needs a 'condition'/],
    ['type: event_count, rules: [bee], timespan: 5 minutes, condition: { gte: 3 }', /timespan '5 minutes'/],
    ['type: value_count, rules: [bee], timespan: 5m, condition: { gte: 3 }', /needs 'field'/],
    [
      'type: temporal, rules: [bee], timespan: 5m, condition: bee and not wasp',
      /'wasp', which is not in 'rules'/,
    ],
    ['type: temporal, rules: [bee], timespan: 5m, condition: not bee', /holds where nothing happens/],
    ['type: event_count, rules: [bee], timespan: 10y, condition: { gte: 3 }', /longer than 366 days/],
    ['type: event_count, rules: [bee], timespan: 0m, condition: { gte: 3 }', /is not like/],
    ['type: event_count, rules: [bee], timespan: 5m, condition: bee', /only temporal types take a text/],
    [
      'type: event_count, rules: [bee], timespan: 5m, gruop-by: [a], condition: { gte: 1 }',
      /gruop-by is not known/,
    ],
    ['type: temporal, rules: [bee], timespan: 5m, condition: { gte: 2 }', /more rules than the 1/],
    [
      'type: value_percentile, rules: [bee], timespan: 5m, condition: { field: a, percentile: 101, gte: 2 }',
      /from 0 to 100/,
    ],
    ['type: event_count, rules: [bee], timespan: 5m, condition: { gte: -1 }', /whole number/],
    ['type: event_count, rules: [bee], timespan: 5m, condition: { above: 1 }', /'above' is not one of/],
  ];
  for (const [body, why] of cases) {
    const { set, problems } = load(base + c(body));
    assert.equal(set.rules.length, 1, body);
    assert.match(problems[0]?.reason ?? '', why, body);
    assert.ok((problems[0]?.line ?? 0) > 1, body);
  }
  // A correlation over a refused one goes too, and says which.
  const chain = load(
    base +
      c('type: event_count, rules: [nobody], timespan: 5m, condition: { gte: 3 }', 'c1') +
      '---\n' +
      c('type: event_count, rules: [c1], timespan: 5m, condition: { gte: 3 }', 'c2'),
  );
  assert.deepEqual(
    chain.set.rules.map((x) => x.id),
    ['b'],
  );
  assert.match(chain.problems[1]?.reason ?? '', /c1/);
});

test('a rule named like a property of Object is a rule like any other', () => {
  const { set, problems } = load(
    'title: T\nid: __proto__\nlogsource: { category: test }\ndetection:\n  constructor: { __proto__: 1 }\n  condition: constructor\n',
  );
  assert.deepEqual(problems, []);
  assert.deepEqual(compileRules(set, NO_LISTS).match(eventOf(JSON.parse('{"__proto__": 1}') as Fields)), [
    '__proto__',
  ]);
});
