/**
 * Numbered SQL migrations of the event store (`migrations/NNNN-name.sql`), applied in order and recorded in
 * `vigil.format`. A store whose format is newer than this program is refused with a sentence.
 *
 * Contract: a migration may run again after a crash (every statement is `IF NOT EXISTS` or the like), since DDL is not
 * transactional. `$ENGINE` and `$ON_CLUSTER` are filled in. A released file never changes. Held by `events.int.test.ts`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import type { SqlClient } from './engine/client.ts';

export type Migration = {
  readonly version: number;
  readonly name: string;
  readonly statements: readonly string[];
};

/** How tables are made: plain on the embedded engine, replicated on a cluster. */
export type TableOptions = {
  /** `MergeTree`, or `ReplicatedMergeTree('/clickhouse/{shard}/events', '{replica}')`. */
  readonly engine: string;
  /** '' or `ON CLUSTER name`. */
  readonly onCluster: string;
};
export const PLAIN_TABLES: TableOptions = { engine: 'MergeTree', onCluster: '' };

const FOLDER = new URL('./migrations/', import.meta.url);

/** The migrations of this program, ascending without gaps. */
export function readMigrations(): readonly Migration[] {
  const names = readdirSync(FOLDER).filter((n) => /^\d{4}-[a-z0-9-]+\.sql$/.test(n));
  const all = names.sort().map((file) => ({
    version: Number(file.slice(0, 4)),
    name: file.slice(5, -4),
    statements: splitStatements(readFileSync(new URL(file, FOLDER), 'utf8')),
  }));
  for (const [i, m] of all.entries()) {
    if (m.version !== i + 1) throw new Error(`bug: migration ${i + 1} of the event store is missing`);
  }
  if (all.length === 0) throw new Error('bug: no migrations of the event store were found');
  return all;
}

/** Statements end with `;` at the end of a line; lines that start with `--` are comments. */
export function splitStatements(text: string): readonly string[] {
  const code = text.replace(/^--.*$/gm, '');
  return code
    .split(/;[ \t]*$/m)
    .map((s) => s.trim())
    .filter((s) => s !== '');
}

const fill = (sql: string, t: TableOptions): string =>
  sql.replaceAll('$ENGINE', () => t.engine).replaceAll('$ON_CLUSTER', () => t.onCluster);

/** Brings the store to this program's format; returns its version. */
export async function migrate(
  client: SqlClient,
  tables: TableOptions = PLAIN_TABLES,
  migrations: readonly Migration[] = readMigrations(),
): Promise<number> {
  await client.command(fill('CREATE DATABASE IF NOT EXISTS vigil $ON_CLUSTER ENGINE = Atomic', tables));
  const settings =
    'SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1';
  await client.command(
    fill(
      `CREATE TABLE IF NOT EXISTS vigil.format $ON_CLUSTER (version UInt32, name String, applied DateTime64(6, 'UTC')) ENGINE = $ENGINE ORDER BY version ${settings}`,
      tables,
    ),
  );
  const found = await client.select('SELECT max(version) FROM vigil.format');
  const have = Number(found.rows[0]?.[0] ?? 0);
  const newest = migrations.at(-1)?.version ?? 0;
  if (have > newest) {
    throw new Error(
      `The event store has format ${have}, and this Vigil knows formats up to ${newest}. It was written by a newer version: ` +
        'start that version, or restore a backup made with this one.',
    );
  }
  for (const m of migrations) {
    if (m.version <= have) continue;
    for (const sql of m.statements) await client.command(fill(sql, tables));
    await client.command('INSERT INTO vigil.format SELECT {version:UInt32}, {name:String}, now64(6)', {
      params: { version: m.version, name: m.name },
    });
  }
  return newest;
}
