/**
 * Which rules an event meets. Stateless: runs in a worker, many at once. Rules are routed by log source and by
 * a witness (a field and value that the rule cannot do without), then held back by a gate (a text that must occur), so
 * that an event is not judged by all of them.
 *
 * Contract: the verdict is that of evaluating every rule in full (held by `matcher.prop.test.ts`); a rule that throws
 * is reported in `failures`, counts as not met, and stops no other.
 */
import { errorText } from '../base/result.ts';
import { compileCondition, conditionProblems, type Judged } from '../condition/evaluate.ts';
import type { Condition, Lists } from '../condition/tree.ts';
import type { NormalizedEvent } from '../model/event.ts';
import { gateOf, Gates } from './gate.ts';
import type { BaseRule, RuleProblem, RuleSet } from './rule.ts';
import { WitnessIndex } from './witness.ts';

export type CompiledRules = {
  /** Ids of the base rules that the event meets, in the order of the set. */
  match(e: NormalizedEvent): readonly string[];
  /** Rules that could not be compiled. */
  readonly problems: readonly RuleProblem[];
  /** Rules that threw while judging: id -> how often and the first reason. */
  readonly failures: ReadonlyMap<string, { readonly count: number; readonly reason: string }>;
  readonly hash: string;
};

type Member = {
  readonly order: number;
  readonly id: string;
  /** Literals of which one must occur; undefined where the rule has none. */
  readonly gate: Int32Array | undefined;
  readonly test: (e: Judged) => boolean;
};
type SourceClass = { readonly where: (e: Judged) => boolean; readonly members: WitnessIndex<Member> };

/** Placeholders (`|expand`) and lists that a rule names must exist in `lists`, or the rule is refused by name. */
export function compileRules(set: RuleSet, lists: Lists): CompiledRules {
  const problems: RuleProblem[] = [];
  const failures = new Map<string, { count: number; reason: string }>();
  const gates = new Gates();
  const groups = new Map<string, { where: Condition; rules: { rule: BaseRule; member: Member }[] }>();
  set.rules.forEach((rule, order) => {
    if (rule.kind !== 'rule') return;
    const problem = conditionProblems(rule.condition, lists)[0] ?? missingList(rule.condition, lists);
    if (problem !== undefined) {
      problems.push({ file: rule.file, line: rule.line, reason: `${rule.title}: ${problem}` });
      return;
    }
    try {
      const test = compileCondition(rule.condition, { lists });
      const key = JSON.stringify(rule.where);
      const g = groups.get(key) ?? { where: rule.where, rules: [] };
      const literals = gateOf(rule.condition);
      const gate = literals === undefined ? undefined : gates.register(literals);
      g.rules.push({ rule, member: { order, id: rule.id, gate, test } });
      groups.set(key, g);
    } catch (e) {
      problems.push({ file: rule.file, line: rule.line, reason: `${rule.title}: ${errorText(e)}` });
    }
  });
  const classes = new WitnessIndex<SourceClass>();
  for (const g of groups.values()) {
    const members = new WitnessIndex<Member>();
    for (const { rule, member } of g.rules) members.add(rule.condition, member);
    classes.add(g.where, { where: compileCondition(g.where, { lists }), members });
  }
  return { match: matcher(classes, gates, failures), problems, failures, hash: set.hash };
}

function matcher(
  classes: WitnessIndex<SourceClass>,
  gates: Gates,
  failures: Map<string, { count: number; reason: string }>,
): (e: NormalizedEvent) => readonly string[] {
  const NONE: readonly string[] = [];
  return (e) => {
    if (!e.fields.has('vigil.source')) e.fields.setOurs('vigil.source', e.source);
    let hits: Member[] | undefined;
    gates.begin(e.fields);
    for (const c of classes.candidates(e.fields)) {
      if (!c.where(e)) continue;
      for (const m of c.members.candidates(e.fields)) {
        let met = false;
        try {
          if (m.gate !== undefined && !gates.passes(m.gate)) continue;
          met = m.test(e);
        } catch (error) {
          const f = failures.get(m.id);
          if (f === undefined) failures.set(m.id, { count: 1, reason: errorText(error) });
          else f.count++;
        }
        if (!met) continue;
        if (hits === undefined) hits = [m];
        else hits.push(m);
      }
    }
    if (hits === undefined) return NONE;
    return hits.sort((a, b) => a.order - b.order).map((m) => m.id);
  };
}

/** A list that nobody defined has no value, and a rule that silently never fires is worse than one refused. */
function missingList(c: Condition, lists: Lists): string | undefined {
  switch (c.kind) {
    case 'and':
    case 'or':
      for (const item of c.items) {
        const found = missingList(item, lists);
        if (found !== undefined) return found;
      }
      return undefined;
    case 'not':
      return missingList(c.item, lists);
    case 'inlist':
      return lists.has(c.list)
        ? undefined
        : `the placeholder %${c.list}% has no value: make a list named '${c.list}'`;
    default:
      return undefined;
  }
}
