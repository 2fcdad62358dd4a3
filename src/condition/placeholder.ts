/**
 * Placeholders in values (Sigma's `|expand`): `%name%` stands for the members of a named list, alone or inside a longer
 * value. Members are taken when an event is judged, so a changed list takes effect at once. Members of a text list are
 * patterns (`srv*`); members of a domain or network list are, standing alone, matched by the list's own kind.
 *
 * Held by `placeholder.test.ts` and `test/conformance`.
 */
import { compileList } from './lists.ts';
import { compilePatterns } from './pattern-set.ts';
import type { Lists, NamedList, PatternPart, PlaceholderPart } from './tree.ts';

/**
 * Patterns that one value with placeholders may stand for. Plain members of a text list that stands alone do not count.
 * `conditionProblems` refuses a value that stands for more; where nobody asks it, those beyond are left out.
 */
export const EXPANDED_MAX = 20_000;

/** `*` and `?` are wildcards, a backslash takes their meaning (Sigma rules 2.1, "Escape Character"). */
export function parseWildcards(text: string): PatternPart[] {
  const out: PatternPart[] = [];
  let literal = '';
  let escaped = false;
  const flush = (): void => {
    if (literal !== '') out.push({ kind: 'text', text: literal });
    literal = '';
  };
  for (const c of text) {
    if (escaped) {
      literal += c === '*' || c === '?' || c === '\\' ? c : `\\${c}`;
      escaped = false;
    } else if (c === '\\') escaped = true;
    else if (c === '*' || c === '?') {
      flush();
      if (c === '?') out.push({ kind: 'one' });
      else if (out.at(-1)?.kind !== 'any') out.push({ kind: 'any' });
    } else literal += c;
  }
  if (escaped) literal += '\\';
  flush();
  return out;
}

/** Names of the lists, each once. */
export const listsIn = (parts: readonly PlaceholderPart[]): string[] => [
  ...new Set(parts.flatMap((p) => (p.kind === 'list' ? [p.list] : []))),
];

/** The one list, where the value is nothing but a placeholder. */
export function alone(parts: readonly PlaceholderPart[]): string | undefined {
  const only = parts[0];
  return parts.length === 1 && only?.kind === 'list' ? only.list : undefined;
}

/** Every pattern that the value stands for; a list that is not there has no members. */
export function expandParts(parts: readonly PlaceholderPart[], lists: Lists): PatternPart[][] {
  let out: PatternPart[][] = [[]];
  for (const p of parts) {
    const choices: readonly PatternPart[][] =
      p.kind === 'list' ? (lists.get(p.list)?.values ?? []).map(parseWildcards) : [[p]];
    const next: PatternPart[][] = [];
    for (const head of out) {
      for (const c of choices) {
        if (next.length >= EXPANDED_MAX) break;
        next.push([...head, ...c]);
      }
    }
    out = next;
  }
  return out;
}

/** Tests a text; compiles anew when one of its lists was replaced. */
export function placeholderTest(
  parts: readonly PlaceholderPart[],
  cased: boolean,
  lists: Lists,
): (text: string) => boolean {
  const names = listsIn(parts);
  let seen: readonly (NamedList | undefined)[] | undefined;
  let test = (_: string): boolean => false;
  return (text) => {
    if (seen === undefined || names.some((n, i) => lists.get(n) !== seen?.[i])) {
      seen = names.map((n) => lists.get(n));
      test = compile(parts, cased, lists);
    }
    return test(text);
  };
}

function compile(parts: readonly PlaceholderPart[], cased: boolean, lists: Lists): (text: string) => boolean {
  const list = aloneIn(parts, lists);
  if (list === undefined) return compilePatterns(expandParts(parts, lists), cased);
  if (list.kind !== 'text') return compileList(list);
  let wild = 0;
  const kept = list.values.map(parseWildcards).filter((p) => isPlain(p) || ++wild <= EXPANDED_MAX);
  return compilePatterns(kept, cased);
}

const isPlain = (pattern: readonly PatternPart[]): boolean => pattern.every((p) => p.kind === 'text');

function aloneIn(parts: readonly PlaceholderPart[], lists: Lists): NamedList | undefined {
  const whole = alone(parts);
  return whole === undefined ? undefined : lists.get(whole);
}

/** What is wrong where the value stands for more patterns than are kept. */
export function expansionProblem(parts: readonly PlaceholderPart[], lists: Lists): string | undefined {
  const list = aloneIn(parts, lists);
  let count = 1;
  if (list !== undefined)
    count = list.kind === 'text' ? list.values.filter((v) => !isPlain(parseWildcards(v))).length : 0;
  else for (const p of parts) if (p.kind === 'list') count *= lists.get(p.list)?.values.length ?? 0;
  if (count <= EXPANDED_MAX) return undefined;
  const names = listsIn(parts).map((n) => `%${n}%`);
  return `${names.join(' and ')} would make ${count} patterns, and ${EXPANDED_MAX} is the most: shorten the list`;
}
