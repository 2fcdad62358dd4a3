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
