import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assist } from './assist.ts';

const env = { now: 0, lists: new Map([['approved_cas', { kind: 'text' as const, values: [] }]]) };
const parts = (q: string): string[] =>
  assist(q, q.length, env).tokens.map((t) => `${t.kind}:${q.slice(t.start, t.end)}`);
const next = (q: string): string[] => assist(q, q.length, env).completions.map((c) => c.text);

test('a query is told apart into its parts, a broken one as far as it goes', () => {
  assert.deepEqual(parts('user.name:root AND failed'), [
    'field:user.name',
    'operator::',
    'value:root',
    'keyword:AND',
    'word:failed',
  ]);
  assert.deepEqual(parts('user.name:root AND (').slice(0, 3), [
    'field:user.name',
    'operator::',
    'value:root',
  ]);
});

test('what may come next: fields, lists, pipes', () => {
  assert.ok(next('user.na').includes('user.name:'));
  assert.deepEqual(next('x509.issuer.common_name IN '), ['approved_cas']);
  assert.ok(next('failed | st').includes('stats'));
});
