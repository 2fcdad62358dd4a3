/** `npm run check`: types, lint and format, and the project's own checks; prints one line each, stops at nothing. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = (name: string): string => join(root, 'node_modules/.bin', name);

const CHECKS: readonly (readonly [string, string, readonly string[]])[] = [
  ['types', bin('tsc'), ['-p', 'tsconfig.json']],
  ['types of the console', bin('tsc'), ['-p', 'web/tsconfig.json']],
  ['lint and format', bin('biome'), ['check', '--error-on-warnings', '.']],
  ...['imports', 'supply', 'threats'].map(
    (n) => [n, process.execPath, [join(root, `scripts/check-${n}.ts`)]] as const,
  ),
];

let failed = 0;
for (const [name, command, args] of CHECKS) {
  const script = args.find((a) => a.startsWith(join(root, 'scripts')));
  if (script !== undefined && !existsSync(script)) {
    process.stdout.write(`FAILED ${name}: ${script} is missing\n`);
    failed++;
    continue;
  }
  const r = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 16 * 1024 * 1024 });
  const good = r.status === 0;
  process.stdout.write(`${good ? 'ok    ' : 'FAILED'} ${name}\n`);
  if (!good) {
    failed++;
    process.stdout.write(`${r.stdout ?? ''}${r.stderr ?? ''}\n`);
  }
}
process.exitCode = failed === 0 ? 0 : 1;
