/**
 * Decompression of what strangers send: gzip (several members) and zstd (several frames, window at most 8 MiB) as a
 * stream of chunks, with bounds on output and ratio. Node's zstd stream ends at the first frame, so frames are joined
 * here. Held by inflate.int.test.ts.
 */
import { once } from 'node:events';
import { constants, createGunzip, createZstdDecompress, type Gunzip, type ZstdDecompress } from 'node:zlib';
import { errorText } from '../base/result.ts';

export const ENCODINGS = ['gzip', 'zstd'] as const;
export type Encoding = (typeof ENCODINGS)[number];

export type InflateLimits = {
  /** Decompressed bytes in all. */
  readonly outputBytesMax: number;
  /** Output per input byte; asked only once RATIO_FREE_BYTES have come out. */
  readonly ratioMax: number;
};

/** `too_large`: a bound was reached; `bad`: not this encoding, or damaged or cut off. */
export class InflateError extends Error {
  readonly kind: 'too_large' | 'bad';
  constructor(kind: 'too_large' | 'bad', message: string) {
    super(message);
    this.kind = kind;
  }
}

export const ZSTD_WINDOW_LOG_MAX = 23;
const RATIO_FREE_BYTES = 8 * 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;
/** Frames of one stream; each costs a decoder. */
const ZSTD_FRAMES_MAX = 10_000;

/** What the first bytes say, or undefined. */
export function encodingOf(head: Uint8Array): Encoding | undefined {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  if (head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd) return 'zstd';
  return undefined;
}

/**
 * Yields the decompressed bytes of `input`. Throws InflateError; whatever way it ends, the decoder is closed and
 * `input`'s iterator returned.
 */
export async function* inflate(
  input: AsyncIterable<Uint8Array>,
  encoding: Encoding,
  limits: InflateLimits,
): AsyncGenerator<Buffer> {
  const d = new Decoder(encoding);
  let inBytes = 0;
  let outBytes = 0;
  try {
    for await (const chunk of input) {
      inBytes += chunk.length;
      for await (const out of d.feed(chunk)) {
        outBytes += out.length;
        check(outBytes, inBytes, limits);
        yield out;
      }
    }
    for await (const out of d.end()) {
      outBytes += out.length;
      check(outBytes, inBytes, limits);
      yield out;
    }
  } finally {
    d.close();
  }
}

function check(out: number, input: number, l: InflateLimits): void {
  if (out > l.outputBytesMax)
    throw new InflateError('too_large', `more than ${l.outputBytesMax} bytes when decompressed`);
  if (out > RATIO_FREE_BYTES && out > input * l.ratioMax)
    throw new InflateError('too_large', `decompresses to more than ${l.ratioMax} times its size`);
}

/** One decoder after the other over the same input: `feed` gives output as it comes and never buffers more than a few chunks. */
class Decoder {
  readonly #encoding: Encoding;
  #z: Gunzip | ZstdDecompress;
  #failed: Error | undefined;
  #frames = 1;
  /** Bytes written to the present zstd frame. */
  #written = 0;

  constructor(encoding: Encoding) {
    this.#encoding = encoding;
    this.#z = this.#open();
  }

  #open(): Gunzip | ZstdDecompress {
    const z =
      this.#encoding === 'gzip'
        ? createGunzip({ chunkSize: CHUNK_BYTES })
        : createZstdDecompress({
            chunkSize: CHUNK_BYTES,
            params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG_MAX },
          });
    z.on('error', (e) => {
      this.#failed = e;
    });
    this.#written = 0;
    return z;
  }

  async *feed(chunk: Uint8Array): AsyncGenerator<Buffer> {
    let rest = chunk;
    while (rest.length > 0) {
      const z = this.#z;
      if (this.#encoding === 'zstd' && this.#written > 0 && z.readableEnded) this.#next();
      const into = this.#z;
      let done = false;
      this.#written += rest.length;
      const wrote = new Promise<void>((resolve) => {
        into.write(rest, () => {
          done = true;
          resolve();
        });
      });
      yield* this.#drain(into, wrote, () => done);
      if (this.#encoding === 'gzip') return;
      const left = this.#written - into.bytesWritten;
      if (left <= 0) return;
      // The frame ended inside this chunk.
      rest = rest.subarray(rest.length - left);
      this.#next();
    }
  }

  async *end(): AsyncGenerator<Buffer> {
    const z = this.#z;
    if (z.readableEnded) return;
    let done = false;
    const ended = new Promise<void>((resolve) => {
      z.once('end', () => {
        done = true;
        resolve();
      });
      z.once('close', () => {
        done = true;
        resolve();
      });
    });
    z.end();
    yield* this.#drain(z, ended, () => done);
  }

  /** Output until `settled`; reading is what lets the decoder go on. */
  async *#drain(
    z: Gunzip | ZstdDecompress,
    settled: Promise<void>,
    done: () => boolean,
  ): AsyncGenerator<Buffer> {
    for (;;) {
      this.#throwIfFailed();
      const out = z.read() as Buffer | null;
      if (out !== null) {
        yield out;
        continue;
      }
      if (done() || z.readableEnded || z.destroyed) break;
      const stop = new AbortController();
      await Promise.race([
        settled,
        ...['readable', 'end', 'error', 'close'].map((e) =>
          once(z, e, { signal: stop.signal }).catch(() => undefined),
        ),
      ]);
      stop.abort();
    }
    this.#throwIfFailed();
  }

  #throwIfFailed(): void {
    if (this.#failed === undefined) return;
    const text = errorText(this.#failed);
    const large = 'code' in this.#failed && String(this.#failed.code).includes('windowTooLarge');
    throw new InflateError(
      large ? 'too_large' : 'bad',
      large ? 'needs a zstd window of more than 8 MiB' : `not valid ${this.#encoding}: ${text}`,
    );
  }

  #next(): void {
    if (++this.#frames > ZSTD_FRAMES_MAX)
      throw new InflateError('too_large', `more than ${ZSTD_FRAMES_MAX} zstd frames`);
    this.close();
    this.#z = this.#open();
  }

  close(): void {
    this.#z.removeAllListeners('error');
    this.#z.on('error', () => {});
    this.#z.destroy();
  }
}
