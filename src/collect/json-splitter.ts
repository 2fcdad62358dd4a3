/**
 * Splits JSON text into its elements without parsing it: the elements of one top-level array, or one or more values
 * one after the other (with or without newlines between them). `{"Records": [...]}` (AWS CloudTrail's files) counts
 * as the array in it. The exact source bytes of each element are kept. Whether an element is valid JSON is for the
 * normaliser; here only strings and brackets are followed.
 *
 * Contract: independent of chunk boundaries; an element over RECORD_BYTES_MAX becomes several records.
 * Held by line-cutter.prop.test.ts.
 */
import { RECORD_BYTES_MAX } from '../model/record.ts';
import type { LineSink } from './line-cutter.ts';
import { PartialBytes } from './partial-bytes.ts';

const QUOTE = 34;
const COMMA = 44;
const BACKSLASH = 92;
const OPEN_ARRAY = 91;
const CLOSE_ARRAY = 93;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;
const isSpace = (c: number): boolean => c === 32 || c === 10 || c === 13 || c === 9;

/** `{"Records":[` with any white space, up to this many bytes of it. */
const WRAPPED = /^\s*\{\s*"Records"\s*:\s*\[/;
const HEAD_BYTES = 256;
const SCALAR = /^(?:-?\d[\d.eE+-]{0,62}|true|false|null)$/;
const SCALAR_BYTES_MAX = 64;

export type JsonError = { readonly offset: number; readonly message: string };

export class JsonSplitter {
  readonly #sink: LineSink;
  readonly #p = new PartialBytes();
  #base = 0;
  #i = 0;
  #phase: 'head' | 'between' | 'value' | 'scalar' | 'after' | 'tail' = 'head';
  #array = false;
  #wrapped = false;
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** In an array: a comma has been read and an element must follow. */
  #comma = false;
  #elements = 0;
  #error: JsonError | undefined;

  constructor(sink: LineSink) {
    this.#sink = sink;
  }

  /** Set once something is wrong; further input is ignored. */
  get error(): JsonError | undefined {
    return this.#error;
  }

  push(chunk: Uint8Array): void {
    if (this.#error !== undefined) return;
    this.#move(this.#p.load(chunk));
    this.#run(false);
    this.#move(this.#p.keep());
  }

  /** The input has ended; returns the error, if any. */
  end(): JsonError | undefined {
    if (this.#error === undefined) {
      this.#run(true);
      if (this.#phase === 'scalar') this.#element(this.#p.len);
      if (this.#phase === 'value') this.#fail('the text ends inside an element');
      else if (this.#array && this.#phase !== 'tail') this.#fail('the array has no end');
      else if (this.#wrapped) this.#fail('the object around the array has no end');
    }
    return this.#error;
  }

  #run(atEnd: boolean): void {
    if (this.#phase === 'head' && !this.#head(atEnd)) return;
    const p = this.#p;
    while (this.#i < p.len && this.#error === undefined) {
      if (this.#phase === 'value') this.#value();
      else if (this.#phase === 'scalar') this.#scalar();
      else this.#between();
    }
    this.#cut();
  }

  /** Looks for the opening of the array; true once that is decided. */
  #head(atEnd: boolean): boolean {
    const p = this.#p;
    if (p.len < 3 && p.data[0] === 0xef && !atEnd) return false;
    if (p.len >= 3 && p.data[0] === 0xef && p.data[1] === 0xbb && p.data[2] === 0xbf) p.at = this.#i = 3;
    const text = p.data.toString('latin1', p.at, Math.min(p.len, p.at + HEAD_BYTES));
    const m = WRAPPED.exec(text);
    if (m === null && !atEnd && text.length < HEAD_BYTES && !text.includes('}') && !/^\s*[^\s{]/.test(text))
      return false;
    this.#phase = 'between';
    if (m !== null) {
      this.#array = this.#wrapped = true;
      this.#i = p.at = p.at + m[0].length;
      return true;
    }
    const first = /^\s*\[/.exec(text);
    if (first !== null) {
      this.#array = true;
      this.#i = p.at = p.at + first[0].length;
    }
    return true;
  }

  #between(): void {
    const p = this.#p;
    const c = p.data[this.#i]!;
    if (isSpace(c)) {
      p.at = ++this.#i;
      return;
    }
    if (this.#phase === 'tail') {
      if (this.#wrapped && c === CLOSE_OBJECT) {
        this.#wrapped = false;
        p.at = ++this.#i;
      } else this.#fail('there is text after the end of the array');
      return;
    }
    if (this.#array && c === CLOSE_ARRAY && !this.#comma) {
      this.#phase = 'tail';
      p.at = ++this.#i;
      return;
    }
    if (this.#phase === 'after' && this.#array) {
      if (c !== COMMA) return this.#fail('a comma or the end of the array was expected');
      this.#comma = true;
      this.#phase = 'between';
      p.at = ++this.#i;
      return;
    }
    if (c === COMMA || c === CLOSE_ARRAY || c === CLOSE_OBJECT) return this.#fail('an element was expected');
    p.at = this.#i;
    this.#comma = false;
    if (c === QUOTE || c === OPEN_ARRAY || c === OPEN_OBJECT) this.#phase = 'value';
    else this.#phase = 'scalar';
  }

  /** A string, array or object: to its closing quote or bracket. */
  #value(): void {
    const p = this.#p;
    const d = p.data;
    const len = p.len;
    let i = this.#i;
    while (i < len) {
      const c = d[i++]!;
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (c === BACKSLASH) this.#escaped = true;
        else if (c === QUOTE) {
          this.#inString = false;
          if (this.#depth === 0) break;
        }
      } else if (c === QUOTE) this.#inString = true;
      else if (c === OPEN_OBJECT || c === OPEN_ARRAY) this.#depth++;
      else if ((c === CLOSE_OBJECT || c === CLOSE_ARRAY) && --this.#depth === 0) break;
    }
    this.#i = i;
    if (this.#depth === 0 && !this.#inString) this.#element(i);
  }

  /** A number or a bare word: to white space, a comma or a bracket. */
  #scalar(): void {
    const p = this.#p;
    while (this.#i < p.len) {
      const c = p.data[this.#i]!;
      if (isSpace(c) || c === COMMA || c === CLOSE_ARRAY || c === CLOSE_OBJECT) {
        this.#element(this.#i);
        return;
      }
      this.#i++;
    }
  }

  #element(to: number): void {
    const p = this.#p;
    this.#i = to;
    if (
      this.#phase === 'scalar' &&
      !SCALAR.test(p.data.toString('latin1', p.at, Math.min(to, p.at + SCALAR_BYTES_MAX + 1)))
    )
      return this.#fail(
        'an element that is neither an object, an array, a string, a number, true, false nor null',
      );
    this.#cut();
    this.#sink(p.take(p.at, to), this.#base + to, true);
    p.at = to;
    this.#elements++;
    this.#phase = this.#array ? 'after' : 'between';
  }

  /** Hands on the first pieces of an element that is too long for one record. */
  #cut(): void {
    const p = this.#p;
    if (this.#phase !== 'value' && this.#phase !== 'scalar') return;
    while (this.#i - p.at > RECORD_BYTES_MAX) {
      p.at += RECORD_BYTES_MAX;
      this.#sink(p.take(p.at - RECORD_BYTES_MAX, p.at), this.#base + p.at, false);
    }
  }

  #fail(message: string): void {
    this.#error = { offset: this.#base + this.#i, message: `${message} (after ${this.#elements} elements)` };
  }

  #move(by: number): void {
    this.#base += by;
    this.#i = Math.max(0, this.#i - by);
  }
}
