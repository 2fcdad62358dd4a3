/** Security contract 3 (API part): the first password and the offline reset, and no secret anywhere it can be read. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Fixture, fixture } from './api-fixture.test.ts';
import { ensureAdmin, resetPassword } from './first-admin.ts';

async function withFixture(f: (x: Fixture) => Promise<void>): Promise<void> {
  const x = await fixture();
  try {
    await f(x);
  } finally {
    await x.close();
  }
}

test('on a terminal the first password is printed once and never written', () =>
  withFixture(async (x) => {
    const out: string[] = [];
    const h = { isTTY: true, folder: x.dir, print: (l: string) => void out.push(l), now: x.clock.us };
    assert.deepEqual(await ensureAdmin(x.control, h), { file: '' });
    const password = /password (\S+) /.exec(out[0] ?? '')?.[1] ?? '';
    assert.match(password, /^(\w{5}-){3}\w{5}$/);
    await x.login('admin', password);
    assert.equal(await ensureAdmin(x.control, h), undefined);
    assert.equal(out.length, 1);
    assert.ok(!readdirSync(x.dir).some((f) => f.startsWith('password')));
  }));

test('without a terminal the first password goes to a 0600 file and only its path is printed', () =>
  withFixture(async (x) => {
    const out: string[] = [];
    const path = join(x.dir, 'password-admin.txt');
    // A planted link must not lead the password elsewhere.
    const elsewhere = join(x.dir, 'elsewhere');
    writeFileSync(elsewhere, '');
    symlinkSync(elsewhere, path);
    const h = { isTTY: false, folder: x.dir, print: (l: string) => void out.push(l), now: x.clock.us };
    assert.deepEqual(await ensureAdmin(x.control, h), { file: path });
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(readFileSync(elsewhere, 'utf8'), '');
    const password = readFileSync(path, 'utf8').trim();
    await x.login('admin', password);
    assert.ok(out.length === 1 && out[0]?.includes(path) && !out[0].includes(password));
  }));

test('a password is reset without the server, and ends the sessions', () =>
  withFixture(async (x) => {
    await x.user('ada', 'a long password of tests', 'admin');
    const cookie = await x.login('ada', 'a long password of tests');
    const out: string[] = [];
    const h = { isTTY: true, folder: x.dir, print: (l: string) => void out.push(l), now: x.clock.us };
    assert.equal(await resetPassword(x.control, 'bob', h), 'unknown');
    assert.equal(await resetPassword(x.control, 'ada', h), 'done');
    assert.equal((await x.api.app.inject({ url: '/api/v1/session', headers: { cookie } })).statusCode, 401);
    await x.login('ada', /password (\S+) /.exec(out[0] ?? '')?.[1] ?? '');
    const [last] = (await x.control.auditPage({ limit: 10 })).filter((a) => a.action === 'user.password');
    assert.deepEqual([last?.who, last?.from, last?.object], ['local', 'local', 'ada']);
  }));

test('canary: passwords, session ids and tokens are in no log, answer, error, audit entry or file', () =>
  withFixture(async (x) => {
    const first = 'canary-password-1';
    const next = 'canary-password-2';
    const wrong = 'canary-password-3';
    await x.user('admin', first, 'admin');
    const answers: string[] = [];
    const call = async (
      method: 'GET' | 'POST' | 'DELETE',
      url: string,
      headers: Record<string, string>,
      payload?: object,
    ) => {
      const r = await x.api.app.inject({
        method,
        url,
        headers,
        ...(payload === undefined ? {} : { payload }),
      });
      answers.push(r.body);
      return r;
    };
    const cookie = await x.login('admin', first);
    const made = await x.api.app.inject({
      method: 'POST',
      url: '/api/v1/tokens',
      headers: { cookie },
      payload: { name: 'n', scope: 'admin' },
    });
    const token: string = made.json().token;
    const bearer = { authorization: `Bearer ${token}` };
    await call('POST', '/api/v1/session', {}, { user: 'admin', password: wrong });
    await call('POST', '/api/v1/session', {}, { user: 'admin', password: wrong, extra: wrong });
    await call('GET', `/api/v1/alerts?token=${token}`, {});
    await call('GET', '/api/v1/alerts', { authorization: `Bearer ${token}x` });
    await call('GET', '/api/v1/alerts', { authorization: `Basic ${token}` });
    await call('POST', '/api/v1/users', bearer, { name: 'bob', role: 'viewer', password: next });
    await call('GET', '/api/v1/users', bearer);
    await call('GET', '/api/v1/tokens', bearer);
    await call('POST', '/api/v1/session/password', { cookie }, { current: first, next });
    await call('GET', '/api/v1/audit', bearer);
    const secrets = [first, next, wrong, cookie.split('=')[1] ?? '', token.slice(17)];
    const places = new Map<string, string>([
      ['log', x.logged.join('\n')],
      ['answers', answers.join('\n')],
      ['audit', JSON.stringify(await x.control.auditPage({ limit: 500 }))],
    ]);
    for (const f of readdirSync(x.dir)) places.set(f, readFileSync(join(x.dir, f), 'latin1'));
    assert.ok(places.size >= 4 && existsSync(join(x.dir, 'control.db')));
    for (const [place, text] of places) {
      for (const s of secrets) assert.ok(!text.includes(s), `${s.slice(0, 8)}... in ${place}`);
    }
  }));
