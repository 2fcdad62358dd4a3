/**
 * Syslog framing over a byte stream (RFC 6587): octet counting (3.4.1) and trailer framing (3.4.2), told apart at
 * each message, so a stream may mix both.
 *
 * - Octet counting is believed when a count of 1 to 8 digits and a space is followed by `<PRI>`, or, right after an
 *   octet-counted message, by anything. A count over OCTET_COUNT_MAX, or anything else, is read as a line.
 * - A line ends at LF (a CR or NUL before it belongs to the terminator), or at a NUL that is followed by `<` or `{`
 *   (the start of another message). Any other NUL is content and stays in the raw bytes.
 * - A message longer than RECORD_BYTES_MAX becomes several records; nothing is ever discarded but empty lines.
 *
 * Contract: the records depend on the bytes only, never on how they were split into chunks.
 * Held by stream-framer.prop.test.ts.
 */
import { RECORD_BYTES_MAX } from '../model/record.ts';
import { PartialBytes } from './partial-bytes.ts';

/** Longest octet-counted message that is believed, bytes. */
export const OCTET_COUNT_MAX = 16 * 1024 * 1024;
const OCTET_DIGITS_MAX = 8;
const LF = 10;
const CR = 13;
const NUL = 0;
const SPACE = 32;
const LT = 60;
const GT = 62;
const BRACE = 123;
const isDigit = (c: number): boolean => c >= 48 && c <= 57;

export type FrameSink = {
  record(raw: Uint8Array): void;
  /** A frame with nothing in it (a counted message of terminators only). */
  bad(): void;
};

export class StreamFramer {
  readonly #sink: FrameSink;
  readonly #p = new PartialBytes();
  #mode: 'start' | 'line' | 'octet' = 'start';
  /** Octets of the current counted message that have not been handed on. */
  #need = 0;
  #afterOctet = false;
  /** The current message has already given a record (it was cut). */
  #continued = false;
  /** Where to look for a terminator next. */
  #scan = 0;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** Memory held between chunks, bytes. */
  get held(): number {
    return this.#p.held;
  }
  /** What an unfinished message waits for; `nul`: only for the byte after a NUL. */
  get unfinished(): '' | 'line' | 'nul' | 'octet' {
    if (this.#p.empty) return '';
    if (this.#mode === 'octet') return 'octet';
    return this.#p.data[this.#p.len - 1] === NUL ? 'nul' : 'line';
  }

  push(chunk: Uint8Array): void {
    this.#scan = Math.max(0, this.#scan - this.#p.load(chunk));
    this.#parse();
    this.#scan = Math.max(0, this.#scan - this.#p.keep());
  }

  /** Hands on an unfinished message as it is (idle sender, end of stream, memory pressure). */
  flush(): void {
    const p = this.#p;
    if (!p.empty) {
      const n = p.len - p.at;
      if (this.#mode === 'octet') {
        this.#emit(p.at, p.len, false);
        this.#need -= n;
        this.#continued = true;
        if (this.#need <= 0) this.#toStart(true);
      } else {
        this.#emit(p.at, p.len, true);
        this.#toStart(false);
      }
      p.at = p.len;
    }
    this.#scan = 0;
    p.keep();
  }

  #parse(): void {
    const p = this.#p;
    while (p.at < p.len) {
      if (this.#mode === 'start' && !this.#detect()) return;
      if (this.#mode === 'octet' ? !this.#octet() : !this.#line()) return;
    }
  }

  /** Finds out how the message at `at` is framed; false: more bytes are needed, or there was nothing but blanks. */
  #detect(): boolean {
    const p = this.#p;
    const d = p.data;
    while (p.at < p.len && (d[p.at] === LF || d[p.at] === NUL)) p.at++;
    if (p.at >= p.len) return false;
    this.#scan = p.at;
    const c = d[p.at]!;
    if (c === 48 || !isDigit(c)) return this.#asLine();
    let i = p.at + 1;
    while (i < p.len && isDigit(d[i]!) && i - p.at <= OCTET_DIGITS_MAX) i++;
    if (i - p.at > OCTET_DIGITS_MAX) return this.#asLine();
    if (i >= p.len) return false;
    if (d[i] !== SPACE) return this.#asLine();
    const count = Number(d.toString('latin1', p.at, i));
    if (count > OCTET_COUNT_MAX) return this.#asLine();
    const pri = startsWithPri(d, i + 1, p.len);
    if (pri === 'unknown') return false;
    if (pri === 'no' && !this.#afterOctet) return this.#asLine();
    this.#mode = 'octet';
    this.#need = count;
    p.at = i + 1;
    return true;
  }

  #asLine(): true {
    this.#mode = 'line';
    return true;
  }

  #octet(): boolean {
    const p = this.#p;
    while (this.#need > RECORD_BYTES_MAX && p.len - p.at >= RECORD_BYTES_MAX) {
      this.#emit(p.at, p.at + RECORD_BYTES_MAX, false);
      p.at += RECORD_BYTES_MAX;
      this.#need -= RECORD_BYTES_MAX;
      this.#continued = true;
    }
    if (this.#need > RECORD_BYTES_MAX || p.len - p.at < this.#need) return false;
    const end = p.at + this.#need;
    if (!this.#emit(p.at, end, true) && !this.#continued) this.#sink.bad();
    p.at = end;
    this.#toStart(true);
    return true;
  }

  #line(): boolean {
    const p = this.#p;
    const end = this.#lineEnd();
    // A NUL at the very end of what is here is undecided and counts for neither side.
    const upTo = end >= 0 ? end : this.#scan;
    while (upTo - p.at > RECORD_BYTES_MAX) {
      this.#emit(p.at, p.at + RECORD_BYTES_MAX, false);
      p.at += RECORD_BYTES_MAX;
      this.#continued = true;
    }
    if (end < 0) return false;
    this.#emit(p.at, end, true);
    p.at = end + 1;
    this.#toStart(false);
    return true;
  }

  /** Index of the terminator of the current line, -1 where it has not arrived; then `#scan` is set for next time. */
  #lineEnd(): number {
    const p = this.#p;
    const view = p.len === p.data.length ? p.data : p.data.subarray(0, p.len);
    const lf = view.indexOf(LF, this.#scan);
    const stop = lf < 0 ? p.len : lf;
    let nul = view.subarray(this.#scan, stop).indexOf(NUL);
    nul = nul < 0 ? stop : nul + this.#scan;
    for (; nul < stop; nul++) {
      if (view[nul] !== NUL) continue;
      if (nul + 1 >= p.len) {
        this.#scan = nul;
        return -1;
      }
      const next = view[nul + 1];
      if (next === LT || next === BRACE) return nul;
    }
    this.#scan = stop;
    return lf;
  }

  #toStart(afterOctet: boolean): void {
    this.#mode = 'start';
    this.#afterOctet = afterOctet;
    this.#continued = false;
    this.#need = 0;
  }

  /** False where nothing is left after taking off the terminator. */
  #emit(from: number, to: number, strip: boolean): boolean {
    const d = this.#p.data;
    if (strip) {
      while (to > from && (d[to - 1] === LF || d[to - 1] === CR || d[to - 1] === NUL)) to--;
      if (to === from) return false;
    }
    this.#sink.record(this.#p.take(from, to));
    return true;
  }
}

/** Whether `<` 1-3 digits `>` stands at `i`. */
function startsWithPri(d: Uint8Array, i: number, len: number): 'yes' | 'no' | 'unknown' {
  if (i >= len) return 'unknown';
  if (d[i] !== LT) return 'no';
  for (let k = 1; k <= 4; k++) {
    if (i + k >= len) return 'unknown';
    const c = d[i + k]!;
    if (c === GT) return k > 1 ? 'yes' : 'no';
    if (!isDigit(c)) return 'no';
  }
  return 'no';
}
