/** The supply check passes a clean lock and fails on each planted violation. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkSupply } from './check-supply.ts';
import { plant } from './checks-fixture.ts';

type Json = { [key: string]: Json | string | boolean | number };

const clean = (): Record<
  'package.json' | 'package-lock.json' | 'scripts/licences.json' | 'node_modules/a/package.json',
  Json
> => ({
  'package.json': { dependencies: { a: '1.0.0' }, devDependencies: { '@s/b': '2.0.0-rc.1' } },
  'package-lock.json': {
    lockfileVersion: 3,
    packages: {
      '': { name: 'x' },
      'node_modules/a': {
        version: '1.0.0',
        integrity: `sha512-${'A'.repeat(86)}==`,
        license: 'MIT',
        resolved: 'https://registry.npmjs.org/a/-/a-1.0.0.tgz',
      },
      'node_modules/@s/b': { version: '2.0.0-rc.1', integrity: `sha512-${'B'.repeat(86)}==`, license: 'ISC' },
      'node_modules/a/node_modules/c': {
        version: '3.0.0',
        integrity: `sha512-${'C'.repeat(86)}==`,
        license: 'MIT',
        hasInstallScript: true,
      },
    },
  },
  'scripts/licences.json': {
    allowed: { MIT: 'fine', ISC: 'fine' },
    packages: {},
    installScripts: { c: 'empty' },
  },
  'node_modules/a/package.json': { version: '1.0.0', license: 'MIT' },
});

function problemsOf(
  change: (files: ReturnType<typeof clean>, packages: Record<string, Json>) => void,
): readonly string[] {
  const files = clean();
  change(files, (files['package-lock.json']['packages'] ?? {}) as Record<string, Json>);
  using tree = plant(Object.fromEntries(Object.entries(files).map(([k, v]) => [k, JSON.stringify(v)])));
  return checkSupply(tree.root).problems;
}
const a = (packages: Record<string, Json>): Json => packages['node_modules/a'] as Json;

test('check-supply: a clean lock passes', () => {
  assert.deepEqual(
    problemsOf(() => {}),
    [],
  );
});

const PLANTED: readonly (readonly [string, Parameters<typeof problemsOf>[0], RegExp])[] = [
  [
    'an entry without integrity',
    (_f, p) => {
      delete a(p)['integrity'];
    },
    /no sha512 integrity/,
  ],
  [
    'a weak hash',
    (_f, p) => {
      a(p)['integrity'] = 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=';
    },
    /no sha512 integrity/,
  ],
  [
    'another registry',
    (_f, p) => {
      a(p)['resolved'] = 'https://registry.npmjs.org.example.com/a.tgz';
    },
    /not from https:\/\/registry\.npmjs\.org/,
  ],
  [
    'plain http',
    (_f, p) => {
      a(p)['resolved'] = 'http://registry.npmjs.org/a.tgz';
    },
    /not from/,
  ],
  [
    'a git address',
    (_f, p) => {
      a(p)['resolved'] = 'git+ssh://git@example.com/a.git';
    },
    /not from/,
  ],
  [
    'an unlisted licence',
    (_f, p) => {
      a(p)['license'] = 'GPL-3.0';
    },
    /licence 'GPL-3\.0' is not in/,
  ],
  [
    'no licence',
    (_f, p) => {
      delete a(p)['license'];
    },
    /licence 'none'/,
  ],
  [
    'a licence named like a property of every object',
    (_f, p) => {
      a(p)['license'] = 'constructor';
    },
    /licence 'constructor'/,
  ],
  [
    'an unnamed install script',
    (_f, p) => {
      a(p)['hasInstallScript'] = true;
    },
    /has an install script/,
  ],
  [
    'an install script that the lock hides',
    (f) => {
      f['node_modules/a/package.json']['scripts'] = { postinstall: 'x' };
    },
    /has postinstall, which the lock does not say/,
  ],
  [
    'a link',
    (_f, p) => {
      a(p)['link'] = true;
    },
    /a link/,
  ],
  [
    'a range',
    (f) => {
      (f['package.json']['dependencies'] as Json)['a'] = '^1.0.0';
    },
    /not an exact version/,
  ],
  [
    'a version apart from the lock',
    (f) => {
      (f['package.json']['dependencies'] as Json)['a'] = '1.0.1';
    },
    /is 1\.0\.0, package\.json says 1\.0\.1/,
  ],
  [
    'another version on the disk',
    (f) => {
      f['node_modules/a/package.json']['version'] = '9.9.9';
    },
    /version 9\.9\.9, the lock says 1\.0\.0/,
  ],
  [
    'another licence on the disk',
    (f) => {
      f['node_modules/a/package.json']['license'] = 'AGPL-3.0';
    },
    /licence 'AGPL-3\.0'/,
  ],
  [
    'a permission that nobody needs',
    (f) => {
      (f['scripts/licences.json']['installScripts'] as Json)['z'] = 'why';
    },
    /z is named/,
  ],
  [
    'an empty lock',
    (f) => {
      f['package-lock.json'] = { packages: {} };
      f['package.json'] = {};
    },
    /the check has read nothing/,
  ],
];
for (const [what, change, expected] of PLANTED) {
  test(`check-supply: fails on ${what}`, () => {
    const problems = problemsOf(change);
    assert.match(problems.join('\n'), expected);
  });
}
