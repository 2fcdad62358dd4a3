/** `dedup`: keys by which senders mark their batches, so that a re-send is recognised across a restart. */
import type { Sql } from '../sql.ts';

export type DedupRow = { tenant: string; key: string; at: number };
export type DedupKey = { readonly tenant: string; readonly key: string; readonly at: number };

export const dedupFromRow = (r: DedupRow): DedupKey => ({ ...r });

/** The first sight of a key stays: later ones must not stretch the window. */
const INSERT = 'insert into dedup (tenant, key, at) values (?, ?, ?) on conflict (tenant, key) do nothing';
export const putDedup = (sql: Sql, d: DedupKey): void => {
  sql.exec(INSERT, [d.tenant, d.key, d.at]);
};
/** Keys first seen at or after `since`, newest first, at most `limit`: for filling a memory at start. */
export const dedupSince = (sql: Sql, since: number, limit: number): DedupKey[] =>
  sql
    .all(sql.db.selectFrom('dedup').selectAll().where('at', '>=', since).orderBy('at', 'desc').limit(limit))
    .map(dedupFromRow);
export const deleteDedupBefore = (sql: Sql, at: number): number =>
  sql.run(sql.db.deleteFrom('dedup').where('at', '<', at));
export const deleteDedupOf = (sql: Sql, tenant: string): number =>
  sql.run(sql.db.deleteFrom('dedup').where('tenant', '=', tenant));
