import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DAY_US, HOUR_US, parseEnd, parseField, relativeLabel, resolveRange } from './time-range.ts';

const NOW = 1_780_000_000_000_000;

test('ends: now, relative, absolute, nonsense', () => {
  assert.equal(parseEnd('now', NOW), NOW);
  assert.equal(parseEnd('-4h', NOW), NOW - 4 * HOUR_US);
  assert.equal(parseEnd('1770000000000000', NOW), 1_770_000_000_000_000);
  for (const bad of ['', '4h', '-4', '-h', 'yesterday', '-4h ', '1e9', '-1y'])
    assert.equal(parseEnd(bad, NOW), undefined, bad);
});

test('a range that is empty or unreadable becomes the last day', () => {
  const day = { from: NOW - DAY_US, to: NOW };
  assert.deepEqual(resolveRange({ from: 'x', to: 'now' }, NOW), day);
  assert.deepEqual(resolveRange({ from: 'now', to: '-1h' }, NOW), day);
  assert.deepEqual(resolveRange({ from: '-1h', to: 'now' }, NOW), { from: NOW - HOUR_US, to: NOW });
});

test('labels', () => {
  assert.equal(relativeLabel({ from: '-24h', to: 'now' }), 'Last 24 hours');
  assert.equal(relativeLabel({ from: '-1h', to: 'now' }), 'Last hour');
  assert.equal(relativeLabel({ from: '1', to: '2' }), '');
});

test('form fields are read in their zone and roll nothing over', () => {
  assert.equal(parseField('1970-01-02T00:00', 'utc'), DAY_US);
  assert.equal(parseField('2026-02-31T00:00', 'utc'), undefined);
  assert.equal(parseField('2026-01-01T24:00', 'utc'), undefined);
  assert.equal(parseField('2026-01-01', 'utc'), undefined);
  assert.equal(parseField('2026-01-01T10:00:05', 'local'), new Date(2026, 0, 1, 10, 0, 5).getTime() * 1000);
});
