/** By what a condition rule's counts are grouped: the keys of one event. Held by `memory.test.ts`. */
import type { KeyField } from '../../condition/expression.ts';
import type { MatchedEvent } from '../../model/match.ts';
import { fieldOf } from '../attempts.ts';
import { KEYS_PER_EVENT_MAX, textsOfField } from '../group-keys.ts';
import type { ConditionRule, Term } from '../rule.ts';
import { sightingOf, tokensOf } from './certificate.ts';

export const laneOf = (e: Pick<MatchedEvent, 'tenant' | 'origin'>): string => `${e.tenant}\u0000${e.origin}`;

/** One way to read an event's keys: for each term the groups it counts in; undefined where the event has no key. */
export type Assignment = {
  readonly groups: readonly (readonly string[] | undefined)[];
  /** `field=value` of all key fields, as observed. */
  readonly shown: readonly string[];
  readonly values: readonly string[];
};

export const groupId = (lane: string, values: readonly string[]): string =>
  JSON.stringify([lane, ...values.map((v) => v.toLowerCase())]);

type Combination = { readonly fields: readonly string[]; readonly values: readonly string[] };

/** Every combination of the key's values; none where one is missing. The first field that the event has counts. */
export function combinations(by: readonly KeyField[], e: MatchedEvent): Combination[] {
  let out: Combination[] = [{ fields: [], values: [] }];
  for (const alternatives of by) {
    let found: { readonly field: string; readonly values: readonly string[] } | undefined;
    for (const field of alternatives) {
      const values = textsOfField(fieldOf(e, field));
      if (values.length === 0) continue;
      found = { field, values };
      break;
    }
    if (found === undefined) return [];
    const { field, values } = found;
    out = out
      .flatMap((c) => values.map((v) => ({ fields: [...c.fields, field], values: [...c.values, v] })))
      .slice(0, KEYS_PER_EVENT_MAX);
  }
  return out;
}

/** Groups of a term that counts by certificate: one per token, of which the union counts. */
export const certificateGroups = (lane: string, tokens: readonly string[]): string[] =>
  tokens.map((t) => groupId(lane, [t]));

const certificateTokens = (e: MatchedEvent): string[] => tokensOf(sightingOf(e));

/** Groups that an event which meets the term's part counts in. */
export function countedIn(
  term: Term,
  e: MatchedEvent,
): { readonly id: string; readonly values: readonly string[] }[] {
  const lane = laneOf(e);
  if (term.certificate) return certificateTokens(e).map((t) => ({ id: groupId(lane, [t]), values: [t] }));
  return combinations(term.by, e).map((c) => ({ id: groupId(lane, c.values), values: c.values }));
}

/** Every way to read the keys of a rule's terms; at least one, so that an event without keys is judged too. */
export function assignments(rule: ConditionRule, e: MatchedEvent): Assignment[] {
  const lane = laneOf(e);
  const specs = new Map<string, Combination[] | undefined>();
  for (const t of rule.terms) {
    if (t.certificate) continue;
    const id = JSON.stringify(t.by);
    if (!specs.has(id)) specs.set(id, combinations(t.by, e));
  }
  let ways: ReadonlyMap<string, Combination | undefined>[] = [new Map()];
  for (const [id, found] of specs) {
    const list = found === undefined || found.length === 0 ? [undefined] : found;
    ways = ways.flatMap((w) => list.map((c) => new Map([...w, [id, c]]))).slice(0, KEYS_PER_EVENT_MAX);
  }
  const tokens = rule.terms.some((t) => t.certificate) ? certificateTokens(e) : [];
  return ways.map((w) => {
    const shown = new Map<string, string>();
    const groups = rule.terms.map((t): readonly string[] | undefined => {
      if (t.certificate) return tokens.length === 0 ? undefined : certificateGroups(lane, tokens);
      const c = w.get(JSON.stringify(t.by));
      if (c === undefined) return undefined;
      for (const [i, f] of c.fields.entries()) shown.set(f, c.values[i] ?? '');
      return [groupId(lane, c.values)];
    });
    if (shown.size === 0 && tokens.length > 0)
      shown.set('certificate', (tokens.at(-1) ?? '').replace(/^\w+ /, ''));
    return { groups, shown: [...shown].map(([f, v]) => `${f}=${v}`), values: [...shown.values()] };
  });
}
