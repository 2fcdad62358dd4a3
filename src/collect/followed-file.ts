/**
 * One open file that is read as it grows: lines, audit events joined, truncation noticed, position per record.
 * The door (file-tail.ts) decides which files are followed and when they are let go.
 *
 * `read` hands on records through `take`, which may wait (back pressure) and returns false when the door closes; then
 * nothing after that record was handed on and the next start reads it again.
 * Held by file-tail.int.test.ts.
 */
import type { FileHandle } from 'node:fs/promises';
import type { Log } from '../base/log.ts';
import { AUDIT_IDLE_MS, AuditJoiner } from './audit-joiner.ts';
import { LineCutter } from './line-cutter.ts';
import { HEAD_BYTES, readHead, streamName } from './tailed-file.ts';

/** One read from disk. */
const READ_BYTES = 256 * 1024;
/** One file's turn; then the others get theirs. */
const TURN_BYTES = 4 * 1024 * 1024;
/** A file whose first line is unfinished is not named by its few bytes until it has stood still this long. */
const SHORT_HEAD_MS = 2000;

export type FileRecord = { readonly raw: Uint8Array; readonly pos: number };
export type TakeRecords = (path: string, stream: string, records: readonly FileRecord[]) => Promise<boolean>;

export type Start = {
  readonly offset: number;
  /** Known stream and the length of its head, where the position was kept from before. */
  readonly stream?: string;
  readonly headBytes?: number;
  /** The offset is somewhere in a line: begin after its end. */
  readonly midLine?: boolean;
};

export class FollowedFile {
  readonly path: string;
  readonly id: string;
  readonly #handle: FileHandle;
  readonly #take: TakeRecords;
  readonly #log: Log;
  #stream = '';
  #head: Buffer | undefined;
  #headBytes: number | undefined;
  #offset: number;
  #skipLine: boolean;
  #cutter: LineCutter;
  #joiner: AuditJoiner;
  #out: FileRecord[] = [];
  /** When bytes were last read, milliseconds (performance.now). */
  lastGrowth = performance.now();

  constructor(path: string, id: string, handle: FileHandle, start: Start, take: TakeRecords, log: Log) {
    this.path = path;
    this.id = id;
    this.#handle = handle;
    this.#take = take;
    this.#log = log;
    this.#stream = start.stream ?? '';
    this.#headBytes = start.headBytes;
    this.#offset = start.offset;
    this.#skipLine = start.midLine === true;
    this.#joiner = new AuditJoiner((raw, pos) => this.#out.push({ raw, pos }));
    this.#cutter = this.#newCutter(start.offset);
  }

  get stream(): string {
    return this.#stream;
  }
  /** Bytes of a last line that has no terminator yet. */
  get unfinished(): number {
    return this.#cutter.unfinished;
  }

  #newCutter(offset: number): LineCutter {
    return new LineCutter((raw, end) => this.#joiner.line(raw, end), offset);
  }

  /**
   * Reads what is new, at most one turn. `more`: there is more to read at once; `end`: up to date; `closing`: the door
   * would not take more.
   */
  async read(): Promise<'more' | 'end' | 'closing'> {
    const size = (await this.#handle.stat()).size;
    if (size < this.#offset && !(await this.#restart('the file was truncated'))) return 'closing';
    if (size === this.#offset) return (await this.#idle()) ? 'end' : 'closing';
    if (!(await this.#sameHead(size)))
      return (await this.#restart('the file has a new beginning')) ? 'more' : 'closing';
    if (this.#head === undefined) return 'end';
    let left = Math.min(TURN_BYTES, size - this.#offset);
    while (left > 0) {
      const chunk = Buffer.allocUnsafeSlow(Math.min(READ_BYTES, left));
      const { bytesRead } = await this.#handle.read(chunk, 0, chunk.length, this.#offset);
      if (bytesRead === 0) break;
      this.#offset += bytesRead;
      left -= bytesRead;
      this.lastGrowth = performance.now();
      this.#push(chunk.subarray(0, bytesRead));
      if (!(await this.#hand())) return 'closing';
    }
    return this.#offset < size ? 'more' : 'end';
  }

  #push(chunk: Buffer): void {
    if (!this.#skipLine) return this.#cutter.push(chunk);
    const lf = chunk.indexOf(10);
    if (lf < 0) return;
    this.#skipLine = false;
    this.#cutter = this.#newCutter(this.#offset - chunk.length + lf + 1);
    this.#cutter.push(chunk.subarray(lf + 1));
  }

  /** The file is gone for good (rotated and still): its last line is handed on although it has no terminator. */
  async finish(): Promise<boolean> {
    this.#cutter.flush();
    this.#joiner.flush();
    return this.#hand();
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  async #idle(): Promise<boolean> {
    if (this.#joiner.waiting === 0 || performance.now() - this.lastGrowth < AUDIT_IDLE_MS) return true;
    this.#joiner.flush();
    return this.#hand();
  }

  /** Checks that the beginning is what it was, so that copy-and-truncate is noticed even after the file has grown again. */
  async #sameHead(size: number): Promise<boolean> {
    if (this.#head !== undefined) {
      const now = await readHead(this.#handle, this.#head.length);
      return now.equals(this.#head);
    }
    const head = await readHead(this.#handle, this.#headBytes ?? HEAD_BYTES);
    const short = size < HEAD_BYTES && !head.includes(10);
    if (this.#headBytes === undefined && short && performance.now() - this.lastGrowth < SHORT_HEAD_MS)
      return true;
    this.#head = head;
    const name = streamName(this.id, head);
    if (this.#stream !== '' && this.#stream !== name) return false;
    this.#stream = name;
    return true;
  }

  async #restart(why: string): Promise<boolean> {
    this.#log.info('file is read from its start', { file: this.path, why });
    const done = await this.finish();
    this.#stream = '';
    this.#head = undefined;
    this.#headBytes = undefined;
    this.#offset = 0;
    this.#skipLine = false;
    this.#cutter = this.#newCutter(0);
    this.lastGrowth = performance.now();
    return done;
  }

  async #hand(): Promise<boolean> {
    if (this.#out.length === 0) return true;
    const out = this.#out;
    this.#out = [];
    return this.#take(this.path, this.#stream, out);
  }
}
