/**
 * What crosses the thread boundary: a unit of work (frames as bytes) to a worker, and its result (a column block and
 * matches as bytes, counts) back. Frames are decoded in the worker only.
 */
import type { MatchedEvent } from '../model/match.ts';
import type { UsageDelta } from './usage.ts';

/** Rows of a frame that the store holds already: all of them, or some by ord. */
export type Held = 'all' | readonly number[];

export type UnitFrame = { readonly batch: number; readonly bytes: Uint8Array; readonly held?: Held };
export type Unit = {
  readonly kind: 'unit';
  readonly seq: number;
  readonly frames: readonly UnitFrame[];
  /** False: encode only (a block that the store lacks is made again). */
  readonly match: boolean;
  /** True: workers died on it; store the raw bytes as quarantined, parse nothing. */
  readonly quarantine?: boolean;
  /** [batch, ord] of records that workers failed on: stored raw as quarantined, the rest as ever. */
  readonly poison?: readonly (readonly [number, number])[];
};

/** Counts of one unit for one line of the ledger. */
export type UnitTally = {
  readonly tenant: string;
  readonly door: string;
  readonly sender: string;
  /** Start of the minute of receipt, microseconds. */
  readonly minute: number;
  readonly records: number;
  readonly evaluated: number;
  readonly failed: Readonly<Record<string, number>>;
  readonly unparsed: number;
};

export type UnitResult = {
  readonly kind: 'result';
  readonly seq: number;
  /** ClickHouse Native block; empty where no row is to be stored. */
  readonly block: Uint8Array;
  readonly rows: number;
  /** JSON of MatchedEvent[], in (batch, ord) order. */
  readonly matched: Uint8Array;
  readonly tallies: readonly UnitTally[];
  /** Rules that threw: id -> count, reason. */
  readonly ruleFailures: readonly {
    readonly rule: string;
    readonly count: number;
    readonly reason: string;
  }[];
  /** What judging cost since the worker last told. */
  readonly usage?: UsageDelta;
  /** Why an event could not be parsed (the last one), '' where all could. */
  readonly trouble: string;
  /** Microseconds spent in each stage, for the benchmark. */
  readonly spentUs: { readonly normalize: number; readonly match: number; readonly encode: number };
};

/** Rules and lists in force from the next unit on: `content.ts` text. */
export type Reload = { readonly kind: 'content'; readonly text: string };
export type ToWorker = Unit | Reload;
export type FromWorker =
  | UnitResult
  | {
      readonly kind: 'ready';
      readonly problems: readonly { readonly file: string; readonly line: number; readonly reason: string }[];
    }
  | {
      readonly kind: 'failed';
      readonly seq: number;
      readonly cause: string;
      /** Index of the frame within the unit, and of the record in it. */
      readonly at?: { readonly frame: number; readonly ord: number };
    };

export const decodeMatches = (bytes: Uint8Array): MatchedEvent[] =>
  bytes.length === 0
    ? []
    : (JSON.parse(
        Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8'),
      ) as MatchedEvent[]);
