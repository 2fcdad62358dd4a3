/** The routed matcher gives the verdict of evaluating every rule in full, and a rule that throws stops no other. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { compileCondition } from '../condition/evaluate.ts';
import type { Condition, PatternPart } from '../condition/tree.ts';
import type { NormalizedEvent } from '../model/event.ts';
import { requiredLiteral } from './gate.ts';
import { compileRules } from './matcher.ts';
import { type BaseRule, makeRuleSet } from './rule.ts';
import { BRUTE, eventOf, rulesOf } from './testing.ts';

const template = rulesOf(BRUTE).rules.find((r): r is BaseRule => r.kind === 'rule');
assert.ok(template !== undefined);
const ruleOf = (id: string, where: Condition, condition: Condition): BaseRule => ({
  ...template,
  id,
  name: '',
  where,
  condition,
});

const FIELDS = [
  'event.code',
  'event.action',
  'winlog.channel',
  'vigil.source',
  'event.dataset',
  'a',
  'b',
  'source.ip',
];
const VALUES = [
  'x',
  'X',
  'y',
  'z',
  '4625',
  'ς',
  '',
  'xyz',
  'XYZ-ſ',
  'ab\\c',
  'a.b',
  'axxb',
  'İ',
  '::ffff:10.0.0.1',
  '10.0.0.1',
];
const REGEXES = [
  'xy',
  'XY?z',
  'a.b',
  'a\\.b',
  'ax+b',
  'ax{2}b',
  'x|yz',
  '(x|q)yz',
  '(?i)xyz-s',
  '^x',
  '[ab]x',
  'b\\\\c',
  'x*yz',
  'xyz-.',
  'q{x|y}',
];
const field = fc.constantFrom(...FIELDS);
const value = fc.constantFrom(...VALUES);
const part: fc.Arbitrary<PatternPart> = fc.oneof(
  value.map((text): PatternPart => ({ kind: 'text', text })),
  fc.constantFrom<PatternPart>({ kind: 'any' }, { kind: 'one' }),
);
const leaf: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({
    kind: fc.constant('like' as const),
    field,
    pattern: fc.array(part, { minLength: 1, maxLength: 4 }),
    cased: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('regex' as const),
    field,
    source: fc.constantFrom(...REGEXES),
    flags: fc.constantFrom('', 'i'),
  }),
  fc.record({
    kind: fc.constant('equals' as const),
    field,
    values: fc.array(value, { maxLength: 3 }),
    cased: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('exists' as const), field }),
  fc.record({ kind: fc.constant('null' as const), field }),
  fc.record({ kind: fc.constant('const' as const), value: fc.boolean() }),
);
const condition: fc.Arbitrary<Condition> = fc.letrec<{ c: Condition }>((tie) => ({
  c: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      items: fc.array(tie('c'), { maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant('not' as const), item: tie('c') }),
  ),
})).c;
const event: fc.Arbitrary<NormalizedEvent> = fc
  .array(
    fc.tuple(field, fc.oneof(value, fc.constant(null), fc.array(value, { minLength: 2, maxLength: 3 }))),
    {
      maxLength: 6,
    },
  )
  .map((pairs) => {
    const e = eventOf({});
    for (const [name, v] of pairs) e.fields.setOurs(name, v);
    if (!e.fields.has('vigil.source')) e.fields.setOurs('vigil.source', 'test');
    return e;
  });

test('routing never omits and never adds', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(condition, condition), { minLength: 1, maxLength: 6 }),
      fc.array(event, { minLength: 1, maxLength: 5 }),
      (pairs, events) => {
        const rules = pairs.map(([where, c], i) => ruleOf(`r${i}`, where, c));
        const compiled = compileRules(makeRuleSet(rules), new Map());
        assert.deepEqual(compiled.problems, []);
        const env = { lists: new Map() };
        for (const e of events) {
          const want = rules
            .filter((r) => compileCondition(r.where, env)(e) && compileCondition(r.condition, env)(e))
            .map((r) => r.id);
          assert.deepEqual(compiled.match(e), want);
        }
      },
    ),
    { numRuns: 400 },
  );
});

test('required literals of regular expressions', () => {
  const table: readonly (readonly [string, string])[] = [
    ['curl[^|;]*\\|\\s*bash', 'curl'],
    ['abc|def', ''],
    ['(abc|def)ghi', 'ghi'],
    ['abcd?', 'abc'],
    ['abcd*ef', 'abc'],
    ['abcd+ef', 'abcd'],
    ['a\\.exe$', 'a.exe'],
    ['\\d\\w', ''],
    ['[abc]+', ''],
    ['ab{2}cd', 'cd'],
    ['ab{x|y}cd', ''],
    ['\\x41bc|q', ''],
    ['\\x{41}bcd', 'bcd'],
    ['[]a]bcd[[:alpha:]]', 'bcd'],
    ['äbcd', 'bcd'],
  ];
  for (const [source, want] of table) assert.equal(requiredLiteral(source), want, source);
});

test('a rule that throws is reported and stops no other', () => {
  const always: Condition = { kind: 'const', value: true };
  const compiled = compileRules(
    makeRuleSet([ruleOf('bad', always, { kind: 'exists', field: 'boom' }), ruleOf('good', always, always)]),
    new Map(),
  );
  const e = eventOf({});
  const broken: NormalizedEvent = {
    ...e,
    fields: Object.assign(Object.create(e.fields) as typeof e.fields, {
      get: (name: string) => (name === 'vigil.source' ? 'test' : undefined),
      has: (name: string): boolean => {
        if (name === 'boom') throw new Error('boom');
        return true;
      },
    }),
  };
  assert.deepEqual(compiled.match(broken), ['good']);
  compiled.match(broken);
  assert.deepEqual(compiled.failures.get('bad'), { count: 2, reason: 'boom' });
});
