/** Security contract 1: deny by default, walked over the router's own list. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InjectOptions } from 'fastify';
import { ROUTES } from './route-table.ts';
import { fixture } from './api-fixture.test.ts';
import type { Permission } from './route.ts';
import type { ServedRoute } from './server.ts';

const HOUR_US = 3600 * 1e6;
const PASSWORD = 'a long password of tests';

type Caller = {
  readonly name: string;
  readonly headers: Record<string, string>;
  readonly may: readonly Permission[];
  readonly refused: number;
};

/** A request that gets as far as permissions let it; what comes after (400, 404) does not matter here. */
const ask = (r: ServedRoute, headers: Record<string, string>): InjectOptions => ({
  method: r.method as 'GET',
  url: r.path.replace(':name', 'nobody-here').replace(':id', 'ffff').replace('*', 'x.png'),
  headers: r.method === 'GET' ? headers : { 'content-type': 'application/json', ...headers },
  ...(r.method === 'GET' ? {} : { payload: '{}' }),
});

test('every route of the router x every kind of caller: only what is declared is permitted', async () => {
  const f = await fixture();
  try {
    for (const role of ['viewer', 'analyst', 'admin'] as const) await f.user(role, PASSWORD, role);
    const bearer = async (scope: 'ingest' | 'read' | 'admin', expiresAt = 0) =>
      f
        .token(scope, { expiresAt })
        .then((t) => ({ id: t.id, headers: { authorization: `Bearer ${t.text}` } }));
    const session = async (name: string) => ({ headers: { cookie: await f.login(name, PASSWORD) } });
    const idle = await session('admin');
    f.clock.us += 9 * HOUR_US;
    const revoked = await bearer('admin');
    await f.control.revokeToken(revoked.id, f.clock.us, {
      at: f.clock.us,
      who: 'test',
      from: 'local',
      action: 'token.revoke',
      object: '',
      outcome: 'ok',
      detail: '',
    });
    const ended = await session('admin');
    await f.api.app.inject({ method: 'DELETE', url: '/api/v1/session', ...ended });
    const wrongSecret = (await f.token('admin')).text.replace(/.$/, (c) => (c === 'A' ? 'B' : 'A'));
    const callers: Caller[] = [
      { name: 'no credential', headers: {}, may: ['public'], refused: 401 },
      { name: 'ingest token', ...(await bearer('ingest')), may: ['public', 'ingest'], refused: 403 },
      { name: 'read token', ...(await bearer('read')), may: ['public', 'read'], refused: 403 },
      {
        name: 'admin token',
        ...(await bearer('admin')),
        may: ['public', 'read', 'analyst', 'admin'],
        refused: 403,
      },
      { name: 'expired token', ...(await bearer('admin', f.clock.us - 1)), may: [], refused: 401 },
      { name: 'revoked token', headers: revoked.headers, may: [], refused: 401 },
      { name: 'wrong token', headers: { authorization: `Bearer ${wrongSecret}` }, may: [], refused: 401 },
      { name: 'idle session', ...idle, may: ['public'], refused: 401 },
      { name: 'ended session', ...ended, may: ['public'], refused: 401 },
      { name: 'viewer', ...(await session('viewer')), may: ['public', 'own', 'read'], refused: 403 },
      {
        name: 'analyst',
        ...(await session('analyst')),
        may: ['public', 'own', 'read', 'analyst'],
        refused: 403,
      },
      {
        name: 'admin',
        ...(await session('admin')),
        may: ['public', 'own', 'read', 'analyst', 'admin'],
        refused: 403,
      },
    ];
    let permitted = 0;
    let denied = 0;
    for (const r of f.api.routes) {
      for (const c of callers) {
        // Logging out and live streams are walked elsewhere: one would end the caller, the other never ends.
        const goesOn = c.may.includes(r.permission);
        if (goesOn && (r.path === '/api/v1/live' || (r.method === 'DELETE' && r.path === '/api/v1/session')))
          continue;
        const { statusCode, body } = await f.api.app.inject(ask(r, c.headers));
        const what = `${r.method} ${r.path} as ${c.name}: ${statusCode} ${body.slice(0, 200)}`;
        if (goesOn) {
          permitted++;
          assert.ok(![401, 403, 421, 500].includes(statusCode), what);
        } else {
          denied++;
          assert.equal(statusCode, c.refused, what);
          assert.equal(JSON.parse(body).error, c.refused === 401 ? 'unauthenticated' : 'forbidden', what);
        }
      }
    }
    assert.ok(f.api.routes.length >= 30, `saw ${f.api.routes.length} routes`);
    assert.ok(permitted > 100 && denied > 100, `${permitted} permitted, ${denied} denied`);
  } finally {
    await f.close();
  }
});

test('every route refuses another Origin and a Host that is not ours, even from an administrator', async () => {
  const f = await fixture({ hosts: ['siem.example.org'] });
  try {
    await f.user('admin', PASSWORD, 'admin');
    const cookie = await f.login('admin', PASSWORD);
    let seen = 0;
    for (const r of f.api.routes) {
      for (const origin of [
        'https://evil.example.com',
        'null',
        'http://localhost:81',
        'https://localhost:80',
      ]) {
        const { statusCode } = await f.api.app.inject(ask(r, { cookie, origin }));
        assert.equal(statusCode, 403, `${r.method} ${r.path} from ${origin}`);
      }
      for (const host of [
        'evil.example.com',
        'localhost.evil.example.com',
        '127.0.0.1.evil.example.com',
        '192.0.2.1',
      ]) {
        const { statusCode } = await f.api.app.inject(ask(r, { cookie, host }));
        assert.equal(statusCode, 421, `${r.method} ${r.path} to ${host}`);
        seen++;
      }
    }
    assert.ok(seen >= 100);
    for (const host of ['localhost', '127.0.0.1:5514', '[::1]:8080', 'SIEM.example.org:443']) {
      const r = await f.api.app.inject({
        url: '/api/v1/status/public',
        headers: { host, origin: `http://${host}` },
      });
      assert.equal(r.statusCode, 200, host);
    }
    const crossSite = { cookie, 'sec-fetch-site': 'cross-site', 'content-type': 'application/json' };
    const write = await f.api.app.inject({ method: 'DELETE', url: '/api/v1/session', headers: crossSite });
    assert.equal(write.statusCode, 403);
    const unknown = await f.api.app.inject({ url: '/api/v1/nothing', headers: { host: 'evil.example.com' } });
    assert.equal(unknown.statusCode, 421);
  } finally {
    await f.close();
  }
});

test('a route without a declaration fails at start', async () => {
  await assert.rejects(
    fixture({ extraRoutes: (app) => void app.get('/api/v1/forgotten', async () => 'secret') }),
    /declares no permission/,
  );
});

test('every mutating route declares an audit action, and no two share it', async () => {
  const f = await fixture();
  const questions = new Set(ROUTES.filter((r) => r.question === true).map((r) => r.path));
  const mutating = f.api.routes.filter((r) => r.method !== 'GET' && !questions.has(r.path));
  const actions = mutating.filter((r) => r.path !== '/api/v1/ingest').map((r) => r.audit);
  assert.ok(mutating.length >= 12, `saw ${mutating.length}`);
  assert.ok(
    !actions.includes('none'),
    mutating
      .filter((r) => r.audit === 'none')
      .map((r) => r.path)
      .join(' '),
  );
  assert.equal(new Set(actions).size, actions.length);
  await f.close();
});

test('a foreign tenant does not exist: 404 on every route that takes one, and for its alerts', async () => {
  const f = await fixture();
  try {
    f.tenants.push({ id: 'demo', title: 'Demo' });
    await f.user('admin', PASSWORD, 'admin');
    const cookie = await f.login('admin', PASSWORD);
    const token = await f.token('read', { tenant: 'default' });
    const read = { authorization: `Bearer ${token.text}` };
    const urls = [
      '/api/v1/overview?from=0&to=1&tenant=',
      '/api/v1/events/1-1-1?tenant=',
      '/api/v1/alerts?tenant=',
      '/api/v1/ledger?from=0&to=1&tenant=',
      '/api/v1/senders?tenant=',
      '/api/v1/live?tenant=',
    ];
    for (const url of urls) {
      assert.equal((await f.api.app.inject({ url: `${url}demo`, headers: read })).statusCode, 404, url);
      assert.equal(
        (await f.api.app.inject({ url: `${url}other`, headers: { cookie } })).statusCode,
        404,
        url,
      );
    }
    const search = { query: '', from: 0, to: 1, limit: 1, histogram: false };
    for (const [tenant, status] of [
      ['demo', 404],
      ['default', 200],
    ] as const) {
      const r = await f.api.app.inject({
        method: 'POST',
        url: '/api/v1/search',
        headers: read,
        payload: { ...search, tenant },
      });
      assert.equal(r.statusCode, status, r.body);
    }
    assert.equal(
      (await f.api.app.inject({ url: '/api/v1/alerts?tenant=demo', headers: { cookie } })).statusCode,
      200,
    );
  } finally {
    await f.close();
  }
});
