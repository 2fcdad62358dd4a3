import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RECORD_BYTES_MAX } from '../model/record.ts';
import { JsonSplitter } from './json-splitter.ts';
import { LineCutter } from './line-cutter.ts';

type Piece = { readonly text: string; readonly end: number };

function lines(parts: readonly Uint8Array[], offset = 0): Piece[] {
  const out: Piece[] = [];
  const c = new LineCutter(
    (raw, end) => out.push({ text: Buffer.from(raw).toString('latin1'), end }),
    offset,
  );
  for (const p of parts) c.push(Uint8Array.from(p));
  c.flush();
  return out;
}
function elements(parts: readonly Uint8Array[]): { out: Piece[]; error: string | undefined } {
  const out: Piece[] = [];
  const s = new JsonSplitter((raw, end) => out.push({ text: Buffer.from(raw).toString('utf8'), end }));
  for (const p of parts) s.push(Uint8Array.from(p));
  return { out, error: s.end()?.message };
}
const bytewise = (b: Buffer): Buffer[] => Array.from(b, (x) => Buffer.from([x]));

test('lines and the offset just after each', () => {
  assert.deepEqual(lines([Buffer.from('a\n\r\n\nbc\r\nd\0e')], 100), [
    { text: 'a', end: 102 },
    { text: 'bc', end: 109 },
    { text: 'd\0e', end: 112 },
  ]);
});

test('lines: any split gives the same lines and offsets', () => {
  const text = fc
    .array(fc.constantFrom('a', 'bb', '\n', '\r', '\r\n', '\0'), { maxLength: 40 })
    .map((p) => p.join(''));
  fc.assert(
    fc.property(text, fc.nat({ max: 60 }), (t, at) => {
      const b = Buffer.from(t);
      const whole = lines([b]);
      assert.deepEqual(lines([b.subarray(0, at), b.subarray(at)]), whole);
      assert.deepEqual(lines(bytewise(b)), whole);
      for (const l of whole) assert.ok(t.slice(0, l.end).includes(l.text));
    }),
    { numRuns: 200 },
  );
});

test('a long line is cut and its pieces have offsets', () => {
  const b = Buffer.from(`${'x'.repeat(RECORD_BYTES_MAX + 5)}\ny\n`);
  const whole = lines([b]);
  assert.deepEqual(
    whole.map((l) => [l.text.length, l.end]),
    [
      [RECORD_BYTES_MAX, RECORD_BYTES_MAX],
      [5, RECORD_BYTES_MAX + 6],
      [1, RECORD_BYTES_MAX + 8],
    ],
  );
  assert.deepEqual(
    lines([b.subarray(0, 10), b.subarray(10, RECORD_BYTES_MAX + 5), b.subarray(RECORD_BYTES_MAX + 5)]),
    whole,
  );
});

test('JSON: the exact bytes of each element', () => {
  const src = ' [ {"a": 1.0e5 ,"b":"]},\\""} , [1,\n2], "x,y" ,1.50,true,null ] \n';
  assert.deepEqual(
    elements([Buffer.from(src)]).out.map((e) => e.text),
    ['{"a": 1.0e5 ,"b":"]},\\""}', '[1,\n2]', '"x,y"', '1.50', 'true', 'null'],
  );
  assert.deepEqual(
    elements([Buffer.from('{"a":1}\n{"b":\n2}{"c":3}')]).out.map((e) => e.text),
    ['{"a":1}', '{"b":\n2}', '{"c":3}'],
  );
  assert.deepEqual(
    elements([Buffer.from('{ "Records" : [{"x":1},{"y":2}] }')]).out.map((e) => e.text),
    ['{"x":1}', '{"y":2}'],
  );
  assert.deepEqual(elements([Buffer.from('\ufeff[]')]), { out: [], error: undefined });
  assert.deepEqual(elements(bytewise(Buffer.from('\ufeff[]'))), { out: [], error: undefined });
});

test('JSON: what is wrong is said', () => {
  for (const bad of [
    '[{"a":1}',
    '[1 2]',
    '[1,]',
    '[,1]',
    '{"a":',
    'hello',
    '[1]x',
    '{"Records":[{}]',
    '"open',
    ']',
    '[nonsense]',
  ])
    assert.notEqual(elements([Buffer.from(bad)]).error, undefined, bad);
});

test('JSON: any array comes out element by element, however it is split', () => {
  fc.assert(
    fc.property(
      fc.array(fc.jsonValue(), { maxLength: 6 }),
      fc.constantFrom(0, 1, 2),
      fc.nat({ max: 100 }),
      (list, indent, at) => {
        const b = Buffer.from(JSON.stringify(list, null, indent));
        const whole = elements([b]);
        assert.equal(whole.error, undefined);
        assert.deepEqual(
          whole.out.map((e) => JSON.parse(e.text)),
          JSON.parse(b.toString()),
        );
        assert.deepEqual(elements([b.subarray(0, at), b.subarray(at)]), whole);
        assert.deepEqual(elements(bytewise(b)), whole);
      },
    ),
    { numRuns: 150 },
  );
});

test('JSON: any bytes at all end in elements or an error, the same for any split', () => {
  const junk = fc.array(fc.constantFrom('[', ']', '{', '}', ',', '"', '\\', '1', ' ', 'a', '"Records":'), {
    maxLength: 20,
  });
  fc.assert(
    fc.property(junk, (p) => {
      const b = Buffer.from(p.join(''));
      assert.deepEqual(elements(bytewise(b)), elements([b]));
    }),
    { numRuns: 200 },
  );
});
