/** Rule files that are broken, hostile or too large: each is refused with file, line and reason, and others stay in force. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { rulesFromFiles } from './load.ts';
import { compileRules } from './matcher.ts';
import type { RuleProblem } from './rule.ts';
import { eventOf, TEST_TAXONOMY } from './testing.ts';

const rule = (id: string, extra = ''): string =>
  `title: ${id}\nid: ${id}\nname: ${id}\nlogsource: { category: test }\ndetection: { s: { a: b }, condition: s }\n${extra}`;
const correlation = (id: string, rules: string, timespan = '5m'): string =>
  `title: ${id}\nid: ${id}\nname: ${id}\ncorrelation:\n  type: event_count\n  rules: [${rules}]\n  timespan: ${timespan}\n  condition: { gte: 2 }\n`;

type Bad = { readonly what: string; readonly text: string; readonly line: number; readonly reason: RegExp };
const BOMB = [
  'a: &a [x, x, x, x, x, x, x, x, x, x]',
  ...'bcdefghij'.split('').map((k, i) => `${k}: &${k} [${`*${'abcdefghi'[i] ?? ''}, `.repeat(10)}]`),
  rule('bomb'),
].join('\n');

const BAD: readonly Bad[] = [
  {
    what: 'a circle of two',
    text: `${correlation('c1', 'c2')}---\n${correlation('c2', 'c1')}`,
    line: 1,
    reason: /in a circle/,
  },
  { what: 'a circle of itself', text: correlation('c3', 'c3'), line: 1, reason: /in a circle/ },
  {
    what: 'a chain that is too long',
    text: [
      correlation('d0', 'good'),
      ...Array.from({ length: 9 }, (_, i) => correlation(`d${i + 1}`, `d${i}`)),
    ].join('---\n'),
    line: 73,
    reason: /more than 8 deep/,
  },
  {
    what: 'an unknown modifier',
    text: 'title: m\nid: m\nlogsource: { category: test }\ndetection:\n  s:\n    a|base65: b\n  condition: s\n',
    line: 6,
    reason: /unknown modifier \|base65/,
  },
  {
    what: 'an id that is taken',
    text: `\n${rule('good')}`,
    line: 2,
    reason: /the id good is taken by good\.yml line 1/,
  },
  {
    what: 'the same id twice in a file',
    text: `${rule('e')}---\n${rule('e')}`,
    line: 7,
    reason: /the id e is taken by bad\.yml line 1/,
  },
  {
    what: 'a file of 5 MB',
    text: rule('big', `description: '${'x'.repeat(5 * 1024 * 1024)}'`),
    line: 1,
    reason: /longer than \d+ characters: split it/,
  },
  { what: 'an alias bomb', text: BOMB, line: 2, reason: /more than (100 aliases|50000 values)/ },
  {
    what: 'brackets 10,000 deep',
    text: `title: deep\nid: deep\nx: ${'['.repeat(10_000)}`,
    line: 3,
    reason: /nest deeper/,
  },
  {
    what: 'a window of ten years',
    text: correlation('y', 'good', '10y'),
    line: 7,
    reason: /timespan '10y' is longer than 366 days/,
  },
  {
    what: 'a window of 400 days',
    text: correlation('y2', 'good', '400d'),
    line: 7,
    reason: /longer than 366 days/,
  },
  {
    what: 'too many values',
    text: `title: v\nid: v\nlogsource: { category: test }\ndetection:\n  s:\n    a|windash: [${Array.from({ length: 9 }, () => "'-a -b -c -d -e'").join(', ')}]\n  condition: s\n`,
    line: 6,
    reason: /more than 20000 values/,
  },
  {
    what: 'a regular expression that is too large',
    text: `title: r\nid: r\nlogsource: { category: test }\ndetection:\n  s:\n    a|re: '((a{100}){100}){100}'\n  condition: s\n`,
    line: 1,
    reason: /./,
  },
  { what: 'what is no rule at all', text: '- just\n- a list\n', line: 1, reason: /./ },
];

function load(bad: string): { readonly fires: readonly string[]; readonly problems: readonly RuleProblem[] } {
  const { set, problems } = rulesFromFiles(
    [
      { path: 'good.yml', text: rule('good') },
      { path: 'bad.yml', text: bad },
      { path: 'other.yml', text: rule('other') },
    ],
    { taxonomy: TEST_TAXONOMY },
  );
  const compiled = compileRules(set, new Map());
  return { fires: compiled.match(eventOf({ a: 'b' })), problems: [...problems, ...compiled.problems] };
}

for (const bad of BAD)
  test(`${bad.what}: refused with place and reason, others go on`, () => {
    const began = performance.now();
    const { fires, problems } = load(bad.text);
    assert.ok(performance.now() - began < 3000, 'and quickly');
    const found = problems.find((p) => bad.reason.test(p.reason));
    assert.ok(found !== undefined, JSON.stringify(problems));
    assert.deepEqual([found.file, found.line], ['bad.yml', bad.line]);
    assert.ok(fires.includes('good') && fires.includes('other'));
  });

test('a placeholder without values is refused by name, others go on', () => {
  const { fires, problems } = load(
    "title: p\nid: p\nlogsource: { category: test }\ndetection: { s: { a|expand: 'x%nobody%' }, condition: s }\n",
  );
  assert.deepEqual(
    problems.map((p) => [p.file, p.line, p.reason]),
    [['bad.yml', 1, "p: the placeholder %nobody% has no value: make a list named 'nobody'"]],
  );
  assert.deepEqual(fires, ['good', 'other']);
});

test('two bad rules in a thousand leave 998 running and two named', () => {
  const files = Array.from({ length: 1000 }, (_, i) => ({
    path: `r${i}.yml`,
    text: i === 3 ? 'title: [' : i === 700 ? rule('r700').replace('a: b', 'a|nope: b') : rule(`r${i}`),
  }));
  const { set, problems } = rulesFromFiles(files, { taxonomy: TEST_TAXONOMY });
  assert.equal(set.rules.length, 998);
  assert.deepEqual(
    problems.map((p) => p.file),
    ['r3.yml', 'r700.yml'],
  );
  assert.equal(compileRules(set, new Map()).match(eventOf({ a: 'b' })).length, 998);
});
