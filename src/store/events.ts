/**
 * The event store: inserts blocks, says what it holds, gives events back, runs compiled searches.
 *
 * Contract: `insert` resolves only after the engine acknowledged parts that are fsynced (table settings); one that threw
 * or never returned is in doubt, and `held` / `heldOrds` say what arrived. Rows never leave the store: events come back
 * as `StoredEvent` (`rows.ts`). Errors are `StoreError`. Held by `events.int.test.ts` and `roundtrip.int.test.ts`.
 */
import type { EventId } from '../model/match.ts';
import {
  type SqlClient,
  type SqlOptions,
  type SqlParams,
  type SqlResult,
  StoreError,
} from './engine/client.ts';
import { literal } from './engine/wire.ts';
import { migrate, PLAIN_TABLES, type TableOptions } from './migrate.ts';
import {
  type Outline,
  type Received,
  type SeenField,
  type SeenKind,
  seenFields,
  seenKinds,
} from './profile.ts';
import { fromRow, selectEvents, type StoredEvent } from './rows.ts';
import { EVENTS_TABLE } from './schema.ts';

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
  /** Of the engine. */
  readonly version: string;
  readonly rows: number;
  readonly bytesOnDisk: number;
  readonly parts: number;
};
export type DetachedPart = { readonly name: string; readonly reason: string };

export type ScanOptions = Pick<SqlOptions, 'timeoutMs' | 'maxRows' | 'signal'>;

/** Batches that one `held` call may ask for. */
export const HELD_BATCHES_MAX = 1_000_000;
/** A partition dropped by a day: this many statements at most in `dropRetentionClass`. */
const PARTITIONS_MAX = 100_000;

export class EventStore {
  readonly #client: SqlClient;
  readonly #tables: TableOptions;

  constructor(client: SqlClient, tables: TableOptions) {
    this.#client = client;
    this.#tables = tables;
  }

  /** Applies the migrations; throws with a sentence where the store's format is newer than this program. */
  async open(): Promise<void> {
    await migrate(this.#client, this.#tables);
  }

  /**
   * Resolves once the engine acknowledged fsynced parts. The token makes a repeat of the same blocks harmless within
   * the table's last 1,000 inserts (per partition, and without a look at the content: a second belt only).
   */
  async insert(blocks: readonly Uint8Array[], token: string): Promise<void> {
    const full = blocks.filter((b) => b.length > 0);
    if (full.length > 0) await this.#client.insert(EVENTS_TABLE, full, token);
  }

  /** Rows held per batch, both ends included. Batches without rows are absent. */
  async held(node: number, fromBatch: number, toBatch: number): Promise<Map<number, number>> {
    const r = await this.#client.select(
      `SELECT batch, count() FROM ${EVENTS_TABLE} WHERE node = {node:UInt32} AND batch BETWEEN {from:UInt64} AND {to:UInt64} GROUP BY batch LIMIT ${HELD_BATCHES_MAX}`,
      { params: { node, from: fromBatch, to: toBatch } },
    );
    if (r.rows.length === HELD_BATCHES_MAX)
      throw new Error(`more than ${HELD_BATCHES_MAX} batches asked for at once`);
    return new Map(r.rows.map((row) => [Number(row[0]), Number(row[1])]));
  }

  /** The positions in a batch of the rows held. */
  async heldOrds(node: number, batch: number): Promise<Set<number>> {
    const r = await this.#client.select(
      `SELECT ord FROM ${EVENTS_TABLE} WHERE node = {node:UInt32} AND batch = {batch:UInt64}`,
      { params: { node, batch } },
    );
    return new Set(r.rows.map((row) => Number(row[0])));
  }

  /** Rows per (tenant, door, sender, minute of receipt) with `fromUs <= ingested < toUs`, whatever their origin. */
  async counts(fromUs: number, toUs: number): Promise<readonly MinuteCount[]> {
    const r = await this.#client.select(
      `SELECT tenant, door, sender, toUnixTimestamp(toStartOfMinute(ingested)) AS minute,
         countIf(status != 'quarantined'), countIf(status = 'quarantined')
       FROM ${EVENTS_TABLE}
       WHERE ingested >= fromUnixTimestamp64Micro({from:Int64}, 'UTC') AND ingested < fromUnixTimestamp64Micro({to:Int64}, 'UTC')
       GROUP BY tenant, door, sender, minute ORDER BY minute, tenant, door, sender`,
      { params: { from: fromUs, to: toUs } },
    );
    return r.rows.map((row) => ({
      tenant: String(row[0]),
      door: String(row[1]),
      sender: String(row[2]),
      minute: Number(row[3]) * 1_000_000,
      stored: Number(row[4]),
      quarantined: Number(row[5]),
    }));
  }

  /** `tsHint` (its claimed time, if known) makes this a look-up in the sort key. */
  async eventById(tenant: string, id: EventId, tsHint?: number): Promise<StoredEvent | undefined> {
    const hint = tsHint === undefined ? '' : " AND ts = fromUnixTimestamp64Micro({ts:Int64}, 'UTC')";
    const r = await this.#client.select(
      selectEvents(
        `tenant = {tenant:String} AND node = {node:UInt32} AND batch = {batch:UInt64} AND ord = {ord:UInt32}${hint}`,
        'LIMIT 1',
      ),
      { params: { tenant, node: id.node, batch: id.batch, ord: id.ord, ts: tsHint ?? 0 } },
    );
    const row = r.rows[0];
    if (row === undefined) return tsHint === undefined ? undefined : this.eventById(tenant, id);
    return fromRow(row);
  }

  /** When the first live event of a tenant that is still held was received, microseconds; undefined where there is none. */
  async firstReceived(tenant: string): Promise<number | undefined> {
    const r = await this.#client.select(
      `SELECT count(), toUnixTimestamp64Micro(min(ingested)) FROM ${EVENTS_TABLE} WHERE tenant = {tenant:String} AND origin = 'live'`,
      { params: { tenant } },
    );
    const row = r.rows[0];
    return row === undefined || Number(row[0]) === 0 ? undefined : Number(row[1]);
  }

  /** Compiled SQL of the query layer, as the restricted query user (`guard.ts` says what it may contain). */
  query(sql: string, params: SqlParams, options: ScanOptions = {}): Promise<SqlResult> {
    return this.#client.search(sql, { ...options, params });
  }

  /** Parts that the engine put aside because they were damaged: their rows are missing from every count. */
  async detachedParts(): Promise<readonly DetachedPart[]> {
    const r = await this.#client.select(
      "SELECT name, ifNull(reason, '') FROM system.detached_parts WHERE database = 'vigil' AND table = 'events' LIMIT 1000",
    );
    return r.rows.map((row) => ({ name: String(row[0]), reason: String(row[1]) }));
  }

  async stats(): Promise<StoreStats> {
    const r = await this.#client.select(
      "SELECT version(), sum(rows), sum(bytes_on_disk), count() FROM system.parts WHERE active AND database = 'vigil' AND table = 'events'",
    );
    const row = r.rows[0] ?? [];
    return {
      version: String(row[0]),
      rows: Number(row[1]),
      bytesOnDisk: Number(row[2]),
      parts: Number(row[3]),
    };
  }

  /** Which fields the sources' events have (`profile.ts`). */
  seenFields(range: Received, rowsMax?: number): Promise<Outline<SeenField>> {
    return seenFields(this.#client, range, rowsMax);
  }

  /** Which combinations of the selected values occur (`profile.ts`). */
  seenKinds(
    select: { readonly sql: readonly string[]; readonly params: SqlParams },
    range: Received,
    rowsMax?: number,
  ): Promise<Outline<SeenKind>> {
    return seenKinds(this.#client, select, range, rowsMax);
  }

  /** Removes all rows of a retention class by dropping its partitions (milliseconds each). */
  async dropRetentionClass(name: string): Promise<void> {
    const r = await this.#client.select(
      `SELECT DISTINCT _partition_id FROM ${EVENTS_TABLE} WHERE retention_class = {name:String} LIMIT ${PARTITIONS_MAX}`,
      { params: { name } },
    );
    for (const [id] of r.rows) {
      await this.#client.command(
        `ALTER TABLE ${EVENTS_TABLE} ${this.#tables.onCluster} DROP PARTITION ID ${literal(String(id))}`,
      );
    }
  }
}

/** Opens the store over an engine or a server. */
export async function openEventStore(
  client: SqlClient,
  tables: TableOptions = PLAIN_TABLES,
): Promise<EventStore> {
  const store = new EventStore(client, tables);
  await store.open();
  return store;
}

export { type StoredEvent, StoreError };
