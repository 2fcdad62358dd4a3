/**
 * The filter's grammar (see `docs/SEARCH.md`; the tables are in `grammar.ts`): what stands before the first pipe of a
 * search, and the `condition` of a rule.
 *
 *   or   = and { OR and }        and = not { [AND] not }        not = NOT not | "(" or ")" | term
 *   term = word | "phrase" | function "(" ... ")" | field operator value | field [NOT] IN (list | "(" values ")")
 *        | expression (comparison expression | [NOT] IN "(" values ")")            (see `read-expression.ts`)
 *
 * Bad text gives an error with its place, what was expected there and, where there is one, a suggestion. Never throws;
 * length, depth and number of terms are bounded. Held by `src/query/parse.test.ts` and `src/query/print.prop.test.ts`.
 */
import { nearest } from '../../base/nearest.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { hotField } from '../../model/catalogue.ts';
import { type CountTerm, type Expression, TEST_OPS, type TestOp } from '../expression.ts';
import { regexProblem } from '../regex.ts';
import { numberOf } from '../text.ts';
import type { Condition } from '../tree.ts';
import { KNOWN_NAMES } from './aliases.ts';
import { CLASSES, NAMED_CLASSES } from './classes.ts';
import {
  FIELDREF_OPS,
  FUNCTIONS,
  type FunctionName,
  type Hint,
  type Operator,
  OPERATORS,
  QUERY_CHARS_MAX,
  QUERY_DEPTH_MAX,
  QUERY_TERMS_MAX,
  type QueryError,
} from './grammar.ts';
import { atCountEnd, readCount } from './read-count.ts';
import {
  ARITHMETIC_NEXT,
  CALLS,
  type CountFunction,
  expressionCall,
  ExpressionReader,
} from './read-expression.ts';
import { hasWildcard, type Piece, pieceText, QueryFault, Scanner } from './scan.ts';
import { bareCondition, resolveTarget, type Target, valueCondition, withCase } from './term.ts';
import { parseTime } from './time.ts';

export type ParseOptions = {
  /** For `now-7d`, microseconds. */
  readonly now: number;
  /** Names of the lists there are; without it any name passes. */
  readonly lists?: { readonly has: (name: string) => boolean; readonly keys: () => Iterable<string> };
  /** Remarks of `parseCondition`; those of `parseQuery` are in its answer. */
  readonly onHint?: (hint: Hint) => void;
};

/** A filter alone, without pipes: the text of a rule's condition. Empty text is `always`. */
export function parseCondition(text: string, options: ParseOptions): Result<Condition, QueryError> {
  return parsing(text, (s) => {
    const parser = new FilterParser(s, options);
    const filter = parser.filter();
    s.space();
    if (s.char === '|') s.fail('a condition has no pipes', ['the end of the condition']);
    if (!s.done)
      s.fail(`${s.found()}, which nothing before it opens`, ['AND', 'OR', 'the end of the condition']);
    if (options.onHint !== undefined) parser.hints.forEach(options.onHint);
    return filter;
  });
}

/** Runs a parser over the text: faults become errors, anything else is a bug and thrown. */
export function parsing<T>(text: string, parse: (s: Scanner) => T): Result<T, QueryError> {
  if (text.length > QUERY_CHARS_MAX) {
    const message = `the query is longer than ${QUERY_CHARS_MAX} characters`;
    return err({ message, start: QUERY_CHARS_MAX, end: text.length, expected: ['a shorter query'] });
  }
  try {
    return ok(parse(new Scanner(text)));
  } catch (e) {
    if (e instanceof QueryFault) return err(e.detail);
    throw e;
  }
}

type Leaf = (depth: number) => Condition;

/** Reads filters off one scanner; terms are counted over all of them. */
export class FilterParser {
  readonly hints: Hint[] = [];
  readonly #s: Scanner;
  readonly #options: ParseOptions;
  #terms = 0;
  /** Within the parentheses of a count. */
  #counting = false;
  /** Parentheses and words that were found to begin no expression. */
  readonly #plain = new Set<number>();
  /** Why the last such parenthesis does not. */
  #fault: QueryFault | undefined;

  constructor(s: Scanner, options: ParseOptions) {
    this.#s = s;
    this.#options = options;
  }

  /** Up to a pipe, the end or what nothing before it opens. */
  filter(): Condition {
    const s: Scanner = this.#s;
    s.space();
    if (s.ended || s.char === '|') return { kind: 'const', value: true };
    try {
      return this.#or(1, this.#term);
    } catch (e) {
      // Read as an expression the text was understood further.
      const best = this.#fault;
      if (e instanceof QueryFault && best !== undefined && best.detail.start > e.detail.start) throw best;
      throw e;
    }
  }

  #or(depth: number, leaf: Leaf): Condition {
    if (depth > QUERY_DEPTH_MAX) this.#s.fail(`nested deeper than ${QUERY_DEPTH_MAX}`, ['fewer parentheses']);
    const items = [this.#and(depth, leaf)];
    while (this.#s.takeKeyword('OR')) items.push(this.#and(depth, leaf));
    return items.length === 1 ? (items[0] as Condition) : { kind: 'or', items };
  }

  #and(depth: number, leaf: Leaf): Condition {
    const items = [this.#not(depth, leaf)];
    for (;;) {
      const explicit = this.#s.takeKeyword('AND');
      if (!explicit && this.#atEnd()) break;
      items.push(this.#not(depth, leaf));
    }
    return items.length === 1 ? (items[0] as Condition) : { kind: 'and', items };
  }

  #atEnd(): boolean {
    const s: Scanner = this.#s;
    s.space();
    if (s.done || s.char === ')' || s.char === '|' || s.char === ',' || s.peekKeyword() === 'OR') return true;
    return this.#counting && atCountEnd(s);
  }

  #not(depth: number, leaf: Leaf): Condition {
    const s: Scanner = this.#s;
    if (s.takeKeyword('NOT')) {
      if (depth >= QUERY_DEPTH_MAX) s.fail(`nested deeper than ${QUERY_DEPTH_MAX}`, ['fewer NOTs']);
      return { kind: 'not', item: this.#not(depth + 1, leaf) };
    }
    s.space();
    const open = s.pos;
    if (s.char === '(' && leaf === this.#term && expressionFollows(s.text, closing(s.text, open))) {
      const found = this.#attempt(open, () => this.#expressionTerm(depth));
      if (found !== undefined) return found;
    }
    if (s.take('(')) {
      const inner = this.#or(depth + 1, leaf);
      if (!s.take(')')) {
        s.fail(`${s.found()}, but this parenthesis is still open`, [')'], { start: open, end: open + 1 });
      }
      return inner;
    }
    if (++this.#terms > QUERY_TERMS_MAX)
      s.fail(`more than ${QUERY_TERMS_MAX} terms`, ['a list: field IN name']);
    return leaf(depth);
  }

  /** A term in its full form: word, phrase, function or field with operator. */
  #term: Leaf = (depth) => {
    const s: Scanner = this.#s;
    this.#noKeyword('a word, a field or "("');
    const call = /^([a-z]+)\(/.exec(s.text.slice(s.pos, s.pos + 20));
    const fn = FUNCTIONS.find((f) => f.name === call?.[1]);
    if (fn !== undefined) return this.#call(fn.name, depth);
    if (expressionCall(s.text, s.pos) !== undefined) return this.#expressionTerm(depth);
    const sum = this.#arithmeticTerm(depth);
    if (sum !== undefined) return sum;
    const address = bareCondition(s.peekRun(), undefined);
    if (address !== undefined) {
      const start = s.pos;
      s.pos += s.peekRun().length;
      s.note('word', start);
      return address;
    }
    const piece = s.piece('field', 'word');
    if (piece === undefined) return this.#missingTerm();
    if (s.char === '(' && !piece.quoted && expressionFollows(s.text, closing(s.text, s.pos))) {
      const name = pieceText(piece);
      s.fail(`there is no function called "${name}"`, [...CALLS], piece, nearest(name, CALLS));
    }
    const op = s.operator();
    if (op !== undefined) return this.#compare(this.#target(piece), op, depth);
    const negated = this.#takeIn();
    if (negated !== undefined) {
      const found = this.#in(this.#target(piece));
      return negated ? { kind: 'not', item: found } : found;
    }
    this.#equalsHint(piece);
    if (this.#counting && !piece.quoted) {
      const found = this.#classTerm(piece);
      if (found !== undefined) return found;
    }
    return (
      bareCondition(s.text.slice(piece.start, piece.end), piece) ??
      s.fail('there is no letter or digit to search for', ['a word', `keyword("...")`], piece)
    );
  };

  #missingTerm(): never {
    const s: Scanner = this.#s;
    const op = OPERATORS.find((o) => s.text.startsWith(o.text, s.pos));
    if (op === undefined)
      s.fail(s.done ? s.found() : `${s.found()}, which is no term`, ['a word', 'a field', '(']);
    return s.fail(`a field name is missing before "${op.text}"`, ['a field'], undefined, `"${s.peekRun()}"`);
  }

  /** Keywords are no words: a dangling AND is a mistake, not a search for "AND". */
  #noKeyword(expected: string): void {
    const s: Scanner = this.#s;
    const k = s.peekKeyword();
    if (k === undefined) return;
    const at = { start: s.pos, end: s.pos + k.length };
    s.fail(`${k} stands where ${expected} is needed`, [expected], at, `"${k}"`);
  }

  /** false for IN, true for NOT IN, undefined for neither. */
  #takeIn(): boolean | undefined {
    const s: Scanner = this.#s;
    if (s.takeKeyword('IN')) return false;
    const [pos, count] = [s.pos, s.tokens.length];
    if (s.takeKeyword('NOT')) {
      if (s.takeKeyword('IN')) return true;
      s.pos = pos;
      s.tokens.length = count;
    }
    return undefined;
  }

  #target(piece: Piece): Target {
    const s: Scanner = this.#s;
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

  #compare(target: Target, op: Operator, depth: number): Condition {
    const s: Scanner = this.#s;
    s.space();
    if (op.name === 'is' && s.char === '(') {
      s.take('(');
      const inner = this.#or(depth + 1, () => this.#value(target, op));
      s.expect(')', `the values of ${target.written} are still open`);
      return inner;
    }
    if (op.name === 'is') {
      // `port:>1024` is a habit from other languages.
      const order = OPERATORS.find(
        (o) => '<>'.includes(o.text[0] as string) && s.text.startsWith(o.text, s.pos),
      );
      if (order !== undefined) {
        s.pos += order.text.length;
        s.note('operator', s.pos - order.text.length);
        return this.#value(target, order);
      }
    }
    if (op.name === 'equals' && s.char === '(')
      return valueCondition(s, target, op, this.#values(), this.#options.now);
    return this.#computed(target, op, depth) ?? this.#value(target, op);
  }

  /** Right of an operator: an expression that is more than a value; undefined where it is one. */
  #computed(target: Target, op: Operator, depth: number): Condition | undefined {
    const s: Scanner = this.#s;
    const equality = op.name === 'equals' || op.name === 'differs';
    if (!equality && !isOrder(op)) return undefined;
    const call = expressionCall(s.text, s.pos);
    if (call === undefined && (equality || !this.#isComputed(target))) return undefined;
    const reader = this.#reader(depth);
    const right = reader.sum();
    if (equality && right.kind === 'field') {
      const same = target.each((field) => ({
        kind: 'fieldref',
        field,
        op: 'equals',
        other: right.field,
        cased: true,
      }));
      return op.name === 'equals' ? same : { kind: 'not', item: same };
    }
    // Of several fields any may hold, and `!=` is the opposite of `==`.
    const opposite = op.name === 'differs' && target.fields.length > 1;
    const testOp = opposite ? '==' : (op.text as TestOp);
    const found = target.each((field) => reader.test(testOp, reader.field(field, target), right));
    return opposite ? { kind: 'not', item: found } : found;
  }

  /** Is what stands right of `<` more than a number or a time? */
  #isComputed(target: Target): boolean {
    const s: Scanner = this.#s;
    if (s.char === '"') return false;
    const run = s.peekRun();
    const isTime = hotField(target.field)?.type === 'date';
    const literal =
      numberOf(run) !== undefined || (isTime && parseTime(run, this.#options.now) !== undefined);
    if (literal) return ARITHMETIC_NEXT.test(s.text.slice(s.pos + run.length, s.pos + run.length + 50));
    // A lone word is rather a mistyped number or time than a field.
    const next = s.text[s.pos + run.length] ?? ' ';
    return /[.@*+/%`-]/.test(run) || '(`'.includes(next) || KNOWN_NAMES.has(run);
  }

  /** Arithmetic at the beginning of a term: `source.bytes / destination.bytes > 10`, `2 * source.bytes < 5`. */
  #arithmeticTerm(depth: number): Condition | undefined {
    const s: Scanner = this.#s;
    const run = s.peekRun();
    if (s.char === '"' || run === '') return undefined;
    const behind = s.text.slice(s.pos + run.length, s.pos + run.length + 50);
    // These alone mean nothing else; a `*` does.
    if (SIGN_NEXT.test(behind)) return this.#expressionTerm(depth);
    if (!ARITHMETIC_NEXT.test(behind) && !/^[\w.@`-]+[*+/%][\w.@`(-]/.test(run)) return undefined;
    return this.#attempt(s.pos, () => this.#expressionTerm(depth));
  }

  /** What `read` gives, or everything as it was: then the text has its plain meaning, and its own errors. */
  #attempt(start: number, read: () => Condition): Condition | undefined {
    const s: Scanner = this.#s;
    if (this.#plain.has(start)) return undefined;
    const before = [s.pos, s.tokens.length, this.hints.length, this.#terms] as const;
    const counting = this.#counting;
    try {
      return read();
    } catch (e) {
      if (!(e instanceof QueryFault)) throw e;
      [s.pos, s.tokens.length, this.hints.length, this.#terms] = before;
      this.#counting = counting;
      this.#plain.add(start);
      if (s.text[start] === '(') this.#fault = e;
      return undefined;
    }
  }

  #reader(depth: number): ExpressionReader {
    return new ExpressionReader(
      this.#s,
      {
        now: this.#options.now,
        target: (piece) => this.#target(piece),
        count: (name, at) => this.#count(name, at),
      },
      depth,
    );
  }

  /** An expression with its comparison. */
  #expressionTerm(depth: number): Condition {
    const s: Scanner = this.#s;
    const start = s.pos;
    const reader = this.#reader(depth);
    const left = reader.sum();
    const negated = this.#takeIn();
    if (negated !== undefined) {
      const found = this.#expressionIn(reader, left);
      return negated ? { kind: 'not', item: found } : found;
    }
    const op = s.operator();
    const name = TEST_OPS.find((o) => o === op?.text);
    if (op === undefined || name === undefined) {
      const at = { start, end: s.pos };
      const shown = op === undefined ? 'a comparison is missing' : `"${op.text}" compares a field with text`;
      return s.fail(shown, ['==', '!=', '<', '<=', '>', '>='], at);
    }
    return reader.test(name, left, name === '==' || name === '!=' ? reader.equalTo() : reader.sum());
  }

  /** Behind `IN`: values in parentheses. */
  #expressionIn(reader: ExpressionReader, left: Expression): Condition {
    const s: Scanner = this.#s;
    s.space();
    if (s.char !== '(')
      s.fail('what is computed is compared with values in parentheses', ['(6, 7)', 'field IN list']);
    s.take('(');
    const items: Condition[] = [];
    do {
      if (++this.#terms > QUERY_TERMS_MAX) s.fail(`more than ${QUERY_TERMS_MAX} terms`, ['fewer values']);
      items.push(reader.test('==', left, reader.equalTo()));
    } while (s.take(','));
    s.expect(')', 'the list of values is still open');
    return items.length === 1 ? (items[0] as Condition) : { kind: 'or', items };
  }

  /** Behind the parenthesis of a count, up to the closing one. */
  #count(name: CountFunction, depth: number, written: string = name): CountTerm {
    const s: Scanner = this.#s;
    if (this.#counting) s.fail('a count within a count', ['a condition over one event']);
    this.#counting = true;
    const term = readCount(
      s,
      { name, written },
      {
        target: (piece) => this.#target(piece),
        condition: () => this.#or(depth + 1, this.#term),
      },
    );
    this.#counting = false;
    return term;
  }

  /** A bare word within a count: a class of events, else text. */
  #classTerm(piece: Piece): Condition | undefined {
    const s: Scanner = this.#s;
    if (hasWildcard(piece)) return undefined;
    const word = pieceText(piece);
    const found = CLASSES.get(word);
    if (found !== undefined) {
      s.tokens[s.tokens.length - 1] = { kind: 'class', start: piece.start, end: piece.end };
      return found.condition;
    }
    if (KNOWN_NAMES.has(word)) {
      s.fail(`"${word}" is a field, not a class of events`, [`${word}:*`, `"${word}" as a text`], piece);
    }
    if (!word.includes('_')) return undefined;
    const expected = [...NAMED_CLASSES.keys(), `"${word}" as a text`];
    return s.fail(
      `there is no class of events called "${word}"`,
      expected,
      piece,
      nearest(word, CLASSES.keys()),
    );
  }

  #value(target: Target, op: Operator): Condition {
    const s: Scanner = this.#s;
    this.#noKeyword('a value');
    if (op.name === 'is' && s.char === '/') {
      const re = s.regex();
      if (re !== undefined) return this.#regex(target, re);
    }
    const piece = s.piece('value', 'value');
    if (piece === undefined) {
      const at = { start: target.start, end: Math.max(s.pos, target.end) };
      s.fail(`${target.written} has no value`, ['a value', '"quoted text"', '*'], at, target.hint);
    }
    if (op.name !== 'regex') return valueCondition(s, target, op, [piece], this.#options.now);
    const start = s.pos;
    const flags = /^[a-z]*/.exec(piece.quoted ? s.text.slice(start, start + 10) : '')?.[0] ?? '';
    s.pos += flags.length;
    return this.#regex(target, { source: pieceText(piece), flags, start: piece.start, end: s.pos });
  }

  #regex(target: Target, re: { source: string; flags: string; start: number; end: number }): Condition {
    const problem = regexProblem(re.source, re.flags);
    if (problem !== undefined)
      this.#s.fail(`regular expression: ${problem}`, ['RE2 syntax, flags i, m, s'], re);
    return target.each((field) => ({ kind: 'regex', field, source: re.source, flags: re.flags }));
  }

  #values(): Piece[] {
    const s: Scanner = this.#s;
    s.expect('(', 'a list of values is needed');
    const out: Piece[] = [];
    do {
      const piece = s.piece('value', 'value');
      if (piece === undefined) s.fail(`${s.found()}, but a value is needed`, ['a value']);
      out.push(piece);
      if (++this.#terms > QUERY_TERMS_MAX)
        s.fail(`more than ${QUERY_TERMS_MAX} terms`, ['a list: field IN name']);
    } while (s.take(','));
    s.expect(')', 'the list of values is still open');
    return out;
  }

  #in(target: Target): Condition {
    const s: Scanner = this.#s;
    s.space();
    const is = OPERATORS.find((o) => o.name === 'is') as Operator;
    if (s.char === '(') return valueCondition(s, target, is, this.#values(), this.#options.now);
    this.#noKeyword('a list');
    const piece = s.piece('value', 'list');
    if (piece === undefined) s.fail('IN needs a list', ['(a, b)', 'the name of a list']);
    const list = pieceText(piece);
    const known = this.#options.lists;
    if (known !== undefined && !known.has(list)) {
      s.fail(
        `no list is called "${list}"`,
        [...known.keys()].slice(0, 20),
        piece,
        nearest(list, known.keys()),
      );
    }
    return target.each((field) => ({ kind: 'inlist', field, list }));
  }

  #call(name: FunctionName, depth: number): Condition {
    const s: Scanner = this.#s;
    s.pos += name.length;
    s.note('function', s.pos - name.length);
    s.expect('(', `${name} needs parentheses`);
    const made = this.#callBody(name, depth);
    s.expect(')', `${name}( is still open`);
    return made;
  }

  #callBody(name: FunctionName, depth: number): Condition {
    const s: Scanner = this.#s;
    switch (name) {
      case 'true':
      case 'false':
        return { kind: 'const', value: name === 'true' };
      case 'cased':
        return withCase(this.#or(depth + 1, this.#term));
      case 'exists':
        return this.#exists(depth);
      case 'null':
        return this.#fieldArgument().each((field) => ({ kind: 'null', field }));
      case 'entity':
        return {
          kind: 'entity',
          entity: pieceText(this.#argument('value', 'an entity, like "ip:10.0.1.5"')),
        };
      case 'keyword':
        return {
          kind: 'keyword',
          pattern: this.#argument('value', 'the text to look for').parts,
          cased: false,
        };
      case 'fieldref': {
        const field = this.#fieldArgument();
        s.expect(',', 'fieldref needs an operator next');
        const word = this.#argument('value', 'an operator');
        const op = FIELDREF_OPS.find((o) => o === pieceText(word));
        if (op === undefined) s.fail(`"${pieceText(word)}" is no operator of fieldref`, FIELDREF_OPS, word);
        s.expect(',', 'fieldref needs a second field');
        const other = this.#fieldArgument().field;
        return field.each((f) => ({ kind: 'fieldref', field: f, op, other, cased: false }));
      }
    }
  }

  /** `exists(field)`, or `exists(condition for key in last 30 days)`, which counts. */
  #exists(depth: number): Condition {
    const s: Scanner = this.#s;
    s.space();
    const before = [s.pos, s.tokens.length] as const;
    const piece = s.piece('field', 'field');
    s.space();
    if (piece !== undefined && (s.char === ')' || s.done)) {
      const word = pieceText(piece);
      if (!piece.quoted && CLASSES.has(word) && !KNOWN_NAMES.has(word)) {
        const expected = [`exists(${word} in last 30 days)`, `exists("${word}")`];
        s.fail(`${word} is a class of events: when should there have been one?`, expected, piece);
      }
      return this.#target(piece).each((field) => ({ kind: 'exists', field }));
    }
    [s.pos, s.tokens.length] = before;
    if (piece === undefined && s.char === ')') s.fail(`${s.found()}, but a field is needed`, ['a field']);
    const left = this.#count('count', depth + 1, 'exists');
    return { kind: 'test', op: '>', left, right: { kind: 'number', value: 0 } };
  }

  #argument(place: 'field' | 'value', what: string): Piece {
    const piece = this.#s.piece(place, place);
    return piece ?? this.#s.fail(`${this.#s.found()}, but ${what} is needed`, [what]);
  }

  #fieldArgument(): Target {
    return this.#target(this.#argument('field', 'a field'));
  }

  /** `user=root` is text here; elsewhere it is a comparison. */
  #equalsHint(piece: Piece): void {
    const m = piece.quoted ? null : /^([\w@.]+)=(.*)$/s.exec(pieceText(piece));
    if (m === null) return;
    const name = m[1] as string;
    if (!KNOWN_NAMES.has(name)) return;
    const message = `"${name}=..." searches for these words in the text; a field is compared with ":" or "=="`;
    this.hints.push({ message, start: piece.start, end: piece.end, suggestion: `${name}:${m[2]}` });
  }
}

const SIGN_NEXT = /^\s+[-+/%]\s/;
const isOrder = (op: Operator): boolean => ['<', '<=', '>', '>='].includes(op.name);

/** The place behind the parenthesis that closes the one at `open`; -1 where none does. Quoted text is skipped. */
function closing(text: string, open: number): number {
  let depth = 0;
  for (let i = open; i < text.length; i++) {
    const c = text[i];
    if (c === '\\') i++;
    else if (c === '"') {
      for (i++; i < text.length && text[i] !== '"'; i++) if (text[i] === '\\') i++;
    } else if (c === '(') depth++;
    else if (c === ')' && --depth === 0) return i + 1;
  }
  return -1;
}

const EXPRESSION_NEXT = /^\s*(?:==|!=|[<>]|(?:NOT\s+)?IN\b|[-+/%]\s|\*\s*[\w@("`.])/;

/** Do a comparison or arithmetic follow? Then the parentheses before hold an expression. */
const expressionFollows = (text: string, at: number): boolean =>
  at >= 0 && EXPRESSION_NEXT.test(text.slice(at, at + 50));
