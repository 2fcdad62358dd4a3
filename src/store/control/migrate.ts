/**
 * Numbered migrations of the control database. Each runs once, in its own transaction, and is never edited after a
 * release; the number reached is `meta.format`. A database of a newer format is refused. Held by `control.int.test.ts`.
 */
import { firstSchema } from './migration-1.ts';
import { rulesSchema } from './migration-2.ts';
import type { Sql } from './sql.ts';

const MIGRATIONS: readonly ((sql: Sql) => void)[] = [firstSchema, rulesSchema];

/** The format that this version of Vigil writes. */
export const CONTROL_FORMAT = MIGRATIONS.length;

/** The database was written by a newer Vigil (or is not Vigil's at all). The message is fit to print as it is. */
export class ControlFormatError extends Error {}

export function migrate(sql: Sql, path: string): void {
  const found = formatOf(sql, path);
  if (found > CONTROL_FORMAT) {
    throw new ControlFormatError(
      `${path} has format ${found}, this Vigil knows formats up to ${CONTROL_FORMAT}: start the newer Vigil that wrote it, or restore a backup made before the upgrade.`,
    );
  }
  for (let n = found; n < CONTROL_FORMAT; n++) {
    sql.tx(() => {
      MIGRATIONS[n]?.(sql);
      sql.exec(
        "insert into meta (key, value) values ('format', ?) on conflict (key) do update set value = excluded.value",
        [String(n + 1)],
      );
    });
  }
}

function formatOf(sql: Sql, path: string): number {
  const tables = sql.rows("select name from sqlite_master where type = 'table' and name not like 'sqlite_%'");
  if (tables.length === 0) return 0;
  if (!tables.some((t) => t['name'] === 'meta')) {
    throw new ControlFormatError(`${path} is a database, but not Vigil's: choose another data folder.`);
  }
  const text = sql.rows("select value from meta where key = 'format'")[0]?.['value'];
  if (typeof text !== 'string' || !/^\d{1,6}$/.test(text)) {
    throw new ControlFormatError(`${path} does not state its format: restore it from a backup.`);
  }
  return Number(text);
}
