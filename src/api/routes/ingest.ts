/** The HTTP door: hands the raw body to the injected handler, which bounds, decompresses and frames it. */
import type { Readable } from 'node:stream';
import { fail } from '../errors.ts';
import { type Route, route } from '../route.ts';

export const ingestRoutes: readonly Route[] = [
  route({
    method: 'POST',
    path: '/api/v1/ingest',
    permission: 'ingest',
    audit: 'none',
    summary: 'Send events: JSON, NDJSON or text lines, gzip or zstd. Answered once they are on disk.',
    answer: 'IngestResult',
    rawBody: true,
    run: async (ctx) => {
      if (ctx.who.kind !== 'token') throw fail('forbidden', 'an ingest token is needed');
      const who = { token: ctx.who.id, tenant: ctx.who.tenant, sources: ctx.who.sources, sender: ctx.from };
      const body: Readable = ctx.request.raw;
      const answer = await ctx.deps.ingest(body, ctx.request.headers, who);
      if (answer.retryAfter !== undefined) ctx.reply.header('retry-after', String(answer.retryAfter));
      ctx.reply.code(answer.status);
      return answer.body;
    },
  }),
];
