/**
 * What came too late for its window, and where the store has to be asked: a rule, a lane, a stretch of event time, keys.
 * Made by the state owner (`src/detect/late.ts`), kept by the control database, judged by `src/history/late.ts`.
 *
 * Bounded: LATE_KEYS_MAX keys per mark (beyond them "all"), LATE_MARKS_MAX marks per rule and lane (beyond them the two
 * nearest in time become one). Held by `src/detect/late.test.ts`.
 */
import type { Origin } from './event.ts';

/** Keys that one mark tells apart. */
export const LATE_KEYS_MAX = 200;
/** Marks kept apart per (tenant, origin, rule). */
export const LATE_MARKS_MAX = 16;
/** Marks whose stretches are nearer than this become one, microseconds of event time. */
export const LATE_GAP_US = 3600e6;

export type LateMark = {
  readonly tenant: string;
  readonly origin: Origin;
  /** The rule whose window it came too late for. */
  readonly rule: string;
  /** Event times of the late events, microseconds. */
  readonly from: number;
  readonly to: number;
  /** Keys of the groups as the state names them; null where there were too many to tell apart. */
  readonly keys: readonly string[] | null;
  /** Number of late events, the newest one's batch, and its receive time. */
  readonly events: number;
  readonly batch: number;
  readonly ingested: number;
};

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

/** Marks of one rule and lane, oldest first, with one more. */
export function addMark(marks: readonly LateMark[], mark: LateMark): LateMark[] {
  const out: LateMark[] = [];
  for (const m of [...marks, mark].sort((a, b) => a.from - b.from)) {
    const last = out.at(-1);
    if (last !== undefined && m.from <= last.to + LATE_GAP_US) out[out.length - 1] = mergeMarks(last, m);
    else out.push(m);
  }
  while (out.length > LATE_MARKS_MAX) {
    let at = 1;
    const gap = (i: number): number => (out[i] as LateMark).from - (out[i - 1] as LateMark).to;
    for (let i = 2; i < out.length; i++) if (gap(i) < gap(at)) at = i;
    out.splice(at - 1, 2, mergeMarks(out[at - 1] as LateMark, out[at] as LateMark));
  }
  return out;
}
