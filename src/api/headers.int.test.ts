/** Security contract 10 (headers), the console's files, the documentation, error bodies, the ingest door. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type Fixture, fixture } from './api-fixture.test.ts';
import type { IngestRequest } from './deps.ts';
import { ROUTES } from './route-table.ts';

const PASSWORD = 'a long password of tests';

async function withFixture(
  options: Parameters<typeof fixture>[0],
  f: (x: Fixture, cookie: string) => Promise<void>,
): Promise<void> {
  const x = await fixture(options);
  try {
    await x.user('admin', PASSWORD, 'admin');
    await f(x, await x.login('admin', PASSWORD));
  } finally {
    await x.close();
  }
}

test('every answer carries the security headers, API answers are never stored', () =>
  withFixture({}, async (x, cookie) => {
    const urls = [
      '/',
      '/search?q=1',
      '/api/docs',
      '/api/docs.css',
      '/api/v1/openapi.json',
      '/api/v1/status/public',
      '/api/v1/alerts',
      '/api/v1/nothing',
      '/api/v1/alerts?limit=x',
      '/%zz',
      '/api/v1/events/%zz',
    ];
    for (const url of urls) {
      for (const headers of [
        { cookie },
        {},
        { cookie, host: 'evil.example.com' },
        { cookie, origin: 'http://evil.example.com' },
      ]) {
        const r = await x.api.app.inject({ url, headers });
        const csp = String(r.headers['content-security-policy']);
        for (const part of [
          "default-src 'none'",
          "script-src 'self'",
          "style-src 'self'",
          "frame-ancestors 'none'",
          "base-uri 'none'",
          "require-trusted-types-for 'script'",
        ]) {
          assert.ok(csp.includes(part), `${url}: ${part}`);
        }
        assert.ok(!/unsafe|\*|https?:/.test(csp), url);
        assert.equal(r.headers['x-content-type-options'], 'nosniff', url);
        assert.equal(r.headers['referrer-policy'], 'no-referrer', url);
        assert.equal(r.headers['access-control-allow-origin'], undefined);
        if (url.startsWith('/api')) assert.equal(r.headers['cache-control'], 'no-store', url);
      }
    }
  }));

test('the console is served from its folder, and nothing outside it', async () => {
  const root = mkdtempSync(join(tmpdir(), 'vigil-web-'));
  const web = join(root, 'dist');
  mkdirSync(join(web, 'assets'), { recursive: true });
  writeFileSync(join(root, 'secret.txt'), 'secret');
  writeFileSync(join(web, 'index.html'), '<!doctype html>console');
  writeFileSync(join(web, 'assets', 'app-1.js'), 'run()');
  writeFileSync(join(web, '.env'), 'secret');
  await withFixture({ webRoot: web }, async (x) => {
    const get = (url: string) => x.api.app.inject({ url });
    for (const url of ['/', '/search', '/alerts/abc?x=1', '/alerts/a/b']) {
      const r = await get(url);
      assert.equal(r.body, '<!doctype html>console', url);
      assert.equal(r.headers['cache-control'], 'no-cache');
      assert.match(String(r.headers['content-type']), /^text\/html/);
    }
    const js = await get('/assets/app-1.js');
    assert.equal(js.body, 'run()');
    assert.match(String(js.headers['content-type']), /javascript/);
    assert.match(String(js.headers['cache-control']), /immutable/);
    for (const url of [
      '/../secret.txt',
      '/..%2fsecret.txt',
      '/assets/..%2f..%2fsecret.txt',
      '/%2e%2e/secret.txt',
      '/.env',
      '/x.png',
      '/assets/gone.js',
      '//secret.txt',
    ]) {
      const r = await get(url);
      assert.ok(!r.body.includes('secret'), url);
      assert.ok([400, 403, 404].includes(r.statusCode), `${url}: ${r.statusCode}`);
    }
    for (const url of ['/api', '/api/', '/api/v2/x', '/api/v1/x.js'])
      assert.equal((await get(url)).json().error, 'not_found', url);
  });
  rmSync(root, { recursive: true });
});

test('the documentation names every route and holds no script', () =>
  withFixture({}, async (x, cookie) => {
    const doc = (await x.api.app.inject({ url: '/api/v1/openapi.json', headers: { cookie } })).json();
    const page = (await x.api.app.inject({ url: '/api/docs', headers: { cookie } })).body;
    assert.equal(doc.openapi, '3.1.0');
    assert.ok(ROUTES.length >= 30);
    for (const r of ROUTES) {
      const op = doc.paths[r.path.replace(/:(\w+)/g, '{$1}')]?.[r.method.toLowerCase()];
      assert.equal(op?.summary, r.summary, r.path);
      assert.ok(page.includes(`<b>${r.method}</b> ${r.path}`), r.path);
    }
    assert.ok(!/<script|style=|<style|\son\w+=|https?:/i.test(page));
    // The other way round: nothing is served that the table does not name, but for the console's files.
    const known = new Set(ROUTES.map((r) => `${r.method} ${r.path}`));
    assert.deepEqual(
      x.api.routes.filter((r) => !known.has(`${r.method} ${r.path}`)).map((r) => r.path),
      ['/*'],
    );
  }));

test('errors are ApiError: where, what, and for queries the position', () =>
  withFixture(
    {
      deps: {
        search: async ({ query }) => {
          if (query === 'crash') throw new Error('inner secret');
          return {
            kind: 'problem',
            message: 'unknown word',
            position: { start: 2, end: 5 },
            expected: ['AND', 'OR'],
            suggestion: 'AND',
          };
        },
      },
    },
    async (x, cookie) => {
      const post = (payload: string | object, type = 'application/json') =>
        x.api.app.inject({
          method: 'POST',
          url: '/api/v1/search',
          headers: { cookie, 'content-type': type },
          payload,
        });
      const body = { tenant: 'default', query: 'a ADN b', from: 0, to: 1, limit: 10, histogram: false };
      const r = await post(body);
      assert.equal(r.statusCode, 400);
      assert.deepEqual(r.json(), {
        error: 'bad_query',
        message: 'unknown word',
        position: { start: 2, end: 5 },
        expected: ['AND', 'OR'],
        suggestion: 'AND',
      });
      assert.match((await post({ ...body, limit: 501 })).json().message, /^body\.limit: between 1 and 500/);
      assert.match((await post({ ...body, from: 1 })).json().message, /before/);
      assert.match((await post('{"tenant":')).json().message, /^body: not JSON/);
      assert.equal((await post('{}', 'text/plain')).statusCode, 415);
      assert.equal((await post('{}', 'application/x-www-form-urlencoded')).statusCode, 415);
      assert.equal((await post({ ...body, query: 'x'.repeat(70_000) })).statusCode, 413);
      const crash = await post({ ...body, query: 'crash' });
      assert.equal(crash.statusCode, 500);
      assert.ok(!crash.body.includes('inner'));
      assert.ok(x.logged.some((l) => l.includes('inner secret')));
      const gone = await x.api.app.inject({ url: '/api/v1/alerts/abc', headers: { cookie } });
      assert.deepEqual(gone.json(), { error: 'not_found', message: 'alert abc not found' });
    },
  ));

test('searches at once are bounded per caller, and end when the asker leaves', async () => {
  const waiting: (() => void)[] = [];
  const signals: AbortSignal[] = [];
  const search = (_r: unknown, by: { signal: AbortSignal }) =>
    new Promise<never>((_, stop) => {
      signals.push(by.signal);
      by.signal.addEventListener('abort', () => stop(new Error('gone')));
      waiting.push(() => stop(new Error('done')));
    });
  await withFixture({ deps: { search } }, async (x, cookie) => {
    const { port } = await x.api.listen({ host: '127.0.0.1', port: 0 });
    const leave = new AbortController();
    const ask = (signal?: AbortSignal) =>
      fetch(`http://127.0.0.1:${port}/api/v1/search`, {
        method: 'POST',
        headers: { cookie, 'content-type': 'application/json' },
        body: JSON.stringify({ tenant: 'default', query: '', from: 0, to: 1, limit: 1, histogram: false }),
        ...(signal === undefined ? {} : { signal }),
      });
    const until = async (ok: () => boolean) => {
      for (let i = 0; i < 200 && !ok(); i++) await new Promise((r) => setTimeout(r, 10));
      assert.ok(ok());
    };
    const first = ask(leave.signal).catch(() => undefined);
    const more = [ask(), ask(), ask()];
    await until(() => waiting.length === 4);
    assert.equal((await ask()).status, 429);
    leave.abort();
    await first;
    await until(() => signals.some((s) => s.aborted));
    const again = ask();
    await until(() => waiting.length === 5);
    for (const f of waiting) f();
    await Promise.all([...more, again]);
  });
});

test('ingest hands over the raw stream, whatever its type, with the token, and passes the answer on', async () => {
  const seen: { request: IngestRequest; body: Buffer }[] = [];
  const ingest = async (request: IngestRequest) => {
    const chunks: Buffer[] = [];
    for await (const c of request.stream) chunks.push(c as Buffer);
    const body = Buffer.concat(chunks);
    seen.push({ request, body });
    return body.length === 0
      ? { status: 503, body: { error: 'unavailable', message: 'full' }, retryAfterSeconds: 2 }
      : { status: 200, body: { accepted: 1, duplicate: false } };
  };
  await withFixture({ ingest }, async (x) => {
    const { id, text } = await x.token('ingest');
    const post = (payload: Buffer, headers: Record<string, string>) =>
      x.api.app.inject({
        method: 'POST',
        url: '/api/v1/ingest',
        headers: { authorization: `Bearer ${text}`, ...headers },
        payload,
      });
    const bodies: readonly [Buffer, Record<string, string>][] = [
      [Buffer.from('{"a":1'), { 'content-type': 'application/json' }],
      [Buffer.from([0, 255, 10]), { 'content-type': 'application/octet-stream' }],
      [gzipSync('line'), { 'content-type': 'text/plain', 'content-encoding': 'gzip' }],
      [Buffer.alloc(300_000, 97), {}],
    ];
    for (const [payload, headers] of bodies) {
      const r = await post(payload, headers);
      assert.deepEqual([r.statusCode, r.json()], [200, { accepted: 1, duplicate: false }]);
      assert.deepEqual(seen.at(-1)?.body, payload);
      assert.deepEqual(seen.at(-1)?.request.token, { id, tenant: 'default', sources: [] });
      assert.equal(seen.at(-1)?.request.peer, '127.0.0.1');
    }
    const full = await post(Buffer.alloc(0), {});
    assert.deepEqual([full.statusCode, full.headers['retry-after']], [503, '2']);
  });
});
