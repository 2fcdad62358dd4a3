/**
 * The pipeline: doors -> journal -> workers (normalize, enrich, match, encode) -> state owner (correlations, alerts,
 * commit) -> event store. This file wires the stages and keeps their order; each stage is in its own folder.
 *
 * Contract: what the journal acknowledged reaches the store exactly once and is judged exactly once, over any restart.
 * Per unit one transaction writes alerts, ledger, outbox and checkpoint. Held by `pipeline.int.test.ts` and `test/kill`.
 */
import { join } from 'node:path';
import { Detection } from '../alert/detection.ts';
import type { Log } from '../base/log.ts';
import { assert, errorText } from '../base/result.ts';
import type { NetworkEntry } from '../enrich/networks.ts';
import { type DurableFrame, type FrameRef, Journal } from '../journal/journal.ts';
import type { AlertChange } from '../model/alert.ts';
import type { Intake } from '../model/record.ts';
import type { ControlStore } from '../store/control/control-store.ts';
import type { EventStore } from '../store/events.ts';
import { commitOf } from './commit.ts';
import { type Content, ContentFolder } from './content.ts';
import { Counter, type LineKey, minuteOf } from './counters.ts';
import { type Entry, FollowQueue } from './follow.ts';
import { Inserter } from './inserter.ts';
import { importIntake, JournalIntake, KEY_WINDOW_US } from './intake.ts';
import { LedgerBook } from './ledger.ts';
import type { RetentionDays } from '../model/retention.ts';
import { Snapshots } from './snapshots.ts';
import { decodeMatches, type Held, type Unit, type UnitResult } from './unit.ts';
import { type Outcome, WorkerPool } from './worker-pool.ts';

export type PipelineOptions = {
  readonly dataDir: string;
  readonly sourcesDir: string;
  readonly node: number;
  readonly workers: number;
  readonly journalBytesMax: number;
  readonly hostZone: string;
  readonly hostName: string;
  readonly retention: RetentionDays;
  readonly networks: readonly NetworkEntry[];
  /** Notification channels that get opened and escalated alerts of live events. */
  readonly channels: readonly string[];
  readonly nowUs: () => number;
  readonly log: Log;
};

export type Committed = {
  readonly records: number;
  readonly alerts: readonly AlertChange[];
  readonly spentUs: UnitResult['spentUs'];
};

/** Wait before a unit is given to a worker, so that few frames share one commit. */
const GATHER_MS = 40;
const SNAPSHOT_EVERY_MS = 10_000;
const TICK_EVERY_MS = 10_000;
/** After matches: alerts are held to one update a second. */
const SOON_TICK_MS = 1100;
const UNITS_AHEAD_PER_WORKER = 2;
/** Unit numbers of work for the inserter; ordinary units count up from 0. */
const REENCODE_SEQ = 2 ** 40;

export class Pipeline {
  readonly #o: PipelineOptions;
  readonly #control: ControlStore;
  readonly #store: EventStore;
  readonly #journal: Journal;
  readonly #intake: JournalIntake;
  readonly #contents: ContentFolder;
  readonly #snapshots: Snapshots;
  readonly #queue = new FollowQueue();
  readonly #toStore = new Counter();
  readonly #toJudge = new Counter();
  readonly #uncommitted = new Set<Entry>();
  readonly #unstored = new Map<number, Entry>();
  /** Alerts as a replay left them; written with the next commit, since units may have been cut otherwise before the restart. */
  readonly #replayed = new Map<string, AlertChange>();
  readonly #inserter: Inserter;
  readonly ledger: LedgerBook;
  #pool: WorkerPool | undefined;
  #content: Content;
  #detection: Detection;
  #positions = new Map<string, string>();
  #seq = 0;
  #next = 0;
  #inFlight = new Map<number, Entry[]>();
  #done = new Map<number, Outcome>();
  #pumpTimer: NodeJS.Timeout | undefined;
  #timers: NodeJS.Timeout[] = [];
  #committedBatch: number;
  #stateBatch: number;
  #snapshotBatch: number;
  #storedBatch: number;
  #storedSaved: number;
  #reencodeSeq = REENCODE_SEQ;
  #listeners: ((c: Committed) => void)[] = [];
  #idle: (() => void)[] = [];
  #closing = false;
  #busy = false;

  private constructor(options: PipelineOptions, control: ControlStore, store: EventStore, fallback: Content) {
    this.#o = options;
    this.#control = control;
    this.#store = store;
    this.#journal = new Journal({
      dir: join(options.dataDir, 'journal'),
      node: options.node,
      bytesMax: options.journalBytesMax,
      nowUs: options.nowUs,
      log: options.log,
    });
    this.#intake = new JournalIntake(this.#journal, options.nowUs);
    this.#contents = new ContentFolder(join(options.dataDir, 'content'));
    this.#snapshots = new Snapshots(join(options.dataDir, 'state'), options.log);
    this.#committedBatch = control.committedBatch();
    this.#storedBatch = Number(control.checkpoint('batch', 'stored') ?? '-1');
    this.#storedSaved = this.#storedBatch;
    this.#journal.startAfter(Math.max(this.#committedBatch, this.#storedBatch, 0));
    const snapshot = this.#snapshots.load(this.#committedBatch);
    this.#stateBatch = snapshot?.through ?? -1;
    this.#snapshotBatch = this.#snapshots.oldest();
    this.#content = (snapshot === undefined ? undefined : this.#contents.load(snapshot.content)) ?? fallback;
    this.#detection =
      snapshot === undefined
        ? new Detection(this.#content.rules)
        : Detection.restore(snapshot.bytes, this.#content.rules);
    this.#inserter = new Inserter({
      insert: (blocks, token) => store.insert(blocks, token),
      held: (from, to) => store.held(options.node, from, to),
      heldOrds: (batch) => store.heldOrds(options.node, batch),
      encode: (frames, held) => this.#encodeAgain(frames, held),
      stored: (frames) => this.#stored(frames),
      log: options.log,
    });
    this.ledger = new LedgerBook({
      control,
      counts: (from, to) => store.counts(from, to),
      quiet: (work) => this.#inserter.quiet(work),
      toStore: this.#toStore,
      toJudge: this.#toJudge,
      uncommitted: this.#uncommitted,
      nowUs: options.nowUs,
      log: options.log,
    });
  }

  /** Opens, replays what a crash left in doubt, and takes records from then on. `fallback`: content of a first start. */
  static async open(
    options: PipelineOptions,
    control: ControlStore,
    store: EventStore,
    fallback: Content,
  ): Promise<Pipeline> {
    const p = new Pipeline(options, control, store, fallback);
    p.#contents.save(p.#content);
    p.#pool = await WorkerPool.start(
      options.workers,
      {
        sourcesDir: options.sourcesDir,
        content: p.#content.text,
        hostZone: options.hostZone,
        hostName: options.hostName,
        node: options.node,
        retention: options.retention,
        networks: options.networks,
      },
      options.log,
    );
    await p.#recover();
    p.#journal.onFrame((f) => p.#arrived(f));
    control.onHumanChange((alert) => {
      if (alert.status === 'closed') p.#detection.alertClosed(alert.id);
      else p.#detection.alertReopened(alert.id);
    });
    p.#timers.push(
      setInterval(() => p.#journal.tick(), TICK_EVERY_MS),
      setInterval(() => p.#snapshot(), SNAPSHOT_EVERY_MS),
      setInterval(() => void p.ledger.reconcile(), 5_000),
    );
    p.#pump();
    return p;
  }

  get intake(): Intake {
    return this.#intake;
  }
  /** For imports: waits while live events are behind. */
  get importIntake(): Intake {
    return importIntake(
      this.#intake,
      () => this.#queue.records + [...this.#inFlight.values()].flat().reduce((n, e) => n + e.ref.count, 0),
    );
  }
  get receivedTotal(): number {
    return this.#intake.receivedTotal;
  }
  /** Position up to which a stream was journaled. */
  position(stream: string): string | undefined {
    return this.#positions.get(stream) ?? this.#control.checkpoint('stream', stream);
  }
  get journalBytes(): number {
    return this.#journal.diskBytes;
  }
  get pendingRecords(): number {
    return this.#toStore.total;
  }
  get ruleProblems(): WorkerPool['problems'] {
    return this.#pool?.problems ?? [];
  }
  get detectionStats(): ReturnType<Detection['stats']> {
    return this.#detection.stats();
  }
  get storeTrouble(): string {
    return this.#inserter.trouble;
  }
  get journalDamage(): Journal['damage'] {
    return this.#journal.damage;
  }
  kernelDrops(door: string, count: number): void {
    this.#journal.kernelDrops(door, count);
  }
  onCommit(listener: (c: Committed) => void): void {
    this.#listeners.push(listener);
  }

  /** New rules or lists take effect at the next batch boundary, by a record of their own in the journal. */
  reload(content: Content): void {
    if (content.hash === this.#content.hash) return;
    this.#contents.save(content);
    this.#journal.rules(content.hash);
  }
  get content(): Content {
    return this.#content;
  }

  /** Resolves when everything received so far is judged and committed. */
  async settled(): Promise<void> {
    await this.#journal.durable();
    if (this.#queue.length === 0 && this.#inFlight.size === 0) return;
    await new Promise<void>((r) => this.#idle.push(r));
  }

  /** Resolves when the store holds everything received so far; false where that took longer than `ms`. */
  async stored(ms: number): Promise<boolean> {
    await this.settled();
    for (const until = Date.now() + ms; this.#toStore.total > 0; ) {
      if (Date.now() > until) return false;
      await new Promise((r) => setTimeout(r, 20));
    }
    return true;
  }

  /** Flushes within `ms`; what the store does not take in time stays in the journal. */
  async close(ms = 4000): Promise<void> {
    const until = Date.now() + ms;
    for (const t of this.#timers) clearInterval(t);
    if (this.#soonTick !== undefined) clearTimeout(this.#soonTick);
    await this.#journal.close();
    await Promise.race([this.settled(), new Promise((r) => setTimeout(r, ms / 2).unref())]);
    this.#closing = true;
    await this.#inserter.close(Math.max(200, until - Date.now()));
    this.#saveStored();
    this.#snapshot();
    await this.#pool?.close();
  }

  // ── journal -> queue ────────────────────────────────────────────────────────────────────────────────────────────

  #arrived(f: DurableFrame): void {
    const content = f.head.rules === undefined ? undefined : this.#contents.load(f.head.rules);
    this.#track({
      ref: f,
      head: f.head,
      bytes: f.bytes,
      store: true,
      held: undefined,
      detect: true,
      commit: true,
      content,
    });
    if (this.#queue.records >= 2048) this.#pump();
    else this.#pumpTimer ??= setTimeout(() => this.#pump(), GATHER_MS);
  }

  /** Books an entry as on its way and queues it. */
  #track(e: Entry): void {
    for (const l of linesOf(e)) {
      if (e.store) this.#toStore.add(l.key, l.n);
      if (e.commit) this.#toJudge.add(l.key, l.n);
    }
    if (e.store) this.#unstored.set(e.ref.batch, e);
    if (e.commit) this.#uncommitted.add(e);
    this.#queue.push(e);
  }

  /** Queues what the journal holds beyond the checkpoints; the store is asked which rows it has. */
  async #recover(): Promise<void> {
    const from = Math.min(this.#stateBatch, this.#storedBatch, this.#committedBatch);
    for (const k of this.#control.dedupSince(this.#o.nowUs() - KEY_WINDOW_US, 200_000)) {
      this.#intake.remember(k.tenant, k.key, k.at);
    }
    const last = this.#journal.lastBatch;
    const held =
      last > this.#storedBatch
        ? await this.#heldCounts(this.#storedBatch + 1, last)
        : new Map<number, number>();
    const partial = new Map<number, number[]>();
    const frames: { ref: FrameRef; head: Entry['head'] }[] = [];
    this.#journal.replay(from, (ref, frame) => frames.push({ ref, head: frame.head }));
    for (const f of frames) {
      const n = held.get(f.ref.batch) ?? 0;
      if (n > 0 && n < f.ref.count)
        partial.set(f.ref.batch, [...(await this.#store.heldOrds(this.#o.node, f.ref.batch))]);
    }
    for (const f of frames) {
      const { batch, count } = f.ref;
      for (const [tenant, key] of f.head.keys) this.#intake.remember(tenant, key, f.ref.at);
      if (batch > this.#committedBatch)
        for (const [stream, pos] of f.head.ends) this.#positions.set(stream, pos);
      const store = batch > this.#storedBatch;
      this.#track({
        ref: f.ref,
        head: f.head,
        bytes: undefined,
        store,
        held: !store || (held.get(batch) ?? 0) >= count ? 'all' : partial.get(batch),
        detect: batch > this.#stateBatch,
        commit: batch > this.#committedBatch,
        content: f.head.rules === undefined ? undefined : this.#contents.load(f.head.rules),
      });
    }
    if (frames.length > 0)
      this.#o.log.info('journal replayed', { frames: frames.length, from: from + 1, last });
  }

  async #heldCounts(from: number, to: number): Promise<Map<number, number>> {
    for (;;) {
      try {
        return await this.#store.held(this.#o.node, from, to);
      } catch (e) {
        this.#o.log.warn('waiting for the event store to say what it holds', { cause: errorText(e) });
        await new Promise((r) => setTimeout(r, 500));
      }
    }
  }

  // ── queue -> workers ────────────────────────────────────────────────────────────────────────────────────────────

  #pump(): void {
    if (this.#pumpTimer !== undefined) clearTimeout(this.#pumpTimer);
    this.#pumpTimer = undefined;
    const pool = this.#pool as WorkerPool;
    while (!this.#closing && this.#inFlight.size < pool.size * UNITS_AHEAD_PER_WORKER) {
      const entries = this.#queue.take();
      const first = entries[0];
      if (first === undefined) break;
      if (first.content !== undefined) pool.reload(first.content.text);
      const unit: Unit = {
        kind: 'unit',
        seq: this.#seq++,
        match: first.detect,
        frames: entries.map((e) => ({
          batch: e.ref.batch,
          bytes: e.bytes ?? this.#journal.read(e.ref),
          ...(e.held === undefined ? {} : { held: e.held }),
        })),
      };
      this.#inFlight.set(unit.seq, entries);
      void pool.run(unit).then((o) => this.#finished(unit.seq, o));
    }
  }

  #finished(seq: number, outcome: Outcome): void {
    this.#done.set(seq, outcome);
    if (!this.#busy) void this.#applyInOrder();
  }

  async #applyInOrder(): Promise<void> {
    this.#busy = true;
    for (;;) {
      const outcome = this.#done.get(this.#next);
      if (outcome === undefined) break;
      this.#done.delete(this.#next);
      const entries = this.#inFlight.get(this.#next) as Entry[];
      this.#inFlight.delete(this.#next);
      this.#next++;
      if (outcome.kind === 'done') this.#apply(entries, outcome.result);
      else for (const [e, r] of await this.#rescue(entries, outcome.cause)) this.#apply([e], r);
      this.#pump();
    }
    this.#busy = false;
    if (this.#queue.length === 0 && this.#inFlight.size === 0) {
      for (const r of this.#idle.splice(0)) r();
    }
  }

  /** A unit that workers die on: frame by frame, and what still fails is stored raw as quarantined, never lost. */
  async #rescue(entries: readonly Entry[], cause: string): Promise<[Entry, UnitResult][]> {
    this.#o.log.error('a unit of work failed; trying its frames one by one', {
      cause,
      frames: entries.length,
    });
    const out: [Entry, UnitResult][] = [];
    for (const e of entries) {
      const frames = [
        {
          batch: e.ref.batch,
          bytes: this.#journal.read(e.ref),
          ...(e.held === undefined ? {} : { held: e.held }),
        },
      ];
      const pool = this.#pool as WorkerPool;
      let o =
        entries.length > 1
          ? await pool.run({ kind: 'unit', seq: this.#reencodeSeq++, match: e.detect, frames })
          : undefined;
      if (o?.kind !== 'done')
        o = await pool.run({
          kind: 'unit',
          seq: this.#reencodeSeq++,
          match: e.detect,
          frames,
          quarantine: true,
        });
      if (o.kind !== 'done')
        throw new Error(`batch ${e.ref.batch} can neither be parsed nor quarantined: ${o.cause}`);
      out.push([e, o.result]);
    }
    return out;
  }

  // ── state owner ─────────────────────────────────────────────────────────────────────────────────────────────────

  #apply(entries: readonly Entry[], r: UnitResult): void {
    const first = entries[0] as Entry;
    const last = entries.at(-1) as Entry;
    if (first.content !== undefined) {
      this.#content = first.content;
      this.#detection.swapRules(first.content.rules);
    }
    if (first.detect) {
      const matches = decodeMatches(r.matched);
      const changes: AlertChange[] = [
        ...this.#detection.apply(matches),
        ...this.#detection.tick(last.ref.at),
      ];
      this.#stateBatch = last.ref.batch;
      if (first.commit) this.#commit(entries, r, changes, matches);
      else for (const c of changes) this.#replayed.set(c.alert.id, { kind: 'updated', alert: c.alert });
    }
    for (const f of r.ruleFailures) this.#o.log.warn('a rule failed on an event', f);
    if (first.store) this.#inserter.add({ frames: entries.map((e) => e.ref), block: r.block, rows: r.rows });
  }

  #commit(
    entries: readonly Entry[],
    r: UnitResult,
    changes: readonly AlertChange[],
    matches: ReturnType<typeof decodeMatches>,
  ): void {
    const again = [...this.#replayed.values()];
    this.#replayed.clear();
    const tx = commitOf({
      entries,
      result: r,
      changes: [...again, ...changes],
      matches,
      channels: this.#o.channels,
    });
    this.#control.commitBatch(tx);
    this.#committedBatch = tx.through;
    for (const e of entries) this.#uncommitted.delete(e);
    for (const e of entries) for (const l of linesOf(e)) this.#toJudge.add(l.key, -l.n);
    for (const c of tx.checkpoints) if (this.#positions.get(c.name) === c.pos) this.#positions.delete(c.name);
    const c: Committed = {
      records: entries.reduce((n, e) => n + e.ref.count, 0),
      alerts: changes,
      spentUs: r.spentUs,
    };
    for (const listen of this.#listeners) listen(c);
    // What changes an alert again within a second waits for the next record or tick: journal one.
    if (matches.length > 0) this.#soonTick ??= setTimeout(() => this.#tickSoon(), SOON_TICK_MS);
  }
  #soonTick: NodeJS.Timeout | undefined;
  #tickSoon(): void {
    this.#soonTick = undefined;
    if (!this.#closing) this.#journal.tick();
  }

  #snapshot(): void {
    const through = Math.min(this.#stateBatch, this.#committedBatch);
    if (through <= this.#snapshotBatch || this.#stateBatch !== this.#committedBatch) return;
    this.#snapshots.save({ through, content: this.#content.hash, bytes: this.#detection.snapshot() });
    this.#snapshotBatch = this.#snapshots.oldest();
    this.#saveStored();
    this.#journal.release(Math.min(this.#snapshotBatch, this.#storedSaved, this.#committedBatch));
    this.#contents.prune(new Set([this.#content.hash]));
  }

  // ── store ───────────────────────────────────────────────────────────────────────────────────────────────────────

  #stored(frames: readonly FrameRef[]): void {
    for (const f of frames) {
      assert(f.batch > this.#storedBatch, 'the store is told of a batch twice');
      this.#storedBatch = f.batch;
      const e = this.#unstored.get(f.batch);
      this.#unstored.delete(f.batch);
      if (e !== undefined) for (const l of linesOf(e)) this.#toStore.add(l.key, -l.n);
    }
  }

  #saveStored(): void {
    if (this.#storedSaved === this.#storedBatch) return;
    this.#control.putCheckpoint({ kind: 'batch', name: 'stored', pos: String(this.#storedBatch) });
    this.#storedSaved = this.#storedBatch;
  }

  async #encodeAgain(
    frames: readonly FrameRef[],
    held: ReadonlyMap<number, Held>,
  ): Promise<{ block: Uint8Array; rows: number }> {
    const unit: Unit = {
      kind: 'unit',
      seq: this.#reencodeSeq++,
      match: false,
      frames: frames.map((f) => {
        const h = held.get(f.batch);
        return { batch: f.batch, bytes: this.#journal.read(f), ...(h === undefined ? {} : { held: h }) };
      }),
    };
    const pool = this.#pool as WorkerPool;
    let o = await pool.run(unit);
    if (o.kind === 'failed') o = await pool.run({ ...unit, seq: this.#reencodeSeq++, quarantine: true });
    if (o.kind === 'failed') throw new Error(o.cause);
    return { block: o.result.block, rows: o.result.rows };
  }
}

/** How many records of a frame belong to each line of the ledger. */
function linesOf(e: Entry): { key: LineKey; n: number }[] {
  const minute = minuteOf(e.ref.at);
  return e.head.metas.map((m, i) => ({
    key: { tenant: m.tenant, door: m.door, sender: m.sender, minute },
    n: e.head.counts[i] ?? 0,
  }));
}
