import assert from 'node:assert/strict';
import test from 'node:test';
import { ATTEMPT_WINDOW_US, Attempts, WEIGHT_MAX } from './attempts.ts';
import { type Fields, matchedOf, T0 } from './testing.ts';

const FIELDS: Fields = {
  'host.name': 'web01.example.com',
  'process.pid': 1234,
  'event.action': 'ssh_login',
  'event.outcome': 'failure',
  'user.name': 'root',
  'source.ip': '10.0.1.5',
  'source.port': 50022,
};
type Channel = { readonly door: string; readonly sender: string };
const JOURNAL: Channel = { door: 'journal', sender: 'web01' };
const SYSLOG: Channel = { door: 'syslog-tcp', sender: '192.0.2.7' };
const seen = (a: Attempts, c: Channel, more: Fields = {}, ts = T0): number =>
  a.count(matchedOf({ rules: ['fail'], ts, fields: { ...FIELDS, ...more }, ...c }));

test('the same message by two doors counts once, whichever comes first', () => {
  const a = new Attempts();
  assert.equal(seen(a, JOURNAL), 1);
  assert.equal(seen(a, SYSLOG, { 'host.name': 'WEB01' }, T0 + 1e6), 0);
  assert.equal(a.duplicates, 1);
});

test('repetitions by one door all count; the other door repeats them for nothing', () => {
  const a = new Attempts();
  assert.deepEqual(
    [1, 2, 3].map(() => seen(a, JOURNAL)),
    [1, 1, 1],
  );
  assert.deepEqual(
    [1, 2, 3, 4].map(() => seen(a, SYSLOG)),
    [0, 0, 0, 1],
  );
});

test('"message repeated 5 times" beside six single messages', () => {
  const a = new Attempts();
  assert.equal(seen(a, SYSLOG), 1);
  assert.equal(seen(a, SYSLOG, { 'vigil.count': 5 }), 5);
  for (let i = 0; i < 6; i++) assert.equal(seen(a, JOURNAL), 0);
  assert.equal(seen(a, JOURNAL), 1);
  assert.equal(seen(new Attempts(), SYSLOG, { 'vigil.count': 10 ** 9 }), WEIGHT_MAX);
});

test('different attempts are not confused', () => {
  const a = new Attempts();
  for (const more of [
    {},
    { 'process.pid': 1235 },
    { 'source.ip': '10.0.1.6' },
    { 'host.name': 'db01' },
    { 'event.outcome': 'success' },
  ])
    assert.equal(seen(a, JOURNAL, more), 1);
  assert.equal(a.count(matchedOf({ rules: [], ts: T0, fields: FIELDS, ...SYSLOG, tenant: 'other' })), 1);
  assert.equal(a.count(matchedOf({ rules: [], ts: T0, fields: FIELDS, ...SYSLOG, origin: 'import' })), 1);
});

test("the audit daemon's record of an sshd attempt, without port and user, is the same attempt", () => {
  const a = new Attempts();
  assert.equal(seen(a, JOURNAL), 1);
  assert.equal(seen(a, SYSLOG, { 'user.name': 'eva', 'source.port': 1 }), 0, 'one process, one connection');
  const login = { 'event.action': 'vpn_login' };
  assert.equal(seen(a, JOURNAL, login), 1);
  assert.equal(
    seen(a, SYSLOG, { ...login, 'user.name': 'eva' }),
    1,
    'elsewhere the user tells attempts apart',
  );
  assert.equal(seen(a, SYSLOG, { ...login, 'source.port': 1 }), 1);
});

test('the same process number much later is another attempt', () => {
  const a = new Attempts();
  assert.equal(seen(a, JOURNAL), 1);
  assert.equal(seen(a, SYSLOG, {}, T0 + ATTEMPT_WINDOW_US + 1), 1);
});

test('without an identity everything counts', () => {
  const a = new Attempts();
  const bare: Fields = { 'event.action': 'vpn_login', 'event.outcome': 'failure', 'source.ip': '10.0.1.5' };
  for (const c of [JOURNAL, SYSLOG])
    assert.equal(a.count(matchedOf({ rules: [], ts: T0, fields: bare, ...c })), 1);
});

test('memory is bounded, forgetting is counted, state survives', () => {
  const a = new Attempts(10);
  for (let i = 0; i < 25; i++) seen(a, JOURNAL, { 'process.pid': i });
  assert.equal(a.evicted, 15);
  assert.equal(a.state().length, 10);
  const b = Attempts.from(JSON.parse(JSON.stringify(a.state())) as ReturnType<Attempts['state']>, 10);
  assert.equal(seen(b, SYSLOG, { 'process.pid': 24 }), 0);
  assert.equal(seen(b, SYSLOG, { 'process.pid': 1 }), 1);
});
