/**
 * Sigma's strings: `*` and `?` with the specification's escape table (Sigma rules 2.1, "Escape Character"), and the
 * encodings of the modifiers `base64`, `base64offset`, `wide`, `windash`.
 *
 * Held by `pattern.test.ts`.
 */
import { parseWildcards } from '../../condition/placeholder.ts';
import type { PatternPart, PlaceholderPart } from '../../condition/tree.ts';

export const ANY: PatternPart = { kind: 'any' };

/** `\*` is a star, `\\*` a backslash before a wildcard, `\\\*` a backslash and a star, `\x` two characters. */
export const parsePattern = (text: string): PatternPart[] => parseWildcards(text);

/** Longest name of a list between percent signs. */
const NAME = /^%([A-Za-z0-9_.-]{1,64})%/;

/** A value under `|expand`: `%name%` is a placeholder, `\%` a percent sign, the rest as always. */
export function parsePlaceholders(text: string): PlaceholderPart[] {
  const out: PlaceholderPart[] = [];
  let from = 0;
  const literal = (to: number): void => {
    // An escaped percent sign is only known here; to the parser of wildcards a backslash before it is a character.
    const part = text.slice(from, to).replace(/\\(\\|%)/g, (all, c: string) => (c === '%' ? '%' : all));
    for (const p of parseWildcards(part)) out.push(p);
  };
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\') {
      i++;
      continue;
    }
    const m = text[i] === '%' ? NAME.exec(text.slice(i, i + 70)) : null;
    if (m?.[1] === undefined) continue;
    literal(i);
    out.push({ kind: 'list', list: m[1] });
    i += m[0].length - 1;
    from = i + 1;
  }
  literal(text.length);
  return out;
}

/** The text where there are no wildcards, else undefined. */
export function plainText(parts: readonly PlaceholderPart[]): string | undefined {
  if (parts.length === 0) return '';
  const only = parts[0];
  return parts.length === 1 && only !== undefined && only.kind === 'text' ? only.text : undefined;
}

export function withPrefix(parts: readonly PlaceholderPart[]): PlaceholderPart[] {
  return parts[0]?.kind === 'any' ? [...parts] : [ANY, ...parts];
}
export function withSuffix(parts: readonly PlaceholderPart[]): PlaceholderPart[] {
  return parts.at(-1)?.kind === 'any' ? [...parts] : [...parts, ANY];
}

/** Variants of a windash value, at most. 5 dashes to the power of 5 places. */
export const WINDASH_VARIANTS_MAX = 3125;
const DASHES = ['-', '/', '\u2013', '\u2014', '\u2015'] as const;
const DASH_PLACE = /(?<![\p{L}\p{N}_])[-/\u2013\u2014\u2015](?=[\p{L}\p{N}_])/gu;

/** All permutations of the five dashes at the places where a flag begins; undefined where there are too many. */
export function windash(parts: readonly PlaceholderPart[]): PlaceholderPart[][] | undefined {
  let variants: PlaceholderPart[][] = [[]];
  for (const p of parts) {
    const texts = p.kind === 'text' ? dashVariants(p.text) : undefined;
    const choices: PlaceholderPart[] =
      texts === undefined ? [p] : texts.map((text) => ({ kind: 'text', text }));
    if (variants.length * choices.length > WINDASH_VARIANTS_MAX) return undefined;
    variants = variants.flatMap((v) => choices.map((c) => [...v, c]));
  }
  return variants;
}

function dashVariants(text: string): string[] {
  const places = [...text.matchAll(DASH_PLACE)].map((m) => m.index);
  if (places.length > 5) return Array.from({ length: WINDASH_VARIANTS_MAX + 1 }, () => text);
  let out = [''];
  let from = 0;
  for (const at of places) {
    const before = text.slice(from, at);
    out = out.flatMap((s) => DASHES.map((d) => s + before + d));
    from = at + 1;
  }
  return out.map((s) => s + text.slice(from));
}

export const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/**
 * The three forms in which bytes show inside a longer base64 text, by their place modulo 3: what depends on
 * neighbours (leading characters, the partial trailing character) is cut off.
 */
export function base64Offsets(bytes: Uint8Array): string[] {
  const start = [0, 2, 3] as const;
  const end = [0, 3, 2] as const;
  return [0, 1, 2].map((i) => {
    const padded = Buffer.concat([Buffer.alloc(i, 0x20), bytes]);
    const text = padded.toString('base64');
    return text.slice(start[i], text.length - (end[padded.length % 3] ?? 0));
  });
}

/** UTF-16 bytes; `utf16` puts a little-endian byte order mark before them. */
export function utf16(text: string, form: 'utf16le' | 'utf16be' | 'utf16'): Uint8Array {
  const le = Buffer.from(text, 'utf16le');
  if (form === 'utf16le') return le;
  if (form === 'utf16') return Buffer.concat([Buffer.from([0xff, 0xfe]), le]);
  return Buffer.from(le).swap16();
}
