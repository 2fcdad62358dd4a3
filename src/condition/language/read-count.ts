/**
 * What stands in the parentheses of `count(...)`, `count_distinct(...)` and `exists(... in ...)`:
 *
 *   count          = [condition] [key] window            count_distinct = field ["where" condition] [key] window
 *   key            = ("by" | "from" | "for") name { ("," | "and") name }      name = field | key alias | "coalesce(" field { "," field } ")"
 *   window         = "in" ["last"] length of time        length = 5m | 30 days | hour
 *
 * Held by `expressions.test.ts`.
 */
import { nearest } from '../../base/nearest.ts';
import { type CountTerm, type KeyField, KEYS_MAX, SPAN_DAYS_MAX, SPAN_US_MAX } from '../expression.ts';
import { called } from '../stateful.ts';
import type { Condition } from '../tree.ts';
import { KEY_ALIASES } from './aliases.ts';
import { takeWord } from './lexemes.ts';
import type { CountFunction } from './read-expression.ts';
import { type Piece, pieceText, type Scanner } from './scan.ts';
import type { Target } from './term.ts';

const KEY_WORDS = ['by', 'from', 'for'] as const;
/** Most fields that a part of a key chooses from. */
const CHOICES_MAX = 10;
const WINDOW = /in\s+(last\s+)?(\d|(second|sec|minute|min|hour|day|week|month|year)s?\b)/y;

/** Does a key or a window begin here? Then the condition before it is complete. */
export function atCountEnd(s: Scanner): boolean {
  s.space();
  if (KEY_WORDS.includes(s.peekRun() as (typeof KEY_WORDS)[number])) return true;
  WINDOW.lastIndex = s.pos;
  return WINDOW.test(s.text);
}

export type CountEnv = {
  readonly target: (piece: Piece) => Target;
  /** A condition that ends where `atCountEnd` says. */
  readonly condition: () => Condition;
};

/** `written`: the name for messages. */
export type CountCall = { readonly name: CountFunction; readonly written: string };

export function readCount(s: Scanner, call: CountCall, env: CountEnv): CountTerm {
  let distinct = '';
  let where: Condition = { kind: 'const', value: true };
  let word: string | undefined;
  const operand = (): void => {
    s.space();
    const start = s.pos;
    where = env.condition();
    word = BARE.exec(s.text.slice(start, Math.min(s.pos, start + WORD_CHARS_MAX)).trimEnd())?.[0];
  };
  if (call.name === 'count_distinct') {
    distinct = oneField(s, env).field;
    if (takeWord(s, 'where')) operand();
  } else if (!atCountEnd(s)) operand();
  const by = KEY_WORDS.some((w) => takeWord(s, w)) ? readKey(s, env) : [];
  const span = readWindow(s, call.written);
  const term: CountTerm = { kind: 'count', where, distinct, by, span };
  return word === undefined ? term : called(term, word);
}
const BARE = /^[a-z_][a-z0-9_]*$/i;
/** Longer words are no names. */
const WORD_CHARS_MAX = 200;

function oneField(s: Scanner, env: CountEnv): Target {
  const piece = s.piece('field', 'field');
  if (piece === undefined) s.fail(`${s.found()}, but a field is needed`, ['a field']);
  const target = env.target(piece);
  if (target.fields.length > 1) s.fail(`${target.written} stands for several fields`, target.fields, piece);
  return target;
}

function readKey(s: Scanner, env: CountEnv): KeyField[] {
  const out: KeyField[] = [];
  do {
    if (out.length === KEYS_MAX) s.fail(`a key has at most ${KEYS_MAX} parts`, ['fewer fields']);
    out.push(readKeyField(s, env));
  } while (s.take(',') || takeWord(s, 'and'));
  return out;
}

function readKeyField(s: Scanner, env: CountEnv): KeyField {
  s.space();
  if (s.text.startsWith('coalesce(', s.pos)) {
    s.pos += 'coalesce'.length;
    s.note('function', s.pos - 'coalesce'.length);
    s.take('(');
    const fields: string[] = [];
    do {
      if (fields.length === CHOICES_MAX) s.fail(`at most ${CHOICES_MAX} fields`, ['fewer fields']);
      fields.push(oneField(s, env).field);
    } while (s.take(','));
    s.expect(')', 'coalesce( is still open');
    return fields;
  }
  const piece = s.piece('field', 'field');
  if (piece === undefined)
    return s.fail(`${s.found()}, but a field to count by is needed`, ['source.ip', 'user.name']);
  const alias = piece.quoted ? undefined : KEY_ALIASES.get(pieceText(piece));
  return alias ?? env.target(piece).fields;
}

const UNITS: readonly (readonly [RegExp, number])[] = [
  [/^(?:s|secs?|seconds?)$/, 1e6],
  [/^(?:m|mins?|minutes?)$/, 60e6],
  [/^(?:h|hours?)$/, 3600e6],
  [/^(?:d|days?)$/, 86_400e6],
  [/^(?:w|weeks?)$/, 7 * 86_400e6],
  [/^months?$/, 30 * 86_400e6],
  [/^years?$/, 365 * 86_400e6],
];
const UNIT_NAMES = ['seconds', 'minutes', 'hours', 'days', 'weeks', 'months'];
const LENGTH = /(\d{1,9})?\s*([A-Za-z]+)/y;

/** `in last 30 days`, `in 1 hour`, `in 5m`, `in last week`; microseconds. */
function readWindow(s: Scanner, name: string): number {
  const needed = ['in 1 hour', 'in last 30 days', 'in 5m'];
  if (!takeWord(s, 'in')) {
    const word = s.peekRun();
    const meant = /^in$/i.test(word) ? 'in' : undefined;
    s.fail(`${s.found()}, but ${name}( needs its length of time`, needed, undefined, meant);
  }
  takeWord(s, 'last');
  s.space();
  const start = s.pos;
  LENGTH.lastIndex = start;
  const m = LENGTH.exec(s.text);
  if (m === null) return s.fail(`${s.found()}, but a length of time is needed`, needed);
  const end = start + m[0].length;
  const unit = UNITS.find(([re]) => re.test(m[2] as string));
  if (unit === undefined) {
    const suggestion = nearest(m[2] as string, UNIT_NAMES);
    return s.fail(`"${m[2]}" is no unit of time`, UNIT_NAMES, { start, end }, suggestion);
  }
  s.pos = end;
  s.note('value', start);
  const span = Number(m[1] ?? 1) * unit[1];
  if (span < 1e6) return s.fail('a count needs at least a second', needed, { start, end });
  if (span > SPAN_US_MAX) {
    return s.fail(`a count looks back at most ${SPAN_DAYS_MAX} days`, [`${SPAN_DAYS_MAX} days`], {
      start,
      end,
    });
  }
  return span;
}
