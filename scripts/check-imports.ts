/**
 * `node scripts/check-imports.ts`: who may import whom (the table in docs/LAYOUT.md), which folder owns which package, no
 * cycles between files or folders, no barrels, no `any`, no silenced type errors. Fails if it saw no files.
 *
 * Test support (`*.test.ts`, `*-fixture*.ts` and the names in TEST_SUPPORT) may import anything; product code may not
 * import test support. Held by `check-imports.test.ts`, which plants each violation.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { finish, isMain, type Report } from './check-report.ts';
import {
  folderOf,
  type Import,
  isOurs,
  packageOf,
  type Row,
  readFiles,
  readTable,
  type SourceFile,
} from './import-graph.ts';

const TEST_SUPPORT = ['fixture.ts', 'fake-intake.ts', 'testing.ts', 'arbitrary.ts'];
/** What people run; measurements and checks may use test support. */
const PRODUCT = /^(src|content|web)\//;
/** Imported by every folder without a word in the table. */
const COMMON = ['src/base', 'src/model'];

export const isTestSupport = (path: string): boolean => {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return (
    /\.test\.tsx?$/.test(name) ||
    name.includes('-fixture') ||
    TEST_SUPPORT.includes(name) ||
    path.startsWith('test/')
  );
};

export function checkImports(root: string): Report {
  const rows = readTable(readFileSync(join(root, 'docs/LAYOUT.md'), 'utf8'));
  const files = readFiles(root);
  const problems: string[] = [];
  if (rows.length === 0) problems.push('docs/LAYOUT.md: no table of folders found');
  if (files.length === 0) problems.push('no source files found: the check has read nothing');
  for (const f of files) problems.push(...checkFile(root, f, rows));
  const product = files.filter((f) => !isTestSupport(f.path));
  problems.push(...fileCycles(product), ...folderCycles(product));
  const imports = files.reduce((n, f) => n + f.imports.length, 0);
  return {
    problems,
    summary: `imports: ${files.length} files, ${imports} imports, ${rows.length} folders in the table`,
  };
}

function checkFile(root: string, f: SourceFile, rows: readonly Row[]): string[] {
  const out: string[] = [];
  for (const line of f.anys) out.push(`${f.path}:${line}: 'any'; use 'unknown' and look at what it is`);
  for (const line of f.silenced) out.push(`${f.path}:${line}: a silenced type error; fix the type`);
  if (f.barrel)
    out.push(
      `${f.path}: a barrel (it only passes on what others export); import from the file that defines it`,
    );
  const row = rows.find((r) => r.folder === folderOf(f.path));
  if (row === undefined) out.push(`${f.path}: its folder is not in the table of docs/LAYOUT.md`);
  for (const i of f.imports) {
    const at = `${f.path}:${i.line}`;
    if (isOurs(i.to)) {
      if (!existsSync(join(root, i.to))) out.push(`${at}: imports ${i.to}, which does not exist`);
      else if (!isTestSupport(f.path) && row !== undefined) out.push(...checkOurs(at, f, i, row));
      continue;
    }
    const name = packageOf(i.to, root);
    if (name !== '' && !isTestSupport(f.path)) out.push(...checkPackage(at, name, folderOf(f.path), rows));
  }
  return out;
}

function checkOurs(at: string, f: SourceFile, i: Import, row: Row): string[] {
  const out: string[] = [];
  const to = folderOf(i.to);
  if (PRODUCT.test(f.path) && isTestSupport(i.to))
    out.push(`${at}: product code imports test support ${i.to}`);
  const fine = to === row.folder || COMMON.includes(to) || row.may.includes(to) || row.may.includes(i.to);
  if (!fine && (!row.all || row.except.includes(to))) {
    out.push(`${at}: ${row.folder} may not import ${to} (${i.to}); see the table in docs/LAYOUT.md`);
  }
  const feature = (path: string): string => /^web\/src\/features\/[^/]+/.exec(path)?.[0] ?? '';
  if (feature(f.path) !== '' && feature(i.to) !== '' && feature(f.path) !== feature(i.to)) {
    out.push(
      `${at}: one feature of the console imports another (${i.to}); move what both need to web/src/ui, data or lib`,
    );
  }
  return out;
}

function checkPackage(at: string, name: string, folder: string, rows: readonly Row[]): string[] {
  const owners = rows.filter((r) =>
    r.owns.some((o) => o === name || (o.endsWith('/*') && name.startsWith(o.slice(0, -1)))),
  );
  if (owners.some((r) => r.folder === folder)) return [];
  if (owners.length === 0)
    return [`${at}: no folder owns the package ${name}; name it in the table of docs/LAYOUT.md`];
  return [`${at}: ${name} belongs to ${owners.map((r) => r.folder).join(' and ')}, not to ${folder}`];
}

/** Cycles between files; imports of types alone do not count, since they vanish. */
function fileCycles(files: readonly SourceFile[]): string[] {
  const edges = new Map(
    files.map((f) => [f.path, f.imports.filter((i) => !i.typeOnly && isOurs(i.to)).map((i) => i.to)]),
  );
  return cycles(edges).map((c) => `files import each other in a circle: ${c.join(' -> ')}`);
}

/** Cycles between folders, types included. */
function folderCycles(files: readonly SourceFile[]): string[] {
  const edges = new Map<string, string[]>();
  for (const f of files) {
    const from = folderOf(f.path);
    const to = f.imports.filter((i) => isOurs(i.to)).map((i) => folderOf(i.to));
    edges.set(
      from,
      [...new Set([...(edges.get(from) ?? []), ...to])].filter((t) => t !== from),
    );
  }
  return cycles(edges).map((c) => `folders import each other in a circle: ${c.join(' -> ')}`);
}

/** One cycle per back edge of a depth-first walk; none if and only if the graph has none. */
function cycles(edges: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const walk = (at: string): void => {
    const seen = path.indexOf(at);
    if (seen >= 0) found.push([...path.slice(seen), at]);
    if (seen >= 0 || done.has(at)) return;
    path.push(at);
    for (const to of edges.get(at) ?? []) walk(to);
    path.pop();
    done.add(at);
  };
  for (const at of edges.keys()) walk(at);
  return found;
}

if (isMain(import.meta.url)) finish(checkImports(join(import.meta.dirname, '..')));
