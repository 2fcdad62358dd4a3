/**
 * The `correlation` part (Sigma correlation rules 2.1, and what pySigma adds: value_median, `percentile`, extended
 * conditions of temporal types, timespans in w, M and y). Names of rules and fields stay as written: `link.ts` resolves
 * them once all files are known, since a field's name depends on the log source of the rule it is read for.
 *
 * Held by `sigma.test.ts` and `test/conformance`.
 */
import {
  CORRELATION_OPS,
  CORRELATION_TYPES,
  type CorrelationExpression,
  type CorrelationOp,
  type CorrelationRule,
  type CorrelationType,
  type GroupField,
  type RuleMeta,
} from '../rule.ts';
import { parseCorrelationExpression, rulesIn } from './correlation-expression.ts';
import { SigmaError } from './modifiers.ts';
import { child, textOf, textsOf, type Yaml } from './yaml.ts';

export const RULES_MAX = 100;
export const GROUP_BY_MAX = 10;
export const FIELDS_MAX = 5;
/** Largest count, and number of distinct values told apart: up to it counts are exact. */
export const THRESHOLD_MAX = 10_000;
/** Largest threshold of a sum, average, percentile or median. */
export const NUMBER_MAX = 1e15;
/** Microseconds: 366 days. */
export const TIMESPAN_US_MAX = 366 * 86_400e6;

const KEYS = ['type', 'rules', 'group-by', 'timespan', 'condition', 'aliases', 'generate'];
const TEMPORAL: ReadonlySet<CorrelationType> = new Set(['temporal', 'temporal_ordered']);
/** Types whose threshold is about numbers in a field. */
export const METRICS: ReadonlySet<CorrelationType> = new Set([
  'value_sum',
  'value_avg',
  'value_percentile',
  'value_median',
]);

/** `generate` outside `correlation` (as the specification's list of attributes has it) is taken too. */
export function correlationOf(y: Yaml, meta: RuleMeta, generate: string): CorrelationRule {
  if (y.kind !== 'map') throw new SigmaError(y.line, "'correlation' is a map");
  for (const [key, v] of y.entries)
    if (!KEYS.includes(key))
      throw new SigmaError(v.line, `correlation.${key} is not known: use ${KEYS.join(', ')}`);
  const given = textOf(y, 'type');
  const type = CORRELATION_TYPES.find((t) => t === given);
  if (type === undefined)
    throw new SigmaError(
      y.line,
      `correlation type '${given}' is not supported: use ${CORRELATION_TYPES.join(', ')}`,
    );
  const timespan = timespanOf(y);
  const aliases = aliasesOf(y);
  const named = textsOf(y, 'rules');
  const condition = conditionOf(y, type, named);
  const rules = named.length > 0 ? named : rulesIn(condition.expression);
  if (rules.length === 0 || rules.length > RULES_MAX)
    throw new SigmaError(y.line, `'rules' names between 1 and ${RULES_MAX} rules by id or name`);
  const { fields, ...rest } = condition;
  return {
    ...meta,
    kind: 'correlation',
    type,
    rules,
    groupBy: groups(y, aliases),
    timespan,
    criteria: rest.criteria,
    fields,
    fieldsPerRule: fields.map((name) => aliases.get(name) ?? { name, perRule: [['', name]] }),
    ...(rest.percentile === undefined ? {} : { percentile: rest.percentile }),
    ...(rest.expression === undefined ? {} : { expression: rest.expression }),
    generate: truth(y, textOf(y, 'generate') || generate),
  };
}

function truth(y: Yaml, text: string): boolean {
  if (text === '' || text === 'false') return false;
  if (text === 'true') return true;
  throw new SigmaError(y.line, "'generate' is true or false");
}

function aliasesOf(y: Yaml): ReadonlyMap<string, GroupField> {
  const out = new Map<string, GroupField>();
  const aliases = child(y, 'aliases');
  if (aliases === undefined) return out;
  if (aliases.kind !== 'map') throw new SigmaError(aliases.line, "'aliases' is a map of alias to a map");
  for (const [name, alias] of aliases.entries) {
    if (alias.kind !== 'map' || alias.entries.length === 0)
      throw new SigmaError(alias.line, `alias '${name}' is a map of rule name to field`);
    out.set(name, { name, perRule: alias.entries.map(([rule]) => [rule, textOf(alias, rule)]) });
  }
  return out;
}

function groups(y: Yaml, aliases: ReadonlyMap<string, GroupField>): GroupField[] {
  const names = textsOf(y, 'group-by');
  if (names.length > GROUP_BY_MAX)
    throw new SigmaError(y.line, `'group-by' names at most ${GROUP_BY_MAX} fields`);
  return names.map((name) => aliases.get(name) ?? { name, perRule: [['', name]] });
}

type Parsed = {
  readonly criteria: CorrelationRule['criteria'];
  readonly fields: readonly string[];
  readonly percentile?: number;
  readonly expression?: CorrelationExpression;
};

function conditionOf(y: Yaml, type: CorrelationType, rules: readonly string[]): Parsed {
  const c = child(y, 'condition');
  if (c === undefined || (c.kind === 'scalar' && c.value === null)) {
    if (TEMPORAL.has(type)) return { criteria: [{ op: 'gte', value: rules.length }], fields: [] };
    throw new SigmaError(y.line, `${type} needs a 'condition' such as gte: 10`);
  }
  if (c.kind === 'scalar' && typeof c.value === 'string') {
    if (!TEMPORAL.has(type))
      throw new SigmaError(c.line, `${type} takes a map such as 'gte: 2'; only temporal types take a text`);
    return { criteria: [], fields: [], expression: parseCorrelationExpression(c.value, rules, c.line) };
  }
  if (c.kind !== 'map') throw new SigmaError(c.line, "'condition' is a map such as 'gte: 2'");
  return mapCondition(c, type, rules.length);
}

function mapCondition(c: Extract<Yaml, { kind: 'map' }>, type: CorrelationType, ruleCount: number): Parsed {
  const metric = METRICS.has(type);
  const criteria: { op: CorrelationOp; value: number }[] = [];
  for (const [key, v] of c.entries) {
    if (key === 'field' || (key === 'percentile' && type === 'value_percentile')) continue;
    const op = CORRELATION_OPS.find((o) => o === key);
    if (op === undefined)
      throw new SigmaError(v.line, `'${key}' is not one of ${CORRELATION_OPS.join(', ')}`);
    criteria.push({ op, value: threshold(key, v, metric) });
  }
  if (criteria.length === 0)
    throw new SigmaError(c.line, `'condition' needs one of ${CORRELATION_OPS.join(', ')}`);
  if (TEMPORAL.has(type) && criteria.every((x) => x.op === 'gte' || x.op === 'gt'))
    for (const x of criteria)
      if (x.value + (x.op === 'gt' ? 1 : 0) > ruleCount)
        throw new SigmaError(c.line, `the condition asks for more rules than the ${ruleCount} that it names`);
  const fields = textsOf(c, 'field');
  if ((metric || type === 'value_count') && fields.length === 0)
    throw new SigmaError(c.line, `${type} needs 'field' in its condition`);
  const most = metric ? 1 : FIELDS_MAX;
  if (fields.length > most) throw new SigmaError(c.line, `${type}: 'field' names at most ${most} fields`);
  return { criteria, fields, ...percentileOf(c) };
}

function threshold(key: string, v: Yaml, metric: boolean): number {
  const text = v.kind === 'scalar' && v.value !== null ? String(v.value) : '';
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (metric) {
    if (!Number.isFinite(value) || Math.abs(value) > NUMBER_MAX)
      throw new SigmaError(v.line, `'${key}' takes a number up to ${NUMBER_MAX}`);
  } else if (!Number.isInteger(value) || value < 0 || value > THRESHOLD_MAX)
    throw new SigmaError(v.line, `'${key}' takes a whole number up to ${THRESHOLD_MAX}`);
  return value;
}

function percentileOf(c: Yaml): { readonly percentile?: number } {
  const y = child(c, 'percentile');
  if (y === undefined) return {};
  const n = y.kind === 'scalar' && typeof y.value === 'number' ? y.value : Number.NaN;
  if (!(n >= 0 && n <= 100)) throw new SigmaError(y.line, "'percentile' is a number from 0 to 100");
  return { percentile: n };
}

/** Months and years as pySigma has them: a twelfth of the mean year, and the mean year of 365.2425 days. */
const UNIT_US: ReadonlyMap<string, number> = new Map([
  ['s', 1e6],
  ['m', 60e6],
  ['h', 3600e6],
  ['d', 86_400e6],
  ['w', 7 * 86_400e6],
  ['M', 2_629_746e6],
  ['y', 31_556_952e6],
]);

export function timespanOf(y: Yaml, key = 'timespan'): number {
  const at = child(y, key);
  const text = textOf(y, key);
  const line = at?.line ?? y.line;
  const m = /^(\d{1,9})([smhdwMy])$/.exec(text);
  const us = m === null ? 0 : Number(m[1]) * (UNIT_US.get(m[2] ?? '') ?? 0);
  if (us <= 0) throw new SigmaError(line, `${key} '${text}' is not like 30s, 5m, 1h, 7d, 2w, 1M, 1y`);
  if (us > TIMESPAN_US_MAX)
    throw new SigmaError(
      line,
      `${key} '${text}' is longer than 366 days, which is the most a window may last`,
    );
  return us;
}
