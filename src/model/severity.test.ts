import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SEVERITIES } from './alert.ts';
import { severityOfNumber, severityOfWord } from './severity.ts';

test('words of any case; each of ours means itself; what nobody defined is undefined', () => {
  for (const s of SEVERITIES) assert.equal(severityOfWord(s), s);
  assert.deepEqual(
    [
      'CRITICAL',
      'High',
      ' medium ',
      'INFO',
      'Informational',
      'warning',
      'VERY_HIGH',
      'P2',
      'urgent-ish',
      '',
    ].map(severityOfWord),
    [
      'critical',
      'high',
      'medium',
      'informational',
      'informational',
      'medium',
      'critical',
      'high',
      undefined,
      undefined,
    ],
  );
});

test("numbers on vendors' scales, at and just below each bound", () => {
  const on = (scale: Parameters<typeof severityOfNumber>[1], ...n: number[]): (string | undefined)[] =>
    n.map((x) => severityOfNumber(x, scale));
  assert.deepEqual(on('guardduty', 0.5, 1, 3.9, 4, 6.9, 7, 8.9, 9), [
    'informational',
    'low',
    'low',
    'medium',
    'medium',
    'high',
    'high',
    'critical',
  ]);
  assert.deepEqual(on('wazuh', 3, 4, 7, 11, 12, 14, 15), [
    'informational',
    'low',
    'medium',
    'medium',
    'high',
    'high',
    'critical',
  ]);
  assert.deepEqual(on('suricata', 1, 2, 3, 4, 255), [
    'high',
    'medium',
    'low',
    'informational',
    'informational',
  ]);
  assert.deepEqual(on('syslog', 0, 2, 3, 4, 5, 6, 7), [
    'critical',
    'critical',
    'high',
    'medium',
    'low',
    'informational',
    'informational',
  ]);
  assert.deepEqual(on('hundred', 0, 1, 39, 40, 70, 90, 100), [
    'informational',
    'low',
    'low',
    'medium',
    'high',
    'critical',
    'critical',
  ]);
  assert.equal(severityOfNumber(Number.NaN, 'ten'), undefined);
});
