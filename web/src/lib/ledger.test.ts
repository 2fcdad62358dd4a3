import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LedgerLine } from '../../../src/api/contract.ts';
import { terms, totalLine } from './ledger.ts';

const line = (over: Partial<LedgerLine>): LedgerLine => ({
  door: 'syslog-tcp',
  sender: '10.0.0.1',
  minute: 0,
  received: 10,
  bytes: 100,
  stored: 6,
  quarantined: 1,
  pending: 1,
  dropped: { denied: 1, duplicate: 1 },
  evaluated: 6,
  evaluationPending: 0,
  evaluationFailed: {},
  kernelDrops: 0,
  balanced: true,
  ...over,
});

test('what the terms leave over is said', () => {
  assert.equal(terms(line({})).missing, 0);
  assert.equal(terms(line({ stored: 4 })).missing, 2);
  assert.equal(terms(line({ stored: 8 })).missing, -2);
});

test('sums keep reasons apart and are balanced only if every line is', () => {
  const t = totalLine([line({}), line({ dropped: { denied: 2 }, balanced: false })]);
  assert.equal(t.received, 20);
  assert.deepEqual(t.dropped, { denied: 3, duplicate: 1 });
  assert.equal(t.balanced, false);
  assert.equal(totalLine([]).balanced, true);
});
