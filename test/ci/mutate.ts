/** Broken copies of good inputs: what an attacker, a bad disk or a bad client makes of a log line. */
import { BYTES, PIECES, VALUES } from '../evasion/alphabet.ts';
import type { Random } from './random.ts';

/** Inputs stay below this; longer ones are the doors' business (records are cut at 1 MiB) and tested there. */
export const INPUT_BYTES_MAX = 64 * 1024;

const TOKENS: readonly Buffer[] = [
  ...[
    '\0',
    '\n',
    '\r\n',
    '"',
    '\\',
    "'",
    '{',
    '}',
    '[',
    ']',
    '<',
    '>',
    ':',
    '=',
    '|',
    ',',
    '%',
    '#',
    '\t',
    ' ',
  ],
  ...[
    '__proto__',
    'constructor',
    'hasOwnProperty',
    '"__proto__":{"a":1},',
    'null',
    'true',
    'NaN',
    '-0',
    '1e999',
  ],
  ...[
    '9223372036854775808',
    '-9223372036854775809',
    '0x7f',
    '1970-01-01T00:00:00Z',
    '9999-12-31T23:59:59.999999Z',
  ],
  ...[
    'Feb 29 23:59:60',
    '+99:99',
    '<999>',
    '<0>1 ',
    '4294967295 <1>',
    '\\u0000',
    '\\ud800',
    '\u202e',
    '\ufeff',
    '😀',
  ],
  ...[
    '${jndi:ldap://x}',
    '(((((((((((',
    '))))',
    '[[[[[[[[[[[[',
    '{"a":{"a":{"a":',
    'a*a*a*a*a*',
    '(a+)+$',
    '.*.*.*',
    '|re: ',
  ],
  ...[
    ' by ',
    ' | stats count() by ',
    ' AND ',
    ' OR NOT ',
    '&a *a',
    '- ',
    '? ',
    '!!js/function ',
    '%20%00',
    '::ffff:1.2.3.4',
  ],
  ...PIECES,
  ...VALUES,
]
  .map((t) => Buffer.from(t, 'utf8'))
  .concat(BYTES.map((b) => Buffer.from(b)))
  .concat([
    Buffer.from([0xff]),
    Buffer.from([0xc0, 0x80]),
    Buffer.from([0xed, 0xa0, 0x80]),
    Buffer.from([0xf4, 0x90]),
  ]);

type Change = (input: Buffer, r: Random, seeds: readonly Buffer[]) => Buffer;

const at = (b: Buffer, r: Random): number => r.int(0, b.length);
const CHANGES: readonly Change[] = [
  // One bit, one byte.
  (b, r) => {
    const out = Buffer.from(b);
    if (out.length > 0) {
      const i = r.int(0, out.length - 1);
      out[i] = (out[i] as number) ^ (1 << r.int(0, 7));
    }
    return out;
  },
  (b, r) => {
    const out = Buffer.from(b);
    if (out.length > 0) out[r.int(0, out.length - 1)] = r.int(0, 255);
    return out;
  },
  // Something is put in, taken out, doubled.
  (b, r) => {
    const i = at(b, r);
    return Buffer.concat([b.subarray(0, i), r.pick(TOKENS), b.subarray(i)]);
  },
  (b, r) => {
    const i = at(b, r);
    return Buffer.concat([b.subarray(0, i), b.subarray(Math.min(b.length, i + r.int(1, 40)))]);
  },
  (b, r) => {
    const i = at(b, r);
    const piece = b.subarray(i, Math.min(b.length, i + r.int(1, 60)));
    return Buffer.concat([b.subarray(0, i), piece, b.subarray(i)]);
  },
  (b, r) => b.subarray(0, at(b, r)),
  // Two inputs in one.
  (b, r, seeds) => Buffer.concat([b.subarray(0, at(b, r)), r.pick(seeds)]),
  // A piece many times: depth, length.
  (b, r) => {
    const i = at(b, r);
    const piece = r.int(0, 1) === 0 ? r.pick(TOKENS) : b.subarray(i, Math.min(b.length, i + r.int(1, 30)));
    const times = r.int(0, 3) === 0 ? r.int(100, 20_000) : r.int(2, 60);
    const many = Array<Buffer>(Math.min(times, Math.floor(INPUT_BYTES_MAX / Math.max(1, piece.length)))).fill(
      piece,
    );
    return Buffer.concat([b.subarray(0, i), ...many, b.subarray(i)]);
  },
];

/** A seed with one to six changes. */
export function mutate(seeds: readonly Buffer[], r: Random): Buffer {
  let out = r.pick(seeds);
  for (let n = r.int(1, 6); n > 0; n--) out = r.pick(CHANGES)(out, r, seeds);
  return out.subarray(0, INPUT_BYTES_MAX);
}
