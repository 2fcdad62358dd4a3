/** Reads one pipe behind its `|`. What a pipe takes is in its own file under `pipes/`. Held by `parse.test.ts`. */
import { parseExpression } from './expression.ts';
import { nearest } from '../base/nearest.ts';
import type { FieldRef, Pipe, PipeReader } from './pipes/pipe.ts';
import { PIPES } from './pipes/registry.ts';
import type { Subquery } from './query.ts';
import { pieceText, type Scanner } from '../condition/language/scan.ts';
import { resolveTarget } from '../condition/language/term.ts';

export type PipeOptions = {
  /** Microseconds. */
  readonly now: number;
  readonly lists?: { readonly has: (name: string) => boolean; readonly keys: () => Iterable<string> };
  readonly subsearch: () => Subquery;
};

export function parsePipe(s: Scanner, options: PipeOptions): Pipe {
  s.space();
  const piece = s.piece('value', 'pipe');
  if (piece === undefined) s.fail('a pipe is missing behind "|"', [...PIPES.keys()]);
  const name = pieceText(piece);
  const spec = PIPES.get(name);
  if (spec === undefined) {
    s.fail(`there is no pipe called "${name}"`, [...PIPES.keys()], piece, nearest(name, PIPES.keys()));
  }
  const made = spec.parse(readerOf(s, options));
  s.space();
  if (!s.ended && s.char !== '|')
    s.fail(`${s.found()}, but ${name} is complete here`, ['|', 'the end of the query']);
  return made;
}

function readerOf(s: Scanner, options: PipeOptions): PipeReader {
  return {
    atEnd: () => {
      s.space();
      return s.ended || s.char === '|';
    },
    takeWord: (word) => {
      s.space();
      if (s.peekRun().toLowerCase() !== word) return false;
      s.pos += word.length;
      s.note('keyword', s.pos - word.length);
      return true;
    },
    take: (char) => s.take(char),
    expect: (char, why) => s.expect(char, why),
    sign: () => {
      s.space();
      const c = s.char;
      if (c !== '+' && c !== '-') return '';
      s.pos++;
      s.note('operator', s.pos - 1);
      return c;
    },
    name: (what) => readName(s, what),
    integer: (what, max) => readInteger(s, what, max),
    count: (what, max) => {
      s.space();
      return /^\d+$/.test(s.peekRun().replace(/,$/, '')) ? readInteger(s, what, max) : undefined;
    },
    option: (name) => {
      s.space();
      if (!s.text.startsWith(`${name}=`, s.pos) || s.text[s.pos + name.length + 1] === '=') return undefined;
      s.pos += name.length + 1;
      s.note('keyword', s.pos - name.length - 1);
      if (/\s/.test(s.char)) s.fail(`a value is needed right behind ${name}=`, ['a value']);
      return readText(s, `the value of ${name}`);
    },
    text: (what) => readText(s, what),
    list: () => readList(s, options.lists),
    call: (name) => {
      s.space();
      if (!s.text.startsWith(`${name}(`, s.pos)) return false;
      s.pos += name.length;
      s.note('function', s.pos - name.length);
      return s.take('(');
    },
    assigned: (what) => {
      const piece = s.piece('assigned', 'field');
      if (piece === undefined) s.fail(`${s.found()}, but ${what} is needed`, [what]);
      s.expect('=', `eval needs "=" behind ${pieceText(piece)}`);
      const written = pieceText(piece);
      return { written, field: written, start: piece.start, end: piece.end };
    },
    expression: () => parseExpression(s, options.now, options.subsearch),
    fail: (message, expected, at) => s.fail(message, expected, at),
  };
}

/** A name, or a call such as `sum(source.bytes)`, whose `field` is the resolved inner name. */
function readName(s: Scanner, what: string): FieldRef {
  const piece = s.piece('value', 'field');
  if (piece === undefined) s.fail(`${s.found()}, but ${what} is needed`, [what]);
  const target = resolveTarget(piece);
  const plain = { written: target.written, field: target.field, start: piece.start, end: piece.end };
  if (piece.quoted || s.char !== '(') return plain;
  s.take('(');
  const inner = s.piece('value', 'field');
  s.expect(')', `${target.written}( is still open`);
  const innerTarget = inner === undefined ? undefined : resolveTarget(inner);
  return {
    written: `${target.written}(${innerTarget?.written ?? ''})`,
    field: innerTarget?.field ?? '',
    start: piece.start,
    end: s.pos,
  };
}

function readInteger(s: Scanner, what: string, max: number): number {
  const piece = s.piece('value', 'value');
  const text = piece === undefined ? '' : pieceText(piece);
  if (piece === undefined || !/^\d{1,9}$/.test(text) || Number(text) < 1 || Number(text) > max) {
    s.fail(`${what} is missing or not between 1 and ${max}`, ['10'], piece);
  }
  return Number(text);
}

function readText(s: Scanner, what: string): FieldRef & { readonly quoted: boolean } {
  const piece = s.piece('value', 'value');
  if (piece === undefined) s.fail(`${s.found()}, but ${what} is needed`, [what]);
  const { written, field } = resolveTarget(piece);
  return { written, field, quoted: piece.quoted, start: piece.start, end: piece.end };
}

function readList(s: Scanner, known: PipeOptions['lists']): string {
  const piece = s.piece('value', 'list');
  if (piece === undefined) s.fail(`${s.found()}, but the name of a list is needed`, ['the name of a list']);
  const name = pieceText(piece);
  if (known !== undefined && !known.has(name)) {
    const names = [...known.keys()].slice(0, 20);
    s.fail(`no list is called "${name}"`, names, piece, nearest(name, known.keys()));
  }
  return name;
}
