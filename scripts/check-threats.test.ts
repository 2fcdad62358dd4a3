/** The threat check passes a true page and fails on each planted lie. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkThreats, ITEMS } from './check-threats.ts';
import { plant } from './checks-fixture.ts';

const TESTS = `
import { test } from 'node:test';
test('held: a (b)', () => {});
test('held with options', { timeout: 5 }, async () => {});
for (const w of ['x']) test(\`fails on \${w}\`, () => {});
test.skip('skipped', () => {});
test('skipped by option', { skip: true }, () => {});
test('todo by option', { todo: 'later' }, () => {});
test('skipped where a tool is missing', { skip: process.argv.length > 99 }, () => {});
// test('a comment', () => {});
const s = "test('in a string', () => {})";
`;
const named = (...titles: string[]): string => titles.map((t) => `\`src/a.test.ts: ${t}\``).join(', ');
const others = Array.from({ length: ITEMS - 1 }, (_, i) => `- **${i + 2}** later`).join('\n');
const page = (tests: string, open = others): string =>
  `# Threats\n| # | asset | tests |\n|---|---|---|\n| 1a | x | ${tests} |\n\n## Not yet held\n\n${open}\n`;

function problemsOf(threats: string): string {
  using tree = plant({ 'docs/THREATS.md': threats, 'src/a.test.ts': TESTS });
  return checkThreats(tree.root).problems.join('\n');
}

test('check-threats: a true page passes', () => {
  assert.equal(
    problemsOf(
      page(named('held: a (b)', 'held with options', 'fails on anything', 'skipped where a tool is missing')),
    ),
    '',
  );
});

for (const title of [
  'held: a',
  'held: a (b) and more',
  'skipped',
  'skipped by option',
  'todo by option',
  'a comment',
  'in a string',
  'fails on ',
]) {
  test(`check-threats: fails on the test '${title}', which does not run`, () => {
    assert.match(problemsOf(page(named(title))), /no test '.*' in src\/a\.test\.ts/);
  });
}

test('check-threats: fails on a missing file, a row without a test, a missing item and an empty page', () => {
  assert.match(problemsOf(page('`src/gone.test.ts: x`')), /no test 'x' in src\/gone\.test\.ts/);
  assert.match(problemsOf(page('`web/dev/x.test.ts: x`')), /web\/dev\/x\.test\.ts is not part of npm test/);
  assert.match(problemsOf(page('we are careful')), /a row of item 1 names no test/);
  assert.match(
    problemsOf(page(named('held: a (b)'), others.replace('- **7** later', ''))),
    /item 7 stands neither/,
  );
  assert.match(problemsOf('# Threats\n'), /the check has read nothing/);
});
