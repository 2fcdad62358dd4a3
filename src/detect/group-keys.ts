/**
 * What an event's fields say for a correlation: the keys of the groups that it belongs to, and the value that is counted.
 *
 * Held by `groups.test.ts` and `test/conformance`.
 */
import { numberOf } from '../condition/text.ts';
import type { FieldValue } from '../model/event.ts';
import type { MatchedEvent } from '../model/match.ts';
import { fieldOf } from './attempts.ts';
import type { CorrelationRule, GroupField } from './rule.ts';

/** Group keys that one event with multi-valued fields may count for. */
export const KEYS_PER_EVENT_MAX = 16;
/** Characters of one group-by value; longer ones are cut (and share a group with what begins alike). */
export const KEY_CHARS_MAX = 512;

const cut = (s: string): string => (s.length > KEY_CHARS_MAX ? s.slice(0, KEY_CHARS_MAX) : s);

/** Values of a field as texts, without absent, null and empty ones. */
export function textsOfField(v: FieldValue | undefined): string[] {
  const list = Array.isArray(v) ? v : [v];
  const out: string[] = [];
  for (const x of list) if (x !== undefined && x !== null && x !== '') out.push(cut(String(x)));
  return out;
}

/** The first of the names that a rule's events may have for it; `''` stands for rules that are not named. */
function valueFor(g: GroupField, ruleId: string, e: MatchedEvent): FieldValue | undefined {
  let named = false;
  for (const [id, field] of g.perRule) {
    if (id !== ruleId) continue;
    named = true;
    const v = fieldOf(e, field);
    if (v !== undefined && v !== null && v !== '') return v;
  }
  if (named) return undefined;
  for (const [id, field] of g.perRule) {
    if (id !== '') continue;
    const v = fieldOf(e, field);
    if (v !== undefined && v !== null && v !== '') return v;
  }
  return undefined;
}

/** Every group the event belongs to; none where a group-by field is missing. */
export function groupValues(rule: CorrelationRule, ruleId: string, e: MatchedEvent): string[][] {
  let out: string[][] = [[]];
  for (const g of rule.groupBy) {
    const values = textsOfField(valueFor(g, ruleId, e));
    if (values.length === 0) return [];
    out = out.flatMap((key) => values.map((v) => [...key, v])).slice(0, KEYS_PER_EVENT_MAX);
  }
  return out;
}

/** Case does not tell groups apart. */
export const keyText = (values: readonly string[]): string =>
  JSON.stringify(values.map((v) => v.toLowerCase()));

const METRIC = new Set(['value_sum', 'value_avg', 'value_median', 'value_percentile']);

/** True where the numbers of a field are taken, not its values told apart. */
export const isMetric = (rule: CorrelationRule): boolean =>
  METRIC.has(rule.type) && !(rule.type === 'value_percentile' && rule.percentile === undefined);

/** What is told apart: the field tuple, the number as text, the rule, or nothing. Undefined: the event does not count. */
export function countedValue(rule: CorrelationRule, ruleId: string, e: MatchedEvent): string | undefined {
  if (rule.type === 'event_count') return '';
  if (rule.type === 'temporal' || rule.type === 'temporal_ordered') return ruleId;
  const fields =
    rule.fieldsPerRule ?? rule.fields.map((name): GroupField => ({ name, perRule: [['', name]] }));
  const parts: string[] = [];
  for (const f of fields) {
    const v = valueFor(f, ruleId, e);
    if (v === undefined) return undefined;
    parts.push(cut(Array.isArray(v) ? JSON.stringify(v) : String(v)).toLowerCase());
  }
  if (!isMetric(rule)) return parts.length === 1 ? parts[0] : JSON.stringify(parts);
  const n = numberOf(parts[0] ?? '');
  return n === undefined ? undefined : String(n);
}
