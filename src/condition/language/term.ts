/**
 * What a term means: names to fields or entities, values to conditions. Case: `:` and IN fold it, `==` and `!=` do
 * not, regular expressions do where they say `i`. Held by `src/query/parse.test.ts`.
 */
import { parseCidr } from '../ip-range.ts';
import { numberOf, tokensOf } from '../text.ts';
import type { Condition } from '../tree.ts';
import { hotField } from '../../model/catalogue.ts';
import { parseIp } from '../../model/ip.ts';
import {
  ALIASES,
  ENTITY_KINDS,
  type EntityKind,
  FIELD_GROUPS,
  KNOWN_NAMES,
  NAMES_OF_CLASSES,
} from './aliases.ts';
import { NAMED_CLASSES } from './classes.ts';
import type { Operator } from './grammar.ts';
import { nearest } from '../../base/nearest.ts';
import { hasWildcard, type Piece, pieceText, type Scanner } from './scan.ts';
import { parseTime, type TimeSpan } from './time.ts';

/** What the name before an operator stands for. */
export type Target = {
  readonly written: string;
  readonly field: string;
  readonly fields: readonly string[];
  readonly entity: { readonly name: string; readonly kind: EntityKind } | undefined;
  readonly start: number;
  readonly end: number;
  /** The known name it may have meant, where it is unknown. */
  readonly hint: string | undefined;
  /** The condition for each of the fields, any of which may hold. */
  readonly each: (make: (field: string) => Condition) => Condition;
};

/** Looking for a likely name is the dearest part of reading a term, and a long query has the same names again and again. */
const hints = new Map<string, string | undefined>();
const HINTS_KEPT = 500;
/** UTF-16 units; a longer name is no slip of the finger. */
const HINT_CHARS_MAX = 80;

function hintFor(name: string): string | undefined {
  if (name.length > HINT_CHARS_MAX) return undefined;
  if (hints.has(name)) return hints.get(name);
  if (hints.size >= HINTS_KEPT) hints.clear();
  const hint = nearest(name, KNOWN_NAMES);
  hints.set(name, hint);
  return hint;
}

export function resolveTarget(piece: Piece): Target {
  const written = pieceText(piece);
  const kind = piece.quoted ? undefined : ENTITY_KINDS.get(written);
  const field = piece.quoted ? written : (ALIASES.get(written) ?? written);
  const group = piece.quoted ? undefined : FIELD_GROUPS.get(written);
  const fields = kind?.fields ?? group ?? [field];
  const known = piece.quoted || KNOWN_NAMES.has(written);
  return {
    written,
    field: fields[0] as string,
    fields,
    entity: kind === undefined ? undefined : { name: written, kind },
    start: piece.start,
    end: piece.end,
    hint: known ? undefined : hintFor(written),
    each: (make) => anyOf(fields.map(make)),
  };
}

const anyOf = (items: readonly Condition[]): Condition =>
  items.length === 1 ? (items[0] as Condition) : { kind: 'or', items };

/** field, operator and value (several: any of them) as a condition. */
export function valueCondition(
  s: Scanner,
  target: Target,
  op: Operator,
  pieces: readonly Piece[],
  now: number,
): Condition {
  switch (op.name) {
    case 'is':
      return anyOf(merge(pieces.map((p) => isCondition(s, target, p, now, false))));
    case 'equals':
      return anyOf(merge(pieces.map((p) => isCondition(s, target, p, now, true))));
    case 'differs':
      return { kind: 'not', item: isCondition(s, target, pieces[0] as Piece, now, true) };
    case 'regex':
      throw new Error('bug: regex values are read by the parser');
    default: {
      const name = op.name;
      const piece = pieces[0] as Piece;
      return target.each((field) => ({
        kind: 'compare',
        field,
        op: name,
        value: operand(s, field, piece, now),
      }));
    }
  }
}

/** Equal tests of one field become one test of several values. */
function merge(items: readonly Condition[]): Condition[] {
  const out: Condition[] = [];
  for (const c of items) {
    const last = out.at(-1);
    if (c.kind === 'equals' && last?.kind === 'equals' && c.field === last.field && c.cased === last.cased) {
      out[out.length - 1] = { ...last, values: [...last.values, ...c.values] };
    } else out.push(c);
  }
  return out;
}

function isCondition(s: Scanner, target: Target, piece: Piece, now: number, exact: boolean): Condition {
  const text = pieceText(piece);
  const pattern = !exact && hasWildcard(piece);
  if (target.entity !== undefined && !pattern && text !== '') {
    const found = entityCondition(s, target, piece, text, exact);
    if (found !== undefined) return found;
  }
  const named =
    target.fields.length > 1 && NAMES_OF_CLASSES.has(target.written) && !pattern
      ? NAMED_CLASSES.get(text)
      : undefined;
  if (named !== undefined) {
    const found = target.each((field) => ({ kind: 'equals', field, values: [text], cased: exact }));
    return { kind: 'or', items: [found, named.condition] };
  }
  return target.each((field) => {
    if (pattern) return patternCondition(field, piece);
    if (hotField(field)?.type === 'date') return timeCondition(s, field, piece, now);
    if (!exact && isNetwork(piece, text)) return { kind: 'cidr', field, cidr: text };
    return { kind: 'equals', field, values: [text], cased: exact };
  });
}

function patternCondition(field: string, piece: Piece): Condition {
  if (piece.parts.length === 1 && piece.parts[0]?.kind === 'any') return { kind: 'exists', field };
  return { kind: 'like', field, pattern: piece.parts, cased: false };
}

const isNetwork = (piece: Piece, text: string): boolean =>
  !piece.quoted && text.includes('/') && parseCidr(text) !== undefined;

function entityCondition(
  s: Scanner,
  target: Target,
  piece: Piece,
  text: string,
  exact: boolean,
): Condition | undefined {
  const { name, kind } = target.entity as NonNullable<Target['entity']>;
  if (name === 'ip') {
    const ip = parseIp(text);
    if (ip !== undefined) return { kind: 'entity', entity: `ip:${ip}` };
    if (!exact && isNetwork(piece, text)) return undefined;
    return s.fail(`"${text}" is no address`, ['10.0.1.5', '10.0.0.0/8', '2001:db8::1', '10.0.*'], piece);
  }
  // A domain that is an address is that address, as the normaliser says, too.
  const ip = name === 'domain' ? parseIp(text) : undefined;
  return { kind: 'entity', entity: ip === undefined ? `${name}:${kind.canonical(text)}` : `ip:${ip}` };
}

/** A time names a span (a day, a minute); a bare number is microseconds. */
function timeCondition(s: Scanner, field: string, piece: Piece, now: number): Condition {
  const text = pieceText(piece);
  const span = parseTime(text, now);
  if (span === undefined) {
    if (numberOf(text) !== undefined) return { kind: 'equals', field, values: [text], cased: true };
    return badTime(s, field, piece);
  }
  return {
    kind: 'and',
    items: [
      { kind: 'compare', field, op: '>=', value: span.from },
      { kind: 'compare', field, op: '<', value: span.to },
    ],
  };
}

const badTime = (s: Scanner, field: string, piece: Piece): never =>
  s.fail(
    `"${pieceText(piece)}" is no time, and ${field} is one`,
    ['2026-03-05', '2026-03-05T14:23:01Z', 'now-7d'],
    piece,
  );

function operand(s: Scanner, field: string, piece: Piece, now: number): number {
  const text = pieceText(piece);
  const n = numberOf(text);
  if (hotField(field)?.type === 'date') {
    const span: TimeSpan | undefined = parseTime(text, now);
    return span?.from ?? n ?? badTime(s, field, piece);
  }
  return n ?? s.fail(`"${text}" is no number`, ['a number'], piece);
}

/**
 * A word or phrase without a field. `run` is the text as it stands; called first without a piece to recognise a bare
 * address or network (whose colons are no operators), then with the piece read. undefined: nothing to search for.
 */
export function bareCondition(run: string, piece: Piece | undefined): Condition | undefined {
  if (piece === undefined) {
    const ip = parseIp(run);
    if (ip !== undefined) {
      return {
        kind: 'or',
        items: [
          { kind: 'entity', entity: `ip:${ip}` },
          { kind: 'words', words: tokensOf(run) },
        ],
      };
    }
    if (!run.includes('/') || parseCidr(run) === undefined) return undefined;
    const fields = (ENTITY_KINDS.get('ip') as EntityKind).fields;
    return anyOf(fields.map((field): Condition => ({ kind: 'cidr', field, cidr: run })));
  }
  if (hasWildcard(piece)) {
    if (piece.parts.length === 1 && piece.parts[0]?.kind === 'any') return { kind: 'const', value: true };
    return { kind: 'keyword', pattern: piece.parts, cased: false };
  }
  const words = tokensOf(pieceText(piece));
  return words.length === 0 ? undefined : { kind: 'words', words };
}

/** `cased(...)`: case matters in every test inside. */
export function withCase(c: Condition): Condition {
  switch (c.kind) {
    case 'and':
    case 'or':
      return { ...c, items: c.items.map(withCase) };
    case 'not':
      return { ...c, item: withCase(c.item) };
    case 'equals':
    case 'like':
    case 'keyword':
    case 'fieldref':
      return { ...c, cased: true };
    default:
      return c;
  }
}
