/**
 * Reads the body of an ingest request under bounds: bytes on the wire, bytes when decompressed, ratio, time, memory of
 * all requests together, decoders at a time. Held by http-ingest.int.test.ts.
 */
import type { Readable } from 'node:stream';
import { free } from '../base/free.ts';
import { ENCODINGS, type Encoding, InflateError, inflate } from './inflate.ts';

/** Bytes on the wire of one request. */
export const BODY_WIRE_BYTES_MAX = 64 * 1024 * 1024;
/** Bytes of one request when decompressed. */
export const BODY_BYTES_MAX = 64 * 1024 * 1024;
/** Output bytes per input byte (beyond the first 8 MiB). gzip itself ends at about 1,030. */
export const RATIO_MAX = 500;
/** Bodies of all requests in flight together. */
export const BODIES_BYTES_MAX = 192 * 1024 * 1024;
/** Decoders at a time; further requests wait. */
export const DECODERS_MAX = 8;
export const DECODERS_WAITING_MAX = 64;
/** From the first byte to the last, including the wait for a decoder. */
export const BODY_MS_MAX = 60_000;

/** Why a body was not read; `retry`: the same request may succeed later. */
export class BodyError extends Error {
  readonly kind: 'too_large' | 'bad' | 'encoding' | 'busy' | 'slow';
  /** Wire bytes read until then. */
  bytes = 0;
  constructor(kind: BodyError['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

/** What all requests share. One per ingest handler. */
export class BodyReader {
  #held = 0;
  #decoders = 0;
  #waiting: (() => void)[] = [];
  readonly #msMax: number;
  readonly #bytesMax: number;

  constructor(msMax = BODY_MS_MAX, bytesMax = BODIES_BYTES_MAX) {
    this.#msMax = msMax;
    this.#bytesMax = bytesMax;
  }

  /** Bytes of bodies in memory now. */
  get held(): number {
    return this.#held;
  }

  /**
   * The whole body, decompressed. `release` must be called once the bytes are no longer needed. Throws BodyError; the
   * stream is then left unread from where it was, flowing to nowhere, so that an answer can still be sent.
   */
  async read(stream: Readable, encoding: string): Promise<{ bytes: Buffer; release: () => void }> {
    const enc = encoding.trim().toLowerCase().replace(/^x-/, '');
    const known = (ENCODINGS as readonly string[]).includes(enc);
    const fail = (e: BodyError): never => {
      stream.resume();
      throw e;
    };
    if (!known && enc !== '' && enc !== 'identity')
      return fail(
        new BodyError(
          'encoding',
          `Content-Encoding ${JSON.stringify(enc.slice(0, 40))} is not supported: use gzip, zstd or none`,
        ),
      );
    if (known && !(await this.#decoder()))
      return fail(
        new BodyError(
          'busy',
          `more than ${DECODERS_MAX + DECODERS_WAITING_MAX} compressed requests at a time`,
        ),
      );
    const wire = new Wire(stream, this.#msMax);
    try {
      return await this.#collect(known ? inflateWire(wire, enc as Encoding) : wire.chunks());
    } catch (e) {
      const b =
        e instanceof BodyError
          ? e
          : e instanceof InflateError
            ? new BodyError(e.kind, `the body ${e.message}`)
            : undefined;
      if (b === undefined) throw e;
      b.bytes = wire.bytes;
      return fail(b);
    } finally {
      if (known) this.#decoderDone();
    }
  }

  async #collect(chunks: AsyncIterable<Uint8Array>): Promise<{ bytes: Buffer; release: () => void }> {
    const parts: Uint8Array[] = [];
    let size = 0;
    const release = (): void => {
      this.#held -= size;
      size = 0;
    };
    try {
      for await (const c of chunks) {
        if (size + c.length > BODY_BYTES_MAX)
          throw new BodyError(
            'too_large',
            `the body is longer than ${BODY_BYTES_MAX} bytes: send smaller batches`,
          );
        size += c.length;
        this.#held += c.length;
        if (this.#held > this.#bytesMax) throw new BodyError('busy', 'too many large requests at a time');
        parts.push(c);
      }
      const bytes = parts.length === 1 ? Buffer.from(parts[0]!) : Buffer.concat(parts, size);
      return {
        bytes,
        release: () => {
          release();
          free(bytes);
        },
      };
    } catch (e) {
      release();
      throw e;
    }
  }

  async #decoder(): Promise<boolean> {
    if (this.#decoders < DECODERS_MAX) {
      this.#decoders++;
      return true;
    }
    if (this.#waiting.length >= DECODERS_WAITING_MAX) return false;
    // The slot is handed over by whoever ends, so it is not counted again.
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return true;
  }
  #decoderDone(): void {
    const next = this.#waiting.shift();
    if (next !== undefined) next();
    else this.#decoders--;
  }
}

const inflateWire = (wire: Wire, encoding: Encoding): AsyncIterable<Uint8Array> =>
  inflate(wire.chunks(), encoding, { outputBytesMax: BODY_BYTES_MAX, ratioMax: RATIO_MAX });

/** The request's bytes, counted, with a deadline; leaving the loop early does not destroy the request. */
class Wire {
  readonly #stream: Readable;
  readonly #msMax: number;
  bytes = 0;

  constructor(stream: Readable, msMax: number) {
    this.#stream = stream;
    this.#msMax = msMax;
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    const it = this.#stream.iterator({ destroyOnReturn: false });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), this.#msMax);
      timer.unref();
    });
    try {
      for (;;) {
        const next = it.next() as Promise<IteratorResult<Uint8Array>>;
        const r = await Promise.race([next, late]);
        if (r === 'late') {
          next.catch(() => {});
          throw new BodyError('slow', `the body did not arrive within ${this.#msMax / 1000} s`);
        }
        if (r.done === true) return;
        this.bytes += r.value.length;
        if (this.bytes > BODY_WIRE_BYTES_MAX)
          throw new BodyError(
            'too_large',
            `the body is longer than ${BODY_WIRE_BYTES_MAX} bytes: send smaller batches`,
          );
        yield r.value;
      }
    } catch (e) {
      if (e instanceof BodyError) throw e;
      throw new BodyError('bad', 'the connection ended before the body did');
    } finally {
      clearTimeout(timer);
      // Not awaited: an iterator that waits for a chunk answers only when one comes.
      it.return?.(undefined)?.catch(() => {});
    }
  }
}
