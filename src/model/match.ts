/** A match: one event satisfied one rule's (or correlation base rule's) condition. Crosses from worker to state owner as JSON bytes. */
import type { FieldValue, Origin } from './event.ts';

/** (node, batch, ord), given once when journaled. Text form `node-batch-ord`. */
export type EventId = { readonly node: number; readonly batch: number; readonly ord: number };

export const eventIdText = (id: EventId): string => `${id.node}-${id.batch}-${id.ord}`;

export function parseEventId(text: string): EventId | undefined {
  const m = /^(\d{1,9})-(\d{1,15})-(\d{1,9})$/.exec(text);
  return m === null ? undefined : { node: Number(m[1]), batch: Number(m[2]), ord: Number(m[3]) };
}

export type MatchedEvent = {
  readonly id: EventId;
  readonly tenant: string;
  readonly origin: Origin;
  readonly door: string;
  readonly sender: string;
  readonly source: string;
  /** Microseconds. */
  readonly ts: number;
  readonly ingested: number;
  /** Rule ids (base rules) that the event satisfies. */
  readonly rules: readonly string[];
  /** All fields of the event; `[name, value]` so that no name can be special. */
  readonly fields: readonly (readonly [string, FieldValue])[];
  readonly entities: readonly string[];
};
