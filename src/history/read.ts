/**
 * Rows of a WHERE text in order, some at a time in bounded memory: by (batch, ord), the order in which the state owner saw
 * them, or by event time, the order in which they would have come had none been late. The range is walked in slices that
 * grow while they hold little and shrink where they hold much, so that the engine sorts a slice at a time and its
 * indexes prune the rest.
 *
 * Contract: every row of the WHERE text that the store held when its slice was read comes exactly once, in order. After
 * every statement there is a page, be it an empty one: whoever reads looks at limits behind each. Held by
 * `run.int.test.ts`.
 */
import { setImmediate } from 'node:timers/promises';
import type { Compiled } from '../query/sql.ts';
import { type SqlResult, type SqlRow, StoreError } from '../store/engine/client.ts';
import { fromRow, selectEvents, selectExtent, type StoredEvent } from '../store/rows.ts';

/** The store's query for compiled searches: restricted account, limits of time and memory. */
export type Ask = (
  sql: string,
  params: Compiled['params'],
  options: { readonly timeoutMs: number; readonly maxRows: number; readonly signal?: AbortSignal },
) => Promise<SqlResult>;

/** Rows of one page; less where they are large. */
export const PAGE_ROWS = 1000;
/** Rows made into events at once: whoever reads shares its thread with everything else. */
const PART_ROWS = 100;
const PAGE_ROWS_MIN = 20;
/** Rows of the scope that a first slice should hold. */
const SLICE_ROWS = 50_000;
/** Pages that a slice should hold where it holds many. */
const SLICE_PAGES = 2;
/** One statement, milliseconds. */
const ASK_MS_MAX = 60_000;

export type Cost = { rowsRead: number; bytesRead: number; statements: number };

type Extent = { readonly first: number; readonly last: number; readonly rows: number };

export type Order = 'arrival' | 'time';
/** What an order walks along: a column that the engine can prune by, and what tells rows apart that are equal in it. */
const AXES = {
  arrival: {
    value: 'batch',
    bound: (name: string) => `{${name}:UInt64}`,
    of: (e: StoredEvent) => e.id.batch,
    ties: '(batch, ord, node) > ({h_low:UInt64}, {h_ord:UInt32}, {h_node:UInt32})',
    order: 'batch, ord, node',
  },
  time: {
    value: 'toUnixTimestamp64Micro(ts)',
    bound: (name: string) => `fromUnixTimestamp64Micro({${name}:Int64}, 'UTC')`,
    of: (e: StoredEvent) => e.ts,
    ties:
      "(ts > fromUnixTimestamp64Micro({h_low:Int64}, 'UTC') OR " +
      '(batch, ord, node) > ({h_batch:UInt64}, {h_ord:UInt32}, {h_node:UInt32}))',
    order: 'ts, batch, ord, node',
  },
} as const;

export type ReadOptions = {
  readonly ask: Ask;
  readonly where: Compiled;
  /** WHERE text of the scope alone: how many rows there are to walk, and in which batches. */
  readonly scope: Compiled;
  readonly cost: Cost;
  readonly order: Order;
  readonly signal?: AbortSignal;
  readonly pageRows?: number;
};

async function ask(
  o: Pick<ReadOptions, 'ask' | 'cost' | 'signal'>,
  sql: string,
  params: Compiled['params'],
  maxRows: number,
): Promise<SqlResult> {
  o.cost.statements++;
  const r = await o.ask(sql, params, {
    timeoutMs: ASK_MS_MAX,
    maxRows,
    ...(o.signal === undefined ? {} : { signal: o.signal }),
  });
  o.cost.rowsRead += r.stats.rowsRead;
  o.cost.bytesRead += r.stats.bytesRead;
  return r;
}

/** Batches, or event times, that hold rows of the scope; reads next to nothing of them. */
export async function extentOf(
  o: Pick<ReadOptions, 'ask' | 'scope' | 'cost' | 'order' | 'signal'>,
): Promise<Extent | undefined> {
  const r = await ask(o, selectExtent(AXES[o.order].value, o.scope.sql), o.scope.params, 1);
  const [first, last, rows] = (r.rows[0] ?? []).map(Number);
  return rows === undefined || rows === 0 ? undefined : { first: first ?? 0, last: last ?? 0, rows };
}

export async function* candidatePages(o: ReadOptions): AsyncGenerator<readonly StoredEvent[]> {
  const extent = await extentOf(o);
  if (extent === undefined) {
    yield [];
    return;
  }
  let rowsMax = o.pageRows ?? PAGE_ROWS;
  let width = Math.max(1, Math.ceil(((extent.last - extent.first + 1) * SLICE_ROWS) / extent.rows));
  let low = extent.first;
  /** Behind this row of those at `low`. */
  let after: StoredEvent['id'] | undefined;
  while (low <= extent.last) {
    const high = Math.min(extent.last, low + width - 1);
    let page: readonly SqlRow[];
    try {
      page = await pageOf(o, { low, high, after, rows: rowsMax });
    } catch (e) {
      // Too much at once, or rows so large that the answer is: less of it.
      if (!(e instanceof StoreError) || e.kind === 'unavailable' || e.kind === 'aborted') throw e;
      if (rowsMax <= PAGE_ROWS_MIN && width === 1) throw e;
      rowsMax = Math.max(PAGE_ROWS_MIN, rowsMax >> 2);
      width = Math.max(1, Math.floor(width / 4));
      yield [];
      continue;
    }
    const lastRow = page.at(-1);
    if (page.length === rowsMax && lastRow !== undefined) {
      const last = fromRow(lastRow);
      const reached = AXES[o.order].of(last);
      // What is sorted at once should be some pages: as far as this one came, some times over.
      width = Math.max(1, Math.min(width, (reached - low) * SLICE_PAGES));
      low = reached;
      after = last.id;
    } else {
      low = high + 1;
      after = undefined;
      if (page.length < rowsMax / 2) width *= 4;
    }
    if (page.length === 0) yield [];
    for (let i = 0; i < page.length; i += PART_ROWS) {
      if (i > 0) await setImmediate();
      yield page.slice(i, i + PART_ROWS).map(fromRow);
    }
  }
}

type Page = {
  readonly low: number;
  readonly high: number;
  readonly after: StoredEvent['id'] | undefined;
  readonly rows: number;
};

async function pageOf(o: ReadOptions, p: Page): Promise<readonly SqlRow[]> {
  const { bound, ties, order } = AXES[o.order];
  const column = o.order === 'arrival' ? 'batch' : 'ts';
  const behind = p.after === undefined ? '' : ` AND ${ties}`;
  const r = await ask(
    o,
    selectEvents(
      `${o.where.sql} AND ${column} >= ${bound('h_low')} AND ${column} <= ${bound('h_high')}${behind}`,
      `ORDER BY ${order} LIMIT ${p.rows}`,
    ),
    {
      ...o.where.params,
      h_low: p.low,
      h_high: p.high,
      ...(p.after === undefined ? {} : { h_batch: p.after.batch, h_ord: p.after.ord, h_node: p.after.node }),
    },
    p.rows,
  );
  return r.rows;
}
