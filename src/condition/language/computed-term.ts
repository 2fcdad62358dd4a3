/**
 * Terms that begin with something computed: arithmetic, a function, a count. And what counts hold.
 * Held by `expressions.test.ts`.
 */
import { nearest } from '../../base/nearest.ts';
import { type CountTerm, type Expression, TEST_OPS } from '../expression.ts';
import type { Condition } from '../tree.ts';
import { KNOWN_NAMES } from './aliases.ts';
import { CLASSES, NAMED_CLASSES } from './classes.ts';
import { readCount } from './read-count.ts';
import { ARITHMETIC_NEXT, type CountFunction, ExpressionReader } from './read-expression.ts';
import type { Reading } from './reading.ts';
import { hasWildcard, type Piece, pieceText, type Scanner } from './scan.ts';

export class ComputedTerms {
  readonly #r: Reading;
  /** A condition within a count, as deep as said. */
  readonly #condition: (depth: number) => Condition;

  constructor(reading: Reading, condition: (depth: number) => Condition) {
    this.#r = reading;
    this.#condition = condition;
  }

  /** Arithmetic at the beginning of a term: `source.bytes / destination.bytes > 10`, `2 * source.bytes < 5`. */
  arithmetic(depth: number): Condition | undefined {
    const s: Scanner = this.#r.s;
    const run = s.peekRun();
    if (s.char === '"' || run === '') return undefined;
    const behind = s.text.slice(s.pos + run.length, s.pos + run.length + 50);
    // These alone mean nothing else; a `*` does.
    if (SIGN_NEXT.test(behind)) return this.term(depth);
    if (!ARITHMETIC_NEXT.test(behind) && !/^[\w.@`-]+[*+/%][\w.@`(-]/.test(run)) return undefined;
    return this.#r.attempt(s.pos, () => this.term(depth));
  }

  /** An expression with its comparison. */
  term(depth: number): Condition {
    const s: Scanner = this.#r.s;
    const start = s.pos;
    const reader = this.expression(depth);
    const left = reader.sum();
    const negated = this.#r.takeIn();
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

  expression(depth: number): ExpressionReader {
    return new ExpressionReader(
      this.#r.s,
      {
        now: this.#r.options.now,
        target: (piece) => this.#r.target(piece),
        count: (name, at) => this.count(name, at),
      },
      depth,
    );
  }

  /** Behind `IN`: values in parentheses. */
  #expressionIn(reader: ExpressionReader, left: Expression): Condition {
    const s: Scanner = this.#r.s;
    s.space();
    if (s.char !== '(')
      s.fail('what is computed is compared with values in parentheses', ['(6, 7)', 'field IN list']);
    s.take('(');
    const items: Condition[] = [];
    do {
      this.#r.term('fewer values');
      items.push(reader.test('==', left, reader.equalTo()));
    } while (s.take(','));
    s.expect(')', 'the list of values is still open');
    return items.length === 1 ? (items[0] as Condition) : { kind: 'or', items };
  }

  /** Behind the parenthesis of a count, up to the closing one. */
  count(name: CountFunction, depth: number, written: string = name): CountTerm {
    const s: Scanner = this.#r.s;
    if (this.#r.counting) s.fail('a count within a count', ['a condition over one event']);
    this.#r.counting = true;
    const term = readCount(
      s,
      { name, written },
      {
        target: (piece) => this.#r.target(piece),
        condition: () => this.#condition(depth + 1),
      },
    );
    this.#r.counting = false;
    return term;
  }

  /** A bare word within a count: a class of events, else text. */
  eventClass(piece: Piece): Condition | undefined {
    const s: Scanner = this.#r.s;
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
}

const SIGN_NEXT = /^\s+[-+/%]\s/;
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

/** Do the parentheses that open at `open` hold an expression? A comparison or arithmetic follows them then. */
export function expressionIn(text: string, open: number): boolean {
  const at = closing(text, open);
  return at >= 0 && EXPRESSION_NEXT.test(text.slice(at, at + 50));
}
