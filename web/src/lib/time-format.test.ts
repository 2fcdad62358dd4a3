import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agoText, exactTime, fieldText, rowTime, spanText, timeText } from './time-format.ts';
import { parseField } from './time-range.ts';

const T = Date.UTC(2026, 2, 5, 14, 23, 1, 7) * 1000 + 42;

test('times keep every microsecond', () => {
  assert.equal(timeText(T, 'utc'), '2026-03-05 14:23:01');
  assert.equal(rowTime(T, 'utc'), '03-05 14:23:01.007');
  assert.equal(exactTime(T, 'utc'), '2026-03-05 14:23:01.007042 UTC');
});

test('times before 1970 do not break', () => {
  assert.equal(exactTime(-1, 'utc'), '1969-12-31 23:59:59.999999 UTC');
});

test('form field and back', () => {
  assert.equal(parseField(fieldText(T, 'utc'), 'utc'), T - 7042);
  assert.equal(parseField(fieldText(T, 'local'), 'local'), T - 7042);
});

test('spans and ages', () => {
  assert.equal(spanText(200e6), '3 m 20 s');
  assert.equal(spanText(7200e6), '2 h');
  assert.equal(spanText(90e9), '1 d 1 h');
  assert.equal(agoText(T - 3600e6, T), '1 h ago');
  assert.equal(agoText(T, T), 'just now');
  assert.equal(agoText(T + 300e6, T), 'in 5 m');
});
