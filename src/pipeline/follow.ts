/**
 * The queue between the journal and the workers. Entries keep their frame's bytes while MEMORY_BYTES_MAX lasts; beyond
 * it only the reference stays and the bytes are read from the journal when their turn comes (the journal is the spool).
 */
import type { Content } from './content.ts';
import { type LineKey, minuteOf } from './counters.ts';
import type { FrameHead } from '../journal/frame.ts';
import type { FrameRef } from '../journal/journal.ts';
import type { Held } from './unit.ts';

/** Records of one line of the ledger. */
export type LineCount = { readonly key: LineKey; readonly n: number };

export type Entry = {
  readonly ref: FrameRef;
  /** Of a frame that was committed before the restart: EMPTY_HEAD, nobody asks for it again. */
  readonly head: FrameHead;
  /** Goes when a worker has it: while the store is away, entries may wait by the million. */
  bytes: Buffer | undefined;
  readonly lines: readonly LineCount[];
  /** Of these, what the store lacks. */
  readonly toStore: readonly LineCount[];
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
  /** Alerts that people closed (true) or reopened before it. */
  readonly closed: readonly (readonly [string, boolean])[];
  /** What rules that are new learn from the store before it. */
  readonly taught: readonly string[];
};

export const EMPTY_HEAD: FrameHead = { metas: [], counts: [], ends: [], tallies: [], keys: [] };

/** The reference alone: what a frame carries beside it must not stay in memory with it. */
export const refOf = (f: FrameRef): FrameRef => ({
  batch: f.batch,
  at: f.at,
  count: f.count,
  path: f.path,
  offset: f.offset,
  length: f.length,
});

const KEYS_MAX = 10_000;
const keys = new Map<string, LineKey>();
/** One object per line of the ledger, however many frames name it. */
export function lineKey(m: { tenant: string; door: string; sender: string }, at: number): LineKey {
  const minute = minuteOf(at);
  const text = `${m.tenant}\0${m.door}\0${m.sender}\0${minute}`;
  let key = keys.get(text);
  if (key === undefined) {
    if (keys.size >= KEYS_MAX) keys.clear();
    key = { tenant: m.tenant, door: m.door, sender: m.sender, minute };
    keys.set(text, key);
  }
  return key;
}

/** How many records of a frame belong to each line. */
export function linesOf(ref: FrameRef, head: FrameHead): LineCount[] {
  return head.metas.flatMap((m, i) => {
    const n = head.counts[i] ?? 0;
    return n === 0 ? [] : [{ key: lineKey(m, ref.at), n }];
  });
}

/** Lines of several frames added up. */
export function sumLines(lists: Iterable<readonly LineCount[]>): LineCount[] {
  const by = new Map<LineKey, number>();
  for (const list of lists) for (const { key, n } of list) by.set(key, (by.get(key) ?? 0) + n);
  return [...by].map(([key, n]) => ({ key, n }));
}

export const MEMORY_BYTES_MAX = 48 * 1024 * 1024;
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
