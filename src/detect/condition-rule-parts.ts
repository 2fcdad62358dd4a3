/**
 * Takes a condition apart: what one event alone decides becomes conditions of their own (parts, judged by workers like any
 * rule), what remembers becomes a residual tree over them and over counts, judged by the state owner (`memory/`).
 *
 * Contract: negations are pushed to the leaves, so that a part that cannot be judged never makes a rule fire. Neighbouring
 * stateless pieces are one part. `deferred` is set where more events can make the condition false. Held by
 * `condition-rule.test.ts`.
 */
import { never } from '../base/result.ts';
import { CERTIFICATE_IDENTITY, DAYS_TO_EXPIRY } from '../condition/computed.ts';
import type { CountTerm, Expression, TestOp } from '../condition/expression.ts';
import { countKey, isStateful, wordOf } from '../condition/stateful.ts';
import type { Condition } from '../condition/tree.ts';
import type { Measure, Residual, Term } from './rule.ts';
import { SigmaError } from './sigma/modifiers.ts';

/** Fields that only the certificate inventory can tell: they change as time goes by. */
export const CERTIFICATE_CLOCK = [DAYS_TO_EXPIRY, 'certificate.lifetime_days'] as const;
/** Parts and counted things per rule. */
export const PARTS_MAX = 32;
export const TERMS_MAX = 16;
/** Longest time that a rule may look back, microseconds: what 14-day baselines and 90-day certificates need, and more. */
export const SPAN_MAX_US = 400 * 86_400e6;

export type Parts = {
  readonly residual: Residual;
  readonly terms: readonly Term[];
  /** id -> condition */
  readonly parts: ReadonlyMap<string, Condition>;
  readonly subject: 'event' | 'certificate';
  readonly deferred: boolean;
};

/** Does this condition need the state owner? */
export const needsMemory = (c: Condition): boolean => isStateful(c) || asksClock(c);

/** Throws SigmaError where the condition asks for something that cannot be judged. */
export function decompose(ruleId: string, condition: Condition, line: number): Parts {
  const t = new Taker(ruleId, asksClock(condition), line);
  const residual = t.take(condition, false);
  return {
    residual,
    terms: t.terms,
    parts: t.parts,
    subject: t.certificate ? 'certificate' : 'event',
    deferred: canBecomeFalse(residual),
  };
}

class Taker {
  readonly #rule: string;
  readonly #line: number;
  readonly #byKey = new Map<string, number>();
  readonly certificate: boolean;
  readonly parts = new Map<string, Condition>();
  readonly terms: Term[] = [];

  constructor(rule: string, certificate: boolean, line: number) {
    this.#rule = rule;
    this.certificate = certificate;
    this.#line = line;
  }

  take(c: Condition, negated: boolean): Residual {
    if (!isStateful(c)) return this.#leaf(negated ? { kind: 'not', item: c } : c);
    switch (c.kind) {
      case 'not':
        return this.take(c.item, !negated);
      case 'and':
      case 'or':
        return this.#join((c.kind === 'and') !== negated ? 'and' : 'or', c.items, negated);
      case 'test':
        return {
          kind: 'test',
          op: c.op,
          left: this.#measure(c.left),
          right: this.#measure(c.right),
          negated,
        };
      default:
        throw new SigmaError(this.#line, `a count cannot stand within '${c.kind}'`);
    }
  }

  /** Stateless neighbours become one part. */
  #join(kind: 'and' | 'or', items: readonly Condition[], negated: boolean): Residual {
    const alone = items
      .filter((x) => !isStateful(x))
      .map((x) => (negated ? ({ kind: 'not', item: x } as const) : x));
    const rest = items.filter((x) => isStateful(x)).map((x) => this.take(x, negated));
    const first = alone[0];
    if (first === undefined) return { kind, items: rest };
    return { kind, items: [this.#leaf(alone.length === 1 ? first : { kind, items: alone }), ...rest] };
  }

  #leaf(c: Condition): Residual {
    if (c.kind === 'const') return { kind: 'const', value: c.value };
    return this.certificate ? { kind: 'local', condition: c } : { kind: 'part', rule: this.#part(c) };
  }

  #part(c: Condition): string {
    const text = JSON.stringify(c);
    for (const [id, known] of this.parts) if (JSON.stringify(known) === text) return id;
    if (this.parts.size >= PARTS_MAX)
      throw new SigmaError(this.#line, `the condition has more than ${PARTS_MAX} parts: split the rule`);
    const id = `${this.#rule}#${this.parts.size + 1}`;
    this.parts.set(id, c);
    return id;
  }

  #measure(e: Expression): Measure {
    switch (e.kind) {
      case 'number':
        return { kind: 'number', value: e.value };
      case 'field':
        return { kind: 'field', field: e.field };
      case 'arithmetic':
        return { kind: 'arithmetic', op: e.op, left: this.#measure(e.left), right: this.#measure(e.right) };
      case 'count':
        return { kind: 'count', term: this.#term(e, false) };
      case 'baseline':
        return { kind: 'baseline', term: this.#term(e.of, true) };
      case 'text':
        throw new SigmaError(
          this.#line,
          `a count is a number and cannot be compared with the text "${e.value}"`,
        );
      case 'call':
        throw new SigmaError(
          this.#line,
          `${e.name}() cannot stand in a comparison with a count: compare with a number, a field or baseline`,
        );
      default:
        return never(e);
    }
  }

  #term(t: CountTerm, baseline: boolean): number {
    const key = countKey(t);
    const known = this.#byKey.get(key);
    if (known !== undefined) {
      const term = this.terms[known] as Term;
      if (baseline && !term.baseline) this.terms[known] = { ...term, baseline };
      return known;
    }
    if (this.terms.length >= TERMS_MAX)
      throw new SigmaError(this.#line, `the condition counts more than ${TERMS_MAX} things: split the rule`);
    if (!(t.span > 0) || t.span > SPAN_MAX_US)
      throw new SigmaError(
        this.#line,
        `a count looks back over at most ${SPAN_MAX_US / 86_400e6} days, this one asks for ${Math.round(t.span / 86_400e6)}`,
      );
    if (isStateful(t.where)) throw new SigmaError(this.#line, 'a count cannot count by another count');
    if (baseline && t.distinct !== '')
      throw new SigmaError(this.#line, 'there is no baseline of count_distinct: use count');
    const at = this.terms.length;
    this.#byKey.set(key, at);
    this.terms.push({
      part: this.#part(t.where),
      distinct: t.distinct,
      by: t.by,
      span: t.span,
      certificate: t.by.length === 1 && t.by[0]?.[0] === CERTIFICATE_IDENTITY,
      baseline,
      what: wordOf(t)?.replaceAll('_', ' ').toLowerCase() ?? 'matching events',
    });
    return at;
  }
}

function asksClock(c: Condition): boolean {
  switch (c.kind) {
    case 'and':
    case 'or':
      return c.items.some(asksClock);
    case 'not':
      return asksClock(c.item);
    case 'test':
      return clocked(c.left) || clocked(c.right);
    default:
      return 'field' in c && (CERTIFICATE_CLOCK as readonly string[]).includes(c.field);
  }
}

function clocked(e: Expression): boolean {
  switch (e.kind) {
    case 'field':
      return (CERTIFICATE_CLOCK as readonly string[]).includes(e.field);
    case 'arithmetic':
      return clocked(e.left) || clocked(e.right);
    case 'call':
      return e.args.some(clocked);
    default:
      return false;
  }
}

/** Bit 1: grows with counts; bit 2: falls with them. */
type Ways = 0 | 1 | 2 | 3;
const both = (a: Ways, b: Ways): Ways => (a | b) as Ways;
const turned = (w: Ways): Ways => (((w & 1) << 1) | ((w & 2) >> 1)) as Ways;

function ways(m: Measure): Ways {
  switch (m.kind) {
    case 'count':
      return 1;
    case 'number':
    case 'field':
    case 'baseline':
      return 0;
    case 'arithmetic': {
      const l = ways(m.left);
      const r = ways(m.right);
      if (l === 0 && r === 0) return 0;
      if (m.op === '+') return both(l, r);
      if (m.op === '-') return both(l, turned(r));
      const scale =
        m.op === '*' || m.op === '/'
          ? r === 0
            ? m.right
            : m.op === '*' && l === 0
              ? m.left
              : undefined
          : undefined;
      if (scale === undefined || (scale.kind === 'number' && scale.value < 0) || scale.kind === 'arithmetic')
        return 3;
      // Fields may be negative; baselines are not.
      if (scale.kind === 'field') return 3;
      return r === 0 ? l : r;
    }
    default:
      return never(m);
  }
}

/** Can more events (late ones) make it false again? */
function canBecomeFalse(r: Residual): boolean {
  switch (r.kind) {
    case 'and':
    case 'or':
      return r.items.some(canBecomeFalse);
    case 'const':
    case 'part':
    case 'local':
      return false;
    case 'test': {
      const w = both(ways(r.left), turned(ways(r.right)));
      if (w === 0) return false;
      const rising = growing(r.op) !== r.negated;
      return !(ordered(r.op) && w === (rising ? 1 : 2));
    }
    default:
      return never(r);
  }
}
const ordered = (op: TestOp): boolean => op !== '==' && op !== '!=';
const growing = (op: TestOp): boolean => op === '>' || op === '>=';
