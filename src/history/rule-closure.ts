/**
 * The rules that a rule cannot be judged without: what a correlation counts, over any number of steps, and the rule whose
 * alert another one raises. And how far back in event time a rule looks.
 *
 * Held by `rule-closure.test.ts`.
 */
import { never } from '../base/result.ts';
import { partIds, reachOf as reachOfCondition } from '../detect/condition-rule-ids.ts';
import { makeRuleSet, type Rule, type RuleSet } from '../detect/rule.ts';

/** Ids of rules that a rule is made of or refers to. */
function named(r: Rule): readonly string[] {
  const raised = r.escalates === '' ? [] : [r.escalates];
  switch (r.kind) {
    case 'rule':
      return raised;
    case 'correlation':
      return [...raised, ...r.rules];
    case 'condition':
      return [...raised, ...partIds(r)];
    default:
      return never(r);
  }
}

/** `ids` and everything they need, as a set of its own. Unknown ids are left out. */
export function rulesFor(set: RuleSet, ids: readonly string[]): RuleSet {
  const byId = new Map(set.rules.map((r) => [r.id, r]));
  const out = new Map<string, Rule>();
  const todo = [...ids];
  for (let id = todo.pop(); id !== undefined; id = todo.pop()) {
    const rule = byId.get(id);
    if (rule === undefined || out.has(id)) continue;
    out.set(id, rule);
    todo.push(...named(rule));
  }
  return makeRuleSet([...out.values()]);
}

/** Correlations that count this rule. */
export const countedBy = (set: RuleSet, id: string): readonly Rule[] =>
  set.rules.filter((r) => r.kind === 'correlation' && r.rules.includes(id));

/** `ids` and every correlation that counts one of them, over any number of steps. */
export function withCounting(set: RuleSet, ids: readonly string[]): readonly string[] {
  const out = new Set(ids);
  for (const id of out) for (const r of countedBy(set, id)) out.add(r.id);
  return [...out];
}

/** Correlations over correlations looked into, at most. */
const DEPTH_MAX = 10;

/**
 * Microseconds of event time before an event that can decide what it means to any rule of the set. What a baseline has
 * learned is not in it: that takes longer than any run should look back.
 */
export function reachOf(set: RuleSet): number {
  const byId = new Map(set.rules.map((r) => [r.id, r]));
  const reach = (r: Rule, depth: number): number => {
    if (r.kind === 'condition') return reachOfCondition(r);
    if (r.kind !== 'correlation' || depth > DEPTH_MAX) return 0;
    let below = 0;
    for (const id of r.rules) {
      const x = byId.get(id);
      if (x !== undefined) below = Math.max(below, reach(x, depth + 1));
    }
    return r.timespan + below;
  };
  return set.rules.reduce((far, r) => Math.max(far, reach(r, 0)), 0);
}
