/**
 * The bytes of a stream that do not make a whole record yet. Shared by the framers: `load` adds a chunk, the framer
 * takes records out of `data[at, len)`, `keep` copies what is left so that a small tail does not pin a large chunk.
 *
 * Contract: what `take` returned is never written to again (the journal may still hold it), since chunks are only ever
 * appended; a byte is copied O(log n) times however small the chunks are. Held by stream-framer.prop.test.ts.
 */
const EMPTY = Buffer.alloc(0);
const FIRST_BYTES = 512;

export class PartialBytes {
  /** Valid up to `len`; never look beyond. */
  data: Buffer = EMPTY;
  at = 0;
  len = 0;
  /** True while `data` is our own buffer with nothing handed out of it; then `keep` need not copy the rest. */
  #writable = false;

  /** Bytes of memory that this stream holds between chunks. */
  get held(): number {
    return this.data.length;
  }
  get empty(): boolean {
    return this.at >= this.len;
  }

  /** Adds a chunk; returns by how much positions below the old `len` have moved (subtract it from kept indexes). */
  load(chunk: Uint8Array): number {
    if (this.empty) {
      const moved = this.at;
      this.data = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      this.at = 0;
      this.len = chunk.length;
      this.#writable = false;
      return moved;
    }
    if (this.#writable && this.len + chunk.length <= this.data.length) {
      this.data.set(chunk, this.len);
      this.len += chunk.length;
      return 0;
    }
    const rest = this.len - this.at;
    const moved = this.at;
    const next = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, 2 * rest, rest + chunk.length));
    this.data.copy(next, 0, this.at, this.len);
    next.set(chunk, rest);
    this.data = next;
    this.at = 0;
    this.len = rest + chunk.length;
    this.#writable = true;
    return moved;
  }

  /** The bytes of a record, without copying. */
  take(from: number, to: number): Uint8Array {
    this.#writable = false;
    return this.data.subarray(from, to);
  }

  /** Call after each `load` once all whole records are taken; returns by how much positions have moved. */
  keep(): number {
    const moved = this.at;
    if (this.empty) {
      this.data = EMPTY;
      this.len = 0;
    } else if (this.#writable) {
      return 0;
    } else {
      const rest = this.len - this.at;
      const own = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, rest + (rest >> 1)));
      this.data.copy(own, 0, this.at, this.len);
      this.data = own;
      this.len = rest;
      this.#writable = true;
    }
    this.at = 0;
    return moved;
  }
}
