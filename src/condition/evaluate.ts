/**
 * A condition over one live event: plain and correct, one closure per node. Faster engines and the SQL of
 * `src/query/sql.ts` are tested against this one (`src/query/exact.int.test.ts`); semantics are in `tree.ts`, and:
 * - `equals ''` is "present with an empty value". A list is present even where it is empty.
 * - `keyword` looks into the raw text and into every value but the pipeline's own fields and dates (microseconds).
 * - `words` without any token (only punctuation) match nothing.
 */
import { hotField } from '../model/catalogue.ts';
import type { EventFields, FieldValue } from '../model/event.ts';
import { never } from '../base/result.ts';
import { compileTest, type Memory } from './compile-test.ts';
import { isComputed, reader } from './computed.ts';
import { compilePattern, unanchored } from './glob.ts';
import { inRange, ipHex, parseCidr } from './ip-range.ts';
import { compileList } from './lists.ts';
import { expansionProblem, listsIn, placeholderTest } from './placeholder.ts';
import { SPAN_DAYS_MAX, SPAN_US_MAX } from './expression.ts';
import { checkTest, ExpressionFault } from './expression-type.ts';
import { compileRegex, regexProblem } from './regex.ts';
import { countTermsOf, isStateful } from './stateful.ts';
import { equalTexts, fold, needleTokens, numberOf, textsOf, tokensOf, typeOf, wellFormed } from './text.ts';
import { holdsPart, timePart } from './time-part.ts';
import type { CompareOp, Condition, Lists, NamedList } from './tree.ts';

/** What a condition sees of an event; `NormalizedEvent` fits. */
export type Judged = {
  readonly fields: Pick<EventFields, 'get' | 'has' | 'entries'>;
  readonly rawText: string;
  readonly entities: readonly string[];
};
export type Predicate = (e: Judged) => boolean;
/** Without a `memory` a condition that counts does not compile. */
export type ConditionEnv = { readonly lists: Lists; readonly memory?: Memory };

/** Nodes nested deeper are refused by `conditionProblems`. */
export const CONDITION_DEPTH_MAX = 100;

/**
 * Compiles once, runs per event. Lists are looked up by name at each judgement, so a replaced list takes effect at
 * once; a missing list is an empty one. Throws on a condition that `conditionProblems` refuses.
 */
export function compileCondition(cond: Condition, env: ConditionEnv): Predicate {
  switch (cond.kind) {
    case 'and': {
      const items = cond.items.map((c) => compileCondition(c, env));
      return (e) => items.every((p) => p(e));
    }
    case 'or': {
      const items = cond.items.map((c) => compileCondition(c, env));
      return (e) => items.some((p) => p(e));
    }
    case 'not': {
      const item = compileCondition(cond.item, env);
      return (e) => !item(e);
    }
    case 'const':
      return () => cond.value;
    case 'exists': {
      if (!isComputed(cond.field)) return (e) => e.fields.has(cond.field);
      const read = reader(cond.field);
      return (e) => read(e.fields) !== undefined;
    }
    case 'null': {
      const read = reader(cond.field);
      return (e) => (read(e.fields) ?? null) === null;
    }
    case 'test':
      return compileTest(cond, env.memory);
    case 'compare':
      return compileCompare(cond.field, cond.op, cond.value);
    case 'fieldref':
      return compileFieldref(cond);
    case 'placeholder': {
      const test = placeholderTest(soughtParts(cond), cond.cased, env.lists);
      return cond.field === '' ? compileKeyword(test) : anyText(cond.field, test);
    }
    case 'timepart': {
      const { field, part, op, value } = cond;
      const type = typeOf(field);
      return anyText(field, (t) => {
        const n = timePart(t, type, part);
        return n !== undefined && holdsPart(n, op, value);
      });
    }
    case 'words':
      return compileWords(cond.words);
    case 'keyword':
      return compileKeyword(compilePattern(unanchored(cond.pattern), cond.cased));
    case 'entity': {
      const entity = wellFormed(cond.entity);
      return (e) => e.entities.includes(entity);
    }
    default:
      return anyText(cond.field, textTest(cond, env));
  }
}

type Placeholder = Extract<Condition, { kind: 'placeholder' }>;

/** A keyword may stand anywhere in a text. */
const soughtParts = (cond: Placeholder): Placeholder['parts'] =>
  cond.field === '' ? [{ kind: 'any' }, ...cond.parts, { kind: 'any' }] : cond.parts;

type TextNode = Extract<Condition, { kind: 'equals' | 'like' | 'regex' | 'cidr' | 'inlist' }>;

/** The test that one of the field's values, as text, has to pass. */
function textTest(cond: TextNode, env: ConditionEnv): (text: string) => boolean {
  switch (cond.kind) {
    case 'equals': {
      const norm = cond.cased ? wellFormed : fold;
      const values = new Set(equalTexts(cond).map(norm));
      return (t) => values.has(norm(t));
    }
    case 'like':
      return compilePattern(cond.pattern, cond.cased);
    case 'regex':
      return compileRegex(cond.source, cond.flags);
    case 'cidr': {
      const range = parseCidr(cond.cidr);
      if (range === undefined) throw new Error(`"${cond.cidr}" is no network (like 10.0.0.0/8)`);
      return (t) => {
        const hex = ipHex(t);
        return hex !== undefined && inRange(hex, range);
      };
    }
    case 'inlist':
      return listTest(cond.list, env.lists);
    default:
      return never(cond);
  }
}

function anyText(field: string, test: (text: string) => boolean): Predicate {
  const type = typeOf(field);
  const read = reader(field);
  return (e) => textsOf(read(e.fields), type).some(test);
}

/** Compiles the list when it is first met or was replaced. */
function listTest(name: string, lists: Lists): (text: string) => boolean {
  let seen: NamedList | undefined;
  let test = (_: string): boolean => false;
  return (t) => {
    const now = lists.get(name);
    if (now === undefined) return false;
    if (now !== seen) {
      seen = now;
      test = compileList(now);
    }
    return test(t);
  };
}

function compileCompare(field: string, op: CompareOp, value: number): Predicate {
  return anyText(field, (t) => {
    const n = numberOf(t);
    if (n === undefined) return false;
    switch (op) {
      case '<':
        return n < value;
      case '<=':
        return n <= value;
      case '>':
        return n > value;
      case '>=':
        return n >= value;
      default:
        return never(op);
    }
  });
}

const FIELDREF = {
  equals: (a: string, b: string) => a === b,
  startswith: (a: string, b: string) => a.startsWith(b),
  endswith: (a: string, b: string) => a.endsWith(b),
  contains: (a: string, b: string) => a.includes(b),
} as const;

function compileFieldref(cond: Extract<Condition, { kind: 'fieldref' }>): Predicate {
  const norm = cond.cased ? wellFormed : fold;
  const holds = FIELDREF[cond.op];
  const [type, otherType] = [typeOf(cond.field), typeOf(cond.other)];
  const [read, readOther] = [reader(cond.field), reader(cond.other)];
  return (e) => {
    const others = textsOf(readOther(e.fields), otherType).map(norm);
    return textsOf(read(e.fields), type).some((a) => others.some((b) => holds(norm(a), b)));
  };
}

function compileWords(words: readonly string[]): Predicate {
  const needle = needleTokens(words);
  if (needle.length === 0) return () => false;
  return (e) => {
    const have = tokensOf(fold(e.rawText));
    for (let i = 0; i + needle.length <= have.length; i++) {
      let k = 0;
      while (k < needle.length && have[i + k] === needle[k]) k++;
      if (k === needle.length) return true;
    }
    return false;
  };
}

/** Fields that a keyword looks into. */
export function keywordSees(field: string): boolean {
  const def = hotField(field);
  return def === undefined || (!def.ours && def.type !== 'date');
}

function compileKeyword(test: (text: string) => boolean): Predicate {
  return (e) => {
    if (test(e.rawText)) return true;
    for (const [name, value] of e.fields.entries() as Iterable<[string, FieldValue]>) {
      if (keywordSees(name) && textsOf(value, typeOf(name)).some(test)) return true;
    }
    return false;
  };
}

/** What is wrong with a condition from outside, in words; empty where it compiles. */
export function conditionProblems(cond: Condition, lists?: Lists, depth = 1): string[] {
  if (depth > CONDITION_DEPTH_MAX) return [`condition nested deeper than ${CONDITION_DEPTH_MAX}`];
  switch (cond.kind) {
    case 'and':
    case 'or':
      return cond.items.flatMap((c) => conditionProblems(c, lists, depth + 1));
    case 'not':
      return conditionProblems(cond.item, lists, depth + 1);
    case 'regex': {
      const p = regexProblem(cond.source, cond.flags);
      return p === undefined ? [] : [`${cond.field}: ${p}`];
    }
    case 'cidr':
      return parseCidr(cond.cidr) === undefined ? [`${cond.field}: "${cond.cidr}" is no network`] : [];
    case 'compare':
      return Number.isFinite(cond.value) ? [] : [`${cond.field}: not a finite number`];
    case 'inlist':
      return lists === undefined || lists.has(cond.list) ? [] : [`no list named "${cond.list}"`];
    case 'placeholder':
      return lists === undefined ? [] : placeholderProblems(cond, lists);
    case 'timepart':
      return Number.isFinite(cond.value) ? [] : [`${cond.field}: not a finite number`];
    case 'test':
      return testProblems(cond, lists, depth + 1);
    default:
      return [];
  }
}

function placeholderProblems(cond: Placeholder, lists: Lists): string[] {
  const missing = listsIn(cond.parts)
    .filter((list) => !lists.has(list))
    .map((list) => `the placeholder %${list}% has no value: make a list named '${list}'`);
  const tooMany = expansionProblem(soughtParts(cond), lists);
  return tooMany === undefined ? missing : [...missing, tooMany];
}

function testProblems(
  cond: Extract<Condition, { kind: 'test' }>,
  lists: Lists | undefined,
  depth: number,
): string[] {
  try {
    checkTest(cond.op, cond.left, cond.right);
  } catch (e) {
    if (e instanceof ExpressionFault) return [e.message];
    throw e;
  }
  return countTermsOf(cond).flatMap((t) => {
    if (isStateful(t.where)) return ['a count within a count'];
    if (!(t.span > 0 && t.span <= SPAN_US_MAX))
      return [`a count over no time, or over more than ${SPAN_DAYS_MAX} days`];
    return conditionProblems(t.where, lists, depth);
  });
}
