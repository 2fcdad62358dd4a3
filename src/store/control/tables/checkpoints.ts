/**
 * `checkpoints`: how far things have come. Kind `stream`: position in a source that can be read again (file offset,
 * journal cursor). Kind `batch`: journal batch numbers by name; `committed` is the last batch that `commitBatch` took.
 */
import type { Sql } from '../sql.ts';

export type CheckpointRow = { kind: string; name: string; pos: string };
export type Checkpoint = { readonly kind: 'stream' | 'batch'; readonly name: string; readonly pos: string };

const UPSERT =
  'insert into checkpoints (kind, name, pos) values (?, ?, ?) on conflict (kind, name) do update set pos = excluded.pos';
export const putCheckpoint = (sql: Sql, c: Checkpoint): void => {
  sql.exec(UPSERT, [c.kind, c.name, c.pos]);
};
export const getCheckpoint = (sql: Sql, kind: Checkpoint['kind'], name: string): string | undefined =>
  sql.first(sql.db.selectFrom('checkpoints').select('pos').where('kind', '=', kind).where('name', '=', name))
    ?.pos;
