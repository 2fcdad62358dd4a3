/**
 * What came too late for its window: an event older than what its key's state still remembers. The state cannot judge it,
 * since what stood beside it was let go of; the store can (`src/history/late.ts`). Marks say where to look.
 *
 * Held by `late.test.ts`.
 */
import type { LateMark } from '../model/late.ts';
import { addMark } from '../model/late.ts';
import type { MatchedEvent } from '../model/match.ts';

/** Event times of what was let go of, both ends. Microseconds. */
export type Lost = readonly [from: number, to: number];

/** Both stretches of event time, and what lies between. */
export const joined = (a: Lost | null, b: Lost | null): Lost | null =>
  a === null ? b : b === null ? a : [Math.min(a[0], b[0]), Math.max(a[1], b[1])];

/** Can a window with this event have held something that was let go of? */
export const reaches = (lost: Lost | null, ts: number, timespan: number): boolean =>
  lost !== null && ts >= lost[0] - timespan && ts <= lost[1] + timespan;

export class LateMarks {
  #marks = new Map<string, LateMark[]>();

  note(rule: string, key: string, e: MatchedEvent): void {
    const id = JSON.stringify([e.tenant, e.origin, rule]);
    const old = this.#marks.get(id);
    const mark: LateMark = {
      tenant: e.tenant,
      origin: e.origin,
      rule,
      from: e.ts,
      to: e.ts,
      keys: [key],
      events: 1,
      batch: e.id.batch,
      ingested: e.ingested,
    };
    this.#marks.set(id, old === undefined ? [mark] : addMark(old, mark));
  }

  /** What was noted since the last call. */
  take(): LateMark[] {
    if (this.#marks.size === 0) return [];
    const out = [...this.#marks.values()].flat();
    this.#marks = new Map();
    return out;
  }
}
