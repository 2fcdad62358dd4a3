import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeEnvelope, type Envelope } from './envelope.ts';

const CTX = { zone: 'UTC', ingested: Date.UTC(2026, 2, 5, 15) * 1000 };
const T = Date.UTC(2026, 2, 5, 14, 23, 1) * 1000;
const isPrefix = (t: string, i: number): boolean => t.startsWith('CEF:', i);
const decode = (t: string): Envelope => decodeEnvelope(t, CTX, isPrefix);
const pick = (t: string) => {
  const e = decode(t);
  return [e.kind, e.pri, e.time === undefined ? '' : e.time - T, e.host, e.program, e.pid, e.message];
};

const CASES: readonly (readonly [string, readonly unknown[]])[] = [
  ['Mar  5 14:23:01 server sshd[1234]: text', ['rfc3164', -1, 0, 'server', 'sshd', '1234', 'text']],
  ['Mar 5 14:23:01 server sshd[1234]: text', ['rfc3164', -1, 0, 'server', 'sshd', '1234', 'text']],
  ['<38>Mar  5 14:23:01 server sudo:   a : b', ['rfc3164', 38, 0, 'server', 'sudo', '', 'a : b']],
  ['<38> Mar  5 14:23:01 server su: x', ['rfc3164', 38, 0, 'server', 'su', '', 'x']],
  ['<38>Mar  5 14:23:01 we<b|01 sshd[1]: x', ['rfc3164', 38, 0, 'we<b|01', 'sshd', '1', 'x']],
  ['Mar  5 14:23:01  sshd[1]: x', ['rfc3164', -1, 0, '', 'sshd', '1', 'x']],
  ['Mar  5 14:23:01 sshd: x', ['rfc3164', -1, 0, '', 'sshd', '', 'x']],
  ['Mar  5 14:23:01 2001:db8::1 sshd[1]: x', ['rfc3164', -1, 0, '2001:db8::1', 'sshd', '1', 'x']],
  ['Mar  5 14:23:01 h postfix/smtpd[9]: x', ['rfc3164', -1, 0, 'h', 'postfix/smtpd', '9', 'x']],
  ['Mar  5 14:23:01 h gdm-password][9]: x', ['rfc3164', -1, 0, 'h', 'gdm-password', '9', 'x']],
  ['Mar  5 14:23:01 h su(pam_unix)[9]: x', ['rfc3164', -1, 0, 'h', 'su(pam_unix)', '9', 'x']],
  ['Mar  5 14:23:01 h user.info kernel: x', ['rfc3164', -1, 0, 'h', 'kernel', '', 'x']],
  [
    'Mar  5 14:23:01 h last message repeated 2 times',
    ['rfc3164', -1, 0, 'h', '', '', 'last message repeated 2 times'],
  ],
  ['Mar  5 14:23:01 h CEF:0|a|b', ['rfc3164', -1, 0, 'h', '', '', 'CEF:0|a|b']],
  ['<13>Mar  5 14:23:01 CEF:0|a|b', ['rfc3164', 13, 0, '', '', '', 'CEF:0|a|b']],
  ['<13>CEF:0|a|b', ['rfc3164', 13, '', '', '', '', 'CEF:0|a|b']],
  ['<13>text without a header', ['rfc3164', 13, '', '', '', '', 'text without a header']],
  ['<13>app[7]: text', ['rfc3164', 13, '', '', 'app', '7', 'text']],
  ['2026-03-05T14:23:01+00:00 h sshd[1]: x', ['rfc3164', -1, 0, 'h', 'sshd', '1', 'x']],
  ['2026-03-05T14:23:01.000000Z h kernel: x', ['rfc3164', -1, 0, 'h', 'kernel', '', 'x']],
  ['2026-03-05T14:23:01Z INFO a: b', ['stamp', -1, 0, '', '', '', '2026-03-05T14:23:01Z INFO a: b']],
  ['2026-03-05 14:23:01 main Loader: b', ['stamp', -1, 0, '', '', '', '2026-03-05 14:23:01 main Loader: b']],
  ['2026/03/05 14:23:01 [error] 1#1: x', ['none', -1, '', '', '', '', '2026/03/05 14:23:01 [error] 1#1: x']],
  ['<13>Mar 05 2026 14:23:01: %ASA-6-1: x', ['rfc3164', 13, 0, '', '', '', '%ASA-6-1: x']],
  ['<13>000012: *Mar  5 2026 14:23:01 UTC: %SYS-5-X: x', ['rfc3164', 13, 0, '', '', '', '%SYS-5-X: x']],
  ['<34>1 2026-03-05T14:23:01Z h app 12 ID7 - \ufefftext', ['rfc5424', 34, 0, 'h', 'app', '12', 'text']],
  ['<34>1 - - - - - -', ['rfc5424', 34, '', '', '', '', '']],
  [
    '<34>1 2026-03-05T14:23:01Z h app - - text without data',
    ['rfc5424', 34, 0, 'h', 'app', '', 'text without data'],
  ],
  ['<999>text', ['none', -1, '', '', '', '', '<999>text']],
  ['<>text', ['none', -1, '', '', '', '', '<>text']],
  ['plain words', ['none', -1, '', '', '', '', 'plain words']],
  ['', ['none', -1, '', '', '', '', '']],
  ['\ufeff<13>Mar  5 14:23:01 h a: x', ['rfc3164', 13, 0, 'h', 'a', '', 'x']],
];

test('envelopes', () => {
  for (const [text, want] of CASES) assert.deepEqual(pick(text), want, text);
});

test('structured data: escapes, several elements, malformed ones stay text', () => {
  const e = decode('<34>1 - h a - ID [x@1 a="q \\" b \\\\ c \\] d" b=""][y] text');
  assert.deepEqual(e.data, [
    ['x@1', 'a', 'q " b \\ c ] d'],
    ['x@1', 'b', ''],
  ]);
  assert.equal(e.message, 'text');
  const bad = decode('<34>1 - h a - ID [x@1 a="open text');
  assert.deepEqual(bad.data, []);
  assert.equal(bad.message, '[x@1 a="open text');
});
