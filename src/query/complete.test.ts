import assert from 'node:assert/strict';
import { test } from 'node:test';
import { complete } from './complete.ts';
import { parseQuery } from './parse.ts';

const at = (text: string): string[] =>
  complete(text, text.length, { lists: ['approved_cas', 'monitored'], fields: ['app.custom'] }).map(
    (c) => c.text,
  );

test('fields, lists, keywords, pipes and aggregates where they fit', () => {
  assert.equal(at('user.na')[0], 'user.name:');
  assert.ok(at('app').includes('app.custom:'));
  assert.ok(at('src').includes('src_ip:'));
  assert.deepEqual(at('x509.issuer.common_name NOT IN a'), ['approved_cas']);
  assert.deepEqual(at('failed | ').slice(0, 2), ['stats', 'timechart']);
  assert.deepEqual(at('failed | st'), ['stats']);
  assert.ok(at('failed | timechart span=5m ').includes('p95('));
  assert.ok(at('failed | where low').includes('lower('));
  assert.ok(at('failed | eval x = user.n').includes('user.name'));
  assert.deepEqual(at('failed | lookup a'), ['approved_cas']);
  assert.ok(at('failed | stats ').includes('count()'));
  assert.ok(at('failed | stats count() by user.n').includes('user.name'));
  assert.ok(at('failed A').includes('AND'));
  assert.ok(at('failed (ex').includes('exists('));
  assert.deepEqual(at('user.name:ro'), []);
  assert.deepEqual(at('"user.na'), []);
});

test('an accepted field gives a query that parses', () => {
  const [first] = complete('NOT source.i', 12, { lists: [] });
  assert.equal(first?.start, 4);
  assert.ok(parseQuery(`NOT ${first?.text}10.0.1.5`, { now: 0 }).ok);
});

test('within counts: classes, keys, windows; within functions: what they take', () => {
  assert.ok(at('hou').includes('hour('));
  assert.ok(at('failed AND cou').includes('count('));
  assert.ok(at('count(auth_').includes('auth_failure'));
  assert.ok(at('NOT exists(renew').includes('renewal_event'));
  assert.deepEqual(at('count(auth_failure ').slice(0, 2), ['by', 'in']);
  assert.deepEqual(at('count(auth_failure by sour')[0], 'source');
  assert.ok(at('count(auth_failure by user, source.i').includes('source.ip'));
  assert.deepEqual(at('count(auth_failure by source.ip i'), ['in']);
  assert.ok(at('exists(auth_failure for user in l').includes('last 30 days'));
  assert.ok(at('hour(').includes('@timestamp'));
  assert.ok(!at('hour(').includes('user.name'));
  assert.ok(at('len(proc').includes('process.name'));
  assert.ok(at('event.do').includes('event.domain:'));
  assert.ok(at('certificate.day').includes('certificate.days_to_expiry:'));
  assert.ok(at('user.name:(a OR b) ex').includes('exists('));
});
