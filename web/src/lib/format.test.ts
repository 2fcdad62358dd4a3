import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesText, countText, plural, rateText, shareText, shortCount } from './format.ts';

test('counts', () => {
  assert.equal(countText(0), '0');
  assert.equal(countText(999), '999');
  assert.equal(countText(1234567), '1,234,567');
  assert.equal(countText(-1000), '-1,000');
  assert.equal(plural(1, 'event'), '1 event');
  assert.equal(plural(2, 'reply', 'replies'), '2 replies');
});

test('short counts never show a thousand of the smaller unit', () => {
  assert.equal(shortCount(999), '999');
  assert.equal(shortCount(12345), '12.3k');
  assert.equal(shortCount(999_999), '1M');
  assert.equal(shortCount(4_560_000), '4.56M');
});

test('bytes, rates, shares', () => {
  assert.equal(bytesText(12), '12 B');
  assert.equal(bytesText(999_960), '1.0 MB');
  assert.equal(bytesText(3_200_000), '3.2 MB');
  assert.equal(rateText(3.14), '3.1');
  assert.equal(rateText(5012), '5,012');
  assert.equal(rateText(0), '0');
  assert.equal(shareText(999_999, 1_000_000), '>99.9%');
  assert.equal(shareText(1, 1_000_000), '<0.1%');
  assert.equal(shareText(5, 5), '100%');
});
