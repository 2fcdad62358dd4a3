/**
 * Reads the query's text piece by piece: words with wildcards and escapes, quoted text, operators, keywords. Which
 * piece may come next depends on the place (a value may hold `:`, a field name may not), so the parser asks for it.
 * Each piece read is noted in `tokens` for highlighting. Errors are thrown as `QueryFault` and caught once, in
 * `parseQuery` and `parseCondition`. Held by `src/query/parse.test.ts`.
 */
import type { PatternPart } from '../tree.ts';
import {
  FIELD_ENDS,
  type Keyword,
  KEYWORDS,
  type Operator,
  OPERATORS,
  type QueryError,
  type Token,
  type TokenKind,
  WORD_ENDS,
} from './grammar.ts';

export class QueryFault extends Error {
  readonly detail: QueryError;
  constructor(detail: QueryError) {
    super(detail.message);
    this.detail = detail;
  }
}

/** Text read from the query. Quoted text has exactly one text part (wildcards mean themselves there). */
export type Piece = {
  readonly parts: readonly PatternPart[];
  readonly quoted: boolean;
  readonly start: number;
  readonly end: number;
};

export const pieceText = (p: Piece): string =>
  p.parts.map((x) => (x.kind === 'text' ? x.text : x.kind === 'any' ? '*' : '?')).join('');
export const hasWildcard = (p: Piece): boolean => p.parts.some((x) => x.kind !== 'text');

const SPACE = /\s/;
const WHITE = /\s*/y;
/** `\u{...}` for what cannot be typed. */
const CODE = /\\u\{([0-9a-fA-F]{1,6})\}/y;
/** In unquoted text a backslash takes the special meaning from these and from blanks; elsewhere it is a backslash. */
const ESCAPABLE = `*?\\/${WORD_ENDS}${FIELD_ENDS}`;

export class Scanner {
  readonly text: string;
  readonly tokens: Token[] = [];
  pos = 0;
  /** Within the parentheses of a subsearch, which a `)` ends. */
  nested = false;

  constructor(text: string) {
    this.text = text;
  }

  space(): void {
    WHITE.lastIndex = this.pos;
    WHITE.exec(this.text);
    this.pos = WHITE.lastIndex;
  }

  get done(): boolean {
    return this.pos >= this.text.length;
  }

  /** The end of the text or of the subsearch. */
  get ended(): boolean {
    return this.done || (this.nested && this.char === ')');
  }

  /** The character at `pos`, '' at the end. */
  get char(): string {
    return this.text[this.pos] ?? '';
  }

  note(kind: TokenKind, start: number, end = this.pos): void {
    this.tokens.push({ kind, start, end });
  }

  fail(
    message: string,
    expected: readonly string[],
    at?: { start: number; end: number },
    suggestion?: string,
  ): never {
    const start = at?.start ?? this.pos;
    const end = at?.end ?? Math.min(this.text.length, start + 1);
    throw new QueryFault({
      message,
      start,
      end,
      expected,
      ...(suggestion === undefined ? {} : { suggestion }),
    });
  }

  /** Takes one punctuation character if it stands here (after blanks). */
  take(char: string): boolean {
    this.space();
    if (this.char !== char) return false;
    this.pos++;
    this.note('punctuation', this.pos - 1);
    return true;
  }

  expect(char: string, why: string): void {
    if (!this.take(char)) this.fail(`${this.found()}, but ${why}`, [char]);
  }

  /** What stands here, for messages. */
  found(): string {
    if (this.done) return 'the query ends here';
    return `found ${JSON.stringify([...this.text.slice(this.pos, this.pos + 2)][0])}`;
  }

  /** The keyword that stands here as a whole word, without taking it. */
  peekKeyword(): Keyword | undefined {
    this.space();
    return KEYWORDS.find((k) => {
      if (!this.text.startsWith(k, this.pos)) return false;
      const next = this.text[this.pos + k.length] ?? ' ';
      return SPACE.test(next) || WORD_ENDS.includes(next);
    });
  }

  takeKeyword(keyword: Keyword): boolean {
    if (this.peekKeyword() !== keyword) return false;
    this.pos += keyword.length;
    this.note('keyword', this.pos - keyword.length);
    return true;
  }

  /** An operator that stands here, blanks before it allowed. `:` has to follow its field directly. */
  operator(): Operator | undefined {
    const before = this.pos;
    this.space();
    const op = OPERATORS.find((o) => this.text.startsWith(o.text, this.pos));
    if (op === undefined || (op.name === 'is' && this.pos !== before)) {
      this.pos = before;
      return undefined;
    }
    this.pos += op.text.length;
    this.note('operator', this.pos - op.text.length);
    return op;
  }

  /** Everything up to the next blank or parenthesis, without taking it. */
  peekRun(): string {
    let i = this.pos;
    while (
      i < this.text.length &&
      !SPACE.test(this.text[i] as string) &&
      !WORD_ENDS.includes(this.text[i] as string)
    ) {
      i++;
    }
    return this.text.slice(this.pos, i);
  }

  /** A word or quoted text; undefined where neither starts here. In a field's place operators end the word. */
  piece(place: 'field' | 'value' | 'assigned', kind: TokenKind): Piece | undefined {
    this.space();
    const start = this.pos;
    if (this.char === '"') return this.quoted();
    const parts = this.#word(place === 'field', place === 'assigned' ? '=' : '');
    if (parts.length === 0) return undefined;
    this.note(kind, start);
    return { parts, quoted: false, start, end: this.pos };
  }

  quoted(): Piece {
    const start = this.pos;
    this.pos++;
    let text = '';
    for (;;) {
      if (this.done) {
        this.fail(
          'this quote is never closed',
          ['"'],
          { start, end: this.text.length },
          `${this.text.slice(start)}"`,
        );
      }
      const c = this.char;
      if (c === '"') break;
      const next = this.text[this.pos + 1];
      if (c === '\\' && (next === '"' || next === '\\')) {
        text += next;
        this.pos += 2;
      } else text += this.#code() ?? this.#plain();
    }
    this.pos++;
    this.note('quoted', start);
    return { parts: [{ kind: 'text', text }], quoted: true, start, end: this.pos };
  }

  /** `/source/flags` where it stands here as a whole; a path such as `/var/log` is none. */
  regex(): { source: string; flags: string; start: number; end: number } | undefined {
    const start = this.pos;
    const m = /^\/((?:\\[^\s]|[^\\\s/])+)\/([ims]*)(?=$|[\s),|])/.exec(this.text.slice(start));
    if (m === null) return undefined;
    this.pos += m[0].length;
    this.note('regex', start);
    const source = (m[1] as string).replaceAll('\\/', '/');
    return { source, flags: m[2] as string, start, end: this.pos };
  }

  /** A lone `=` or `!` is text: `uid=0` is a word. */
  #atOperator(): boolean {
    return FIELD_ENDS.includes(this.char) && OPERATORS.some((o) => this.text.startsWith(o.text, this.pos));
  }

  #plain(): string {
    this.pos++;
    return this.text[this.pos - 1] as string;
  }

  #code(): string | undefined {
    if (this.char !== '\\') return undefined;
    CODE.lastIndex = this.pos;
    const m = CODE.exec(this.text);
    if (m === null) return undefined;
    const n = Number.parseInt(m[1] as string, 16);
    if (n > 0x10ffff) {
      this.fail('there is no such character', ['\\u{0} to \\u{10ffff}'], {
        start: this.pos,
        end: CODE.lastIndex,
      });
    }
    this.pos = CODE.lastIndex;
    return String.fromCodePoint(n);
  }

  #word(field: boolean, ends = ''): PatternPart[] {
    const parts: PatternPart[] = [];
    let text = '';
    const flush = (): void => {
      if (text !== '') parts.push({ kind: 'text', text });
      text = '';
    };
    while (!this.done) {
      const c = this.char;
      if (SPACE.test(c) || WORD_ENDS.includes(c) || ends.includes(c) || (field && this.#atOperator())) break;
      const next = this.text[this.pos + 1];
      if (c === '\\' && next !== undefined && (ESCAPABLE.includes(next) || SPACE.test(next))) {
        text += next;
        this.pos += 2;
      } else if (c === '*' || c === '?') {
        flush();
        // `**` means the same as `*`.
        if (c === '?' || parts.at(-1)?.kind !== 'any')
          parts.push(c === '?' ? { kind: 'one' } : { kind: 'any' });
        this.pos++;
      } else text += this.#code() ?? this.#plain();
    }
    flush();
    return parts;
  }
}
