/**
 * `lists`: named lists with the interval in which each version was valid, so that a rule can be judged "as it was".
 * The version in force has `valid_to` 0.
 */
import type { Sql } from '../sql.ts';

export const LIST_KINDS = ['text', 'domain', 'cidr', 'issuer'] as const;
export type ListKind = (typeof LIST_KINDS)[number];

export type ListRow = {
  name: string;
  kind: string;
  /** JSON array (`values` is a reserved word). */
  members: string;
  updated_by: string;
  valid_from: number;
  valid_to: number;
};
export type List = {
  readonly name: string;
  readonly kind: ListKind;
  readonly values: readonly string[];
  readonly updatedBy: string;
  /** Microseconds. */
  readonly validFrom: number;
  /** 0 = in force. */
  readonly validTo: number;
};

export const listFromRow = (r: ListRow): List => ({
  name: r.name,
  kind: LIST_KINDS.find((k) => k === r.kind) ?? 'text',
  values: JSON.parse(r.members) as string[],
  updatedBy: r.updated_by,
  validFrom: r.valid_from,
  validTo: r.valid_to,
});
export const listToRow = (l: List): ListRow => ({
  name: l.name,
  kind: l.kind,
  members: JSON.stringify(l.values),
  updated_by: l.updatedBy,
  valid_from: l.validFrom,
  valid_to: l.validTo,
});

/** The lists in force, or those in force at `at` (microseconds). */
export function listsAt(sql: Sql, at?: number): List[] {
  let q = sql.db.selectFrom('lists').selectAll().orderBy('name');
  q =
    at === undefined
      ? q.where('valid_to', '=', 0)
      : q.where('valid_from', '<=', at).where((w) => w.or([w('valid_to', '=', 0), w('valid_to', '>', at)]));
  return sql.all(q).map(listFromRow);
}

/** Versions in force at some time after `since`, by their beginning. */
export const listVersions = (sql: Sql, since: number): List[] =>
  sql
    .all(
      sql.db
        .selectFrom('lists')
        .selectAll()
        .where((w) => w.or([w('valid_to', '=', 0), w('valid_to', '>', since)]))
        .orderBy('valid_from')
        .orderBy('name'),
    )
    .map(listFromRow);

/** Ends the version in force and begins a new one; two changes in the same microsecond are one. */
export function putList(sql: Sql, list: Omit<List, 'validTo'>): List {
  const made: List = { ...list, validTo: 0 };
  sql.run(
    sql.db
      .updateTable('lists')
      .set({ valid_to: list.validFrom })
      .where('name', '=', list.name)
      .where('valid_to', '=', 0)
      .where('valid_from', '<', list.validFrom),
  );
  const row = listToRow(made);
  sql.run(
    sql.db
      .insertInto('lists')
      .values(row)
      .onConflict((c) => c.columns(['name', 'valid_from']).doUpdateSet(row)),
  );
  return made;
}
