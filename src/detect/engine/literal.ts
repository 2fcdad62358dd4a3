/**
 * What text a regular expression cannot match without: an OR-set of literals of which one must occur, so that the
 * expression is run only where it can match.
 *
 * Contract: over-approximates, never omits: where the expression matches a text, one of the literals occurs in
 * `foldForGate` of that text; undefined where that is not plain (RE2 syntax that is not understood here gives undefined for the
 * whole). Literals are folded ASCII. Held by `literal.prop.test.ts`.
 */

/** Alternatives of one set, and characters of one literal, at most. */
const SET_MAX = 32;
const CHARS_MAX = 48;
/** Characters of a class that are worth telling apart (`[Ss]`, `[\\/]`). */
const CLASS_MAX = 4;
const DEPTH_MAX = 40;

/**
 * `exact`: all texts that the part can match, where they are few. `need`: literals of which one must occur.
 * Neither: anything can stand there.
 */
type Part = {
  readonly exact?: readonly string[];
  readonly need?: readonly string[];
  /** Characters that it matches at least. */
  readonly min: number;
};

const ANYTHING: Part = { min: 0 };
const ONE: Part = { min: 1 };
const EMPTY: Part = { exact: [''], min: 0 };
const MIN_MAX = 100_000;
const exactly = (exact: readonly string[]): Part => ({ exact, min: Math.min(...exact.map((t) => t.length)) });
const needing = (need: readonly string[] | undefined, min: number): Part =>
  need === undefined ? { min } : { need, min };

class Unclear extends Error {}

/** The best OR-set, undefined where there is none. */
export const requiredLiterals = (source: string): readonly string[] | undefined => required(source).need;

/** The best OR-set, and the length that a text has at least where the expression matches it, UTF-16 units. */
export function required(source: string): {
  readonly need: readonly string[] | undefined;
  readonly min: number;
} {
  const s: Scan = { source, i: 0, depth: 0 };
  try {
    const part = alternatives(s);
    if (s.i < source.length) return UNKNOWN;
    return { need: needOf(part), min: part.min };
  } catch (e) {
    if (e instanceof Unclear) return UNKNOWN;
    throw e;
  }
}

const UNKNOWN = { need: undefined, min: 0 };

type Scan = { readonly source: string; i: number; depth: number };

const needOf = (p: Part): readonly string[] | undefined => better(p.need, usable(p.exact));

/** A set with an empty text asks for nothing. */
const usable = (set: readonly string[] | undefined): readonly string[] | undefined =>
  set === undefined || set.some((t) => t === '') ? undefined : set;

/** Long shortest literals are best, then few of them. */
function better(
  a: readonly string[] | undefined,
  b: readonly string[] | undefined,
): readonly string[] | undefined {
  if (a === undefined) return b;
  if (b === undefined) return a;
  return worth(b) > worth(a) ? b : a;
}
const worth = (set: readonly string[]): number =>
  set.length === 0 ? 1000 : Math.min(...set.map((t) => t.length)) - Math.log2(set.length) / 2;

function alternatives(s: Scan): Part {
  if (++s.depth > DEPTH_MAX) throw new Unclear();
  const parts = [sequence(s)];
  while (s.source[s.i] === '|') {
    s.i++;
    parts.push(sequence(s));
  }
  s.depth--;
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const exact = parts.every((p) => p.exact !== undefined)
    ? unique(parts.flatMap((p) => p.exact ?? []))
    : undefined;
  if (exact !== undefined && exact.length <= SET_MAX) return exactly(exact);
  const min = Math.min(...parts.map((p) => p.min));
  const needs = parts.map(needOf);
  if (needs.some((n) => n === undefined)) return { min };
  const need = unique(needs.flatMap((n) => n ?? []));
  return needing(need.length > SET_MAX * 4 ? undefined : need, min);
}

const unique = (list: readonly string[]): string[] => [...new Set(list)];

/** Runs of exact parts are multiplied out; where a run ends, it is a candidate. */
function sequence(s: Scan): Part {
  let best: readonly string[] | undefined;
  let run: readonly string[] = [''];
  let whole = true;
  let min = 0;
  const end = (): void => {
    best = better(best, usable(run));
    run = [''];
    whole = false;
  };
  while (s.i < s.source.length && s.source[s.i] !== '|' && s.source[s.i] !== ')') {
    const part = quantified(s);
    min = Math.min(MIN_MAX, min + part.min);
    const next = part.exact === undefined ? undefined : product(run, part.exact);
    if (next !== undefined) {
      run = next;
      continue;
    }
    end();
    best = better(best, needOf(part));
    // What was too much to multiply out may still begin a new run.
    if (part.exact !== undefined && part.exact.length <= SET_MAX) run = part.exact;
  }
  if (whole) return exactly(run);
  return needing(better(best, usable(run)), min);
}

function product(a: readonly string[], b: readonly string[]): readonly string[] | undefined {
  if (a.length * b.length > SET_MAX) return undefined;
  const out: string[] = [];
  for (const x of a)
    for (const y of b) {
      if (x.length + y.length > CHARS_MAX) return undefined;
      out.push(x + y);
    }
  return unique(out);
}

function quantified(s: Scan): Part {
  let part = atom(s);
  for (;;) {
    const c = s.source[s.i];
    let min: number;
    let one = false;
    if (c === '*') min = 0;
    else if (c === '+') min = 1;
    else if (c === '?') {
      min = 0;
      one = true;
    } else if (c === '{') {
      const m = /^\{(\d{1,4})(,\d{0,4})?\}/.exec(s.source.slice(s.i, s.i + 12));
      // RE2 takes a brace that is no count for itself; that is rare enough to give up on.
      if (m === null) throw new Unclear();
      min = Number(m[1]);
      s.i += m[0].length - 1;
    } else return part;
    s.i++;
    if (s.source[s.i] === '?') s.i++;
    if (one && part.exact !== undefined) part = exactly(unique([...part.exact, '']));
    else if (min === 0) part = ANYTHING;
    else part = needing(needOf(part), Math.min(MIN_MAX, part.min * min));
  }
}

function atom(s: Scan): Part {
  const c = s.source[s.i] as string;
  switch (c) {
    case '(':
      return group(s);
    case '[':
      return charClass(s);
    case '.':
      s.i++;
      return ONE;
    case '^':
    case '$':
      s.i++;
      return EMPTY;
    case '\\':
      return escaped(s);
    case '*':
    case '+':
    case '?':
    case ')':
      throw new Unclear();
    default: {
      // What is quantified is the whole character, not its second surrogate.
      const whole = String.fromCodePoint(s.source.codePointAt(s.i) as number);
      s.i += whole.length;
      return char(whole);
    }
  }
}

/** Beyond ASCII folding is not told apart: anything can stand there. */
const char = (c: string): Part => (c > '~' || c < ' ' ? ONE : exactly([c.toLowerCase()]));

function group(s: Scan): Part {
  s.i++;
  if (s.source[s.i] === '?') {
    const m = /^\?(?:P?<[A-Za-z0-9_]{1,64}>|[imsU]{0,4}(?:-[imsU]{1,4})?([:)]))/.exec(
      s.source.slice(s.i, s.i + 80),
    );
    if (m === null) throw new Unclear();
    s.i += m[0].length;
    // Flags change what follows, but not which letters it has: all is compared folded.
    if (m[1] === ')') return EMPTY;
  }
  const inner = alternatives(s);
  if (s.source[s.i] !== ')') throw new Unclear();
  s.i++;
  return inner;
}

/** Escapes that stand for themselves. */
const SELF = /[\\.^$|?*+()[\]{}/"'\-<>=!:#&%@,;~`_ ]/;

function escaped(s: Scan): Part {
  const c = s.source[s.i + 1] ?? '';
  s.i += 2;
  if (SELF.test(c)) return exactly([c]);
  if (/[bBAz]/.test(c)) return EMPTY;
  if (/[dDwWsSnrtfva]/.test(c)) return ONE;
  if (c === 'x') {
    const m = /^(?:\{[0-9a-fA-F]{1,6}\}|[0-9a-fA-F]{2})/.exec(s.source.slice(s.i, s.i + 8));
    if (m === null) throw new Unclear();
    s.i += m[0].length;
    return ONE;
  }
  if (c === 'p' || c === 'P') {
    const m = /^(?:\{\^?[A-Za-z_]{1,32}\}|[A-Z])/.exec(s.source.slice(s.i, s.i + 36));
    if (m === null) throw new Unclear();
    s.i += m[0].length;
    return ONE;
  }
  throw new Unclear();
}

/** A class of few plain characters is told apart; anything else is any character. */
function charClass(s: Scan): Part {
  let i = s.i + 1;
  const { source } = s;
  let plain = source[i] !== '^';
  if (!plain) i++;
  const chars: string[] = [];
  for (let first = true; ; first = false) {
    const c = source[i];
    if (c === undefined) throw new Unclear();
    if (c === ']' && !first) break;
    if (c === '[' && source[i + 1] === ':') {
      const close = source.indexOf(':]', i);
      if (close < 0) throw new Unclear();
      plain = false;
      i = close + 2;
      continue;
    }
    if (c === '\\') {
      const e = source[i + 1] ?? '';
      if (SELF.test(e)) chars.push(e);
      else plain = false;
      i += 2;
      // `\x{..}` and `\p{..}`: their braces and letters are in the class's text, which no longer matters.
      continue;
    }
    if (c === '-' && !first && source[i + 1] !== ']') plain = false;
    if (c > '~' || c < ' ') plain = false;
    chars.push(c.toLowerCase());
    i++;
  }
  s.i = i + 1;
  const set = unique(chars);
  return plain && set.length > 0 && set.length <= CLASS_MAX ? exactly(set) : ONE;
}
