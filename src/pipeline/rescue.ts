/**
 * Units that workers fail on, in three steps: without the records that they failed at (these are stored raw as
 * quarantined and counted as failed evaluation), then frame by frame, then a whole frame raw. Only bytes that are no
 * frame any more (a damaged disk) are given up: said loudly, and the ledger shows them missing.
 * Held by `poison.int.test.ts`.
 */
import type { Log } from '../base/log.ts';
import type { Content } from './content.ts';
import type { Unit, UnitResult } from './unit.ts';
import type { Failed, Outcome, WorkerPool } from './worker-pool.ts';

/** Records taken out of one unit before its frames are tried one by one. */
export const POISON_MAX = 16;

type Rescuer = {
  readonly pool: WorkerPool;
  readonly content: Content;
  readonly log: Log;
  /** A number for one more unit of work. */
  readonly nextSeq: () => number;
};

/** One result for the whole unit, or one for each of its frames in order. */
export async function rescue(r: Rescuer, unit: Unit, failure: Failed): Promise<readonly UnitResult[]> {
  const whole = await withoutPoison(r, unit, failure);
  if (whole.kind === 'done') return [whole.result];
  r.log.error('a unit of work fails whatever is left out; trying its frames one by one', {
    cause: whole.cause,
    frames: unit.frames.length,
  });
  const out: UnitResult[] = [];
  for (const frame of unit.frames) out.push(await oneFrame(r, { ...unit, frames: [frame] }));
  return out;
}

async function withoutPoison(r: Rescuer, unit: Unit, failure: Failed): Promise<Outcome> {
  const poison: (readonly [number, number])[] = [...(unit.poison ?? [])];
  let o: Outcome = failure;
  while (o.kind === 'failed' && o.at !== undefined && poison.length < POISON_MAX) {
    poison.push(o.at);
    r.log.error('an event stops parsing workers; it is stored unparsed and no rule sees it', {
      batch: o.at[0],
      ord: o.at[1],
      cause: o.cause,
    });
    o = await r.pool.run({ ...unit, seq: r.nextSeq(), poison }, r.content);
  }
  return o;
}

async function oneFrame(r: Rescuer, unit: Unit): Promise<UnitResult> {
  let o = await r.pool.run({ ...unit, seq: r.nextSeq() }, r.content);
  if (o.kind === 'failed') o = await withoutPoison(r, unit, o);
  if (o.kind === 'failed') o = await r.pool.run({ ...unit, seq: r.nextSeq(), quarantine: true }, r.content);
  if (o.kind === 'done') return o.result;
  r.log.error('a frame of the receive journal cannot be read any more; its events are lost', {
    batch: unit.frames[0]?.batch ?? -1,
    cause: o.cause,
  });
  return nothing(unit.seq);
}

const EMPTY = new Uint8Array(0);
const nothing = (seq: number): UnitResult => ({
  kind: 'result',
  seq,
  block: EMPTY,
  rows: 0,
  matched: EMPTY,
  tallies: [],
  ruleFailures: [],
  trouble: '',
  spentUs: { normalize: 0, match: 0, encode: 0 },
});
