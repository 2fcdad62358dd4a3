/**
 * The engine in force. An event is routed to its log sources (`router.ts`); of their rules only those are evaluated whose
 * witness fired (`index-of.ts`), and these by checks that are shared and judged once per event (`check.ts`).
 *
 * Contract: the verdict is that of `oracle.ts` (held by `engine.prop.test.ts`); a rule that throws is reported in
 * `failures`, counts as not met, and stops no other. Memory is bounded: one index per log source, and INDEXES_MAX joint
 * ones for the combinations that are seen most. Which index is used never changes a verdict.
 */
import { compileCondition, type Predicate } from '../../condition/evaluate.ts';
import type { Condition, Lists } from '../../condition/tree.ts';
import type { NormalizedEvent } from '../../model/event.ts';
import type { RuleProblem, RuleSet } from '../rule.ts';
import { Marks } from './automaton.ts';
import { type Check, Checks } from './check.ts';
import { type CompiledRules, compileEach, type EngineStats, Failures, type RuleFailure } from './compiled.ts';
import { gramsOf, type Indexed, makeIndex, measured, type RuleIndex, SAMPLE_EVENTS } from './index-of.ts';
import { isRoutable, Router } from './router.ts';
import { noSample, type Sample, Samples } from './samples.ts';
import { View } from './view.ts';
import { guessedFrequency } from './witness.ts';

/** Joint indexes over the rules of several log sources, and bytes of their tables. */
export const INDEXES_MAX = 64;
export const INDEX_BYTES_MAX = 96 * 1024 * 1024;
/** The joint index is made anew, by what was then seen, after so many events. */
export const MEASURE_AFTER: readonly number[] = [2000, 50_000];

/** The rules of one log source. */
type Group = {
  readonly logsource: string;
  readonly where: Condition;
  readonly holds: Predicate;
  readonly rules: Indexed[];
  /** Made when it is first needed. */
  index: RuleIndex | undefined;
  events: number;
  last: number;
};

type Ready = { readonly id: string; readonly check: Check; evaluated: number; met: number };

/** What events with the same log sources have in common. */
type Class = {
  readonly groups: readonly Group[];
  joint: RuleIndex | undefined;
  events: number;
  last: number;
  /** Events counted into the groups already. */
  told: number;
  /** How often the index was made by measurement. */
  measured: number;
  readonly sample: Sample;
};

export type EngineOptions = {
  readonly measureAfter?: readonly number[];
  /** Joint indexes at most; 0: each log source by itself. */
  readonly indexesMax?: number;
};

export function compileIndexed(set: RuleSet, lists: Lists, options: EngineOptions = {}): CompiledRules {
  return new Engine(set, lists, options);
}

class Engine implements CompiledRules {
  readonly problems: readonly RuleProblem[];
  readonly failures: ReadonlyMap<string, RuleFailure>;
  readonly hash: string;
  readonly #failures = new Failures();
  readonly #view = new View();
  readonly #rules: Ready[] = [];
  readonly #groups: Group[] = [];
  /** Log sources whose condition is more than tests of single fields. */
  readonly #unrouted: Group[];
  readonly #classes = new Map<string, Class>();
  readonly #router: Router<Class>;
  readonly #marks: Marks;
  readonly #measureAfter: readonly number[];
  readonly #indexesMax: number;
  #joints = 0;
  #jointBytes = 0;
  readonly #samples = new Samples();
  #events = 0;

  constructor(set: RuleSet, lists: Lists, options: EngineOptions) {
    this.hash = set.hash;
    this.#measureAfter = options.measureAfter ?? MEASURE_AFTER;
    this.#indexesMax = options.indexesMax ?? INDEXES_MAX;
    const checks = new Checks(this.#view, { lists });
    const byWhere = new Map<string, Group>();
    this.problems = compileEach(set, lists, (rule) => {
      const check = checks.make(rule.condition);
      const key = JSON.stringify(rule.where);
      let g = byWhere.get(key);
      if (g === undefined) {
        g = {
          logsource: rule.logsource,
          where: rule.where,
          holds: compileCondition(rule.where, { lists }),
          rules: [],
          index: undefined,
          events: 0,
          last: 0,
        };
        byWhere.set(key, g);
        this.#groups.push(g);
      }
      g.rules.push({ rule: this.#rules.length, condition: rule.condition });
      this.#rules.push({ id: rule.id, check, evaluated: 0, met: 0 });
    });
    const routed = this.#groups.filter((g) => isRoutable(g.where));
    this.#unrouted = this.#groups.filter((g) => !routed.includes(g));
    this.#router = new Router(
      routed.map((g) => g.where),
      (held) => this.#classOf(held.map((i) => routed[i] as Group)),
    );
    this.#marks = new Marks(this.#rules.length);
    this.failures = this.#failures.byRule;
  }

  match(e: NormalizedEvent): readonly string[] {
    if (!e.fields.has('vigil.source')) e.fields.setOurs('vigil.source', e.source);
    this.#events++;
    this.#marks.begin();
    this.#scan(this.#router.classOf(e), e);
    for (const g of this.#unrouted) {
      if (!g.holds(e)) continue;
      g.events++;
      g.last = e.ts;
      this.#indexOf(g).scan(e, this.#marks);
    }
    return this.#marks.n === 0 ? NONE : this.#judge(e);
  }

  #classOf(groups: readonly Group[]): Class {
    const key = groups.map((g) => this.#groups.indexOf(g)).join(' ');
    let c = this.#classes.get(key);
    if (c === undefined) {
      c = { groups, joint: undefined, events: 0, last: 0, told: 0, measured: 0, sample: noSample() };
      if (this.#classes.size >= CLASSES_MAX) this.#forget();
      this.#classes.set(key, c);
    }
    return c;
  }

  /** Classes without an index of their own are made again when they are seen again. */
  #forget(): void {
    for (const [key, c] of this.#classes) {
      tell(c);
      if (c.joint === undefined) this.#classes.delete(key);
    }
    this.#router.forget();
  }

  #scan(c: Class, e: NormalizedEvent): void {
    c.events++;
    c.last = e.ts;
    if (c.groups.length === 0) return;
    if (c.joint === undefined) {
      if (this.#joints >= this.#indexesMax || this.#jointBytes >= INDEX_BYTES_MAX) {
        for (const g of c.groups) this.#indexOf(g).scan(e, this.#marks);
        return;
      }
      this.#measure(c);
    }
    const at = this.#measureAfter[c.measured];
    if (at !== undefined && c.events > at - SAMPLE_EVENTS) {
      this.#samples.keep(c.sample, e);
      if (c.events >= at) {
        this.#measure(c);
        c.measured++;
      }
    }
    (c.joint as RuleIndex).scan(e, this.#marks);
  }

  #measure(c: Class): void {
    const rules = c.groups.flatMap((g) => g.rules);
    const { events } = c.sample;
    const often = events.length === 0 ? guessedFrequency : measured(rules, events);
    if (c.joint === undefined) this.#joints++;
    else this.#jointBytes -= c.joint.bytes;
    // What never fired in the sample is told apart by the guess.
    const guessed = 1 / (events.length + 1);
    c.joint = makeIndex(rules, (l) => often(l) + guessed * guessedFrequency(l), gramsOf(events));
    this.#jointBytes += c.joint.bytes;
    this.#samples.letGo(c.sample);
  }

  #indexOf(g: Group): RuleIndex {
    g.index ??= makeIndex(g.rules, guessedFrequency);
    return g.index;
  }

  #judge(e: NormalizedEvent): readonly string[] {
    const marks = this.#marks;
    const view = this.#view;
    view.begin(e);
    let met: number[] | undefined;
    for (let i = 0; i < marks.n; i++) {
      const n = marks.list[i] as number;
      const r = this.#rules[n] as Ready;
      r.evaluated++;
      try {
        if (!r.check.run()) continue;
      } catch (error) {
        this.#failures.add(r.id, error);
        continue;
      }
      r.met++;
      if (met === undefined) met = [n];
      else met.push(n);
    }
    view.end();
    if (met === undefined) return NONE;
    if (met.length > 1) met.sort((a, b) => a - b);
    return met.map((n) => (this.#rules[n] as Ready).id);
  }

  stats(): EngineStats {
    for (const c of this.#classes.values()) tell(c);
    return {
      events: this.#events,
      rules: this.#rules.map(({ id, evaluated, met }) => ({ id, evaluated, met })),
      logsources: this.#groups.map(({ logsource, events, last }) => ({ logsource, events, last })),
    };
  }
}

const NONE: readonly string[] = [];
/** Combinations of log sources that are held. */
const CLASSES_MAX = 2000;

/** Its events were counted once for all its log sources. */
function tell(c: Class): void {
  for (const g of c.groups) {
    g.events += c.events - c.told;
    if (c.last > g.last) g.last = c.last;
  }
  c.told = c.events;
}
