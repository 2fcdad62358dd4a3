import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LoginThrottle, THROTTLE_ENTRIES_MAX } from './login-throttle.ts';
import { throttleAddress } from './routes/session.ts';

const S = 1e6;

test('a pair is slowed after a burst of failures and never shut out', () => {
  const t = new LoginThrottle();
  const a = { account: 'admin', address: '192.0.2.1' };
  let now = 0;
  for (let i = 0; i < 5; i++) assert.equal(t.tryNow(a, now), 0);
  const wait = t.tryNow(a, now);
  assert.ok(wait > 0 && wait <= S);
  assert.equal(t.tryNow({ ...a, account: 'bob' }, now), 0, 'another account');
  assert.equal(t.tryNow({ ...a, address: '192.0.2.2' }, now), 0, 'another address');
  let went = 0;
  for (; now < 60 * S; now += S / 10) if (t.tryNow(a, now) === 0) went++;
  assert.ok(went >= 58 && went <= 62, `${went} in a minute`);
});

test('an account attacked from thousands of addresses stays open to an address that it knows', () => {
  const t = new LoginThrottle();
  const home = { account: 'admin', address: '198.51.100.7' };
  assert.equal(t.tryNow(home, 0), 0);
  t.succeeded(home, 0);
  let went = 0;
  for (let i = 0; i < 5000; i++)
    if (t.tryNow({ account: 'admin', address: `10.0.${i >> 8}.${i & 255}` }, S) === 0) went++;
  assert.ok(went <= 60, `${went} guesses in one second`);
  assert.equal(t.tryNow(home, S), 0);
});

test('success gives the tries back', () => {
  const t = new LoginThrottle();
  const a = { account: 'admin', address: '192.0.2.1' };
  for (let i = 0; i < 100; i++) {
    assert.equal(t.tryNow(a, 0), 0, `login ${i}`);
    t.succeeded(a, 0);
  }
});

test('memory is bounded whatever names and addresses are tried', () => {
  const t = new LoginThrottle();
  for (let i = 0; i < THROTTLE_ENTRIES_MAX + 500; i++) t.tryNow({ account: `u${i}`, address: `a${i}` }, 0);
  assert.ok(t.entries <= THROTTLE_ENTRIES_MAX);
});

test('an IPv6 network counts as one address', () => {
  assert.equal(throttleAddress('2001:db8:1:2:3:4:5:6'), throttleAddress('2001:db8:1:2::9'));
  assert.notEqual(throttleAddress('2001:db8:1:2::9'), throttleAddress('2001:db8:1:3::9'));
  assert.equal(throttleAddress('::1'), throttleAddress('::2'));
  assert.equal(throttleAddress('192.0.2.1'), '192.0.2.1');
});
