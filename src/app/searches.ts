/**
 * Answers of the API that come from the event store: search, overview, one event. All SQL is compiled by `src/query`; a
 * filter that remembers is judged over history (`stateful-searches.ts`), and rows whose filter SQL cannot say exactly are
 * judged again (`judged-rows.ts`). Held by `searches.test.ts` and `stateful-search.int.test.ts`.
 */
import type { EventDetail, FieldInfo, Overview, SearchRequest, SearchResult, Top } from '../api/contract.ts';
import type { QueryProblem } from '../api/deps.ts';
import { ok, type Result } from '../base/result.ts';
import { isStateful } from '../condition/stateful.ts';
import type { Lists } from '../condition/tree.ts';
import { HOT_FIELDS } from '../model/catalogue.ts';
import { eventIdText, parseEventId } from '../model/match.ts';
import type { QueryError } from '../condition/language/grammar.ts';
import { parseQuery } from '../query/parse.ts';
import type { Query } from '../query/query.ts';
import {
  type Compiled,
  type CompiledTable,
  compileCount,
  compileHasData,
  compileHistogram,
  compileRows,
  compileTable,
  eventRow,
  HINTS_MAX,
  isTable,
  type Scope,
  tableOf,
} from '../query/sql.ts';
import type { ControlStore } from '../store/control/control-store.ts';
import { StoreError, type SqlResult } from '../store/engine/client.ts';
import type { EventStore } from '../store/events.ts';
import { judgedRows } from './judged-rows.ts';
import { StatefulSearches } from './stateful-searches.ts';

export type SearchDeps = {
  readonly store: EventStore;
  readonly control: ControlStore;
  readonly lists: () => Lists;
  readonly now: () => number;
};

const SEARCH_MS_MAX = 30_000;
const OVERVIEW_MS_MAX = 15_000;
const TOP_ROWS = 8;
const BUCKETS_WANTED = 90;
const NICE_SECONDS = [
  1,
  5,
  10,
  30,
  60,
  300,
  600,
  1800,
  3600,
  3 * 3600,
  6 * 3600,
  12 * 3600,
  86_400,
  7 * 86_400,
  30 * 86_400,
  365 * 86_400,
];

/** A bucket of a round length, so that about BUCKETS_WANTED cover the range. */
export function bucketFor(from: number, to: number): number {
  const seconds = (to - from) / 1e6 / BUCKETS_WANTED;
  return (NICE_SECONDS.find((s) => s >= seconds) ?? 3650 * 86_400) * 1e6;
}

const problem = (e: QueryError): QueryProblem => ({
  kind: 'problem',
  message: e.message,
  position: { start: e.start, end: e.end },
  expected: e.expected,
  ...(e.suggestion === undefined ? {} : { suggestion: e.suggestion }),
});
const APPROXIMATE = {
  events:
    'approximate: the filter cannot be said exactly in the store, so the count may be a few too high; the events shown ' +
    'were judged one by one',
  table:
    'approximate: the filter cannot be said exactly in the store, so the table may stand on a few events too many ' +
    '(none are missing)',
};
/** The filter's remarks and the pipes', each once. */
const hintTexts = (q: Query, table: CompiledTable | undefined): string[] => [
  ...new Set([
    ...q.hints.slice(0, HINTS_MAX).map((h) => `${h.message}; did you mean "${h.suggestion}"?`),
    ...(table?.hints ?? []),
  ]),
];
type Answer = Pick<SearchResult, 'rows' | 'table' | 'rowsRead' | 'bytesRead' | 'partial'>;
const plainProblem = (message: string): QueryProblem => ({ kind: 'problem', message });

export class Searches {
  readonly #d: SearchDeps;
  readonly #stateful: StatefulSearches;

  constructor(deps: SearchDeps) {
    this.#d = deps;
    this.#stateful = new StatefulSearches(deps);
  }

  /** How many may run at once: `src/api/routes/events.ts` says it per caller, `src/store/engine/wire.ts` for the engine. */
  async search(r: SearchRequest, by: { signal: AbortSignal }): Promise<SearchResult | QueryProblem> {
    try {
      return await this.#search(r, by.signal);
    } catch (e) {
      if (e instanceof StoreError && e.kind !== 'unavailable' && e.kind !== 'aborted')
        return plainProblem(storeText(e));
      throw e;
    }
  }

  async #search(r: SearchRequest, signal: AbortSignal): Promise<SearchResult | QueryProblem> {
    const lists = this.#d.lists();
    const parsed = parseQuery(r.query, { now: this.#d.now(), lists });
    if (!parsed.ok) return problem(parsed.error);
    const scope: Scope = { tenants: [r.tenant], from: r.from, to: r.to };
    const started = performance.now();
    const q = parsed.value;
    const bucketUs = bucketFor(r.from, r.to);
    if (isStateful(q.filter)) {
      const answer = await this.#stateful.search(q, { ...r, scope, lists, bucketUs, signal });
      if (!answer.ok) return problem(answer.error);
      const { hints: said, ...rest } = answer.value;
      return { ...rest, hints: [...said, ...hintTexts(q, undefined)] };
    }
    const table = isTable(q);
    const page = { limit: r.limit, ...(r.before === undefined ? {} : { before: r.before }) };
    const main = table ? compileTable(q, scope, { lists }) : compileRows(q, scope, { lists }, page);
    if (!main.ok) return problem(main.error);
    const columns = 'columns' in main.value ? (main.value as CompiledTable) : undefined;
    const approximate = !main.value.exact;
    const kind = table ? 'table' : 'events';
    const hints = [...(approximate ? [APPROXIMATE[kind]] : []), ...hintTexts(q, columns)];
    const run = (c: Compiled, rows: number): Promise<SqlResult> => this.#run(c, signal, rows);
    const answer = async (): Promise<Result<Answer, QueryError>> => {
      if (approximate && !table) {
        const judged = await judgedRows({ query: q, scope, lists, page, run });
        return judged.ok ? ok({ ...judged.value, table: [] }) : judged;
      }
      const result = await run(main.value, table ? 10_000 : r.limit);
      return ok({
        rows: table ? [] : result.rows.map(eventRow),
        table: table ? tableOf(result) : [],
        ...result.stats,
        partial: result.partial,
      });
    };
    // Together: if one fails while the other is still waited for, both failures have somebody who hears of them.
    const [made, side] = await Promise.all([
      answer(),
      r.histogram ? this.#side(q, scope, lists, { bucketUs, signal }) : undefined,
    ]);
    if (!made.ok) return problem(made.error);
    if (side !== undefined && 'kind' in side) return side;
    const result = made.value;
    return {
      kind,
      rows: result.rows,
      columns: columns?.columns ?? [],
      table: result.table,
      total: side?.total ?? 0,
      histogram: side?.histogram ?? [],
      bucketUs,
      tookMs: Math.round(performance.now() - started),
      bytesRead: result.bytesRead + (side?.bytesRead ?? 0),
      rowsRead: result.rowsRead + (side?.rowsRead ?? 0),
      partial: result.partial || (side?.partial ?? false),
      hasData: side?.hasData ?? true,
      ...(approximate ? { approximate } : {}),
      ...(hints.length === 0 ? {} : { hints }),
    };
  }

  async #side(q: Query, scope: Scope, lists: Lists, o: { bucketUs: number; signal: AbortSignal }) {
    const histogram = compileHistogram(q, scope, { lists }, o.bucketUs);
    const count = compileCount(q, scope, { lists });
    const has = compileHasData(scope, { lists });
    if (!histogram.ok) return problem(histogram.error);
    if (!count.ok) return problem(count.error);
    if (!has.ok) return problem(has.error);
    const [h, c, d] = await Promise.all(
      [histogram, count, has].map((x) => this.#run((x as { value: Compiled }).value, o.signal, 10_000)),
    );
    const all = [h, c, d] as SqlResult[];
    return {
      histogram: (h as SqlResult).rows.map((row) => ({
        t: Number(row[0]),
        success: Number(row[1]),
        failure: Number(row[2]),
        other: Number(row[3]),
      })),
      total: Number((c as SqlResult).rows[0]?.[0] ?? 0),
      hasData: (d as SqlResult).rows.length > 0,
      bytesRead: all.reduce((n, x) => n + x.stats.bytesRead, 0),
      rowsRead: all.reduce((n, x) => n + x.stats.rowsRead, 0),
      partial: all.some((x) => x.partial),
    };
  }

  #run(
    c: Compiled,
    signal: AbortSignal | undefined,
    maxRows: number,
    timeoutMs = SEARCH_MS_MAX,
  ): Promise<SqlResult> {
    return this.#d.store.query(c.sql, c.params, {
      timeoutMs,
      maxRows,
      ...(signal === undefined ? {} : { signal }),
    });
  }

  async overview(range: { tenant: string; from: number; to: number }): Promise<Overview> {
    const lists = this.#d.lists();
    const scope: Scope = { tenants: [range.tenant], from: range.from, to: range.to };
    const bucketUs = bucketFor(range.from, range.to);
    const top = async (field: string): Promise<Top[]> => {
      const rows = await this.#table(
        `${field}:* | stats count() as n by ${field} | sort -n | head ${TOP_ROWS}`,
        scope,
      );
      return rows.map((r) => ({ value: String(r[0]), count: Number(r[1]) }));
    };
    const all = must(parseQuery('', { now: this.#d.now(), lists }));
    const h = await this.#run(
      must(compileHistogram(all, scope, { lists }, bucketUs)),
      undefined,
      10_000,
      OVERVIEW_MS_MAX,
    );
    const [topSources, topHosts, topUsers, topLogTypes, topActions] = await Promise.all(
      ['source.ip', 'host.name', 'user.name', 'vigil.source', 'event.action'].map(top),
    );
    const alerts = await this.#d.control.alertHistogram({ ...range, bucketUs });
    const points = h.rows.map((r) => ({
      t: Number(r[0]),
      success: Number(r[1]),
      failure: Number(r[2]),
      other: Number(r[3]),
    }));
    return {
      from: range.from,
      to: range.to,
      bucketUs,
      events: points.map((p) => ({ t: p.t, n: p.success + p.failure + p.other })),
      failures: points.map((p) => ({ t: p.t, n: p.failure })),
      alerts: alerts.map((a) => ({ t: a.t, bySeverity: a.bySeverity })),
      openAlerts: await this.#d.control.openAlertCounts(range.tenant),
      topSources: topSources ?? [],
      topHosts: topHosts ?? [],
      topUsers: topUsers ?? [],
      topLogTypes: topLogTypes ?? [],
      topActions: topActions ?? [],
      total: points.reduce((n, p) => n + p.success + p.failure + p.other, 0),
    };
  }

  async #table(text: string, scope: Scope): Promise<readonly (readonly unknown[])[]> {
    const lists = this.#d.lists();
    const q = must(parseQuery(text, { now: this.#d.now(), lists }));
    return (await this.#run(must(compileTable(q, scope, { lists })), undefined, 10_000, OVERVIEW_MS_MAX))
      .rows;
  }

  /** Log types per sender: what each was identified as, and how much of it no source understood. */
  async senderKinds(
    tenant: string,
    from: number,
    to: number,
  ): Promise<{ door: string; sender: string; source: string; count: number; unparsed: number }[]> {
    const scope: Scope = { tenants: [tenant], from, to };
    const by = 'by vigil.door, vigil.sender, vigil.source';
    const all = await this.#table(`| stats count() as n ${by} | sort -n | head 2000`, scope);
    const not = await this.#table(
      `NOT vigil.status:parsed | stats count() as n ${by} | sort -n | head 2000`,
      scope,
    );
    const raw = new Map(not.map((r) => [`${String(r[0])}\0${String(r[1])}\0${String(r[2])}`, Number(r[3])]));
    return all.map((r) => ({
      door: String(r[0]),
      sender: String(r[1]),
      source: String(r[2]),
      count: Number(r[3]),
      unparsed: raw.get(`${String(r[0])}\0${String(r[1])}\0${String(r[2])}`) ?? 0,
    }));
  }

  async event(tenant: string, idText: string): Promise<EventDetail | undefined> {
    const id = parseEventId(idText);
    const e = id === undefined ? undefined : await this.#d.store.eventById(tenant, id);
    if (e === undefined) return undefined;
    return {
      id: eventIdText(e.id),
      ts: e.ts,
      ingested: e.ingested,
      fields: [...e.fields.entries()].sort(([a], [b]) => (a < b ? -1 : 1)),
      raw: Buffer.from(e.raw).toString('utf8'),
      rawBase64: Buffer.from(e.raw).toString('base64'),
      entities: e.entities,
      provenance: {
        door: e.door,
        sender: e.sender,
        token: e.token,
        source: e.source,
        parser: e.parser,
        status: e.status,
        origin: e.origin,
        retention: `${e.retentionClass}, ${e.retentionDays} days`,
      },
      leaf: Buffer.from(e.leaf).toString('hex'),
    };
  }
}

export const fieldInfos = (): FieldInfo[] =>
  HOT_FIELDS.map((f) => ({ name: f.name, type: f.type, about: f.about }));

function must<T>(r: Result<T, QueryError>): T {
  if (!r.ok) throw new Error(`bug: a query of our own does not compile: ${r.error.message}`);
  return r.value;
}

function storeText(e: StoreError): string {
  if (e.kind === 'timeout')
    return 'the search took too long and was stopped; narrow the time range or the query';
  if (e.kind === 'memory')
    return 'the search needs more memory than it may use; narrow the time range or the query';
  return `the event store refused the search: ${e.message.slice(0, 300)}`;
}
