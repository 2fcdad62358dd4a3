/**
 * The control database's one connection: kysely for building (and for asynchronous reads), synchronous execution and
 * synchronous transactions for writes. A transaction is one function call without awaits, so none can interleave.
 */
import type { DatabaseSync } from 'node:sqlite';
import { type Compilable, Kysely } from 'kysely';
import { bindable, nodeSqliteDialect, Statements } from './dialect.ts';
import type { Schema } from './schema.ts';

export class Sql {
  /** Builds queries; `.execute()` is for single reads only. */
  readonly db: Kysely<Schema>;
  readonly #raw: DatabaseSync;
  readonly #statements: Statements;
  #depth = 0;

  constructor(raw: DatabaseSync) {
    this.#raw = raw;
    this.#statements = new Statements(raw);
    this.db = new Kysely<Schema>({ dialect: nodeSqliteDialect(this.#statements) });
  }

  /** Rows of a built query. */
  all<T>(query: Compilable<T>): T[] {
    const { sql, parameters } = query.compile();
    return this.#statements.get(sql).all(...bindable(parameters)) as T[];
  }

  first<T>(query: Compilable<T>): T | undefined {
    return this.all(query)[0];
  }

  /** Runs a built write; how many rows it changed. */
  run(query: Compilable<unknown>): number {
    const { sql, parameters } = query.compile();
    return Number(this.#statements.get(sql).run(...bindable(parameters)).changes);
  }

  /** Runs a plain statement kept beside its table: for the commit path, where building per row would cost more than running. */
  exec(text: string, values: readonly unknown[]): number {
    return Number(this.#statements.get(text).run(...bindable(values)).changes);
  }

  rows(text: string, values: readonly unknown[] = []): Record<string, unknown>[] {
    return this.#statements.get(text).all(...bindable(values)) as Record<string, unknown>[];
  }

  script(text: string): void {
    this.#raw.exec(text);
  }

  /** All or nothing; a transaction inside a transaction joins it. `f` must not be async. */
  tx<T>(f: () => T): T {
    if (this.#depth > 0) return f();
    this.#raw.exec('begin immediate');
    this.#depth++;
    try {
      const out = f();
      if (out instanceof Promise) throw new Error('bug: a transaction must be synchronous');
      this.#raw.exec('commit');
      return out;
    } catch (e) {
      if (this.#raw.isTransaction) this.#raw.exec('rollback');
      throw e;
    } finally {
      this.#depth--;
    }
  }

  close(): void {
    this.#raw.close();
  }
}
