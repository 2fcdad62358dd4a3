import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ENTITIES_MAX, EventFields } from '../model/event.ts';
import { entitiesOf, entity } from './entities.ts';

test('one canonical spelling per kind', () => {
  assert.equal(entity('ip', '::ffff:10.0.1.5'), 'ip:10.0.1.5');
  assert.equal(entity('ip', '2001:DB8:0:0::1'), 'ip:2001:db8::1');
  assert.equal(entity('ip', 'not an address'), undefined);
  assert.equal(entity('user', 'CORP\\Alice'), 'user:corp\\alice');
  assert.equal(entity('user', 'Alice@Example.COM'), 'user:alice@example.com');
  assert.equal(entity('host', 'Web01.Example.com.'), 'host:web01.example.com');
  assert.equal(entity('domain', 'WWW.Example.com.'), 'domain:www.example.com');
  assert.equal(entity('domain', '*.example.com'), 'domain:*.example.com');
  assert.equal(entity('domain', 'Example Root CA'), undefined);
  assert.equal(entity('domain', '192.0.2.1'), 'ip:192.0.2.1');
  assert.equal(entity('cert', '0AFF'), 'cert:0AFF');
  assert.equal(entity('key', 'SHA256:aB'), 'key:SHA256:aB');
  assert.equal(entity('user', ''), undefined);
  assert.equal(entity('user', 'x'.repeat(600)), undefined);
});

test('all fields that name someone, without repeats, bounded', () => {
  const out = new EventFields();
  out.set('source.ip', '10.0.1.5');
  out.set('host.name', 'Web01');
  out.set('user.name', 'root');
  out.set('user.effective.name', 'ROOT');
  out.set('x509.alternative_names', ['a.example.com', 'b.example.com', '192.0.2.7']);
  out.set('x509.serial_number', '0A');
  assert.deepEqual(entitiesOf(out), [
    'ip:10.0.1.5',
    'user:root',
    'host:web01',
    'domain:a.example.com',
    'domain:b.example.com',
    'ip:192.0.2.7',
    'cert:0A',
  ]);
  out.set(
    'x509.alternative_names',
    Array.from({ length: 500 }, (_, i) => `n${i}.example.com`),
  );
  assert.equal(entitiesOf(out).length, ENTITIES_MAX);
});
