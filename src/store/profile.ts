/**
 * What the store holds, in outline: which fields each source's events have, and which combinations of a few
 * fields occur. What rules are held against to say whether they could ever fire: per installation, so of all tenants
 * and origins.
 *
 * Contract: bounded rows and time; of events received in `[from, to)`. Beyond PROFILE_ROWS_MAX what was received last is
 * there, and `cut` says that there is more. A query that takes too long throws `StoreError`.
 * Held by `profile.int.test.ts`.
 */
import { type FieldDef, HOT_FIELDS } from '../model/catalogue.ts';
import type { SqlClient, SqlParams } from './engine/client.ts';
import { EVENTS_TABLE } from './schema.ts';

export const PROFILE_ROWS_MAX = 50_000;
export const PROFILE_SOURCES_MAX = 10_000;
export const PROFILE_MS_MAX = 20_000;

export type Outline<T> = {
  readonly rows: readonly T[];
  /** There are more than were taken: what is not here may have been seen. */
  readonly cut: boolean;
};

/** Receipt, microseconds: `from <= ingested < to`. */
export type Received = { readonly from: number; readonly to: number };
export type SeenField = {
  readonly source: string;
  readonly field: string;
  /** Receipt of the last event that has it, microseconds. */
  readonly last: number;
};
export type SeenKind = {
  readonly source: string;
  /** In the order asked for: all values of each field. */
  readonly values: readonly (readonly string[])[];
  readonly last: number;
};

const RANGE = `ingested >= fromUnixTimestamp64Micro({from:Int64}, 'UTC') AND ingested < fromUnixTimestamp64Micro({to:Int64}, 'UTC')`;
const LAST = 'toUnixTimestamp64Micro(max(ingested))';

export async function seenFields(
  client: SqlClient,
  range: Received,
  rowsMax = PROFILE_ROWS_MAX,
): Promise<Outline<SeenField>> {
  const options = { params: { ...range }, timeoutMs: PROFILE_MS_MAX, maxRows: rowsMax };
  const rest = await client.select(
    `SELECT source, name, ${LAST} FROM (
       SELECT source, ingested, arrayJoin(arrayConcat(arrayMap(x -> toString(x), mapKeys(fields)), mapKeys(lists), empties, nulls)) AS name
       FROM ${EVENTS_TABLE} WHERE ${RANGE})
     GROUP BY source, name ORDER BY max(ingested) DESC LIMIT ${rowsMax + 1}`,
    options,
  );
  const out = rest.rows.map((r) => ({ source: String(r[0]), field: String(r[1]), last: Number(r[2]) }));
  const hot = HOT_FIELDS.filter((d) => !d.ours);
  const columns = hot.map((d) => `maxIf(ingested, ${presentSql(d)})`);
  const r = await client.select(
    `SELECT source, ${columns.map((c) => `toUnixTimestamp64Micro(${c})`).join(', ')} FROM ${EVENTS_TABLE} WHERE ${RANGE} GROUP BY source ORDER BY max(ingested) DESC LIMIT ${PROFILE_SOURCES_MAX + 1}`,
    { ...options, maxRows: PROFILE_SOURCES_MAX },
  );
  for (const row of r.rows)
    hot.forEach((d, i) => {
      const last = Number(row[i + 1]);
      if (last > 0) out.push({ source: String(row[0]), field: d.name, last });
    });
  return { rows: out, cut: rest.partial || r.partial };
}

/** The value is there and not empty; an empty one has its name in `empties`. */
function presentSql(d: FieldDef): string {
  const column = `\`${d.column}\``;
  if (d.multi) return `notEmpty(${column})`;
  return d.type === 'keyword' || d.type === 'text' ? `${column} != ''` : `isNotNull(${column})`;
}

/** `select`: per field an expression of type Array(String), with its parameters. */
export async function seenKinds(
  client: SqlClient,
  select: { readonly sql: readonly string[]; readonly params: SqlParams },
  range: Received,
  rowsMax = PROFILE_ROWS_MAX,
): Promise<Outline<SeenKind>> {
  const names = select.sql.map((_, i) => `k${i}`);
  const r = await client.select(
    `SELECT source, ${select.sql.map((s, i) => `${s} AS k${i}`).join(', ')}, ${LAST}
     FROM ${EVENTS_TABLE} WHERE ${RANGE} GROUP BY ${['source', ...names].join(', ')}
     ORDER BY max(ingested) DESC LIMIT ${rowsMax + 1}`,
    { params: { ...select.params, ...range }, timeoutMs: PROFILE_MS_MAX, maxRows: rowsMax },
  );
  const rows = r.rows.map((row) => ({
    source: String(row[0]),
    values: names.map((_, i) => (Array.isArray(row[i + 1]) ? (row[i + 1] as unknown[]).map(String) : [])),
    last: Number(row.at(-1)),
  }));
  return { rows, cut: r.partial };
}
