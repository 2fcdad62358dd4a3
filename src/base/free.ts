/**
 * Gives the memory of a large buffer back now. V8 collects a thread's whole heap for every 64 MiB of buffers that it made
 * since the last time, dead or alive: column blocks, frames and request bodies alone made that every two seconds under
 * load, and marking the state of detection each time took a sixth of Vigil's CPU.
 *
 * For the last owner only: every other view of the same memory is empty afterwards. A buffer that is part of a larger one
 * (Node's pool) is left alone. Held by `free.test.ts`.
 */
export function free(bytes: Uint8Array | undefined): void {
  if (bytes === undefined || bytes.byteLength === 0 || bytes.byteLength !== bytes.buffer.byteLength) return;
  if (bytes.buffer instanceof ArrayBuffer) bytes.buffer.transfer(0);
}
