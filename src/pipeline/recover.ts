/**
 * What a restart finds: the journal's frames beyond the checkpoints, and for each what is still to be done with it (judge,
 * commit, store). The store is asked which rows it has, since the last inserts may have arrived unheard.
 * Held by `restart.int.test.ts`, `pipeline.int.test.ts` and the kill test.
 */
import type { Log } from '../base/log.ts';
import { errorText } from '../base/result.ts';
import { decodeFrame, type FrameHead } from '../journal/frame.ts';
import type { FrameRef, Journal } from '../journal/journal.ts';
import type { Content } from './content.ts';
import { EMPTY_HEAD, type Entry, type LineCount, lineKey, linesOf, sumLines } from './follow.ts';

export type Recovery = {
  readonly journal: Journal;
  /** Batches up to which the snapshot, the store and the control database are. */
  readonly state: number;
  readonly stored: number;
  readonly committed: number;
  readonly held: (from: number, to: number) => Promise<Map<number, number>>;
  readonly heldOrds: (batch: number) => Promise<Set<number>>;
  readonly content: (hash: string) => Content | undefined;
  /** Idempotency keys and stream positions of a frame. */
  readonly seen: (ref: FrameRef, head: FrameHead) => void;
  readonly log: Log;
};

const RETRY_MS = 500;

export async function recoverEntries(r: Recovery): Promise<Entry[]> {
  const last = r.journal.lastBatch;
  const held =
    last > r.stored ? await patient(r.log, () => r.held(r.stored + 1, last)) : new Map<number, number>();
  const out: Entry[] = [];
  r.journal.replay(Math.min(r.state, r.stored, r.committed), (ref, frame) => {
    const { head } = frame;
    r.seen(ref, head);
    const store = ref.batch > r.stored;
    const there = held.get(ref.batch) ?? 0;
    const lines = linesOf(ref, head);
    const detect = ref.batch > r.state;
    const commit = ref.batch > r.committed;
    out.push({
      ref,
      head: commit ? head : EMPTY_HEAD,
      bytes: undefined,
      lines: commit ? lines : [],
      toStore: store && there === 0 ? lines : [],
      store,
      held: !store || there >= ref.count ? 'all' : undefined,
      detect,
      commit,
      // What took effect before the snapshot is in it.
      content: detect && head.rules !== undefined ? r.content(head.rules) : undefined,
      closed: detect ? (head.closed ?? []) : [],
      taught: detect ? (head.taught ?? []) : [],
    });
  });
  for (const [i, e] of out.entries()) {
    const there = held.get(e.ref.batch) ?? 0;
    if (e.store && there > 0 && there < e.ref.count) out[i] = await partly(r, e);
  }
  if (out.length > 0) r.log.info('journal replayed', { frames: out.length, last });
  return out;
}

/** A frame of which the store holds some rows. */
async function partly(r: Recovery, e: Entry): Promise<Entry> {
  const ords = await patient(r.log, () => r.heldOrds(e.ref.batch));
  const frame = decodeFrame(r.journal.read(e.ref));
  const missing: LineCount[][] = [];
  if (frame.ok)
    for (const [ord, { meta }] of frame.value.records.entries())
      if (!ords.has(ord)) missing.push([{ key: lineKey(meta, e.ref.at), n: 1 }]);
  return { ...e, held: [...ords], toStore: sumLines(missing) };
}

async function patient<T>(log: Log, ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (e) {
      log.warn('waiting for the event store to say what it holds', { cause: errorText(e) });
      await new Promise((r) => setTimeout(r, RETRY_MS));
    }
  }
}
