/**
 * Lines of a byte stream whose positions matter (files, the journal's JSON, imports, text bodies). LF or CRLF ends a
 * line, an empty line is no record, a line longer than RECORD_BYTES_MAX becomes several records. NUL is content.
 *
 * Contract: as StreamFramer: the result does not depend on chunk boundaries. Held by line-cutter.prop.test.ts.
 */
import { RECORD_BYTES_MAX } from '../model/record.ts';
import { PartialBytes } from './partial-bytes.ts';

/** `end`: offset in the stream just after the line and its terminator; `last` is false for all but the last piece of a cut line. */
export type LineSink = (raw: Uint8Array, end: number, last: boolean) => void;

export class LineCutter {
  readonly #sink: LineSink;
  readonly #p = new PartialBytes();
  /** Stream offset of `data[0]`. */
  #base: number;
  #scan = 0;

  constructor(sink: LineSink, offset = 0) {
    this.#sink = sink;
    this.#base = offset;
  }

  get held(): number {
    return this.#p.held;
  }
  /** Bytes of an unfinished line. */
  get unfinished(): number {
    return this.#p.len - this.#p.at;
  }
  /** Offset of the first byte that was not handed on. */
  get offset(): number {
    return this.#base + this.#p.at;
  }

  push(chunk: Uint8Array): void {
    const p = this.#p;
    this.#move(p.load(chunk));
    const view = p.len === p.data.length ? p.data : p.data.subarray(0, p.len);
    for (;;) {
      const lf = view.indexOf(10, this.#scan);
      const upTo = lf < 0 ? p.len : lf;
      while (upTo - p.at > RECORD_BYTES_MAX) {
        p.at += RECORD_BYTES_MAX;
        this.#sink(p.take(p.at - RECORD_BYTES_MAX, p.at), this.#base + p.at, false);
      }
      this.#scan = upTo;
      if (lf < 0) break;
      this.#emit(lf);
      p.at = lf + 1;
      this.#scan = p.at;
    }
    this.#move(p.keep());
  }

  /** Hands on a last line that has no terminator. */
  flush(): void {
    const p = this.#p;
    if (!p.empty) this.#emit(p.len);
    p.at = p.len;
    this.#move(p.keep());
    this.#scan = 0;
  }

  #emit(lf: number): void {
    const p = this.#p;
    let to = lf;
    if (to > p.at && p.data[to - 1] === 13) to--;
    if (to > p.at) this.#sink(p.take(p.at, to), this.#base + Math.min(lf + 1, p.len), true);
  }

  #move(by: number): void {
    this.#base += by;
    this.#scan = Math.max(0, this.#scan - by);
  }
}
