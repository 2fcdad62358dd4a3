/**
 * The receive journal: what is on disk here has been acknowledged, and everything downstream (detection, the store,
 * the ledger) follows it. Records are appended to a frame in memory; a frame is written and fsynced within
 * `syncMs`, or at once when the previous write is done and enough waits (group commit).
 *
 * What a door hands over in one turn of the event loop (a request with its counts and its key) is whole or not there:
 * where it needs several frames they are chained (`more`), handed on and acknowledged together, and an unfinished chain at
 * the journal's end is cut when it is opened. Without that a kill between two frames of a keyed request left half of it,
 * which its retry stored again.
 *
 * Bounded: memory by PENDING_BYTES_MAX, disk by `bytesMax`; beyond either `offer` answers `full` and the door applies
 * its policy. A segment is deleted when `release` says that store, alerts and state are past it.
 * Held by: journal.int.test.ts (replay, torn tail, damage, bounds), test/ci/kill.int.ts (SIGKILL under load).
 */
import { closeSync, fdatasync, fsyncSync, ftruncateSync, mkdirSync, openSync, write } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Log } from '../base/log.ts';
import { assert, errorText } from '../base/result.ts';
import type { DropReason, Offer, RawRecord, RecordMeta } from '../model/record.ts';
import { type Frame, FrameBuilder, type FrameHead, TAUGHT_CHARS_MAX } from './frame.ts';
import {
  type Damage,
  readFrameBytes,
  removeSegment,
  type Segment,
  scanSegments,
  segmentName,
  walkSegment,
} from './segments.ts';

const writeAsync = promisify(write);

export type JournalOptions = {
  readonly dir: string;
  readonly node: number;
  /** Disk bound in bytes. */
  readonly bytesMax: number;
  /** Longest wait before a frame is written, milliseconds. */
  readonly syncMs?: number;
  readonly segmentBytes?: number;
  /** Microseconds UTC; the only clock below the doors. */
  readonly nowUs: () => number;
  readonly log: Log;
  /** Tests put a failing disk here. */
  readonly io?: JournalIo;
};

export type JournalIo = {
  /** Bytes written, which may be fewer than asked. */
  readonly write: (fd: number, bytes: Buffer, at: number, length: number) => Promise<number>;
  readonly sync: (fd: number) => Promise<void>;
};
const DISK: JournalIo = {
  write: async (fd, bytes, at, length) => (await writeAsync(fd, bytes, at, length)).bytesWritten,
  sync: promisify(fdatasync),
};

/** A frame that is on disk, and where. */
export type FrameRef = {
  readonly batch: number;
  /** Receive time, microseconds. */
  readonly at: number;
  readonly count: number;
  readonly path: string;
  readonly offset: number;
  readonly length: number;
};
/** As it was just written: its bytes may be handed on whole (they belong to the receiver). */
export type DurableFrame = FrameRef & { readonly head: FrameHead; readonly bytes: Buffer };

/** Records waiting for their fsync, in memory. */
export const PENDING_BYTES_MAX = 64 * 1024 * 1024;
const SEGMENT_BYTES = 32 * 1024 * 1024;
/** A small journal has small segments: room comes back by whole segments, and never by the newest. */
const SEGMENTS_MIN = 8;
const SYNC_MS = 8;
const RETRY_MS = 1000;

export class Journal {
  readonly #o: JournalOptions;
  readonly #io: JournalIo;
  readonly #segments: Segment[];
  readonly damage: readonly Damage[];
  #fd = -1;
  #open: FrameBuilder | undefined;
  #sealed: FrameBuilder[] = [];
  #pendingBytes = 0;
  #diskBytes: number;
  #batch: number;
  #writing = false;
  #timer: NodeJS.Timeout | undefined;
  #tickNow = 0;
  /** Received, neither offered nor dropped yet, in this turn of the event loop (negative: counted as received after). */
  #unsettled = 0;
  /** The frame that became full in this turn. */
  #filled: FrameBuilder | undefined;
  /** Frames on disk whose chain has not ended. */
  #held: DurableFrame[] = [];
  /** Frames begun and frames on disk, counted in order; `durable` waits for the one to reach the other. */
  #created = 0;
  #written = 0;
  #waiters: { upTo: number; done: () => void; failed: (e: Error) => void }[] = [];
  #roomWaiters: (() => void)[] = [];
  #failure: Error | undefined;
  #closed = false;
  #onFrame: (frame: DurableFrame) => void = () => {};

  constructor(options: JournalOptions) {
    this.#o = options;
    this.#io = options.io ?? DISK;
    mkdirSync(options.dir, { recursive: true, mode: 0o700 });
    const scan = scanSegments(options.dir);
    this.#segments = scan.segments;
    this.damage = scan.damage;
    this.#batch = scan.lastBatch;
    this.#diskBytes = scan.segments.reduce((n, s) => n + s.bytes, 0);
    for (const d of scan.damage) options.log.error('journal damaged: frames skipped', { ...d });
  }

  /** Called with each frame once it is on disk, in batch order. */
  onFrame(handler: (frame: DurableFrame) => void): void {
    this.#onFrame = handler;
  }
  get lastBatch(): number {
    return this.#batch;
  }
  get diskBytes(): number {
    return this.#diskBytes;
  }
  get pendingBytes(): number {
    return this.#pendingBytes;
  }
  /** True while records are taken. */
  get hasRoom(): boolean {
    return (
      this.#pendingBytes < PENDING_BYTES_MAX &&
      this.#diskBytes + this.#pendingBytes < this.#o.bytesMax &&
      this.#failure === undefined
    );
  }

  /**
   * Whether records of so many bytes together will be taken, if they are offered in this turn. One that is large for the
   * whole journal is told yes while there is any room.
   */
  fits(bytes: number): boolean {
    if (!this.hasRoom || this.#closed) return false;
    if (bytes > this.#o.bytesMax / 4) return true;
    const inMemory = this.#pendingBytes + bytes;
    return (
      (this.#pendingBytes === 0 || inMemory < PENDING_BYTES_MAX) &&
      this.#diskBytes + inMemory < this.#o.bytesMax
    );
  }

  /** Batches that the disk holds are never given again, even if the control database knows of later ones. */
  startAfter(batch: number): void {
    assert(this.#open === undefined && this.#sealed.length === 0, 'startAfter before the first record');
    this.#batch = Math.max(this.#batch, batch);
  }

  offer(record: RawRecord): Offer {
    if (!this.hasRoom || this.#closed) return 'full';
    const b = this.#builder();
    const before = b.bytes;
    b.add(record);
    this.#unsettled--;
    this.#pendingBytes += b.bytes - before;
    if (b.full) {
      this.#filled = b;
      this.#seal();
    }
    return 'taken';
  }
  received(meta: RecordMeta, count: number, bytes: number): void {
    this.#builder().received(meta, count, bytes);
    this.#unsettled += count;
    this.#sealCrowd();
  }
  dropped(meta: RecordMeta, reason: DropReason, count: number): void {
    this.#builder().dropped(meta, reason, count);
    this.#unsettled -= count;
    this.#sealCrowd();
  }
  /** Comes behind the records that it stands for, in the same turn. */
  key(tenant: string, key: string): void {
    this.#builder(true).key(tenant, key);
  }
  kernelDrops(door: string, count: number): void {
    this.#builder().kernelDrops(door, count);
  }
  /** A rule set takes effect before the records of a frame of its own. */
  rules(hash: string): void {
    this.#seal();
    this.#builder().rules(hash);
    this.#seal();
  }
  /** A person closed or reopened an alert: a replay has it at the same place. */
  closed(alert: string, closed: boolean): void {
    this.#builder().closed(alert, closed);
  }
  /** What the store knows of a new rule's past, in a frame of its own: a replay learns it at the same place. */
  taught(text: string): void {
    assert(text.length <= TAUGHT_CHARS_MAX, 'a taught text is too long for a frame');
    this.#seal();
    this.#builder().taught(text);
    this.#seal();
  }
  /** Journals the passing of time when nothing else does. */
  tick(): void {
    this.#builder();
  }

  /** Resolves when everything offered so far is on disk; rejects if it could not be written. */
  durable(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const upTo = this.#created;
    if (this.#written >= upTo) return Promise.resolve();
    return new Promise((done, failed) => this.#waiters.push({ upTo, done, failed }));
  }

  /** Resolves when `offer` has a chance again. */
  room(): Promise<void> {
    if (this.hasRoom) return Promise.resolve();
    return new Promise((done) => this.#roomWaiters.push(done));
  }

  /** Frames after `batch` from disk, oldest first. Call before anything is offered. */
  replay(after: number, visit: (ref: FrameRef, frame: Frame) => void): void {
    for (const s of this.#segments) {
      if (s.last <= after) continue;
      walkSegment(s.path, (frame, bytes, offset) => {
        if (frame.batch <= after) return;
        visit(
          {
            batch: frame.batch,
            at: frame.at,
            count: frame.records.length,
            path: s.path,
            offset,
            length: bytes.length,
          },
          frame,
        );
      });
    }
  }
  /** The bytes of a frame that has not been released. */
  read(ref: FrameRef): Buffer {
    return readFrameBytes(ref.path, ref.offset, ref.length);
  }

  /** Everything up to and including `batch` is no longer needed. */
  release(batch: number): void {
    while (this.#segments.length > 1 && (this.#segments[0]?.last ?? Number.POSITIVE_INFINITY) <= batch) {
      const s = this.#segments.shift() as Segment;
      removeSegment(s);
      this.#diskBytes -= s.bytes;
    }
    // The newest segment is closed early when all of it is released, so that an idle journal does not keep old records.
    const only = this.#segments[0];
    if (
      this.#segments.length === 1 &&
      only !== undefined &&
      only.last <= batch &&
      only.bytes > 0 &&
      !this.#writing &&
      this.#sealed.length === 0
    ) {
      this.#closeFile();
      removeSegment(only);
      this.#diskBytes -= only.bytes;
      this.#segments.length = 0;
    }
    this.#wakeRoom();
  }

  /** Writes what is pending and closes the file. */
  async close(): Promise<void> {
    this.#seal();
    this.#closed = true;
    while (this.#writing || this.#sealed.length > 0) {
      if (this.#failure !== undefined) break;
      await new Promise((r) => setTimeout(r, 2));
    }
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#closeFile();
  }

  /** The number is forgotten first: closed twice, or truncated after, it would be some other file's. */
  #closeFile(): void {
    const fd = this.#fd;
    this.#fd = -1;
    if (fd >= 0) closeSync(fd);
  }

  #builder(ofKey = false): FrameBuilder {
    // What comes after close() was received by nobody.
    if (this.#closed) return new FrameBuilder(0);
    // One receive time for all that arrives in the same turn of the event loop: a request split over frames keeps one minute.
    if (this.#tickNow === 0) {
      this.#tickNow = this.#o.nowUs();
      setImmediate(() => this.#turnOver());
    }
    if (this.#open === undefined) {
      this.#open = new FrameBuilder(this.#tickNow);
      this.#created++;
      if (this.#filled !== undefined && (this.#unsettled !== 0 || ofKey)) {
        this.#filled.more = true;
        this.#open.continues = true;
      }
      this.#timer ??= setTimeout(() => this.#due(), this.#o.syncMs ?? SYNC_MS);
    }
    return this.#open;
  }
  #turnOver(): void {
    this.#tickNow = 0;
    this.#unsettled = 0;
    this.#filled = undefined;
    // A chain ends with its turn, so that no frame waits for frames of requests to come.
    if (this.#open?.continues === true) this.#seal();
  }
  #due(): void {
    this.#timer = undefined;
    if (!this.#writing && this.#failure === undefined) this.#seal();
  }
  /** Counts alone fill a frame too: of many senders, each with a line of its own. */
  #sealCrowd(): void {
    const b = this.#open;
    if (b?.full !== true) return;
    this.#filled = b;
    this.#seal();
  }
  #seal(): void {
    const b = this.#open;
    this.#open = undefined;
    if (this.#timer !== undefined) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
    if (b !== undefined) this.#sealed.push(b);
    if (!this.#writing && this.#sealed.length > 0 && this.#failure === undefined) void this.#writeLoop();
  }

  async #writeLoop(): Promise<void> {
    this.#writing = true;
    try {
      while (this.#sealed.length > 0) {
        // Not within a turn: whether a frame goes on in the next one is known when the turn is over.
        await new Promise(setImmediate);
        const group = this.#sealed;
        this.#sealed = [];
        try {
          await this.#writeGroup(group);
        } catch (e) {
          return this.#fail(e, group);
        }
        // What gathered during the fsync goes next without waiting for its timer.
        if (this.#sealed.length === 0 && this.#open !== undefined) {
          this.#sealed.push(this.#open);
          this.#open = undefined;
        }
      }
    } finally {
      this.#writing = false;
      if (this.#sealed.length > 0 && this.#failure === undefined) void this.#writeLoop();
    }
  }

  async #writeGroup(group: readonly FrameBuilder[]): Promise<void> {
    const frames: { batch: number; at: number; count: number; head: FrameHead; bytes: Buffer }[] = [];
    for (const b of group) {
      const batch = ++this.#batch;
      frames.push({ batch, at: b.at, count: b.count, head: b.head(), bytes: b.seal(this.#o.node, batch) });
    }
    const segment = this.#segment(frames[0]?.batch ?? this.#batch);
    const offsets: number[] = [];
    for (const f of frames) {
      offsets.push(segment.bytes);
      let at = 0;
      while (at < f.bytes.length) at += await this.#io.write(this.#fd, f.bytes, at, f.bytes.length - at);
      segment.bytes += f.bytes.length;
      segment.last = f.batch;
      this.#diskBytes += f.bytes.length;
    }
    await this.#io.sync(this.#fd);
    segment.durable = segment.bytes;
    for (const b of group) {
      this.#pendingBytes -= b.bytes;
      b.release();
    }
    for (const [i, f] of frames.entries()) {
      this.#held.push({ ...f, path: segment.path, offset: offsets[i] as number, length: f.bytes.length });
      if (f.head.more === true) continue;
      const whole = this.#held;
      this.#held = [];
      for (const d of whole) this.#handOn(d);
      this.#written += whole.length;
    }
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const w of waiters) {
      if (w.upTo <= this.#written) w.done();
      else this.#waiters.push(w);
    }
    this.#wakeRoom();
  }

  /** What the receiver does with a frame cannot undo that it is on disk: thrown on, it would be written again. */
  #handOn(frame: DurableFrame): void {
    try {
      this.#onFrame(frame);
    } catch (e) {
      this.#o.log.error('a frame of the receive journal was not taken over', {
        batch: frame.batch,
        cause: errorText(e),
      });
    }
  }

  /** The segment to write to; begins a new one when the current is large enough. */
  #segment(firstBatch: number): Segment {
    const current = this.#segments.at(-1);
    const bytesMax = this.#o.segmentBytes ?? Math.min(SEGMENT_BYTES, this.#o.bytesMax / SEGMENTS_MIN);
    if (this.#fd >= 0 && current !== undefined && current.bytes < bytesMax) return current;
    this.#closeFile();
    const path = join(this.#o.dir, segmentName(firstBatch));
    const fd = openSync(path, 'ax', 0o600);
    try {
      const dir = openSync(this.#o.dir, 'r');
      fsyncSync(dir);
      closeSync(dir);
    } catch (e) {
      closeSync(fd);
      throw e;
    }
    this.#fd = fd;
    const s: Segment = { path, first: firstBatch, last: firstBatch - 1, bytes: 0, durable: 0 };
    this.#segments.push(s);
    return s;
  }

  /**
   * A write that failed (disk full, I/O error): its waiters are told (nothing of it was acknowledged) and doors see
   * `full`; the frames stay in memory and are tried again every RETRY_MS from a clean end of file.
   */
  #fail(e: unknown, group: readonly FrameBuilder[]): void {
    this.#sealed.unshift(...group);
    const segment = this.#segments.at(-1);
    if (this.#fd >= 0 && segment !== undefined) {
      this.#diskBytes -= segment.bytes - segment.durable;
      segment.bytes = segment.durable;
      try {
        ftruncateSync(this.#fd, segment.durable);
      } catch (second) {
        // Frames behind what cannot be cut off would not be where their references say: a new file takes them.
        this.#o.log.error('the journal segment cannot be truncated', { cause: errorText(second) });
        this.#closeFile();
      }
    }
    setTimeout(() => {
      this.#failure = undefined;
      if (!this.#writing && this.#sealed.length > 0) void this.#writeLoop();
    }, RETRY_MS).unref();
    this.#failure = e instanceof Error ? e : new Error(errorText(e));
    this.#o.log.error('the receive journal cannot be written; nothing is acknowledged until it can', {
      cause: errorText(e),
    });
    for (const w of this.#waiters) w.failed(this.#failure);
    this.#waiters = [];
  }
  #wakeRoom(): void {
    if (!this.hasRoom || this.#roomWaiters.length === 0) return;
    const list = this.#roomWaiters;
    this.#roomWaiters = [];
    for (const w of list) w();
  }
}
