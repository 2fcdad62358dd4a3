/**
 * Up to which event time everything may be thought to have arrived: what did not happen is judged only then. It is a
 * minute behind the tick, or as far as the slowest sender is that is catching up (its events are older than a minute at
 * receipt), but never more than WAIT_MAX_US behind.
 *
 * Seen are events that met a rule only, per lane. A sender further behind than WAIT_MAX_US (a host that lives in 1970)
 * is not waited for, nor one that has been silent for QUIET_US. One door and address that relays both live and late
 * events counts by its newest. Held by `parts.test.ts`.
 */
import { CLOSE_AFTER_US } from '../correlate-spec.ts';
import type { MatchedEvent } from '../../model/match.ts';

export const WAIT_MAX_US = 6 * 3600e6;
export const QUIET_US = 300e6;
/** Senders of a lane; the one unheard for longest goes. */
export const SENDERS_MAX = 2000;

/** Newest event time and last receipt, microseconds. */
type Sender = { newest: number; seen: number };
export type WatermarkState = readonly (readonly [string, readonly (readonly [string, number, number])[]])[];

export class Watermark {
  /** Lane -> sender, least recently heard first. */
  readonly #lanes = new Map<string, Map<string, Sender>>();

  saw(lane: string, e: MatchedEvent): void {
    let senders = this.#lanes.get(lane);
    if (senders === undefined) {
      senders = new Map();
      this.#lanes.set(lane, senders);
    }
    const id = `${e.door}\u0000${e.sender}`;
    const s = senders.get(id) ?? { newest: e.ts, seen: e.ingested };
    s.newest = Math.max(s.newest, e.ts);
    s.seen = Math.max(s.seen, e.ingested);
    senders.delete(id);
    senders.set(id, s);
    if (senders.size <= SENDERS_MAX) return;
    for (const oldest of senders.keys()) {
      senders.delete(oldest);
      break;
    }
  }

  at(lane: string, now: number): number {
    let mark = now - CLOSE_AFTER_US;
    for (const s of this.#lanes.get(lane)?.values() ?? []) {
      if (now - s.seen > QUIET_US || s.seen - s.newest <= CLOSE_AFTER_US) continue;
      if (s.newest >= now - WAIT_MAX_US) mark = Math.min(mark, s.newest);
    }
    return mark;
  }

  state(): WatermarkState {
    return [...this.#lanes].map(([lane, m]) => [lane, [...m].map(([id, s]) => [id, s.newest, s.seen])]);
  }
  static from(state: WatermarkState): Watermark {
    const w = new Watermark();
    for (const [lane, senders] of state)
      w.#lanes.set(lane, new Map(senders.map(([id, newest, seen]) => [id, { newest, seen }])));
    return w;
  }
}
