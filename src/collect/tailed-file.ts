/**
 * Opening a log file safely, and knowing it again: the fingerprint by which its reading position is kept.
 *
 * Only regular files below the configured roots are opened, never through a link that leads out of them; a FIFO or
 * device is refused without blocking. The check is made on the opened descriptor, so swapping the file between check
 * and open gains nothing. Held by file-tail.int.test.ts.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, readlink, realpath } from 'node:fs/promises';
import { sep } from 'node:path';
import { err, errorText, ok, type Result } from '../base/result.ts';

/** The fingerprint takes in at most this much of the file's beginning. */
export const HEAD_BYTES = 1024;

export type Opened = {
  readonly handle: FileHandle;
  /** Device and inode: the same while the file is renamed. */
  readonly id: string;
  readonly size: number;
};

/** `absent`: nothing there (it may come); `denied`: no right to read; `refused`: not a file that may be read. */
export type OpenFailure = { readonly kind: 'absent' | 'denied' | 'refused'; readonly why: string };

/** `roots` must be real paths. */
export async function openRegular(
  path: string,
  roots: readonly string[],
): Promise<Result<Opened, OpenFailure>> {
  let handle: FileHandle | undefined;
  try {
    const real = await realpath(path);
    if (!within(real, roots))
      return err({ kind: 'refused', why: `leads to ${real}, outside of the configured folders` });
    // O_NONBLOCK: opening a FIFO must not wait for a writer.
    handle = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const s = await handle.stat({ bigint: true });
    if (!s.isFile()) return await refuse(handle, 'is not a regular file');
    const opened = await readlink(`/proc/self/fd/${handle.fd}`).catch(() => real);
    if (!within(opened.replace(/ \(deleted\)$/, ''), roots))
      return await refuse(handle, 'was exchanged for a file outside of the configured folders');
    return ok({ handle, id: `${s.dev}.${s.ino}`, size: Number(s.size) });
  } catch (e) {
    await handle?.close();
    const code = e instanceof Error && 'code' in e ? e.code : '';
    if (code === 'ENOENT' || code === 'ENOTDIR') return err({ kind: 'absent', why: 'no such file' });
    if (code === 'EACCES' || code === 'EPERM')
      return err({ kind: 'denied', why: 'no permission to read it' });
    return err({ kind: 'refused', why: errorText(e) });
  }
}

async function refuse(handle: FileHandle, why: string): Promise<Result<never, OpenFailure>> {
  await handle.close();
  return err({ kind: 'refused', why });
}

function within(path: string, roots: readonly string[]): boolean {
  return roots.some((r) => path === r || path.startsWith(r.endsWith(sep) ? r : r + sep));
}

/** The first bytes, at most HEAD_BYTES. */
export async function readHead(handle: FileHandle, bytes = HEAD_BYTES): Promise<Buffer> {
  const b = Buffer.alloc(bytes);
  const { bytesRead } = await handle.read(b, 0, bytes, 0);
  return b.subarray(0, bytesRead);
}

/** Stream name of a file whose first bytes are `head`: device, inode, how many bytes are hashed, their hash. */
export function streamName(id: string, head: Uint8Array): string {
  const hash = createHash('sha256').update(head).digest('hex').slice(0, 24);
  return `file:${id}.${head.length}.${hash}`;
}

/**
 * Finds the kept position of a file. The file may have been shorter when its position was kept, so every length of
 * the head is tried, the longest first.
 */
export function findPosition(
  id: string,
  head: Uint8Array,
  positions: (stream: string) => string | undefined,
): { readonly stream: string; readonly headBytes: number; readonly offset: number } | undefined {
  for (let n = head.length; n > 0; n--) {
    const stream = streamName(id, head.subarray(0, n));
    const pos = positions(stream);
    if (pos === undefined) continue;
    const offset = Number(pos);
    if (Number.isSafeInteger(offset) && offset >= 0) return { stream, headBytes: n, offset };
  }
  return undefined;
}
