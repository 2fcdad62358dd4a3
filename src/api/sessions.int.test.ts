/** Security contract 2: sessions, tokens, live streams. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Fixture, fixture } from './api-fixture.test.ts';
import { STREAMS_PER_IDENTITY_MAX } from './live-hub.ts';
import { SESSION_IDLE_US, SESSION_MAX_US } from './identity.ts';

const PASSWORD = 'a long password of tests';
const NEXT = 'another long password';

async function withFixture(f: (x: Fixture) => Promise<void>, options = {}): Promise<void> {
  const x = await fixture(options);
  try {
    await x.user('admin', PASSWORD, 'admin');
    await f(x);
  } finally {
    await x.close();
  }
}
const me = async (x: Fixture, cookie: string): Promise<number> =>
  (await x.api.app.inject({ url: '/api/v1/session', headers: { cookie } })).statusCode;

test('a login gives a new 128-bit id in an HttpOnly, SameSite=Strict cookie that is stored hashed only', () =>
  withFixture(async (x) => {
    const planted = 'vigil=AAAAAAAAAAAAAAAAAAAAAA';
    const r = await x.api.app.inject({
      method: 'POST',
      url: '/api/v1/session',
      headers: { cookie: planted },
      payload: { user: 'admin', password: PASSWORD },
    });
    const set = String(r.headers['set-cookie']);
    assert.match(set, /^vigil=[A-Za-z0-9_-]{22}; Path=\/; HttpOnly; SameSite=Strict$/);
    assert.equal(await me(x, planted), 401);
    const id = set.slice(6, 28);
    assert.equal(await me(x, `vigil=${id}`), 200);
    assert.notEqual(await x.login('admin', PASSWORD), `vigil=${id}`);
    for (const end of ['', '-wal']) assert.ok(!readFileSync(join(x.dir, `control.db${end}`)).includes(id));
  }));

test('a session ends by idleness, by age, by logout', () =>
  withFixture(async (x) => {
    const idle = await x.login('admin', PASSWORD);
    x.clock.us += SESSION_IDLE_US - 60e6;
    assert.equal(await me(x, idle), 200, 'use keeps it');
    x.clock.us += SESSION_IDLE_US - 60e6;
    assert.equal(await me(x, idle), 200);
    x.clock.us += SESSION_IDLE_US + 1e6;
    assert.equal(await me(x, idle), 401, 'idle');
    const old = await x.login('admin', PASSWORD);
    for (let used = 0; used < SESSION_MAX_US - 3600e6; used += 3600e6) {
      x.clock.us += 3600e6;
      assert.equal(await me(x, old), 200);
    }
    x.clock.us += 3600e6;
    assert.equal(await me(x, old), 401, 'absolute');
    const out = await x.login('admin', PASSWORD);
    const r = await x.api.app.inject({ method: 'DELETE', url: '/api/v1/session', headers: { cookie: out } });
    assert.equal(r.statusCode, 204);
    assert.equal(await me(x, out), 401, 'logout');
  }));

test('a change of password or role ends all sessions of the user', () =>
  withFixture(async (x) => {
    await x.user('bob', PASSWORD, 'analyst');
    const [a, b, bob] = [
      await x.login('admin', PASSWORD),
      await x.login('admin', PASSWORD),
      await x.login('bob', PASSWORD),
    ];
    const post = (url: string, cookie: string, payload: object) =>
      x.api.app.inject({ method: 'POST', url, headers: { cookie }, payload });
    const wrong = await post('/api/v1/session/password', a, { current: 'not it, sorry', next: NEXT });
    assert.equal(wrong.statusCode, 401);
    assert.equal(
      (await post('/api/v1/session/password', a, { current: PASSWORD, next: 'short' })).statusCode,
      400,
    );
    assert.equal((await post('/api/v1/users/bob/role', a, { role: 'viewer' })).statusCode, 204);
    assert.equal(await me(x, bob), 401, 'role');
    assert.equal(
      (await post('/api/v1/session/password', a, { current: PASSWORD, next: NEXT })).statusCode,
      204,
    );
    assert.deepEqual([await me(x, a), await me(x, b)], [401, 401], 'password');
    const again = await x.login('admin', NEXT);
    assert.equal(
      (await post('/api/v1/users/admin/role', again, { role: 'viewer' })).statusCode,
      409,
      'last administrator',
    );
    const reset = await post('/api/v1/users/bob/password', again, {});
    const cookie = await x.login('bob', reset.json().password);
    const shut = await x.api.app.inject({ url: '/api/v1/alerts', headers: { cookie } });
    assert.equal(shut.json().error, 'must_change_password');
    assert.equal(await me(x, cookie), 200);
  }));

function stream(port: number, headers: Record<string, string>): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request({ port, path: '/api/v1/live', headers }, resolve).on('error', reject).end();
  });
}
const ended = (r: IncomingMessage, ms: number): Promise<boolean> =>
  new Promise((resolve) => {
    const late = setTimeout(() => resolve(false), ms);
    r.resume().on('close', () => {
      clearTimeout(late);
      resolve(true);
    });
  });

test('open streams of an ended session, a revoked token and a changed role close within 5 s', () =>
  withFixture(async (x) => {
    await x.user('bob', PASSWORD, 'analyst');
    const { port } = await x.api.listen({ host: '127.0.0.1', port: 0 });
    const cookie = await x.login('admin', PASSWORD);
    const stays = await x.login('admin', PASSWORD);
    const token = await x.token('read');
    const of = (headers: Record<string, string>) => stream(port, headers);
    const streams = [
      await of({ cookie }),
      await of({ authorization: `Bearer ${token.text}` }),
      await of({ cookie: await x.login('bob', PASSWORD) }),
    ];
    const open = await of({ cookie: stays });
    const text = new Promise<string>((r) => open.once('data', (d) => r(String(d))));
    assert.equal(open.headers['content-type'], 'text/event-stream; charset=utf-8');
    assert.equal(open.headers['cache-control'], 'no-store');
    assert.match(await text, /^: welcome/);
    const admin = (method: 'DELETE' | 'POST', url: string, payload?: object) =>
      x.api.app.inject({
        method,
        url,
        headers: { cookie: stays },
        ...(payload === undefined ? {} : { payload }),
      });
    const closing = streams.map((s) => ended(s, 5000));
    assert.equal(
      (await x.api.app.inject({ method: 'DELETE', url: '/api/v1/session', headers: { cookie } })).statusCode,
      204,
    );
    assert.equal((await admin('DELETE', `/api/v1/tokens/${token.id}`)).statusCode, 204);
    assert.equal((await admin('POST', '/api/v1/users/bob/role', { role: 'viewer' })).statusCode, 204);
    assert.deepEqual(await Promise.all(closing), [true, true, true]);
    const message = new Promise<string>((r) =>
      open.on('data', (d) => String(d).includes('event: ') && r(String(d))),
    );
    x.emit({ kind: 'rate', at: 1, eventsPerSecond: 2, pending: 0, openAlerts: 0 });
    assert.equal(
      await message,
      'event: rate\ndata: {"kind":"rate","at":1,"eventsPerSecond":2,"pending":0,"openAlerts":0}\n\n',
    );
    open.destroy();
  }));

test('the number of live streams per caller is bounded', () =>
  withFixture(async (x) => {
    const { port } = await x.api.listen({ host: '127.0.0.1', port: 0 });
    const cookie = await x.login('admin', PASSWORD);
    const all: IncomingMessage[] = [];
    for (let i = 0; i <= STREAMS_PER_IDENTITY_MAX; i++) all.push(await stream(port, { cookie }));
    assert.equal(all.at(-1)?.statusCode, 429);
    assert.equal(all.at(-2)?.statusCode, 200);
    for (const s of all) s.destroy();
  }));

test('a token is shown once, stored hashed, refused in a URL, and its use from a new address is audited once', () =>
  withFixture(async (x) => {
    const cookie = await x.login('admin', PASSWORD);
    const made = await x.api.app.inject({
      method: 'POST',
      url: '/api/v1/tokens',
      headers: { cookie },
      payload: { name: '__proto__', scope: 'read' },
    });
    const { token, info } = made.json();
    assert.match(token, /^vgl_[0-9a-f]{12}_[A-Za-z0-9_-]{43}$/);
    const list = await x.api.app.inject({ url: '/api/v1/tokens', headers: { cookie } });
    assert.equal(list.json()[0].name, '__proto__');
    const secret = token.slice(17);
    assert.ok(!list.body.includes(secret));
    for (const url of [
      `/api/v1/alerts?token=${token}`,
      `/api/v1/alerts?access_token=${token}`,
      `/${token}`,
    ]) {
      const r = await x.api.app.inject({ url, headers: { cookie } });
      assert.equal(r.json().error, 'secret_in_url', url);
    }
    const use = (remoteAddress: string) =>
      x.api.app.inject({
        url: '/api/v1/alerts',
        headers: { authorization: `Bearer ${token}` },
        remoteAddress,
      });
    for (const from of ['192.0.2.1', '192.0.2.1', '192.0.2.2'])
      assert.equal((await use(from)).statusCode, 200);
    const uses = (await x.control.auditPage({ limit: 100 })).filter((a) => a.action === 'token.use');
    assert.deepEqual(uses.map((a) => [a.who, a.from]).reverse(), [
      [`token:${info.id}`, '192.0.2.1'],
      [`token:${info.id}`, '192.0.2.2'],
    ]);
    assert.ok(((await x.control.token(info.id))?.lastUsed ?? 0) > 0);
    for (const end of ['', '-wal'])
      assert.ok(!readFileSync(join(x.dir, `control.db${end}`)).includes(secret));
  }));

test('names like __proto__ are ordinary names of users and lists', () =>
  withFixture(async (x) => {
    const cookie = await x.login('admin', PASSWORD);
    for (const name of ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty']) {
      const user = await x.api.app.inject({
        method: 'POST',
        url: '/api/v1/users',
        headers: { cookie },
        payload: { name, role: 'viewer' },
      });
      assert.equal(user.statusCode, 200, user.body);
      assert.equal((await x.control.user(name))?.role, 'viewer');
      const list = await x.api.app.inject({
        method: 'PUT',
        url: `/api/v1/lists/${name}`,
        headers: { cookie },
        payload: { kind: 'text', values: [name] },
      });
      assert.equal(list.json().name, name);
    }
    const key = await x.api.app.inject({
      method: 'POST',
      url: '/api/v1/users',
      headers: { cookie, 'content-type': 'application/json' },
      payload: '{"name":"carl","role":"viewer","__proto__":{"role":"admin"}}',
    });
    assert.equal(key.statusCode, 400);
    assert.equal(x.control.lists().length, 5);
    assert.equal(({} as { role?: unknown }).role, undefined);
    const twin = await x.api.app.inject({
      method: 'POST',
      url: '/api/v1/users',
      headers: { cookie },
      payload: { name: 'Admin', role: 'viewer' },
    });
    assert.equal(twin.statusCode, 409);
    const pose = await x.api.app.inject({
      method: 'POST',
      url: '/api/v1/users',
      headers: { cookie },
      payload: { name: 'Vigil', role: 'viewer' },
    });
    assert.equal(pose.statusCode, 400);
  }));
