/**
 * Rule files -> one RuleSet. A file that is broken is refused with file, line, what and remedy, and never stops the
 * others; at a reload `previous` keeps the last good version of what is broken now.
 *
 * Held by `load.int.test.ts`.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { errorText } from '../base/result.ts';
import { conditionProblems } from '../condition/evaluate.ts';
import type { CorrelationRule, Rule, RuleProblem, RuleSet } from './rule.ts';
import { makeRuleSet } from './rule.ts';
import { readDocument } from './sigma/document.ts';
import { SigmaError } from './sigma/modifiers.ts';
import { RULE_FILE_CHARS_MAX, readYaml } from './sigma/yaml.ts';
import type { Taxonomy } from './taxonomy.ts';

export const RULE_FILES_MAX = 20_000;
export const FOLDER_DEPTH_MAX = 12;
export const CHAIN_MAX = 8;

export type RuleFile = { readonly path: string; readonly text: string };
export type LoadOptions = {
  readonly taxonomy: Taxonomy;
  /** The rule set in force: a rule whose file is broken now keeps its version from here. */
  readonly previous?: RuleSet;
};
export type Loaded = { readonly set: RuleSet; readonly problems: readonly RuleProblem[] };

/** All `*.yml` and `*.yaml` below the folders, but for `*.test.yml`. Reads files; throws nothing. */
export function loadRules(dirs: readonly string[], options: LoadOptions): Loaded {
  const problems: RuleProblem[] = [];
  const files = dirs.flatMap((dir) => readRuleFiles(dir, problems));
  const loaded = rulesFromFiles(files, options);
  return { set: loaded.set, problems: [...problems, ...loaded.problems] };
}

/** The rule files of a folder; links are not followed out of it, and what cannot be read is a problem. */
export function readRuleFiles(dir: string, problems: RuleProblem[]): RuleFile[] {
  const out: RuleFile[] = [];
  const walk = (folder: string, depth: number): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) =>
      a.name < b.name ? -1 : 1,
    )) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && depth < FOLDER_DEPTH_MAX) walk(path, depth + 1);
      if (!entry.isFile() || !/\.ya?ml$/.test(entry.name) || /\.test\.ya?ml$/.test(entry.name)) continue;
      if (out.length >= RULE_FILES_MAX) return;
      const shown = relative(dir, path);
      try {
        if (statSync(path).size > RULE_FILE_CHARS_MAX * 4) throw new Error('the file is too large: split it');
        out.push({ path: shown, text: readFileSync(path, 'utf8') });
      } catch (e) {
        problems.push({ file: shown, line: 1, reason: errorText(e) });
      }
    }
  };
  try {
    walk(dir, 0);
  } catch (e) {
    problems.push({ file: dir, line: 1, reason: `the folder cannot be read: ${errorText(e)}` });
  }
  return out;
}

/** Pure: texts in, rules out. */
export function rulesFromFiles(files: readonly RuleFile[], options: LoadOptions): Loaded {
  const problems: RuleProblem[] = [];
  const byId = new Map<string, Rule>();
  const broken = new Set<string>();
  for (const f of files) {
    const before = problems.length;
    for (const rule of readOne(f, options.taxonomy, problems)) {
      const other = byId.get(rule.id);
      if (other !== undefined)
        problems.push({
          file: f.path,
          line: rule.line,
          reason: `the id ${rule.id} is taken by ${other.file} line ${other.line}: give this rule an id of its own`,
        });
      else byId.set(rule.id, rule);
    }
    if (problems.length > before) broken.add(f.path);
  }
  // A broken file keeps what it supplied before.
  for (const old of options.previous?.rules ?? [])
    if (broken.has(old.file) && !byId.has(old.id)) byId.set(old.id, old);
  link(byId, problems);
  return { set: makeRuleSet([...byId.values()]), problems };
}

function readOne(f: RuleFile, taxonomy: Taxonomy, problems: RuleProblem[]): Rule[] {
  const read = readYaml(f.text);
  for (const p of read.problems) problems.push({ file: f.path, ...p });
  const out: Rule[] = [];
  for (const doc of read.documents) {
    try {
      const rule = readDocument(doc, f.path, taxonomy);
      const bad = rule.kind === 'rule' ? conditionProblems(rule.condition)[0] : undefined;
      if (bad !== undefined) throw new SigmaError(doc.line, bad);
      out.push(rule);
    } catch (e) {
      const line = e instanceof SigmaError ? e.line : doc.line;
      problems.push({ file: f.path, line, reason: errorText(e) });
    }
  }
  return out;
}

/** Names in correlations become ids; correlations that refer to nothing, or in a circle, are refused. */
function link(byId: Map<string, Rule>, problems: RuleProblem[]): void {
  const byName = new Map<string, string>();
  for (const r of byId.values()) if (r.name !== '') byName.set(r.name, r.id);
  const idOf = (ref: string): string | undefined => (byId.has(ref) ? ref : byName.get(ref));
  for (const rule of [...byId.values()]) {
    const missing = [...(rule.kind === 'correlation' ? rule.rules : []), rule.escalates].find(
      (ref) => ref !== '' && idOf(ref) === undefined,
    );
    if (missing !== undefined) {
      refuse(
        byId,
        problems,
        rule,
        `it refers to the rule '${missing}', which is not there: load it, or correct the name`,
      );
      continue;
    }
    const escalates = rule.escalates === '' ? '' : (idOf(rule.escalates) ?? '');
    byId.set(rule.id, rule.kind === 'rule' ? { ...rule, escalates } : { ...resolved(rule, idOf), escalates });
  }
  dropUnlinked(byId, problems);
}

const resolved = (rule: CorrelationRule, idOf: (ref: string) => string | undefined): CorrelationRule => ({
  ...rule,
  rules: rule.rules.map((ref) => idOf(ref) ?? ref),
  groupBy: rule.groupBy.map((g) => ({
    ...g,
    perRule: g.perRule.map(([ref, field]) => [ref === '' ? '' : (idOf(ref) ?? ref), field]),
  })),
});

function refuse(byId: Map<string, Rule>, problems: RuleProblem[], rule: Rule, reason: string): void {
  byId.delete(rule.id);
  problems.push({ file: rule.file, line: rule.line, reason: `${rule.title}: ${reason}` });
}

/** Refusing one correlation may leave another without its rule: repeat until nothing changes. */
function dropUnlinked(byId: Map<string, Rule>, problems: RuleProblem[]): void {
  for (let changed = true; changed; ) {
    changed = false;
    for (const rule of [...byId.values()]) {
      if (rule.kind !== 'correlation') continue;
      const gone = rule.rules.find((id) => !byId.has(id));
      const reason =
        gone !== undefined
          ? `the rule '${gone}' that it refers to was refused`
          : depthOf(rule, byId, new Set()) > CHAIN_MAX
            ? `correlations refer to each other in a circle, or more than ${CHAIN_MAX} deep`
            : undefined;
      if (reason === undefined) continue;
      refuse(byId, problems, rule, reason);
      changed = true;
    }
  }
}

function depthOf(rule: Rule, byId: ReadonlyMap<string, Rule>, above: ReadonlySet<string>): number {
  if (above.has(rule.id) || above.size > CHAIN_MAX) return CHAIN_MAX + 1;
  if (rule.kind === 'rule') return 0;
  const path = new Set([...above, rule.id]);
  let max = 0;
  for (const id of rule.rules) {
    const next = byId.get(id);
    if (next !== undefined) max = Math.max(max, depthOf(next, byId, path));
  }
  return max + 1;
}
