/**
 * What the readers of one text share: the scanner, remarks, bounds, and pieces that each of them needs.
 * Held by `src/query/parse.test.ts`.
 */
import { type Hint, QUERY_TERMS_MAX } from './grammar.ts';
import { hasWildcard, type Piece, QueryFault, type Scanner } from './scan.ts';
import { resolveTarget, type Target } from './term.ts';

export type ParseOptions = {
  /** For `now-7d`, microseconds. */
  readonly now: number;
  /** Names of the lists there are; without it any name passes. */
  readonly lists?: { readonly has: (name: string) => boolean; readonly keys: () => Iterable<string> };
  /** Remarks of `parseCondition`; those of `parseQuery` are in its answer. */
  readonly onHint?: (hint: Hint) => void;
};

export class Reading {
  readonly s: Scanner;
  readonly options: ParseOptions;
  readonly hints: Hint[] = [];
  #terms = 0;
  /** Within the parentheses of a count. */
  counting = false;
  /** Where the text was found to begin no expression. */
  readonly #plain = new Set<number>();
  /** Why the last parenthesis that looked like an expression begins none. */
  fault: QueryFault | undefined;

  constructor(s: Scanner, options: ParseOptions) {
    this.s = s;
    this.options = options;
  }

  /** Counts a term. */
  term(expected: string): void {
    if (++this.#terms > QUERY_TERMS_MAX) this.s.fail(`more than ${QUERY_TERMS_MAX} terms`, [expected]);
  }

  /** What `read` gives, or everything as it was: then the text has its plain meaning, and its own errors. */
  attempt<T>(start: number, read: () => T): T | undefined {
    const { s } = this;
    if (this.#plain.has(start)) return undefined;
    const before = [s.pos, s.tokens.length, this.hints.length, this.#terms] as const;
    const counting = this.counting;
    try {
      return read();
    } catch (e) {
      if (!(e instanceof QueryFault)) throw e;
      [s.pos, s.tokens.length, this.hints.length, this.#terms] = before;
      this.counting = counting;
      this.#plain.add(start);
      if (s.text[start] === '(') this.fault = e;
      return undefined;
    }
  }

  /** Keywords are no words: a dangling AND is a mistake, not a search for "AND". */
  noKeyword(expected: string): void {
    const { s } = this;
    const k = s.peekKeyword();
    if (k === undefined) return;
    const at = { start: s.pos, end: s.pos + k.length };
    s.fail(`${k} stands where ${expected} is needed`, [expected], at, `"${k}"`);
  }

  /** false for IN, true for NOT IN, undefined for neither. */
  takeIn(): boolean | undefined {
    const { s } = this;
    if (s.takeKeyword('IN')) return false;
    const [pos, count] = [s.pos, s.tokens.length];
    if (s.takeKeyword('NOT')) {
      if (s.takeKeyword('IN')) return true;
      s.pos = pos;
      s.tokens.length = count;
    }
    return undefined;
  }

  target(piece: Piece): Target {
    const { s } = this;
    const at = s.tokens.findLastIndex((t) => t.start === piece.start);
    if (at >= 0) s.tokens[at] = { kind: 'field', start: piece.start, end: piece.end };
    if (hasWildcard(piece)) s.fail('field names take no wildcards', ['a field name'], piece);
    const target = resolveTarget(piece);
    if (target.hint !== undefined) {
      const message = `no known field is called "${target.written}"`;
      this.hints.push({ message, start: piece.start, end: piece.end, suggestion: target.hint });
    }
    return target;
  }
}
