/**
 * `npm test`: every test of the tree with Node's own runner, each file in a process of its own. With arguments, the
 * files whose path contains one of them.
 */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const wanted = process.argv.slice(2);
const files = globSync(['{src,content,scripts,bench,web,test}/**/*.test.{ts,tsx}'], { cwd: root })
  .filter((f) => !f.includes('node_modules') && !f.startsWith('web/dist') && !f.startsWith('test/ci/'))
  .filter((f) => wanted.length === 0 || wanted.some((w) => f.includes(w)))
  .sort();
if (files.length === 0) {
  process.stderr.write('no test file matches\n');
  process.exit(1);
}
const child = spawn(
  process.execPath,
  [
    '--import',
    new URL('test-setup-fixture.ts', import.meta.url).href,
    '--test',
    `--test-concurrency=${Math.max(1, availableParallelism())}`,
    '--test-timeout=240000',
    ...files,
  ],
  { cwd: root, stdio: 'inherit' },
);
for (const s of ['SIGINT', 'SIGTERM'] as const) process.on(s, () => child.kill(s));
child.on('exit', (code) => {
  process.exitCode = code ?? 1;
});
