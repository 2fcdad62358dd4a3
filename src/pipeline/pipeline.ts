/**
 * The pipeline: doors -> journal -> workers (normalize, enrich, match, encode) -> state owner (correlations, alerts,
 * commit) -> event store. This file wires the stages and keeps their order; each stage is in its own folder.
 *
 * Contract: what the journal acknowledged reaches the store exactly once and is judged exactly once, over any restart.
 * Per unit one transaction writes alerts, ledger, outbox and checkpoint. Held by `pipeline.int.test.ts` and `test/ci/kill.int.ts`.
 */
import { join } from 'node:path';
import { Detection } from '../alert/detection.ts';
import type { Log } from '../base/log.ts';
import { free } from '../base/free.ts';
import type { Teaching } from '../detect/memory/teaching.ts';
import { assert, errorText } from '../base/result.ts';
import type { NetworkEntry } from '../enrich/networks.ts';
import { type DurableFrame, type FrameRef, Journal } from '../journal/journal.ts';
import type { Intake } from '../model/record.ts';
import type { ControlStore } from '../store/control/control-store.ts';
import type { EventStore } from '../store/events.ts';
import { type Content, ContentFolder, NewerContentError } from './content.ts';
import { Counter } from './counters.ts';
import { type Entry, FollowQueue, linesOf, refOf, sumLines } from './follow.ts';
import { Inserter, type StoreUnit } from './inserter.ts';
import { importIntake, JournalIntake, KEY_WINDOW_US } from './intake.ts';
import { LedgerBook } from './ledger.ts';
import type { RetentionDays } from '../model/retention.ts';
import { recoverEntries } from './recover.ts';
import { rescue } from './rescue.ts';
import { Snapshots } from './snapshots.ts';
import { type Committed, StateOwner } from './state-owner.ts';
import type { Held, Unit, UnitResult } from './unit.ts';
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
  /** A worker without progress for this long is ended, milliseconds. */
  readonly stallMs?: number;
  /** Tests put a worker with faults here. */
  readonly workerScript?: URL;
};

/** Wait before a unit is given to a worker: units share a commit (an fsync), a message to a thread and back, a block. */
const GATHER_MS = 120;
const SNAPSHOT_EVERY_MS = 10_000;
/** A large state is written less often, so that it takes this part of the time at most; never less often than this. */
const SNAPSHOT_SHARE = 0.02;
const SNAPSHOT_EVERY_MS_MAX = 60_000;
/** A report asks for itself; this is for the minutes that nobody looks at. */
const RECONCILE_EVERY_MS = 30_000;
const TICK_EVERY_MS = 10_000;
/** After matches: alerts are held to one update a second. */
const SOON_TICK_MS = 1100;
const UNITS_AHEAD_PER_WORKER = 2;
/** Wait between attempts to read the journal. */
const RETRY_MS = 1000;
/** Unit numbers of work for the inserter; ordinary units count up from 0. */
const REENCODE_SEQ = 2 ** 30;

/** A unit on its way through a worker. */
type Flight = {
  readonly entries: readonly Entry[];
  readonly unit: Unit;
  /** What judges it. */
  readonly content: Content;
};

export type { Committed };

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
  readonly #owner: StateOwner;
  readonly #inserter: Inserter;
  readonly ledger: LedgerBook;
  #pool: WorkerPool | undefined;
  /** Given to units, and journaled last: with what the state owner has, three places on the way of a reload. */
  #given: Content;
  #wanted: string;
  /** Reloads in the journal, by batch: their texts are needed as long as it is. */
  #reloads: { readonly batch: number; readonly hash: string }[] = [];
  readonly #positions = new Map<string, string>();
  #seq = 0;
  #next = 0;
  #inFlight = new Map<number, Flight>();
  /** Taken from the queue, and not readable from the journal at the moment. */
  #held: Entry[] = [];
  #done = new Map<number, Outcome>();
  #pumpTimer: NodeJS.Timeout | undefined;
  #timers: NodeJS.Timeout[] = [];
  #snapshotAfter = 0;
  #snapshotBatch: number;
  #storedBatch: number;
  #storedSaved: number;
  #reencodeSeq = REENCODE_SEQ;
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
    const committedBatch = control.committedBatch();
    this.#storedBatch = Number(control.checkpoint('batch', 'stored') ?? '-1');
    this.#storedSaved = this.#storedBatch;
    this.#journal.startAfter(Math.max(committedBatch, this.#storedBatch, 0));
    const snapshot = this.#snapshots.load(committedBatch);
    this.#snapshotBatch = this.#snapshots.oldest();
    const content = (snapshot === undefined ? undefined : this.#loadContent(snapshot.content)) ?? fallback;
    this.#given = content;
    this.#wanted = content.hash;
    this.#owner = new StateOwner(
      {
        control,
        channels: options.channels,
        log: options.log,
        toJudge: this.#toJudge,
        uncommitted: this.#uncommitted,
        positions: this.#positions,
        close: (alert, closed) => this.#journal.closed(alert, closed),
        toStore: (entries, r) => this.#toInserter(entries, r),
        changed: () => {
          this.#soonTick ??= setTimeout(() => this.#tickSoon(), SOON_TICK_MS);
        },
        closing: () => this.#closing,
      },
      {
        detection:
          snapshot === undefined
            ? new Detection(content.rules, { lists: content.lists })
            : Detection.restore(snapshot.bytes, content.rules, { lists: content.lists }),
        content,
        stateBatch: snapshot?.through ?? -1,
        committedBatch,
      },
    );
    this.#inserter = new Inserter({
      insert: (blocks, token) => store.insert(blocks, token),
      held: (from, to) => store.held(options.node, from, to),
      heldOrds: (batch) => store.heldOrds(options.node, batch),
      encode: (frames, held) => this.#encodeAgain(frames, held),
      stored: (unit) => this.#stored(unit),
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
    p.#contents.save(p.#owner.content);
    p.#pool = await WorkerPool.start(
      options.workers,
      {
        sourcesDir: options.sourcesDir,
        content: p.#owner.content,
        hostZone: options.hostZone,
        hostName: options.hostName,
        node: options.node,
        retention: options.retention,
        networks: options.networks,
        ...(options.stallMs === undefined ? {} : { stallMs: options.stallMs }),
        ...(options.workerScript === undefined ? {} : { script: options.workerScript }),
      },
      options.log,
    );
    try {
      await p.#recover();
    } catch (e) {
      // Left running, workers would keep a failed start from ending.
      await p.#pool.close();
      await p.#journal.close();
      throw e;
    }
    p.#journal.onFrame((f) => p.#arrived(f));
    // A journal names what judges it from its first frame on: a replay must not judge by what is installed then.
    if (p.#journal.lastBatch <= 0) p.#journal.rules(p.#owner.content.hash);
    p.onCommit((c) => {
      // After the unit's block was handed over, which follows its commit in the same turn.
      if (c.alerts.some((a) => a.kind !== 'updated')) setImmediate(() => p.#inserter.hurry());
    });
    control.onHumanChange((alert) => p.#journal.closed(alert.id, alert.status === 'closed'));
    p.#timers.push(
      setInterval(() => p.#journal.tick(), TICK_EVERY_MS),
      setInterval(() => p.#snapshotDue(), SNAPSHOT_EVERY_MS),
      setInterval(() => void p.ledger.reconcile(), RECONCILE_EVERY_MS),
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
      () =>
        this.#queue.records +
        [...this.#inFlight.values()].flatMap((f) => f.entries).reduce((n, e) => n + e.ref.count, 0),
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
  get channels(): readonly string[] {
    return this.#o.channels;
  }
  /** Batch up to which the store has everything. */
  get storedBatch(): number {
    return this.#storedBatch;
  }
  get pendingRecords(): number {
    return this.#toStore.total;
  }
  get ruleProblems(): WorkerPool['problems'] {
    return this.#pool?.problems ?? [];
  }
  get detectionStats(): ReturnType<Detection['stats']> {
    return this.#owner.detection.stats();
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
    this.#owner.onCommit(listener);
  }

  get commitTrouble(): string {
    return this.#owner.commitTrouble;
  }

  /** New rules or lists take effect at the next batch boundary, by a record of their own in the journal. */
  reload(content: Content): void {
    if (content.hash === this.#wanted) return;
    this.#contents.save(content);
    this.#wanted = content.hash;
    this.#journal.rules(content.hash);
  }
  get content(): Content {
    return this.#owner.content;
  }

  /** Rules that ask for the past and have not been taught it, by the state owner. */
  get untaught(): ReturnType<Detection['untaught']> {
    return this.#owner.detection.untaught();
  }
  /** What the store knows of their past; learned at a place of its own in the journal. */
  teach(t: Teaching): void {
    this.#journal.taught(JSON.stringify(t));
  }

  /** Resolves when everything received so far is judged and committed. */
  async settled(): Promise<void> {
    await this.#journal.durable();
    if (this.#isIdle) return;
    await new Promise<void>((r) => this.#idle.push(r));
  }

  get #isIdle(): boolean {
    return this.#queue.length === 0 && this.#held.length === 0 && this.#inFlight.size === 0;
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
    // What cannot be written now was acknowledged to nobody.
    const settled = this.settled().catch(() => {});
    await Promise.race([settled, new Promise((r) => setTimeout(r, ms / 2).unref())]);
    this.#closing = true;
    if (this.#pumpTimer !== undefined) clearTimeout(this.#pumpTimer);
    await this.#inserter.close(Math.max(200, until - Date.now()));
    this.#snapshot();
    try {
      this.#saveStored();
    } catch (e) {
      this.#o.log.error('the checkpoint of the store is not saved', { cause: errorText(e) });
    }
    await this.#pool?.close();
  }

  // ── journal -> queue ────────────────────────────────────────────────────────────────────────────────────────────

  #arrived(f: DurableFrame): void {
    const ref = refOf(f);
    const lines = linesOf(ref, f.head);
    this.#track({
      ref,
      head: f.head,
      bytes: f.bytes,
      lines,
      toStore: lines,
      store: true,
      held: undefined,
      detect: true,
      commit: true,
      content: f.head.rules === undefined ? undefined : this.#loadContent(f.head.rules),
      closed: f.head.closed ?? [],
      taught: f.head.taught ?? [],
    });
    if (this.#queue.records >= 2048) this.#pump();
    else this.#pumpTimer ??= setTimeout(() => this.#pump(), GATHER_MS);
  }

  /** Books an entry as on its way and queues it. */
  #track(e: Entry): void {
    for (const l of e.toStore) this.#toStore.add(l.key, l.n);
    if (e.commit) {
      for (const l of e.lines) this.#toJudge.add(l.key, l.n);
      this.#uncommitted.add(e);
    }
    if (e.content !== undefined) this.#reloads.push({ batch: e.ref.batch, hash: e.content.hash });
    this.#queue.push(e);
  }

  #loadContent(hash: string): Content | undefined {
    let cause = 'its text is missing';
    try {
      const c = this.#contents.load(hash);
      if (c !== undefined) return c;
    } catch (e) {
      if (e instanceof NewerContentError) throw e;
      cause = errorText(e);
    }
    this.#o.log.error('rules that were in force cannot be loaded; others judge instead', { hash, cause });
    return undefined;
  }

  /** Queues what the journal holds beyond the checkpoints. */
  async #recover(): Promise<void> {
    for (const k of this.#control.dedupSince(this.#o.nowUs() - KEY_WINDOW_US, 200_000)) {
      this.#intake.remember(k.tenant, k.key, k.at);
    }
    const entries = await recoverEntries({
      journal: this.#journal,
      state: this.#owner.stateBatch,
      stored: this.#storedBatch,
      committed: this.#owner.committedBatch,
      held: (from, to) => this.#store.held(this.#o.node, from, to),
      heldOrds: (batch) => this.#store.heldOrds(this.#o.node, batch),
      content: (hash) => this.#loadContent(hash),
      seen: (ref, head) => {
        for (const [tenant, key] of head.keys) this.#intake.remember(tenant, key, ref.at);
        if (ref.batch > this.#owner.committedBatch)
          for (const [stream, pos] of head.ends) this.#positions.set(stream, pos);
      },
      log: this.#o.log,
    });
    const first = entries[0]?.content;
    if (this.#owner.stateBatch < 0 && first !== undefined) {
      this.#owner.content = first;
      this.#given = first;
      this.#owner.detection = new Detection(first.rules, { lists: first.lists });
    }
    for (const e of entries) {
      if (e.content !== undefined) this.#wanted = e.content.hash;
      if (e.detect) this.#owner.alignAfter = e.ref.batch;
      this.#track(e);
    }
    if (this.#owner.alignAfter < 0) this.#owner.alignAlerts();
  }

  // ── queue -> workers ────────────────────────────────────────────────────────────────────────────────────────────

  #pump(): void {
    if (this.#pumpTimer !== undefined) clearTimeout(this.#pumpTimer);
    this.#pumpTimer = undefined;
    const pool = this.#pool as WorkerPool;
    while (!this.#closing && this.#inFlight.size < pool.size * UNITS_AHEAD_PER_WORKER) {
      const entries = this.#held.length > 0 ? this.#held : this.#queue.take();
      const first = entries[0];
      if (first === undefined) break;
      this.#held = entries;
      const frames = this.#framesOf(entries);
      if (frames === undefined) break;
      this.#held = [];
      if (first.content !== undefined) this.#given = first.content;
      const unit: Unit = { kind: 'unit', seq: this.#seq++, match: first.detect, frames };
      const content = this.#given;
      for (const e of entries) e.bytes = undefined;
      this.#inFlight.set(unit.seq, { entries, unit, content });
      void pool.run(unit, content).then((o) => this.#finished(unit.seq, o));
    }
  }

  /** Undefined where the journal cannot be read now (no file handles left, an I/O error): tried again a little later. */
  #framesOf(entries: readonly Entry[]): Unit['frames'] | undefined {
    try {
      return entries.map((e) => ({
        batch: e.ref.batch,
        bytes: e.bytes ?? this.#journal.read(e.ref),
        ...(e.held === undefined ? {} : { held: e.held }),
      }));
    } catch (e) {
      this.#o.log.error('the receive journal cannot be read', { cause: errorText(e) });
      this.#pumpTimer ??= setTimeout(() => this.#pump(), RETRY_MS);
      return undefined;
    }
  }

  #finished(seq: number, outcome: Outcome): void {
    this.#done.set(seq, outcome);
    if (this.#busy) return;
    this.#busy = true;
    this.#applyInOrder().catch((e: unknown) => {
      // The state may be half changed: only a new start from snapshot and journal is sure to be right.
      queueMicrotask(() => {
        throw new Error(`the pipeline failed: ${errorText(e)}`, { cause: e });
      });
    });
  }

  async #applyInOrder(): Promise<void> {
    for (;;) {
      const outcome = this.#done.get(this.#next);
      const flight = this.#inFlight.get(this.#next);
      if (outcome === undefined || flight === undefined) break;
      this.#done.delete(this.#next);
      if (!(await this.#applyFlight(flight, outcome))) return;
      // What failed may have been given to a worker again.
      if (outcome.kind === 'done') for (const f of flight.unit.frames) free(f.bytes);
      this.#inFlight.delete(this.#next);
      this.#next++;
      this.#pump();
    }
    this.#busy = false;
    if (this.#isIdle) for (const r of this.#idle.splice(0)) r();
  }

  /** False where closing came first: the journal has it. */
  async #applyFlight(f: Flight, outcome: Outcome): Promise<boolean> {
    if (outcome.kind === 'done') return this.#owner.apply(f.entries, outcome.result);
    const rescuer = {
      pool: this.#pool as WorkerPool,
      content: f.content,
      log: this.#o.log,
      nextSeq: () => this.#reencodeSeq++,
    };
    const results = await rescue(rescuer, f.unit, outcome);
    if (results.length === 1) return this.#owner.apply(f.entries, results[0] as UnitResult);
    for (const [i, e] of f.entries.entries())
      if (!(await this.#owner.apply([e], results[i] as UnitResult))) return false;
    return true;
  }

  #toInserter(entries: readonly Entry[], r: UnitResult): void {
    this.#inserter.add({
      frames: entries.map((e) => e.ref),
      lines: sumLines(entries.map((e) => e.toStore)),
      held: new Map(entries.flatMap((e) => (e.held === undefined ? [] : [[e.ref.batch, e.held] as const]))),
      block: r.block,
      rows: r.rows,
    });
  }

  #soonTick: NodeJS.Timeout | undefined;
  #tickSoon(): void {
    this.#soonTick = undefined;
    if (!this.#closing) this.#journal.tick();
  }

  #snapshotDue(): void {
    const from = performance.now();
    if (from < this.#snapshotAfter) return;
    this.#snapshot();
    const took = performance.now() - from;
    // Half a turn of the timer early: it must not miss the one it is meant for.
    this.#snapshotAfter =
      from + Math.min(took / SNAPSHOT_SHARE, SNAPSHOT_EVERY_MS_MAX) - SNAPSHOT_EVERY_MS / 2;
  }

  #snapshot(): void {
    try {
      this.#takeSnapshot();
    } catch (e) {
      this.#o.log.error('the detection state is not saved; the journal keeps what it needs', {
        cause: errorText(e),
      });
    }
  }

  #takeSnapshot(): void {
    const through = Math.min(this.#owner.stateBatch, this.#owner.committedBatch);
    if (through <= this.#snapshotBatch || this.#owner.stateBatch !== this.#owner.committedBatch) return;
    this.#snapshots.save({
      through,
      content: this.#owner.content.hash,
      bytes: this.#owner.detection.snapshot(),
    });
    this.#snapshotBatch = this.#snapshots.oldest();
    this.#saveStored();
    const released = Math.min(this.#snapshotBatch, this.#storedSaved, this.#owner.committedBatch);
    this.#journal.release(released);
    this.#reloads = this.#reloads.filter((r) => r.batch > this.#snapshotBatch);
    this.#contents.prune(
      () =>
        new Set([
          this.#owner.content.hash,
          this.#given.hash,
          this.#wanted,
          ...this.#reloads.map((r) => r.hash),
          ...this.#snapshots.contents(),
        ]),
    );
  }

  // ── store ───────────────────────────────────────────────────────────────────────────────────────────────────────

  #stored(unit: StoreUnit): void {
    const last = unit.frames.at(-1)?.batch ?? -1;
    assert(last > this.#storedBatch, 'the store is told of a batch twice');
    this.#storedBatch = last;
    for (const l of unit.lines) this.#toStore.add(l.key, -l.n);
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
    const o = await pool.run(unit, this.#given);
    if (o.kind === 'done') return { block: o.result.block, rows: o.result.rows };
    const r = { pool, content: this.#given, log: this.#o.log, nextSeq: () => this.#reencodeSeq++ };
    const results = await rescue(r, unit, o);
    return {
      block: Buffer.concat(results.map((x) => x.block)),
      rows: results.reduce((n, x) => n + x.rows, 0),
    };
  }
}
