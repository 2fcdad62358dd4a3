/** The HTTP door: hands the raw body to the injected handler, which bounds, decompresses and frames it. */
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
      const { id, tenant, sources } = ctx.who;
      const answer = await ctx.deps.ingest({
        stream: ctx.request.raw,
        headers: ctx.request.headers,
        peer: ctx.from,
        token: { id, tenant, sources },
      });
      if (answer.retryAfterSeconds !== undefined) {
        ctx.reply.header('retry-after', String(answer.retryAfterSeconds));
      }
      ctx.reply.code(answer.status);
      return answer.body;
    },
  }),
];
