/**
 * The pieces that disguises are made of, for fuzzers: texts, bytes, and ways to write a text so that its reader sees it and a
 * rule may not.
 */

/** Put beside or within a word. */
export const PIECES: readonly string[] = [
  '\u212a',
  '\u0131',
  '\u0130',
  '\u017f',
  'ｋ',
  '\uff0f',
  '\u{1d426}',
  '\u24dc',
  '\u0456',
  '\u03b9',
  'i\u0301',
  '\u0335',
  '\u200b',
  '\u200d',
  '\u2060',
  '\ufeff',
  '\u00ad',
  '\ufe0f',
  '\u{e0061}',
  '\u202e',
  '\u2067',
  '\u2028',
  '\u0085',
  '\0',
  '\b',
  '\x7f',
  '\u001b[31m',
  '\ufffd',
  '\r\n',
  '\\u0000',
  '\\u200b',
  '&#8203;',
  '%2e%2e%2f',
  '%252f',
  '%c0%af',
  '\\x2F',
];

/** Bytes that are no UTF-8: continuation alone, overlong, half, beyond Unicode, surrogates. */
export const BYTES: readonly Uint8Array[] = [
  [0x80],
  [0xff],
  [0xc0, 0xaf],
  [0xc0, 0x80],
  [0xe0, 0x80, 0xaf],
  [0xe2, 0x82],
  [0xf0, 0x80, 0x80, 0xaf],
  [0xf4, 0x90, 0x80, 0x80],
  [0xed, 0xa0, 0xbd],
].map((b) => Uint8Array.from(b));

/** Whole values. */
export const VALUES: readonly string[] = [
  '::ffff:203.0.113.66',
  '::ffff:cb00:7142',
  '203.000.113.066',
  '0313.0.0161.0102',
  '3405803842',
  '0xcb007142',
  '[2001:DB8:0::1%eth0]',
  'evil.example.org.',
  'EVIL.example.ORG...',
  'CORP\\Administrator',
  'administrator@corp.example.com',
  '4720.0',
  '0x1270',
  ' 4720 ',
  '"a":1,"a":2',
  '{"a":{"b":1},"a.b":2,"a":3}',
  '"__proto__":{"x":1},',
  '@cee:{"a":1,"a":2}',
  '<999>',
  'Feb 30 25:00:00 ',
  '\n<86>Mar  5 14:00:00 web01 sshd[1]: Failed password for root from 203.0.113.66 port 4 ssh2',
];
