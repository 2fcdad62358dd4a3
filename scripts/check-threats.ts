/**
 * `node scripts/check-threats.ts`: docs/THREATS.md names only tests that exist. A test is named in a table as
 * `path/of/x.test.ts: its title` in backticks; the title must be that of a `test(...)` in that file that is not skipped.
 * Titles made of a template match with any text in its holes. The file must be one that `npm test` runs. Every row of a table names at least one test, and every
 * item 1 to ITEMS stands in a table or under "Not yet held". Held by `check-threats.test.ts`.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync, Visitor } from 'rolldown/utils';
import { finish, isMain, type Report } from './check-report.ts';

const PAGE = 'docs/THREATS.md';
export const ITEMS = 14;
const OPEN = '## Not yet held';
const NAMED = /`([\w./-]+\.test\.tsx?): ([^`]+)`/g;
/** Files that `npm test` (scripts/test.ts) runs. */
const RUN = /^(src|content|scripts|bench|web\/src|test)\//;
const NOT_RUN = /^test\/ci\//;
/** Functions of node:test that run a test. */
const RUNNERS = new Set(['test', 'it']);

export function checkThreats(root: string): Report {
  const problems: string[] = [];
  const [held = '', open = ''] = readFileSync(join(root, PAGE), 'utf8').split(OPEN);
  const titles = new Map<string, readonly RegExp[]>();
  const items = new Set([...open.matchAll(/^- \*\*(\d+)[a-z]?\b/gm)].map((m) => Number(m[1])));
  let rows = 0;
  let tests = 0;
  for (const row of held.split('\n').filter((l) => /^\| \d+[a-z]? \|/.test(l))) {
    rows++;
    const item = /^\| (\d+)/.exec(row)?.[1] ?? '';
    items.add(Number(item));
    const named = [...row.matchAll(NAMED)];
    if (named.length === 0)
      problems.push(`${PAGE}: a row of item ${item} names no test; move it to "Not yet held"`);
    for (const [, file = '', title = ''] of named) {
      tests++;
      if (!RUN.test(file) || NOT_RUN.test(file)) problems.push(`${PAGE}: ${file} is not part of npm test`);
      if (!titles.has(file)) titles.set(file, readTitles(root, file));
      if (!titles.get(file)?.some((t) => t.test(title)))
        problems.push(`${PAGE}: no test '${title}' in ${file}`);
    }
  }
  if (rows === 0) problems.push(`${PAGE}: no table of threats found: the check has read nothing`);
  for (let i = 1; i <= ITEMS; i++) {
    if (!items.has(i)) problems.push(`${PAGE}: item ${i} stands neither in a table nor under "Not yet held"`);
  }
  return { problems, summary: `threats: ${rows} rows, ${tests} tests named, all found` };
}

/** Titles of a file's tests as patterns; none where there is no such file. */
function readTitles(root: string, file: string): RegExp[] {
  if (!existsSync(join(root, file))) return [];
  const out: RegExp[] = [];
  const { program } = parseSync(file, readFileSync(join(root, file), 'utf8'));
  new Visitor({
    CallExpression: (n) => {
      const c = n.callee;
      // `t.test(...)` too; `test.skip` and `test.todo` run nothing.
      const name =
        c.type === 'Identifier'
          ? c.name
          : c.type === 'MemberExpression' && 'name' in c.property
            ? c.property.name
            : '';
      const options = n.arguments.length > 2 ? n.arguments[1] : undefined;
      if (!RUNNERS.has(String(name)) || (options !== undefined && alwaysSkipped(options))) return;
      const pattern = titlePattern(n.arguments[0]);
      if (pattern !== undefined) out.push(pattern);
    },
  }).visit(program);
  return out;
}

/** `{ skip: true }`, `{ todo: '...' }`; a skip that is computed (a tool is missing) may run. */
function alwaysSkipped(options: unknown): boolean {
  const o = options as {
    type: string;
    properties?: readonly { key?: { name?: string }; value?: { type: string; value?: unknown } }[];
  };
  return (o.properties ?? []).some(
    (p) =>
      (p.key?.name === 'skip' || p.key?.name === 'todo') &&
      p.value?.type === 'Literal' &&
      Boolean(p.value.value),
  );
}

function titlePattern(node: unknown): RegExp | undefined {
  const n = node as
    | { type?: string; value?: unknown; quasis?: readonly { value: { cooked: string | null } }[] }
    | undefined;
  const quoted = (s: string): string => s.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  if (n?.type === 'Literal' && typeof n.value === 'string') return new RegExp(`^${quoted(n.value)}$`);
  if (n?.type !== 'TemplateLiteral' || n.quasis === undefined) return undefined;
  const parts = n.quasis.map((q) => q.value.cooked ?? '');
  // A title that is nothing but holes would match everything.
  return parts.join('').trim() === '' ? undefined : new RegExp(`^${parts.map(quoted).join('.+')}$`);
}

if (isMain(import.meta.url)) finish(checkThreats(join(import.meta.dirname, '..')));
