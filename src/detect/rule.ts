/**
 * What a rule is once it has been read: plain data, the same in workers (matcher) and in the state owner
 * (correlations, alerts). A `RuleSet` is content-addressed: its hash is its version, its text is what the journal
 * records at a reload.
 *
 * Contract: `parseRuleSet(ruleSetText(s))` is the identity (held by `load.int.test.ts`).
 */
import { createHash } from 'node:crypto';
import { err, ok, type Result } from '../base/result.ts';
import type { ArithmeticOp, KeyField, TestOp } from '../condition/expression.ts';
import { type Condition, EVERYTHING } from '../condition/tree.ts';
import type { Severity } from '../model/alert.ts';

/**
 * How the alert's sentence is made: `brute_force` is computed; `text` has `{field}` placeholders, filled once, and `[parts]`
 * that are left out where the events lack what they name. `{@list}` is what stands on a list.
 */
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
  /** `vigil.severity_from`: fields that say the severity of the event itself, in any word of `model/severity.ts`. */
  readonly severityFrom?: readonly string[];
  /** `vigil.gap` of a single rule, in microseconds: matches on the same key this far apart are one alert. Absent: an hour. */
  readonly gap?: number;
  /** False for rules that only feed correlations. */
  readonly alerts: boolean;
  /** Id of the condition rule that this one is a part of; lists of rules do not show it. Absent for all others. */
  readonly partOf?: string;
  /** Whose field names the document uses; absent in rule sets of format 1. */
  readonly taxonomy?: 'sigma' | 'ecs';
  /** Absent in rule sets of format 1, and where the file states none: `modeOf`. */
  readonly mode?: RuleMode;
};

export const modeOf = (r: Pick<RuleMeta, 'mode'>): RuleMode => r.mode ?? 'alerting';

/** Sigma's log source; '' where not stated. */
export type LogSource = { readonly product: string; readonly category: string; readonly service: string };

/** What a rule has that no document wrote: parts of condition rules, Vigil's own alerts, searches. */
export const PLAIN_META: RuleMeta = {
  id: '',
  name: '',
  title: '',
  description: '',
  author: '',
  status: '',
  level: 'informational',
  attack: [],
  references: [],
  falsepositives: [],
  version: '',
  file: '',
  line: 0,
  yaml: '',
  entity: [],
  sentence: null,
  escalation: '',
  nextSteps: [],
  escalates: '',
  severity: 'informational',
  alerts: false,
};

export type BaseRule = RuleMeta & {
  readonly kind: 'rule';
  /** Its parts, by which field names are mapped; absent in rule sets of format 1. */
  readonly source?: LogSource;
  /** Which logs it looks at; shared text for equal log sources, so that they are judged once per event. */
  readonly logsource: string;
  readonly where: Condition;
  /** False where no source of this version writes such events; absent where one does. */
  readonly supplied?: false;
  readonly condition: Condition;
  /** A list that it names and nobody has made is an empty one, not a reason to refuse it. */
  readonly listsOptional?: true;
  /** Ids of the Sigma filters that are part of `condition`; absent where there are none. */
  readonly filters?: readonly string[];
};

/** The rule that stands behind an alert of Vigil's own; it judges nothing. */
export const builtInRule = (r: Pick<RuleMeta, 'id' | 'title' | 'level' | 'nextSteps'>): BaseRule => ({
  ...PLAIN_META,
  ...r,
  author: 'Vigil',
  severity: r.level,
  alerts: true,
  kind: 'rule',
  logsource: '',
  where: EVERYTHING,
  condition: EVERYTHING,
});

export const CORRELATION_TYPES = [
  'event_count',
  'value_count',
  'temporal',
  'temporal_ordered',
  'value_sum',
  'value_avg',
  'value_percentile',
  'value_median',
] as const;
export type CorrelationType = (typeof CORRELATION_TYPES)[number];
export const CORRELATION_OPS = ['gt', 'gte', 'lt', 'lte', 'eq', 'neq'] as const;
export type CorrelationOp = (typeof CORRELATION_OPS)[number];

/** Which rules occurred in the window and which did not (`a and not b`). */
export type CorrelationExpression =
  | { readonly kind: 'rule'; readonly rule: string }
  | { readonly kind: 'and' | 'or'; readonly items: readonly CorrelationExpression[] }
  | { readonly kind: 'not'; readonly item: CorrelationExpression };

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
  /** value_count: the tuple of fields that is counted; value_sum and its like: the field whose numbers are taken. */
  readonly fields: readonly string[];
  /** The same fields as read from the events of each rule, in the same order; absent in rule sets of 0.1. */
  readonly fieldsPerRule?: readonly GroupField[];
  /** value_percentile: which, 0 to 100. Absent: the share of a value among all values of the window, in percent. */
  readonly percentile?: number;
  /** Extended condition of the temporal types; `criteria` is empty then. */
  readonly expression?: CorrelationExpression;
  readonly generate: boolean;
};
/** `perRule`: rule id and field; a rule that stands there more than once has the first of the fields that is there. */
export type GroupField = {
  readonly name: string;
  readonly perRule: readonly (readonly [string, string])[];
};

/**
 * A number that a condition rule compares. `count` and `baseline` speak of the rule's terms by index; `field` is a field of
 * the event (or certificate) at hand.
 */
export type Measure =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'field'; readonly field: string }
  | {
      readonly kind: 'arithmetic';
      readonly op: ArithmeticOp;
      readonly left: Measure;
      readonly right: Measure;
    }
  | { readonly kind: 'count'; readonly term: number }
  | { readonly kind: 'baseline'; readonly term: number };

/** What is left of a condition once its stateless parts are rules of their own. Negations stand at the leaves only. */
export type Residual =
  | { readonly kind: 'and' | 'or'; readonly items: readonly Residual[] }
  | { readonly kind: 'const'; readonly value: boolean }
  /** The event met this part (id of a BaseRule with `partOf`). */
  | { readonly kind: 'part'; readonly rule: string }
  /** About the certificate at hand, where the rule is about certificates. */
  | { readonly kind: 'local'; readonly condition: Condition }
  | {
      readonly kind: 'test';
      readonly op: TestOp;
      readonly left: Measure;
      readonly right: Measure;
      readonly negated: boolean;
    };

/** Something that a condition rule counts. */
export type Term = {
  /** Id of the part that says which events count. */
  readonly part: string;
  /** Different values of this field are counted; '' counts events. */
  readonly distinct: string;
  readonly by: readonly KeyField[];
  /** Microseconds. */
  readonly span: number;
  /** The key is the certificate that the event is about. */
  readonly certificate: boolean;
  /** Its usual count is asked for. */
  readonly baseline: boolean;
  /** `certificate requests`, for the alert's sentence. */
  readonly what: string;
};

/** A rule written in the condition language that needs memory; judged by `memory/` in the state owner. */
export type ConditionRule = RuleMeta & {
  readonly kind: 'condition';
  /** The condition as written. */
  readonly text: string;
  readonly residual: Residual;
  readonly terms: readonly Term[];
  /** `event`: judged at events. `certificate`: judged over the certificate inventory, as time goes by. */
  readonly subject: 'event' | 'certificate';
  /** Something must not have happened: judged at a tick, once everything until then has had its time to arrive. */
  readonly deferred: boolean;
};

export type Rule = BaseRule | CorrelationRule | ConditionRule;

export type RuleSet = { readonly hash: string; readonly rules: readonly Rule[] };

/** Something that is wrong with a rule file: what, where, and what to do. */
export type RuleProblem = { readonly file: string; readonly line: number; readonly reason: string };

/** 2: rules have modes. */
export const RULE_SET_FORMAT = 2;

const hashOf = (json: string): string => createHash('sha256').update(json).digest('hex').slice(0, 32);
/** The rules of a set as JSON, until its text was asked for: thousands of rules are not written out twice. */
const written = new WeakMap<RuleSet, string>();

/** Orders by id, so that the hash does not depend on the order of files. */
export function makeRuleSet(rules: readonly Rule[]): RuleSet {
  const sorted = [...rules].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  const json = JSON.stringify(sorted);
  const set: RuleSet = { hash: hashOf(json), rules: sorted };
  written.set(set, json);
  return set;
}

export const EMPTY_RULES: RuleSet = makeRuleSet([]);

export function ruleSetText(set: RuleSet): string {
  const json = written.get(set) ?? JSON.stringify(set.rules);
  written.delete(set);
  return `{"format":${RULE_SET_FORMAT},"hash":${JSON.stringify(set.hash)},"rules":${json}}`;
}

/** Reads what `ruleSetText` wrote; refuses a newer format and text that does not have its own hash. */
export function parseRuleSet(text: string): Result<RuleSet> {
  try {
    return checkRuleSet(JSON.parse(text) as unknown);
  } catch (e) {
    return err(`the rule set is not JSON: ${e instanceof Error ? e.message : String(e)}`);
  }
}

/** The same for what is parsed already. */
export function checkRuleSet(given: unknown): Result<RuleSet> {
  const v = (given ?? {}) as { format?: unknown; hash?: unknown; rules?: unknown };
  if (typeof v.format !== 'number' || v.format < 1 || v.format > RULE_SET_FORMAT)
    return err(
      `the rule set has format ${String(v.format)}, this version of Vigil reads up to ${RULE_SET_FORMAT}: start a newer Vigil`,
    );
  if (!Array.isArray(v.rules)) return err('the rule set holds no rules');
  const rules = v.rules as Rule[];
  const hash = hashOf(JSON.stringify(rules));
  if (hash !== v.hash) return err(`the rule set says it is ${String(v.hash)} and is ${hash}: it was altered`);
  return ok({ hash, rules });
}
