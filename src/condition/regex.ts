/**
 * Regular expressions from outside: RE2 syntax (https://github.com/google/re2/wiki/Syntax), linear time, by re2js.
 * Length and compiled size are bounded, compiled programs are cached in a bounded map. Held by `evaluate.test.ts`.
 */
import { RE2JS } from 're2js';
import { errorText } from '../base/result.ts';

/** Longest accepted source, UTF-16 units. */
export const REGEX_CHARS_MAX = 1000;
/** Largest compiled program, RE2 instructions. */
export const REGEX_PROGRAM_MAX = 10_000;
/** Compiled programs kept. */
export const REGEX_CACHE_MAX = 500;

export type TextTest = (text: string) => boolean;

/** The accepted flags: case-insensitive, multi-line anchors, dot matches newline (Sigma `re|i|m|s`). */
export const REGEX_FLAGS = 'ims';

/** `(?i)`-style prefix for RE2; the dot's meaning is always spelled out because ClickHouse's default differs. */
export function regexSource(source: string, flags: string): string {
  const on = [...REGEX_FLAGS].filter((f) => flags.includes(f)).join('');
  return `(?${on}${flags.includes('s') ? '' : '-s'})${source}`;
}

/**
 * The same expression for ClickHouse's `match`, in ASCII: its search for a required substring works on bytes and takes
 * `é*` for "the first byte of é, then the second any number of times" (26.7). `\Q..\E` is spelled out on the way.
 */
export function sqlRegexSource(source: string, flags: string): string {
  let out = '';
  let quoted = false;
  for (let i = 0; i < source.length; ) {
    const c = String.fromCodePoint(source.codePointAt(i) as number);
    const pair = source.slice(i, i + 2);
    i += c.length;
    if (quoted && pair === '\\E') {
      quoted = false;
      i++;
    } else if (quoted) out += /[0-9A-Za-z_]/.test(c) ? c : hexEscape(c);
    else if (pair === '\\Q') {
      quoted = true;
      i++;
    } else if (c === '\\' && i < source.length) {
      out += pair;
      i++;
    } else out += c > '\x7f' ? hexEscape(c) : c;
  }
  return regexSource(out, flags);
}

const hexEscape = (c: string): string => `\\x{${(c.codePointAt(0) as number).toString(16)}}`;

/** `\B` within a character of several bytes: RE2 over bytes sees positions there, re2js over characters does not. */
export const regexDiffersInSql = (source: string): boolean => source.includes('\\B');

const cache = new Map<string, RE2JS>();

function compiled(source: string, flags: string): RE2JS {
  const key = regexSource(source, flags);
  let re = cache.get(key);
  if (re === undefined) re = RE2JS.compile(key);
  else cache.delete(key);
  cache.set(key, re);
  if (cache.size > REGEX_CACHE_MAX) cache.delete(cache.keys().next().value as string);
  return re;
}

/** Why the expression is refused, or undefined where it is fine. */
export function regexProblem(source: string, flags: string): string | undefined {
  if (source.length > REGEX_CHARS_MAX) {
    return `regular expression longer than ${REGEX_CHARS_MAX} characters`;
  }
  if (source.includes('\0')) return 'regular expression holds a NUL character; write \\x00';
  if (!source.isWellFormed()) return 'regular expression holds half a character (a lone surrogate)';
  const bad = [...flags].find((f) => !REGEX_FLAGS.includes(f));
  if (bad !== undefined) return `unknown flag "${bad}" (known: i, m, s)`;
  try {
    if (compiled(source, flags).programSize() > REGEX_PROGRAM_MAX) return 'regular expression too complex';
  } catch (e) {
    return errorText(e).replace(/^.*error parsing regexp: /, '');
  }
  return undefined;
}

/** The expression found anywhere in the text. Throws on a source that `regexProblem` refuses. */
export function compileRegex(source: string, flags: string): TextTest {
  const problem = regexProblem(source, flags);
  if (problem !== undefined) throw new Error(`regex: ${problem}`);
  const re = compiled(source, flags);
  return (text) => re.test(text);
}

/** Names and numbers of the named groups, in order. Throws on a source that `regexProblem` refuses. */
export function namedGroups(source: string): { readonly name: string; readonly index: number }[] {
  const problem = regexProblem(source, '');
  if (problem !== undefined) throw new Error(`regex: ${problem}`);
  return Object.entries(compiled(source, '').namedGroups())
    .map(([name, index]) => ({ name, index: Number(index) }))
    .sort((a, b) => a.index - b.index);
}
