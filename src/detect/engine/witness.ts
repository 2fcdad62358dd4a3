/**
 * What a rule cannot be met without: an OR-set of literals, one of which must occur in the event. A rule is looked at
 * only where its witness fired. Which of its necessary sets is taken depends on how often each is seen.
 *
 * Contract: over-approximates, never omits: where the condition holds, `witnessOf`'s set has a literal that fires. Nodes that
 * are not known here have no witness, so their rules are always looked at. Held by `engine.prop.test.ts`.
 */
import type { Condition, PatternPart } from '../../condition/tree.ts';
import { equalTexts } from '../../condition/text.ts';
import { foldForGate } from './automaton.ts';
import { requiredLiterals } from './literal.ts';

/** The pseudo field of keyword rules: the raw text and every value. */
export const ANYWHERE = '\0anywhere';

/**
 * `exact`: the whole text is this one (any characters); `part`: it occurs, at the start or end if so said (ASCII);
 * `present`: the field is there at all.
 */
export type Literal =
  | { readonly kind: 'exact'; readonly field: string; readonly text: string }
  | {
      readonly kind: 'part';
      readonly field: string;
      readonly text: string;
      readonly start: boolean;
      readonly end: boolean;
    }
  | { readonly kind: 'present'; readonly field: string }
  /** It holds a character beyond ASCII. */
  | { readonly kind: 'wide'; readonly field: string };

export type Witness = readonly Literal[];
/** How often a literal is expected to fire, 0 to 1. */
export type Frequency = (l: Literal) => number;

export const literalKey = (l: Literal): string =>
  l.kind === 'present' || l.kind === 'wide'
    ? `${l.kind[0]}\0${l.field}`
    : l.kind === 'exact'
      ? `e\0${l.field}\0${l.text}`
      : `${l.start ? '^' : ''}${l.end ? '$' : ''}\0${l.field}\0${l.text}`;

/** The necessary set that fires least often; empty for a condition that never holds, undefined where there is none. */
export function witnessOf(c: Condition, often: Frequency): Witness | undefined {
  return search(c, often)?.set;
}

/** All literals that `witnessOf` could choose, so that their frequency can be measured. */
export function literalsOf(c: Condition, out: Map<string, Literal>): void {
  switch (c.kind) {
    case 'and':
    case 'or':
      for (const item of c.items) literalsOf(item, out);
      return;
    default:
      for (const set of leafSets(c)) for (const l of set) out.set(literalKey(l), l);
  }
}

type Found = { readonly set: Witness; readonly cost: number };

function search(c: Condition, often: Frequency): Found | undefined {
  switch (c.kind) {
    case 'and': {
      let best: Found | undefined;
      for (const item of c.items) best = cheaper(best, search(item, often));
      return best;
    }
    case 'or': {
      const set: Literal[] = [];
      let cost = 0;
      for (const item of c.items) {
        const found = search(item, often);
        if (found === undefined) return undefined;
        set.push(...found.set);
        cost += found.cost;
      }
      return { set, cost };
    }
    default: {
      let best: Found | undefined;
      for (const set of leafSets(c)) {
        let cost = 0;
        for (const l of set) cost += often(l) + LITERAL_COST;
        best = cheaper(best, { set, cost });
      }
      return best;
    }
  }
}

/** Beside firing, a literal costs room in the tables. */
const LITERAL_COST = 1e-5;

const cheaper = (a: Found | undefined, b: Found | undefined): Found | undefined =>
  a === undefined || (b !== undefined && b.cost < a.cost) ? b : a;

/** The necessary sets of one leaf, each by itself enough. */
function leafSets(c: Condition): readonly Witness[] {
  switch (c.kind) {
    case 'const':
      return c.value ? [] : [[]];
    case 'equals':
      return [
        equalTexts(c).map((text): Literal => ({ kind: 'exact', field: c.field, text: foldForGate(text) })),
      ];
    case 'like':
      return patternSets(c.field, c.pattern);
    case 'keyword':
      return patternSets(ANYWHERE, [{ kind: 'any' }, ...c.pattern, { kind: 'any' }]).filter((s) =>
        s.every((l) => l.kind !== 'present'),
      );
    case 'regex': {
      const need = requiredLiterals(c.source);
      if (need === undefined) return [[{ kind: 'present', field: c.field }]];
      return [
        need.map((text): Literal => ({ kind: 'part', field: c.field, text, start: false, end: false })),
      ];
    }
    case 'exists':
    case 'cidr':
    case 'compare':
    case 'inlist':
    case 'fieldref':
      return [[{ kind: 'present', field: c.field }]];
    default:
      return [];
  }
}

/** Each piece of text between wildcards is necessary; pieces are cut to ASCII. */
function patternSets(field: string, pattern: readonly PatternPart[]): readonly Witness[] {
  const pieces: { text: string; start: boolean; end: boolean }[] = [];
  let text = '';
  let start = true;
  for (const p of pattern) {
    if (p.kind === 'text') {
      text += p.text;
      continue;
    }
    if (text !== '') pieces.push({ text, start, end: false });
    text = '';
    start = false;
  }
  if (start) return [[{ kind: 'exact', field, text: foldForGate(text) }]];
  if (text !== '') pieces.push({ text, start: false, end: true });
  const sets = pieces.flatMap((p): Witness[] => {
    const text = foldForGate(p.text);
    const cut = asciiPiece(text, p.start, p.end);
    const out: Witness[] = cut === undefined ? [] : [[{ kind: 'part', field, ...cut }]];
    if (cut?.text.length !== text.length) out.push([{ kind: 'wide', field }]);
    return out;
  });
  return sets.length === 0 ? [[{ kind: 'present', field }]] : sets;
}

/** Longest run of ASCII; anchors stay where the run reaches them. */
export function asciiPiece(
  text: string,
  start: boolean,
  end: boolean,
): { text: string; start: boolean; end: boolean } | undefined {
  let best: { text: string; start: boolean; end: boolean } | undefined;
  for (let i = 0; i < text.length; ) {
    if (text.charCodeAt(i) > 127) {
      i++;
      continue;
    }
    let k = i;
    while (k < text.length && text.charCodeAt(k) <= 127) k++;
    if (best === undefined || k - i > best.text.length)
      best = { text: text.slice(i, k), start: start && i === 0, end: end && k === text.length };
    i = k;
  }
  return best;
}

/** Text that is common in logs of all kinds: a literal that is a part of it says little. */
export const COMMON_TEXT = foldForGate(
  String.raw`c:\windows\system32\svchost.exe -k netsvcs -p -s schedule c:\windows\syswow64\ c:\program files (x86)\ c:\programdata\ c:\users\ \appdata\local\temp\ cmd.exe /c powershell.exe -noprofile -executionpolicy bypass explorer.exe rundll32.exe nt authority\system http:// https:// hklm\software\microsoft\windows\currentversion\run\ hku\ .dll .com microsoft-windows-sysmon/operational system32\config\ \device\harddiskvolume  true false 0x0 root admin get post`,
);

/** Before anything was measured: short or common text fires often, whole values hardly. */
export const guessedFrequency: Frequency = (l) => {
  if (l.kind === 'present') return 0.5;
  if (l.kind === 'wide') return 0.01;
  if (l.kind === 'exact') return l.text.length < 6 || COMMON_TEXT.includes(l.text) ? 0.1 : 0.002;
  if (COMMON_TEXT.includes(l.text)) return l.start || l.end ? 0.08 : 0.2;
  // Short parts have a pass of their own.
  const anchored = l.text.length < 4 ? 2 : l.start || l.end ? 0.5 : 1;
  return anchored * Math.min(0.5, 0.5 ** Math.max(0, l.text.length - 1)) + 0.0005;
};
