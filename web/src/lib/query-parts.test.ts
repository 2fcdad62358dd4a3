import assert from 'node:assert/strict';
import { test } from 'node:test';
import { queryParts } from './query-parts.ts';

const text = 'user.name:root AND x';
const tokens = [
  { kind: 'field', start: 0, end: 9 },
  { kind: 'operator', start: 9, end: 10 },
  { kind: 'value', start: 10, end: 14 },
  { kind: 'keyword', start: 15, end: 18 },
];

test('the parts are the text', () => {
  const parts = queryParts(text, tokens, undefined);
  assert.equal(parts.map((p) => p.text).join(''), text);
  assert.deepEqual(
    parts.filter((p) => p.kind !== '').map((p) => `${p.kind}=${p.text}`),
    ['field=user.name', 'operator=:', 'value=root', 'keyword=AND'],
  );
});

test('a mark cuts tokens', () => {
  const parts = queryParts(text, tokens, { start: 5, end: 12 });
  assert.equal(parts.map((p) => p.text).join(''), text);
  assert.equal(
    parts
      .filter((p) => p.marked)
      .map((p) => p.text)
      .join(''),
    'name:ro',
  );
});

test('tokens of another text do no harm', () => {
  for (const short of ['', 'us', 'user.name:r'])
    assert.equal(
      queryParts(short, tokens, undefined)
        .map((p) => p.text)
        .join(''),
      short,
    );
});
