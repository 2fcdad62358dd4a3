/**
 * Expressions of the pipes `where` and `eval`: text to a tree. Types are found when the columns are known
 * (`expression-sql.ts`).
 *
 *   expr    = and { OR and }     and = not { AND not }     not = NOT not | compare      (keywords in any case)
 *   compare = sum [ (== | != | < | <= | > | >=) sum | [NOT] IN "(" (expr { "," expr } | search query) ")" ]
 *   sum     = product { (+ | -) product }     product = unary { (* | / | %) unary }     unary = "-" unary | atom
 *   atom    = number | duration | "text" | true | false | null | name | `name` | function "(" [ expr { "," } ] ")" | "(" expr ")"
 *
 * A duration (`5m`, `1h`) is a number of seconds. A call of an aggregate, `sum(source.bytes)`, is the column of that name.
 * Depth and number of nodes are bounded. Errors are `QueryFault`s with their place. Held by `pipes.test.ts` and
 * `expressions.int.test.ts`.
 */
import { QUERY_DEPTH_MAX } from '../condition/language/grammar.ts';
import { nearest } from '../base/nearest.ts';
import { AGGREGATES } from './pipes/aggregates.ts';
import type { FieldRef } from './pipes/pipe.ts';
import type { Subquery } from './query.ts';
import type { Piece, Scanner } from '../condition/language/scan.ts';
import { resolveTarget } from '../condition/language/term.ts';
import { readName, readNumber, takeSymbol } from '../condition/language/lexemes.ts';
import { parseTime } from '../condition/language/time.ts';

/** Most nodes of one expression. */
export const EXPRESSION_NODES_MAX = 200;

export type Place = { readonly start: number; readonly end: number };
export type BinaryOp = (typeof COMPARISONS)[number] | '+' | '-' | '*' | '/' | '%' | 'and' | 'or';
export type Expr = Place &
  (
    | { readonly kind: 'number'; readonly value: number }
    /** `time`: what the text means as a time, microseconds. */
    | { readonly kind: 'text'; readonly value: string; readonly time: number | undefined }
    | { readonly kind: 'bool'; readonly value: boolean }
    | { readonly kind: 'null' }
    /** Microseconds. */
    | { readonly kind: 'time'; readonly value: number }
    | { readonly kind: 'field'; readonly ref: FieldRef }
    | { readonly kind: 'call'; readonly name: ExprFunction; readonly args: readonly Expr[] }
    | { readonly kind: 'binary'; readonly op: BinaryOp; readonly left: Expr; readonly right: Expr }
    | { readonly kind: 'not' | 'negate'; readonly item: Expr }
    | { readonly kind: 'in'; readonly item: Expr; readonly values: readonly Expr[] }
    | { readonly kind: 'insearch'; readonly item: Expr; readonly query: Subquery; readonly at: Place }
  );

/** Longest first: the parser takes the first that fits. */
const COMPARISONS = ['==', '!=', '<=', '>=', '<', '>'] as const;
export const isComparison = (op: string): boolean => (COMPARISONS as readonly string[]).includes(op);

/** `args`: least and most. */
export const EXPR_FUNCTIONS = [
  { name: 'if', args: [3, 3], about: 'if(condition, then, else)' },
  { name: 'coalesce', args: [1, 20], about: 'coalesce(a, b, ...): the first that is not null' },
  { name: 'isnull', args: [1, 1], about: 'isnull(x)' },
  { name: 'lower', args: [1, 1], about: 'lower(text)' },
  { name: 'upper', args: [1, 1], about: 'upper(text)' },
  { name: 'trim', args: [1, 1], about: 'trim(text): without blanks around it' },
  { name: 'len', args: [1, 1], about: 'len(text): characters' },
  { name: 'concat', args: [1, 20], about: 'concat(a, b, ...): null if one of them is' },
  { name: 'substr', args: [2, 3], about: 'substr(text, start, length): the first character is 1' },
  { name: 'contains', args: [2, 2], about: 'contains(text, part): case matters' },
  { name: 'startswith', args: [2, 2], about: 'startswith(text, part): case matters' },
  { name: 'endswith', args: [2, 2], about: 'endswith(text, part): case matters' },
  { name: 'match', args: [2, 2], about: 'match(text, "regex"): RE2, found anywhere' },
  { name: 'round', args: [1, 2], about: 'round(number, digits)' },
  { name: 'floor', args: [1, 1], about: 'floor(number)' },
  { name: 'ceil', args: [1, 1], about: 'ceil(number)' },
  { name: 'abs', args: [1, 1], about: 'abs(number)' },
  { name: 'bin', args: [2, 2], about: 'bin(@timestamp, 5m) or bin(number, 1000): start of its bucket' },
  { name: 'hour', args: [1, 1], about: 'hour(time): 0 to 23, UTC' },
  { name: 'weekday', args: [1, 1], about: 'weekday(time): Monday is 1, UTC' },
  { name: 'number', args: [1, 1], about: 'number(text): null if it is none' },
  { name: 'text', args: [1, 1], about: 'text(x)' },
  { name: 'time', args: [1, 1], about: 'time(text): null if it is none' },
  { name: 'now', args: [0, 0], about: 'now()' },
] as const;
export type ExprFunction = (typeof EXPR_FUNCTIONS)[number]['name'];

const WORDS = new Set(['and', 'or', 'not', 'in']);

export function parseExpression(s: Scanner, now: number, subsearch: () => Subquery): Expr {
  return new ExpressionParser(s, now, subsearch).expression();
}

class ExpressionParser {
  readonly #s: Scanner;
  readonly #now: number;
  readonly #subsearch: () => Subquery;
  #nodes = 0;
  #depth = 0;

  constructor(s: Scanner, now: number, subsearch: () => Subquery) {
    this.#s = s;
    this.#now = now;
    this.#subsearch = subsearch;
  }

  expression(): Expr {
    if (++this.#depth > QUERY_DEPTH_MAX)
      this.#s.fail(`nested deeper than ${QUERY_DEPTH_MAX}`, ['fewer parentheses']);
    const made = this.#or();
    this.#depth--;
    return made;
  }

  #node<T extends Expr>(made: T): T {
    if (++this.#nodes > EXPRESSION_NODES_MAX) {
      this.#s.fail(`more than ${EXPRESSION_NODES_MAX} parts in one expression`, ['several eval'], made);
    }
    return made;
  }

  #binary(op: BinaryOp, left: Expr, right: Expr): Expr {
    return this.#node({ kind: 'binary', op, left, right, start: left.start, end: right.end });
  }

  #or(): Expr {
    let left = this.#and();
    while (this.#word('or')) left = this.#binary('or', left, this.#and());
    return left;
  }

  #and(): Expr {
    let left = this.#not();
    while (this.#word('and')) left = this.#binary('and', left, this.#not());
    return left;
  }

  #not(): Expr {
    const start = this.#at();
    if (!this.#word('not')) return this.#compare();
    if (++this.#depth > QUERY_DEPTH_MAX)
      this.#s.fail(`nested deeper than ${QUERY_DEPTH_MAX}`, ['fewer NOTs']);
    const item = this.#not();
    this.#depth--;
    return this.#node({ kind: 'not', item, start, end: item.end });
  }

  #compare(): Expr {
    const left = this.#sum();
    const op = this.#symbol(COMPARISONS);
    if (op !== undefined) return this.#binary(op, left, this.#sum());
    const s: Scanner = this.#s;
    if (s.char === '=') s.fail('a comparison is written "=="', ['=='], undefined, '==');
    const before = s.pos;
    const negated = this.#word('not');
    if (!this.#word('in')) {
      s.pos = before;
      return left;
    }
    s.expect('(', 'the values stand in parentheses');
    const made = this.#node(this.#members(left));
    return negated ? this.#node({ kind: 'not', item: made, start: left.start, end: s.pos }) : made;
  }

  /** Behind the parenthesis of `in (`. */
  #members(item: Expr): Expr {
    const s: Scanner = this.#s;
    s.space();
    if (!/^search\s+[^\s,)]/i.test(s.text.slice(s.pos, s.pos + 100))) {
      const values = this.#list();
      return { kind: 'in', item, values, start: item.start, end: s.pos };
    }
    this.#word('search');
    const at = { start: s.pos - 6, end: s.pos };
    const query = this.#subsearch();
    s.expect(')', 'this search is still open');
    return { kind: 'insearch', item, query, at, start: item.start, end: s.pos };
  }

  #sum(): Expr {
    let left = this.#product();
    for (;;) {
      const op = this.#symbol(['+', '-'] as const);
      if (op === undefined) return left;
      left = this.#binary(op, left, this.#product());
    }
  }

  #product(): Expr {
    let left = this.#unary();
    for (;;) {
      const op = this.#symbol(['*', '/', '%'] as const);
      if (op === undefined) return left;
      left = this.#binary(op, left, this.#unary());
    }
  }

  #unary(): Expr {
    const start = this.#at();
    if (this.#symbol(['-'] as const) === undefined) return this.#atom();
    if (++this.#depth > QUERY_DEPTH_MAX)
      this.#s.fail(`nested deeper than ${QUERY_DEPTH_MAX}`, ['fewer signs']);
    const item = this.#unary();
    this.#depth--;
    if (item.kind === 'number') return { ...item, value: -item.value, start };
    return this.#node({ kind: 'negate', item, start, end: item.end });
  }

  #atom(): Expr {
    const s: Scanner = this.#s;
    const start = this.#at();
    if (s.take('(')) {
      const inner = this.expression();
      if (!s.take(')'))
        s.fail(`${s.found()}, but this parenthesis is still open`, [')'], { start, end: start + 1 });
      return inner;
    }
    if (s.char === '"') {
      const piece = s.quoted();
      const value = piece.parts.map((x) => (x.kind === 'text' ? x.text : '')).join('');
      return this.#node({ kind: 'text', value, time: parseTime(value, this.#now)?.from, start, end: s.pos });
    }
    if (s.char === "'")
      s.fail(`text stands in double quotes, a field's name in backticks`, ['"text"', '`name`']);
    const number = this.#number(start);
    if (number !== undefined) return number;
    const piece = readName(s);
    if (piece === undefined)
      s.fail(`${s.found()}, but a value is needed`, ['a field', 'a number', '"text"', 'function(...)']);
    if (!piece.quoted) {
      const word = s.text.slice(piece.start, piece.end);
      const literal = this.#literal(word.toLowerCase(), piece);
      if (literal !== undefined) return literal;
      if (s.char === '(') return this.#call(word, piece);
    }
    return this.#field(piece);
  }

  #literal(word: string, at: Place): Expr | undefined {
    const { start, end } = at;
    if (word === 'true' || word === 'false')
      return this.#node({ kind: 'bool', value: word === 'true', start, end });
    if (word === 'null' && this.#s.char !== '(') return this.#node({ kind: 'null', start, end });
    if (WORDS.has(word)) this.#s.fail(`${word} stands where a value is needed`, ['a value'], at);
    return undefined;
  }

  #number(start: number): Expr | undefined {
    const value = readNumber(this.#s);
    return value === undefined ? undefined : this.#node({ kind: 'number', value, start, end: this.#s.pos });
  }

  #field(piece: Piece): Expr {
    const { written, field } = resolveTarget(piece);
    const ref = { written, field, start: piece.start, end: piece.end };
    return this.#node({ kind: 'field', ref, start: piece.start, end: piece.end });
  }

  #call(word: string, at: Piece): Expr {
    const s: Scanner = this.#s;
    const spec = EXPR_FUNCTIONS.find((f) => f.name === word);
    if (spec === undefined && AGGREGATES.some((a) => a.name === word)) return this.#aggregateColumn(word, at);
    if (spec === undefined) {
      const names = EXPR_FUNCTIONS.map((f) => f.name);
      s.fail(`there is no function called "${word}"`, names, at, nearest(word, names));
    }
    const token = s.tokens.at(-1);
    if (token !== undefined) s.tokens[s.tokens.length - 1] = { ...token, kind: 'function' };
    s.take('(');
    const args = s.take(')') ? [] : this.#list();
    const place = { start: at.start, end: s.pos };
    const [least, most] = spec.args;
    if (args.length < least || args.length > most) {
      const need = least === most ? String(least) : `${least} to ${most}`;
      s.fail(`${word}() takes ${need} values, not ${args.length}`, [spec.about], place);
    }
    if (spec.name === 'now') return this.#node({ kind: 'time', value: this.#now, ...place });
    return this.#node({ kind: 'call', name: spec.name, args, ...place });
  }

  /** Behind an opening parenthesis, up to the closing one. */
  #list(): Expr[] {
    const s: Scanner = this.#s;
    const out: Expr[] = [];
    do out.push(this.expression());
    while (s.take(','));
    s.expect(')', 'this list is still open');
    return out;
  }

  #aggregateColumn(word: string, at: Piece): Expr {
    const s: Scanner = this.#s;
    s.take('(');
    s.space();
    const inner = readName(s);
    s.expect(')', `${word}( is still open`);
    const written = inner === undefined ? word : `${word}(${resolveTarget(inner).written})`;
    const place = { start: at.start, end: s.pos };
    return this.#node({ kind: 'field', ref: { written, field: written, ...place }, ...place });
  }

  #at(): number {
    this.#s.space();
    return this.#s.pos;
  }

  #word(word: string): boolean {
    const s: Scanner = this.#s;
    s.space();
    const found = s.text.slice(s.pos, s.pos + word.length);
    if (found.toLowerCase() !== word || /[\w.@]/.test(s.text[s.pos + word.length] ?? ' ')) return false;
    s.pos += word.length;
    s.note('keyword', s.pos - word.length);
    return true;
  }

  #symbol<T extends string>(of: readonly T[]): T | undefined {
    return takeSymbol(this.#s, of);
  }
}
