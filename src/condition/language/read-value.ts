/**
 * What stands right of a field: an operator and its value, values in parentheses, a list, or something computed.
 * Held by `src/query/parse.test.ts` and `expressions.test.ts`.
 */
import { nearest } from '../../base/nearest.ts';
import { hotField } from '../../model/catalogue.ts';
import type { TestOp } from '../expression.ts';
import { regexProblem } from '../regex.ts';
import { numberOf } from '../text.ts';
import type { Condition } from '../tree.ts';
import { KNOWN_NAMES } from './aliases.ts';
import { type Operator, OPERATORS } from './grammar.ts';
import { ARITHMETIC_NEXT, expressionCall, type ExpressionReader } from './read-expression.ts';
import type { Reading } from './reading.ts';
import { type Piece, pieceText, type Scanner } from './scan.ts';
import { type Target, valueCondition } from './term.ts';
import { parseTime } from './time.ts';

export type Leaf = (depth: number) => Condition;
export type ValueEnv = {
  readonly or: (depth: number, leaf: Leaf) => Condition;
  readonly expression: (depth: number) => ExpressionReader;
};

const isOrder = (op: Operator): boolean => ['<', '<=', '>', '>='].includes(op.name);

export class ValueReader {
  readonly #r: Reading;
  readonly #env: ValueEnv;

  constructor(reading: Reading, env: ValueEnv) {
    this.#r = reading;
    this.#env = env;
  }

  compare(target: Target, op: Operator, depth: number): Condition {
    const s: Scanner = this.#r.s;
    s.space();
    if (op.name === 'is' && s.char === '(') {
      s.take('(');
      const inner = this.#env.or(depth + 1, () => this.#value(target, op));
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
      return valueCondition(s, target, op, this.#values(), this.#r.options.now);
    return this.#computed(target, op, depth) ?? this.#value(target, op);
  }

  /** Right of an operator: an expression that is more than a value; undefined where it is one. */
  #computed(target: Target, op: Operator, depth: number): Condition | undefined {
    const s: Scanner = this.#r.s;
    const equality = op.name === 'equals' || op.name === 'differs';
    if (!equality && !isOrder(op)) return undefined;
    const call = expressionCall(s.text, s.pos);
    if (call === undefined && (equality || !this.#isComputed(target))) return undefined;
    const reader = this.#env.expression(depth);
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
    const s: Scanner = this.#r.s;
    if (s.char === '"') return false;
    const run = s.peekRun();
    const isTime = hotField(target.field)?.type === 'date';
    const literal =
      numberOf(run) !== undefined || (isTime && parseTime(run, this.#r.options.now) !== undefined);
    if (literal) return ARITHMETIC_NEXT.test(s.text.slice(s.pos + run.length, s.pos + run.length + 50));
    // A lone word is rather a mistyped number or time than a field.
    const next = s.text[s.pos + run.length] ?? ' ';
    return /[.@*+/%`-]/.test(run) || '(`'.includes(next) || KNOWN_NAMES.has(run);
  }

  #value(target: Target, op: Operator): Condition {
    const s: Scanner = this.#r.s;
    this.#r.noKeyword('a value');
    if (op.name === 'is' && s.char === '/') {
      const re = s.regex();
      if (re !== undefined) return this.#regex(target, re);
    }
    const piece = s.piece('value', 'value');
    if (piece === undefined) {
      const at = { start: target.start, end: Math.max(s.pos, target.end) };
      s.fail(`${target.written} has no value`, ['a value', '"quoted text"', '*'], at, target.hint);
    }
    if (op.name !== 'regex') return valueCondition(s, target, op, [piece], this.#r.options.now);
    const start = s.pos;
    const flags = /^[a-z]*/.exec(piece.quoted ? s.text.slice(start, start + 10) : '')?.[0] ?? '';
    s.pos += flags.length;
    return this.#regex(target, { source: pieceText(piece), flags, start: piece.start, end: s.pos });
  }

  #regex(target: Target, re: { source: string; flags: string; start: number; end: number }): Condition {
    const problem = regexProblem(re.source, re.flags);
    if (problem !== undefined)
      this.#r.s.fail(`regular expression: ${problem}`, ['RE2 syntax, flags i, m, s'], re);
    return target.each((field) => ({ kind: 'regex', field, source: re.source, flags: re.flags }));
  }

  #values(): Piece[] {
    const s: Scanner = this.#r.s;
    s.expect('(', 'a list of values is needed');
    const out: Piece[] = [];
    do {
      const piece = s.piece('value', 'value');
      if (piece === undefined) s.fail(`${s.found()}, but a value is needed`, ['a value']);
      out.push(piece);
      this.#r.term('a list: field IN name');
    } while (s.take(','));
    s.expect(')', 'the list of values is still open');
    return out;
  }

  list(target: Target): Condition {
    const s: Scanner = this.#r.s;
    s.space();
    const is = OPERATORS.find((o) => o.name === 'is') as Operator;
    if (s.char === '(') return valueCondition(s, target, is, this.#values(), this.#r.options.now);
    this.#r.noKeyword('a list');
    const piece = s.piece('value', 'list');
    if (piece === undefined) s.fail('IN needs a list', ['(a, b)', 'the name of a list']);
    const list = pieceText(piece);
    const known = this.#r.options.lists;
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
}
