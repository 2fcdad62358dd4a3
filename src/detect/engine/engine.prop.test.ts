/** The engine gives the verdict of the plain one, whichever of its indexes is in use; a rule that throws stops no other. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { Condition, PatternPart } from '../../condition/tree.ts';
import type { NormalizedEvent } from '../../model/event.ts';
import { type BaseRule, makeRuleSet } from '../rule.ts';
import { BRUTE, eventOf, rulesOf } from '../testing.ts';
import { compileIndexed } from './engine.ts';
import { compilePlain } from './oracle.ts';

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
  'axxbaxxb',
  'xyz😀',
  'İ',
  '\u212aelvin',
  'kelvin',
  'ΑΣ',
  'ας',
  'a\ud800b',
  'a–b /x',
  'xyz'.repeat(200),
  '4625.0',
  'true',
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
  'xyz😀?',
  'axxbaxxb😀*',
];
const HOSTILE = ['__proto__', 'constructor', '"];x()//', 'ünï.cöde', ''];
const field = fc.constantFrom(...FIELDS, ...HOSTILE);
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
  fc.record({
    kind: fc.constant('keyword' as const),
    pattern: fc.array(part, { minLength: 1, maxLength: 3 }),
    cased: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('words' as const), words: fc.array(value, { minLength: 1, maxLength: 2 }) }),
  fc.record({ kind: fc.constant('inlist' as const), field, list: fc.constantFrom('names', 'nets') }),
  fc.record({ kind: fc.constant('cidr' as const), field, cidr: fc.constantFrom('10.0.0.0/8', '::/0') }),
  fc.record({
    kind: fc.constant('compare' as const),
    field,
    op: fc.constantFrom('<' as const, '>=' as const),
    value: fc.constantFrom(4625, 0),
  }),
  fc.record({
    kind: fc.constant('fieldref' as const),
    field,
    op: fc.constantFrom('equals' as const, 'contains' as const),
    other: field,
    cased: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('exists' as const), field }),
  fc.record({ kind: fc.constant('null' as const), field }),
  fc.record({ kind: fc.constant('const' as const), value: fc.boolean() }),
);
/** Lists over one field, as rules have them. */
const sameField: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({
    kind: fc.constant('like' as const),
    field: fc.constantFrom('a', 'source.ip'),
    pattern: fc
      .tuple(fc.boolean(), value, fc.boolean())
      .map(([before, text, after]): PatternPart[] => [
        ...(before ? [{ kind: 'any' } as const] : []),
        { kind: 'text', text },
        ...(after ? [{ kind: 'any' } as const] : []),
      ]),
    cased: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('equals' as const),
    field: fc.constantFrom('a', 'source.ip'),
    values: fc.array(value, { maxLength: 3 }),
    cased: fc.boolean(),
  }),
);
const listed: fc.Arbitrary<Condition> = fc.record({
  kind: fc.constant('or' as const),
  items: fc.array(sameField, { minLength: 2, maxLength: 4 }),
});
const condition: fc.Arbitrary<Condition> = fc.letrec<{ c: Condition }>((tie) => ({
  c: fc.oneof(
    { depthSize: 'small' },
    leaf,
    listed,
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      items: fc.array(tie('c'), { maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant('not' as const), item: tie('c') }),
  ),
})).c;
/** Mostly log sources as they are, sometimes any condition. */
const where: fc.Arbitrary<Condition> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom<Condition>(
      { kind: 'const', value: true },
      { kind: 'exists', field: 'winlog.channel' },
      { kind: 'equals', field: 'event.code', values: ['4625', 'x'], cased: false },
      { kind: 'not', item: { kind: 'equals', field: 'event.action', values: ['y'], cased: false } },
    ),
  },
  { weight: 1, arbitrary: condition },
);
const one = fc.oneof(
  { weight: 4, arbitrary: value },
  { weight: 1, arbitrary: fc.constantFrom(4625, 0, -1.5, true, false) },
);
const event: fc.Arbitrary<NormalizedEvent> = fc
  .tuple(
    fc.array(fc.tuple(field, fc.oneof(one, fc.constant(null), fc.array(one, { maxLength: 3 }))), {
      maxLength: 8,
    }),
    fc.oneof(value, fc.constant('{"a":"ab\\\\c xyz"}')),
  )
  .map(([pairs, rawText]) => {
    const e = eventOf({}, rawText);
    for (const [name, v] of pairs) e.fields.setOurs(name, v);
    if (!e.fields.has('vigil.source')) e.fields.setOurs('vigil.source', 'test');
    return e;
  });

const lists = new Map([
  ['names', { kind: 'text' as const, values: ['x', 'xyz'] }],
  ['nets', { kind: 'cidr' as const, values: ['10.0.0.0/8'] }],
]);

test('verdicts are those of the plain engine, with separate, joint and measured indexes', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(where, condition), { minLength: 1, maxLength: 8 }),
      fc.array(event, { minLength: 1, maxLength: 8 }),
      (pairs, events) => {
        const rules = pairs.map(([w, c], i) => ruleOf(`r${i}`, w, c));
        const set = makeRuleSet(rules);
        const plain = compilePlain(set, lists);
        const engine = compileIndexed(set, lists, { measureAfter: [3, 6] });
        const single = compileIndexed(set, lists, { indexesMax: 0 });
        assert.deepEqual(engine.problems, plain.problems);
        for (let round = 0; round < 3; round++)
          for (const e of events) {
            const want = plain.match(e);
            assert.deepEqual(engine.match(e), want);
            assert.deepEqual(single.match(e), want);
          }
        assert.equal(engine.failures.size, 0);
        const stats = engine.stats?.();
        assert.equal(stats?.events, events.length * 3);
        for (const r of stats.rules) assert.ok(r.met <= r.evaluated);
      },
    ),
    { numRuns: 800 },
  );
});

test('every expression over every text', () => {
  const always: Condition = { kind: 'const', value: true };
  const set = makeRuleSet(
    REGEXES.map((source) => ruleOf(source, always, { kind: 'regex', field: 'a', source, flags: '' })),
  );
  const plain = compilePlain(set, lists);
  const engine = compileIndexed(set, lists);
  for (const v of VALUES) {
    const e = eventOf({ a: v });
    assert.deepEqual(engine.match(e), plain.match(e), JSON.stringify(v));
  }
});

test('a rule that throws is reported and stops no other', () => {
  const always: Condition = { kind: 'const', value: true };
  const compiled = compileIndexed(
    makeRuleSet([
      ruleOf('bad', always, { kind: 'not', item: { kind: 'exists', field: 'boom' } }),
      ruleOf('good', always, always),
    ]),
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

test('what a rule cost and when its log source was last seen', () => {
  const where: Condition = { kind: 'equals', field: 'winlog.channel', values: ['Security'], cased: false };
  const contains: Condition = {
    kind: 'like',
    field: 'a',
    pattern: [{ kind: 'any' }, { kind: 'text', text: 'needle' }, { kind: 'any' }],
    cased: false,
  };
  const more: Condition = { kind: 'equals', field: 'b', values: ['y'], cased: false };
  const compiled = compileIndexed(
    makeRuleSet([ruleOf('r', where, { kind: 'and', items: [contains, more] })]),
    new Map(),
  );
  const at = (ts: number, fields: Record<string, string>): void => {
    compiled.match({ ...eventOf({ 'winlog.channel': 'security', ...fields }), ts });
  };
  at(10, { a: 'hay', b: 'y' });
  at(20, { a: 'a NEEDLE', b: 'n' });
  at(30, { a: 'needle', b: 'Y' });
  compiled.match({ ...eventOf({ a: 'needle', b: 'y' }), ts: 40 });
  assert.deepEqual(compiled.stats?.(), {
    events: 4,
    rules: [{ id: 'r', evaluated: 2, met: 1 }],
    logsources: [{ logsource: template.logsource, events: 3, last: 30 }],
  });
});
