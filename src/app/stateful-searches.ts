/**
 * Searches whose filter remembers, from question to answer: judged over history (`stateful-search.ts`), then shown and piped
 * by naming the events found. What was judged is kept for a minute, for the next page and for other pipes behind the same
 * filter, and who asks the same meanwhile waits for it too. Held by `stateful-search.int.test.ts`.
 */
import { createHash } from 'node:crypto';
import type { SearchRequest, SearchResult } from '../api/contract.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { QueryError } from '../condition/language/grammar.ts';
import { print } from '../condition/print.ts';
import { type Condition, type Lists, EVERYTHING } from '../condition/tree.ts';
import { LEARN_DAYS } from '../detect/memory/usual.ts';
import { parseEventId } from '../model/match.ts';
import type { Query } from '../query/query.ts';
import {
  type Compiled,
  compileHasData,
  compileRows,
  compileTable,
  eventRow,
  isTable,
  ONLY_MAX,
  type Scope,
  tableOf,
} from '../query/sql.ts';
import { StoreError, type SqlResult } from '../store/engine/client.ts';
import type { EventStore } from '../store/events.ts';
import { type Found, type FoundEvent, judgeSearch, newestFirst } from './stateful-search.ts';
import { type SearchRule, searchRule } from './stateful-search-rule.ts';

/** Judged at once, in all: each holds its candidates' counts in memory and takes the main thread's time. */
export const STATEFUL_MAX = 2;
/** The whole search, milliseconds; the least that is left for rows and pipes. */
const SEARCH_MS_MAX = 30_000;
const REST_MS_MIN = 3000;
/** What was judged is known for this long, milliseconds, of so many searches. */
const KEPT_MS = 60_000;
const KEPT_MAX = 4;
const TENANTS_KEPT_MAX = 1000;
const TABLE_ROWS_MAX = 10_000;
const DAY_US = 86_400e6;

export type StatefulDeps = {
  readonly store: Pick<EventStore, 'query' | 'firstReceived'>;
  readonly now: () => number;
};
export type StatefulRequest = Pick<SearchRequest, 'limit' | 'before' | 'histogram'> & {
  readonly scope: Scope;
  readonly lists: Lists;
  readonly bucketUs: number;
  readonly signal: AbortSignal;
};
type Answer = SearchResult & { readonly hints: readonly string[] };
type Judged = { readonly found: Found; readonly firstReceived: number | undefined };

const refused = (message: string): Result<never, QueryError> =>
  err({ message, start: 0, end: 0, expected: [] });

export class StatefulSearches {
  readonly #d: StatefulDeps;
  readonly #kept = new Map<string, Kept>();
  readonly #first = new Map<string, { readonly first: Promise<number | undefined>; readonly at: number }>();
  #running = 0;

  constructor(deps: StatefulDeps) {
    this.#d = deps;
  }

  async search(q: Query, r: StatefulRequest): Promise<Result<Answer, QueryError>> {
    const began = performance.now();
    const rule = searchRule(q.filter, print(q.filter));
    if (!rule.ok) return refused(rule.error);
    // A pipe or a subsearch that is wrong is said before anything is judged.
    const checked = this.#show(q, r, []);
    if (!checked.ok) return checked;
    const judged = await this.#judged(q.filter, rule.value, r);
    if (!judged.ok) return judged;
    const { found } = judged.value;
    const problem = found.problems[0];
    if (problem !== undefined) return refused(problem.reason);

    const table = isTable(q);
    const named = table ? found.events.slice(0, ONLY_MAX) : pageOf(found.events, q, r);
    const shown = this.#show(q, r, named);
    if (!shown.ok) return shown;
    const timeoutMs = Math.max(REST_MS_MIN, Math.round(SEARCH_MS_MAX - (performance.now() - began)));
    const run = (c: Compiled, maxRows: number): Promise<SqlResult> =>
      this.#d.store.query(c.sql, c.params, { timeoutMs, maxRows, signal: r.signal });
    const has = compileHasData(r.scope, { lists: r.lists });
    if (!has.ok) return has;
    const [result, data] = await Promise.all([
      run(shown.value.compiled, table ? TABLE_ROWS_MAX : r.limit),
      found.total > 0 || !r.histogram ? undefined : run(has.value, 1),
    ]);
    const cut = table && found.total > named.length;
    return ok({
      kind: table ? 'table' : 'events',
      rows: table ? [] : result.rows.map(eventRow),
      columns: shown.value.columns,
      table: table ? tableOf(result) : [],
      total: found.total,
      histogram: r.histogram ? found.histogram : [],
      bucketUs: r.bucketUs,
      tookMs: Math.round(performance.now() - began),
      bytesRead: found.bytesRead + result.stats.bytesRead + (data?.stats.bytesRead ?? 0),
      rowsRead: found.rowsRead + result.stats.rowsRead + (data?.stats.rowsRead ?? 0),
      partial: result.partial || found.stopped !== '' || found.forgotten > 0 || cut,
      hasData: data === undefined || data.rows.length > 0,
      hints: [...notes(judged.value, rule.value, r), ...(cut ? [CUT] : []), ...shown.value.hints],
    });
  }

  /** The statement that shows these events, newest first, or what the pipes make of them. */
  #show(
    q: Query,
    r: StatefulRequest,
    only: readonly FoundEvent[],
  ): Result<
    { readonly compiled: Compiled; readonly columns: readonly string[]; readonly hints: readonly string[] },
    QueryError
  > {
    const [scope, env] = [{ ...r.scope, only }, { lists: r.lists }];
    const query = { filter: EVERYTHING, pipes: q.pipes };
    if (isTable(q)) {
      const made = compileTable(query, scope, env);
      return made.ok
        ? ok({ compiled: made.value, columns: made.value.columns, hints: made.value.hints })
        : made;
    }
    const made = compileRows(query, scope, env, { limit: r.limit });
    return made.ok ? ok({ compiled: made.value, columns: [], hints: [] }) : made;
  }

  /** What is known, or under way, is shared; who gives up takes it from the others only where there are none. */
  async #judged(
    filter: Condition,
    rule: SearchRule,
    r: StatefulRequest,
  ): Promise<Result<Judged, QueryError>> {
    const key = keyOf(filter, r);
    const now = performance.now();
    for (const [k, v] of this.#kept) if (v.at !== undefined && now - v.at > KEPT_MS) this.#kept.delete(k);
    const known = this.#kept.get(key);
    if (known !== undefined && !known.stop.signal.aborted) return ok(await waited(known, r.signal));
    if (this.#running >= STATEFUL_MAX)
      return refused(
        `${STATEFUL_MAX} searches that count over earlier events run already, wait for one to end`,
      );
    return ok(await waited(this.#begin(key, rule, r), r.signal));
  }

  #begin(key: string, rule: SearchRule, r: StatefulRequest): Kept {
    const stop = new AbortController();
    this.#running++;
    const judged = this.#judge(rule, r, stop.signal).finally(() => {
      this.#running--;
    });
    const kept: Kept = { judged, stop, waiting: 0, at: undefined };
    makeRoom(this.#kept, KEPT_MAX);
    this.#kept.set(key, kept);
    judged.then(
      () => {
        kept.at = performance.now();
      },
      () => {
        if (this.#kept.get(key) === kept) this.#kept.delete(key);
      },
    );
    return kept;
  }

  async #judge(rule: SearchRule, r: StatefulRequest, signal: AbortSignal): Promise<Judged> {
    const [tenant] = r.scope.tenants;
    const firstReceived = tenant === undefined ? undefined : await this.#firstReceived(tenant);
    const found = await judgeSearch({
      ask: (sql, params, options) => this.#d.store.query(sql, params, options),
      rule,
      scope: r.scope,
      lists: r.lists,
      bucketUs: r.bucketUs,
      firstReceived,
      now: this.#d.now(),
      signal,
    });
    return { found, firstReceived };
  }

  /** The store reads all of a tenant for it, and it hardly ever changes. */
  #firstReceived(tenant: string): Promise<number | undefined> {
    const now = performance.now();
    for (const [k, v] of this.#first) if (now - v.at > KEPT_MS) this.#first.delete(k);
    const known = this.#first.get(tenant);
    if (known !== undefined) return known.first;
    const kept = { first: this.#d.store.firstReceived(tenant), at: now };
    makeRoom(this.#first, TENANTS_KEPT_MAX);
    this.#first.set(tenant, kept);
    const drop = (): void => {
      if (this.#first.get(tenant) === kept) this.#first.delete(tenant);
    };
    // A tenant that had nothing may have something soon.
    kept.first.then((first) => (first === undefined ? drop() : undefined), drop);
    return kept.first;
  }
}

/** What is under way until `at` is set. */
type Kept = {
  readonly judged: Promise<Judged>;
  readonly stop: AbortController;
  waiting: number;
  at: number | undefined;
};

/** For as long as the caller wants it. When nobody waits any more it is stopped. */
async function waited(k: Kept, signal: AbortSignal): Promise<Judged> {
  const { promise: givenUp, reject } = Promise.withResolvers<never>();
  const giveUp = (): void => reject(new StoreError('aborted', 0, 'the search was given up'));
  k.waiting++;
  signal.addEventListener('abort', giveUp, { once: true });
  if (signal.aborted) giveUp();
  try {
    return await Promise.race([givenUp, k.judged]);
  } finally {
    signal.removeEventListener('abort', giveUp);
    k.waiting--;
    if (k.waiting === 0 && k.at === undefined) k.stop.abort();
  }
}

/** Forgets the oldest where there are as many as there may be. */
function makeRoom(kept: Map<string, unknown>, max: number): void {
  const oldest = kept.keys().next();
  if (kept.size >= max && oldest.done !== true) kept.delete(oldest.value);
}

function pageOf(events: readonly FoundEvent[], q: Query, r: StatefulRequest): readonly FoundEvent[] {
  let from = 0;
  if (r.before !== undefined) {
    const id = parseEventId(r.before.id);
    if (id === undefined) return [];
    const last = { id, ts: r.before.ts };
    from = events.findIndex((e) => newestFirst(e, last) > 0);
    if (from < 0) return [];
  }
  const most = q.pipes.reduce((n, p) => (p.kind === 'head' ? Math.min(n, p.rows) : n), r.limit);
  return events.slice(from, from + Math.min(most, ONLY_MAX));
}

/** Equal where the same is asked of the same lists, tenants, rows and range. */
const keyOf = (filter: Condition, r: StatefulRequest): string =>
  createHash('sha256')
    .update(JSON.stringify([filter, r.scope, r.bucketUs, [...r.lists]]))
    .digest('base64');

const CUT = `the pipes got the newest ${ONLY_MAX} events found: narrow the range for the whole`;
const spanText = (us: number): string =>
  us >= DAY_US ? `${Math.round(us / DAY_US)} days` : `${Math.round(us / 60e6)} minutes`;
const timeText = (us: number): string => `${new Date(us / 1000).toISOString().slice(0, 19)}Z`;

/** What the person should know of how it was judged. */
function notes({ found, firstReceived }: Judged, rule: SearchRule, r: StatefulRequest): string[] {
  const out = [
    'judged over history like a rule: these are the events at which the condition held, by the lists as they are now ' +
      `(${found.candidates} events looked at)`,
  ];
  if (found.stopped !== '')
    out.push(
      `it was stopped (${found.stopped}) at ${timeText(found.reached)}: later events are not judged; narrow the range or ` +
        'what is counted',
    );
  if (found.forgotten > 0)
    out.push(`${found.forgotten} keys did not fit into memory, so some events may be missing`);
  if (found.learned !== undefined && found.learned < LEARN_DAYS)
    out.push(
      `the baseline is still learning: ${found.learned} of ${LEARN_DAYS} days; until then no comparison with it holds`,
    );
  const looks = Math.max(0, ...rule.rule.terms.map((t) => t.span));
  if (rule.rule.deferred && firstReceived !== undefined && firstReceived > r.scope.from - looks)
    out.push(
      `the store holds what came since ${timeText(firstReceived)}, the condition looks back ` +
        `${spanText(looks)}: what happened before is unknown`,
    );
  return out;
}
