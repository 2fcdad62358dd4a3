/** What the checks have in common: one line when all is well, one line per problem and exit code 1 otherwise. */
import { realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

export type Report = { readonly problems: readonly string[]; readonly summary: string };

/** True where the module is the script that Node was started with. */
export const isMain = (url: string): boolean =>
  process.argv[1] !== undefined && url === pathToFileURL(realpathSync(process.argv[1])).href;

export function finish(r: Report): void {
  if (r.problems.length === 0) {
    process.stdout.write(`ok: ${r.summary}\n`);
    return;
  }
  process.stderr.write(`${r.problems.join('\n')}\n${r.problems.length} problems (${r.summary})\n`);
  process.exitCode = 1;
}
