/** What all doors share: senders and their bound. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { metaPerSender, OTHER_SENDERS, SENDER_KEPT_MS } from './door.ts';

const BASE = {
  tenant: 'default',
  origin: 'live',
  door: 'syslog-udp',
  token: '',
  format: 'syslog',
  source: '',
  zone: '',
  stream: '',
} as const;

test('senders: one object each; a flood of forged ones ends in one line, and hides nobody who was there', () => {
  let now = 0;
  const metaOf = metaPerSender(BASE, 100, () => now);
  const mine = metaOf('192.0.2.1');
  assert.deepEqual(mine, { ...BASE, sender: '192.0.2.1' });
  assert.equal(metaOf('192.0.2.1'), mine);

  // Three hours of a flood, each address once, while the true sender is heard once an hour.
  for (let hour = 0; hour < 3; hour++) {
    const names = new Set<string>();
    for (let i = 0; i < 5000; i++) names.add(metaOf(`10.${hour}.${i >> 8}.${i & 255}`).sender);
    names.add(metaOf('192.0.2.1').sender);
    assert.ok(names.size <= 101, `${names.size} lines`);
    assert.ok(names.has(OTHER_SENDERS));
    assert.ok(names.has('192.0.2.1'));
    now += SENDER_KEPT_MS;
  }
  assert.equal(metaOf('192.0.2.1'), mine);
  assert.equal(metaOf('10.9.9.9'), metaOf('10.9.9.8'), 'the places are taken until the flood has been quiet');

  // Two hours of quiet: there is room again.
  now += SENDER_KEPT_MS;
  metaOf('192.0.2.1');
  now += SENDER_KEPT_MS;
  metaOf('192.0.2.1');
  assert.equal(metaOf('198.51.100.7').sender, '198.51.100.7');
});
