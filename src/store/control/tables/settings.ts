/** `settings`: small pieces of installation state as JSON, by name. */
import type { Sql } from '../sql.ts';

export type SettingRow = { key: string; value: string };

/** The stored JSON value, `undefined` where never set. The caller parses it: it is outside data. */
export function getSetting(sql: Sql, key: string): unknown {
  const row = sql.first(sql.db.selectFrom('settings').select('value').where('key', '=', key));
  return row === undefined ? undefined : (JSON.parse(row.value) as unknown);
}

export function setSetting(sql: Sql, key: string, value: unknown): void {
  const text = JSON.stringify(value);
  sql.run(
    sql.db
      .insertInto('settings')
      .values({ key, value: text })
      .onConflict((c) => c.column('key').doUpdateSet({ value: text })),
  );
}
