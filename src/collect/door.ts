/**
 * What every door is: a listener or follower that frames, joins and splits bytes into records and offers them to the
 * intake. A door never parses content. Held by the tests of each door.
 */
import type { Intake, RawRecord, RecordMeta } from '../model/record.ts';
import { RECORD_BYTES_MAX } from '../model/record.ts';

/** `waiting`: stands still until something outside changes (journal full, file absent, restart back-off). */
export type DoorState = {
  readonly state: 'listening' | 'reading' | 'waiting' | 'failed';
  readonly note: string;
};

export type Door = {
  /** Door name as it stands in the ledger: `syslog-udp`, `file`, ... */
  readonly name: string;
  /** For people: `udp://127.0.0.1:5514`, a path, `journalctl`. */
  readonly address: string;
  state(): DoorState;
  /** Stops taking input, hands over what was framed, resolves when nothing more will be offered. Idempotent. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

/**
 * Senders of a door with a line of their own in the ledger. Addresses of UDP can be forged: without a bound, a flood of
 * forged ones would fill the ledger, the journal's heads and memory.
 */
export const SENDERS_MAX = 10_000;
/** The same for peers that are refused: they must not take the places of those that may send. */
export const SENDERS_REFUSED_MAX = 1000;
/** A sender keeps its place for at least this long after it was last heard, milliseconds. */
export const SENDER_KEPT_MS = 3600e3;
/** Sender under which all beyond the bound are counted and stored together. */
export const OTHER_SENDERS = 'other';

/**
 * One meta object per sender: records of a sender share it, so the journal writes it once per batch. Beyond `max` all
 * new senders share one; who is there already keeps its own, so a flood of forged senders does not hide the true ones.
 * Held by door.test.ts.
 */
export function metaPerSender(
  base: Omit<RecordMeta, 'sender'>,
  max = SENDERS_MAX,
  nowMs: () => number = () => performance.now(),
): (sender: string) => RecordMeta {
  const other: RecordMeta = { ...base, sender: OTHER_SENDERS };
  // Heard since the last turn, and heard before it and not since.
  let heard = new Map<string, RecordMeta>();
  let quiet = new Map<string, RecordMeta>();
  let turnAt = nowMs() + SENDER_KEPT_MS;
  return (sender) => {
    if (nowMs() >= turnAt) {
      quiet = heard;
      heard = new Map();
      turnAt = nowMs() + SENDER_KEPT_MS;
    }
    let m = heard.get(sender);
    if (m !== undefined) return m;
    m = quiet.get(sender);
    if (m === undefined && heard.size + quiet.size >= max) return other;
    quiet.delete(sender);
    m ??= { ...base, sender };
    heard.set(sender, m);
    return m;
  };
}

/**
 * Offers all records in order, waiting for room where the journal is full (back pressure for doors whose input can
 * wait). Resolves with the number taken: less than all only if `signal` was aborted while waiting.
 */
export async function offerAll(
  intake: Intake,
  records: readonly RawRecord[],
  signal?: AbortSignal,
): Promise<number> {
  for (let i = 0; i < records.length; i++) {
    while (intake.offer(records[i]!) === 'full') {
      if (signal?.aborted === true) return i;
      await roomOrAbort(intake, signal);
    }
  }
  return records.length;
}

/**
 * For doors whose input can be read again (files, the journal): hands on records of one stream, waiting for room, and
 * counts them as received when they are handed on. Lines of Vigil's own log are counted and left out. Resolves with
 * how many were dealt with: less than all only if `signal` was aborted; the rest will be read again at the next start.
 */
export async function handOver(
  intake: Intake,
  meta: RecordMeta,
  records: readonly { readonly raw: Uint8Array; readonly pos: string }[],
  o: {
    readonly own: (raw: Uint8Array) => boolean;
    readonly signal: AbortSignal;
    readonly onFull: (waiting: boolean) => void;
  },
): Promise<number> {
  let count = 0;
  let bytes = 0;
  const report = (): void => {
    if (count > 0) intake.received(meta, count, bytes);
    count = 0;
    bytes = 0;
  };
  for (let i = 0; i < records.length; i++) {
    const { raw, pos } = records[i]!;
    if (o.own(raw)) intake.dropped(meta, 'self', 1);
    else {
      while (intake.offer({ meta, raw, pos }) === 'full') {
        report();
        if (o.signal.aborted) return i;
        o.onFull(true);
        await roomOrAbort(intake, o.signal);
        o.onFull(false);
      }
    }
    count++;
    bytes += raw.length;
  }
  report();
  return records.length;
}

/** Resolves when there may be room, or at once when `signal` is aborted. */
export async function roomOrAbort(intake: Intake, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return intake.room();
  if (signal.aborted) return;
  let onAbort = (): void => {};
  const aborted = new Promise<void>((resolve) => {
    onAbort = resolve;
    signal.addEventListener('abort', onAbort, { once: true });
  });
  await Promise.race([intake.room(), aborted]);
  signal.removeEventListener('abort', onAbort);
}

/** Pieces of at most RECORD_BYTES_MAX; a record that fits is its own only piece. */
export function* pieces(raw: Uint8Array): Generator<Uint8Array> {
  let at = 0;
  while (raw.length - at > RECORD_BYTES_MAX) {
    yield raw.subarray(at, at + RECORD_BYTES_MAX);
    at += RECORD_BYTES_MAX;
  }
  yield at === 0 ? raw : raw.subarray(at);
}

/** Sleeps, ended early by `signal`; the timer does not keep the process alive. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const done = (): void => {
      clearTimeout(t);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const t = setTimeout(done, ms);
    t.unref();
    signal?.addEventListener('abort', done, { once: true });
  });
}
