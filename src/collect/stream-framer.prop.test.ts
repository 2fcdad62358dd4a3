import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RECORD_BYTES_MAX } from '../model/record.ts';
import { OCTET_COUNT_MAX, StreamFramer } from './stream-framer.ts';

const RUNS = 200;

function frames(chunks: readonly Uint8Array[], flush = true): string[] {
  const out: Uint8Array[] = [];
  const f = new StreamFramer({ record: (r) => out.push(r), bad: () => {} });
  for (const c of chunks) {
    // The socket's buffer may be reused by whoever gave it: only what was handed on must stay.
    f.push(Uint8Array.from(c));
  }
  if (flush) f.flush();
  return out.map((r) => Buffer.from(r).toString('latin1'));
}
const one = (text: string): string[] => frames([Buffer.from(text, 'latin1')]);
const counted = (m: string): string => `${m.length} ${m}`;

test('both framings and a mix of them', () => {
  assert.deepEqual(one('<13>a\n<13>b\r\n<13>c'), ['<13>a', '<13>b', '<13>c']);
  assert.deepEqual(one(counted('<13>a b') + counted('<13>c\nd')), ['<13>a b', '<13>c\nd']);
  assert.deepEqual(one(`${counted('<13>one')}<13>two\n${counted('<13>three')}`), [
    '<13>one',
    '<13>two',
    '<13>three',
  ]);
  assert.deepEqual(one(`${counted('<13>one')}${counted('no priority')}`), ['<13>one', 'no priority']);
  assert.deepEqual(one(`${counted('<13>lf counted\n')}\n<1>x\n`), ['<13>lf counted', '<1>x']);
});

test('what only looks like a count is a line', () => {
  assert.deepEqual(one('12 monkeys\n'), ['12 monkeys']);
  assert.deepEqual(one('2026 <b>bold</b>\n'), ['2026 <b>bold</b>']);
  assert.deepEqual(one('0 <13>a\n'), ['0 <13>a']);
  assert.deepEqual(one('123456789 <13>a\n'), ['123456789 <13>a']);
  assert.deepEqual(one(`${OCTET_COUNT_MAX + 1} <13>a\n`), [`${OCTET_COUNT_MAX + 1} <13>a`]);
  assert.deepEqual(one('17'), ['17']);
});

test('NUL ends a message before the next one and is content elsewhere', () => {
  assert.deepEqual(one('<13>a\0<13>b\0{"c":1}\0'), ['<13>a', '<13>b', '{"c":1}']);
  assert.deepEqual(one('<13>a\0b\n<13>c\0\n'), ['<13>a\0b', '<13>c']);
});

test('invalid UTF-8 stays as it is', () => {
  assert.deepEqual(one('<13>\xff\xfe\xc0\xaf\n'), ['<13>\xff\xfe\xc0\xaf']);
});

test('a count that is too short or too long loses no byte', () => {
  assert.deepEqual(one('5 <13>abcdef\n<13>next\n'), ['<13>a', 'bcdef', '<13>next']);
  assert.deepEqual(one('20 <13>abc'), ['<13>abc']);
});

test('a long message is cut, whole', () => {
  const long = 'x'.repeat(2 * RECORD_BYTES_MAX + 10);
  for (const text of [`<13>${long}\n`, counted(`<13>${long}`)]) {
    const out = one(`${text}<13>after\n`);
    assert.equal(out.length, 4);
    assert.equal(out.slice(0, 3).join(''), `<13>${long}`);
    assert.equal(out[0]?.length, RECORD_BYTES_MAX);
    assert.equal(out[3], '<13>after');
  }
});

test('the edge of the cut does not depend on chunks, with each terminator', () => {
  for (const n of [RECORD_BYTES_MAX - 1, RECORD_BYTES_MAX, RECORD_BYTES_MAX + 1]) {
    for (const end of ['\n', '\r\n', '\0<13>z\n', '\0x\n', '\0\r\n', '\0\0<13>z\n']) {
      const text = Buffer.from(`${'y'.repeat(n)}${end}`, 'latin1');
      const whole = frames([text]);
      for (let at = n - 2; at < text.length; at++)
        assert.deepEqual(
          frames([text.subarray(0, at), text.subarray(at)]),
          whole,
          `${n} ${JSON.stringify(end)} ${at}`,
        );
    }
  }
});

const message = fc
  .array(fc.constantFrom('<13>', '<9', ' ', 'a', '7', '12 ', '{', '>', '\0', '\r', '\xff', '1 <13>', '99 '), {
    maxLength: 8,
  })
  .map((p) => p.join(''));
const streamText = fc
  .array(
    fc.oneof(
      message.map((m) => `<13>${m}\n`),
      message.map((m) => `${m}\r\n`),
      message.map((m) => counted(`<13>${m}`)),
      message.map((m) => `<14>${m}\0`),
      message,
    ),
    { maxLength: 12 },
  )
  .map((p) => p.join(''));

test('any split of a stream gives the same records', () => {
  fc.assert(
    fc.property(streamText, fc.array(fc.nat({ max: 200 }), { maxLength: 10 }), (text, cuts) => {
      const bytes = Buffer.from(text, 'latin1');
      const at = [...new Set(cuts.map((c) => Math.min(c, bytes.length)))].sort((a, b) => a - b);
      const parts = [...at, bytes.length].map((end, i) => bytes.subarray(at[i - 1] ?? 0, end));
      const whole = frames([bytes]);
      assert.deepEqual(frames(parts), whole);
      assert.deepEqual(frames(Array.from(bytes, (b) => Buffer.from([b]))), whole);
    }),
    { numRuns: RUNS },
  );
});

test('no byte but framing is lost: counted and terminated messages come out as they went in', () => {
  const plain = fc.string({
    unit: fc.constantFrom('a', 'é', ' ', '7', '<', '{', '"'),
    minLength: 1,
    maxLength: 20,
  });
  fc.assert(
    fc.property(fc.array(fc.tuple(plain, fc.boolean()), { maxLength: 10 }), (list) => {
      const want = list.map(([m]) => Buffer.from(`<13>${m}`).toString('latin1'));
      const text = want.map((m, i) => (list[i]?.[1] ? counted(m) : `${m}\n`)).join('');
      assert.deepEqual(one(text), want);
    }),
    { numRuns: RUNS },
  );
});
