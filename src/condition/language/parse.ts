/**
 * The filter's grammar (see `docs/SEARCH.md`; the tables are in `grammar.ts`): what stands before the first pipe of a
 * search, and the `condition` of a rule.
 *
 *   or   = and { OR and }        and = not { [AND] not }        not = NOT not | "(" or ")" | term
 *   term = word | "phrase" | function "(" ... ")" | field operator value | field [NOT] IN (list | "(" values ")")
 *
 * Bad text gives an error with its place, what was expected there and, where there is one, a suggestion. Never throws;
 * length, depth and number of terms are bounded. Held by `src/query/parse.test.ts` and `src/query/print.prop.test.ts`.
 */
import { nearest } from '../../base/nearest.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { regexProblem } from '../regex.ts';
import type { Condition } from '../tree.ts';
import { KNOWN_NAMES } from './aliases.ts';
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
import { hasWildcard, type Piece, pieceText, QueryFault, Scanner } from './scan.ts';
import { bareCondition, resolveTarget, type Target, valueCondition, withCase } from './term.ts';

export type ParseOptions = {
  /** For `now-7d`, microseconds. */
  readonly now: number;
  /** Names of the lists there are; without it any name passes. */
  readonly lists?: { readonly has: (name: string) => boolean; readonly keys: () => Iterable<string> };
};

/** A filter alone, without pipes: the text of a rule's condition. Empty text is `always`. */
export function parseCondition(text: string, options: ParseOptions): Result<Condition, QueryError> {
  return parsing(text, (s) => {
    const filter = new FilterParser(s, options).filter();
    s.space();
    if (s.char === '|') s.fail('a condition has no pipes', ['the end of the condition']);
    if (!s.done)
      s.fail(`${s.found()}, which nothing before it opens`, ['AND', 'OR', 'the end of the condition']);
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

  constructor(s: Scanner, options: ParseOptions) {
    this.#s = s;
    this.#options = options;
  }

  /** Up to a pipe, the end or what nothing before it opens. */
  filter(): Condition {
    const s: Scanner = this.#s;
    s.space();
    return s.ended || s.char === '|' ? { kind: 'const', value: true } : this.#or(1, this.#term);
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
    return s.done || s.char === ')' || s.char === '|' || s.char === ',' || s.peekKeyword() === 'OR';
  }

  #not(depth: number, leaf: Leaf): Condition {
    const s: Scanner = this.#s;
    if (s.takeKeyword('NOT')) {
      if (depth >= QUERY_DEPTH_MAX) s.fail(`nested deeper than ${QUERY_DEPTH_MAX}`, ['fewer NOTs']);
      return { kind: 'not', item: this.#not(depth + 1, leaf) };
    }
    const open = s.pos;
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
    const address = bareCondition(s.peekRun(), undefined);
    if (address !== undefined) {
      const start = s.pos;
      s.pos += s.peekRun().length;
      s.note('word', start);
      return address;
    }
    const piece = s.piece('field', 'word');
    if (piece === undefined) return this.#missingTerm();
    const op = s.operator();
    if (op !== undefined) return this.#compare(this.#target(piece), op, depth);
    const negated = this.#takeIn();
    if (negated !== undefined) {
      const found = this.#in(this.#target(piece));
      return negated ? { kind: 'not', item: found } : found;
    }
    this.#equalsHint(piece);
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
    return this.#value(target, op);
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
      case 'null':
        return this.#fieldArgument().each((field) => ({ kind: name, field }));
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
