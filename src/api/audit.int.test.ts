/** Security contract 12: what people answer for is on record, and no way leads to changing it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Alert } from '../model/alert.ts';
import { fixture } from './api-fixture.test.ts';

const PASSWORD = 'a long password of tests';
const alertOf = (id: string, at: number): Alert => ({
  id,
  tenant: 'default',
  origin: 'live',
  rule: 'r',
  ruleTitle: 'R',
  ruleVersion: '1',
  author: '',
  key: [],
  severity: 'high',
  sentence: 's',
  attack: [],
  status: 'new',
  assignee: '',
  reason: '',
  firstSeen: at,
  lastSeen: at,
  openedAt: at,
  updatedAt: at,
  count: 1,
  entities: [],
  hosts: [],
  hostCount: 0,
  events: [],
  eventRefs: [],
  nextSteps: [],
  steps: [],
  late: false,
  follows: '',
});

test('every login, failure, search and change is audited with who, where from, what, before and after', async () => {
  const f = await fixture();
  try {
    await f.user('ada', PASSWORD, 'admin');
    await f.user('eve', PASSWORD, 'viewer');
    const alerts = [{ kind: 'opened' as const, alert: alertOf('a1', f.clock.us) }];
    f.control.commitBatch({
      through: 1,
      alerts,
      ledger: [],
      outbox: [],
      checkpoints: [],
      dedup: [],
      ruleStats: [],
    });
    const cookie = await f.login('ada', PASSWORD);
    const eve = await f.login('eve', PASSWORD);
    const call = async (
      method: 'POST' | 'PUT' | 'DELETE',
      url: string,
      payload?: object,
      who = cookie,
    ): Promise<number> => {
      const r = await f.api.app.inject({
        method,
        url,
        headers: { cookie: who },
        remoteAddress: '192.0.2.77',
        ...(payload === undefined ? {} : { payload }),
      });
      return r.statusCode;
    };
    const statuses = [
      await call('POST', '/api/v1/session', { user: 'ada', password: 'wrong' }),
      await call('POST', '/api/v1/search', {
        tenant: 'default',
        query: 'user.name:root',
        from: 1,
        to: 2,
        limit: 1,
        histogram: false,
      }),
      await call('POST', '/api/v1/alerts/a1/status', { status: 'closed', reason: 'test' }),
      await call('POST', '/api/v1/alerts/a1/assignee', { assignee: 'eve' }),
      await call('POST', '/api/v1/alerts/a1/note', { text: 'seen' }),
      await call('PUT', '/api/v1/lists/vips', { kind: 'text', values: ['a', 'b'] }),
      await call('PUT', '/api/v1/lists/vips', { kind: 'text', values: ['b', 'c'] }),
      await call('POST', '/api/v1/users', { name: 'bob', role: 'viewer' }),
      await call('POST', '/api/v1/users/bob/role', { role: 'analyst' }),
      await call('POST', '/api/v1/users/bob/password'),
      await call('DELETE', '/api/v1/users/bob'),
      await call('POST', '/api/v1/tokens', { name: 't', scope: 'ingest', sources: ['sshd'] }),
      await call('POST', '/api/v1/alerts/a1/status', { status: 'new' }, eve),
      await call('DELETE', '/api/v1/session'),
    ];
    assert.deepEqual(statuses, [401, 200, 200, 200, 200, 200, 200, 200, 204, 200, 204, 200, 403, 204]);
    const entries = (await f.control.auditPage({ limit: 100 }))
      .filter((a) => a.from === '192.0.2.77')
      .reverse();
    const all = entries.map((a) => [a.who, a.action, a.object, a.outcome]);
    const token = entries.find((a) => a.action === 'token.create')?.object;
    const ada = 'user:ada';
    assert.deepEqual(all, [
      ['claims:ada', 'login', 'ada', 'wrong'],
      [ada, 'search', 'default', 'asked'],
      [ada, 'alert.status', 'a1', 'ok'],
      [ada, 'alert.assignee', 'a1', 'ok'],
      [ada, 'alert.note', 'a1', 'ok'],
      [ada, 'list.set', 'vips', 'ok'],
      [ada, 'list.set', 'vips', 'ok'],
      [ada, 'user.create', 'bob', 'ok'],
      [ada, 'user.role', 'bob', 'ok'],
      [ada, 'user.password', 'bob', 'ok'],
      [ada, 'user.delete', 'bob', 'ok'],
      [ada, 'token.create', token, 'ok'],
      ['user:eve', 'alert.status', 'POST /api/v1/alerts/:id/status', 'forbidden'],
      [ada, 'logout', 'ada', 'ok'],
    ]);
    const detail = (action: string, n = 0) =>
      JSON.parse(entries.filter((a) => a.action === action)[n]?.detail ?? 'null');
    assert.deepEqual(detail('alert.status'), { before: 'new', after: 'closed', reason: 'test' });
    assert.deepEqual(detail('list.set', 1), {
      kind: 'text',
      added: ['c'],
      addedCount: 1,
      removed: ['a'],
      removedCount: 1,
    });
    assert.deepEqual(detail('user.role'), { before: 'viewer', after: 'analyst' });
    assert.equal(detail('search').query, 'user.name:root');
    assert.equal(detail('token.create').token, '***');
  } finally {
    await f.close();
  }
});

test('no route edits or deletes the audit', async () => {
  const f = await fixture();
  const routes = f.api.routes.filter((r) => r.path.includes('audit'));
  assert.deepEqual(
    routes.map((r) => r.method),
    ['GET'],
  );
  await f.close();
});

test('a flood of refused requests is folded in the audit', async () => {
  const f = await fixture();
  try {
    for (let i = 0; i < 300; i++) {
      await f.api.app.inject({ url: '/api/v1/alerts', headers: { authorization: `Bearer nonsense${i}` } });
    }
    f.clock.us += 61e6;
    await f.api.app.inject({ url: '/api/v1/alerts', headers: { authorization: 'Bearer nonsense' } });
    const entries = await f.control.auditPage({ limit: 500 });
    assert.deepEqual(
      entries.map((a) => [a.action, a.outcome]),
      [
        ['access', 'unauthenticated'],
        ['access', 'unauthenticated'],
      ],
    );
    assert.match(entries[0]?.detail ?? '', /and 299 more/);
  } finally {
    await f.close();
  }
});
