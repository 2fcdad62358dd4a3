/**
 * Rules from the shipped folder and the user's, lists, modes, exceptions and roll-backs from the control database: loaded at
 * start, loaded again when any of them changes or an exception ends. A broken rule keeps its old version in force and
 * says why; the reload itself is a journal record, so a replay judges with what was in force.
 *
 * Contract: a reload is atomic: new content is complete or the old stays. Every text that comes into force is noted with
 * who brought it; what was changed on disk is an audit entry of an unknown actor. Held by `rules.int.test.ts`.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Log } from '../base/log.ts';
import { errorText } from '../base/result.ts';
import type { Lists } from '../condition/tree.ts';
import {
  type FileRules,
  type Loaded,
  readOne,
  readRuleFiles,
  type RuleFile,
  rulesFromFiles,
} from '../detect/load.ts';
import { EMPTY_RULES, makeRuleSet, type Rule, type RuleProblem, type RuleSet } from '../detect/rule.ts';
import { cacheKey, RuleCache } from '../detect/rule-cache.ts';
import { readTaxonomy, type Taxonomy } from '../detect/taxonomy.ts';
import { type Content, makeContent } from '../pipeline/content.ts';
import type { ControlStore } from '../store/control/control-store.ts';
import type { AuditRecord } from '../store/control/tables/audit.ts';
import type { RuleChanges, RuleRollback, RuleText } from '../store/control/tables/rule-versions.ts';
import { effectiveMode } from './rule-modes.ts';

const POLL_MS = 2000;
/** Looking takes at most one part in this many of the time. */
const POLL_SHARE = 40;
const FILES_MAX = 20_000;
/** Longest wait of the timer that ends exceptions, milliseconds. */
const EXPIRY_WAIT_MS_MAX = 3600e3;
/** Names told in an audit entry about changed files; the counts are exact. */
const NAMES_MAX = 20;
/** The user's folder as rules name it: `rules/web/mine.yml`. */
export const OWN_PREFIX = 'rules/';
/** Where an exception that was made in the product lies: no rule file can, as their names end in .yml or .yaml. */
export const exceptionPath = (id: string): string => `exception:${id}`;
const isRuleFile = (path: string): boolean => /\.ya?ml$/.test(path);

/** Who brought the texts that a load finds new. */
export type Cause = { readonly who: string; readonly from: string; readonly source: string };
export const DISK: Cause = { who: 'unknown', from: 'disk', source: 'file' };

export type RulesOptions = {
  /** Shipped with Vigil. */
  readonly shippedDir: string;
  /** The user's. */
  readonly ownDir: string;
  readonly taxonomyDir: string;
  /** Where the cache of parsed rules lies; '' keeps it in memory only. */
  readonly cacheFile: string;
  /** Of this program: what an upgrade changes in shipped rules is nobody's doing. */
  readonly version: string;
  readonly control: ControlStore;
  /** Members added to lists without being kept (the demo's). */
  readonly more: Lists;
  readonly now: () => number;
  readonly log: Log;
};

export class Rules {
  readonly #o: RulesOptions;
  readonly taxonomy: Taxonomy;
  readonly #cache: RuleCache<FileRules>;
  #set: RuleSet = EMPTY_RULES;
  #inForce: RuleSet = EMPTY_RULES;
  #filters: Loaded['filters'] = [];
  #lists: Lists | undefined;
  readonly #forgetLists: () => void;
  #stamp = '';
  #timer: NodeJS.Timeout | undefined;
  #expiry: NodeJS.Timeout | undefined;
  #trouble = '';
  #changed: (content: Content) => void = () => {};
  /** What the next load that a person causes is put down to. */
  #cause: Cause = DISK;
  problems: readonly RuleProblem[] = [];
  /** Milliseconds that the last load took. */
  tookMs = 0;

  constructor(options: RulesOptions) {
    this.#o = options;
    this.taxonomy = readTaxonomy(options.taxonomyDir);
    this.#cache = RuleCache.open(options.cacheFile, cacheKey(options.taxonomyDir));
    if (this.#cache.trouble !== '') options.log.warn(this.#cache.trouble);
    for (const d of [options.shippedDir, options.ownDir]) mkdirSync(d, { recursive: true });
    // First of those who listen: whoever hears of a change asks for the lists.
    this.#forgetLists = options.control.onListChange(() => {
      this.#lists = undefined;
    });
  }

  /** Every rule that loads, those that are off too. */
  get set(): RuleSet {
    return this.#set;
  }
  get ownDir(): string {
    return this.#o.ownDir;
  }
  get shippedDir(): string {
    return this.#o.shippedDir;
  }
  rule(id: string): Rule | undefined {
    return this.#set.rules.find((r) => r.id === id);
  }

  /** Reads all files. `previous`: what was in force, for rules that are broken now. */
  load(previous?: RuleSet, cause: Cause = DISK): Content {
    const begun = performance.now();
    this.#take(this.#readAll(previous));
    this.#note(cause);
    this.#saveCache();
    this.#expectExpiry();
    this.tookMs = performance.now() - begun;
    return makeContent(this.#inForce, this.lists());
  }

  /** A start's first look, before it is known what was in force: nothing is noted yet. `settle` follows. */
  begin(): Content {
    const begun = performance.now();
    this.#take(this.#readAll(undefined));
    this.tookMs = performance.now() - begun;
    return makeContent(this.#inForce, this.lists());
  }

  /** A start knows what was in force: what is broken keeps its last good version, and what is in force is noted. */
  settle(previous: RuleSet): Content {
    if (this.problems.length > 0) return this.load(previous);
    this.#note(DISK);
    this.#saveCache();
    this.#expectExpiry();
    return makeContent(this.#inForce, this.lists());
  }

  #readAll(previous: RuleSet | undefined): Loaded {
    this.#stamp = this.#stampNow();
    this.#lists = undefined;
    return this.#read(previous, this.#files());
  }

  /** What a file would change: its own problems, and those that it causes in others. Nothing comes into force. */
  try(file: RuleFile): readonly RuleProblem[] {
    const { problems, files } = this.#files();
    const before = new Set(problems.concat(this.problems).map(textOf));
    return this.#read(undefined, { problems, files: [...files, file] }).problems.filter(
      (p) => !before.has(textOf(p)),
    );
  }

  /** The rules as they would be with this file, whose rules take the place of those with the same ids. */
  with(file: RuleFile): {
    readonly set: RuleSet;
    readonly ids: ReadonlySet<string>;
    readonly problems: readonly RuleProblem[];
  } {
    const { files } = this.#files();
    const loaded = this.#read(undefined, { problems: [], files: [file, ...files] });
    return {
      set: loaded.set,
      ids: new Set(loaded.set.rules.filter((r) => r.file === file.path).map((r) => r.id)),
      problems: loaded.problems.filter((p) => p.file === file.path),
    };
  }

  /** The rule that a text holds under this id, or what is wrong with it. */
  parse(id: string, file: string, yaml: string): Rule | string {
    const read = readOne({ path: file, text: yaml }, this.taxonomy);
    const rule = read.rules.find((r) => r.id === id);
    if (rule !== undefined) return rule;
    return read.problems[0]?.reason ?? `the text holds no rule ${id}`;
  }

  #files(): { problems: RuleProblem[]; files: RuleFile[] } {
    const problems: RuleProblem[] = [];
    const shipped = readRuleFiles(this.#o.shippedDir, problems);
    const mine: RuleProblem[] = [];
    const own = readRuleFiles(this.#o.ownDir, mine).map((f) => ({ path: OWN_PREFIX + f.path, text: f.text }));
    problems.push(...mine.map((p) => (p.file === this.#o.ownDir ? p : { ...p, file: OWN_PREFIX + p.file })));
    const made = this.#o.control
      .exceptions(this.#o.now())
      .inForce.map((e) => ({ path: exceptionPath(e.id), text: e.yaml }));
    return { problems, files: [...shipped, ...own, ...made] };
  }

  #read(previous: RuleSet | undefined, from: { problems: RuleProblem[]; files: RuleFile[] }): Loaded {
    const settings = this.#o.control.ruleModes();
    const instead = new Map<string, { away: string; rule: Rule }>();
    const problems = [...from.problems];
    for (const [id, r] of this.#o.control.rollbacks()) {
      const rule = this.parse(id, `${OWN_PREFIX}rolled-back`, r.yaml);
      if (typeof rule === 'string')
        problems.push({ file: id, line: 1, reason: `version ${r.n} that was rolled back to: ${rule}` });
      else instead.set(id, { away: r.away, rule });
    }
    const loaded = rulesFromFiles(from.files, {
      taxonomy: this.taxonomy,
      cache: this.#cache,
      instead,
      modeFor: (r) => effectiveMode(r, settings),
      ...(previous === undefined ? {} : { previous }),
    });
    return { ...loaded, problems: [...problems, ...loaded.problems] };
  }

  #take(loaded: Loaded): void {
    this.#set = loaded.set;
    this.#filters = loaded.filters;
    this.#inForce = loaded.set.rules.some((r) => r.mode === 'off')
      ? makeRuleSet(loaded.set.rules.filter((r) => r.mode !== 'off'))
      : loaded.set;
    const known = new Set(this.problems.map(textOf));
    for (const p of loaded.problems)
      if (!known.has(textOf(p))) this.#o.log.warn('a rule is not in force as written', { ...p });
    this.problems = loaded.problems;
  }

  /** Writes what came into force; drops roll-backs whose file has moved on. */
  #note(cause: Cause): void {
    const { control } = this.#o;
    const at = this.#o.now();
    const upgraded = control.setting('rules.version') !== this.#o.version;
    if (upgraded) control.setSetting('rules.version', this.#o.version);
    control.noteRuleVersions(
      textsOf(this.#set, this.#filters),
      { at, who: cause.who, source: cause.source },
      (c) => changeAudit(c, { cause, at, upgraded }),
    );
    for (const [id, r] of control.rollbacks()) if (this.#movedOn(id, r)) control.dropRollback(id);
  }

  /** In force is neither what was rolled back to nor what it was rolled back from: the file was changed since. */
  #movedOn(id: string, r: RuleRollback): boolean {
    const rule = this.rule(id);
    if (rule === undefined) return false;
    return rule.version !== r.away && rule.yaml !== r.yaml;
  }

  #saveCache(): void {
    if (this.#o.cacheFile === '') return;
    try {
      this.#cache.save(this.#o.cacheFile);
    } catch (e) {
      this.#o.log.warn('the rule cache is not saved; the next start reads all rules again', {
        cause: errorText(e),
      });
    }
  }

  /** In force, or in force at a time (microseconds). Those in force are read when they change, not when they are asked for. */
  lists(at?: number): Lists {
    if (at !== undefined) return this.#readLists(at);
    this.#lists ??= this.#readLists();
    return this.#lists;
  }

  #readLists(at?: number): Lists {
    const out = new Map(this.#o.control.lists(at).map((l) => [l.name, { kind: l.kind, values: l.values }]));
    for (const [name, list] of this.#o.more) {
      out.set(name, { kind: list.kind, values: [...(out.get(name)?.values ?? []), ...list.values] });
    }
    return out;
  }

  /** Loads again because of what somebody did; resolves nothing, the journal makes it take effect. */
  reload(cause: Cause): void {
    this.#changed(this.load(this.#set, cause));
  }

  /** Runs a change of the control database whose reload is put down to `cause`. */
  async causedBy<T>(cause: Cause, change: () => Promise<T>): Promise<T> {
    this.#cause = cause;
    try {
      return await change();
    } finally {
      this.#cause = DISK;
    }
  }

  /** Looks for changes every POLL_MS and hands on new content. */
  watch(changed: (content: Content) => void): void {
    this.#changed = changed;
    this.#o.control.onListChange(() => this.#safely(() => changed(makeContent(this.#inForce, this.lists()))));
    this.#o.control.onRulesChange(() => this.#safely(() => this.reload(this.#cause)));
    const look = (): void => {
      const begun = performance.now();
      this.#safely(() => {
        if (this.#stampNow() !== this.#stamp) this.reload(DISK);
      });
      // A folder with very many files must not take the main thread's time.
      const spent = performance.now() - begun;
      this.#timer = setTimeout(look, Math.max(POLL_MS, spent * POLL_SHARE));
    };
    this.#timer = setTimeout(look, POLL_MS);
    this.#expectExpiry();
  }

  /** Exceptions end by themselves: the reload without them is journaled like any other. */
  #expectExpiry(): void {
    if (this.#expiry !== undefined) clearTimeout(this.#expiry);
    this.#expiry = undefined;
    const now = this.#o.now();
    const next = Math.min(...this.#o.control.exceptionFacts(now).map((e) => e.expiresAt));
    if (!Number.isFinite(next)) return;
    const wait = Math.min(EXPIRY_WAIT_MS_MAX, Math.max(0, Math.ceil((next - now) / 1000)) + 1);
    // It picks up what was edited on disk since the last look, which is not Vigil's doing.
    this.#expiry = setTimeout(() => this.#safely(() => this.reload(DISK)), wait);
    this.#expiry.unref();
  }

  /** A folder that cannot be read, or a full disk, leaves in force what is. */
  #safely(work: () => void): void {
    try {
      work();
      this.#trouble = '';
    } catch (e) {
      const cause = errorText(e);
      if (cause !== this.#trouble)
        this.#o.log.error('rules cannot be loaded again; those in force stay', { cause });
      this.#trouble = cause;
      this.#stamp = '';
    }
  }
  close(): void {
    this.#forgetLists();
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    if (this.#expiry !== undefined) clearTimeout(this.#expiry);
  }

  #stampNow(): string {
    const hash = createHash('sha256');
    let seen = 0;
    const walk = (dir: string, depth: number): void => {
      if (!existsSync(dir) || depth > 12) return;
      for (const e of readdirSync(dir, { withFileTypes: true })) {
        if (seen > FILES_MAX) return;
        const path = join(dir, e.name);
        if (e.isDirectory()) walk(path, depth + 1);
        else if (isRuleFile(e.name)) {
          seen++;
          const s = statSync(path, { throwIfNoEntry: false });
          if (s !== undefined) hash.update(`${path}:${s.mtimeMs}:${s.size}\n`);
        }
      }
    };
    for (const d of [this.#o.shippedDir, this.#o.ownDir]) walk(d, 0);
    return hash.digest('hex');
  }
}

const textOf = (p: RuleProblem): string => `${p.file}:${p.line}:${p.reason}`;

/** Rules and filter documents of files, as the history keeps them; exceptions have a table of their own. */
function textsOf(set: RuleSet, read: Loaded['filters']): RuleText[] {
  const rules = set.rules
    .filter((r) => r.partOf === undefined)
    .map((r) => ({ rule: r.id, version: r.version, title: r.title, file: r.file, yaml: r.yaml }));
  const filters = read
    .filter((f) => isRuleFile(f.file))
    .map((f) => {
      const meant = { rules: f.rules, source: f.source, taxonomy: f.taxonomy, filter: f.detection };
      const yaml = JSON.stringify(meant);
      const version = createHash('sha256').update(yaml).digest('hex').slice(0, 16);
      return { rule: `filter:${f.id}`, version, title: f.title, file: f.file, yaml };
    });
  const seen = new Set<string>();
  return [...rules, ...filters].filter((t) => !seen.has(t.rule) && seen.add(t.rule));
}

/** What goes on record of a load that found other texts: nothing at the very first, nothing where nothing changed. */
function changeAudit(
  c: RuleChanges,
  d: { readonly cause: Cause; readonly at: number; readonly upgraded: boolean },
): AuditRecord | undefined {
  if (c.first) return undefined;
  const isFilter = (x: { rule: string }): boolean => x.rule.startsWith('filter:');
  const shipped = (x: { file: string }): boolean => !x.file.startsWith(OWN_PREFIX);
  // An upgrade replaces the shipped rules: on record, and no weakening. A changed exception takes as much as a new one.
  const counts = (x: { file: string }): boolean => !(d.upgraded && shipped(x));
  const edited = c.edited.filter((x) => !isFilter(x) && counts(x));
  const removed = c.removed.filter((x) => !isFilter(x) && counts(x));
  const filters = [...c.added, ...c.edited].filter((x) => isFilter(x) && counts(x));
  if (c.added.length + c.edited.length + c.removed.length === 0) return undefined;
  const names = (list: readonly { title: string }[]): string[] =>
    list.slice(0, NAMES_MAX).map((x) => x.title);
  return {
    at: d.at,
    who: d.cause.who,
    from: d.cause.from,
    action: 'rules.changed',
    object: d.cause.source,
    outcome: 'ok',
    detail: JSON.stringify({
      added: names(c.added),
      addedCount: c.added.length,
      edited: names(edited),
      editedCount: edited.length,
      removed: names(removed),
      removedCount: removed.length,
      filters: names(filters),
      filtersCount: filters.length,
      ...(d.upgraded ? { upgraded: true } : {}),
    }),
  };
}
