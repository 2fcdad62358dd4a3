/**
 * The `detection` part of a Sigma rule: maps are AND, lists of maps OR, lists of texts keywords (OR), `'|all'` over a
 * list keywords with AND; then the `condition`, which may be a list (OR).
 *
 * Held by `sigma.test.ts`.
 */
import type { Condition } from '../../condition/tree.ts';
import { parseExpression } from './expression.ts';
import { and, fieldCondition, or, SigmaError } from './modifiers.ts';
import { child, type Scalar, type Yaml } from './yaml.ts';

export const SELECTIONS_MAX = 200;

/** Maps a rule's field name to ours: several names where the value may stand under any of them. */
export type MapField = (name: string) => readonly string[];

export function detectionCondition(detection: Yaml, mapField: MapField): Condition {
  if (detection.kind !== 'map')
    throw new SigmaError(detection.line, "'detection' is not a map of selections");
  const selections = new Map<string, Condition>();
  for (const [name, value] of detection.entries) {
    if (name === 'condition' || name === 'timeframe') continue;
    if (selections.size >= SELECTIONS_MAX)
      throw new SigmaError(value.line, `more than ${SELECTIONS_MAX} selections: split the rule`);
    selections.set(name, selection(value, mapField, name));
  }
  const condition = child(detection, 'condition');
  if (condition === undefined) throw new SigmaError(detection.line, "'detection' has no 'condition'");
  const texts = condition.kind === 'seq' ? condition.items : [condition];
  if (texts.length === 0) throw new SigmaError(condition.line, "'condition' is an empty list");
  return or(
    texts.map((t) => {
      if (t.kind !== 'scalar' || typeof t.value !== 'string')
        throw new SigmaError(t.line, "'condition' is a text or a list of texts");
      return parseExpression(t.value, selections, t.line);
    }),
  );
}

function selection(y: Yaml, mapField: MapField, name: string): Condition {
  if (y.kind === 'map') {
    if (y.entries.length === 0) throw new SigmaError(y.line, `selection '${name}' is empty`);
    return and(y.entries.map(([key, value]) => field(key, value, mapField)));
  }
  if (y.kind === 'scalar') {
    if (y.value === null) throw new SigmaError(y.line, `selection '${name}' is empty`);
    return keywords([y.value], ['contains'], y.line);
  }
  if (y.items.length === 0) throw new SigmaError(y.line, `selection '${name}' is an empty list`);
  const words = y.items.flatMap((i) => (i.kind === 'scalar' ? [i.value] : []));
  const rest = y.items.flatMap((i) => (i.kind === 'scalar' ? [] : [selection(i, mapField, name)]));
  return or([...(words.length > 0 ? [keywords(words, [], y.line)] : []), ...rest]);
}

const keywords = (values: readonly Scalar[], modifiers: readonly string[], line: number): Condition =>
  fieldCondition({ fields: [], shown: 'keywords', modifiers, values, line, mapField: (n) => [n] });

function field(key: string, value: Yaml, mapField: MapField): Condition {
  const [name = '', ...modifiers] = key.split('|').map((s) => s.trim());
  const values = scalars(value, key);
  if (name === '') return keywords(values, modifiers, value.line);
  if (values.length === 0) throw new SigmaError(value.line, `${key} has an empty list of values`);
  return fieldCondition({
    fields: mapField(name),
    shown: key,
    modifiers,
    values,
    line: value.line,
    mapField,
  });
}

function scalars(y: Yaml, key: string): readonly Scalar[] {
  if (y.kind === 'scalar') return [y.value];
  if (y.kind === 'map') throw new SigmaError(y.line, `${key}: a map is not a value: write a value or a list`);
  return y.items.map((i) => {
    if (i.kind !== 'scalar')
      throw new SigmaError(i.line, `${key}: only texts, numbers and null stand in its list`);
    return i.value;
  });
}
