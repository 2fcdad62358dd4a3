import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditText } from './audit-text.ts';

test('details become a line, times are times, nothing is lost of other text', () => {
  assert.equal(
    auditText('{"query":"odd","from":1795434600241000,"reason":"","n":3}', 'utc'),
    'query: odd · from: 2026-11-23 11:50:00 · n: 3',
  );
  assert.equal(auditText('wrong password', 'utc'), 'wrong password');
  assert.equal(auditText('[1]', 'utc'), '[1]');
});
