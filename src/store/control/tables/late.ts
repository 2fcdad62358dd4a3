/**
 * Late work: marks of what came too late for its window, until history has judged them (`model/late.ts`). They lie in
 * `checkpoints` under kind `late`, one row per (tenant, origin, rule), marks as JSON: written with the batch that brought
 * the late events, so that a crash loses none. Held by `late.test.ts`.
 */
import { addMark, type LateMark } from '../../../model/late.ts';
import type { Sql } from '../sql.ts';

/** A row of work. `pos` is what `finishLate` compares: a row that grew meanwhile stays. */
export type LateWork = { readonly name: string; readonly pos: string; readonly marks: readonly LateMark[] };

/** Rows of work taken at once. */
const ROWS_MAX = 1000;
const UPSERT =
  "insert into checkpoints (kind, name, pos) values ('late', ?, ?) on conflict (kind, name) do update set pos = excluded.pos";

const nameOf = (m: LateMark): string => JSON.stringify([m.tenant, m.origin, m.rule]);
const marksOf = (pos: unknown): LateMark[] => JSON.parse(String(pos)) as LateMark[];

export function addLate(sql: Sql, mark: LateMark): void {
  const name = nameOf(mark);
  const [row] = sql.rows("select pos from checkpoints where kind = 'late' and name = ?", [name]);
  const marks = addMark(row === undefined ? [] : marksOf(row['pos']), mark);
  sql.exec(UPSERT, [name, JSON.stringify(marks)]);
}

/** Oldest receipt first. */
export function lateWork(sql: Sql): LateWork[] {
  const rows = sql.rows(
    `select name, pos from checkpoints where kind = 'late' order by json_extract(pos, '$[0].ingested') limit ${ROWS_MAX}`,
  );
  return rows.map((r) => ({ name: String(r['name']), pos: String(r['pos']), marks: marksOf(r['pos']) }));
}

/** Removes the row if nothing came to it since it was read. */
export const finishLate = (sql: Sql, work: LateWork): void => {
  sql.exec("delete from checkpoints where kind = 'late' and name = ? and pos = ?", [work.name, work.pos]);
};
