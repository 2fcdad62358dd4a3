/**
 * Sigma filters 2.1: a document that narrows other rules. The rule's condition becomes `(rule) and (filter)`, so a
 * filter that takes matches away says `condition: not selection` (the specification's example and pySigma disagree about
 * `condition: selection`; this is pySigma's reading, under which one file means the same in both). Selections are the
 * filter's own: `1 of sel*` inside a filter never means a rule's. Field names are mapped as those of the rule that is
 * narrowed.
 *
 * Held by `link.test.ts` and `test/conformance`.
 */
import { createHash } from 'node:crypto';
import { conditionProblems } from '../../condition/evaluate.ts';
import type { Condition } from '../../condition/tree.ts';
import type { BaseRule, LogSource } from '../rule.ts';
import { detectionCondition } from './detection.ts';
import { and, SigmaError } from './modifiers.ts';
import { child, textOf, textsOf, type Yaml, type YamlDocument } from './yaml.ts';

/** Rules that one filter names, and filters in all. */
export const FILTER_RULES_MAX = 5000;
export const FILTERS_MAX = 5000;

export type SigmaFilter = {
  readonly id: string;
  readonly title: string;
  readonly file: string;
  readonly line: number;
  readonly source: LogSource;
  /** Ids or names; 'any': every rule of the log source. */
  readonly rules: 'any' | readonly string[];
  readonly taxonomy: string;
  /** Selections and condition as written: plain data, since what a file says is kept in the rule cache. */
  readonly detection: Yaml;
};

export const isFilter = (doc: YamlDocument): boolean => child(doc.root, 'filter') !== undefined;

/** Throws SigmaError. The condition is compiled once here, so that a broken filter is refused when it is read. */
export function filterOf(doc: YamlDocument, file: string): SigmaFilter {
  const root = doc.root;
  const title = textOf(root, 'title');
  if (title === '') throw new SigmaError(root.line, "'title' is missing");
  const ls = child(root, 'logsource');
  if (ls === undefined || ls.kind !== 'map')
    throw new SigmaError(root.line, "a filter needs the 'logsource' of the rules that it narrows");
  const filter = child(root, 'filter');
  if (filter === undefined || filter.kind !== 'map') throw new SigmaError(root.line, "'filter' is a map");
  const condition = child(filter, 'condition');
  if (condition === undefined || condition.kind !== 'scalar')
    throw new SigmaError(filter.line, "a filter has exactly one 'condition', a text");
  const detection: Yaml = { ...filter, entries: filter.entries.filter(([k]) => k !== 'rules') };
  const bad = conditionProblems(detectionCondition(detection, (name) => [name]))[0];
  // Within the rule that it narrows, it would take that rule out of force.
  if (bad !== undefined) throw new SigmaError(filter.line, bad);
  return {
    id: textOf(root, 'id') || `filter-${createHash('sha256').update(doc.text).digest('hex').slice(0, 16)}`,
    title,
    file,
    line: doc.line,
    source: {
      product: textOf(ls, 'product').toLowerCase(),
      category: textOf(ls, 'category').toLowerCase(),
      service: textOf(ls, 'service').toLowerCase(),
    },
    rules: rulesOf(filter),
    taxonomy: textOf(root, 'taxonomy') || 'sigma',
    detection,
  };
}

function rulesOf(filter: Extract<Yaml, { kind: 'map' }>): 'any' | readonly string[] {
  const y = child(filter, 'rules');
  if (y === undefined || y.kind === 'map' || (y.kind === 'scalar' && y.value === null))
    throw new SigmaError(
      filter.line,
      "'rules' names rules by id or name, or is any: a filter without it would narrow nothing",
    );
  if (y.kind === 'scalar') return /^(any|all)$/i.test(String(y.value)) ? 'any' : [String(y.value)];
  if (y.items.length === 0) return 'any';
  if (y.items.length > FILTER_RULES_MAX)
    throw new SigmaError(y.line, `'rules' names at most ${FILTER_RULES_MAX} rules: use any`);
  return textsOf(filter, 'rules');
}

/** The filter's log source states nothing that the rule's does not (pySigma). */
export function meansSource(filter: LogSource, rule: LogSource): boolean {
  return (
    (filter.product === '' || filter.product === rule.product) &&
    (filter.category === '' || filter.category === rule.category) &&
    (filter.service === '' || filter.service === rule.service)
  );
}

/** With the conditions of these filters (by id), in their order. */
export function narrowed(rule: BaseRule, by: ReadonlyMap<string, Condition>): BaseRule {
  const parts =
    rule.filters !== undefined && rule.condition.kind === 'and' ? rule.condition.items : [rule.condition];
  return {
    ...rule,
    condition: and([...parts, ...by.values()]),
    filters: [...(rule.filters ?? []), ...by.keys()],
  };
}
