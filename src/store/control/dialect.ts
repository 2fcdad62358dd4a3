/**
 * A kysely dialect over `node:sqlite`, so that the same query builder serves SQLite today and PostgreSQL later.
 *
 * Contract: one connection, statements run at once and never interleave; kysely's own transactions are refused, because
 * an await in the middle of one would let the pipeline's synchronous commit (`Sql.tx`) run inside it. Writes go
 * through `Sql`. Held by `control.int.test.ts`.
 */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';

/** Prepared statements kept; generated SQL differs by filter, so old ones are let go. */
const STATEMENTS_MAX = 256;

/** Prepared statements by their text, least recently made dropped first. */
export class Statements {
  readonly #db: DatabaseSync;
  readonly #cache = new Map<string, StatementSync>();

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  get(text: string): StatementSync {
    const known = this.#cache.get(text);
    if (known !== undefined) return known;
    const made = this.#db.prepare(text);
    if (this.#cache.size >= STATEMENTS_MAX) {
      const oldest = this.#cache.keys().next().value;
      if (oldest !== undefined) this.#cache.delete(oldest);
    }
    this.#cache.set(text, made);
    return made;
  }
}

/** Values as SQLite binds them. Anything else is a bug of ours, as outside data is parsed before it gets here. */
export function bindable(values: readonly unknown[]): SQLInputValue[] {
  return values.map((v) => {
    if (v === null || typeof v === 'string' || typeof v === 'bigint' || v instanceof Uint8Array) return v;
    if (typeof v === 'number' && Number.isFinite(v)) return v;
    if (typeof v === 'boolean') return v ? 1 : 0;
    throw new Error(`bug: a ${typeof v} cannot be bound`);
  });
}

export function nodeSqliteDialect(statements: Statements): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => nodeSqliteDriver(statements),
    createIntrospector: (db: Kysely<unknown>) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

function nodeSqliteDriver(statements: Statements): Driver {
  const refuse = async (): Promise<never> => {
    throw new Error('bug: transactions of the control database are synchronous, use Sql.tx');
  };
  const connection: DatabaseConnection = {
    async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
      const statement = statements.get(query.sql);
      const values = bindable(query.parameters);
      if (statement.columns().length > 0) return { rows: statement.all(...values) as R[] };
      const { changes, lastInsertRowid } = statement.run(...values);
      return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
    },
    // biome-ignore lint/correctness/useYield: nothing is streamed from the control database
    async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
      throw new Error('bug: the control database does not stream');
    },
  };
  return {
    init: async () => {},
    acquireConnection: async () => connection,
    beginTransaction: refuse,
    commitTransaction: refuse,
    rollbackTransaction: refuse,
    releaseConnection: async () => {},
    destroy: async () => {},
  };
}
