/**
 * The windows of correlations as plain data, for the snapshot. Older snapshots have shorter tuples: what they lack is
 * empty.
 *
 * Held by `src/alert/detection.prop.test.ts`.
 */
import type { MatchedEvent } from '../model/match.ts';
import type { Evictions, Group } from './groups.ts';
import type { Lost } from './late.ts';
import type { CorrelationRule } from './rule.ts';
import type { SinglesState } from './singles.ts';
import type { Stretch } from './window.ts';

export type CorrelatorState = {
  /** Receive time up to which idle groups were forgotten. */
  readonly forgotAt?: number;
  readonly events: readonly MatchedEvent[];
  readonly tables: readonly (readonly [
    rule: string,
    shape: string,
    evicted: number,
    evictedNear: number,
    groups: readonly GroupState[],
    forgotten?: Lost | null,
    singles?: SinglesState,
    evictions?: Evictions | null,
  ])[];
};

export type GroupState = readonly [
  id: string,
  values: readonly string[],
  level: number,
  lastIngested: number,
  since: number,
  lastHit: number,
  stretches: readonly StretchState[],
  lost?: Lost | null,
  judged?: number,
  last?: number,
];
type StretchState = readonly [
  min: number,
  max: number,
  items: readonly (readonly [ts: number, weight: number, value: string, counted: 0 | 1, event: number])[],
  lost?: Lost | null,
  thinned?: Lost | null,
];

/** What must be equal for windows to be carried over. */
export function shape(r: CorrelationRule): string {
  const parts: unknown[] = [r.type, r.rules, r.groupBy, r.timespan, r.criteria, r.fields];
  // Left out where it says nothing new, so that windows of earlier versions are carried over too.
  const plain =
    r.fieldsPerRule?.every((g, i) => g.perRule.length === 1 && g.perRule[0]?.[1] === r.fields[i]) ?? true;
  if (!plain || r.percentile !== undefined || r.expression !== undefined)
    parts.push(r.fieldsPerRule, r.percentile ?? null, r.expression ?? null);
  return JSON.stringify(parts);
}

export const groupState = (g: Group<MatchedEvent>, at: (e: MatchedEvent | null) => number): GroupState => [
  g.id,
  g.values,
  g.level,
  g.lastIngested,
  g.since,
  g.lastHit,
  g.stretches.map((s) => [
    s.min,
    s.max,
    s.items.map((o) => [o.ts, o.weight, o.value, o.counted ? 1 : 0, at(o.event)]),
    s.lost,
    s.thinned,
  ]),
  g.lost,
  g.judged,
  at(g.last),
];

/** Snapshots of 0.1 have the parts of a group's id as JSON. */
function idOf(id: string): string {
  if (!id.startsWith('["')) return id;
  const parts = JSON.parse(id) as unknown;
  return Array.isArray(parts) ? parts.join('\u0000') : id;
}

export function groupOf(g: GroupState, events: readonly MatchedEvent[]): Group<MatchedEvent> {
  const [written, values, level, lastIngested, since, lastHit, stretches, lost, judged, last] = g;
  const id = idOf(written);
  const eventAt = (at: number): MatchedEvent | null => (at < 0 ? null : (events[at] ?? null));
  return {
    id,
    values,
    level,
    lastIngested,
    since,
    lastHit,
    lost: lost ?? null,
    judged: judged ?? 0,
    last: eventAt(last ?? -1),
    timers: [],
    stretches: stretches.map(
      ([min, max, items, gone, thinned]): Stretch<MatchedEvent> => ({
        min,
        max,
        lost: gone ?? null,
        thinned: thinned ?? null,
        items: items.map(([ts, weight, value, counted, event]) => ({
          ts,
          weight,
          value,
          counted: counted === 1,
          event: eventAt(event),
        })),
      }),
    ),
  };
}
