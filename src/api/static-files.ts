/**
 * The console's files. Anything that is no file and not below `/api` is the console itself (it reads the path). Hashed files
 * under `assets/` may be kept by the browser, the page itself not.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { notFound } from './errors.ts';
import { isApiPath } from './guard.ts';

const ASSET_AGE_S = 365 * 24 * 3600;
const FILE = /\.[a-z0-9]{1,8}$/i;
const NOT_BUILT = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Vigil</title></head>
<body><h1>Vigil runs</h1><p>The console is not built: start Vigil with <code>npm start</code>, which builds it.</p></body></html>`;

export async function registerStatic(app: FastifyInstance, root: string | undefined): Promise<void> {
  const built = root !== undefined && existsSync(join(root, 'index.html'));
  if (built) {
    await app.register(fastifyStatic, {
      root,
      serve: false,
      dotfiles: 'deny',
      cacheControl: false,
      index: false,
    });
  }
  app.get('/*', { config: { vigil: { permission: 'public', audit: 'none' } } }, async (request, reply) => {
    if (isApiPath(request.url)) throw notFound('page');
    if (!built) return reply.type('text/html; charset=utf-8').send(NOT_BUILT);
    const path = (request.params as { '*': string })['*'];
    if (!FILE.test(path)) return reply.header('cache-control', 'no-cache').sendFile('index.html');
    const kept = path.startsWith('assets/');
    return reply
      .header('cache-control', kept ? `public, max-age=${ASSET_AGE_S}, immutable` : 'no-cache')
      .sendFile(path);
  });
}
