/**
 * Cases for `equivalence-fixture.ts`: rules of every kind, lists and their changes, events with what they hide and how
 * late they come, and how all of it is batched.
 */
import fc from 'fast-check';
import type { Condition, Lists } from '../condition/tree.ts';
import { rulesFromFiles } from '../detect/load.ts';
import {
  CORRELATION_TYPES,
  type CorrelationExpression,
  type BaseRule,
  type CorrelationOp,
  type CorrelationRule,
  type CorrelationType,
  type Rule,
  type RuleMeta,
} from '../detect/rule.ts';
import { TEST_TAXONOMY } from '../detect/testing.ts';
import type { FieldValue, Origin } from '../model/event.ts';
import { condition, eventSpec, LISTS, TEXTS } from '../query/testing.ts';

/** Microseconds. */
export const S = 1e6;
const META: RuleMeta = {
  id: '',
  name: '',
  title: '',
  description: '',
  author: 'A',
  status: 'test',
  level: 'medium',
  attack: [],
  references: [],
  falsepositives: [],
  version: '1',
  file: 'case.yml',
  line: 1,
  yaml: '',
  entity: ['host.name'],
  sentence: null,
  escalation: '',
  nextSteps: [],
  escalates: '',
  severity: 'medium',
  alerts: true,
};

type EventCase = {
  readonly fields: readonly (readonly [string, FieldValue])[];
  readonly raw: string;
  readonly entities: readonly string[];
  /** Seconds by which the claim is older than its receipt. */
  readonly lateness: number;
  readonly origin: Origin;
};
export type Case = {
  readonly rules: readonly Rule[];
  /** Versions of the lists; the first is in force from the start. */
  readonly lists: readonly Lists[];
  /** Frames: events, and seconds since the frame before. */
  readonly frames: readonly { readonly wait: number; readonly events: readonly EventCase[] }[];
  /** How many events the state owner is given at once in the second run, in turn. */
  readonly cuts: readonly number[];
  /** Frame after which the second run is snapshotted and restored. */
  readonly restoreAt: number;
  /** Seconds after the last frame at which all is judged. */
  readonly after: number;
  readonly pageRows: number;
};

const HOSTS = ['web01', 'WEB01', 'db01'] as const;
const IPS = ['10.0.1.5', '::ffff:10.0.1.5', '10.0.1.6', '2001:db8::1', 'nowhere'] as const;
const USERS = ['root', 'eva', 'ROOT', '__proto__', ''] as const;
const OUTCOMES = ['failure', 'success'] as const;

/** Conditions that a good part of the events meets, so that correlations have something to count. */
const common: fc.Arbitrary<Condition> = fc.oneof(
  fc
    .constantFrom(...OUTCOMES)
    .map((v): Condition => ({ kind: 'equals', field: 'event.outcome', values: [v], cased: false })),
  fc
    .constantFrom('texts', 'nets', 'few')
    .map(
      (list): Condition => ({ kind: 'inlist', field: list === 'texts' ? 'user.name' : 'source.ip', list }),
    ),
  fc.constant<Condition>({
    kind: 'not',
    item: { kind: 'equals', field: 'event.outcome', values: ['success'], cased: true },
  }),
);
const source: fc.Arbitrary<Condition> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Condition>({ kind: 'const', value: true }) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('test', 'sshd')
      .map((v): Condition => ({ kind: 'equals', field: 'vigil.source', values: [v], cased: true })),
  },
  { weight: 1, arbitrary: condition },
);

const baseRule = (id: string, dense: boolean): fc.Arbitrary<BaseRule> =>
  fc
    .record({
      where: dense ? fc.constant<Condition>({ kind: 'const', value: true }) : source,
      condition: dense
        ? common
        : fc.oneof({ weight: 2, arbitrary: common }, { weight: 3, arbitrary: condition }),
      entity: fc.constantFrom(['host.name'], [], ['user.name', 'source.ip']),
    })
    .map(({ where, condition: c, entity }) => ({
      ...META,
      id,
      title: id,
      name: id,
      kind: 'rule' as const,
      logsource: JSON.stringify(where),
      where,
      condition: c,
      entity,
    }));

/** A rule as a person writes it: fields with modifiers, selections, a condition over them. */
const sigmaText = (id: string): fc.Arbitrary<string> => {
  const value = fc.oneof(
    fc.constantFrom(...TEXTS),
    fc.constantFrom('fail*', 'ro?t', '*oo*', 'a\\*b', '10.0.*', 'web*', '*'),
  );
  const field = fc.constantFrom(
    'user.name',
    'event.outcome',
    'custom.a',
    'custom.list',
    'host.name',
    'source.port',
  );
  const modifier = fc.constantFrom(
    '',
    '',
    '|contains',
    '|startswith',
    '|endswith',
    '|contains|all',
    '|cased',
    '|contains|cased',
    '|windash',
    '|base64offset|contains',
    '|wide|base64offset|contains',
  );
  const entry = fc.oneof(
    {
      weight: 6,
      arbitrary: fc
        .tuple(field, modifier, fc.array(value, { minLength: 1, maxLength: 3 }))
        .map(([f, m, vs]) => `    ${JSON.stringify(f + m)}: ${JSON.stringify(vs)}`),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(field, fc.constantFrom('null', '""', '[]'))
        .map(([f, v]) => `    ${JSON.stringify(f)}: ${v === '[]' ? 'null' : v}`),
    },
    { weight: 1, arbitrary: field.map((f) => `    ${JSON.stringify(`${f}|exists`)}: true`) },
    { weight: 1, arbitrary: fc.constant('    "source.ip|cidr": ["10.0.0.0/8", "2001:db8::/32"]') },
    { weight: 1, arbitrary: fc.constant('    "source.port|gte": 22') },
    { weight: 1, arbitrary: field.map((f) => `    ${JSON.stringify(`${f}|re`)}: "^[a-z]+0?1?$"`) },
    { weight: 1, arbitrary: fc.constant('    "user.name|fieldref": host.name') },
  );
  const selection = fc.uniqueArray(entry, {
    minLength: 1,
    maxLength: 3,
    selector: (e) => e.split('": ')[0] as string,
  });
  const keywords = fc
    .array(value, { minLength: 1, maxLength: 2 })
    .map((vs) => vs.map((v) => `    - ${JSON.stringify(v)}`));
  const body = fc.oneof({ weight: 4, arbitrary: selection }, { weight: 1, arbitrary: keywords });
  return fc
    .record({
      a: body,
      b: body,
      cond: fc.constantFrom(
        'sel_a',
        'sel_a and sel_b',
        'sel_a and not sel_b',
        '1 of sel_*',
        'not sel_a',
        'all of them',
      ),
    })
    .map(
      ({ a, b, cond }) =>
        `title: ${id}\nid: ${id}\nname: ${id}\ntaxonomy: ecs\nlevel: medium\nlogsource: { category: test }\ndetection:\n` +
        `  sel_a:\n${a.join('\n')}\n  sel_b:\n${b.join('\n')}\n  condition: ${cond}\nvigil: { entity: [host.name] }\n`,
    );
};
/** What does not load (a pattern that is refused) is no rule of the case. */
const sigmaRule = (id: string): fc.Arbitrary<readonly Rule[]> =>
  sigmaText(id).map(
    (text) => rulesFromFiles([{ path: 'case.yml', text }], { taxonomy: TEST_TAXONOMY }).set.rules,
  );

/** Rules in the condition language: of one event, with counts, with what must not have happened. */
const memoryRules: fc.Arbitrary<readonly Rule[]> = fc
  .record({
    what: fc.constantFrom(
      'count(event.outcome:failure by source.ip in SPAN) > N',
      'count(event.outcome:failure by user.name in SPAN) >= N AND event.outcome == "success"',
      'count_distinct(user.name by source.ip in SPAN) >= N',
      'event.outcome == "failure" AND NOT exists(event.outcome:success for user.name in last SPAN)',
      'event.outcome == "success" AND exists(event.outcome:failure for source.ip in last SPAN)',
      'count(event.outcome:failure from source.ip in SPAN) > N * baseline',
      'event.outcome == "failure" AND source.ip IN nets AND user.name NOT IN texts',
      'len(user.name) > N AND hour(@timestamp) >= 6',
    ),
    span: fc.constantFrom('20 seconds', '5 minutes', '1 hour'),
    n: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ what, span, n }) => {
    const text = `- name: memory\n  id: m1\n  condition: '${what.replaceAll('SPAN', span).replaceAll('N ', `${n} `).replace(/N$/, String(n))}'\n  severity: HIGH\n`;
    const { set, problems } = rulesFromFiles([{ path: 'memory.yml', text }], { taxonomy: TEST_TAXONOMY });
    if (problems.length > 0) throw new Error(`${text}\n${JSON.stringify(problems)}`);
    return set.rules;
  });

const criteria: fc.Arbitrary<readonly { readonly op: CorrelationOp; readonly value: number }[]> = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 2, max: 4 }).map((value) => [{ op: 'gte' as const, value }]) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 3 }).map((value) => [{ op: 'gt' as const, value }]) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }).map((value) => [{ op: 'eq' as const, value }]) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 4 }).map((value) => [{ op: 'lt' as const, value }]) },
);
const TYPES: readonly CorrelationType[] = CORRELATION_TYPES;

/** `a and b and c`, or `a and not b and not c`. */
const allOf = (rules: readonly string[], negated: boolean): CorrelationExpression => ({
  kind: 'and',
  items: rules.map((rule, i) =>
    i === 0 || !negated ? { kind: 'rule', rule } : { kind: 'not', item: { kind: 'rule', rule } },
  ),
});

const correlation = (id: string, below: readonly string[]): fc.Arbitrary<CorrelationRule> =>
  fc
    .record({
      type: fc.constantFrom(...TYPES),
      rules: fc.uniqueArray(fc.constantFrom(...below), { minLength: 1, maxLength: 3 }),
      group: fc.constantFrom(['source.ip'], ['user.name'], ['host.name', 'user.name'], ['custom.list'], []),
      span: fc.constantFrom(10, 60, 300, 3600),
      criteria,
      generate: fc.boolean(),
      extended: fc.boolean(),
      negated: fc.boolean(),
    })
    .map(({ type, rules, group, span, criteria: c, generate, extended, negated }) => ({
      ...META,
      id,
      title: id,
      name: id,
      kind: 'correlation' as const,
      type,
      rules,
      groupBy: group.map((name) => ({ name, perRule: [['', name]] as const })),
      timespan: span * S,
      // All of the rules, where the type is about which of them occurred.
      ...(type === 'temporal' || type === 'temporal_ordered'
        ? extended && rules.length > 1
          ? { criteria: [], expression: allOf(rules, negated) }
          : { criteria: [{ op: 'gte' as const, value: rules.length }] }
        : { criteria: c }),
      ...(type === 'value_percentile' && generate ? { percentile: 90 } : {}),
      fields: type === 'value_count' ? ['user.name'] : type.startsWith('value_') ? ['custom.n'] : [],
      generate,
    }));

/** `dense`: few keys, much that comes late, nothing else that is odd. */
const eventCase = (dense: boolean): fc.Arbitrary<EventCase> =>
  fc
    .record({
      spec: eventSpec,
      host: fc.constantFrom(...HOSTS),
      ip: dense ? fc.constantFrom('10.0.1.5', '::ffff:10.0.1.5') : fc.constantFrom(...IPS),
      user: fc.constantFrom(...USERS),
      outcome: fc.constantFrom(...OUTCOMES, undefined),
      list: fc.constantFrom(undefined, ['a', 'b'], ['a'], 'a'),
      lateness: fc.oneof(
        { weight: 8, arbitrary: fc.integer({ min: -5, max: 20 }) },
        { weight: dense ? 8 : 2, arbitrary: fc.integer({ min: 0, max: dense ? 900 : 4000 }) },
        { weight: 1, arbitrary: fc.constantFrom(21_600, 90_000, 2_000_000, 300_000, -86_400) },
      ),
      origin: fc.constantFrom<Origin>('live', 'live', 'live', 'live', 'import'),
      plain: dense ? fc.constant(true) : fc.boolean(),
    })
    .map(({ spec, host, ip, user, outcome, list, lateness, origin, plain }) => ({
      fields: [
        ...(plain ? [] : spec.fields),
        ['host.name', host],
        ['source.ip', ip],
        ['user.name', user],
        ['custom.n', 1 + ((user.length * 7 + host.length) % 5)],
        ...(outcome === undefined ? [] : [['event.outcome', outcome] as const]),
        ...(list === undefined ? [] : [['custom.list', list] as const]),
      ],
      raw: spec.raw,
      entities: spec.entities,
      lateness,
      origin,
    }));

/** The lists with some of them changed. */
const listsVersion: fc.Arbitrary<Lists> = fc
  .record({
    texts: fc.subarray(['ROOT', '\u212aEY', '', 'a\\b', 'eva']),
    nets: fc.subarray(['10.0.0.0/8', '2001:db8::/32', '::/96']),
  })
  .map(
    ({ texts, nets }) =>
      new Map([
        ...LISTS,
        ['texts', { kind: 'text' as const, values: texts }],
        ['nets', { kind: 'cidr' as const, values: nets }],
      ]),
  );

const caseWith = (dense: boolean): fc.Arbitrary<Case> =>
  fc
    .record({
      rules: fc.tuple(baseRule('r1', dense), baseRule('r2', dense), baseRule('r3', dense)),
      sigma: dense ? fc.constant([]) : fc.tuple(sigmaRule('s1'), sigmaRule('s2')),
      memory: memoryRules,
      c1: correlation('c1', ['r1', 'r2', 'r3']),
      c2: correlation('c2', ['r1', 'r2', 'r3']),
      chained: correlation('c3', ['c1', 'c2', 'r1']),
      lists: fc.array(listsVersion, { minLength: 1, maxLength: 3 }),
      frames: fc.array(
        fc.record({
          wait: fc.oneof(
            { weight: 8, arbitrary: fc.integer({ min: 0, max: 30 }) },
            { weight: 2, arbitrary: fc.integer({ min: 30, max: 900 }) },
            { weight: 1, arbitrary: fc.constantFrom(7200, 90_000) },
          ),
          events: fc.array(eventCase(dense), { maxLength: 8 }),
        }),
        { minLength: 1, maxLength: dense ? 30 : 14 },
      ),
      cuts: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }),
      restoreAt: fc.nat(14),
      after: fc.constantFrom(0, 5, 400, 8000),
      pageRows: fc.constantFrom(7, 50, 50, 50),
    })
    .map(({ rules, sigma, memory, c1, c2, chained, ...rest }) => ({
      ...rest,
      rules: [...rules, ...sigma.flat(), ...memory, c1, c2, overEvents(chained, [c1, c2])],
    }));

const timeDecides = (c: CorrelationRule): boolean =>
  c.criteria.some((x) => x.op === 'lt') || c.expression !== undefined || c.type === 'value_percentile';

/**
 * A correlation over what time decides sees it at ticks, whose exact times the store does not keep: what it counts first
 * may differ. Here it counts events, and correlations that events decide.
 */
function overEvents(c: CorrelationRule, others: readonly CorrelationRule[]): CorrelationRule {
  const timed = new Set(others.filter(timeDecides).map((x) => x.id));
  const kept = c.rules.filter((id) => !timed.has(id));
  const rules = kept.length === 0 ? ['r1'] : kept;
  const all = c.type === 'temporal' || c.type === 'temporal_ordered';
  const { expression: _, ...plain } = c;
  return { ...plain, rules, criteria: all ? [{ op: 'gte', value: rules.length }] : c.criteria };
}

export const caseOf: fc.Arbitrary<Case> = fc.oneof(caseWith(false), caseWith(true));
