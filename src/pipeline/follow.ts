/**
 * The queue between the journal and the workers. Entries keep their frame's bytes while MEMORY_BYTES_MAX lasts; beyond
 * it only the reference stays and the bytes are read from the journal when their turn comes (the journal is the spool).
 */
import type { Content } from './content.ts';
import type { FrameHead } from '../journal/frame.ts';
import type { FrameRef } from '../journal/journal.ts';
import type { Held } from './unit.ts';

export type Entry = {
  readonly ref: FrameRef;
  readonly head: FrameHead;
  bytes: Buffer | undefined;
  /** False: the store's checkpoint is past it. */
  readonly store: boolean;
  /** What the store holds of it already. */
  readonly held: Held | undefined;
  /** Match and apply to the state. False: the snapshot is past it. */
  readonly detect: boolean;
  /** Write its alerts and ledger. False: committed before the restart. */
  readonly commit: boolean;
  /** Content that takes effect before it. */
  readonly content: Content | undefined;
};

export const MEMORY_BYTES_MAX = 96 * 1024 * 1024;
export const UNIT_RECORDS_MAX = 4096;
export const UNIT_BYTES_MAX = 4 * 1024 * 1024;

export class FollowQueue {
  #entries: Entry[] = [];
  #at = 0;
  #bytes = 0;
  #records = 0;

  get length(): number {
    return this.#entries.length - this.#at;
  }
  get records(): number {
    return this.#records;
  }

  push(e: Entry): void {
    if (e.bytes !== undefined && this.#bytes + e.bytes.length > MEMORY_BYTES_MAX) e.bytes = undefined;
    this.#bytes += e.bytes?.length ?? 0;
    this.#records += e.ref.count;
    this.#entries.push(e);
  }

  /** The next unit's entries: alike in what is to be done with them, a reload only ever first. Empty when none waits. */
  take(): Entry[] {
    const out: Entry[] = [];
    let records = 0;
    let bytes = 0;
    while (this.#at < this.#entries.length) {
      const e = this.#entries[this.#at] as Entry;
      const first = out[0];
      if (first !== undefined) {
        if (
          e.detect !== first.detect ||
          e.commit !== first.commit ||
          e.store !== first.store ||
          e.content !== undefined
        )
          break;
        if (records + e.ref.count > UNIT_RECORDS_MAX || bytes + e.ref.length > UNIT_BYTES_MAX) break;
      }
      out.push(e);
      records += e.ref.count;
      bytes += e.ref.length;
      this.#at++;
      this.#bytes -= e.bytes?.length ?? 0;
      this.#records -= e.ref.count;
    }
    if (this.#at > 1024 && this.#at * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#at);
      this.#at = 0;
    }
    return out;
  }
}
