/**
 * Pieces that expressions are made of, in conditions and in the pipes `where` and `eval`: numbers, lengths of time, names.
 * Held by `src/query/pipes.test.ts` and `src/query/parse.test.ts`.
 */
import type { Piece, Scanner } from './scan.ts';
import { parseSpan } from './time.ts';

const NAME = /[A-Za-z_@\u0080-\u{10ffff}][\w.@\u0080-\u{10ffff}]*/uy;
const NUMBER = /\d{1,30}(?:\.\d{1,30})?(?:[eE][+-]?\d{1,3})?/y;
const SPAN = /\d{1,9}[smhdw]\b/y;
const CODE = /\\u\{([0-9a-fA-F]{1,6})\}/y;

/** A number, or a length of time (`90s`, `5m`, `1d`) in seconds; undefined where none stands here. */
export function readNumber(s: Scanner): number | undefined {
  const start = s.pos;
  for (const [re, value] of [
    [SPAN, (t: string) => (parseSpan(t) ?? 0) / 1e6],
    [NUMBER, Number],
  ] as const) {
    re.lastIndex = s.pos;
    const m = re.exec(s.text);
    if (m === null) continue;
    s.pos += m[0].length;
    s.note('value', start);
    if (/[\w.]/.test(s.char)) s.fail('this is no number', ['10', '0.5', '5m'], { start, end: s.pos + 1 });
    return value(m[0]);
  }
  return undefined;
}

/** A name of letters, digits, `_`, `.` and `@`, or between backticks, whose escapes are those of quoted text. */
export const readName = (s: Scanner): Piece | undefined =>
  s.char === '`' ? readQuotedName(s) : readPlainName(s);

function readPlainName(s: Scanner): Piece | undefined {
  NAME.lastIndex = s.pos;
  const m = NAME.exec(s.text);
  if (m === null) return undefined;
  const start = s.pos;
  s.pos += m[0].length;
  s.note('field', start);
  return { parts: [{ kind: 'text', text: m[0] }], quoted: false, start, end: s.pos };
}

function readQuotedName(s: Scanner): Piece {
  const start = s.pos;
  let text = '';
  for (s.pos++; s.char !== '`'; s.pos++) {
    if (s.done) s.fail('this name is never closed', ['`'], { start, end: s.text.length });
    const next = s.text[s.pos + 1];
    CODE.lastIndex = s.pos;
    const code = CODE.exec(s.text);
    if (code !== null && Number.parseInt(code[1] as string, 16) <= 0x10ffff) {
      text += String.fromCodePoint(Number.parseInt(code[1] as string, 16));
      s.pos = CODE.lastIndex - 1;
    } else if (s.char === '\\' && (next === '`' || next === '\\')) {
      text += next;
      s.pos++;
    } else text += s.char;
  }
  s.pos++;
  s.note('field', start);
  return { parts: [{ kind: 'text', text }], quoted: true, start, end: s.pos };
}

/** The first of `of` that stands here (after blanks), taken. Longest first. */
export function takeSymbol<T extends string>(s: Scanner, of: readonly T[]): T | undefined {
  s.space();
  const found = of.find((o) => s.text.startsWith(o, s.pos));
  if (found === undefined) return undefined;
  s.pos += found.length;
  s.note('operator', s.pos - found.length);
  return found;
}

/** The word that stands here as a whole, taken; case as given. */
export function takeWord(s: Scanner, word: string): boolean {
  s.space();
  if (!s.text.startsWith(word, s.pos) || /[\w.@-]/.test(s.text[s.pos + word.length] ?? ' ')) return false;
  s.pos += word.length;
  s.note('keyword', s.pos - word.length);
  return true;
}
