import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSearchText, pick, safeNext, searchText } from './url-state.ts';

test('state survives the URL, whatever the query holds', () => {
  const state = { q: 'a == "x&y=z#%" | head 3', from: '-24h', to: 'now' };
  assert.deepEqual(parseSearchText(searchText(state)), state);
});

test('hostile keys are left out', () => {
  const s = parseSearchText('?__proto__=x&constructor=1&a.b=2&q=1');
  assert.equal(s['q'], '1');
  assert.equal(Object.hasOwn(s, '__proto__'), false);
  assert.equal(({} as Record<string, unknown>)['x'], undefined);
  assert.deepEqual(pick({ q: 1, from: '', to: 'now' }, ['q', 'from', 'to']), { to: 'now' });
});

test('a link never leads to another origin', () => {
  for (const bad of [
    '//evil.example.com',
    '/\\evil',
    'https://evil',
    'javascript:alert(1)',
    '/\t/evil',
    '/login',
    undefined,
  ])
    assert.equal(safeNext(bad), '/');
  assert.equal(safeNext('/alerts/1?tenant=demo'), '/alerts/1?tenant=demo');
});
