/**
 * What a rule is once it has been read: plain data, the same in workers (matcher) and in the state owner
 * (correlations, alerts). A `RuleSet` is content-addressed: its hash is its version, its text is what the journal
 * records at a reload.
 *
 * Contract: `parseRuleSet(ruleSetText(s))` is the identity (held by `load.int.test.ts`).
 */
import { createHash } from 'node:crypto';
import { err, ok, type Result } from '../base/result.ts';
import type { Condition } from '../condition/tree.ts';
import type { Severity } from '../model/alert.ts';

/** How the alert's sentence is made: `brute_force` is computed; `text` has `{field}` placeholders, filled once. */
export type SentenceSpec =
  | { readonly kind: 'brute_force' }
  | { readonly kind: 'text'; readonly text: string };

/**
 * What becomes of a rule's matches, weakest first. `off`: not judged. `shadow`: counted. `risk`: counted and kept per
 * entity. `alerting`: opens alerts. Correlations count the matches of rules in every mode but `off`.
 */
export const RULE_MODES = ['off', 'shadow', 'risk', 'alerting'] as const;
export type RuleMode = (typeof RULE_MODES)[number];

/** What rules and correlations have in common. `yaml` is the document's own text. */
export type RuleMeta = {
  readonly id: string;
  /** Sigma's `name`, '' where absent. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly author: string;
  readonly status: string;
  readonly level: Severity;
  /** `T1110.001`, `credential-access`. */
  readonly attack: readonly string[];
  readonly references: readonly string[];
  readonly falsepositives: readonly string[];
  /** First 16 hex digits of the document's SHA-256. */
  readonly version: string;
  readonly file: string;
  /** Line of the document's start in `file`, from 1. */
  readonly line: number;
  readonly yaml: string;
  /** `vigil.entity`: fields that make the key of a rule that needs no correlation. Empty: the default. */
  readonly entity: readonly string[];
  readonly sentence: SentenceSpec | null;
  /** `vigil.escalation`: text added to the sentence of the alert that this rule escalates. */
  readonly escalation: string;
  readonly nextSteps: readonly string[];
  /** `vigil.escalates`: id of the rule whose open alert on the same key this one raises; '' if none. */
  readonly escalates: string;
  /** `vigil.severity`: severity after escalation; the level otherwise. */
  readonly severity: Severity;
  /** False for rules that only feed correlations. */
  readonly alerts: boolean;
  /** Id of the condition rule that this one is a part of; lists of rules do not show it. Absent for all others. */
  readonly partOf?: string;
  /** Absent in rule sets of format 1, and where the file states none: `modeOf`. */
  readonly mode?: RuleMode;
};

export const modeOf = (r: Pick<RuleMeta, 'mode'>): RuleMode => r.mode ?? 'alerting';

export type BaseRule = RuleMeta & {
  readonly kind: 'rule';
  /** Which logs it looks at; shared text for equal log sources, so that they are judged once per event. */
  readonly logsource: string;
  readonly where: Condition;
  readonly condition: Condition;
};

export const CORRELATION_TYPES = ['event_count', 'value_count', 'temporal', 'temporal_ordered'] as const;
export type CorrelationType = (typeof CORRELATION_TYPES)[number];
export const CORRELATION_OPS = ['gt', 'gte', 'lt', 'lte', 'eq', 'neq'] as const;
export type CorrelationOp = (typeof CORRELATION_OPS)[number];

export type CorrelationRule = RuleMeta & {
  readonly kind: 'correlation';
  readonly type: CorrelationType;
  /** Ids of the rules it counts, in order. */
  readonly rules: readonly string[];
  /** Each group-by entry: the field to read per rule id ('' is the default for rules not named by an alias). */
  readonly groupBy: readonly GroupField[];
  /** Microseconds. */
  readonly timespan: number;
  readonly criteria: readonly { readonly op: CorrelationOp; readonly value: number }[];
  /** value_count: the tuple of fields that is counted. */
  readonly fields: readonly string[];
  readonly generate: boolean;
};
export type GroupField = {
  readonly name: string;
  readonly perRule: readonly (readonly [string, string])[];
};

export type Rule = BaseRule | CorrelationRule;

export type RuleSet = { readonly hash: string; readonly rules: readonly Rule[] };

/** Something that is wrong with a rule file: what, where, and what to do. */
export type RuleProblem = { readonly file: string; readonly line: number; readonly reason: string };

/** 2: rules have modes. */
export const RULE_SET_FORMAT = 2;

const hashOf = (rules: readonly Rule[]): string =>
  createHash('sha256').update(JSON.stringify(rules)).digest('hex').slice(0, 32);

/** Orders by id, so that the hash does not depend on the order of files. */
export function makeRuleSet(rules: readonly Rule[]): RuleSet {
  const sorted = [...rules].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  return { hash: hashOf(sorted), rules: sorted };
}

export const EMPTY_RULES: RuleSet = makeRuleSet([]);

export const ruleSetText = (set: RuleSet): string =>
  JSON.stringify({ format: RULE_SET_FORMAT, hash: set.hash, rules: set.rules });

/** Reads what `ruleSetText` wrote; refuses a newer format and text that does not have its own hash. */
export function parseRuleSet(text: string): Result<RuleSet> {
  let v: { format?: unknown; hash?: unknown; rules?: unknown };
  try {
    v = JSON.parse(text) as typeof v;
  } catch (e) {
    return err(`the rule set is not JSON: ${e instanceof Error ? e.message : String(e)}`);
  }
  if (typeof v.format !== 'number' || v.format < 1 || v.format > RULE_SET_FORMAT)
    return err(
      `the rule set has format ${String(v.format)}, this version of Vigil reads up to ${RULE_SET_FORMAT}: start a newer Vigil`,
    );
  if (!Array.isArray(v.rules)) return err('the rule set holds no rules');
  const rules = v.rules as Rule[];
  const hash = hashOf(rules);
  if (hash !== v.hash) return err(`the rule set says it is ${String(v.hash)} and is ${hash}: it was altered`);
  return ok({ hash, rules });
}
