/** Every route of the API, in one table: what the router serves, what the documentation says, what the tests walk. */
import { docsCss, docsHtml } from './docs-page.ts';
import { openApi } from './openapi.ts';
import { HANDLED, type Route, route } from './route.ts';
import { alertRoutes } from './routes/alerts.ts';
import { backtestRoutes } from './routes/backtest.ts';
import { eventRoutes } from './routes/events.ts';
import { assistRoutes } from './routes/assist.ts';
import { ingestRoutes } from './routes/ingest.ts';
import { listRoutes } from './routes/lists.ts';
import { ruleRoutes } from './routes/rules.ts';
import { sessionRoutes } from './routes/session.ts';
import { accessRoutes } from './routes/users.ts';

const docRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/v1/openapi.json',
    permission: 'read',
    audit: 'none',
    summary: 'This API as an OpenAPI 3.1 document.',
    answer: 'OpenAPI 3.1',
    run: async (ctx) => openApi(ROUTES, ctx.deps.version),
  }),
  route({
    method: 'GET',
    path: '/api/docs',
    permission: 'read',
    audit: 'none',
    summary: 'This API as a page for people.',
    answer: 'text/html',
    run: async (ctx) => {
      ctx.reply.type('text/html; charset=utf-8').send(docsHtml(ROUTES, ctx.deps.version));
      return HANDLED;
    },
  }),
  route({
    method: 'GET',
    path: '/api/docs.css',
    permission: 'public',
    audit: 'none',
    summary: 'Style of the page for people.',
    answer: 'text/css',
    run: async (ctx) => {
      ctx.reply.type('text/css; charset=utf-8').send(docsCss);
      return HANDLED;
    },
  }),
];

export const ROUTES: readonly Route[] = [
  ...sessionRoutes,
  ...eventRoutes,
  ...assistRoutes,
  ...alertRoutes,
  ...backtestRoutes,
  ...listRoutes,
  ...ruleRoutes,
  ...accessRoutes,
  ...ingestRoutes,
  ...docRoutes,
];
