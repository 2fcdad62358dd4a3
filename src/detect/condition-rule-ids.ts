/** Which rules of the set are parts of a condition rule, and how far back it looks. */
import type { ConditionRule } from './rule.ts';

/** The part that brings certificates into the inventory. */
export const feederId = (ruleId: string): string => `${ruleId}#certificates`;

/** Ids of what workers judge for a condition rule; in the rule set beside it. */
export function partIds(rule: ConditionRule): readonly string[] {
  const out = new Set(rule.terms.map((t) => t.part));
  const walk = (r: ConditionRule['residual']): void => {
    if (r.kind === 'part') out.add(r.rule);
    else if (r.kind === 'and' || r.kind === 'or') r.items.forEach(walk);
  };
  walk(rule.residual);
  if (rule.subject === 'certificate') out.add(feederId(rule.id));
  return [...out];
}

/** Microseconds of event time before an event that can decide what it means to this rule. */
export const reachOf = (rule: ConditionRule): number =>
  Math.max(
    0,
    ...rule.terms.map((t) => Math.max(t.span, t.baseline ? BASELINE_REACH_US : 0)),
    rule.subject === 'certificate' ? CERTIFICATE_REACH_US : 0,
  );
/** Fourteen whole days before the day of the event. */
const BASELINE_REACH_US = 15 * 86_400e6;
/** A certificate is known from when it was issued: the longest public lifetime (398 days). */
const CERTIFICATE_REACH_US = 398 * 86_400e6;
