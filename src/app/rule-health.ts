/**
 * What each rule needs, whether this installation supplies it, when it last saw a candidate, and what it costs. A rule
 * that cannot fire is named with the reason; nothing is silently dead.
 *
 * Contract: "cannot" is said only of what cannot be by what was seen (`rule-profile.ts`), what our sources could supply,
 * and what lists hold; a rule that fired in that time never is. Held by `rule-health.int.test.ts`.
 */
import { compileCondition } from '../condition/evaluate.ts';
import type { Condition, Lists } from '../condition/tree.ts';
import { learningText, type MemoryStats } from '../detect/memory/memory.ts';
import { countedBy, isAlwaysThere, mentioned, possible } from '../detect/needs.ts';
import { type BaseRule, modeOf, type Rule, type RuleProblem, type RuleSet } from '../detect/rule.ts';
import type { RuleUsage } from '../pipeline/usage.ts';
import type { RuleStat } from '../store/control/tables/rule-stats.ts';
import { declaredProfile, type Kind, type Profile, PROFILE_DAYS, type StoreProfile } from './rule-profile.ts';

/** Fields named in a reason. */
const NAMED_MAX = 4;
/** A report is computed anew at most this often, microseconds. */
const FRESH_US = 15e6;

export type FieldNeed = {
  readonly name: string;
  /** Receipt of the last event of the rule's log source with it, microseconds; 0 where none was seen. */
  readonly last: number;
  /** A source of ours could supply it, by its samples. */
  readonly declared: boolean;
};
export type RuleHealth = {
  /** `windows/sysmon`; '' for rules that look at every event, and for correlations. */
  readonly logsource: string;
  /** Sources whose events are of the log source. */
  readonly sources: readonly string[];
  readonly fields: readonly FieldNeed[];
  readonly lists: readonly string[];
  /** Why it cannot fire here, '' where it can. */
  readonly dead: string;
  /** Time of the last event of its log source, microseconds; 0 where none is known. */
  readonly lastCandidate: number;
  /** Share of all evaluations since the start, 0 to 1. */
  readonly cost: number;
  readonly evaluated: number;
};
export type HealthReport = {
  readonly from: number;
  readonly to: number;
  /** The profile covers less time than it should, or none: the store was too slow or away. */
  readonly trouble: string;
  readonly rules: ReadonlyMap<string, RuleHealth>;
};

export type HealthDeps = {
  readonly profile: StoreProfile;
  readonly sourcesDir: string;
  readonly set: () => RuleSet;
  readonly lists: () => Lists;
  readonly stats: () => ReadonlyMap<string, RuleStat>;
  readonly usage: RuleUsage;
  /** Rules that loaded and could not be compiled. */
  readonly problems: () => readonly RuleProblem[];
  /** What rules that remember hold, by the state owner: one that is still learning what is usual cannot fire yet. */
  readonly memory?: () => readonly MemoryStats[];
  readonly now: () => number;
};

/** What is known of the events that one log source means. */
type Supply = {
  readonly sources: readonly string[];
  readonly declared: readonly string[];
  readonly last: number;
};

export class RuleHealths {
  readonly #d: HealthDeps;
  #last: { readonly at: number; readonly hash: string; readonly report: HealthReport } | undefined;
  #declared: { readonly key: string; readonly profile: Pick<Profile, 'kinds' | 'fields'> } | undefined;

  constructor(deps: HealthDeps) {
    this.#d = deps;
  }

  /** Forgets what it said: lists or modes changed. */
  forget(): void {
    this.#last = undefined;
  }

  async report(): Promise<HealthReport> {
    const set = this.#d.set();
    const now = this.#d.now();
    if (this.#last !== undefined && this.#last.hash === set.hash && now - this.#last.at < FRESH_US)
      return this.#last.report;
    const names = namesOf(set);
    let profile: Profile = { from: 0, to: 0, cut: true, partial: false, kinds: [], fields: new Map() };
    let trouble = '';
    try {
      profile = await this.#d.profile.get(names);
      if (profile.cut)
        trouble = `the event store is large: only the last ${Math.round((profile.to - profile.from) / 3600e6)} hours were looked at`;
      else if (profile.partial)
        trouble =
          'the event store has more kinds of events and fields than are looked at: no rule is said to miss any';
    } catch {
      trouble = 'the event store does not answer: what it holds is not known';
    }
    const report = this.#compute(set, profile, { names, trouble });
    this.#last = { at: now, hash: set.hash, report };
    return report;
  }

  #compute(set: RuleSet, profile: Profile, o: { names: readonly string[]; trouble: string }): HealthReport {
    const asked = {
      profile,
      declared: this.#declaredFor(o.names),
      lists: this.#d.lists(),
      supplies: new Map<string, Supply>(),
      known: o.trouble === '' || profile.to > 0,
    };
    const out = new Map<string, RuleHealth>();
    const problems = new Map(this.#d.problems().map((p) => [`${p.file}:${p.line}`, p.reason]));
    const stats = this.#d.stats();
    const base = (r: BaseRule): RuleHealth => {
      const h = singleHealth(r, asked);
      const refused = problems.get(`${r.file}:${r.line}`);
      if (refused !== undefined) return { ...h, dead: refused };
      const fired = stats.get(r.id)?.lastMatched ?? 0;
      return fired > profile.from && fired > 0 ? { ...h, dead: '' } : h;
    };
    for (const r of set.rules) if (r.kind === 'rule') out.set(r.id, this.#measured(r, base(r)));
    const byId = new Map(set.rules.map((r) => [r.id, r]));
    for (const r of set.rules) if (r.kind !== 'rule') memoryHealth(r, { byId, out, path: new Set() });
    for (const m of this.#d.memory?.() ?? []) {
      const h = out.get(m.rule);
      const learning = learningText(m);
      if (h !== undefined && h.dead === '' && learning !== '') out.set(m.rule, { ...h, dead: learning });
    }
    return { from: profile.from, to: profile.to, trouble: o.trouble, rules: out };
  }

  #declaredFor(names: readonly string[]): Pick<Profile, 'kinds' | 'fields'> {
    const key = names.join('\n');
    if (this.#declared?.key !== key)
      this.#declared = { key, profile: declaredProfile(this.#d.sourcesDir, names) };
    return this.#declared.profile;
  }

  #measured(r: BaseRule, h: RuleHealth): RuleHealth {
    const { usage } = this.#d;
    const evaluated = usage.rules.get(r.id)?.evaluated ?? 0;
    return {
      ...h,
      lastCandidate: Math.max(h.lastCandidate, usage.logsources.get(r.logsource)?.last ?? 0),
      evaluated,
      cost: usage.evaluated === 0 ? 0 : evaluated / usage.evaluated,
    };
  }
}

/** The fields that log sources go by. */
function namesOf(set: RuleSet): string[] {
  const names = new Set<string>();
  const done = new Set<Condition>();
  const texts = new Set<string>();
  for (const r of set.rules) {
    if (r.kind !== 'rule' || done.has(r.where)) continue;
    done.add(r.where);
    const text = JSON.stringify(r.where);
    if (texts.has(text)) continue;
    texts.add(text);
    for (const f of mentioned(r.where).fields) names.add(f);
  }
  names.delete('vigil.source');
  return [...names].sort();
}

type Asked = {
  readonly profile: Profile;
  readonly declared: Pick<Profile, 'kinds' | 'fields'>;
  readonly lists: Lists;
  readonly supplies: Map<string, Supply>;
  /** The store was asked and answered. */
  readonly known: boolean;
};

function supplyOf(where: Condition, a: Asked): Supply {
  const key = JSON.stringify(where);
  const known = a.supplies.get(key);
  if (known !== undefined) return known;
  const holds = compileCondition(where, { lists: a.lists });
  const matching = (kinds: readonly Kind[]): Kind[] =>
    kinds.filter((k) => holds({ fields: k.fields, rawText: '', entities: [] }));
  const seen = matching(a.profile.kinds);
  const supply: Supply = {
    sources: [...new Set(seen.map((k) => k.source))].sort(),
    declared: [...new Set(matching(a.declared.kinds).map((k) => k.source))].sort(),
    last: seen.reduce((max, k) => Math.max(max, k.last), 0),
  };
  a.supplies.set(key, supply);
  return supply;
}

function singleHealth(r: BaseRule, a: Asked): RuleHealth {
  const supply = supplyOf(r.where, a);
  const last = (field: string): number =>
    supply.sources.reduce((max, s) => Math.max(max, a.profile.fields.get(s)?.get(field) ?? 0), 0);
  const declared = (field: string): boolean =>
    [...supply.sources, ...supply.declared].some((s) => a.declared.fields.get(s)?.has(field) === true);
  const needs = mentioned(r.condition);
  const fields = needs.fields
    .filter((f) => !isAlwaysThere(f))
    .map((name) => ({ name, last: last(name), declared: declared(name) }));
  return {
    logsource: r.logsource,
    sources: supply.sources,
    fields,
    lists: needs.lists,
    dead: a.known ? deadReason(r, supply, { fields, lists: a.lists, partial: a.profile.partial }) : '',
    lastCandidate: supply.last,
    cost: 0,
    evaluated: 0,
  };
}

function deadReason(
  r: BaseRule,
  supply: Supply,
  n: { readonly fields: readonly FieldNeed[]; readonly lists: Lists; readonly partial: boolean },
): string {
  // What was left out of the profile may have had the log source, or any field.
  if (n.partial && supply.sources.length === 0) return '';
  const shown = r.logsource === '' ? 'any log source' : r.logsource;
  if (supply.sources.length === 0) {
    if (supply.declared.length === 0 && r.supplied === false) return `no source supplies ${shown}`;
    const who = supply.declared.length === 0 ? '' : ` (${named(supply.declared)} would supply it)`;
    return `nothing of ${shown} was seen in the last ${PROFILE_DAYS} days${who}`;
  }
  const there = new Set(n.fields.filter((f) => n.partial || f.last > 0 || f.declared).map((f) => f.name));
  if (possible(r.condition, { field: (f) => there.has(f), lists: n.lists }).yes) return '';
  const empty = mentioned(r.condition).lists.filter((l) => (n.lists.get(l)?.values.length ?? 0) === 0);
  const everyField = (): boolean => true;
  if (empty.length > 0 && !possible(r.condition, { field: everyField, lists: n.lists }).yes)
    return empty.length === 1
      ? `the list ${named(empty)} has no members`
      : `the lists ${named(empty)} have no members`;
  const missing = n.fields.filter((f) => !there.has(f.name)).map((f) => f.name);
  if (missing.length === 0) return 'its condition contradicts itself';
  const plural = missing.length === 1 ? 'the field' : 'the fields';
  const were = missing.length === 1 ? 'was' : 'were';
  return `${plural} ${named(missing)} ${were} never seen in events of ${shown} (${named(supply.sources)})`;
}

const named = (list: readonly string[]): string =>
  list.length <= NAMED_MAX
    ? list.join(', ')
    : `${list.slice(0, NAMED_MAX).join(', ')} and ${list.length - NAMED_MAX} more`;

type Linked = {
  readonly byId: ReadonlyMap<string, Rule>;
  readonly out: Map<string, RuleHealth>;
  readonly path: Set<string>;
};

/** Correlations and condition rules live on other rules: as dead as what they need. */
function memoryHealth(r: Rule, l: Linked): RuleHealth {
  const known = l.out.get(r.id);
  if (known !== undefined) return known;
  l.path.add(r.id);
  const parts = countedBy(r).map((id) => {
    const part = l.byId.get(id);
    if (part === undefined || modeOf(part) === 'off')
      return { id, dead: `the rule "${part?.title ?? id}" that it counts is off`, health: undefined };
    const health = part.kind === 'rule' || l.path.has(id) ? l.out.get(id) : memoryHealth(part, l);
    const dead = health?.dead ?? '';
    const what =
      part.partOf === undefined ? `the rule "${part.title}" that it counts cannot fire: ${dead}` : dead;
    return { id, dead: dead === '' ? '' : what, health };
  });
  l.path.delete(r.id);
  const bad = parts.filter((p) => p.dead !== '');
  const dead = parts.length - bad.length < Math.min(neededOf(r), parts.length) ? (bad[0]?.dead ?? '') : '';
  const healths = parts.flatMap((p) => (p.health === undefined ? [] : [p.health]));
  const out: RuleHealth = {
    logsource: [...new Set(healths.map((h) => h.logsource).filter((s) => s !== ''))].join(', '),
    sources: [...new Set(healths.flatMap((h) => h.sources))],
    fields: [...new Map(healths.flatMap((h) => h.fields).map((f) => [f.name, f])).values()],
    lists: [...new Set(healths.flatMap((h) => h.lists))],
    dead,
    lastCandidate: healths.reduce((max, h) => Math.max(max, h.lastCandidate), 0),
    cost: 0,
    evaluated: 0,
  };
  l.out.set(r.id, out);
  return out;
}

/** Of the rules that it counts, how many have to be able to fire. */
function neededOf(r: Rule): number {
  if (r.kind !== 'correlation' || !r.type.startsWith('temporal') || r.expression !== undefined) return 1;
  const least = r.criteria.map((c) =>
    c.op === 'gte' || c.op === 'eq' ? c.value : c.op === 'gt' ? c.value + 1 : 1,
  );
  return Math.max(1, ...least);
}
