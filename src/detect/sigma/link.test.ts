import assert from 'node:assert/strict';
import test from 'node:test';
import { rulesFromFiles } from '../load.ts';
import { compileRules } from '../matcher.ts';
import type { CorrelationRule, RuleProblem, RuleSet } from '../rule.ts';
import type { Taxonomy } from '../taxonomy.ts';
import { groupValues } from '../group-keys.ts';
import { eventOf, matchedOf, T0 } from '../testing.ts';
import { FILTERS_MAX } from './filter.ts';
import { NARROWED_CHARS_MAX } from './link.ts';

const TAXONOMY: Taxonomy = {
  sources: ['windows', 'linux'].map((product) => ({
    product,
    category: 'process_creation',
    service: '',
    when: { kind: 'equals', field: 'host.os.type', values: [product], cased: false } as const,
  })),
  fields: new Map([
    ['windows', new Map([['User', ['user.name', 'winlog.event_data.User']]])],
    ['linux', new Map([['User', ['user.name']]])],
  ]),
  prefixes: new Map([['windows', ['winlog.event_data.']]]),
};
const load = (
  ...texts: readonly string[]
): { readonly set: RuleSet; readonly problems: readonly RuleProblem[] } =>
  rulesFromFiles(
    texts.map((text, i) => ({ path: `f${i}.yml`, text })),
    { taxonomy: TAXONOMY },
  );
const rule = (id: string, product = 'windows', name = id): string =>
  `title: ${id}\nid: ${id}\nname: ${name}\nlogsource: { product: ${product}, category: process_creation }\ndetection: { s: { k: ${id} }, condition: s }\n`;
const correlation = (set: RuleSet): CorrelationRule => {
  const c = set.rules.find((r) => r.kind === 'correlation' && r.id === 'c');
  assert.ok(c?.kind === 'correlation');
  return c;
};

test('group-by names are those of the rules at the end of the reference', () => {
  const { set, problems } = load(
    rule('w'),
    rule('l', 'linux'),
    'title: C\nid: c\ncorrelation: { type: value_count, rules: [w, l], group-by: [User], timespan: 5m, condition: { field: Image, gte: 2 } }',
  );
  assert.deepEqual(problems, []);
  assert.deepEqual(
    correlation(set).groupBy[0]?.perRule.filter(([id]) => id !== ''),
    [
      ['w', 'user.name'],
      ['w', 'winlog.event_data.User'],
      ['l', 'user.name'],
    ],
  );
  assert.deepEqual(
    correlation(set).fieldsPerRule?.[0]?.perRule.filter(([id]) => id !== ''),
    [
      ['w', 'winlog.event_data.Image'],
      ['l', 'Image'],
    ],
  );
  // What the field is called in the other rule's events is no value of this one.
  const of = (id: string, fields: Readonly<Record<string, string>>): string[][] =>
    groupValues(correlation(set), id, matchedOf({ rules: [id], ts: T0, fields }));
  assert.deepEqual(of('l', { 'winlog.event_data.User': 'eva' }), []);
  assert.deepEqual(of('w', { 'winlog.event_data.User': 'eva' }), [['eva']]);
});

test('through a chain too; taxonomy ecs takes names as they are; aliases are mapped', () => {
  const between =
    'title: M\nid: m\ncorrelation: { type: event_count, rules: [w], group-by: [User], timespan: 5m, condition: { gte: 2 } }';
  const chain = load(
    rule('w'),
    between,
    'title: C\nid: c\ncorrelation: { type: event_count, rules: [m], group-by: [Image], timespan: 5m, condition: { gte: 2 } }',
  );
  assert.deepEqual(chain.problems, []);
  assert.deepEqual(correlation(chain.set).groupBy[0]?.perRule, [['', 'winlog.event_data.Image']]);
  const ecs = load(
    rule('w'),
    'title: C\nid: c\ntaxonomy: ecs\ncorrelation: { type: event_count, rules: [w], group-by: [User], timespan: 5m, condition: { gte: 2 } }',
  );
  assert.deepEqual(correlation(ecs.set).groupBy[0]?.perRule, [['', 'User']]);
  const alias = load(
    rule('w'),
    rule('l', 'linux'),
    'title: C\nid: c\ncorrelation: { type: temporal, rules: [w, l], group-by: [who], timespan: 5m, aliases: { who: { w: TargetUserName, l: User } } }',
  );
  assert.deepEqual(correlation(alias.set).groupBy[0]?.perRule, [
    ['w', 'winlog.event_data.TargetUserName'],
    ['l', 'user.name'],
  ]);
});

test('a name that two rules have is refused where it is used', () => {
  const { set, problems } = load(
    rule('w', 'windows', 'same'),
    rule('l', 'linux', 'same'),
    'title: C\nid: c\ncorrelation: { type: event_count, rules: [same], timespan: 5m, condition: { gte: 2 } }',
  );
  assert.deepEqual(
    set.rules.map((r) => r.id),
    ['l', 'w'],
  );
  assert.match(problems[0]?.reason ?? '', /'same', and 2 rules have this name: use an id/);
});

test('a filter reads the fields of the rule that it narrows', () => {
  const filter =
    'title: F\nid: flt\nlogsource: { category: process_creation }\nfilter: { rules: any, selection: { User: eva }, condition: not selection }';
  const { set, problems } = load(rule('w'), rule('l', 'linux'), filter);
  assert.deepEqual(problems, []);
  assert.deepEqual(
    set.rules.map((r) => (r.kind === 'rule' ? r.filters : [])),
    [['flt'], ['flt']],
  );
  const compiled = compileRules(set, new Map());
  const fires = (fields: Readonly<Record<string, string>>): readonly string[] =>
    compiled.match(eventOf(fields));
  const w = { 'host.os.type': 'windows', 'winlog.event_data.k': 'w' };
  assert.deepEqual(fires(w), ['w']);
  assert.deepEqual(fires({ ...w, 'user.name': 'eva' }), []);
  assert.deepEqual(fires({ ...w, 'winlog.event_data.User': 'EVA' }), []);
  assert.deepEqual(fires({ 'host.os.type': 'linux', k: 'l', 'winlog.event_data.User': 'eva' }), ['l']);
});

test('a filter that can narrow nothing says why', () => {
  const why = (rules: string, logsource: string): string => {
    const text = `title: F\nlogsource: { ${logsource} }\nfilter: { rules: ${rules}, s: { a: b }, condition: s }`;
    const c =
      'title: C\nid: c\ncorrelation: { type: event_count, rules: [w], timespan: 5m, condition: { gte: 2 } }';
    return load(rule('w'), c, text)
      .problems.map((p) => `${p.file}:${p.line} ${p.reason}`)
      .join();
  };
  assert.match(why('[nobody]', 'product: windows'), /^f2\.yml:1 filter "F": it refers to the rule 'nobody'/);
  assert.match(why('[w]', 'product: linux'), /its log source is not that of the rule 'w'/);
  assert.match(why('[w]', 'product: windows, service: sysmon'), /its log source is not that of the rule 'w'/);
  assert.match(why('[c]', 'product: windows'), /'c' is no rule over single events/);
  assert.equal(why('[w]', 'product: windows'), '');
});

test('a reload: filters are put in anew, a rule whose file is broken keeps those that it had', () => {
  const filter = (user: string): string =>
    `title: F\nid: flt\nlogsource: { product: windows }\nfilter: { rules: [w], s: { User: ${user} }, condition: not s }`;
  const files = (w: string, f: string): { path: string; text: string }[] => [
    { path: 'w.yml', text: w },
    { path: 'f.yml', text: f },
  ];
  const one = rulesFromFiles(files(rule('w'), filter('eva')), { taxonomy: TAXONOMY });
  const two = rulesFromFiles(files(rule('w'), filter('bob')), { taxonomy: TAXONOMY, previous: one.set });
  assert.match(JSON.stringify(two.set.rules), /bob/);
  assert.doesNotMatch(JSON.stringify(two.set.rules), /eva/);
  const broken = rulesFromFiles(files('title: [', filter('bob')), { taxonomy: TAXONOMY, previous: two.set });
  assert.deepEqual(broken.set.rules, two.set.rules);
});

test('rules of a collection that inherit an id get one of their own each', () => {
  const { set, problems } = load(
    'action: global\ntitle: G\nid: g\nlogsource: { product: windows, category: process_creation }\n---\ndetection: { s: { a: 1 }, condition: s }\n---\ndetection: { s: { a: 2 }, condition: s }\n---\nid: own\ndetection: { s: { a: 3 }, condition: s }\n',
  );
  assert.deepEqual(problems, []);
  assert.deepEqual(
    set.rules.map((r) => [r.id, r.line]),
    [
      ['g', 6],
      ['g#2', 8],
      ['own', 10],
    ],
  );
});

test('filters are bounded in number and in what they add; each is put in once, whoever names the rule', () => {
  const filter = (i: number, more = ''): string =>
    `title: F\nid: f${i}\nlogsource: { product: windows }\nfilter: { rules: any, s: { User: v${i}${more} }, condition: not s }`;
  const many = (n: number, of: (i: number) => string): string[] =>
    Array.from({ length: Math.ceil(n / 150) }, (_, at) =>
      Array.from({ length: Math.min(150, n - at * 150) }, (_, k) => of(at * 150 + k)).join('\n---\n'),
    );
  const full = load(rule('w'), ...many(FILTERS_MAX + 1, filter));
  assert.deepEqual(full.problems, [
    {
      file: `f${Math.ceil((FILTERS_MAX + 1) / 150)}.yml`,
      line: (FILTERS_MAX % 150) * 5 + 1,
      reason: `more than ${FILTERS_MAX} filters: this one and those after it narrow nothing`,
    },
  ]);
  const [w] = full.set.rules;
  assert.equal(w?.kind === 'rule' ? w.filters?.length : 0, FILTERS_MAX);
  const wide = load(
    ...many(300, (i) => rule(`r${i}`)),
    ...many(30, (i) => filter(i, 'x'.repeat(Math.ceil(NARROWED_CHARS_MAX / 300 / 25)))),
  );
  assert.ok(wide.problems.length > 0 && wide.problems.length < 30);
  assert.ok(JSON.stringify(wide.set.rules).length < 1.1 * NARROWED_CHARS_MAX);
  assert.match(wide.problems[0]?.reason ?? '', /^filter "F": .*: name the rules that it is for/);
  const twice = load(rule('w'), filter(1).replace('any', '[w, w]'));
  assert.deepEqual(
    twice.set.rules.map((r) => (r.kind === 'rule' ? r.filters : [])),
    [['f1']],
  );
});
