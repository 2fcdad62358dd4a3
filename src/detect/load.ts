/**
 * Rule files -> one RuleSet. A file that is broken is refused with file, line, what and remedy, and never stops the
 * others; at a reload `previous` keeps the last good version of what is broken now.
 *
 * Held by `load.int.test.ts`.
 */
import { type Dirent, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { errorText } from '../base/result.ts';
import { conditionProblems } from '../condition/evaluate.ts';
import { isConditionDocument, readConditionRules } from './condition-rule.ts';
import type { Rule, RuleMode, RuleProblem, RuleSet } from './rule.ts';
import { makeRuleSet } from './rule.ts';
import type { RuleCache } from './rule-cache.ts';
import { expandCollection } from './sigma/collection.ts';
import { readDocument } from './sigma/document.ts';
import { filterOf, FILTERS_MAX, isFilter, type SigmaFilter } from './sigma/filter.ts';
import { linkRules } from './sigma/link.ts';
import { SigmaError } from './sigma/modifiers.ts';
import { RULE_FILE_CHARS_MAX, readYaml } from './sigma/yaml.ts';
import type { Taxonomy } from './taxonomy.ts';

export const RULE_FILES_MAX = 20_000;
/** Rules and correlations in all. */
export const RULES_MAX = 20_000;
/** UTF-16 units of all rule files together. */
export const RULE_CHARS_MAX = 128 * 1024 * 1024;
export const FOLDER_DEPTH_MAX = 12;
/** Ids that begin so are Vigil's own (storm and built-in alerts). */
const RESERVED_ID = /^vigil[.:]/;

export type RuleFile = { readonly path: string; readonly text: string };
/** What one file says. */
export type FileRules = {
  readonly rules: readonly Rule[];
  readonly filters: readonly SigmaFilter[];
  readonly problems: readonly RuleProblem[];
};
export type LoadOptions = {
  readonly taxonomy: Taxonomy;
  /** The rule set in force: a rule whose file is broken now keeps its version from here. */
  readonly previous?: RuleSet;
  readonly cache?: RuleCache<FileRules>;
  /** Rules that are in force instead of what the files say, as long as the file has the version named `away`. */
  readonly instead?: ReadonlyMap<string, { readonly away: string; readonly rule: Rule }>;
  /** The mode in force; absent leaves the file's. */
  readonly modeFor?: (rule: Rule) => RuleMode;
};
export type Loaded = {
  readonly set: RuleSet;
  readonly problems: readonly RuleProblem[];
  /** Filter documents that were read, whether or not they narrow a rule. */
  readonly filters: readonly SigmaFilter[];
};

/** All `*.yml` and `*.yaml` below the folders, but for `*.test.yml`. Reads files; throws nothing. */
export function loadRules(dirs: readonly string[], options: LoadOptions): Loaded {
  const problems: RuleProblem[] = [];
  const files = dirs.flatMap((dir) => readRuleFiles(dir, problems));
  const loaded = rulesFromFiles(files, options);
  return { ...loaded, problems: [...problems, ...loaded.problems] };
}

/** The rule files of a folder; links are not followed out of it, and what cannot be read is a problem. */
export function readRuleFiles(dir: string, problems: RuleProblem[]): RuleFile[] {
  const out: RuleFile[] = [];
  let chars = 0;
  let full = '';
  const walk = (folder: string, depth: number): void => {
    for (const entry of entriesOf(dir, folder, problems)) {
      const path = join(folder, entry.name);
      const shown = relative(dir, path);
      if (entry.isDirectory() && entry.name !== '.git') {
        if (depth < FOLDER_DEPTH_MAX) walk(path, depth + 1);
        else
          problems.push({
            file: shown,
            line: 1,
            reason: `folders nest deeper than ${FOLDER_DEPTH_MAX}: flatten them`,
          });
      }
      if (!entry.isFile() || !/\.ya?ml$/.test(entry.name) || /\.test\.ya?ml$/.test(entry.name)) continue;
      if (out.length >= RULE_FILES_MAX) full = `more than ${RULE_FILES_MAX} rule files`;
      if (chars >= RULE_CHARS_MAX) full = `rule files hold more than ${RULE_CHARS_MAX} characters in all`;
      if (full !== '') return;
      try {
        if (statSync(path).size > RULE_FILE_CHARS_MAX * 4) throw new Error('the file is too large: split it');
        const text = readFileSync(path, 'utf8');
        chars += text.length;
        out.push({ path: shown, text });
      } catch (e) {
        problems.push({ file: shown, line: 1, reason: errorText(e) });
      }
    }
  };
  walk(dir, 0);
  if (full !== '')
    problems.push({
      file: dir,
      line: 1,
      reason: `${full}: those after ${out.at(-1)?.path ?? ''} are not read`,
    });
  return out;
}

function entriesOf(root: string, folder: string, problems: RuleProblem[]): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (e) {
    const file = folder === root ? root : relative(root, folder);
    problems.push({ file, line: 1, reason: `the folder cannot be read: ${errorText(e)}` });
    return [];
  }
}

/** Pure: texts in, rules out. */
export function rulesFromFiles(files: readonly RuleFile[], options: LoadOptions): Loaded {
  const problems: RuleProblem[] = [];
  const byId = new Map<string, Rule>();
  const broken = new Set<string>();
  /** Taken over as they are in force, hence linked. */
  const kept = new Set<string>();
  const filters = new Map<string, SigmaFilter>();
  let full = false;
  options.cache?.begin();
  for (const f of files) {
    const before = problems.length;
    const read = (): FileRules => readOne(f, options.taxonomy);
    const said = options.cache === undefined ? read() : options.cache.of(f.path, f.text, read);
    problems.push(...said.problems);
    for (const filter of said.filters) {
      const other = filters.get(filter.id);
      if (other !== undefined)
        problems.push({ file: f.path, line: filter.line, reason: taken('filter', filter.id, other) });
      else if (filters.size < FILTERS_MAX) filters.set(filter.id, filter);
      else if (!full) {
        full = true;
        const reason = `more than ${FILTERS_MAX} filters: this one and those after it narrow nothing`;
        problems.push({ file: f.path, line: filter.line, reason });
      }
    }
    for (const rule of said.rules) {
      const reason = refusal(rule, byId);
      if (reason === undefined) byId.set(rule.id, rule);
      else problems.push({ file: f.path, line: rule.line, reason });
    }
    if (problems.length > before) broken.add(f.path);
  }
  options.cache?.end();
  for (const [id, i] of options.instead ?? []) {
    const now = byId.get(id);
    // It keeps the file, and with it the origin and the mode, and what holds when the file breaks.
    if (now?.version === i.away) byId.set(id, { ...i.rule, file: now.file });
  }
  // A broken file keeps what it supplied before.
  for (const old of options.previous?.rules ?? [])
    if (broken.has(old.file) && !byId.has(old.id)) {
      byId.set(old.id, old);
      kept.add(old.id);
    }
  linkRules({ byId, filters: [...filters.values()], taxonomy: options.taxonomy, kept, problems });
  const { modeFor } = options;
  const rules = [...byId.values()];
  return {
    set: makeRuleSet(modeFor === undefined ? rules : withModes(rules, modeFor)),
    problems,
    filters: [...filters.values()],
  };
}

/** A part is off with its rule, and otherwise judged whatever becomes of the rule's matches. */
function withModes(rules: readonly Rule[], modeFor: (rule: Rule) => RuleMode): Rule[] {
  const whole = rules.filter((r) => r.partOf === undefined).map((r) => ({ ...r, mode: modeFor(r) }));
  const off = new Set(whole.flatMap((r) => (r.mode === 'off' ? [r.id] : [])));
  const parts = rules.filter((r) => r.partOf !== undefined);
  return [...whole, ...parts.map((r) => (off.has(r.partOf ?? '') ? { ...r, mode: 'off' as const } : r))];
}

const taken = (what: string, id: string, by: { readonly file: string; readonly line: number }): string =>
  `the id ${id} is taken by ${by.file} line ${by.line}: give this ${what} an id of its own`;

function refusal(rule: Rule, byId: ReadonlyMap<string, Rule>): string | undefined {
  const other = byId.get(rule.id);
  if (other !== undefined) return taken('rule', rule.id, other);
  if (RESERVED_ID.test(rule.id)) return `ids that begin with 'vigil.' are Vigil's own: choose another`;
  if (byId.size >= RULES_MAX)
    return `more than ${RULES_MAX} rules: this one and those after it are not in force`;
  return undefined;
}

/** Pure: what one file says, references unresolved. */
export function readOne(f: RuleFile, taxonomy: Taxonomy): FileRules {
  const problems: RuleProblem[] = [];
  const read = readYaml(f.text);
  for (const p of read.problems) problems.push({ file: f.path, ...p });
  const out: Rule[] = [];
  const filters: SigmaFilter[] = [];
  const refuse = (line: number, reason: string): void => {
    problems.push({ file: f.path, line, reason });
  };
  for (const doc of expandCollection(read.documents, refuse)) {
    try {
      if (isFilter(doc)) {
        filters.push(filterOf(doc, f.path));
        continue;
      }
      if (isConditionDocument(doc.root)) {
        const said = readConditionRules(doc, f.path);
        out.push(...said.rules);
        problems.push(...said.problems);
        continue;
      }
      const rule = readDocument(doc, f.path, taxonomy);
      const bad = rule.kind === 'rule' ? conditionProblems(rule.condition)[0] : undefined;
      if (bad !== undefined) throw new SigmaError(doc.line, bad);
      out.push(rule);
    } catch (e) {
      const line = e instanceof SigmaError ? e.line : doc.line;
      refuse(line, errorText(e));
    }
  }
  return { rules: out, filters, problems };
}
