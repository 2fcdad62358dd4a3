/**
 * Where a worker is, in memory that it shares with the pool: when it hangs or dies, the pool reads which event it was at.
 */

/** Bytes of the shared memory: unit number, frame within the unit, record within the frame (-1: none). */
export const PROGRESS_BYTES = 12;

export class Progress {
  readonly #cells: Int32Array;
  constructor(shared: SharedArrayBuffer) {
    this.#cells = new Int32Array(shared);
  }

  begin(seq: number): void {
    this.#cells[0] = seq | 0;
    this.#cells[1] = -1;
    this.#cells[2] = -1;
  }
  at(frame: number, ord: number): void {
    this.#cells[1] = frame;
    this.#cells[2] = ord;
  }
  end(): void {
    this.#cells[1] = -1;
    this.#cells[2] = -1;
  }

  /** Changes whenever the worker gets on. */
  get text(): string {
    return this.#cells.join();
  }
  /** The record that this unit is at. */
  of(seq: number): { readonly frame: number; readonly ord: number } | undefined {
    const [unit, frame = -1, ord = -1] = this.#cells;
    return unit === (seq | 0) && ord >= 0 ? { frame, ord } : undefined;
  }
}
