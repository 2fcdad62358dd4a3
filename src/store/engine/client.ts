/**
 * What the rest of the store needs of a ClickHouse: statements of our own (`command`, `select`, `insert`) and
 * compiled searches of people (`search`, as the restricted query user). Implemented over HTTP once; the embedded
 * engine (unix socket) and a ClickHouse server (URL) differ only in where the requests go.
 */

/** A value bound as `{name:Type}`; the type stands in the SQL. Arrays become `Array(...)`, null becomes NULL. */
export type SqlParam = string | number | bigint | boolean | null | readonly SqlParam[];
export type SqlParams = Readonly<Record<string, SqlParam>>;

export type SqlRow = readonly unknown[];

export type SqlStats = {
  readonly rowsRead: number;
  readonly bytesRead: number;
  readonly tookMs: number;
};

export type SqlColumn = { readonly name: string; readonly type: string };

export type SqlResult = {
  readonly columns: readonly SqlColumn[];
  readonly rows: readonly SqlRow[];
  readonly stats: SqlStats;
  /** More rows than `maxRows` existed; the first `maxRows` are here. */
  readonly partial: boolean;
};

export type SqlOptions = {
  readonly params?: SqlParams;
  /** Milliseconds; the engine stops the query itself (error 159) and the connection is cut a little later. */
  readonly timeoutMs?: number;
  /** At most this many rows; more sets `partial`. */
  readonly maxRows?: number;
  /** Aborting really stops the query in the engine. */
  readonly signal?: AbortSignal;
  readonly settings?: Readonly<Record<string, string | number>>;
};

/** An answer of the engine, or the lack of one. `code` is ClickHouse's number, 0 where there was no answer at all. */
export class StoreError extends Error {
  readonly code: number;
  readonly kind: 'refused' | 'timeout' | 'aborted' | 'memory' | 'unavailable' | 'query';
  constructor(kind: StoreError['kind'], code: number, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'StoreError';
    this.kind = kind;
    this.code = code;
  }
}

export interface SqlClient {
  /** One of our own statements without a result. */
  command(sql: string, options?: SqlOptions): Promise<void>;
  /** One of our own SELECTs. */
  select(sql: string, options?: SqlOptions): Promise<SqlResult>;
  /** A search compiled from a person's query: read only, limited, guarded (see `guard.ts`). */
  search(sql: string, options?: SqlOptions): Promise<SqlResult>;
  /** `INSERT INTO table FORMAT Native`; resolves once the engine has acknowledged the (fsynced) parts. */
  insert(table: string, blocks: readonly Uint8Array[], token: string): Promise<void>;
  close(): Promise<void>;
}
