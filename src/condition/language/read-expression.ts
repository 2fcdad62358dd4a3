/**
 * Expressions in conditions: what stands on either side of a comparison that is more than "field operator value".
 *
 *   sum   = product { (+ | -) product }     product = unary { (* | / | %) unary }     unary = "-" unary | atom
 *   atom  = number | length of time | "text" | name | `name` | "field(" name ")" | function "(" sum { "," sum } ")"
 *         | "count(" ... ")" | "count_distinct(" ... ")" | "baseline" [ "(" count ")" ] | "(" sum ")"
 *
 * Depth and number of parts are bounded. Errors are `QueryFault`s with their place. Held by `expressions.test.ts` and
 * `src/query/print.prop.test.ts`.
 */
import { nearest } from '../../base/nearest.ts';
import {
  type ArithmeticOp,
  type CountTerm,
  type Expression,
  EXPRESSION_FUNCTIONS,
  type ExpressionFunction,
  type TestOp,
} from '../expression.ts';
import { checkTest, ExpressionFault, kindOf, SIGNATURES } from '../expression-type.ts';
import { countTermsOf } from '../stateful.ts';
import type { Condition } from '../tree.ts';
import { KNOWN_NAMES } from './aliases.ts';
import { QUERY_DEPTH_MAX } from './grammar.ts';
import { readName, readNumber, takeSymbol } from './lexemes.ts';
import { type Piece, pieceText, type Scanner } from './scan.ts';
import type { Target } from './term.ts';
import { parseTime } from './time.ts';

/** Most parts of one comparison. */
export const EXPRESSION_PARTS_MAX = 200;

/** Written `name(`, without a blank before the parenthesis; begin an expression wherever a term may stand. */
export const COUNT_FUNCTIONS = ['count', 'count_distinct'] as const;
export type CountFunction = (typeof COUNT_FUNCTIONS)[number];
export const CALLS: ReadonlySet<string> = new Set([
  ...EXPRESSION_FUNCTIONS,
  ...COUNT_FUNCTIONS,
  'field',
  'baseline',
]);
/** For completion and help. */
export const CALL_HELP: readonly { readonly name: string; readonly about: string }[] = [
  ...EXPRESSION_FUNCTIONS.map((name) => ({ name, about: SIGNATURES[name].about })),
  { name: 'field', about: 'a field where a word would be text: user.name == field(user.target.name)' },
  { name: 'count', about: 'count(auth_failure by source.ip in 5m) > 10: events with the same key until now' },
  {
    name: 'count_distinct',
    about: 'count_distinct(user.name where auth_failure by source.ip in 5m) > 10: different values',
  },
  { name: 'baseline', about: 'what the count usually is: count(...) > 10 * baseline' },
];

/** `*` wants an operand behind it: alone it stands for every event. */
export const ARITHMETIC_NEXT = /^\s+(?:[-+/%]\s|\*\s*[\w@("`.-])/;
/** Neither a number nor a sign. */
const BARE_WORD = /^[A-Za-z_\u0080-\u{10ffff}]/u;
const CALL = /([a-z_]{1,20})\(/y;

/** The function whose call begins at `pos`, if it is one of expressions. */
export function expressionCall(text: string, pos: number): string | undefined {
  CALL.lastIndex = pos;
  const name = CALL.exec(text)?.[1];
  return name !== undefined && CALLS.has(name) ? name : undefined;
}

type Place = { readonly start: number; readonly end: number };
export type ExpressionEnv = {
  /** Microseconds. */
  readonly now: number;
  readonly target: (piece: Piece) => Target;
  /** Behind `count(`, up to the closing parenthesis, which stays. */
  readonly count: (name: CountFunction, depth: number) => CountTerm;
};

/** Stands for a bare `baseline` until its count is known. */
const PENDING: CountTerm = {
  kind: 'count',
  where: { kind: 'const', value: true },
  distinct: '',
  by: [],
  span: 0,
};

export class ExpressionReader {
  readonly #s: Scanner;
  readonly #env: ExpressionEnv;
  readonly #places = new Map<Expression, Place>();
  #depth: number;
  #parts = 0;

  /** `depth`: how deep the comparison stands. */
  constructor(s: Scanner, env: ExpressionEnv, depth: number) {
    this.#s = s;
    this.#env = env;
    this.#depth = depth;
  }

  /** A whole side. */
  sum(): Expression {
    let left = this.#product();
    for (;;) {
      const op = takeSymbol(this.#s, ['+', '-'] as const);
      if (op === undefined) return left;
      left = this.#arithmetic(op, left, this.#product());
    }
  }

  /** Right of `==`, `!=` and within IN: a bare word is text there. */
  equalTo(): Expression {
    const s: Scanner = this.#s;
    s.space();
    const start = s.pos;
    const run = s.peekRun();
    const behind = s.text.slice(start + run.length, start + run.length + 50);
    const sum = expressionCall(s.text, start) !== undefined || ARITHMETIC_NEXT.test(behind);
    if (sum || !BARE_WORD.test(run)) return this.sum();
    const piece = s.piece('value', 'value') as Piece;
    return this.#made({ kind: 'text', value: pieceText(piece) }, start);
  }

  /** A plain field as an expression, at its place. */
  field(field: string, at: Place): Expression {
    const made: Expression = { kind: 'field', field };
    this.#places.set(made, at);
    return made;
  }

  /** The comparison, once both sides are read: kinds checked, a bare `baseline` given its count. */
  test(op: TestOp, left: Expression, right: Expression): Condition {
    const [l, r] = this.#withBaselines(left, right);
    try {
      const [a, b] = [this.#time(l, r), this.#time(r, l)];
      checkTest(op, a, b);
      const made: Condition = { kind: 'test', op, left: a, right: b };
      return made;
    } catch (e) {
      if (e instanceof ExpressionFault) return this.#s.fail(e.message, e.expected, this.#place(e.at));
      throw e;
    }
  }

  /** Text beside a time is a time: `@timestamp - 1h > "2026-03-05"`. */
  #time(e: Expression, other: Expression): Expression {
    if (e.kind !== 'text' || kindOf(other) !== 'time') return e;
    const span = parseTime(e.value, this.#env.now);
    if (span === undefined) {
      this.#s.fail(`"${e.value}" is no time`, ['"2026-03-05T14:00:00Z"', '"now-7d"'], this.#place(e));
    }
    return this.#moved(e, { kind: 'number', value: span.from });
  }

  #place(e: Expression): Place {
    return this.#places.get(e) ?? { start: 0, end: this.#s.pos };
  }

  #made<T extends Expression>(e: T, start: number): T {
    this.#places.set(e, { start, end: this.#s.pos });
    if (++this.#parts > EXPRESSION_PARTS_MAX) {
      const message = `more than ${EXPRESSION_PARTS_MAX} parts in one comparison`;
      this.#s.fail(message, ['a shorter comparison'], this.#place(e));
    }
    return e;
  }

  #arithmetic(op: ArithmeticOp, left: Expression, right: Expression): Expression {
    return this.#made({ kind: 'arithmetic', op, left, right }, this.#place(left).start);
  }

  #product(): Expression {
    let left = this.#unary();
    for (;;) {
      const op = takeSymbol(this.#s, ['*', '/', '%'] as const);
      if (op === undefined) return left;
      left = this.#arithmetic(op, left, this.#unary());
    }
  }

  #unary(): Expression {
    const s: Scanner = this.#s;
    s.space();
    const start = s.pos;
    if (takeSymbol(s, ['-'] as const) === undefined) return this.#atom();
    const item = this.#deeper(() => this.#unary());
    if (item.kind === 'number') return this.#made({ kind: 'number', value: -item.value }, start);
    const zero = this.#made({ kind: 'number', value: 0 }, start);
    return this.#arithmetic('-', zero, item);
  }

  #deeper<T>(read: () => T): T {
    if (++this.#depth > QUERY_DEPTH_MAX) {
      this.#s.fail(`nested deeper than ${QUERY_DEPTH_MAX}`, ['fewer parentheses']);
    }
    const made = read();
    this.#depth--;
    return made;
  }

  #atom(): Expression {
    const s: Scanner = this.#s;
    s.space();
    const start = s.pos;
    if (s.take('(')) {
      const inner = this.#deeper(() => this.sum());
      if (!s.take(')'))
        s.fail(`${s.found()}, but this parenthesis is still open`, [')'], { start, end: start + 1 });
      return inner;
    }
    if (s.char === '"') return this.#made({ kind: 'text', value: pieceText(s.quoted()) }, start);
    const number = readNumber(s);
    if (number !== undefined) return this.#made({ kind: 'number', value: number }, start);
    const call = expressionCall(s.text, start);
    if (call !== undefined) return this.#call(call, start);
    const name = readName(s);
    if (name === undefined) {
      const expected = ['a number', 'a field', 'hour(@timestamp)', '"text"'];
      return s.fail(`${s.found()}, but a value is needed`, expected);
    }
    const word = pieceText(name);
    if (!name.quoted && word === 'baseline') return this.#made({ kind: 'baseline', of: PENDING }, start);
    if (!name.quoted && s.char === '(') {
      const known = [...CALLS];
      s.fail(`there is no function called "${word}"`, known, name, nearest(word, known));
    }
    if (!name.quoted && !/[.@]/.test(word) && !KNOWN_NAMES.has(word)) {
      const message = `"${word}" is neither a number nor a known field`;
      s.fail(message, ['a number', `\`${word}\`, if it is a field`], name, nearest(word, KNOWN_NAMES));
    }
    return this.#field(name);
  }

  #field(piece: Piece): Expression {
    const s: Scanner = this.#s;
    const target = this.#env.target(piece);
    if (target.fields.length > 1) {
      s.fail(`${target.written} stands for several fields`, target.fields, piece);
    }
    return this.#made({ kind: 'field', field: target.field }, piece.start);
  }

  #call(name: string, start: number): Expression {
    const s: Scanner = this.#s;
    s.pos += name.length;
    s.note('function', start);
    s.take('(');
    const made = this.#deeper(() => this.#callBody(name, start));
    s.expect(')', `${name}( is still open`);
    this.#places.set(made, { start, end: s.pos });
    return made;
  }

  #callBody(name: string, start: number): Expression {
    const s: Scanner = this.#s;
    switch (name) {
      case 'field': {
        const piece = s.piece('field', 'field');
        return piece === undefined
          ? s.fail(`${s.found()}, but a field is needed`, ['a field'])
          : this.#field(piece);
      }
      case 'count':
      case 'count_distinct':
        return this.#made(this.#env.count(name, this.#depth), start);
      case 'baseline': {
        s.space();
        const of = expressionCall(s.text, s.pos);
        if (of !== 'count' && of !== 'count_distinct')
          return s.fail('baseline( needs a count', ['baseline(count(... in 1 hour))']);
        const inner = this.#call(of, s.pos) as CountTerm;
        return this.#made({ kind: 'baseline', of: inner }, start);
      }
      default:
        return this.#made({ kind: 'call', name: name as ExpressionFunction, args: this.#args(name) }, start);
    }
  }

  #args(name: string): Expression[] {
    const s: Scanner = this.#s;
    s.space();
    if (s.char === ')') {
      s.fail(`${name}() takes a value`, [SIGNATURES[name as ExpressionFunction].about]);
    }
    const out: Expression[] = [];
    do out.push(this.sum());
    while (s.take(','));
    return out;
  }

  #withBaselines(left: Expression, right: Expression): [Expression, Expression] {
    const counts = countTermsOf({ kind: 'test', op: '==', left, right }).filter((c) => c !== PENDING);
    const fill = (e: Expression): Expression => {
      switch (e.kind) {
        case 'baseline':
          if (e.of !== PENDING) return e;
          return this.#moved(e, { ...e, of: this.#only(counts, e) });
        case 'arithmetic':
          return this.#moved(e, { ...e, left: fill(e.left), right: fill(e.right) });
        case 'call':
          return this.#moved(e, { ...e, args: e.args.map(fill) });
        default:
          return e;
      }
    };
    return [fill(left), fill(right)];
  }

  #moved<T extends Expression>(from: Expression, to: T): T {
    this.#places.set(to, this.#place(from));
    return to;
  }

  #only(counts: readonly CountTerm[], at: Expression): CountTerm {
    const [first] = counts;
    if (first !== undefined && counts.length === 1) return first;
    const message =
      first === undefined ? 'no count stands here for the baseline' : 'which count is the baseline of?';
    return this.#s.fail(message, ['baseline(count(... in 1 hour))'], this.#place(at));
  }
}
