/**
 * Reads what files import, and the table in docs/LAYOUT.md that says what they may. Imports are read from the syntax
 * tree (never guessed from text): `import`, `export ... from`, `import('literal')`, `new URL('./x.ts', import.meta.url)`
 * and `require`/`resolve` calls of a literal.
 *
 * Held by `check-imports.test.ts`.
 */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseSync, Visitor } from 'rolldown/utils';

export type Import = { readonly to: string; readonly line: number; readonly typeOnly: boolean };
export type SourceFile = {
  /** Relative to the root, with `/`. */
  readonly path: string;
  readonly imports: readonly Import[];
  readonly anys: readonly number[];
  /** Lines of comments that silence the type checker. */
  readonly silenced: readonly number[];
  /** Nothing but imports and re-exports, or `export *`. */
  readonly barrel: boolean;
};

export type Row = {
  /** `src/base`, `content`, `web` ... */
  readonly folder: string;
  readonly all: boolean;
  readonly except: readonly string[];
  /** Folders, and single files. */
  readonly may: readonly string[];
  /** Package names; `@scope/*` for a whole scope. */
  readonly owns: readonly string[];
};

/** Part of the project's own folders that is read. */
export const FOLDERS = ['src', 'content', 'web', 'bench', 'test', 'scripts'] as const;

export function readFiles(root: string): SourceFile[] {
  const patterns = FOLDERS.map((f) => `${f}/**/*.{ts,tsx}`);
  const paths = globSync(patterns, { cwd: root, exclude: (p) => /(^|\/)(node_modules|dist)$/.test(p) });
  return paths
    .map((p) => readSource(root, p.replaceAll('\\', '/')))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

function readSource(root: string, path: string): SourceFile {
  const text = readFileSync(join(root, path), 'utf8');
  const parsed = parseSync(path, text);
  const lineOf = (at: number): number => text.slice(0, at).split('\n').length;
  if (parsed.errors.length > 0)
    throw new Error(`${path}: ${parsed.errors[0]?.message ?? 'cannot be parsed'}`);
  const imports: Import[] = [];
  const add = (to: string, at: number, typeOnly: boolean): void => {
    imports.push({ to: resolveFrom(path, to), line: lineOf(at), typeOnly });
  };
  for (const i of parsed.module.staticImports) {
    const typeOnly = i.entries.length > 0 && i.entries.every((e) => e.isType);
    add(i.moduleRequest.value, i.start, typeOnly);
  }
  let reExports = 0;
  let star = false;
  for (const e of parsed.module.staticExports.flatMap((x) => x.entries)) {
    if (e.moduleRequest === null) continue;
    reExports++;
    star ||= e.importName.kind === 'AllButDefault';
    add(e.moduleRequest.value, e.start, e.isType);
  }
  const anys: number[] = [];
  new Visitor({
    TSAnyKeyword: (n) => void anys.push(lineOf(n.start)),
    ImportExpression: (n) => literal(n.source, (to) => add(to, n.start, false)),
    NewExpression: (n) => {
      const relative = n.callee.type === 'Identifier' && n.callee.name === 'URL' && n.arguments.length === 2;
      if (relative) literal(n.arguments[0], (to) => /^\.\.?\/.*\.tsx?$/.test(to) && add(to, n.start, false));
    },
    CallExpression: (n) => {
      const callee = text.slice(n.callee.start, n.callee.end);
      const loads = /^require(\.resolve)?$|(require\w*\(.*\)|import\.meta)\.resolve$/i.test(callee);
      if (loads) literal(n.arguments[0], (to) => add(to, n.start, false));
    },
  }).visit(parsed.program);
  const silenced = parsed.comments.filter((c) => /^[\s*/]*@ts-(ignore|nocheck|expect-error)/.test(c.value));
  const statements = parsed.program.body;
  const passes = statements.every(
    (s) =>
      s.type === 'ImportDeclaration' ||
      (s.type.startsWith('Export') && !('declaration' in s && s.declaration)),
  );
  return {
    path,
    imports,
    anys,
    silenced: silenced.map((c) => lineOf(c.start)),
    barrel: star || (reExports > 0 && passes),
  };
}

function literal(node: unknown, use: (text: string) => unknown): void {
  const n = node as { type?: string; value?: unknown } | undefined;
  if (n?.type === 'Literal' && typeof n.value === 'string') use(n.value);
}

const resolveFrom = (path: string, to: string): string => (to.startsWith('.') ? join(dirname(path), to) : to);

/** Package of a bare import, '' for a file of ours or a Node module. */
export function packageOf(to: string, root: string): string {
  if (to.startsWith('node:') || to.startsWith('virtual:') || existsSync(join(root, to))) return '';
  const parts = to.split('/');
  return to.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? '');
}

export const isOurs = (to: string): boolean => FOLDERS.some((f) => to.startsWith(`${f}/`));

/** `src/store` for `src/store/engine/x.ts`, else the first part. */
export function folderOf(path: string): string {
  const parts = path.split('/');
  return parts[0] === 'src' ? parts.slice(0, 2).join('/') : (parts[0] ?? '');
}

/** The table: `| folder | what | may import | owns |`, names in backticks. */
export function readTable(layout: string): Row[] {
  const rows: Row[] = [];
  for (const line of layout.split('\n')) {
    const cells = line
      .split('|')
      .slice(1, -1)
      .map((c) => c.trim());
    if (cells.length !== 4 || !cells[0]?.startsWith('`')) continue;
    const [folder, , may = '', owns = ''] = cells;
    const [yes = '', but = ''] = may.split(' but ');
    rows.push({
      folder: (names(folder ?? '')[0] ?? '').replace(/\/$/, ''),
      all: yes.startsWith('everything'),
      except: names(but).map(full),
      may: names(yes).map(full),
      owns: names(owns),
    });
  }
  return rows;
}

const names = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map((m) => m[1] ?? '');
/** `store` in the table means `src/store`. */
const full = (name: string): string =>
  name.includes('/') || (FOLDERS as readonly string[]).includes(name)
    ? name.replace(/\/$/, '')
    : `src/${name}`;
