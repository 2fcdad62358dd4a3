/**
 * Server-sent events. Each stream belongs to an identity that is checked again every CHECK_MS, so a stream whose session
 * or token has ended is closed within 5 s (held by `sessions.int.test.ts`). A slow reader is dropped, not buffered for.
 */
import type { FastifyReply } from 'fastify';
import type { LiveMessage } from './contract.ts';
import { fail } from './errors.ts';
import type { Identity } from './route.ts';

/** Open streams, in all and per identity. */
export const STREAMS_MAX = 200;
export const STREAMS_PER_IDENTITY_MAX = 10;
/** How often identities are checked again and a comment is sent to keep proxies from closing, milliseconds. */
const CHECK_MS = 2000;
/** Bytes waiting for a slow reader before it is dropped. */
const BACKLOG_BYTES_MAX = 1024 * 1024;

type Stream = {
  readonly who: Identity;
  readonly owner: string;
  readonly reply: FastifyReply;
  readonly stop: () => void;
};
export type Subscribe = (send: (m: LiveMessage) => void) => () => void;

export class LiveHub {
  readonly #streams = new Set<Stream>();
  readonly #stillGood: (who: Identity) => Promise<boolean>;
  #timer: NodeJS.Timeout | undefined;

  constructor(stillGood: (who: Identity) => Promise<boolean>) {
    this.#stillGood = stillGood;
  }

  get size(): number {
    return this.#streams.size;
  }

  /** Answers the request with a stream. @throws ApiFailure 429 */
  open(reply: FastifyReply, who: Identity, subscribe: Subscribe): void {
    const owner = ownerOf(who);
    const mine = [...this.#streams].filter((s) => s.owner === owner).length;
    if (mine >= STREAMS_PER_IDENTITY_MAX || this.#streams.size >= STREAMS_MAX) {
      throw fail('too_many', 'too many live streams are open: close another page', { retryAfter: 10 });
    }
    reply.hijack();
    const out = reply.raw;
    for (const [name, value] of Object.entries(reply.getHeaders()))
      if (value !== undefined) out.setHeader(name, value);
    out.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' });
    out.write(': welcome\n\n');
    const unsubscribe = subscribe((m) => {
      if (out.writableLength > BACKLOG_BYTES_MAX) return stop();
      // JSON has no raw line ends, so a value cannot begin a field of its own.
      out.write(`event: ${m.kind}\ndata: ${JSON.stringify(m)}\n\n`);
    });
    const stop = (): void => {
      if (!this.#streams.delete(stream)) return;
      unsubscribe();
      if (out.writableLength > BACKLOG_BYTES_MAX) out.destroy();
      else out.end();
      if (this.#streams.size === 0) this.#stopTimer();
    };
    const stream: Stream = { who, owner, reply, stop };
    this.#streams.add(stream);
    out.on('close', stop);
    out.on('error', stop);
    this.#timer ??= setInterval(() => void this.#check(), CHECK_MS);
  }

  close(): void {
    for (const s of [...this.#streams]) s.stop();
    this.#stopTimer();
  }

  async #check(): Promise<void> {
    for (const s of [...this.#streams]) {
      const good = await this.#stillGood(s.who).catch(() => false);
      if (!good) s.stop();
      else if (s.reply.raw.writableLength <= BACKLOG_BYTES_MAX) s.reply.raw.write(': still here\n\n');
      else s.stop();
    }
  }

  #stopTimer(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

const ownerOf = (who: Identity): string =>
  who.kind === 'user' ? `user:${who.name}` : who.kind === 'token' ? `token:${who.id}` : '';
