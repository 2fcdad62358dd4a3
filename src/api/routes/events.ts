/** Overview, search, single events, fields, ledger, senders, status, live. */
import { parseEventId } from '../../model/match.ts';
import type { PublicStatus } from '../contract.ts';
import { badInput, fail, notFound } from '../errors.ts';
import { type Ctx, HANDLED, type Route, route } from '../route.ts';
import { bool, int, obj, opt, str } from '../schema.ts';
import { optTime, seeTenant, seeTenants, tenantName, time } from './tenant.ts';

/** UTF-16 units of a query. */
const QUERY_CHARS_MAX = 16 * 1024;
export const SEARCH_ROWS_MAX = 500;
/** Searches at once, per caller and in all; the rest is answered 429. */
const SEARCHES_PER_CALLER_MAX = 4;
const SEARCHES_MAX = 12;

const running = new WeakMap<Ctx['deps'], Map<string, number>>();

/** Runs a search within the limits. @throws ApiFailure 429 */
async function limited<T>(ctx: Ctx, run: () => Promise<T>): Promise<T> {
  const counts = running.get(ctx.deps) ?? new Map<string, number>();
  running.set(ctx.deps, counts);
  const mine = counts.get(ctx.whoText) ?? 0;
  const all = [...counts.values()].reduce((a, b) => a + b, 0);
  if (mine >= SEARCHES_PER_CALLER_MAX || all >= SEARCHES_MAX) {
    throw fail('too_many', 'too many searches at once, wait for one to end', { retryAfter: 1 });
  }
  counts.set(ctx.whoText, mine + 1);
  try {
    return await run();
  } finally {
    const left = (counts.get(ctx.whoText) ?? 1) - 1;
    if (left === 0) counts.delete(ctx.whoText);
    else counts.set(ctx.whoText, left);
  }
}

function range(from: number, to: number): void {
  if (from >= to) throw badInput('from: must be before to');
}

const searchBody = obj({
  tenant: tenantName,
  query: str({ max: QUERY_CHARS_MAX }),
  from: time,
  to: time,
  limit: int(1, SEARCH_ROWS_MAX),
  before: opt(
    obj({ ts: int(-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER), id: str({ min: 1, max: 64 }) }),
  ),
  histogram: bool(),
});

const search = route({
  method: 'POST',
  path: '/api/v1/search',
  permission: 'read',
  audit: 'search',
  summary: 'Search events, or tabulate them with pipes. Query errors say where and what was expected.',
  answer: 'SearchResult',
  body: searchBody,
  run: async (ctx, { body }) => {
    seeTenant(ctx, body.tenant);
    range(body.from, body.to);
    const { before, ...rest } = body;
    const request = before === undefined ? rest : { ...rest, before };
    return limited(ctx, async () => {
      // Before it runs: what was asked is on record even if the answer never comes.
      await ctx.deps.control.audit(
        ctx.audit(body.tenant, 'asked', { query: body.query, from: body.from, to: body.to }),
      );
      const result = await ctx.deps.search(request, { signal: ctx.signal });
      if (result.kind !== 'problem') return result;
      const { kind: _, message, ...where } = result;
      throw fail('bad_query', message, where);
    });
  },
});

const overview = route({
  method: 'GET',
  path: '/api/v1/overview',
  permission: 'read',
  audit: 'none',
  summary: 'Counts over time, open alerts, top talkers.',
  answer: 'Overview',
  query: obj({ tenant: opt(tenantName), from: time, to: time }),
  run: async (ctx, { query }) => {
    range(query.from, query.to);
    return limited(ctx, () =>
      ctx.deps.overview({ tenant: seeTenant(ctx, query.tenant), from: query.from, to: query.to }),
    );
  },
});

const event = route({
  method: 'GET',
  path: '/api/v1/events/:id',
  permission: 'read',
  audit: 'none',
  summary: 'One event with all fields, raw bytes and provenance.',
  answer: 'EventDetail',
  params: obj({ id: str({ min: 1, max: 64 }) }),
  query: obj({ tenant: opt(tenantName) }),
  run: async (ctx, { params, query }) => {
    const tenant = seeTenant(ctx, query.tenant);
    if (parseEventId(params.id) === undefined) throw badInput('path.id: an event id looks like 1-20-300');
    const found = await ctx.deps.event(tenant, params.id);
    if (found === undefined) throw notFound(`event ${params.id}`);
    return found;
  },
});

const live = route({
  method: 'GET',
  path: '/api/v1/live',
  permission: 'read',
  audit: 'none',
  summary: 'Server-sent events: the rate once a second, and each alert change.',
  answer: 'text/event-stream of LiveMessage',
  query: obj({ tenant: opt(tenantName) }),
  run: async (ctx, { query }) => {
    const tenants = seeTenants(ctx, query.tenant);
    ctx.hub.open(ctx.reply, ctx.who, (send) => ctx.deps.live(tenants, send));
    return HANDLED;
  },
});

export const eventRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/v1/status/public',
    permission: 'public',
    audit: 'none',
    summary: 'Name, version, and whether the demo runs.',
    answer: 'PublicStatus',
    run: async (ctx): Promise<PublicStatus> => ({
      name: 'Vigil',
      version: ctx.deps.version,
      demo: ctx.deps.demo(),
    }),
  }),
  overview,
  live,
  search,
  route({
    method: 'GET',
    path: '/api/v1/fields',
    permission: 'read',
    audit: 'none',
    summary: 'Known fields, for completion.',
    answer: 'FieldInfo[]',
    run: async (ctx) => ctx.deps.fields(),
  }),
  event,
  route({
    method: 'GET',
    path: '/api/v1/ledger',
    permission: 'read',
    audit: 'none',
    summary: 'The balanced ledger, in total and per minute of receipt.',
    answer: 'LedgerReport',
    query: obj({ tenant: opt(tenantName), from: time, to: time }),
    run: async (ctx, { query }) => {
      range(query.from, query.to);
      return ctx.deps.ledger({ tenants: seeTenants(ctx, query.tenant), from: query.from, to: query.to });
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/senders',
    permission: 'read',
    audit: 'none',
    summary: 'Who sends, what, and whether it adds up.',
    answer: 'SenderInfo[]',
    query: obj({ tenant: opt(tenantName) }),
    run: async (ctx, { query }) => ctx.deps.senders(seeTenants(ctx, query.tenant)),
  }),
  route({
    method: 'GET',
    path: '/api/v1/status',
    permission: 'read',
    audit: 'none',
    summary: 'State of collectors, store and journal, with warnings.',
    answer: 'Status',
    run: async (ctx) => ctx.deps.status(),
  }),
  route({
    method: 'GET',
    path: '/api/v1/audit',
    permission: 'admin',
    audit: 'none',
    summary: 'The audit, newest first; `before` is the time of the last entry shown.',
    answer: 'AuditEntry[]',
    query: obj({ before: optTime, limit: opt(int(1, 500)) }),
    run: async (ctx, { query }) =>
      ctx.deps.control.auditPage({
        ...(query.before === undefined ? {} : { before: query.before }),
        limit: query.limit ?? 100,
      }),
  }),
];
