import assert from 'node:assert/strict';
import test from 'node:test';
import type { RuleRow } from '../../../src/api/contract.ts';
import { costText, fits, order, type RuleFilter } from './rule-filter.ts';

const row = (part: Partial<RuleRow>): RuleRow => ({
  id: 'r',
  title: 'Rule',
  level: 'medium',
  status: 'stable',
  file: 'web/r.yml',
  kind: 'rule',
  attack: ['T1110', 'credential-access'],
  mode: 'alerting',
  origin: 'shipped',
  alerts: true,
  proposal: '',
  matched: 0,
  lastMatched: 0,
  problem: '',
  dead: '',
  logsource: 'linux/sshd',
  lastCandidate: 0,
  cost: 0,
  exceptions: 0,
  ...part,
});
const all: RuleFilter = { q: '', state: 'all', mode: '', level: '', tactic: '' };

test('each filter narrows, and all of them together', () => {
  assert.ok(fits(row({}), all));
  assert.ok(!fits(row({}), { ...all, state: 'dead' }));
  assert.ok(fits(row({ dead: 'no source' }), { ...all, state: 'dead' }));
  assert.ok(!fits(row({ dead: 'no source' }), { ...all, state: 'silent' }));
  assert.ok(!fits(row({ mode: 'off' }), { ...all, state: 'silent' }));
  assert.ok(fits(row({ matched: 1 }), { ...all, state: 'matched' }));
  assert.ok(!fits(row({ mode: 'risk' }), { ...all, mode: 'shadow' }));
  assert.ok(!fits(row({ level: 'low' }), { ...all, level: 'high' }));
  assert.ok(fits(row({}), { ...all, tactic: 'credential-access' }));
  assert.ok(!fits(row({}), { ...all, tactic: 'impact' }));
  for (const q of ['rule', 't1110', 'WEB/', 'sshd']) assert.ok(fits(row({}), { ...all, q }), q);
  assert.ok(!fits(row({}), { ...all, q: 'windows' }));
});

test('orders: gravest, most, latest, dearest first; ties by level', () => {
  const a = row({ id: 'a', title: 'A', level: 'low', matched: 5, lastMatched: 9, cost: 0.1 });
  const b = row({ id: 'b', title: 'B', level: 'high', matched: 5, lastMatched: 3, cost: 0.2 });
  const sorted = (by: Parameters<typeof order>[0]) => [a, b].sort(order(by)).map((r) => r.id);
  assert.deepEqual(sorted('level'), ['b', 'a']);
  assert.deepEqual(sorted('matched'), ['b', 'a']);
  assert.deepEqual(sorted('last'), ['a', 'b']);
  assert.deepEqual(sorted('cost'), ['b', 'a']);
  assert.deepEqual(sorted('title'), ['a', 'b']);
});

test('a share of the cost', () => {
  assert.deepEqual([0, 0.0001, 0.004, 0.123].map(costText), ['', '<0.1%', '0.4%', '12%']);
});
