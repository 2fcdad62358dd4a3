/**
 * A search whose filter remembers (`count(...)`, `exists(... in last 30 days)`, `baseline`) as the rule that it would be,
 * so that the engine of rules judges it. Held by `searches.test.ts` (what is refused) and, verdict by verdict, by
 * `stateful-search.int.test.ts`.
 */
import { errorText, err, ok, type Result } from '../base/result.ts';
import { conditionProblems } from '../condition/evaluate.ts';
import { type Condition, EVERYTHING } from '../condition/tree.ts';
import { reachOf } from '../detect/condition-rule-ids.ts';
import { CERTIFICATE_CLOCK, decompose } from '../detect/condition-rule-parts.ts';
import { SigmaError } from '../detect/sigma/modifiers.ts';
import {
  type ConditionRule,
  makeRuleSet,
  type Residual,
  type RuleMeta,
  type RuleSet,
  PLAIN_META,
} from '../detect/rule.ts';

export type SearchRule = {
  readonly set: RuleSet;
  readonly rule: ConditionRule;
  /** Microseconds of event time that have to be read before the first event that is asked about, and behind the last. */
  readonly before: number;
  readonly behind: number;
  /** Speaks of keys that fell silent (`NOT exists(...)` alone), so it is judged one span after an event. */
  readonly silence: boolean;
};

const RULE_ID = 'search';

/** `filter` is stateful. The error is a sentence for the person. */
export function searchRule(filter: Condition, text: string): Result<SearchRule> {
  let d: ReturnType<typeof decompose>;
  try {
    d = decompose(RULE_ID, filter, 1);
  } catch (e) {
    if (e instanceof SigmaError) return err(errorText(e));
    throw e;
  }
  if (d.subject === 'certificate')
    return err(
      `${CERTIFICATE_CLOCK.join(' and ')} change as time goes by, so with a count over earlier events they are judged at ` +
        'times, not at events: write the condition as a rule and ask "vigil rules backtest", or leave one of the two out',
    );
  const rule: ConditionRule = {
    ...meta(RULE_ID),
    kind: 'condition',
    text,
    residual: d.residual,
    terms: d.terms,
    subject: d.subject,
    deferred: d.deferred,
  };
  const parts = [...d.parts].map(([id, condition]) => ({
    ...meta(id),
    partOf: RULE_ID,
    kind: 'rule' as const,
    logsource: '',
    where: EVERYTHING,
    condition,
  }));
  for (const p of parts) {
    const problem = conditionProblems(p.condition)[0];
    if (problem !== undefined) return err(problem);
  }
  const span = Math.max(0, ...d.terms.map((t) => t.span));
  const alone = !hasPart(d.residual);
  return ok({
    set: makeRuleSet([rule, ...parts]),
    rule,
    // What an earlier moment took is not counted again, so those have to be judged truly, too.
    before: reachOf(rule) + span,
    behind: d.deferred && alone ? span : 0,
    silence: d.deferred && alone,
  });
}

const hasPart = (r: Residual): boolean =>
  r.kind === 'part' || ((r.kind === 'and' || r.kind === 'or') && r.items.some(hasPart));

const meta = (id: string): RuleMeta => ({ ...PLAIN_META, id, title: 'the search', line: 1 });
