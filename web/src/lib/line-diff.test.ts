import assert from 'node:assert/strict';
import test from 'node:test';
import { lineDiff } from './line-diff.ts';

const shown = (a: string, b: string): string =>
  lineDiff(a, b)
    .map((l) => ({ same: ' ', out: '-', in: '+' })[l.kind] + l.text)
    .join('\n');

test('changed, added, removed and equal lines', () => {
  assert.equal(shown('a\nb\nc', 'a\nx\nc\nd'), ' a\n-b\n+x\n c\n+d');
  assert.equal(shown('a', 'a'), ' a');
  assert.equal(shown('a\nb', 'b'), '-a\n b');
});

test('either text comes back out of the difference', () => {
  const a = 'title: x\nlevel: low\ndetection:\n  a: 1\n  b: 2';
  const b = 'title: y\ndetection:\n  b: 2\n  a: 1\nlevel: high';
  const diff = lineDiff(a, b);
  const side = (kind: 'in' | 'out') =>
    diff
      .filter((l) => l.kind === 'same' || l.kind === kind)
      .map((l) => l.text)
      .join('\n');
  assert.equal(side('out'), a);
  assert.equal(side('in'), b);
});
