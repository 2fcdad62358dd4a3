/** Rules in the condition language: reading, what is refused and why, how they are taken apart. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { partIds } from './condition-rule-ids.ts';
import { rulesFromFiles } from './load.ts';
import { THREE } from './memory/testing.ts';
import { type ConditionRule, parseRuleSet, type Residual, type Rule, ruleSetText } from './rule.ts';
import { load, TEST_TAXONOMY } from './testing.ts';

const rule = (condition: string, more = ''): string =>
  `- name: R\n  condition: |\n${condition
    .split('\n')
    .map((l) => `    ${l}`)
    .join('\n')}\n  severity: high\n${more}`;

function one(text: string): Rule {
  const { set, problems } = load(text);
  assert.deepEqual(problems, []);
  const whole = set.rules.filter((r) => r.partOf === undefined);
  assert.equal(whole.length, 1);
  return whole[0] as Rule;
}
function stateful(condition: string): ConditionRule {
  const r = one(rule(condition));
  assert.equal(r.kind, 'condition');
  return r as ConditionRule;
}
const reason = (text: string): { line: number; reason: string } | undefined => load(text).problems[0];

test('the three rules load exactly as written', () => {
  const { set, problems } = load(THREE);
  assert.deepEqual(problems, []);
  const whole = set.rules.filter((r) => r.partOf === undefined).sort((a, b) => a.line - b.line);
  assert.deepEqual(
    whole.map((r) => [r.title, r.kind, r.level, r.line, r.nextSteps]),
    [
      [
        'Certificate issued for monitored domain by unexpected CA',
        'rule',
        'critical',
        2,
        ['Investigate potential rogue CA or domain hijack'],
      ],
      [
        'Certificate expires in 7 days with no renewal attempt',
        'condition',
        'high',
        11,
        ['Page certificate owner — imminent outage risk'],
      ],
      [
        'Unusual certificate request volume',
        'condition',
        'medium',
        19,
        ['Investigate — possible compromised ACME credentials or automation bug'],
      ],
    ],
  );
  // Each keeps its own text, without the comment of the next.
  assert.match(whole[0]?.yaml ?? '', /^- name: "Certificate issued[\s\S]*hijack"$/);
  assert.match(whole[1]?.yaml ?? '', /^- name: "Certificate expires[\s\S]*risk"$/);
  const parts = set.rules.filter((r) => r.partOf !== undefined);
  assert.ok(parts.length > 0 && parts.every((r) => r.kind === 'rule' && !r.alerts));
  const ids = whole.flatMap((r) => (r.kind === 'condition' ? partIds(r) : []));
  assert.deepEqual(ids.sort(), parts.map((r) => r.id).sort());
  const again = parseRuleSet(ruleSetText(set));
  assert.ok(again.ok && again.value.hash === set.hash);
});

test('a list, one map, `rules:` and several documents; ids come from the name and survive other changes', () => {
  const body = 'name: A rule\ncondition: user.name == "root"\nseverity: LOW\nresponse: [Look, Ask]\n';
  const forms = [
    body,
    `- ${body.trim().replaceAll('\n', '\n  ')}\n`,
    `rules:\n  - ${body.trim().replaceAll('\n', '\n    ')}\n`,
    `${body}---\n${body.replace('A rule', 'B rule')}`,
  ];
  const ids = forms.map((f) => load(f).set.rules.find((r) => r.title === 'A rule')?.id);
  assert.equal(new Set(ids).size, 1);
  assert.equal(load(forms[3] ?? '').set.rules.length, 2);
  assert.deepEqual(one(body).nextSteps, ['Look', 'Ask']);
  const changed = one(body.replace('root', 'admin'));
  assert.equal(changed.id, ids[0]);
  assert.notEqual(changed.version, one(body).version);
  assert.equal(one(`id: own-id\n${body}`).id, 'own-id');
});

test('severities of any vocabulary, ATT&CK by tag or id, key fields, a sentence', () => {
  const text = `${rule('a: b')}  attack: [T1110.001, credential-access]\n  tags: [attack.t1078]\n  key: [host.name]\n  sentence: '{user.name} did it'\n  mode: shadow\n`;
  const r = one(text.replace('severity: high', 'severity: Warning'));
  assert.equal(r.level, 'medium');
  assert.deepEqual(r.attack, ['T1078', 'T1110.001', 'credential-access']);
  assert.deepEqual(r.entity, ['host.name']);
  assert.deepEqual(r.sentence, { kind: 'text', text: '{user.name} did it' });
  assert.equal(r.mode, 'shadow');
});

test('what is wrong is named with its line, and one bad rule stops no other', () => {
  const bad = `${rule('user.name ==')}\n- name: good\n  condition: user.name == "x"\n  severity: low\n`;
  const { set, problems } = load(bad);
  assert.deepEqual(
    set.rules.map((r) => r.title),
    ['good'],
  );
  assert.equal(problems.length, 1);
  assert.equal(problems[0]?.line, 3);
  assert.match(reason(rule('a: b\nAND user.name IN'))?.reason ?? '', /^condition: /);
  assert.equal(reason(rule('a: b\nAND user.name IN'))?.line, 4);
  const cases: [string, RegExp][] = [
    [
      rule('a: b').replace('severity: high', 'severity: urgentish'),
      /severity 'urgentish' is not known: use critical/,
    ],
    ['- name: ""\n  condition: a == "b"\n', /'name' is missing/],
    ['- name: x\n  condition: ""\n', /'condition' is empty/],
    [`${rule('a: b')}  colour: red\n`, /'colour' is not known/],
    [rule('count(a: b by c in 900 days) > 1'), /looks back at most/],
    [
      rule('count(a: b by c in 1 hour) > 1').replace('name: R', `name: ${'x'.repeat(300)}`),
      /longer than 256/,
    ],
    [rule('a: b | stats count()'), /no pipes/],
    [rule('a =~ "("'), /condition: /],
  ];
  for (const [text, expected] of cases) {
    const p = reason(text);
    assert.ok(p !== undefined, text);
    assert.match(p.reason, expected);
  }
  const twice = load(`${rule('a: b')}${rule('a: c')}`);
  assert.match(
    twice.problems[0]?.reason ?? '',
    /is taken by test\.yml line 1: give this rule an id of its own/,
  );
});

const shape = (r: Residual): unknown =>
  r.kind === 'and' || r.kind === 'or'
    ? [r.kind, ...r.items.map(shape)]
    : r.kind === 'test'
      ? r.negated
        ? 'not test'
        : 'test'
      : r.kind;

test('taken apart: stateless neighbours are one part, negations stand at the leaves', () => {
  const c = 'count(x: y by u in 1h) > 3';
  assert.deepEqual(shape(stateful(`a: b AND d: e AND ${c}`).residual), ['and', 'part', 'test']);
  assert.deepEqual(shape(stateful(`NOT (a: b OR ${c})`).residual), ['and', 'part', 'not test']);
  assert.deepEqual(shape(stateful(`a: b OR (d: e AND NOT ${c})`).residual), [
    'or',
    'part',
    ['and', 'part', 'not test'],
  ]);
  const twice = stateful(`a: b AND ${c} AND NOT (a: b AND count(x: y by u in 1h) > 9)`);
  assert.equal(twice.terms.length, 1, 'the same count is one term');
});

test('only what later events can make false is put off', () => {
  const c = 'count(x: y by u in 1h)';
  const put = (text: string): boolean => stateful(text).deferred;
  for (const text of [
    `${c} > 3`,
    `${c} >= 3`,
    `3 < ${c}`,
    `${c} - 2 > 3`,
    `2 * ${c} > 3`,
    `NOT ${c} < 3`,
    `exists(x: y for u in 1h)`,
    `${c} > 10 * baseline`,
  ])
    assert.equal(put(text), false, text);
  for (const text of [
    `${c} < 3`,
    `${c} == 3`,
    `3 > ${c}`,
    `5 - ${c} > 3`,
    `-1 * ${c} > -3`,
    `NOT ${c} > 3`,
    `NOT exists(x: y for u in 1h)`,
    `a: b AND ${c} != 1`,
  ])
    assert.equal(put(text), true, text);
});

test('a mode that switches a rule off switches its parts off; the parts of others are judged whatever the mode', () => {
  const modeFor = (r: Rule): 'off' | 'shadow' => (r.title.startsWith('Unusual') ? 'off' : 'shadow');
  const { set } = rulesFromFiles([{ path: 'a.yml', text: THREE }], { taxonomy: TEST_TAXONOMY, modeFor });
  for (const r of set.rules)
    if (r.partOf !== undefined) assert.equal(r.mode, r.title.startsWith('Unusual') ? 'off' : undefined, r.id);
});

test('an exception narrows what a rule counts and is judged at, never what must not be missing', () => {
  const exception = (name: string): string =>
    `title: F\nid: flt\ntaxonomy: ecs\nlogsource: { category: test }\nfilter: { rules: [${name}], s: { source.ip: 10.0.4.9 }, condition: not s }`;
  const narrowed = (
    condition: string,
    name = 'R',
  ): { parts: readonly boolean[]; problems: readonly string[] } => {
    const files = [rule(condition), exception(name)].map((text, i) => ({ path: `f${i}.yml`, text }));
    const { set, problems } = rulesFromFiles(files, { taxonomy: TEST_TAXONOMY });
    const parts = set.rules.filter((r) => r.partOf !== undefined);
    return {
      parts: parts.map((r) => JSON.stringify(r).includes('10.0.4.9')),
      problems: problems.map((p) => p.reason),
    };
  };
  assert.deepEqual(narrowed('count(x: y by u in 1h) > 3'), { parts: [true], problems: [] });
  assert.deepEqual(narrowed('a: b AND count(x: y by u in 1h) > 3').parts, [true, true]);
  // What is counted is the first part, what it is judged at the second.
  assert.deepEqual(narrowed('a: b AND NOT exists(x: y for u in 1h)').parts, [false, true]);
  assert.deepEqual(narrowed('count(x: y by u in 1h) > 3', 'any').parts, [false], 'not unasked');
  assert.match(narrowed('certificate.days_to_expiry < 7').problems[0] ?? '', /is no rule over single events/);
});

test('what is counted is called as it is written, whichever count it is and however long the text', () => {
  const whats = (condition: string) => stateful(condition).terms.map((t) => t.what);
  const failures = 'count(auth_failures by source.ip in 5 minutes)';
  assert.deepEqual(
    whats(`${failures} > 3 AND ${failures} < 100 AND count(key_usage by source.ip in 1 hour) > 2`),
    ['auth failures', 'key usage'],
  );
  assert.deepEqual(
    whats(
      'count(event.note:"count(secret for you)" by source.ip in 1 hour) > count(auth_success by source.ip in 1 hour)',
    ),
    ['matching events', 'auth success'],
  );
  const long = `count(auth_failure ${'by'.padEnd(40)} user.name in 1 hour) > 1 AND note:"${'count( '.repeat(1300)}"`;
  const from = performance.now();
  assert.deepEqual(whats(long), ['auth failure']);
  assert.ok(performance.now() - from < 500, 'and that takes no time');
});
