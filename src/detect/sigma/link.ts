/**
 * What can only be done once all files are read: filters are put into the rules that they narrow, names in correlations
 * become ids, field names in correlations become ours by the log source of the rules that they are read for, and
 * correlations that refer to nothing, or in a circle, are refused with file, line and reason.
 *
 * Held by `link.test.ts` and `load.int.test.ts`.
 */
import { errorText } from '../../base/result.ts';
import type { Condition } from '../../condition/tree.ts';
import type {
  BaseRule,
  ConditionRule,
  CorrelationRule,
  GroupField,
  LogSource,
  Rule,
  RuleProblem,
} from '../rule.ts';
import { mapField, type Taxonomy } from '../taxonomy.ts';
import { renamed } from './correlation-expression.ts';
import { detectionCondition } from './detection.ts';
import { meansSource, narrowed, type SigmaFilter } from './filter.ts';

/** Correlations over correlations, at most. */
export const CHAIN_MAX = 8;
/** JSON characters that filters add to all rules together. */
export const NARROWED_CHARS_MAX = 64 * 1024 * 1024;
/** Names under which one field may be looked for. */
export const ALTERNATIVES_MAX = 32;

export type Linking = {
  /** Changed in place. */
  readonly byId: Map<string, Rule>;
  readonly filters: readonly SigmaFilter[];
  readonly taxonomy: Taxonomy;
  /** Rules taken over from the rule set in force: they are linked already. */
  readonly kept: ReadonlySet<string>;
  readonly problems: RuleProblem[];
};

export function linkRules(l: Linking): void {
  const names = namesOf(l);
  applyFilters(l, names);
  for (const rule of [...l.byId.values()]) linkOne(l, rule, names);
  dropUnlinked(l);
  // Field names last: the log sources of a correlation are those of the rules at its end.
  for (const rule of [...l.byId.values()])
    if (rule.kind === 'correlation' && !l.kept.has(rule.id)) l.byId.set(rule.id, withFields(l, rule));
}

type Names = ReadonlyMap<string, readonly string[]>;

function namesOf(l: Linking): Names {
  const out = new Map<string, string[]>();
  for (const r of l.byId.values()) {
    if (r.name === '') continue;
    const list = out.get(r.name);
    if (list === undefined) out.set(r.name, [r.id]);
    else list.push(r.id);
  }
  return out;
}

/** The ids that an id or name means; more than one where a name is not unique. */
const idsOf = (l: Linking, names: Names, ref: string): readonly string[] =>
  l.byId.has(ref) ? [ref] : (names.get(ref) ?? []);

/** Rules over single events of one log source. */
type OfSource = { readonly source: LogSource; readonly rules: readonly BaseRule[] };
/** Rule id -> filter id -> what the filter adds. */
type Added = Map<string, Map<string, Condition>>;

/** What all filters add is gathered, and put into each rule once. */
function applyFilters(l: Linking, names: Names): void {
  const added: Added = new Map();
  const bySource = Map.groupBy(
    // What a rule with memory counts is not narrowed unasked: a renewal that is left out would be one that is missing.
    [...l.byId.values()].filter((r) => r.kind === 'rule' && r.partOf === undefined && !l.kept.has(r.id)),
    (r) => JSON.stringify((r as BaseRule).source ?? NO_SOURCE),
  ) as Map<string, BaseRule[]>;
  const sources = [...bySource.values()].map(
    (rules): OfSource => ({ source: rules[0]?.source ?? NO_SOURCE, rules }),
  );
  let room = NARROWED_CHARS_MAX;
  for (const f of l.filters) {
    const told = (reason: string): void => {
      l.problems.push({ file: f.file, line: f.line, reason: `filter "${f.title}": ${reason}` });
    };
    try {
      const targets = targetsOf(l, f, names, sources, told);
      const conditions = targets.map((t) => conditionFor(l, f, t.source));
      const chars = conditions.reduce(
        (n, c, i) => n + JSON.stringify(c).length * (targets[i]?.rules.length ?? 0),
        0,
      );
      if (chars > room)
        told(
          `filters add more than ${NARROWED_CHARS_MAX} characters to the rules, so it narrows nothing: name the rules that it is for`,
        );
      else {
        room -= chars;
        targets.forEach((t, i) => {
          for (const r of t.rules) add(added, r, f.id, conditions[i] as Condition);
        });
      }
    } catch (e) {
      told(errorText(e));
    }
  }
  for (const [id, by] of added) {
    const r = l.byId.get(id);
    if (r?.kind === 'rule') l.byId.set(id, narrowed(r, by));
  }
}

function add(added: Added, rule: BaseRule, filter: string, condition: Condition): void {
  // A rule that was taken from an earlier rule set brings its filters.
  if (rule.filters?.includes(filter) === true) return;
  const by = added.get(rule.id);
  if (by === undefined) added.set(rule.id, new Map([[filter, condition]]));
  else if (!by.has(filter)) by.set(filter, condition);
}

function conditionFor(l: Linking, f: SigmaFilter, source: LogSource): Condition {
  const map = (name: string): readonly string[] =>
    f.taxonomy === 'sigma' ? mapField(l.taxonomy, source, name) : [name];
  return detectionCondition(f.detection, map);
}

/** The rules that the filter narrows, by log source. */
function targetsOf(
  l: Linking,
  f: SigmaFilter,
  names: Names,
  sources: readonly OfSource[],
  told: (reason: string) => void,
): readonly OfSource[] {
  if (f.rules === 'any') return sources.filter((s) => meansSource(f.source, s.source));
  const found: BaseRule[] = [];
  for (const ref of f.rules) {
    const ids = idsOf(l, names, ref);
    if (ids.length === 0) told(`it refers to the rule '${ref}', which is not there`);
    for (const id of ids) {
      const r = l.byId.get(id);
      if (r === undefined || l.kept.has(id)) continue;
      if (r.kind === 'condition' && narrowable(r).length > 0) {
        for (const part of narrowable(r)) {
          const p = l.byId.get(part);
          if (p?.kind === 'rule') found.push(p);
        }
      } else if (r.kind !== 'rule')
        told(`'${ref}' is no rule over single events: narrow the rules that it counts`);
      else if (!meansSource(f.source, r.source ?? NO_SOURCE))
        told(`its log source is not that of the rule '${ref}', so it does not apply to it`);
      else found.push(r);
    }
  }
  const bySource = Map.groupBy(new Set(found), (r) => JSON.stringify(r.source ?? NO_SOURCE));
  return [...bySource.values()].map((rules) => ({ source: rules[0]?.source ?? NO_SOURCE, rules }));
}

/**
 * Parts of a rule with memory that an exception narrows: the events that it is judged at and, where nothing must not have
 * happened, what it counts.
 */
function narrowable(r: ConditionRule): readonly string[] {
  const leaves = (x: ConditionRule['residual']): string[] =>
    x.kind === 'part' ? [x.rule] : x.kind === 'and' || x.kind === 'or' ? x.items.flatMap(leaves) : [];
  if (r.subject === 'certificate') return [];
  return [...new Set([...leaves(r.residual), ...(r.deferred ? [] : r.terms.map((t) => t.part))])];
}

const NO_SOURCE: LogSource = { product: '', category: '', service: '' };

function linkOne(l: Linking, rule: Rule, names: Names): void {
  const refs = [...(rule.kind === 'correlation' ? rule.rules : []), rule.escalates].filter((r) => r !== '');
  for (const ref of refs) {
    const ids = idsOf(l, names, ref);
    if (ids.length === 1) continue;
    const reason =
      ids.length === 0
        ? `it refers to the rule '${ref}', which is not there: load it, or correct the name`
        : `it refers to the rule '${ref}', and ${ids.length} rules have this name: use an id`;
    refuse(l, rule, reason);
    return;
  }
  const idOf = (ref: string): string => idsOf(l, names, ref)[0] ?? ref;
  const escalates = rule.escalates === '' ? '' : idOf(rule.escalates);
  if (rule.kind !== 'correlation') {
    if (escalates !== rule.escalates) l.byId.set(rule.id, { ...rule, escalates });
    return;
  }
  const refsOf = (g: GroupField): GroupField => ({
    ...g,
    perRule: g.perRule.map(([ref, field]) => [ref === '' ? '' : idOf(ref), field]),
  });
  l.byId.set(rule.id, {
    ...rule,
    escalates,
    rules: rule.rules.map(idOf),
    groupBy: rule.groupBy.map(refsOf),
    ...(rule.fieldsPerRule === undefined ? {} : { fieldsPerRule: rule.fieldsPerRule.map(refsOf) }),
    ...(rule.expression === undefined ? {} : { expression: renamed(rule.expression, idOf) }),
  });
}

/** Every name of a group-by or counted field, per rule, in our names. */
function withFields(l: Linking, rule: CorrelationRule): CorrelationRule {
  const sources = new Map(rule.rules.map((id) => [id, sourcesOf(l, id, new Set())]));
  const ours = (id: string, name: string): readonly string[] => {
    if (rule.taxonomy === 'ecs') return [name];
    const list = id === '' ? [...sources.values()].flat() : (sources.get(id) ?? []);
    const all = (list.length === 0 ? [NO_SOURCE] : list).flatMap((s) => mapField(l.taxonomy, s, name));
    return [...new Set(all)].slice(0, ALTERNATIVES_MAX);
  };
  const resolve = (g: GroupField): GroupField => {
    const aliased = g.perRule.some(([id]) => id !== '');
    const given: readonly (readonly [string, string])[] = aliased
      ? g.perRule
      : [...rule.rules.map((id) => [id, g.name] as const), ['', g.name]];
    const perRule = given.flatMap(([id, name]) => ours(id, name).map((field) => [id, field] as const));
    // Most correlations read the same field of every rule: said once.
    const plain = perRule.filter(([id]) => id === '');
    const same = rule.rules.every(
      (id) => fieldsFor(perRule, id).join('\u0000') === plain.map(([, f]) => f).join('\u0000'),
    );
    return { name: g.name, perRule: same && !aliased ? plain : perRule };
  };
  const fieldsPerRule = rule.fieldsPerRule?.map(resolve);
  return {
    ...rule,
    groupBy: rule.groupBy.map(resolve),
    ...(fieldsPerRule === undefined
      ? {}
      : { fieldsPerRule, fields: fieldsPerRule.map((g) => g.perRule[0]?.[1] ?? g.name) }),
  };
}

const fieldsFor = (perRule: GroupField['perRule'], id: string): string[] =>
  perRule.flatMap(([ref, field]) => (ref === id ? [field] : []));

/** Log sources of the rules over single events at the end of a reference. */
function sourcesOf(l: Linking, id: string, above: Set<string>): LogSource[] {
  const rule = l.byId.get(id);
  if (rule === undefined || above.has(id)) return [];
  above.add(id);
  if (rule.kind === 'rule') return rule.taxonomy === 'ecs' ? [] : [rule.source ?? NO_SOURCE];
  if (rule.kind !== 'correlation') return [];
  return rule.rules.flatMap((x) => sourcesOf(l, x, above));
}

function refuse(l: Linking, rule: Rule, reason: string): void {
  l.byId.delete(rule.id);
  l.problems.push({ file: rule.file, line: rule.line, reason: `${rule.title}: ${reason}` });
}

/** Refusing one correlation may leave another without its rule: repeat until nothing changes. */
function dropUnlinked(l: Linking): void {
  for (let changed = true; changed; ) {
    changed = false;
    const depths = new Map<string, number>();
    for (const rule of [...l.byId.values()]) {
      if (rule.kind !== 'correlation') continue;
      const gone = rule.rules.find((id) => !l.byId.has(id));
      const reason =
        gone !== undefined ? `the rule '${gone}' that it refers to was refused` : chained(l, rule, depths);
      if (reason === undefined) continue;
      refuse(l, rule, reason);
      changed = true;
    }
  }
}

function chained(l: Linking, rule: CorrelationRule, depths: Map<string, number>): string | undefined {
  const depth = depthOf(l, rule, new Set(), depths);
  if (depth === Number.POSITIVE_INFINITY) return 'correlations refer to each other in a circle';
  return depth > CHAIN_MAX ? `correlations refer to each other more than ${CHAIN_MAX} deep` : undefined;
}

/** Infinity where the rule leads back to itself or to a circle. */
function depthOf(l: Linking, rule: Rule, above: Set<string>, depths: Map<string, number>): number {
  if (rule.kind !== 'correlation') return 0;
  const known = depths.get(rule.id);
  if (known !== undefined) return known;
  if (above.has(rule.id)) return Number.POSITIVE_INFINITY;
  above.add(rule.id);
  let max = 0;
  for (const id of rule.rules) {
    const next = l.byId.get(id);
    if (next !== undefined) max = Math.max(max, depthOf(l, next, above, depths));
  }
  above.delete(rule.id);
  depths.set(rule.id, max + 1);
  return max + 1;
}
