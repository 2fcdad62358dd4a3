/**
 * What came too late for its window: an event older than what its key's state still remembers. The state cannot judge it,
 * since what stood beside it was let go of; the store can (`src/history/late.ts`). Marks say where to look: per rule and
 * lane a stretch of event time and the keys in question.
 *
 * Bounded: one mark per (tenant, origin, rule), KEYS_MAX keys (beyond them "all"). Held by `late.test.ts`.
 */
import type { Origin } from '../model/event.ts';
import type { MatchedEvent } from '../model/match.ts';

/** Keys that one mark tells apart. */
export const LATE_KEYS_MAX = 200;

/** Event times of what was let go of, both ends. Microseconds. */
export type Lost = readonly [from: number, to: number];

export type LateMark = {
  readonly tenant: string;
  readonly origin: Origin;
  /** The rule whose window it came too late for. */
  readonly rule: string;
  /** Event times of the late events. */
  readonly from: number;
  readonly to: number;
  /** `keyText` of the groups; null where there were too many to tell apart. */
  readonly keys: readonly string[] | null;
  /** Number of late events, the newest one's batch, and its receive time. */
  readonly events: number;
  readonly batch: number;
  readonly ingested: number;
};

/** Both stretches of event time, and what lies between. */
export const joined = (a: Lost | null, b: Lost | null): Lost | null =>
  a === null ? b : b === null ? a : [Math.min(a[0], b[0]), Math.max(a[1], b[1])];

/** Can a window with this event have held something that was let go of? */
export const reaches = (lost: Lost | null, ts: number, timespan: number): boolean =>
  lost !== null && ts >= lost[0] - timespan && ts <= lost[1] + timespan;

/** Two marks of the same rule and lane as one. */
export function mergeMarks(a: LateMark, b: LateMark): LateMark {
  const keys = a.keys === null || b.keys === null ? null : [...new Set([...a.keys, ...b.keys])];
  return {
    ...a,
    from: Math.min(a.from, b.from),
    to: Math.max(a.to, b.to),
    keys: keys === null || keys.length > LATE_KEYS_MAX ? null : keys,
    events: a.events + b.events,
    batch: Math.max(a.batch, b.batch),
    ingested: Math.max(a.ingested, b.ingested),
  };
}

export class LateMarks {
  #marks = new Map<string, LateMark>();

  note(rule: string, key: string, e: MatchedEvent): void {
    const id = JSON.stringify([e.tenant, e.origin, rule]);
    const old = this.#marks.get(id);
    // The usual case of a backlog: the same key again.
    const keys = old !== undefined && (old.keys === null || old.keys.includes(key)) ? old.keys : [key];
    const mark: LateMark = {
      tenant: e.tenant,
      origin: e.origin,
      rule,
      from: e.ts,
      to: e.ts,
      keys,
      events: 1,
      batch: e.id.batch,
      ingested: e.ingested,
    };
    this.#marks.set(id, old === undefined ? mark : mergeMarks(old, mark));
  }

  /** What was noted since the last call. */
  take(): LateMark[] {
    if (this.#marks.size === 0) return [];
    const out = [...this.#marks.values()];
    this.#marks = new Map();
    return out;
  }
}
