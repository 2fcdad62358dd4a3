/**
 * The journal's files: `<first batch, 15 digits>.vj`, frames back to back. Opening scans them: a torn tail of the
 * newest file was never acknowledged and is cut, and so is a chain of frames (`more`) whose last one is missing; damage
 * anywhere else is skipped to the next frame and reported.
 */
import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readSync,
  unlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import {
  decodeFrame,
  FRAME_HEADER_BYTES,
  FRAME_MAGIC,
  frameLength,
  newerFormat,
  type Frame,
} from './frame.ts';

export const SEGMENT_NAME = /^(\d{15})\.vj$/;
export const segmentName = (firstBatch: number): string => `${String(firstBatch).padStart(15, '0')}.vj`;

export type Segment = {
  readonly path: string;
  readonly first: number;
  last: number;
  bytes: number;
  durable: number;
};
export type Damage = { readonly file: string; readonly offset: number; readonly what: string };

const MAGIC = Buffer.alloc(4);
MAGIC.writeUInt32LE(FRAME_MAGIC);

/** Walks a segment's frames in order, one in memory at a time; `visit` gets each frame with its bytes (a copy of its own). */
export function walkSegment(
  path: string,
  visit: (frame: Frame, bytes: Buffer, offset: number) => void,
): { end: number; size: number; damage: Damage[] } {
  const fd = openSync(path, 'r');
  const damage: Damage[] = [];
  try {
    const size = fstatSync(fd).size;
    let at = 0;
    let end = 0;
    while (at + FRAME_HEADER_BYTES <= size) {
      const start = readAt(fd, at, FRAME_HEADER_BYTES);
      const length = frameLength(start);
      const bytes = length === undefined || at + length > size ? undefined : readAt(fd, at, length);
      const frame = bytes === undefined ? undefined : decodeFrame(bytes);
      if (frame?.ok === true && bytes !== undefined && length !== undefined) {
        visit(frame.value, bytes, at);
        at += length;
        end = at;
        continue;
      }
      if (bytes !== undefined) refuseNewer(path, bytes);
      damage.push({
        file: path,
        offset: at,
        what: frame === undefined ? 'no whole frame starts here' : frame.ok ? '' : frame.error,
      });
      const next = findMagic(fd, at + 1, size);
      if (next === undefined) break;
      at = next;
    }
    return { end, size, damage };
  } finally {
    closeSync(fd);
  }
}

/** What a newer Vigil wrote is neither damage to skip nor a torn tail to cut. Throws with a sentence. */
function refuseNewer(path: string, bytes: Buffer): void {
  const format = newerFormat(bytes);
  if (format !== undefined) {
    throw new Error(
      `the receive journal ${path} (format ${format}) was written by a newer Vigil; start that version`,
    );
  }
}

/** Segments of a folder, oldest first; truncates the newest one's torn tail. */
export function scanSegments(dir: string): { segments: Segment[]; damage: Damage[]; lastBatch: number } {
  const names = readdirSync(dir)
    .filter((n) => SEGMENT_NAME.test(n))
    .sort();
  const segments: Segment[] = [];
  const damage: Damage[] = [];
  let lastBatch = 0;
  /** Where a chain of frames began that has not ended. */
  let chain: { segment: number; offset: number; before: number } | undefined;
  for (const [i, name] of names.entries()) {
    const path = join(dir, name);
    const first = Number(SEGMENT_NAME.exec(name)?.[1]);
    let last = first - 1;
    const walked = walkSegment(path, (f, _bytes, offset) => {
      if (f.head.more !== true) chain = undefined;
      else chain ??= { segment: segments.length, offset, before: last };
      last = f.batch;
    });
    const newest = i === names.length - 1;
    // Damage behind the last whole frame of the newest file is a write that never finished, hence never acknowledged.
    const real = walked.damage.filter((d) => !(newest && d.offset >= walked.end));
    damage.push(...real);
    if (newest && walked.end < walked.size) truncate(path, walked.end);
    const bytes = newest ? walked.end : walked.size;
    lastBatch = Math.max(lastBatch, last, first - 1);
    // Begun and never written to (or cut to nothing): the next frame has the same number, and would have the same name.
    if (bytes === 0) unlinkSync(path);
    else segments.push({ path, first, last, bytes, durable: bytes });
  }
  if (chain !== undefined) cutChain(segments, chain);
  return { segments, damage, lastBatch };
}

/** Takes away the frames of a request that was cut short: nothing of it was acknowledged. */
function cutChain(segments: Segment[], at: { segment: number; offset: number; before: number }): void {
  for (const s of segments.splice(at.segment + 1)) removeSegment(s);
  const s = segments[at.segment] as Segment;
  if (at.offset === 0) {
    removeSegment(s);
    segments.pop();
    return;
  }
  truncate(s.path, at.offset);
  s.last = at.before;
  s.bytes = at.offset;
  s.durable = at.offset;
}

export const removeSegment = (s: Segment): void => unlinkSync(s.path);

/** Bytes of one frame, in a buffer of their own. */
export function readFrameBytes(path: string, offset: number, length: number): Buffer {
  const fd = openSync(path, 'r');
  try {
    return readAt(fd, offset, length);
  } finally {
    closeSync(fd);
  }
}

function readAt(fd: number, at: number, length: number): Buffer {
  const out = Buffer.from(new ArrayBuffer(length));
  let got = 0;
  while (got < length) {
    const n = readSync(fd, out, got, length - got, at + got);
    if (n === 0) break;
    got += n;
  }
  return out.subarray(0, got);
}

function findMagic(fd: number, from: number, size: number): number | undefined {
  const STEP = 256 * 1024;
  for (let at = from; at < size; at += STEP - 3) {
    const i = readAt(fd, at, Math.min(STEP, size - at)).indexOf(MAGIC);
    if (i >= 0) return at + i;
  }
  return undefined;
}

function truncate(path: string, length: number): void {
  const fd = openSync(path, 'r+');
  try {
    ftruncateSync(fd, length);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
