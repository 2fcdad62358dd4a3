/**
 * One journal frame: a batch of records with one receive time, as bytes on disk and as bytes between threads (the
 * very same buffer goes to the worker). All integers little endian.
 *
 *   0  u32 magic "VJF1"      4  u32 length of the whole frame     8  u32 CRC-32 of bytes 12..length
 *  12  u8 format  13 u8 0    14 u16 node                          16 u64 batch
 *  24  u64 receive time, microseconds UTC                         32 u32 records   36 u32 head length
 *  40  head: JSON `FrameHead`, then per record: u16 meta index, u16 pos length, u32 raw length, pos, raw
 *
 * Contract: `decode(encode(x))` is x, and no bytes make `decodeFrame` throw (held by `frame.prop.test.ts`).
 */
import { crc32 } from 'node:zlib';
import { assert, err, ok, type Result } from '../base/result.ts';
import type { RawRecord, RecordMeta } from '../model/record.ts';

export const FRAME_MAGIC = 0x31464a56;
export const FRAME_FORMAT = 1;
export const FRAME_HEADER_BYTES = 40;
/** A frame is sealed at this size or count at the latest. */
export const FRAME_BYTES_MAX = 4 * 1024 * 1024;
export const FRAME_RECORDS_MAX = 4096;
/** Largest frame that a reader accepts: a full frame plus one record of the largest size and its head. */
const FRAME_BYTES_READ_MAX = 32 * 1024 * 1024;
const RECORD_HEADER_BYTES = 8;
const POS_BYTES_MAX = 4096;
/** Senders per frame: their lines must leave the head far below what a reader accepts. */
export const FRAME_METAS_MAX = 8192;
/** Characters of one text in a head (3 bytes each at most, escapes included): it has a frame of its own. */
export const TAUGHT_CHARS_MAX = 8 * 1024 * 1024;

/** What doors counted since the last frame: the left side of the ledger's equation. */
export type Tally = {
  /** Index into `metas`. */
  readonly m: number;
  readonly received: number;
  readonly bytes: number;
  readonly dropped: Readonly<Record<string, number>>;
};

export type FrameHead = {
  readonly metas: readonly RecordMeta[];
  /** Records per meta. */
  readonly counts: readonly number[];
  /** Last position of each stream: [stream, pos]. */
  readonly ends: readonly (readonly [string, string])[];
  readonly tallies: readonly Tally[];
  /** Idempotency keys first seen with this frame: [tenant, key]. */
  readonly keys: readonly (readonly [string, string])[];
  /** The next frame belongs to this one: they hold one request, and count only together. */
  readonly more?: boolean;
  /** A rule set takes effect before this frame's records: its content hash. */
  readonly rules?: string;
  /** People closed (true) or reopened alerts before this frame's records: [alert, closed]. */
  readonly closed?: readonly (readonly [string, boolean])[];
  /** What the store knows of the past of rules that are new, before this frame's records: texts, see `Detection.teach`. */
  readonly taught?: readonly string[];
  /** Kernel drops read from the system since the last frame, by door. */
  readonly kernelDrops?: Readonly<Record<string, number>>;
};

export type FrameRecord = { readonly meta: RecordMeta; readonly pos: string; readonly raw: Uint8Array };
export type Frame = {
  readonly node: number;
  readonly batch: number;
  /** Microseconds UTC; the receive time of every record in it. */
  readonly at: number;
  readonly head: FrameHead;
  readonly records: readonly FrameRecord[];
};

/**
 * Bodies of frames that are on disk, for the next ones. A body made anew for each frame and doubled until it fitted was
 * most of what the receiving thread allocated outside its heap, and V8 collects the whole heap for every 64 MiB of that.
 */
const spare: Buffer[] = [];
const SPARE_MAX = 4;
/** A larger one (a record may have 1 MiB) is not kept. */
const SPARE_BYTES_MAX = FRAME_BYTES_MAX;
const BODY_BYTES = 64 * 1024;
const NO_BODY = Buffer.alloc(0);

/** Collects records into a buffer that becomes a frame. One per batch. */
export class FrameBuilder {
  readonly at: number;
  /** Set where the next frame goes on with what this one began. */
  more = false;
  /** It goes on with what the frame before began. */
  continues = false;
  #body = spare.pop() ?? Buffer.allocUnsafeSlow(BODY_BYTES);
  #used = 0;
  #count = 0;
  readonly #metas: RecordMeta[] = [];
  readonly #counts: number[] = [];
  readonly #ends = new Map<string, string>();
  readonly #metaIndex = new Map<RecordMeta, number>();
  readonly #metaByText = new Map<string, number>();
  readonly #tallies = new Map<number, { received: number; bytes: number; dropped: Record<string, number> }>();
  readonly #keys: (readonly [string, string])[] = [];
  #rules: string | undefined;
  readonly #closed: (readonly [string, boolean])[] = [];
  readonly #taught: string[] = [];
  #kernelDrops: Record<string, number> | undefined;

  constructor(at: number) {
    this.at = at;
  }

  get count(): number {
    return this.#count;
  }
  get bytes(): number {
    return this.#used;
  }
  get full(): boolean {
    return (
      this.#count >= FRAME_RECORDS_MAX ||
      this.#used >= FRAME_BYTES_MAX ||
      this.#metas.length >= FRAME_METAS_MAX
    );
  }

  add(record: RawRecord): void {
    const pos = Buffer.from(record.pos, 'utf8');
    assert(pos.length <= POS_BYTES_MAX, 'position text too long');
    const need = RECORD_HEADER_BYTES + pos.length + record.raw.length;
    this.#grow(need);
    const at = this.#used;
    const meta = this.#meta(record.meta);
    this.#counts[meta] = (this.#counts[meta] as number) + 1;
    if (record.meta.stream !== '' && record.pos !== '') this.#ends.set(record.meta.stream, record.pos);
    this.#body.writeUInt16LE(meta, at);
    this.#body.writeUInt16LE(pos.length, at + 2);
    this.#body.writeUInt32LE(record.raw.length, at + 4);
    pos.copy(this.#body, at + 8);
    this.#body.set(record.raw, at + 8 + pos.length);
    this.#used += need;
    this.#count++;
  }

  received(meta: RecordMeta, count: number, bytes: number): void {
    const t = this.#tally(meta);
    t.received += count;
    t.bytes += bytes;
  }
  dropped(meta: RecordMeta, reason: string, count: number): void {
    const t = this.#tally(meta);
    t.dropped[reason] = (t.dropped[reason] ?? 0) + count;
  }
  key(tenant: string, key: string): void {
    this.#keys.push([tenant, key]);
  }
  rules(hash: string): void {
    this.#rules = hash;
  }
  closed(alert: string, closed: boolean): void {
    this.#closed.push([alert, closed]);
  }
  taught(text: string): void {
    this.#taught.push(text);
  }
  kernelDrops(door: string, count: number): void {
    this.#kernelDrops ??= {};
    this.#kernelDrops[door] = (this.#kernelDrops[door] ?? 0) + count;
  }

  head(): FrameHead {
    return {
      metas: this.#metas,
      counts: this.#counts,
      ends: [...this.#ends],
      tallies: [...this.#tallies].map(([m, t]) => ({ m, ...t })),
      keys: this.#keys,
      ...(this.more ? { more: true } : {}),
      ...(this.#rules === undefined ? {} : { rules: this.#rules }),
      ...(this.#closed.length === 0 ? {} : { closed: this.#closed }),
      ...(this.#taught.length === 0 ? {} : { taught: this.#taught }),
      ...(this.#kernelDrops === undefined ? {} : { kernelDrops: this.#kernelDrops }),
    };
  }

  /** The finished frame's bytes. The builder must not be used afterwards. */
  seal(node: number, batch: number): Buffer {
    const head = this.head();
    const headBytes = Buffer.from(JSON.stringify(head), 'utf8');
    const length = FRAME_HEADER_BYTES + headBytes.length + this.#used;
    // It would be damage at the next start.
    assert(length <= FRAME_BYTES_READ_MAX, `a frame of ${length} bytes is longer than a reader takes`);
    // A buffer of its own (not from the pool): it is handed to another thread whole.
    const out = Buffer.from(new ArrayBuffer(length));
    out.writeUInt32LE(FRAME_MAGIC, 0);
    out.writeUInt32LE(length, 4);
    out.writeUInt8(FRAME_FORMAT, 12);
    out.writeUInt16LE(node, 14);
    out.writeBigUInt64LE(BigInt(batch), 16);
    out.writeBigUInt64LE(BigInt(this.at), 24);
    out.writeUInt32LE(this.#count, 32);
    out.writeUInt32LE(headBytes.length, 36);
    headBytes.copy(out, FRAME_HEADER_BYTES);
    this.#body.copy(out, FRAME_HEADER_BYTES + headBytes.length, 0, this.#used);
    out.writeUInt32LE(crc32(out.subarray(12)), 8);
    return out;
  }

  /** Its bytes are on disk: the memory goes to the next frame. It may be neither added to nor sealed again. */
  release(): void {
    if (spare.length < SPARE_MAX && this.#body.length > 0 && this.#body.length <= SPARE_BYTES_MAX)
      spare.push(this.#body);
    this.#body = NO_BODY;
  }

  #meta(meta: RecordMeta): number {
    const known = this.#metaIndex.get(meta);
    if (known !== undefined) return known;
    const text = JSON.stringify(meta);
    let i = this.#metaByText.get(text);
    if (i === undefined) {
      i = this.#metas.push(meta) - 1;
      this.#counts.push(0);
      this.#metaByText.set(text, i);
    }
    this.#metaIndex.set(meta, i);
    return i;
  }
  #tally(meta: RecordMeta): { received: number; bytes: number; dropped: Record<string, number> } {
    const i = this.#meta(meta);
    let t = this.#tallies.get(i);
    if (t === undefined) {
      t = { received: 0, bytes: 0, dropped: Object.create(null) as Record<string, number> };
      this.#tallies.set(i, t);
    }
    return t;
  }
  #grow(need: number): void {
    if (this.#used + need <= this.#body.length) return;
    const next = Buffer.allocUnsafeSlow(Math.max(this.#body.length * 2, this.#used + need));
    this.#body.copy(next, 0, 0, this.#used);
    this.#body = next;
  }
}

/** Length of the frame that starts at `bytes[0]`, or undefined where none does. Needs 12 bytes. */
export function frameLength(bytes: Buffer): number | undefined {
  if (bytes.length < 12 || bytes.readUInt32LE(0) !== FRAME_MAGIC) return undefined;
  const n = bytes.readUInt32LE(4);
  return n >= FRAME_HEADER_BYTES && n <= FRAME_BYTES_READ_MAX ? n : undefined;
}

/** The format of a whole, undamaged frame that is newer than this version reads; undefined for all other bytes. */
export function newerFormat(bytes: Buffer): number | undefined {
  const length = frameLength(bytes);
  if (length === undefined || bytes.length < length) return undefined;
  const format = bytes.readUInt8(12);
  return format > FRAME_FORMAT && crc32(bytes.subarray(12, length)) === bytes.readUInt32LE(8)
    ? format
    : undefined;
}

/** A frame from its bytes; an error says what is wrong with them. Raw bytes are views into `bytes`, not copies. */
export function decodeFrame(bytes: Buffer): Result<Frame> {
  const length = frameLength(bytes);
  if (length === undefined) return err('no frame starts here');
  if (bytes.length < length) return err(`frame of ${length} bytes is cut after ${bytes.length}`);
  if (crc32(bytes.subarray(12, length)) !== bytes.readUInt32LE(8)) return err('checksum does not fit');
  if (bytes.readUInt8(12) !== FRAME_FORMAT)
    return err(`journal format ${bytes.readUInt8(12)} is not known to this version`);
  const count = bytes.readUInt32LE(32);
  const headEnd = FRAME_HEADER_BYTES + bytes.readUInt32LE(36);
  if (headEnd > length) return err('head is longer than the frame');
  let head: FrameHead;
  try {
    head = JSON.parse(bytes.toString('utf8', FRAME_HEADER_BYTES, headEnd)) as FrameHead;
  } catch (e) {
    return err(`head is not JSON: ${String(e)}`);
  }
  const records: FrameRecord[] = [];
  let at = headEnd;
  for (let i = 0; i < count; i++) {
    if (at + RECORD_HEADER_BYTES > length) return err('record is cut');
    const meta = head.metas[bytes.readUInt16LE(at)];
    const posEnd = at + RECORD_HEADER_BYTES + bytes.readUInt16LE(at + 2);
    const rawEnd = posEnd + bytes.readUInt32LE(at + 4);
    if (meta === undefined || rawEnd > length) return err('record is cut');
    records.push({
      meta,
      pos: bytes.toString('utf8', at + RECORD_HEADER_BYTES, posEnd),
      raw: bytes.subarray(posEnd, rawEnd),
    });
    at = rawEnd;
  }
  return ok({
    node: bytes.readUInt16LE(14),
    batch: Number(bytes.readBigUInt64LE(16)),
    at: Number(bytes.readBigUInt64LE(24)),
    head,
    records,
  });
}
