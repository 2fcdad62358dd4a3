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
import { COUNTS_MAX } from '../expression.ts';
import { countTermsOf } from '../stateful.ts';
import type { Condition } from '../tree.ts';
import { KNOWN_NAMES } from './aliases.ts';
import { CLASSES } from './classes.ts';
import { ComputedTerms, expressionIn } from './computed-term.ts';
import {
  FIELDREF_OPS,
  FUNCTIONS,
  type FunctionName,
  type Hint,
  OPERATORS,
  QUERY_CHARS_MAX,
  QUERY_DEPTH_MAX,
  type QueryError,
} from './grammar.ts';
import { atCountEnd } from './read-count.ts';
import { CALLS, expressionCall } from './read-expression.ts';
import { type Leaf, ValueReader } from './read-value.ts';
import { type ParseOptions, Reading } from './reading.ts';
import { type Piece, pieceText, QueryFault, Scanner } from './scan.ts';
import { bareCondition, type Target, withCase } from './term.ts';

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

/** Reads filters off one scanner; terms are counted over all of them. */
export class FilterParser {
  readonly #s: Scanner;
  readonly #r: Reading;
  readonly #computed: ComputedTerms;
  readonly #values: ValueReader;

  constructor(s: Scanner, options: ParseOptions) {
    this.#s = s;
    this.#r = new Reading(s, options);
    this.#computed = new ComputedTerms(this.#r, (depth) => this.#or(depth, this.#term));
    this.#values = new ValueReader(this.#r, {
      or: (depth, leaf) => this.#or(depth, leaf),
      expression: (depth) => this.#computed.expression(depth),
    });
  }

  get hints(): readonly Hint[] {
    return this.#r.hints;
  }

  /** Up to a pipe, the end or what nothing before it opens. */
  filter(): Condition {
    const s: Scanner = this.#s;
    s.space();
    if (s.ended || s.char === '|') return { kind: 'const', value: true };
    try {
      const found = this.#or(1, this.#term);
      if (countTermsOf(found).length > COUNTS_MAX) s.fail(`more than ${COUNTS_MAX} counts`, ['fewer counts']);
      return found;
    } catch (e) {
      // Read as an expression the text was understood further.
      const best = this.#r.fault;
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
    return this.#r.counting && atCountEnd(s);
  }

  #not(depth: number, leaf: Leaf): Condition {
    const s: Scanner = this.#s;
    if (s.takeKeyword('NOT')) {
      if (depth >= QUERY_DEPTH_MAX) s.fail(`nested deeper than ${QUERY_DEPTH_MAX}`, ['fewer NOTs']);
      return { kind: 'not', item: this.#not(depth + 1, leaf) };
    }
    s.space();
    const open = s.pos;
    if (s.char === '(' && leaf === this.#term && expressionIn(s.text, open)) {
      const found = this.#r.attempt(open, () => this.#computed.term(depth));
      if (found !== undefined) return found;
    }
    if (s.take('(')) {
      const inner = this.#or(depth + 1, leaf);
      if (!s.take(')')) {
        s.fail(`${s.found()}, but this parenthesis is still open`, [')'], { start: open, end: open + 1 });
      }
      return inner;
    }
    this.#r.term('a list: field IN name');
    return leaf(depth);
  }

  /** A term in its full form: word, phrase, function or field with operator. */
  #term: Leaf = (depth) => {
    const s: Scanner = this.#s;
    this.#r.noKeyword('a word, a field or "("');
    const call = /^([a-z]+)\(/.exec(s.text.slice(s.pos, s.pos + 20));
    const fn = FUNCTIONS.find((f) => f.name === call?.[1]);
    if (fn !== undefined) return this.#call(fn.name, depth);
    if (expressionCall(s.text, s.pos) !== undefined) return this.#computed.term(depth);
    const sum = this.#computed.arithmetic(depth);
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
    if (s.char === '(' && !piece.quoted && expressionIn(s.text, s.pos)) {
      const name = pieceText(piece);
      s.fail(`there is no function called "${name}"`, [...CALLS], piece, nearest(name, CALLS));
    }
    const op = s.operator();
    if (op !== undefined) return this.#values.compare(this.#r.target(piece), op, depth);
    const negated = this.#r.takeIn();
    if (negated !== undefined) {
      const found = this.#values.list(this.#r.target(piece));
      return negated ? { kind: 'not', item: found } : found;
    }
    this.#equalsHint(piece);
    if (this.#r.counting && !piece.quoted) {
      const found = this.#computed.eventClass(piece);
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
      return this.#r.target(piece).each((field) => ({ kind: 'exists', field }));
    }
    [s.pos, s.tokens.length] = before;
    if (piece === undefined && s.char === ')') s.fail(`${s.found()}, but a field is needed`, ['a field']);
    const left = this.#computed.count('count', depth + 1, 'exists');
    return { kind: 'test', op: '>', left, right: { kind: 'number', value: 0 } };
  }

  #argument(place: 'field' | 'value', what: string): Piece {
    const piece = this.#s.piece(place, place);
    return piece ?? this.#s.fail(`${this.#s.found()}, but ${what} is needed`, [what]);
  }

  #fieldArgument(): Target {
    return this.#r.target(this.#argument('field', 'a field'));
  }

  /** `user=root` is text here; elsewhere it is a comparison. */
  #equalsHint(piece: Piece): void {
    const m = piece.quoted ? null : /^([\w@.]+)=(.*)$/s.exec(pieceText(piece));
    if (m === null) return;
    const name = m[1] as string;
    if (!KNOWN_NAMES.has(name)) return;
    const message = `"${name}=..." searches for these words in the text; a field is compared with ":" or "=="`;
    this.#r.hints.push({ message, start: piece.start, end: piece.end, suggestion: `${name}:${m[2]}` });
  }
}
