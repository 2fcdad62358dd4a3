/** The import check passes a clean tree and fails on each planted violation. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkImports } from './check-imports.ts';
import { plant } from './checks-fixture.ts';

const LAYOUT = `# Layout
| folder | what | may import | owns |
|---|---|---|---|
| \`src/base\` | | | \`pino\` |
| \`src/model\` | | | |
| \`src/store\` | | | \`chdb\`, \`@scope/*\` |
| \`src/query\` | | \`condition\` | |
| \`src/condition\` | | | |
| \`src/app\` | | everything but \`cli\` | |
| \`src/cli\` | | everything | |
| \`web/\` | | \`src/api/contract.ts\` | \`react\` |
| \`src/api\` | | | |
`;
const CLEAN = {
  'docs/LAYOUT.md': LAYOUT,
  'src/base/log.ts': `import pino from 'pino';\nexport const log = pino();\n`,
  'src/condition/tree.ts': `import type { log } from '../base/log.ts';\nexport type T = typeof log;\n`,
  'src/query/query.ts': `import type { T } from '../condition/tree.ts';\nexport type Q = T;\n`,
  'src/store/open.ts': `import { x } from 'chdb';\nimport y from '@scope/y/z';\nexport const o = [x, y];\n`,
  'src/api/contract.ts': `export type A = 1;\n`,
  'src/app/app.ts': `import { o } from '../store/open.ts';\nexport const a = o;\nPromise.resolve('late');\n`,
  'web/src/main.tsx': `import type { A } from '../../src/api/contract.ts';\nimport { r } from 'react';\nexport const m: A = <r />;\n`,
  'src/query/query.test.ts': `import { o } from '../store/open.ts';\nimport fc from 'fast-check';\nconst s = "import x from 'nowhere'";\n`,
} as const;

const problemsOf = (change: Readonly<Record<string, string>>): readonly string[] => {
  using tree = plant({ ...CLEAN, ...change });
  return checkImports(tree.root).problems;
};

test('check-imports: a clean tree passes', () => {
  assert.deepEqual(problemsOf({}), []);
});

const PLANTED: readonly (readonly [string, Readonly<Record<string, string>>, RegExp])[] = [
  [
    'a forbidden folder',
    { 'src/query/bad.ts': `import '../store/open.ts';` },
    /src\/query may not import src\/store/,
  ],
  [
    'a forbidden folder, types only',
    { 'src/query/bad.ts': `import type { X } from '../store/open.ts';` },
    /may not import/,
  ],
  [
    'a forbidden folder, re-exported',
    { 'src/query/bad.ts': `export { o } from '../store/open.ts';\nexport const q = 1;` },
    /may not import/,
  ],
  ['a dynamic import', { 'src/query/bad.ts': `await import('../store/open.ts');` }, /may not import/],
  [
    'a worker by URL',
    { 'src/query/bad.ts': `new Worker(new URL('../store/open.ts', import.meta.url));` },
    /may not import/,
  ],
  [
    'the exception of everything',
    { 'src/cli/c.ts': 'export const c = 1;', 'src/app/bad.ts': `import '../cli/c.ts';` },
    /src\/app may not import src\/cli/,
  ],
  [
    'one file only',
    { 'src/api/server.ts': 'export const s = 1;', 'web/src/bad.ts': `import '../../src/api/server.ts';` },
    /web may not import src\/api/,
  ],
  [
    'a package of another folder',
    { 'src/query/bad.ts': `import x from 'chdb';` },
    /chdb belongs to src\/store/,
  ],
  [
    'a package of a scope of another folder',
    { 'src/query/bad.ts': `import x from '@scope/y';` },
    /@scope\/y belongs to src\/store/,
  ],
  [
    'a package by require',
    { 'src/query/bad.ts': `createRequire(import.meta.url).resolve('chdb/x.node');` },
    /chdb belongs to src\/store/,
  ],
  [
    'a package that nobody owns',
    { 'src/store/bad.ts': `import x from 'left-pad';` },
    /no folder owns the package left-pad/,
  ],
  ['a folder outside the table', { 'src/new/x.ts': 'export const x = 1;' }, /not in the table/],
  ['a missing file', { 'src/query/bad.ts': `import './gone.ts';` }, /does not exist/],
  [
    'test support in product code',
    { 'src/query/fixture.ts': 'export const f = 1;', 'src/query/bad.ts': `import './fixture.ts';` },
    /imports test support/,
  ],
  [
    'a circle of files',
    {
      'src/base/a.ts': `import { b } from './b.ts';\nexport const a = b;`,
      'src/base/b.ts': `import { a } from './a.ts';\nexport const b = a;`,
    },
    /files import each other in a circle: src\/base\/a\.ts -> src\/base\/b\.ts/,
  ],
  [
    'a circle of folders',
    {
      'docs/LAYOUT.md': LAYOUT.replace('| `src/condition` | | |', '| `src/condition` | | `query` |'),
      'src/condition/bad.ts': `import type { Q } from '../query/query.ts';`,
    },
    /folders import each other in a circle/,
  ],
  ['a barrel', { 'src/base/index.ts': `export { log } from './log.ts';` }, /a barrel/],
  ['a star', { 'src/base/all.ts': `export * from './log.ts';\nexport const x = 1;` }, /a barrel/],
  ['any', { 'src/base/bad.ts': 'export const x: Map<string, any> = new Map();' }, /'any'/],
  ['ts-ignore', { 'src/base/bad.ts': '// @ts-ignore\nexport const x: string = 1;' }, /silenced type error/],
  [
    'a feature of a feature',
    { 'web/src/features/a/x.ts': `import '../b/y.ts';`, 'web/src/features/b/y.ts': 'export const y = 1;' },
    /one feature of the console imports another/,
  ],
];
for (const [what, change, expected] of PLANTED) {
  test(`check-imports: fails on ${what}`, () => {
    const problems = problemsOf(change);
    assert.equal(problems.length, 1, problems.join('\n'));
    assert.match(problems[0] ?? '', expected);
  });
}

test('check-imports: fails where it saw no files or no table', () => {
  using empty = plant({ 'docs/LAYOUT.md': '# nothing' });
  const problems = checkImports(empty.root).problems.join('\n');
  assert.match(problems, /no source files found/);
  assert.match(problems, /no table of folders found/);
});
