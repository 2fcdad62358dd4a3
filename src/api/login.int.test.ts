/** Security contract 2, logins: throttled without lock-out, at most two argon2 runs at once. */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import { fixture } from './api-fixture.test.ts';
import { ARGON_QUEUE_MAX, ARGON_RUNS_MAX, PasswordGate } from './password-gate.ts';

const PASSWORD = 'a long password of tests';

type Answer = { readonly status: number; readonly retryAfter: number };
function post(port: number, path: string, headers: Record<string, string>, body: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const r = request({ port, path, method: 'POST', headers, agent: false }, (res) => {
      res
        .resume()
        .on('end', () =>
          resolve({ status: res.statusCode ?? 0, retryAfter: Number(res.headers['retry-after'] ?? 0) }),
        );
    });
    r.on('error', reject);
    r.end(body);
  });
}
const login = (port: number, user: string, password: string): Promise<Answer> =>
  post(port, '/api/v1/session', { 'content-type': 'application/json' }, JSON.stringify({ user, password }));

test('200 parallel bad logins leave a correct login and ingest working', async () => {
  const f = await fixture();
  try {
    await f.user('admin', PASSWORD, 'admin');
    await f.user('bob', PASSWORD, 'viewer');
    const { port } = await f.api.listen({ host: '127.0.0.1', port: 0 });
    const token = await f.token('ingest');
    const bad = Array.from({ length: 200 }, (_, i) =>
      login(port, i % 4 === 0 ? `guess${i}` : 'admin', `wrong ${i}`),
    );
    // While they run: events come in, and the attacked account itself logs in from the very same address.
    const started = performance.now();
    const ingest = await post(port, '/api/v1/ingest', { authorization: `Bearer ${token.text}` }, 'a line');
    const ingestMs = performance.now() - started;
    let tries = 1;
    let good = await login(port, 'admin', PASSWORD);
    while (good.status === 429 && tries < 6) {
      await new Promise((r) => setTimeout(r, good.retryAfter * 1000));
      good = await login(port, 'admin', PASSWORD);
      tries++;
    }
    assert.equal(ingest.status, 200);
    assert.ok(ingestMs < 3000, `ingest took ${ingestMs.toFixed(0)} ms`);
    assert.equal(good.status, 200, `correct login after ${tries} tries`);
    const took = performance.now() - started;
    assert.ok(took < 15_000, `correct login took ${took.toFixed(0)} ms`);
    const answers = await Promise.all(bad);
    assert.ok(answers.every((a) => a.status === 401 || a.status === 429));
    assert.ok(answers.filter((a) => a.status === 429).length > 100, 'the flood is throttled');
    const judged = answers.filter((a, i) => i % 4 !== 0 && a.status === 401).length;
    assert.ok(judged <= 16, `${judged} guesses at one account from one address were judged`);
    const audit = await f.control.auditPage({ limit: 500 });
    const wrong = audit.filter((a) => a.action === 'login' && a.outcome === 'wrong');
    assert.equal(
      wrong.length,
      answers.filter((a) => a.status === 401).length,
      'every judged failure is audited',
    );
    assert.ok(
      audit.some((a) => a.action === 'login' && a.outcome === 'too_many'),
      'and the throttled ones, folded',
    );
    assert.ok(wrong.every((a) => a.who.startsWith('claims:')));
  } finally {
    await f.close();
  }
});

test('at most 2 argon2 runs at once, the queue bounded, a known caller first', async () => {
  const gate = new PasswordGate();
  const hash = await gate.hash('x');
  let refused = 0;
  let firstDone = 0;
  let done = 0;
  const all = Array.from({ length: ARGON_QUEUE_MAX + 10 }, () =>
    gate.verify(hash, 'y').then(
      () => done++,
      () => refused++,
    ),
  );
  const known = gate.verify(hash, 'x', true).then((ok) => {
    assert.ok(ok);
    firstDone = done;
  });
  await Promise.all([...all, known]);
  assert.equal(gate.peak, ARGON_RUNS_MAX);
  assert.ok(refused >= 8, `${refused} refused`);
  assert.ok(firstDone < 6, `${firstDone} went before the known caller`);
});

test('an unknown user and a wrong password get the same answer', async () => {
  const f = await fixture();
  await f.user('admin', PASSWORD, 'admin');
  const ask = (user: string) =>
    f.api.app.inject({ method: 'POST', url: '/api/v1/session', payload: { user, password: 'wrong' } });
  const [a, b] = [await ask('admin'), await ask('nobody-there')];
  assert.deepEqual([a.statusCode, a.body], [b.statusCode, b.body]);
  assert.equal(a.statusCode, 401);
  await f.close();
});
