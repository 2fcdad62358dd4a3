/**
 * What rule files said when they were last read, by the hash of path and text: a start with thousands of rules need not
 * parse them again. A cache of another format, of another version of the reading code or of another taxonomy is not
 * used; a damaged one neither. It only ever saves time: losing it loses nothing.
 *
 * Contract: with and without cache the same rules and problems come out (held by `src/app/rules.int.test.ts`).
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeDurably } from '../base/durable-file.ts';
import { errorText } from '../base/result.ts';

export const RULE_CACHE_FORMAT = 1;
/** Characters of a cache file that is read at all. */
const CACHE_CHARS_MAX = 256 * 1024 * 1024;

export class RuleCache<T> {
  readonly #key: string;
  #entries = new Map<string, T>();
  /** Asked for or made since `begin`; the others are of files that are gone. */
  #used = new Map<string, T>();
  #dirty = false;
  /** Why the file was not used, '' where it was or where there is none. */
  trouble = '';

  constructor(key: string) {
    this.#key = key;
  }

  /** Reads what `save` wrote; an unusable file is an empty cache. */
  static open<T>(path: string, key: string): RuleCache<T> {
    const cache = new RuleCache<T>(key);
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch {
      return cache;
    }
    try {
      if (text.length > CACHE_CHARS_MAX) throw new Error('it is too large');
      const doc = JSON.parse(text) as { format?: unknown; key?: unknown; entries?: unknown };
      if (doc.format === RULE_CACHE_FORMAT && doc.key === key && Array.isArray(doc.entries))
        cache.#entries = new Map(doc.entries as [string, T][]);
    } catch (e) {
      cache.trouble = `the rule cache is not used: ${errorText(e)}`;
    }
    return cache;
  }

  /** A load begins: what it does not ask for is forgotten by `end`. */
  begin(): void {
    this.#used = new Map();
  }
  end(): void {
    if (this.#used.size !== this.#entries.size) this.#dirty = true;
    this.#entries = this.#used;
  }

  of(path: string, text: string, make: () => T): T {
    const hash = createHash('sha256').update(path).update('\0').update(text).digest('base64');
    const known = this.#entries.get(hash);
    const value = known ?? make();
    if (known === undefined) this.#dirty = true;
    this.#used.set(hash, value);
    return value;
  }

  /** Writes the file if it would say something new. Throws where the disk does. */
  save(path: string): void {
    if (!this.#dirty) return;
    writeDurably(
      path,
      JSON.stringify({ format: RULE_CACHE_FORMAT, key: this.#key, entries: [...this.#entries] }),
    );
    this.#dirty = false;
  }
}

/** Changes with anything that decides what a rule file means: the code that reads it, and the taxonomy. */
export function cacheKey(taxonomyDir: string): string {
  const hash = createHash('sha256');
  const add = (dir: string, pattern: RegExp): void => {
    for (const e of readdirSync(dir, { withFileTypes: true, recursive: true }).sort((a, b) =>
      `${a.parentPath}/${a.name}` < `${b.parentPath}/${b.name}` ? -1 : 1,
    ))
      if (e.isFile() && pattern.test(e.name))
        hash
          .update(e.name)
          .update('\0')
          .update(readFileSync(join(e.parentPath, e.name)));
  };
  add(import.meta.dirname, /(?<!\.test)\.(ts|js)$/);
  add(join(import.meta.dirname, '../condition'), /(?<!\.test)\.(ts|js)$/);
  add(taxonomyDir, /\.ya?ml$/);
  return hash.digest('hex');
}
