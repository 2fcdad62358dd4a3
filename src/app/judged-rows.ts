/**
 * A page of events whose filter SQL can only over-approximate: the rows that SQL found are read in full and judged by the
 * live predicate, page by page, until there are as many as were asked for. Held by `judged-rows.int.test.ts`.
 */
import { compileCondition } from '../condition/evaluate.ts';
import { type Lists, EVERYTHING } from '../condition/tree.ts';
import type { QueryError } from '../condition/language/grammar.ts';
import { err, ok, type Result } from '../base/result.ts';
import { eventOf } from '../history/event.ts';
import { eventIdText, parseEventId } from '../model/match.ts';
import type { Query } from '../query/query.ts';
import {
  type Compiled,
  compileRows,
  compileWhere,
  eventRow,
  type OnlyEvent,
  type PageOptions,
  type Scope,
  type SearchRow,
} from '../query/sql.ts';
import { StoreError, type SqlResult } from '../store/engine/client.ts';
import { fromRow, selectEvents, type StoredEvent } from '../store/rows.ts';

/** Reads for one page; beyond them the answer is partial. */
export const ROUNDS_MAX = 20;
/** Rows of one read, at least. */
export const ROUND_ROWS_MIN = 100;
/** Events read in full at once. */
const WHOLE_ROWS = 100;

export type JudgedRows = {
  readonly rows: readonly SearchRow[];
  readonly rowsRead: number;
  readonly bytesRead: number;
  readonly partial: boolean;
};

export async function judgedRows(o: {
  readonly query: Pick<Query, 'filter' | 'pipes'>;
  readonly scope: Scope;
  readonly lists: Lists;
  readonly page: PageOptions;
  readonly run: (c: Compiled, maxRows: number) => Promise<SqlResult>;
}): Promise<Result<JudgedRows, QueryError>> {
  const holds = compileCondition(o.query.filter, { lists: o.lists });
  const env = { lists: o.lists };
  const wanted = o.query.pipes.reduce((n, p) => (p.kind === 'head' ? Math.min(n, p.rows) : n), o.page.limit);
  const limit = Math.max(o.page.limit, ROUND_ROWS_MIN);
  const rows: SearchRow[] = [];
  let { before } = o.page;
  let [rowsRead, bytesRead] = [0, 0];
  const run = async (c: Compiled, maxRows: number): Promise<SqlResult> => {
    const r = await o.run(c, maxRows);
    rowsRead += r.stats.rowsRead;
    bytesRead += r.stats.bytesRead;
    return r;
  };
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const page = { limit, ...(before === undefined ? {} : { before }) };
    const sql = compileRows({ filter: o.query.filter, pipes: [] }, o.scope, env, page);
    if (!sql.ok) return err(sql.error);
    const some = await run(sql.value, limit);
    const found = some.rows.map(eventRow);
    const last = found.at(-1);
    if (last === undefined) return ok({ rows, rowsRead, bytesRead, partial: some.partial });
    const only = found.flatMap(({ id, ts }) => {
      const parsed = parseEventId(id);
      return parsed === undefined ? [] : [{ id: parsed, ts }];
    });
    const met = new Set<string>();
    for (let i = 0; i < only.length; i += WHOLE_ROWS) {
      const events = await whole(only.slice(i, i + WHOLE_ROWS), o, run);
      if (!events.ok) return events;
      for (const e of events.value) if (holds(eventOf(e))) met.add(eventIdText(e.id));
    }
    for (const row of found) if (met.has(row.id) && rows.length < wanted) rows.push(row);
    if (rows.length >= wanted || found.length < limit)
      return ok({ rows, rowsRead, bytesRead, partial: some.partial });
    before = { ts: last.ts, id: last.id };
  }
  return ok({ rows, rowsRead, bytesRead, partial: true });
}

/** These events in full. An answer that is too large is asked for in halves. */
async function whole(
  only: readonly OnlyEvent[],
  o: { readonly scope: Scope; readonly lists: Lists },
  run: (c: Compiled, maxRows: number) => Promise<SqlResult>,
): Promise<Result<readonly StoredEvent[], QueryError>> {
  const where = compileWhere(EVERYTHING, { ...o.scope, only }, { lists: o.lists });
  if (!where.ok) return err(where.error);
  const sql = selectEvents(where.value.sql);
  try {
    return ok((await run({ ...where.value, sql }, only.length)).rows.map(fromRow));
  } catch (e) {
    if (!(e instanceof StoreError) || (e.kind !== 'memory' && e.kind !== 'query') || only.length < 2) throw e;
  }
  const half = only.length >> 1;
  const first = await whole(only.slice(0, half), o, run);
  if (!first.ok) return first;
  const rest = await whole(only.slice(half), o, run);
  return rest.ok ? ok([...first.value, ...rest.value]) : rest;
}
