/**
 * Encoder of normalised events into ClickHouse `Native` blocks, the format in which the engine takes columns with the
 * least work. STUB: signatures only, the implementation follows.
 */
import type { NormalizedEvent, Origin } from '../model/event.ts';

/** What the pipeline knows of a row besides the event; `source`, `parser`, `status` and `ts` come from the event. */
export type RowProvenance = {
  readonly tenant: string;
  readonly origin: Origin;
  readonly retentionClass: string;
  readonly retentionDays: number;
  readonly node: number;
  readonly batch: number;
  readonly ord: number;
  /** Microseconds. */
  readonly ingested: number;
  readonly door: string;
  readonly sender: string;
  readonly token: string;
  /** 32 bytes, see `leafHash`. */
  readonly leaf: Uint8Array;
};

export class BlockEncoder {
  get rows(): number {
    return 0;
  }
  add(_event: NormalizedEvent, _p: RowProvenance): void {}
  /** The block's bytes (a copy of its own); the encoder is empty again. Blocks may be concatenated into one insert. */
  finish(): Uint8Array {
    return new Uint8Array(0);
  }
}

/**
 * Sets the pipeline's own fields (`@timestamp`, `event.ingested`, `vigil.*`) on the live event, exactly as they will be
 * read back. Call it before matching, so that rules see live what the store holds.
 */
export function stampOurs(_event: NormalizedEvent, _p: RowProvenance): void {}

/** SHA-256 over id, receive time, door and raw bytes: the integrity leaf. */
export function leafHash(
  _id: { readonly node: number; readonly batch: number; readonly ord: number },
  _ingested: number,
  _door: string,
  _raw: Uint8Array,
): Uint8Array {
  return new Uint8Array(32);
}
