import assert from 'node:assert/strict';
import test from 'node:test';
import type { PlaceholderPart } from '../../condition/tree.ts';
import { base64Offsets, parsePattern, utf16, WINDASH_VARIANTS_MAX, windash } from './pattern.ts';

const show = (parts: readonly PlaceholderPart[]): string =>
  parts
    .map((p) =>
      p.kind === 'text' ? p.text : p.kind === 'any' ? '<*>' : p.kind === 'one' ? '<?>' : `<${p.list}>`,
    )
    .join('');

test('the escape table of the specification', () => {
  const table: readonly (readonly [string, string])[] = [
    ['a\\b', 'a\\b'],
    ['a\\\\b', 'a\\b'],
    ['\\*', '*'],
    ['\\?', '?'],
    ['\\\\*', '\\<*>'],
    ['\\\\\\*', '\\*'],
    ['\\\\\\x', '\\\\x'],
    ['\\\\\\\\', '\\\\'],
    ['C:\\Windows\\*', 'C:\\Windows*'],
    ['C:\\Windows\\\\*', 'C:\\Windows\\<*>'],
    ['*a?b*', '<*>a<?>b<*>'],
    ['**', '<*>'],
    ['end\\', 'end\\'],
    ['', ''],
  ];
  for (const [text, want] of table) assert.equal(show(parsePattern(text)), want, text);
});

test('windash: all five dashes, only where a flag begins', () => {
  const forms = windash(parsePattern(' -foo-bar'))?.map(show);
  assert.deepEqual(forms, [' -foo-bar', ' /foo-bar', ' \u2013foo-bar', ' \u2014foo-bar', ' \u2015foo-bar']);
  assert.equal(windash(parsePattern('/a -b'))?.length, 25);
  assert.deepEqual(windash(parsePattern('a-b'))?.map(show), ['a-b']);
  assert.equal(windash(parsePattern('-a -b -c -d -e -f')), undefined);
  assert.equal(windash(parsePattern('-a -b -c -d -e'))?.length, WINDASH_VARIANTS_MAX);
});

test('base64offset: found at each of the three places of a longer text', () => {
  const forms = base64Offsets(Buffer.from('/bin/bash'));
  for (const before of ['', 'x', 'xy', 'xyz', 'some words ']) {
    const all = Buffer.from(`${before}/bin/bash and more`).toString('base64');
    assert.ok(
      forms.some((f) => all.includes(f)),
      before,
    );
  }
  // Not more is dropped than depends on the neighbours.
  assert.deepEqual(
    forms.map((f) => f.length),
    [12, 11, 11],
  );
});

test('utf16 forms', () => {
  assert.deepEqual([...utf16('cm', 'utf16le')], [0x63, 0, 0x6d, 0]);
  assert.deepEqual([...utf16('cm', 'utf16be')], [0, 0x63, 0, 0x6d]);
  assert.deepEqual([...utf16('cm', 'utf16')], [0xff, 0xfe, 0x63, 0, 0x6d, 0]);
});
