/**
 * Live = history: the judge of generated cases (`equivalence-cases-fixture.ts`). A case is rules, lists with their changes, events with lateness,
 * and how they were batched. It is judged by: (a) the plain oracle, every rule in full; (b) every engine behind the
 * matcher's interface; (c) the state owner's detection, fed frame by frame, and again cut at random with a snapshot and
 * restore between; (d) history over the real store. Then what came too late is judged again, and no window that was ever
 * complete may be without its alert.
 *
 * Between live and history the alerts of all rules are compared, those that time decides too; not storm alerts, whose ids and
 * stretches depend on when ticks fell (docs/HISTORY.md). Batching and restarts are compared for all.
 *
 * Used by `equivalence.int.test.ts` (seconds), `test/ci/equivalence.int.ts` (minutes), `scripts/fuzz-equivalence.ts`.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { compileCondition } from '../condition/evaluate.ts';
import type { Lists } from '../condition/tree.ts';
import { groupValues, keyText } from '../detect/group-keys.ts';
import { compilePlain } from '../detect/engine/oracle.ts';
import { type CompiledRules, compileRules } from '../detect/matcher.ts';
import { type CorrelationRule, makeRuleSet, type RuleSet } from '../detect/rule.ts';
import type { Alert } from '../model/alert.ts';
import { addMark, type LateMark } from '../model/late.ts';
import type { MatchedEvent } from '../model/match.ts';
import type { EventStore } from '../store/events.ts';
import { BlockEncoder, stampOurs } from '../store/native.ts';
import { TEST_INGESTED, testEvent, testProvenance } from '../store/testing.ts';
import { type Case, caseOf, S } from './equivalence-cases-fixture.ts';
import { byId, detect, type Frame, matched, periods } from './equivalence-live-fixture.ts';
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
    const ofRules = (all: Iterable<Alert>): Map<string, Alert> =>
      byId([...all].filter((x) => !x.rule.startsWith('vigil.')));
    assert.deepEqual(
      ofRules(result.alerts),
      ofRules(one.alerts.values()),
      'history and live disagree about alerts',
    );
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
      if (
        !WINDOWED.has(rule.type) ||
        rule.expression !== undefined ||
        !rule.criteria.every((x) => x.op === 'gte' || x.op === 'gt')
      )
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

/** Types whose windows the judge counts by itself. */
const WINDOWED: ReadonlySet<string> = new Set(['event_count', 'value_count', 'temporal']);

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
