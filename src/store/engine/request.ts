/**
 * A request of ClickHouse's HTTP interface as the bridge understands it: which statement, in whose name, with which
 * settings and parameters. Searches pass the gate here, and get their limits. Held by `hostile.int.test.ts`.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { checkSearch } from './guard.ts';
import {
  type ChildConfig,
  RESULT_BYTES_MAX,
  SEARCH_ROWS_MAX,
  SEARCH_SECONDS_MAX,
  SEARCHES_MAX,
  STATEMENT_BYTES_MAX,
} from './wire.ts';

export type Role = 'internal' | 'search';

export type Request = {
  readonly role: Role;
  readonly sql: string;
  /** INSERT ... FORMAT Native: the table; `sql` is unused. */
  readonly insertInto: string;
  readonly format: string;
  readonly settings: Map<string, string>;
  readonly params: Map<string, string>;
  /** The id by which the query can be killed, the client's where it gave one. */
  readonly id: string;
};

export class HttpError extends Error {
  readonly code: number;
  readonly status: number;
  constructor(status: number, code: number, message: string) {
    // The form in which ClickHouse's clients find code and name.
    super(
      code === 0
        ? message
        : `Code: ${code}. DB::Exception: ${message}. (${CODE_NAMES.get(code) ?? 'UNKNOWN'})`,
    );
    this.status = status;
    this.code = code;
  }
}

const CODE_NAMES: ReadonlyMap<number, string> = new Map([
  [33, 'CANNOT_READ_ALL_DATA'],
  [36, 'BAD_ARGUMENTS'],
  [62, 'SYNTAX_ERROR'],
  [73, 'UNKNOWN_FORMAT'],
  [202, 'TOO_MANY_SIMULTANEOUS_QUERIES'],
  [394, 'QUERY_WAS_CANCELLED'],
  [497, 'ACCESS_DENIED'],
  [516, 'AUTHENTICATION_FAILED'],
]);

/** Parameters of ClickHouse's HTTP interface that are neither settings nor ours to honour. */
const IGNORED = new Set(
  'user password session_id session_timeout session_check quota_key compress decompress enable_http_compression role close_session'.split(
    ' ',
  ),
);

export async function readRequest(url: URL, req: IncomingMessage, role: Role): Promise<Request> {
  const settings = new Map<string, string>();
  const params = new Map<string, string>();
  let id = '';
  let sql = '';
  let format = String(req.headers['x-clickhouse-format'] ?? 'TabSeparated');
  for (const [k, v] of url.searchParams) {
    if (k === 'query') sql = v;
    else if (k === 'query_id') id = v;
    else if (k === 'default_format') format = v;
    else if (k === 'database' || IGNORED.has(k)) continue;
    else if (k.startsWith('param_')) params.set(k.slice(6), v);
    else settings.set(k, v);
  }
  // Kept apart from what a client can guess: a search must not be able to name another one's query.
  id = `${/^[A-Za-z0-9-]{1,64}$/.test(id) ? id : 'q'}.${randomUUID()}`;
  if (!/^[A-Za-z]{1,40}$/.test(format)) throw new HttpError(400, 73, 'Unknown format');
  const insert = /^INSERT INTO ([a-z_][a-z0-9_.]{0,100}) FORMAT Native\s*$/.exec(sql);
  if (insert !== null && role === 'internal') {
    return { role, sql: '', insertInto: insert[1] as string, format, settings, params, id };
  }
  const body = await readText(req);
  if (body !== '') sql = sql === '' ? body : `${sql}\n${body}`;
  if (sql.trim() === '') throw new HttpError(400, 62, 'Empty query');
  if (role === 'search') {
    const checked = checkSearch(sql);
    if (!checked.ok) throw new HttpError(403, 497, `Refused: ${checked.error}`);
  }
  return { role, sql, insertInto: '', format, settings, params, id };
}

async function readText(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req) {
    size += (chunk as Buffer).length;
    if (size > STATEMENT_BYTES_MAX)
      throw new HttpError(413, 62, `Statement longer than ${STATEMENT_BYTES_MAX} bytes`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Limits of a search: what the client may ask for, held to ours. Settings it may not choose are ignored. */
export function searchSettings(request: Request, config: ChildConfig): Map<string, string> {
  const asked = (name: string, max: number): string => {
    const n = Number(request.settings.get(name) ?? max);
    return String(n > 0 && n < max ? n : max);
  };
  const memory = Math.floor(config.memoryBytes / 2 / SEARCHES_MAX);
  return new Map([
    ['max_execution_time', asked('max_execution_time', SEARCH_SECONDS_MAX)],
    ['max_result_rows', asked('max_result_rows', SEARCH_ROWS_MAX)],
    ['max_result_bytes', String(RESULT_BYTES_MAX)],
    ['result_overflow_mode', request.settings.get('result_overflow_mode') === 'break' ? 'break' : 'throw'],
    ['max_memory_usage', String(memory)],
    ['max_bytes_before_external_group_by', String(Math.floor(memory / 2))],
    ['max_bytes_before_external_sort', String(Math.floor(memory / 2))],
    ['max_bytes_ratio_before_external_group_by', '0'],
    ['max_bytes_ratio_before_external_sort', '0'],
  ]);
}
