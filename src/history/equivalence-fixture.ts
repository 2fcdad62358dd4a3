/**
 * Live = history, as a generator of cases and a judge. A case is rules, lists with their changes, events with lateness,
 * and how they were batched. It is judged by: (a) the plain oracle, every rule in full; (b) every engine behind the
 * matcher's interface; (c) the state owner's detection, fed frame by frame, and again cut at random with a snapshot and
 * restore between; (d) history over the real store. Then what came too late is judged again, and no window that was ever
 * complete may be without its alert.
 *
 * Used by `equivalence.int.test.ts` (seconds), `test/ci/equivalence.int.ts` (minutes), `scripts/fuzz-equivalence.ts`.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Detection } from '../alert/detection.ts';
import { compileCondition } from '../condition/evaluate.ts';
import type { Condition, Lists } from '../condition/tree.ts';
import { groupValues, keyText } from '../detect/group-keys.ts';
import { compilePlain } from '../detect/engine/oracle.ts';
import { type CompiledRules, compileRules } from '../detect/matcher.ts';
import {
  type BaseRule,
  type CorrelationOp,
  type CorrelationRule,
  type CorrelationType,
  makeRuleSet,
  type Rule,
  type RuleMeta,
  type RuleSet,
} from '../detect/rule.ts';
import { rulesFromFiles } from '../detect/load.ts';
import { TEST_TAXONOMY } from '../detect/testing.ts';
import type { Alert, AlertChange } from '../model/alert.ts';
import type { FieldValue, NormalizedEvent, Origin } from '../model/event.ts';
import { addMark, type LateMark } from '../model/late.ts';
import type { MatchedEvent } from '../model/match.ts';
import { condition, eventSpec, LISTS, TEXTS } from '../query/testing.ts';
import type { EventStore } from '../store/events.ts';
import { BlockEncoder, stampOurs } from '../store/native.ts';
import { TEST_INGESTED, testEvent, testProvenance } from '../store/testing.ts';
import { judgeLate } from './late.ts';
import { type ListsFrom, runHistory } from './run.ts';

export type Engine = {
  readonly name: string;
  readonly compile: (set: RuleSet, lists: Lists) => CompiledRules;
};
/** Engines that have to agree; the first is the one in force. */
export const ENGINES: readonly Engine[] = [
  { name: 'the engine in force', compile: compileRules },
  { name: 'the plain engine', compile: compilePlain },
];

const S = 1e6;
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

// ── cases ─────────────────────────────────────────────────────────────────────────────────────────────────────────

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
const TYPES: readonly CorrelationType[] = ['event_count', 'value_count', 'temporal', 'temporal_ordered'];

const correlation = (id: string, below: readonly string[]): fc.Arbitrary<CorrelationRule> =>
  fc
    .record({
      type: fc.constantFrom(...TYPES),
      rules: fc.uniqueArray(fc.constantFrom(...below), { minLength: 1, maxLength: 3 }),
      group: fc.constantFrom(['source.ip'], ['user.name'], ['host.name', 'user.name'], ['custom.list'], []),
      span: fc.constantFrom(10, 60, 300, 3600),
      criteria,
      generate: fc.boolean(),
    })
    .map(({ type, rules, group, span, criteria: c, generate }) => ({
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
      criteria:
        type === 'temporal' || type === 'temporal_ordered'
          ? [{ op: 'gte' as const, value: rules.length }]
          : c,
      fields: type === 'value_count' ? ['user.name'] : [],
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

/**
 * A correlation over what time decides sees it at ticks, whose exact times the store does not keep: what it counts first
 * may differ. Here it counts events, and correlations that events decide.
 */
function overEvents(c: CorrelationRule, others: readonly CorrelationRule[]): CorrelationRule {
  const timed = new Set(others.filter((x) => x.criteria.some((y) => y.op === 'lt')).map((x) => x.id));
  const kept = c.rules.filter((id) => !timed.has(id));
  const rules = kept.length === 0 ? ['r1'] : kept;
  const all = c.type === 'temporal' || c.type === 'temporal_ordered';
  return { ...c, rules, criteria: all ? [{ op: 'gte', value: rules.length }] : c.criteria };
}

export const caseOf: fc.Arbitrary<Case> = fc.oneof(caseWith(false), caseWith(true));

// ── judging ───────────────────────────────────────────────────────────────────────────────────────────────────────

export type Tally = {
  cases: number;
  events: number;
  /** Verdicts of one rule on one event that were compared. */
  verdicts: number;
  alerts: number;
  /** Windows of the oracle whose alert had to be there, and how many of them only history could give. */
  windows: number;
  late: number;
};
export const newTally = (): Tally => ({ cases: 0, events: 0, verdicts: 0, alerts: 0, windows: 0, late: 0 });

type Frame = {
  readonly at: number;
  readonly batch: number;
  readonly events: readonly NormalizedEvent[];
  readonly lists: number;
};

/** Judges cases against one store, each in a tenant of its own. */
export class Equivalence {
  readonly #store: EventStore;
  readonly #engines: readonly Engine[];
  readonly tally = newTally();
  #case = 0;
  #batch = 1;

  constructor(store: EventStore, engines: readonly Engine[] = ENGINES) {
    this.#store = store;
    this.#engines = engines;
  }

  /** Throws an AssertionError that says what disagrees. */
  async judge(c: Case): Promise<void> {
    const tenant = `case${++this.#case}`;
    const set = makeRuleSet(c.rules);
    const frames = await this.#insert(c, tenant);
    const live = this.#match(c, set, frames, tenant);
    const first = frames[0] as Frame;
    const judgedAt = (frames.at(-1) as Frame).at + c.after * S;
    const one = detect(set, frames, live, { judgedAt, lists: c.lists });
    const two = detect(set, frames, live, { judgedAt, lists: c.lists, cuts: c.cuts, restoreAt: c.restoreAt });
    assert.deepEqual(two.alerts, one.alerts, 'batching or a restart changes alerts');
    assert.deepEqual(two.late, one.late, 'batching or a restart changes what is late');
    const ask = (
      sql: string,
      params: Parameters<EventStore['query']>[1],
      o: Parameters<EventStore['query']>[2],
    ) => this.#store.query(sql, params, o);
    const lists = periods(c, frames);
    const seen: MatchedEvent[] = [];
    const result = await runHistory({
      ask,
      rules: set,
      lists,
      scope: { tenants: [tenant] },
      from: first.at - 4e12,
      to: judgedAt + 1e12,
      judgedAt,
      pageRows: c.pageRows,
      onMatch: (e) => seen.push(e),
    });
    const flat = live.flat();
    assert.deepEqual(
      seen.map((e) => [e.id, e.rules]),
      flat.map((e) => [e.id, e.rules]),
      'history and the live engine disagree about matches',
    );
    const history = byId(result.alerts);
    assert.deepEqual(history, one.alerts, 'history and live disagree about alerts');
    this.tally.alerts += one.alerts.size;
    const more = await this.#late(c, set, {
      marks: one.late,
      known: [...one.alerts.values()],
      judgedAt,
      lists,
      ask,
    });
    this.#complete(set, flat, [...one.alerts.values(), ...more]);
    this.tally.cases++;
  }

  async #insert(c: Case, tenant: string): Promise<Frame[]> {
    const encoder = new BlockEncoder();
    const frames: Frame[] = [];
    let at = TEST_INGESTED + 3600 * S;
    for (const [i, f] of c.frames.entries()) {
      at += f.wait * S + i;
      const batch = this.#batch++;
      const events = f.events.map((spec, ord) => {
        const text = spec.raw.toWellFormed();
        const e = testEvent(spec.fields, {
          text,
          // As the normaliser does it: a claim ahead of receipt by more than ten minutes is the receipt.
          ts: spec.lateness < -600 ? at : at - spec.lateness * S,
          entities: spec.entities.map((x) => x.toWellFormed()),
        });
        const p = testProvenance({
          tenant,
          origin: spec.origin,
          batch,
          ord,
          ingested: at,
          retentionDays: 3650,
        });
        stampOurs(e, p);
        encoder.add(e, p);
        return e;
      });
      frames.push({
        at,
        batch,
        events,
        lists: Math.min(c.lists.length - 1, Math.floor((i * c.lists.length) / c.frames.length)),
      });
    }
    if (encoder.rows > 0) await this.#store.insert([encoder.finish()], tenant);
    return frames;
  }

  /** The matches, as every engine and the oracle give them. */
  #match(c: Case, set: RuleSet, frames: readonly Frame[], tenant: string): MatchedEvent[][] {
    const compiled = c.lists.map((lists) =>
      this.#engines.map((x) => ({ name: x.name, rules: x.compile(set, lists) })),
    );
    const plain = c.lists.map((lists) =>
      set.rules.flatMap((r) => {
        if (r.kind !== 'rule') return [];
        return [
          {
            id: r.id,
            where: compileCondition(r.where, { lists }),
            test: compileCondition(r.condition, { lists }),
          },
        ];
      }),
    );
    return frames.map((f) =>
      f.events.flatMap((e, ord) => {
        const want = (plain[f.lists] ?? []).filter((r) => r.where(e) && r.test(e)).map((r) => r.id);
        this.tally.events++;
        this.tally.verdicts += plain[f.lists]?.length ?? 0;
        for (const x of compiled[f.lists] ?? [])
          assert.deepEqual([...x.rules.match(e)], want, `${x.name} and the plain evaluation disagree`);
        return want.length === 0 ? [] : [matched(e, want, { batch: f.batch, ord, tenant, at: f.at })];
      }),
    );
  }

  async #late(
    c: Case,
    set: RuleSet,
    o: {
      readonly marks: readonly LateMark[];
      readonly known: readonly Alert[];
      readonly judgedAt: number;
      readonly lists: readonly [ListsFrom, ...ListsFrom[]];
      readonly ask: Parameters<typeof runHistory>[0]['ask'];
    },
  ): Promise<Alert[]> {
    const more: Alert[] = [];
    const groups = new Map<string, LateMark[]>();
    for (const m of o.marks) {
      const key = JSON.stringify([m.origin, m.rule]);
      groups.set(key, addMark(groups.get(key) ?? [], m));
    }
    for (const mark of [...groups.values()].flat()) {
      const judged = await judgeLate(mark, {
        ask: o.ask,
        rules: set,
        lists: o.lists,
        judgedAt: o.judgedAt,
        known: (of) =>
          [...o.known, ...more].filter(
            (a) =>
              a.rule === of.rule && a.origin === of.origin && a.firstSeen <= of.to && a.lastSeen >= of.from,
          ),
      });
      for (const change of judged?.changes ?? []) {
        assert.equal(change.alert.late, true);
        more.push(change.alert);
      }
    }
    void c;
    this.tally.late += more.length;
    return more;
  }

  /** No complete window of a counting correlation over base rules is without an alert. */
  #complete(set: RuleSet, matches: readonly MatchedEvent[], alerts: readonly Alert[]): void {
    if (alerts.some((a) => a.rule.startsWith('vigil.'))) return;
    const bases = new Set(set.rules.flatMap((r) => (r.kind === 'rule' ? [r.id] : [])));
    const counted = new Map<string, boolean>();
    for (const r of set.rules)
      if (r.kind === 'correlation')
        for (const id of r.rules) counted.set(id, counted.get(id) === true || r.generate);
    for (const rule of set.rules) {
      if (rule.kind !== 'correlation' || !rule.rules.every((id) => bases.has(id))) continue;
      if (rule.type === 'temporal_ordered' || !rule.criteria.every((x) => x.op === 'gte' || x.op === 'gt'))
        continue;
      // What only feeds another correlation opens no alert.
      if (counted.get(rule.id) === false) continue;
      for (const [key, list] of occurrences(rule, matches)) this.#windows(rule, key, list, alerts);
    }
  }

  #windows(rule: CorrelationRule, key: string, list: readonly Occurrence[], alerts: readonly Alert[]): void {
    const need = Math.max(...rule.criteria.map((x) => (x.op === 'gt' ? x.value + 1 : x.value)));
    for (const { ts: end } of list) {
      const within = list.filter((o) => o.ts >= end - rule.timespan && o.ts <= end);
      const n = rule.type === 'event_count' ? within.length : new Set(within.map((o) => o.value)).size;
      if (n < need) continue;
      this.tally.windows++;
      const from = Math.min(...within.map((o) => o.ts));
      const there = alerts.some(
        (a) =>
          a.rule === rule.id &&
          JSON.stringify([a.origin === 'retro' ? 'import' : a.origin, keyOf(rule, a)]) === key &&
          a.firstSeen <= end + rule.timespan &&
          a.lastSeen >= from - rule.timespan,
      );
      assert.ok(there, `${rule.id} ${rule.type}: no alert for ${key} from ${from} to ${end}`);
    }
  }
}

type Occurrence = { readonly ts: number; readonly value: string };

/** Per lane and key, in order of time. */
function occurrences(rule: CorrelationRule, matches: readonly MatchedEvent[]): Map<string, Occurrence[]> {
  const out = new Map<string, Occurrence[]>();
  for (const e of matches) {
    for (const id of rule.rules) {
      if (!e.rules.includes(id)) continue;
      const user = e.fields.find(([name]) => name === 'user.name')?.[1];
      if (rule.type === 'value_count' && (user === undefined || user === null || user === '')) continue;
      const value =
        rule.type === 'value_count' ? String(user).toLowerCase() : rule.type === 'temporal' ? id : '';
      for (const values of groupValues(rule, id, e)) {
        const key = JSON.stringify([e.origin, keyText(values)]);
        out.set(key, [...(out.get(key) ?? []), { ts: e.ts, value }]);
      }
    }
  }
  return out;
}

const keyOf = (rule: CorrelationRule, a: Alert): string =>
  keyText(a.key.map((k, i) => k.slice((rule.groupBy[i]?.name ?? '').length + 1)));

const matched = (
  e: NormalizedEvent,
  rules: readonly string[],
  o: { batch: number; ord: number; tenant: string; at: number },
): MatchedEvent => ({
  id: { node: 1, batch: o.batch, ord: o.ord },
  tenant: o.tenant,
  origin: e.fields.get('vigil.origin') as Origin,
  door: 'syslog-udp',
  sender: '192.0.2.7',
  source: e.source,
  ts: e.ts,
  ingested: o.at,
  rules,
  fields: [...e.fields.entries()],
  entities: e.entities,
});

/** Lists as they changed, by receive time of the first frame judged by them. */
function periods(c: Case, frames: readonly Frame[]): readonly [ListsFrom, ...ListsFrom[]] {
  const out: ListsFrom[] = [];
  for (const [i, lists] of c.lists.entries()) {
    const first = frames.find((f) => f.lists === i);
    if (first !== undefined) out.push({ from: i === 0 ? 0 : first.at, lists });
  }
  return out as unknown as readonly [ListsFrom, ...ListsFrom[]];
}

type Seen = { readonly alerts: ReadonlyMap<string, Alert>; readonly late: readonly LateMark[] };

/** The state owner: frames in order, a tick after each and every ten seconds between. */
function detect(
  set: RuleSet,
  frames: readonly Frame[],
  matches: readonly MatchedEvent[][],
  o: {
    readonly judgedAt: number;
    readonly lists: readonly Lists[];
    readonly cuts?: readonly number[];
    readonly restoreAt?: number;
  },
): Seen {
  const lists = (i: number): Lists => o.lists[frames[i]?.lists ?? 0] ?? new Map();
  let d = new Detection(set, { lists: lists(0) });
  const changes: AlertChange[] = [];
  const late: LateMark[] = [];
  let now = frames[0]?.at ?? 0;
  let turn = 0;
  const ticks = (to: number): void => {
    const step = Math.max(10 * S, Math.ceil((to - now) / 300));
    for (let at = now + step; at < to; at += step) changes.push(...d.tick(at));
    // However coarse the rest, the last is at most ten seconds old.
    if (to - 7 * S > now) changes.push(...d.tick(to - 7 * S));
    now = to;
  };
  for (const [i, f] of frames.entries()) {
    ticks(f.at);
    if (i > 0 && frames[i - 1]?.lists !== f.lists) d.swapRules(set, lists(i));
    const all = matches[i] ?? [];
    for (let at = 0; at < all.length; ) {
      const n = o.cuts?.[turn++ % o.cuts.length] ?? all.length;
      changes.push(...d.apply(all.slice(at, at + n)));
      at += n;
    }
    changes.push(...d.tick(f.at));
    late.push(...d.takeLate());
    if (o.restoreAt === i) d = Detection.restore(d.snapshot(), set, { lists: lists(i) });
  }
  ticks(o.judgedAt);
  changes.push(...d.tick(Math.max(o.judgedAt, now + S)));
  return { alerts: byId(changes.map((x) => x.alert)), late };
}

/** Final states; what lists no order is ordered. */
const byId = (alerts: readonly Alert[]): Map<string, Alert> =>
  new Map([...new Map(alerts.map((a) => [a.id, comparable(a)]))].sort(([a], [b]) => (a < b ? -1 : 1)));

/** Of a number without a column of its own the type is not kept (it reads the same); the order of fields is not either. */
const comparable = (a: Alert): Alert => ({
  ...a,
  // What time decides is told at the tick after; the store does not keep when that was.
  ...(a.rule === 'm1' ? { openedAt: 0, updatedAt: 0, steps: a.steps.map((s) => ({ ...s, at: 0 })) } : {}),
  events: a.events.map((e) => ({
    ...e,
    fields: [...e.fields]
      .sort(([x], [y]) => (x < y ? -1 : 1))
      .map(([name, v]) => [name, v === null ? null : Array.isArray(v) ? v.map(String) : String(v)] as const),
  })),
});

// ── running ───────────────────────────────────────────────────────────────────────────────────────────────────────

export type FuzzReport = {
  readonly tally: Tally;
  readonly seconds: number;
  readonly seed: number;
  /** The smallest case that disagrees, and how; '' where none did. */
  readonly failure: string;
};

/** Cases drawn from one seed; the next are drawn from the next seed. */
const CHUNK = 20;

/** Cases for `ms`, from a seed; the first that fails is made as small as another `shrinkMs` allow. */
export async function fuzz(
  store: EventStore,
  o: {
    readonly ms: number;
    readonly seed: number;
    readonly shrinkMs?: number;
    readonly engines?: readonly Engine[];
  },
): Promise<FuzzReport> {
  const e = new Equivalence(store, o.engines);
  const began = performance.now();
  let end = began + o.ms;
  let failed = false;
  const judge = async (c: Case): Promise<void> => {
    // Time is up: what is left, or what is left of making it smaller, passes unlooked at.
    if (performance.now() > end) return;
    try {
      await e.judge(c);
    } catch (error) {
      if (!failed) end = performance.now() + (o.shrinkMs ?? 60_000);
      failed = true;
      throw error;
    }
  };
  for (let seed = o.seed; performance.now() < end; seed++) {
    const details = await fc.check(fc.asyncProperty(caseOf, judge), { seed, numRuns: CHUNK });
    if (!failed) continue;
    const shown = JSON.stringify(details.counterexample?.[0], (_, v: unknown) =>
      v instanceof Map ? [...v] : v,
    );
    const failure = `seed ${seed}: ${String(details.errorInstance)}\ncase: ${shown}`;
    return { tally: e.tally, seconds: since(began), seed: o.seed, failure };
  }
  return { tally: e.tally, seconds: since(began), seed: o.seed, failure: '' };
}

const since = (began: number): number => Math.round((performance.now() - began) / 1000);

export const tallyText = (r: FuzzReport): string =>
  `${r.tally.cases} cases, ${r.tally.events} events, ${r.tally.verdicts} verdicts, ${r.tally.alerts} alerts, ` +
  `${r.tally.windows} complete windows (${r.tally.late} late alerts), in ${r.seconds} s from seed ${r.seed}`;
