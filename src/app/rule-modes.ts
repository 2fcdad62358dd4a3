/**
 * Which mode a rule has: what a person set, else what its file says, else what its origin says. And what an imported
 * rule is proposed to become once somebody has looked at it. Pure; held by `rule-modes.test.ts`.
 */
import { type Rule, RULE_MODES, type RuleMode } from '../detect/rule.ts';

/** `imported`: below the folder `imported/` of the user's rules, where `vigil rules import` puts them. */
export const RULE_ORIGINS = ['shipped', 'own', 'imported'] as const;
export type RuleOrigin = (typeof RULE_ORIGINS)[number];
export const IMPORTED_FOLDER = 'imported';

export const originOf = (rule: Pick<Rule, 'file'>): RuleOrigin =>
  rule.file.startsWith(`rules/${IMPORTED_FOLDER}/`)
    ? 'imported'
    : rule.file.startsWith('rules/')
      ? 'own'
      : 'shipped';

type Settings = ReadonlyMap<string, { readonly mode: string }>;

/** Parts of a condition rule have the mode of their rule. */
export function effectiveMode(rule: Rule, settings: Settings): RuleMode {
  const set = settings.get(rule.partOf ?? rule.id)?.mode;
  return (
    RULE_MODES.find((m) => m === set) ?? rule.mode ?? (originOf(rule) === 'imported' ? 'shadow' : 'alerting')
  );
}

/**
 * What a rule in shadow is proposed to become: `alerting` where it is grave and tried, else `risk`. Informational rules
 * are context: they never enter the queue. '' where nothing is proposed: the rule is not imported, or somebody decided.
 */
export function proposalFor(rule: Rule, settings: Settings): RuleMode | '' {
  if (originOf(rule) !== 'imported' || settings.has(rule.id) || rule.mode !== 'shadow') return '';
  const grave = rule.level === 'critical' || rule.level === 'high';
  return grave && rule.status === 'stable' ? 'alerting' : 'risk';
}
