import assert from 'node:assert/strict';
import test from 'node:test';
import { ALIASES_MAX, child, readYaml, RULE_FILE_CHARS_MAX, textOf, textsOf } from './yaml.ts';

test('several documents, lines from 1', () => {
  const { documents, problems } = readYaml('a: 1\nb: [x, y]\n---\n\na: two\n');
  assert.deepEqual(problems, []);
  assert.deepEqual(
    documents.map((d) => [d.line, textOf(d.root, 'a')]),
    [
      [1, '1'],
      [5, 'two'],
    ],
  );
  assert.deepEqual(textsOf(documents[0]!.root, 'b'), ['x', 'y']);
});

test('special names are ordinary keys', () => {
  const { documents } = readYaml('__proto__: 1\nconstructor: 2\n');
  assert.equal(textOf(documents[0]!.root, '__proto__'), '1');
  assert.equal(textOf(documents[0]!.root, 'constructor'), '2');
  assert.equal(child(documents[0]!.root, 'toString'), undefined);
  assert.equal(({} as Record<string, unknown>)['1'], undefined);
});

test('bombs and rubbish are refused with a line and a reason', () => {
  const laughs = ['a: &a [x, x, x, x, x, x, x, x, x]'];
  for (let i = 0; i < 10; i++) {
    const p = String.fromCharCode(97 + i);
    const n = String.fromCharCode(98 + i);
    laughs.push(`${n}: &${n} [${Array.from({ length: 9 }, () => `*${p}`).join(', ')}]`);
  }
  const cases: readonly (readonly [string, RegExp])[] = [
    [laughs.join('\n'), new RegExp(`aliases|values|nests deeper|${ALIASES_MAX}`)],
    ['[', /not valid YAML/],
    ['a: 1\nb: [unclosed', /not valid YAML/],
    ['['.repeat(5000), /nest deeper/],
    [`a: ${'['.repeat(30)}1${']'.repeat(30)}`, /nests deeper/],
    ['x'.repeat(RULE_FILE_CHARS_MAX + 1), /longer than/],
    ['a: *nobody', /alias|anchor/i],
  ];
  for (const [text, why] of cases) {
    const started = performance.now();
    const { documents, problems } = readYaml(text);
    assert.ok(performance.now() - started < 2000);
    assert.match(problems[0]?.reason ?? `(read ${documents.length})`, why);
    assert.ok((problems[0]?.line ?? 0) >= 1);
  }
  assert.equal(readYaml('a: 1\nb: [unclosed').problems[0]?.line, 2);
});

test('one broken document does not hide the others', () => {
  const { documents, problems } = readYaml('a: 1\n---\nb: "x\n---\nc: 3\n');
  assert.ok(problems.length > 0);
  assert.equal(textOf(documents[0]!.root, 'a'), '1');
});

test('empty text and bytes that are no text', () => {
  assert.deepEqual(readYaml('').documents, []);
  assert.deepEqual(readYaml('# only a comment\n').documents, []);
  readYaml('\u0000\ufffd');
});
