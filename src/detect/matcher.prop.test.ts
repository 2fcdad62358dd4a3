/** The routed matcher gives the verdict of evaluating every rule in full, and a rule that throws stops no other. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { compileCondition } from '../condition/evaluate.ts';
import type { Condition } from '../condition/tree.ts';
import type { NormalizedEvent } from '../model/event.ts';
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

const FIELDS = ['event.code', 'event.action', 'winlog.channel', 'vigil.source', 'event.dataset', 'a', 'b'];
const VALUES = ['x', 'X', 'y', 'z', '4625', 'ς', ''];
const field = fc.constantFrom(...FIELDS);
const value = fc.constantFrom(...VALUES);
const leaf: fc.Arbitrary<Condition> = fc.oneof(
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
    { numRuns: 200 },
  );
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
