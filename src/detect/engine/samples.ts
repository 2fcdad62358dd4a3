/**
 * Events kept for a while to measure indexes by: how often literals fire in them, which characters they are made of.
 *
 * Contract: bounded by count and by characters over all samples together; at either bound all are let go of, and an index
 * is then made by the guess. Held by `samples.test.ts`.
 */
import type { Judged } from '../../condition/evaluate.ts';
import type { NormalizedEvent } from '../../model/event.ts';
import { SAMPLE_EVENTS } from './index-of.ts';

/** Events kept at one time, and characters of their records. */
export const SAMPLES_MAX = 8 * SAMPLE_EVENTS;
export const SAMPLES_CHARS_MAX = 8 * 1024 * 1024;
/** A longer record is no sample of anything. */
export const SAMPLE_CHARS_MAX = 16 * 1024;

export type Sample = { events: readonly Judged[]; chars: number };
export const noSample = (): Sample => ({ events: NONE, chars: 0 });
const NONE: readonly Judged[] = [];

export class Samples {
  readonly #held = new Map<Sample, Judged[]>();
  #events = 0;
  #chars = 0;

  keep(sample: Sample, e: NormalizedEvent): void {
    const chars = e.rawText.length;
    if (chars > SAMPLE_CHARS_MAX) return;
    if (this.#events >= SAMPLES_MAX || this.#chars + chars > SAMPLES_CHARS_MAX)
      for (const other of [...this.#held.keys()]) this.letGo(other);
    let list = this.#held.get(sample);
    if (list === undefined) {
      list = [];
      this.#held.set(sample, list);
      sample.events = list;
    }
    list.push(kept(e));
    sample.chars += chars;
    this.#events++;
    this.#chars += chars;
  }

  letGo(sample: Sample): void {
    this.#held.delete(sample);
    this.#events -= sample.events.length;
    this.#chars -= sample.chars;
    sample.events = NONE;
    sample.chars = 0;
  }
}

/** An event is kept without its raw bytes, and whole: what was deferred is made now. */
function kept(e: NormalizedEvent): Judged {
  e.fields.entries();
  return { fields: e.fields, rawText: e.rawText, entities: e.entities };
}
