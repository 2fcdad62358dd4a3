/**
 * A record: one framed piece of input (a line, a datagram, one element of an array) as a door hands it to the
 * journal. Doors frame, join and split; they never parse.
 */
import type { Origin } from './event.ts';

/** What all records of one stream have in common; journaled once per batch, so keep its values few. */
export type RecordMeta = {
  readonly tenant: string;
  readonly origin: Origin;
  /** Door name from the config: `syslog-udp`, `syslog-tcp`, `syslog-tls`, `http`, `file`, `journal`, `import`. */
  readonly door: string;
  /** Peer address, file path or unit; never a port (one sender, one line in the ledger). */
  readonly sender: string;
  /** Id of the ingest token, '' where the door has none. */
  readonly token: string;
  /** What the bytes are, where the door knows: '' lets the normaliser identify it. */
  readonly format: '' | 'syslog' | 'journald' | 'json';
  /** Source pinned by an operator or token, '' otherwise. */
  readonly source: string;
  /** IANA zone for stamps without one; '' means the installation's. */
  readonly zone: string;
  /** Name of the stream whose position `pos` advances (`file:<fingerprint>`, `journal:`), '' where re-reading is impossible. */
  readonly stream: string;
};

export type RawRecord = {
  readonly meta: RecordMeta;
  /** Bytes after framing, without the line terminator. At most RECORD_BYTES_MAX. */
  readonly raw: Uint8Array;
  /** Position just after this record in `meta.stream` (an offset or cursor), '' where it has none. */
  readonly pos: string;
};

/** A record is cut at 1 MiB; the rest becomes further records, each marked `vigil.cut`. */
export const RECORD_BYTES_MAX = 1024 * 1024;

/** Why a record was received and not stored. Bounded on purpose: these are ledger columns. */
export const DROP_REASONS = [
  'journal_full',
  'duplicate',
  'too_large',
  'bad_frame',
  'denied',
  'self',
] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** Result of offering a record to the journal. `full`: the door applies its stated policy (503, pause, drop). */
export type Offer = 'taken' | 'full';

/**
 * What a door needs from the pipeline. `offer` is synchronous and cheap, and copies the raw bytes (the door may use
 * their memory again); `durable` resolves once everything offered before the call is on disk (that is the
 * acknowledgement). `received` counts at the socket, before any decision.
 */
export type Intake = {
  received(meta: RecordMeta, count: number, bytes: number): void;
  dropped(meta: RecordMeta, reason: DropReason, count: number): void;
  offer(record: RawRecord): Offer;
  /**
   * Whether so many records and bytes will be taken if offered at once. A door with whole requests asks first, so that
   * none is taken in part (its retry after a crash would store that part again).
   */
  fits?(count: number, bytes: number): boolean;
  durable(): Promise<void>;
  /** Resolves when there is room again after `full`. */
  room(): Promise<void>;
  /** True if this key was seen within the persisted window; remembers it otherwise. Keys come with the sender's batch. */
  seenBefore(tenant: string, key: string): boolean;
  /**
   * As `seenBefore`, without remembering. With it a door remembers a key only after the batch's last record was
   * offered, so that a crash in between cannot make the re-sent batch look like a duplicate.
   */
  seen?(tenant: string, key: string): boolean;
};

/** A record that came by no door: the lines of rule tests, here and in `vigil rules test`. */
export const TEST_RECORD: RecordMeta = {
  tenant: 'default',
  origin: 'live',
  door: 'test',
  sender: 'test',
  token: '',
  format: '',
  source: '',
  zone: 'UTC',
  stream: '',
};
