import assert from 'node:assert/strict';
import test from 'node:test';
import { fill, SENTENCE_CHARS_MAX, sentence, type SentenceFacts, VALUE_CHARS_MAX } from './sentence.ts';

const facts = (more: Partial<SentenceFacts> = {}): SentenceFacts => ({
  title: 'A rule',
  count: 11,
  hosts: ['web01'],
  hostCount: 1,
  actions: ['ssh_login'],
  services: [],
  values: new Map([['source.ip', ['127.0.0.1']]]),
  more: new Set(),
  escalations: [],
  ...more,
});
const BF = { kind: 'brute_force' } as const;

test('brute force, word for word', () => {
  assert.equal(
    sentence(BF, facts()),
    'Brute force attack detected from 127.0.0.1 targeting SSH on 1 server (web01)',
  );
  assert.equal(
    sentence(
      BF,
      facts({
        hosts: ['web01', 'web02', 'web03', 'db01', 'mail01'],
        hostCount: 5,
        values: new Map([['source.ip', ['10.0.1.5']]]),
      }),
    ),
    'Brute force attack detected from 10.0.1.5 targeting SSH on 5 servers (web01, web02, web03, db01, mail01)',
  );
  assert.equal(
    sentence(BF, facts({ actions: ['ssh_login', 'vpn_login'], hosts: [], hostCount: 0 })),
    'Brute force attack detected from 127.0.0.1 targeting SSH and VPN',
  );
  assert.match(
    sentence(BF, facts({ hosts: ['a', 'b', 'c', 'd', 'e', 'f', 'g'], hostCount: 400 })),
    /400 servers \(a, b, c, d, e and 395 more\)/,
  );
  assert.equal(
    sentence(BF, facts({ escalations: ['then a successful login as root on web01'] })),
    'Brute force attack detected from 127.0.0.1 targeting SSH on 1 server (web01), then a successful login as root on web01',
  );
});

test('placeholders: one pass, own values only, nothing is code', () => {
  const values = new Map([
    ['user.name', ['{source.ip} {constructor} {count}']],
    ['source.ip', ['10.0.1.5']],
  ]);
  const f = facts({ values });
  assert.equal(fill('{user.name} from {source.ip}', f), '{source.ip} {constructor} {count} from 10.0.1.5');
  for (const name of ['__proto__', 'constructor', 'toString', "constructor.constructor('x')()", 'secret'])
    assert.equal(fill(`{${name}}`, f), '(unknown)');
  assert.equal(fill('${x} {{x}} {} {', f), '$(unknown) {(unknown)} {} {');
  assert.equal(fill('{count} on {servers}', f), '11 on 1 server (web01)');
});

test('sizes are readable', () => {
  const size = (v: string): string =>
    fill('{source.bytes}', facts({ values: new Map([['source.bytes', [v]]]) }));
  for (const [raw, text] of [
    ['0', '0 bytes'],
    ['999', '999 bytes'],
    ['1000', '1.0 kB'],
    ['12345', '12 kB'],
    ['999499', '999 kB'],
    ['999500', '1.0 MB'],
    ['4330548013', '4.3 GB'],
    ['1e9', '1e9'],
    ['-5', '-5'],
  ] as const)
    assert.equal(size(raw), text);
});

test('values are escaped and cut, sentences too', () => {
  const f = facts({ values: new Map([['user.name', ['a\u001b[31mb\nc\u202e']]]) });
  assert.equal(fill('{user.name}', f), 'a\\u{1b}[31mb\\u{a}c\\u{202e}');
  const long = facts({ values: new Map([['user.name', ['x'.repeat(5000)]]]) });
  assert.equal(fill('{user.name}', long).length, VALUE_CHARS_MAX + 1);
  assert.ok(
    sentence({ kind: 'text', text: '{user.name} '.repeat(100) }, long).length <= SENTENCE_CHARS_MAX + 1,
  );
});

test('several values, and rules without a sentence', () => {
  const f = facts({ values: new Map([['user.name', ['a', 'b', 'c', 'd']]]), more: new Set(['user.name']) });
  assert.equal(fill('{user.name}', f), 'a, b, c and more');
  assert.equal(
    sentence(null, facts({ values: new Map([['user.name', ['eva']]]), count: 3 })),
    'A rule by eva on web01 (3 times)',
  );
});

test('a placeholder names what to fall back to', () => {
  const f = facts({ values: new Map([['b', ['second']]]) });
  assert.equal(fill('{a|b} {a|c} {b|a}', f), 'second (unknown) second');
});

test('text in brackets is left out where its hole has no value; brackets without holes and in values stay', () => {
  const t = 'A login[ of {user.name}][ from {source.ip}][ on {hosts}][ ({count} times)] [as written]';
  assert.equal(fill(t, facts()), 'A login from 127.0.0.1 on web01 (11 times) [as written]');
  const bare = facts({
    count: 1,
    hosts: [],
    hostCount: 0,
    values: new Map([['user.name', ['x[ of {source.ip}]']]]),
  });
  assert.equal(fill(t, bare), 'A login of x[ of {source.ip}] [as written]');
  assert.equal(fill('[{a} and {source.ip}]', facts()), '');
  assert.equal(fill('[', facts()), '[');
});
