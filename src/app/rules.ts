/**
 * Rules from the shipped folder and the user's, lists from the control database: loaded at start, loaded again when a
 * file or list changes. A broken rule keeps its old version in force and says why; the reload itself is a journal record.
 */
import { errorText } from '../base/result.ts';
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Log } from '../base/log.ts';
import type { Lists } from '../condition/tree.ts';
import { loadRules } from '../detect/load.ts';
import { EMPTY_RULES, type RuleProblem, type RuleSet } from '../detect/rule.ts';
import { readTaxonomy, type Taxonomy } from '../detect/taxonomy.ts';
import { type Content, makeContent } from '../pipeline/content.ts';
import type { ControlStore } from '../store/control/control-store.ts';

const POLL_MS = 2000;
/** Looking takes at most one part in this many of the time. */
const POLL_SHARE = 40;
const FILES_MAX = 20_000;

export type RulesOptions = {
  readonly dirs: readonly string[];
  readonly taxonomyDir: string;
  readonly control: ControlStore;
  /** Members added to lists without being kept (the demo's). */
  readonly more: Lists;
  readonly log: Log;
};

export class Rules {
  readonly #o: RulesOptions;
  readonly #taxonomy: Taxonomy;
  #set: RuleSet = EMPTY_RULES;
  #stamp = '';
  #timer: NodeJS.Timeout | undefined;
  #trouble = '';
  problems: readonly RuleProblem[] = [];

  constructor(options: RulesOptions) {
    this.#o = options;
    this.#taxonomy = readTaxonomy(options.taxonomyDir);
    for (const d of options.dirs) mkdirSync(d, { recursive: true });
  }

  get set(): RuleSet {
    return this.#set;
  }

  /** Reads all files. `previous`: what was in force, for rules that are broken now. */
  load(previous?: RuleSet): Content {
    this.#stamp = this.#stampNow();
    const loaded = loadRules(this.#o.dirs, {
      taxonomy: this.#taxonomy,
      ...(previous === undefined ? {} : { previous }),
    });
    this.#set = loaded.set;
    const known = new Set(this.problems.map((p) => `${p.file}:${p.line}:${p.reason}`));
    for (const p of loaded.problems)
      if (!known.has(`${p.file}:${p.line}:${p.reason}`))
        this.#o.log.warn('a rule is not in force as written', { ...p });
    this.problems = loaded.problems;
    return makeContent(loaded.set, this.lists());
  }

  lists(): Lists {
    const out = new Map(this.#o.control.lists().map((l) => [l.name, { kind: l.kind, values: l.values }]));
    for (const [name, list] of this.#o.more) {
      out.set(name, { kind: list.kind, values: [...(out.get(name)?.values ?? []), ...list.values] });
    }
    return out;
  }

  /** Looks for changes every POLL_MS and hands on new content. */
  watch(changed: (content: Content) => void): void {
    this.#o.control.onListChange(() => this.#safely(() => changed(makeContent(this.#set, this.lists()))));
    const look = (): void => {
      const begun = performance.now();
      this.#safely(() => {
        if (this.#stampNow() !== this.#stamp) changed(this.load(this.#set));
      });
      // A folder with very many files must not take the main thread's time.
      const spent = performance.now() - begun;
      this.#timer = setTimeout(look, Math.max(POLL_MS, spent * POLL_SHARE));
    };
    this.#timer = setTimeout(look, POLL_MS);
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
    if (this.#timer !== undefined) clearTimeout(this.#timer);
  }

  #stampNow(): string {
    const parts: string[] = [];
    const walk = (dir: string, depth: number): void => {
      if (!existsSync(dir) || depth > 12) return;
      for (const e of readdirSync(dir, { withFileTypes: true })) {
        if (parts.length > FILES_MAX) return;
        const path = join(dir, e.name);
        if (e.isDirectory()) walk(path, depth + 1);
        else if (/\.ya?ml$/.test(e.name)) {
          const s = statSync(path, { throwIfNoEntry: false });
          if (s !== undefined) parts.push(`${path}:${s.mtimeMs}:${s.size}`);
        }
      }
    };
    for (const d of this.#o.dirs) walk(d, 0);
    return parts.sort().join('\n');
  }
}
