/**
 * Rules of others into the user's folder: `imported/NAME/` takes the place of an earlier import of that name as a whole, so
 * that nobody sees half of it. Imported rules land in shadow (`rule-modes.ts`) until what is proposed for them is accepted.
 * Held by `rules.int.test.ts`.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { err, ok, type Result } from '../base/result.ts';
import { readRuleFiles, type RuleFile } from '../detect/load.ts';
import type { RuleProblem } from '../detect/rule.ts';
import { IMPORTED_FOLDER, proposalFor } from './rule-modes.ts';
import { type Cause, OWN_PREFIX, type Rules } from './rules.ts';

/** Folders of a SigmaHQ checkout that hold rules; `deprecated` and `unsupported` do not. */
const RULE_FOLDER = /^rules(-[a-z-]+)?$/;
const NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/;

export type ImportReport = {
  readonly folder: string;
  readonly files: number;
  /** Rules in force from it, by what is proposed for them. */
  readonly rules: number;
  readonly alerting: number;
  readonly risk: number;
  /** What was refused, with file, line and reason. */
  readonly problems: readonly RuleProblem[];
};

export function importRules(
  rules: Rules,
  o: { readonly from: string; readonly name: string; readonly cause: Pick<Cause, 'who' | 'from'> },
  settings: () => ReadonlyMap<string, { readonly mode: string }>,
): Result<ImportReport> {
  if (!NAME.test(o.name)) return err('the name of an import is lower-case letters, digits, - and _');
  if (!existsSync(o.from) || !statSync(o.from).isDirectory()) return err(`there is no folder ${o.from}`);
  const problems: RuleProblem[] = [];
  const files = filesOf(o.from, problems);
  if (files.length === 0) return err(`there are no rule files (*.yml) in ${o.from}`);
  const target = join(rules.ownDir, IMPORTED_FOLDER, o.name);
  putFolder(files, target);
  rules.reload({ ...o.cause, source: `import ${o.name}` });
  const prefix = `${OWN_PREFIX}${IMPORTED_FOLDER}/${o.name}/`;
  const mine = rules.set.rules.filter((r) => r.file.startsWith(prefix) && r.partOf === undefined);
  const proposed = mine.map((r) => proposalFor(r, settings()));
  return ok({
    folder: target,
    files: files.length,
    rules: mine.length,
    alerting: proposed.filter((p) => p === 'alerting').length,
    risk: proposed.filter((p) => p === 'risk').length,
    problems: [...problems, ...rules.problems.filter((p) => p.file.startsWith(prefix))],
  });
}

/** A checkout's rule folders where it has them, else the whole folder. */
function filesOf(from: string, problems: RuleProblem[]): RuleFile[] {
  const folders = readdirSync(from, { withFileTypes: true })
    .filter((e) => e.isDirectory() && RULE_FOLDER.test(e.name))
    .map((e) => e.name);
  if (folders.length === 0) return readRuleFiles(from, problems);
  return folders.flatMap((f) =>
    readRuleFiles(join(from, f), problems).map((x) => ({ path: `${f}/${x.path}`, text: x.text })),
  );
}

/** Written beside, then put in place by two renames; where the second one fails, what was there is put back. */
export function putFolder(files: readonly RuleFile[], target: string): void {
  mkdirSync(dirname(target), { recursive: true });
  const scratch = mkdtempSync(join(dirname(dirname(dirname(target))), '.rule-import-'));
  try {
    const fresh = join(scratch, 'new');
    for (const f of files) {
      const path = join(fresh, f.path);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, f.text, { mode: 0o600 });
    }
    const old = join(scratch, 'old');
    if (existsSync(target)) renameSync(target, old);
    try {
      renameSync(fresh, target);
    } catch (e) {
      if (existsSync(old)) renameSync(old, target);
      throw e;
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
