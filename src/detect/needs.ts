/**
 * What a rule needs, and whether it could be met at all: by the fields that are ever seen, the lists that have members,
 * and the rules that it counts. A leaf about a field that no event has is false, its negation is true; so a verdict of
 * "can never be met" is a proof, not a guess.
 *
 * Pure. Held by `needs.test.ts`.
 */
import { isComputed } from '../condition/computed.ts';
import type { Condition, Lists } from '../condition/tree.ts';
import { hotField } from '../model/catalogue.ts';
import type { Rule } from './rule.ts';

export type Seen = {
  /** Has any event that the rule looks at this field? */
  readonly field: (name: string) => boolean;
  readonly lists: Lists;
};
/** Which verdicts the condition can have. */
export type Possible = { readonly yes: boolean; readonly no: boolean };

const BOTH: Possible = { yes: true, no: true };
const ONLY_NO: Possible = { yes: false, no: true };
const ONLY_YES: Possible = { yes: true, no: false };

/** Fields that every event has, or that are computed from those it has. */
export const isAlwaysThere = (field: string): boolean =>
  field === '' || hotField(field)?.ours === true || isComputed(field) || field.startsWith('vigil.');

export function possible(c: Condition, seen: Seen): Possible {
  switch (c.kind) {
    case 'and':
    case 'or': {
      const all = c.items.map((x) => possible(x, seen));
      return c.kind === 'and'
        ? { yes: all.every((p) => p.yes), no: all.some((p) => p.no) }
        : { yes: all.some((p) => p.yes), no: all.every((p) => p.no) };
    }
    case 'not': {
      const p = possible(c.item, seen);
      return { yes: p.no, no: p.yes };
    }
    case 'const':
      return c.value ? ONLY_YES : ONLY_NO;
    case 'null':
      return isThere(c.field, seen) ? BOTH : ONLY_YES;
    case 'fieldref':
      return isThere(c.field, seen) && isThere(c.other, seen) ? BOTH : ONLY_NO;
    case 'inlist':
      return isThere(c.field, seen) && hasMembers(c.list, seen.lists) ? BOTH : ONLY_NO;
    case 'placeholder': {
      const full = c.parts.every((p) => p.kind !== 'list' || hasMembers(p.list, seen.lists));
      return isThere(c.field, seen) && full ? BOTH : ONLY_NO;
    }
    case 'exists':
    case 'equals':
    case 'like':
    case 'regex':
    case 'cidr':
    case 'compare':
    case 'timepart':
      return isThere(c.field, seen) ? BOTH : ONLY_NO;
    // Texts, entities and computed comparisons: nothing is known of them beforehand.
    case 'words':
    case 'keyword':
    case 'entity':
    case 'test':
      return BOTH;
  }
}

const isThere = (field: string, seen: Seen): boolean => isAlwaysThere(field) || seen.field(field);
const hasMembers = (name: string, lists: Lists): boolean => (lists.get(name)?.values.length ?? 0) > 0;

/** Every field that the condition speaks of, in order, each once; and every list. */
export function mentioned(c: Condition): {
  readonly fields: readonly string[];
  readonly lists: readonly string[];
} {
  const fields = new Set<string>();
  const lists = new Set<string>();
  const walk = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(walk);
    if (typeof node !== 'object' || node === null) return;
    for (const [key, v] of Object.entries(node)) {
      if ((key === 'field' || key === 'other') && typeof v === 'string' && v !== '') fields.add(v);
      else if (key === 'list' && typeof v === 'string') lists.add(v);
      else walk(v);
    }
  };
  walk(c);
  return { fields: [...fields], lists: [...lists] };
}

/** Ids of the rules whose matches this one lives on; empty for a rule of single events. */
export function countedBy(rule: Rule): readonly string[] {
  if (rule.kind === 'correlation') return rule.rules;
  if (rule.kind !== 'condition') return [];
  const ids = new Set(rule.terms.map((t) => t.part));
  const walk = (r: (typeof rule)['residual']): void => {
    if (r.kind === 'and' || r.kind === 'or') r.items.forEach(walk);
    else if (r.kind === 'part') ids.add(r.rule);
  };
  walk(rule.residual);
  return [...ids];
}
