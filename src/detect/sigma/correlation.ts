/**
 * The `correlation` part (Sigma correlation rules 2.1): event_count, value_count, temporal, temporal_ordered. Types
 * that average or sum are refused by name for now, as is a list of `field` with more than FIELDS_MAX entries.
 *
 * Held by `sigma.test.ts`.
 */
import {
  CORRELATION_OPS,
  CORRELATION_TYPES,
  type CorrelationOp,
  type CorrelationRule,
  type GroupField,
  type RuleMeta,
} from '../rule.ts';
import { SigmaError } from './modifiers.ts';
import { child, textOf, textsOf, type Yaml } from './yaml.ts';

export const RULES_MAX = 100;
export const GROUP_BY_MAX = 10;
export const FIELDS_MAX = 5;
/** Largest threshold; windows keep at least this many occurrences. */
export const THRESHOLD_MAX = 10_000;
/** Microseconds: 30 days. */
export const TIMESPAN_US_MAX = 30 * 86_400e6;

export function correlationOf(
  y: Yaml,
  meta: RuleMeta,
  mapField: (name: string) => readonly string[],
): CorrelationRule {
  if (y.kind !== 'map') throw new SigmaError(y.line, "'correlation' is a map");
  const given = textOf(y, 'type');
  const type = CORRELATION_TYPES.find((t) => t === given);
  if (type === undefined)
    throw new SigmaError(
      y.line,
      `correlation type '${given}' is not supported: use ${CORRELATION_TYPES.join(', ')}`,
    );
  const rules = textsOf(y, 'rules');
  if (rules.length === 0 || rules.length > RULES_MAX)
    throw new SigmaError(y.line, `'rules' names between 1 and ${RULES_MAX} rules by id or name`);
  const one = (name: string): string => mapField(name)[0] ?? name;
  const groupBy = groups(y, one);
  const { criteria, fields } = criteriaOf(y, type, rules.length, one);
  return {
    ...meta,
    kind: 'correlation',
    type,
    rules,
    groupBy,
    timespan: timespan(y),
    criteria,
    fields,
    generate: textOf(y, 'generate') === 'true',
  };
}

function groups(y: Yaml, one: (name: string) => string): GroupField[] {
  const aliases = child(y, 'aliases');
  const names = textsOf(y, 'group-by');
  if (names.length > GROUP_BY_MAX)
    throw new SigmaError(y.line, `'group-by' names at most ${GROUP_BY_MAX} fields`);
  return names.map((name) => {
    const alias = aliases === undefined ? undefined : child(aliases, name);
    if (alias === undefined) return { name, perRule: [['', one(name)]] };
    if (alias.kind !== 'map')
      throw new SigmaError(alias.line, `alias '${name}' is a map of rule name to field`);
    return { name, perRule: alias.entries.map(([rule]) => [rule, one(textOf(alias, rule))]) };
  });
}

function criteriaOf(
  y: Yaml,
  type: CorrelationRule['type'],
  ruleCount: number,
  one: (name: string) => string,
): Pick<CorrelationRule, 'criteria' | 'fields'> {
  const c = child(y, 'condition');
  const temporal = type === 'temporal' || type === 'temporal_ordered';
  if (c === undefined) {
    if (temporal) return { criteria: [{ op: 'gte', value: ruleCount }], fields: [] };
    throw new SigmaError(y.line, `${type} needs a 'condition' such as gte: 10`);
  }
  if (c.kind !== 'map')
    throw new SigmaError(
      c.line,
      "extended temporal conditions (a and not b) are not supported yet: write a map such as 'gte: 2'",
    );
  const criteria: { op: CorrelationOp; value: number }[] = [];
  for (const [key, v] of c.entries) {
    if (key === 'field') continue;
    const op = CORRELATION_OPS.find((o) => o === key);
    if (op === undefined)
      throw new SigmaError(v.line, `'${key}' is not one of ${CORRELATION_OPS.join(', ')}`);
    const value = v.kind === 'scalar' ? Number(v.value) : Number.NaN;
    if (!Number.isInteger(value) || value < 0 || value > THRESHOLD_MAX)
      throw new SigmaError(v.line, `'${key}' takes a whole number up to ${THRESHOLD_MAX}`);
    criteria.push({ op, value });
  }
  if (criteria.length === 0)
    throw new SigmaError(c.line, `'condition' needs one of ${CORRELATION_OPS.join(', ')}`);
  const fields = textsOf(c, 'field').map(one);
  if (type === 'value_count' && fields.length === 0)
    throw new SigmaError(c.line, "value_count needs 'field' in its condition");
  if (fields.length > FIELDS_MAX) throw new SigmaError(c.line, `'field' names at most ${FIELDS_MAX} fields`);
  return { criteria, fields };
}

const UNIT_US: ReadonlyMap<string, number> = new Map([
  ['s', 1e6],
  ['m', 60e6],
  ['h', 3600e6],
  ['d', 86_400e6],
  ['w', 7 * 86_400e6],
]);

function timespan(y: Yaml): number {
  const text = textOf(y, 'timespan');
  const m = /^(\d{1,9})([smhdw])$/.exec(text);
  const us = m === null ? 0 : Number(m[1]) * (UNIT_US.get(m[2] ?? '') ?? 0);
  if (us <= 0 || us > TIMESPAN_US_MAX)
    throw new SigmaError(y.line, `timespan '${text}' is not like 30s, 5m, 1h, 7d (at most 30 days)`);
  return us;
}
