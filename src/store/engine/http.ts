/**
 * `SqlClient` over ClickHouse's HTTP interface with `@clickhouse/client`: to the embedded engine through a unix socket
 * (an http agent with `socketPath`), to a server by URL. Everything is asked for as JSONCompact, which keeps column
 * order; 64-bit integers come as JSON numbers (ours stay below 2^53).
 *
 * Errors: always a `StoreError`. Held by `engine.int.test.ts`.
 */
import { Agent, type AgentOptions } from 'node:http';
import { Readable } from 'node:stream';
import { type ClickHouseClient, ClickHouseError, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { errorText } from '../../base/result.ts';
import {
  type SqlClient,
  type SqlColumn,
  type SqlOptions,
  type SqlResult,
  type SqlRow,
  StoreError,
} from './client.ts';
import { checkSearch } from './guard.ts';
import { paramText, RESULT_BYTES_MAX, SEARCH_ROWS_MAX, SEARCH_SECONDS_MAX } from './wire.ts';

/** Connections at once; the engine has its own, lower limits and queues. */
const CONNECTIONS_MAX = 64;
/** After the engine's own limit of a statement, this much later the connection is cut. */
const GRACE_MS = 5000;
const STATEMENT_MS_DEFAULT = 60_000;
const INSERT_MS_MAX = 300_000;

export type Account = { readonly user: string; readonly password: string };

export type Target = {
  readonly url: string;
  /** Path of a unix socket, '' for TCP. */
  readonly socketPath: string;
  readonly internal: Account;
  readonly search: Account;
};

type Connection = {
  readonly internal: ClickHouseClient;
  readonly search: ClickHouseClient;
  readonly agents: readonly Agent[];
};

export class HttpSqlClient implements SqlClient {
  #connection: Connection | undefined;
  /** True where the far side does not run `checkSearch` itself. */
  readonly #guarded: boolean;

  constructor(guarded: boolean) {
    this.#guarded = guarded;
  }

  /** Points the client to another place (the engine was restarted); undefined while there is none. */
  async retarget(target: Target | undefined): Promise<void> {
    const old = this.#connection;
    this.#connection = target === undefined ? undefined : connect(target);
    if (old === undefined) return;
    for (const agent of old.agents) agent.destroy();
    await Promise.all([old.internal.close(), old.search.close()]);
  }

  async command(sql: string, options: SqlOptions = {}): Promise<void> {
    await this.#text('internal', sql, options, 'Null');
  }

  async select(sql: string, options: SqlOptions = {}): Promise<SqlResult> {
    return parse(await this.#text('internal', sql, options, 'JSONCompact'), options.maxRows);
  }

  async search(sql: string, options: SqlOptions = {}): Promise<SqlResult> {
    if (this.#guarded) {
      const checked = checkSearch(sql);
      if (!checked.ok) throw new StoreError('refused', 497, `Refused: ${checked.error}`);
    }
    const maxRows = Math.min(options.maxRows ?? SEARCH_ROWS_MAX - 1, SEARCH_ROWS_MAX - 1);
    const timeoutMs = Math.min(options.timeoutMs ?? STATEMENT_MS_DEFAULT, SEARCH_SECONDS_MAX * 1000);
    const all: SqlOptions = {
      ...options,
      timeoutMs,
      settings: {
        max_result_rows: maxRows + 1,
        result_overflow_mode: 'break',
        max_execution_time: timeoutMs / 1000,
      },
    };
    return parse(await this.#text('search', sql, all, 'JSONCompact'), maxRows);
  }

  async insert(table: string, blocks: readonly Uint8Array[], token: string): Promise<void> {
    if (blocks.length === 0) return;
    const query = `INSERT INTO ${table} FORMAT Native`;
    const signal = AbortSignal.timeout(INSERT_MS_MAX);
    await this.#call('internal', signal, (client) =>
      client.exec({
        query,
        values: Readable.from(blocks, { objectMode: false }),
        clickhouse_settings: { insert_deduplication_token: token, async_insert: 0 },
        abort_signal: signal,
      }),
    );
  }

  async close(): Promise<void> {
    await this.retarget(undefined);
  }

  #text(who: 'internal' | 'search', sql: string, o: SqlOptions, format: string): Promise<string> {
    const limit = AbortSignal.timeout((o.timeoutMs ?? STATEMENT_MS_DEFAULT) + GRACE_MS);
    const signal = o.signal === undefined ? limit : AbortSignal.any([limit, o.signal]);
    return this.#call(
      who,
      signal,
      (client) =>
        client.exec({
          query: sql,
          abort_signal: signal,
          clickhouse_settings: { ...o.settings, ...params(o) },
          http_headers: { 'X-ClickHouse-Format': format },
        }),
      o.signal,
    );
  }

  async #call(
    who: 'internal' | 'search',
    signal: AbortSignal,
    send: (client: ClickHouseClient) => Promise<{ stream: AsyncIterable<unknown> }>,
    callers?: AbortSignal,
  ): Promise<string> {
    const client = this.#connection?.[who];
    if (client === undefined) throw new StoreError('unavailable', 0, 'The event store is not running');
    try {
      const { stream } = await send(client);
      return await collect(stream, signal);
    } catch (e) {
      throw toStoreError(e, signal, callers);
    }
  }
}

/**
 * Values as `param_x` of the URL, escaped by us: the client's own escaping leaves out NUL, backspace and form feed.
 * They go as settings because the client passes those on unchanged.
 */
function params(o: SqlOptions): Record<string, string> {
  const out: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of Object.entries(o.params ?? {})) out[`param_${name}`] = paramText(value);
  return out;
}

/**
 * Each account has an agent of its own: the client closes sockets that it believes idle by a timer per socket, and would
 * close one that the other account's client has taken over (seen as "socket hang up" in the middle of a request).
 */
function connect(target: Target): Connection {
  const agents: Agent[] = [];
  const client = (account: Account): ClickHouseClient => {
    const options = { keepAlive: true, maxSockets: CONNECTIONS_MAX, socketPath: target.socketPath };
    const agent = target.socketPath === '' ? undefined : new Agent(options as AgentOptions);
    if (agent !== undefined) agents.push(agent);
    return createClient({
      url: target.url,
      username: account.user,
      password: account.password,
      application: 'vigil',
      max_open_connections: CONNECTIONS_MAX,
      // Each request brings its own limit.
      request_timeout: INSERT_MS_MAX + GRACE_MS,
      log: { level: ClickHouseLogLevel.OFF },
      ...(agent === undefined ? {} : { http_agent: agent }),
    });
  };
  return { internal: client(target.internal), search: client(target.search), agents };
}

async function collect(stream: AsyncIterable<unknown>, signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    signal.throwIfAborted();
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > RESULT_BYTES_MAX * 2)
      throw new StoreError('query', 396, `Result of more than ${RESULT_BYTES_MAX * 2} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

type JsonCompact = {
  readonly meta: readonly SqlColumn[];
  readonly data: SqlRow[];
  readonly statistics: { readonly elapsed: number; readonly rows_read: number; readonly bytes_read: number };
};

function parse(text: string, maxRows: number | undefined): SqlResult {
  let json: JsonCompact;
  try {
    json = JSON.parse(text) as JsonCompact;
  } catch (cause) {
    // An error in the middle of a stream comes as text after the first rows.
    const told = /Code: (\d+)\. DB::Exception: [^\n]*/.exec(text);
    throw new StoreError(
      'query',
      Number(told?.[1] ?? 0),
      told?.[0] ?? 'The engine sent no valid answer',
      cause,
    );
  }
  const partial = maxRows !== undefined && json.data.length > maxRows;
  return {
    columns: json.meta,
    rows: partial ? json.data.slice(0, maxRows) : json.data,
    stats: {
      rowsRead: json.statistics.rows_read,
      bytesRead: json.statistics.bytes_read,
      tookMs: Math.round(json.statistics.elapsed * 1e6) / 1e3,
    },
    partial,
  };
}

function toStoreError(e: unknown, signal: AbortSignal, callers: AbortSignal | undefined): StoreError {
  if (e instanceof StoreError) return e;
  if (callers?.aborted === true) return new StoreError('aborted', 394, 'The query was aborted', e);
  if (signal.aborted) return new StoreError('timeout', 159, 'The query took too long', e);
  if (!(e instanceof ClickHouseError)) {
    return new StoreError('unavailable', 0, `The event store does not answer: ${errorText(e)}`, e);
  }
  const code = Number(e.code);
  return new StoreError(KINDS.get(code) ?? 'query', code, e.message, e);
}

const KINDS: ReadonlyMap<number, StoreError['kind']> = new Map([
  [159, 'timeout'],
  [394, 'aborted'],
  [241, 'memory'],
  [164, 'refused'],
  [497, 'refused'],
  [516, 'refused'],
  [202, 'unavailable'],
]);
