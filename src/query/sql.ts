/**
 * Compiled searches. Every one needs a scope (tenants, row filter, time range), checked again at run time, and gives
 * SQL text made of constants plus values to bind. Limits of time and memory are the store's query user's.
 * Held by `golden.test.ts` (the texts), `hostile.test.ts`, `exact.int.test.ts`.
 */
import { assert, err, ok, type Result } from '../base/result.ts';
import { countTermsOf } from '../condition/stateful.ts';
import type { Condition, Lists } from '../condition/tree.ts';
import { type EventId, parseEventId } from '../model/match.ts';
import type { QueryError } from '../condition/language/grammar.ts';
import type { PipeEnv } from './pipes/pipe.ts';
import { compilePipe } from './pipes/registry.ts';
import { eventsTable, finished, type Table } from './pipes/table.ts';
import type { Query } from './query.ts';
import { QueryFault } from '../condition/language/scan.ts';
import { sqlCondition, SqlRefused } from './sql-condition.ts';
import { ipTextSql } from './sql-field.ts';
import { type SqlParamValues, SqlParams } from './sql-params.ts';

/** What a query may see. Times in microseconds, `from <= @timestamp < to`. */
export type Scope = {
  readonly tenants: readonly string[];
  /** ANDed to every search; has to be exact. */
  readonly rowFilter?: Condition;
  readonly from: number;
  readonly to: number;
  /** Of these only the ones named here, however they were found; searches in parentheses see all. At most ONLY_MAX. */
  readonly only?: readonly OnlyEvent[];
};
/** `ts` as stored, microseconds: what the table's order prunes by. */
export type OnlyEvent = { readonly id: EventId; readonly ts: number };
export type SearchEnv = { readonly lists: Lists };

/** `exact: false`: the rows may hold more than the condition says, never less. */
export type Compiled = { readonly sql: string; readonly params: SqlParamValues; readonly exact: boolean };
export type CompiledTable = Compiled & {
  readonly columns: readonly string[];
  /** Remarks that the pipes gave rise to. */
  readonly hints: readonly string[];
};
export type PageOptions = {
  readonly limit: number;
  /** Continues behind this row (the last one of the page before). */
  readonly before?: { readonly ts: number; readonly id: string };
};

/** Most rows of one page of events. */
export const ROWS_MAX = 10_000;
/** Longest SQL text sent, bytes; the engine's own limit is 256 KiB. */
export const SQL_CHARS_MAX = 200_000;
/** Characters of `message` in a row. */
export const MESSAGE_CHARS_MAX = 2000;
/** Most buckets of a histogram. */
export const BUCKETS_MAX = 2000;
export const TENANTS_MAX = 100;
/** Events that one query can name; their ids are bound, and travel with the request. */
export const ONLY_MAX = 10_000;
/** Remarks of one search. */
export const HINTS_MAX = 10;

const EVENTS = 'vigil.events';

type Where = { readonly sql: string; readonly p: SqlParams; readonly exact: boolean };

function scopeSql(scope: Scope, p: SqlParams, lists: Lists): string {
  assert(Array.isArray(scope?.tenants) && scope.tenants.length > 0, 'a search without a tenant');
  assert(scope.tenants.length <= TENANTS_MAX, 'too many tenants in one search');
  assert(
    scope.tenants.every((t) => typeof t === 'string' && t !== ''),
    'a search with an empty tenant',
  );
  assert(Number.isSafeInteger(scope.from) && Number.isSafeInteger(scope.to), 'a search without a time range');
  const tests = [
    scope.tenants.length === 1
      ? `tenant = ${p.bind('String', scope.tenants[0] as string)}`
      : `has(${p.bind('Array(String)', scope.tenants)}, tenant)`,
    `ts >= fromUnixTimestamp64Micro(${p.bind('Int64', scope.from)}, 'UTC')`,
    `ts < fromUnixTimestamp64Micro(${p.bind('Int64', scope.to)}, 'UTC')`,
  ];
  if (scope.rowFilter !== undefined) {
    const c = sqlCondition(scope.rowFilter, p, lists);
    tests.push(`(${c.sql})`);
    // A filter that lets more through than it says would show what must not be seen.
    if (!c.exact) throw new SqlRefused('the row filter cannot be expressed exactly');
  }
  if (scope.only !== undefined) tests.push(onlySql(scope.only, p));
  return tests.join(' AND ');
}

function onlySql(only: readonly OnlyEvent[], p: SqlParams): string {
  assert(only.length <= ONLY_MAX, 'too many events named in one search');
  if (only.length === 0) return '0';
  let [low, high] = [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER];
  for (const { ts } of only) {
    low = Math.min(low, ts);
    high = Math.max(high, ts);
  }
  const time = (us: number): string => `fromUnixTimestamp64Micro(${p.bind('Int64', us)}, 'UTC')`;
  const ids = [
    p.bind(
      'Array(UInt64)',
      only.map((e) => e.id.batch),
    ),
    p.bind(
      'Array(UInt32)',
      only.map((e) => e.id.ord),
    ),
    p.bind(
      'Array(UInt32)',
      only.map((e) => e.id.node),
    ),
  ].join(', ');
  return `ts >= ${time(low)} AND ts <= ${time(high)} AND (batch, ord, node) IN (arrayZip(${ids}))`;
}

/** SQL answers row by row; what a single row cannot decide is refused rather than answered wrongly. */
function stateless(cond: Condition): Condition {
  const [count] = countTermsOf(cond);
  if (count === undefined) return cond;
  throw new SqlRefused(
    'counts over earlier events, exists(... in ...) and baselines are judged over history: ' +
      'they stand in the filter of a search, before its first pipe, or in a rule',
  );
}

function statelessWithin(cond: Condition, at: { readonly start: number; readonly end: number }): Condition {
  if (countTermsOf(cond).length === 0) return cond;
  const message =
    'a search in parentheses cannot count over earlier events, ask exists(... in ...) or a baseline: ' +
    'run it as a search of its own, or count with "| stats count() by ..."';
  throw new QueryFault({ message, start: at.start, end: at.end, expected: [] });
}

function whereOf(cond: Condition | undefined, scope: Scope, env: SearchEnv, p = new SqlParams()): Where {
  const base = scopeSql(scope, p, env.lists);
  if (cond === undefined || (cond.kind === 'const' && cond.value)) return { sql: base, p, exact: true };
  const c = sqlCondition(cond, p, env.lists);
  return { sql: `${base} AND (${c.sql})`, p, exact: c.exact };
}

/** Turns refusals (a missing list, an unknown column) into errors that have a place in the text. */
function compiled<T extends Compiled>(make: () => T): Result<T, QueryError> {
  try {
    const out = make();
    if (out.sql.length > SQL_CHARS_MAX)
      throw new SqlRefused('the search is too large; use a list: field IN name');
    return ok(out);
  } catch (e) {
    if (e instanceof QueryFault) return err(e.detail);
    if (e instanceof SqlRefused) return err({ message: e.message, start: 0, end: 0, expected: [] });
    throw e;
  }
}

const finish = (sql: string, w: Where): Compiled => ({ sql, params: w.p.values, exact: w.exact });

/**
 * WHERE text alone, for callers that select their own columns and judge each row again (history): what remembers is true
 * for every row here. It belongs into WHERE: in the SELECT
 * list, in `if` or `countIf` the token functions do not know the index's preprocessor and tell case apart (26.7).
 */
export const compileWhere = (cond: Condition, scope: Scope, env: SearchEnv): Result<Compiled, QueryError> =>
  compiled(() => {
    const w = whereOf(cond, scope, env);
    return finish(w.sql, w);
  });

/** A page of rows, newest first, in the columns that `eventRow` reads. A `head` limits it. */
export const compileRows = (
  query: Pick<Query, 'filter' | 'pipes'>,
  scope: Scope,
  env: SearchEnv,
  page: PageOptions,
): Result<Compiled, QueryError> =>
  compiled(() => {
    const w = whereOf(stateless(query.filter), scope, env);
    const { p } = w;
    let limit = Math.max(1, Math.min(ROWS_MAX, Math.trunc(page.limit)));
    for (const pipe of query.pipes) if (pipe.kind === 'head') limit = Math.min(limit, pipe.rows);
    const before = page.before === undefined ? '' : beforeSql(page.before, p);
    return finish(
      `SELECT ${ROW_COLUMNS.join(', ')} FROM ${EVENTS} WHERE ${w.sql}${before} ` +
        `ORDER BY ts DESC, batch DESC, ord DESC, node DESC LIMIT ${limit}`,
      w,
    );
  });

function beforeSql(before: { readonly ts: number; readonly id: string }, p: SqlParams): string {
  const id = parseEventId(before.id);
  if (id === undefined || !Number.isSafeInteger(before.ts)) throw new SqlRefused('"before" names no event');
  const ts = `fromUnixTimestamp64Micro(${p.bind('Int64', before.ts)}, 'UTC')`;
  const rest = [p.bind('UInt64', id.batch), p.bind('UInt32', id.ord), p.bind('UInt32', id.node)].join(', ');
  return ` AND ts <= ${ts} AND (ts < ${ts} OR (batch, ord, node) < (${rest}))`;
}

export const compileCount = (
  query: Pick<Query, 'filter'>,
  scope: Scope,
  env: SearchEnv,
): Result<Compiled, QueryError> =>
  compiled(() => {
    const w = whereOf(stateless(query.filter), scope, env);
    return finish(`SELECT count() AS total FROM ${EVENTS} WHERE ${w.sql}`, w);
  });

/** Columns t (start of the bucket, microseconds), success, failure, other; empty buckets are absent. */
export const compileHistogram = (
  query: Pick<Query, 'filter'>,
  scope: Scope,
  env: SearchEnv,
  bucketUs: number,
): Result<Compiled, QueryError> =>
  compiled(() => {
    assert(Number.isSafeInteger(bucketUs) && bucketUs > 0, 'a histogram needs a bucket');
    if ((scope.to - scope.from) / bucketUs > BUCKETS_MAX)
      throw new SqlRefused(`more than ${BUCKETS_MAX} buckets`);
    const w = whereOf(stateless(query.filter), scope, env);
    const bucket = w.p.bind('Int64', bucketUs);
    const at = 'toUnixTimestamp64Micro(ts)';
    const success = "event_outcome = 'success'";
    const failure = "event_outcome = 'failure'";
    return finish(
      `SELECT ${at} - if(${at} % ${bucket} < 0, ${at} % ${bucket} + ${bucket}, ${at} % ${bucket}) AS t, ` +
        `countIf(${success}) AS success, countIf(${failure}) AS failure, ` +
        `countIf(NOT (${success} OR ${failure})) AS other ` +
        `FROM ${EVENTS} WHERE ${w.sql} GROUP BY t ORDER BY t LIMIT ${BUCKETS_MAX + 1}`,
      w,
    );
  });

/** One row if the scope holds any event at all. */
export const compileHasData = (scope: Scope, env: SearchEnv): Result<Compiled, QueryError> =>
  compiled(() => {
    const w = whereOf(undefined, scope, env);
    return finish(`SELECT 1 AS found FROM ${EVENTS} WHERE ${w.sql} LIMIT 1`, w);
  });

/** Is the answer a table (a pipe made one) or a page of events? */
export const isTable = (query: Pick<Query, 'pipes'>): boolean => query.pipes.some((p) => p.kind !== 'head');

const piped = (where: string, query: Pick<Query, 'pipes'>, env: PipeEnv): Table =>
  query.pipes.reduce((table, pipe) => compilePipe(pipe, table, env), eventsTable(where));

/** The table behind the pipes; `columns` are the names for people, in the order of the row's cells. */
export const compileTable = (
  query: Pick<Query, 'filter' | 'pipes'>,
  scope: Scope,
  env: SearchEnv,
): Result<CompiledTable, QueryError> =>
  compiled(() => {
    const w = whereOf(stateless(query.filter), scope, env);
    const hints = new Set<string>();
    const pipeEnv: PipeEnv = {
      p: w.p,
      lists: env.lists,
      from: scope.from,
      to: scope.to,
      hint: (message) => {
        if (hints.size < HINTS_MAX) hints.add(message);
      },
      subsearch: (sub, at) => {
        const { only: _, ...whole } = scope;
        const inner = whereOf(statelessWithin(sub.filter, at), whole, env, w.p);
        // Under NOT, a set that is too large would leave out rows.
        if (!inner.exact) {
          const message = 'the search in parentheses cannot be expressed exactly';
          throw new QueryFault({ message, start: at.start, end: at.end, expected: ['* instead of ?'] });
        }
        return piped(inner.sql, sub, pipeEnv);
      },
    };
    const made = finished(piped(w.sql, query, pipeEnv), pipeEnv);
    return { ...finish(made.sql, w), columns: made.columns, hints: [...hints] };
  });

const text = `substringUTF8(toValidUTF8(if(message = '', substring(raw, 1, ${MESSAGE_CHARS_MAX * 4}), message)), 1, ${MESSAGE_CHARS_MAX})`;

/** In the order that `eventRow` reads. */
const ROW_COLUMNS: readonly string[] = [
  "concat(toString(node), '-', toString(batch), '-', toString(ord)) AS id",
  'toUnixTimestamp64Micro(ts) AS ts_us',
  'toUnixTimestamp64Micro(ingested) AS ingested_us',
  'source AS source_name',
  'host_name AS host',
  `${text} AS text`,
  'event_action AS action',
  'event_outcome AS outcome',
  'user_name AS user_text',
  `if(isNull(source_ip), '', ${ipTextSql('assumeNotNull(source_ip)')}) AS ip_text`,
  'status AS status_text',
];

/** One row of `compileRows` as the API's `EventRow`. */
export type SearchRow = {
  readonly id: string;
  readonly ts: number;
  readonly ingested: number;
  readonly source: string;
  readonly host: string;
  readonly message: string;
  readonly action: string;
  readonly outcome: string;
  readonly user: string;
  readonly sourceIp: string;
  readonly status: string;
};

export function eventRow(row: readonly unknown[]): SearchRow {
  assert(row.length === ROW_COLUMNS.length, 'a row of another query');
  const s = (i: number): string => String(row[i] ?? '');
  return {
    id: s(0),
    ts: Number(row[1]),
    ingested: Number(row[2]),
    source: s(3),
    host: s(4),
    message: s(5),
    action: s(6),
    outcome: s(7),
    user: s(8),
    sourceIp: s(9),
    status: s(10),
  };
}

/** Cells of a table's rows. */
export const tableOf = (r: {
  readonly rows: readonly (readonly unknown[])[];
  readonly columns: readonly { readonly type: string }[];
}): (string | number | null)[][] =>
  r.rows.map((row) => row.map((v, i) => tableCell(v, r.columns[i]?.type ?? '')));

/** A cell of a table: 64-bit numbers may arrive as text. */
export function tableCell(value: unknown, type: string): string | number | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number') return value;
  return /Int|Float/.test(type) ? Number(value) : String(value);
}
