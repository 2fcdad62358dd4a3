/**
 * Security contract 16: whatever weakens detection raises an alert that its actor cannot make go away. Every mutating route of
 * the table is audited, and its action is classified.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isClassified, WEAKENED_RULE, weakeningOf } from '../model/weakening.ts';
import { fixture } from './api-fixture.test.ts';
import { ROUTES } from './route-table.ts';

const PASSWORD = 'a long password of tests';

test('every mutating route is audited and its action is classified as weakening or not', () => {
  const mutating = ROUTES.filter(
    (r) => r.method !== 'GET' && r.path !== '/api/v1/ingest' && r.question !== true,
  );
  const questions = ROUTES.filter((r) => r.question === true).map((r) => r.path);
  assert.deepEqual(questions, ['/api/v1/search/assist'], 'whoever adds one says so here');
  assert.ok(mutating.length >= 18, `saw ${mutating.length} mutating routes`);
  const wrong = mutating.filter((r) => r.audit === 'none' || !isClassified(r.audit));
  assert.deepEqual(
    wrong.map((r) => `${r.method} ${r.path}: ${r.audit}`),
    [],
    'add the action to src/model/weakening.ts: does it weaken detection?',
  );
});

test('what weakens and what does not', () => {
  const judge = (action: string, detail: unknown, outcome = 'ok', who = 'user:ada') =>
    weakeningOf({ who, action, object: 'x', outcome, detail: JSON.stringify(detail) })?.severity;
  const modes = ['off', 'shadow', 'risk', 'alerting'];
  for (const [i, before] of modes.entries())
    for (const [j, after] of modes.entries())
      assert.equal(judge('rule.mode', { before, after }) !== undefined, j < i, `${before} to ${after}`);
  assert.equal(judge('rule.mode', { before: 'alerting', after: 'off', level: 'critical' }), 'high');
  assert.equal(judge('rule.exception', { title: 't', rules: ['r'], level: 'low' }), 'medium');
  assert.equal(judge('rule.exception.end', {}), undefined);
  assert.equal(judge('rule.rollback', { to: 1 }), 'medium');
  assert.equal(judge('list.set', { addedCount: 1, removedCount: 0 }), 'medium');
  assert.equal(judge('token.revoke', { name: 'fw' }), 'medium');
  assert.equal(judge('user.role', { before: 'viewer', after: 'admin' }), 'medium');
  assert.equal(judge('user.role', { before: 'admin', after: 'viewer' }), undefined);
  assert.equal(judge('user.create', { role: 'analyst' }), 'medium');
  assert.equal(judge('user.create', { role: 'viewer' }), undefined);
  assert.equal(judge('token.create', { scope: 'admin' }), 'medium');
  assert.equal(judge('token.create', { scope: 'ingest' }), undefined);
  assert.equal(judge('rules.changed', { edited: ['r'], editedCount: 1 }), 'medium');
  assert.equal(judge('rules.changed', { removed: ['r'], removedCount: 1 }), 'medium');
  assert.equal(judge('rules.changed', { filters: ['f'], filtersCount: 1 }), 'medium');
  assert.equal(judge('rules.changed', { added: ['r'], addedCount: 1, editedCount: 0 }), undefined);
  assert.equal(judge('config.changed', { weaker: ['retention of auth shortened'] }), 'high');
  assert.equal(judge('list.set', {}, 'forbidden'), undefined, 'a refused change changes nothing');
  assert.equal(judge('list.set', {}, 'ok', 'vigil'), undefined, 'Vigil itself');
});

test('a changed list raises an alert that its actor, and her token, cannot close, and somebody else can', async () => {
  const f = await fixture();
  try {
    for (const name of ['ada', 'bob']) await f.user(name, PASSWORD, 'admin');
    const ada = await f.login('ada', PASSWORD);
    const bob = await f.login('bob', PASSWORD);
    const raised: string[] = [];
    f.control.onRaised((r) => void raised.push(r.kind));
    f.control.noticeChannels(['webhook']);
    const call = async (
      who: Record<string, string>,
      method: 'PUT' | 'POST',
      url: string,
      payload: object,
    ) => {
      const r = await f.api.app.inject({ method, url, headers: who, payload });
      return { status: r.statusCode, body: r.json() as Record<string, unknown> };
    };
    const set = (values: string[]) =>
      call({ cookie: ada }, 'PUT', '/api/v1/lists/approved_cas', { kind: 'text', values });
    assert.equal((await set(['Evil CA'])).status, 200);
    const open = async () =>
      (await f.control.alertPage({ tenant: 'default', sort: 'newest', limit: 50 })).alerts.filter(
        (a) => a.rule === WEAKENED_RULE,
      );
    const [alert] = await open();
    assert.ok(alert);
    assert.equal(alert.actor, 'user:ada');
    assert.match(alert.sentence, /^user:ada changed the list "approved_cas": 1 members added, 0 removed$/);
    assert.equal(f.control.dueOutbox(f.clock.us + 1e9, 10).filter((o) => o.alert === alert.id).length, 1);

    // A second change is told in the same alert.
    await set(['Evil CA', 'Worse CA']);
    await set([]);
    assert.deepEqual(
      (await open()).map((a) => [a.id, a.count]),
      [[alert.id, 3]],
    );
    assert.deepEqual(raised, ['opened', 'updated', 'updated']);

    const close = (who: Record<string, string>, status = 'closed') =>
      call(who, 'POST', `/api/v1/alerts/${alert.id}/status`, { status, reason: 'fine' });
    for (const status of ['closed', 'acknowledged']) {
      const r = await close({ cookie: ada }, status);
      assert.equal(r.status, 403, status);
      assert.match(String(r.body['message']), /somebody else/);
    }
    const made = await call({ cookie: ada }, 'POST', '/api/v1/tokens', { name: 't', scope: 'admin' });
    const token = { authorization: `Bearer ${String(made.body['token'])}` };
    assert.equal((await close(token)).status, 403, 'a token acts for its maker');
    const second = await call(token, 'POST', '/api/v1/tokens', { name: 'u', scope: 'admin' });
    const other = { authorization: `Bearer ${String(second.body['token'])}` };
    assert.equal((await close(other)).status, 403, 'and so does a token made by it');
    assert.equal((await close({ cookie: bob })).status, 200);

    // After it was closed, what comes next opens a new one.
    await set(['Evil CA']);
    const after = await open();
    assert.deepEqual(
      after.filter((a) => a.actor === 'user:ada').map((a) => [a.status, a.follows !== '']),
      [
        ['new', true],
        ['closed', false],
      ],
    );
    // What the token did is an alert of its own actor, which its maker cannot close either.
    const tokens = after.find((a) => a.actor?.startsWith('token:'));
    assert.ok(tokens);
    const r = await call({ cookie: ada }, 'POST', `/api/v1/alerts/${tokens.id}/status`, { status: 'closed' });
    assert.equal(r.status, 403);
  } finally {
    await f.close();
  }
});

test('whoever acts for the actor, by however many tokens, cannot close the alert; who is in no chain with her can', async () => {
  const f = await fixture();
  try {
    for (const name of ['ada', 'bob']) await f.user(name, PASSWORD, 'admin');
    const cookies = { ada: await f.login('ada', PASSWORD), bob: await f.login('bob', PASSWORD) };
    type Who = Record<string, string>;
    const call = async (headers: Who, method: 'PUT' | 'POST', url: string, payload: object) =>
      f.api.app.inject({ method, url: `/api/v1${url}`, headers, payload });
    const tokenOf = async (who: Who): Promise<Who> => {
      const made = await call(who, 'POST', '/tokens', { name: 't', scope: 'admin' });
      return { authorization: `Bearer ${String((made.json() as { token: string }).token)}` };
    };
    const chain: Who[] = [{ cookie: cookies.ada }];
    for (let i = 0; i < 12; i++) chain.push(await tokenOf(chain.at(-1) as Who));
    const bobs = [{ cookie: cookies.bob }, await tokenOf({ cookie: cookies.bob })];
    const values = (who: number) => ({ kind: 'text', values: [`CA ${who}`] });
    // By the second token, and by one beyond the cap of the chain.
    for (const actor of [2, 12]) {
      assert.equal(
        (await call(chain[actor] as Who, 'PUT', '/lists/approved_cas', values(actor))).statusCode,
        200,
      );
      const { alerts } = await f.control.alertPage({ tenant: 'default', sort: 'newest', limit: 50 });
      const about = alerts.find((a) => a.sentence.includes('the list') && a.status === 'new');
      assert.ok(about?.actor?.startsWith('token:') === true);
      const { id } = about;
      const close = async (who: Who) =>
        (await call(who, 'POST', `/alerts/${id}/status`, { status: 'closed' })).statusCode;
      for (const [i, who] of chain.entries())
        assert.equal(await close(who), 403, `${i} closes that of ${actor}`);
      assert.equal(await close(bobs[actor === 2 ? 1 : 0] as Who), 200, 'somebody else');
    }
  } finally {
    await f.close();
  }
});

test('the alert and the change are one transaction: where the change fails there is none', async () => {
  const f = await fixture();
  try {
    await f.user('ada', PASSWORD, 'admin');
    const cookie = await f.login('ada', PASSWORD);
    const r = await f.api.app.inject({
      method: 'POST',
      url: '/api/v1/users/nobody-there/role',
      headers: { cookie },
      payload: { role: 'admin' },
    });
    assert.equal(r.statusCode, 404);
    const page = await f.control.alertPage({ tenant: 'default', sort: 'newest', limit: 50 });
    assert.equal(page.total, 0);
  } finally {
    await f.close();
  }
});
