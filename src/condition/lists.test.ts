/** Membership in named lists, kind by kind. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileList } from './lists.ts';
import type { ListKind } from './tree.ts';

function expectAll(
  kind: ListKind,
  values: readonly string[],
  yes: readonly string[],
  no: readonly string[],
): void {
  const test = compileList({ kind, values });
  for (const v of yes) assert.equal(test(v), true, `${v} should be among ${values.join(' | ')}`);
  for (const v of no) assert.equal(test(v), false, `${v} should not be among ${values.join(' | ')}`);
}

test('domains: subdomains, dots at the end, wildcards on both sides', () => {
  expectAll(
    'domain',
    ['example.com', '*.example.net', '.example.org.', ''],
    [
      'example.com',
      'EXAMPLE.com.',
      'a.b.example.com',
      '*.example.com',
      '*.com',
      'example.net',
      'x.example.net',
      'www.example.org',
    ],
    ['badexample.com', 'example.com.evil.test', 'com', '', '.', '*.test', 'example.co'],
  );
  // A wildcard certificate covers what is one label below it, and nothing else.
  expectAll(
    'domain',
    ['login.example.com'],
    ['*.example.com', '*.login.example.com'],
    ['*.com', '*.b.example.com', 'example.com'],
  );
});

test('domains: Unicode and punycode are the same name, label by label', () => {
  const all = [
    'münchen.example',
    'MÜNCHEN.example',
    'xn--mnchen-3ya.example',
    'mu\u0308nchen.example',
    'www.XN--MNCHEN-3YA.example',
  ];
  for (const member of all.slice(0, 4))
    expectAll('domain', [member], all, ['munchen.example', 'xn--mnchen-3yb.example']);
  expectAll(
    'domain',
    ['bücher.münchen.example'],
    [
      'xn--bcher-kva.münchen.example',
      'bücher.xn--mnchen-3ya.example',
      '*.xn--mnchen-3ya.example',
      'a.xn--bcher-kva.xn--mnchen-3ya.example',
    ],
    ['münchen.example'],
  );
  // No name at all stays itself.
  expectAll('domain', ['xn--', 'ü ü.example'], ['xn--', 'Ü ü.example'], ['x']);
});

test('issuers: common names, distinguished names in any order and spelling, key ids', () => {
  expectAll(
    'issuer',
    ['Example Issuing  CA 1'],
    [
      'example issuing ca 1',
      ' Example Issuing CA 1 ',
      'CN=Example Issuing CA 1',
      'C=NO,O=Other,CN=Example  Issuing CA 1',
      '/C=NO/CN=Example Issuing CA 1',
    ],
    [
      'Example Issuing CA 12',
      'O=Example Issuing CA 1',
      'CN=Example Issuing CA 1 B',
      'CN=x/CN=Example Issuing CA 1',
      '',
    ],
  );
  const spelled = [
    'CN=Example CA,O="Example, Inc.",C=NO',
    'C=NO, O=Example\\, Inc., CN=Example CA',
    'c = no; o = "Example,  Inc." ; cn=EXAMPLE CA',
    '/C=NO/O=Example, Inc./CN=Example CA',
    '2.5.4.3=Example CA,O=Example\\, Inc.,C=NO',
  ];
  for (const member of spelled) {
    expectAll('issuer', [member], spelled, [
      // Its CN alone, a DN with more, less or something else in it.
      'Example CA',
      'CN=Example CA',
      'CN=Example CA,O="Example, Inc.",C=NO,OU=Test',
      'CN=Example CA,O="Example, Inc.",C=SE',
      'CN=Example CA,O=Example,Inc.,C=NO',
      'CN="Example CA,O=Example, Inc.",C=NO',
    ]);
  }
  expectAll(
    'issuer',
    ['CN=Example CA'],
    ['Example CA', 'cn = example ca', 'O=x,CN=Example CA'],
    ['O=Example CA'],
  );
  expectAll(
    'issuer',
    ['ST=Oslo,E=a@example.com,CN=a'],
    ['CN=a,S=Oslo,emailAddress=a@example.com'],
    ['CN=a,S=Oslo'],
  );
  const key = 'A8:4A:63:04:7D:DD:BA:E6:D1:39:B7:A6:45:65:EF:F3:A8:EC:A1';
  expectAll(
    'issuer',
    [key],
    [`keyid:${key}\n`, key.replaceAll(':', ''), key.replaceAll(':', ' ').toLowerCase()],
    [`${key}:00`, 'A8'],
  );
  expectAll('issuer', ['', ' '], [], ['', ' ', 'x']);
});

test('issuers: hostile names take no time', () => {
  const test = compileList({ kind: 'issuer', values: ['CN=a'] });
  const before = performance.now();
  for (const c of ['"', '\\', '=', ',', '"\\', 'a="', ' ', '/']) test(`CN=${c.repeat(60_000)}`);
  assert.ok(performance.now() - before < 3000);
});
