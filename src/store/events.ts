/**
 * The event store: inserts blocks, answers what it holds, runs compiled searches. STUB: signatures only, the
 * implementation follows.
 */
import type { EventFields, Origin, ParseStatus } from '../model/event.ts';
import type { EventId } from '../model/match.ts';
import type { SqlClient, SqlOptions, SqlParams, SqlResult } from './engine/client.ts';

/** A stored event with its fields exactly as they were live. */
export type StoredEvent = {
  readonly id: EventId;
  readonly tenant: string;
  readonly origin: Origin;
  readonly ts: number;
  readonly ingested: number;
  readonly door: string;
  readonly sender: string;
  readonly token: string;
  readonly source: string;
  readonly parser: string;
  readonly status: ParseStatus;
  readonly retentionClass: string;
  readonly retentionDays: number;
  readonly fields: EventFields;
  readonly raw: Uint8Array;
  readonly entities: readonly string[];
  readonly leaf: Uint8Array;
};

/** Rows the store holds for one minute of receipt. */
export type MinuteCount = {
  readonly tenant: string;
  readonly door: string;
  readonly sender: string;
  /** Start of the minute, microseconds. */
  readonly minute: number;
  readonly stored: number;
  readonly quarantined: number;
};

export type StoreStats = {
  readonly version: string;
  readonly rows: number;
  readonly bytesOnDisk: number;
  readonly parts: number;
};
export type DetachedPart = { readonly name: string; readonly reason: string };

export type ScanOptions = Pick<SqlOptions, 'timeoutMs' | 'maxRows' | 'signal'>;

export interface EventStoreApi {
  /** Applies the migrations; throws with a sentence where the store's format is newer than this program. */
  open(): Promise<void>;
  /** Resolves once the engine acknowledged fsynced parts. Idempotent for the same blocks and token within the last 1,000 inserts. */
  insert(blocks: readonly Uint8Array[], token: string): Promise<void>;
  /** Rows held per batch, both ends included. Batches without rows are absent. */
  held(node: number, fromBatch: number, toBatch: number): Promise<Map<number, number>>;
  heldOrds(node: number, batch: number): Promise<Set<number>>;
  /** Rows per (tenant, door, sender, minute of receipt), `from <= ingested < to`. Demo and import rows count like others. */
  counts(fromUs: number, toUs: number): Promise<readonly MinuteCount[]>;
  eventById(tenant: string, id: EventId, tsHint?: number): Promise<StoredEvent | undefined>;
  /** Compiled SQL of the query layer, as the restricted query user. */
  query(sql: string, params: SqlParams, options: ScanOptions): Promise<SqlResult>;
  detachedParts(): Promise<readonly DetachedPart[]>;
  stats(): Promise<StoreStats>;
  dropRetentionClass(name: string): Promise<void>;
  dropTenant(tenant: string): Promise<void>;
}

export declare function openEventStore(client: SqlClient): EventStoreApi;
