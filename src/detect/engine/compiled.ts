/**
 * What an engine is: rules that were compiled once and are asked about every event. Two exist: `oracle.ts` evaluates
 * every rule in full, `engine.ts` looks only at the rules that can be met. Their verdicts are equal (held by
 * `engine.prop.test.ts`).
 */
import { errorText } from '../../base/result.ts';
import { conditionProblems } from '../../condition/evaluate.ts';
import type { Lists } from '../../condition/tree.ts';
import type { NormalizedEvent } from '../../model/event.ts';
import type { BaseRule, RuleProblem, RuleSet } from '../rule.ts';

export type CompiledRules = {
  /** Ids of the base rules that the event meets, in the order of the set. */
  match(e: NormalizedEvent): readonly string[];
  /** Rules that could not be compiled. */
  readonly problems: readonly RuleProblem[];
  /** Rules that threw while judging: id -> how often and the first reason. */
  readonly failures: ReadonlyMap<string, RuleFailure>;
  readonly hash: string;
  /** What judging cost so far; absent where an engine does not count. */
  stats?(): EngineStats;
};
export type RuleFailure = { readonly count: number; readonly reason: string };

export type EngineStats = {
  readonly events: number;
  readonly rules: readonly {
    readonly id: string;
    /** Events for which the rule was evaluated in full, and those that met it. */
    readonly evaluated: number;
    readonly met: number;
  }[];
  readonly logsources: readonly {
    readonly logsource: string;
    /** Events of this log source, and the time of the last one (`ts`, microseconds; 0 where there was none). */
    readonly events: number;
    readonly last: number;
  }[];
};

/** Compiles the rules that can be; the others are named with the reason, and so are those for which `add` throws. */
export function compileEach(
  set: RuleSet,
  lists: Lists,
  add: (rule: BaseRule, order: number) => void,
): RuleProblem[] {
  const problems: RuleProblem[] = [];
  for (const [order, rule] of set.rules.entries()) {
    if (rule.kind !== 'rule') continue;
    // A missing list is an empty one where the rule says so.
    let problem = conditionProblems(rule.condition, rule.listsOptional === true ? undefined : lists)[0];
    if (problem === undefined) {
      try {
        add(rule, order);
        continue;
      } catch (e) {
        problem = errorText(e);
      }
    }
    problems.push({ file: rule.file, line: rule.line, reason: `${rule.title}: ${problem}` });
  }
  return problems;
}

/** Failures by rule, with the first reason of each. */
export class Failures {
  readonly byRule = new Map<string, { count: number; reason: string }>();

  add(id: string, error: unknown): void {
    const f = this.byRule.get(id);
    if (f === undefined) this.byRule.set(id, { count: 1, reason: errorText(error) });
    else f.count++;
  }
}
