/**
 * Rules and lists that judge together, as one text named by its hash. A reload is a journal record that names the
 * hash, so a replay judges with what was in force; the texts are kept in `<data>/content/<hash>.json`.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type Result, err, ok } from '../base/result.ts';
import { writeDurably } from '../base/durable-file.ts';
import type { Lists, NamedList } from '../condition/tree.ts';
import { checkRuleSet, parseRuleSet, RULE_SET_FORMAT, type RuleSet, ruleSetText } from '../detect/rule.ts';

/** 2: the rule set lies in the text as it is; in 1 it was a text within the text. */
export const CONTENT_FORMAT = 2;
/** Old texts beyond this many are deleted, oldest first. */
const KEPT_MAX = 50;

export type Content = {
  readonly hash: string;
  readonly text: string;
  readonly rules: RuleSet;
  readonly lists: Lists;
};

export function makeContent(rules: RuleSet, lists: Lists): Content {
  const sorted = [...lists].sort(([a], [b]) => (a < b ? -1 : 1));
  // With thousands of rules this is many megabytes: put together, never escaped.
  const text = `{"format":${CONTENT_FORMAT},"rules":${ruleSetText(rules)},"lists":${JSON.stringify(sorted)}}`;
  return { hash: hashOf(text), text, rules, lists };
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);

type ContentDoc = {
  readonly format: number;
  /** A text in format 1. */
  readonly rules: unknown;
  readonly lists: [string, NamedList][];
};

export function parseContent(text: string): Result<Content> {
  return contentOf(JSON.parse(text) as ContentDoc, text);
}

function contentOf(doc: ContentDoc, text: string): Result<Content> {
  if (doc.format > CONTENT_FORMAT)
    return err(`content format ${doc.format} is newer than this Vigil; start the newer version`);
  const rules = typeof doc.rules === 'string' ? parseRuleSet(doc.rules) : checkRuleSet(doc.rules);
  if (!rules.ok) return rules;
  return ok({ hash: hashOf(text), text, rules: rules.value, lists: new Map(doc.lists) });
}

/** A newer Vigil wrote it: unlike damage, no reason to judge by other rules. */
export class NewerContentError extends Error {}

function refuseNewer(doc: ContentDoc): void {
  const rules = (typeof doc.rules === 'string' ? JSON.parse(doc.rules) : doc.rules) as { format: number };
  if (doc.format > CONTENT_FORMAT || rules.format > RULE_SET_FORMAT)
    throw new NewerContentError('the rules in force were written by a newer Vigil; start that version');
}

export class ContentFolder {
  readonly #dir: string;
  constructor(dir: string) {
    this.#dir = dir;
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  }
  #path(hash: string): string {
    return join(this.#dir, `${hash}.json`);
  }
  save(content: Content): void {
    if (!existsSync(this.#path(content.hash))) writeDurably(this.#path(content.hash), content.text);
  }
  /** Throws NewerContentError, and a plain error where the text is damaged. */
  load(hash: string): Content | undefined {
    if (!/^[0-9a-f]{32}$/.test(hash) || !existsSync(this.#path(hash))) return undefined;
    const text = readFileSync(this.#path(hash), 'utf8');
    const doc = JSON.parse(text) as ContentDoc;
    refuseNewer(doc);
    const c = contentOf(doc, text);
    if (!c.ok) throw new Error(c.error);
    return c.value;
  }
  /** Deletes all but the newest KEPT_MAX texts and those that `named` says frames or snapshots name. */
  prune(named: () => ReadonlySet<string>): void {
    const files = readdirSync(this.#dir)
      .filter((n) => n.endsWith('.json'))
      .map((n) => ({ n, at: statSync(join(this.#dir, n)).mtimeMs }))
      .sort((a, b) => b.at - a.at);
    if (files.length <= KEPT_MAX) return;
    const keep = named();
    for (const f of files.slice(KEPT_MAX)) if (!keep.has(f.n.slice(0, -5))) unlinkSync(join(this.#dir, f.n));
  }
  /** Moves an unreadable text aside so that it is seen, never silently lost. */
  quarantine(hash: string): void {
    renameSync(this.#path(hash), `${this.#path(hash)}.bad`);
  }
}
