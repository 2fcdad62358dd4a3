/** Syslog over TCP with octet counting: one connection, opened again when it is gone. Held by `run.int.test.ts`. */
import { connect, type Socket } from 'node:net';
import type { Log } from '../base/log.ts';
import { errorText } from '../base/result.ts';
import { sleep } from '../collect/door.ts';

export type SyslogTarget = { readonly host: string; readonly port: number };

const CONNECT_MS = 5000;
const RETRY_MS_MIN = 250;
const RETRY_MS_MAX = 5000;

/** `<bytes> <message>`, RFC 6587 section 3.4.1. */
export const octets = (message: string): string => `${Buffer.byteLength(message)} ${message}`;

export class SyslogSender {
  readonly #to: SyslogTarget;
  readonly #log: Log;
  #socket: Socket | undefined;
  #retryMs = RETRY_MS_MIN;
  #told = false;
  /** Messages handed to the connection. */
  sent = 0;

  constructor(to: SyslogTarget, log: Log) {
    this.#to = to;
    this.#log = log;
  }

  /** Resolves when the messages are written (waits for room and for a connection) or `signal` is aborted. */
  async send(messages: readonly string[], signal: AbortSignal): Promise<void> {
    if (messages.length === 0) return;
    const bytes = Buffer.from(messages.map(octets).join(''));
    while (!signal.aborted) {
      const socket = this.#socket ?? (await this.#connect());
      if (socket !== undefined && (await write(socket, bytes, signal))) {
        this.sent += messages.length;
        return;
      }
      this.#socket = undefined;
      await sleep(this.#retryMs, signal);
      this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MS_MAX);
    }
  }

  async #connect(): Promise<Socket | undefined> {
    const socket = connect({ ...this.#to, timeout: CONNECT_MS });
    const problem = await new Promise<string>((resolve) => {
      socket.once('connect', () => resolve(''));
      socket.once('timeout', () => resolve('no answer'));
      socket.once('error', (e) => resolve(errorText(e)));
    });
    if (problem !== '') {
      socket.destroy();
      if (!this.#told)
        this.#log.warn('demo: no connection to the syslog listener, trying again', { problem });
      this.#told = true;
      return undefined;
    }
    socket.setTimeout(0);
    socket.on('error', () => {});
    socket.on('close', () => {
      if (this.#socket === socket) this.#socket = undefined;
    });
    this.#socket = socket;
    this.#retryMs = RETRY_MS_MIN;
    this.#told = false;
    return socket;
  }

  close(): void {
    this.#socket?.end();
    this.#socket = undefined;
  }
}

/** False where the connection went away. */
function write(socket: Socket, bytes: Buffer, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (socket.destroyed || !socket.writable) return resolve(false);
    const done = (ok: boolean): void => {
      socket.off('close', gone);
      signal.removeEventListener('abort', stop);
      resolve(ok);
    };
    const gone = (): void => done(false);
    // Whoever stops the demo does not wait for a listener that takes nothing.
    const stop = (): void => {
      socket.destroy();
      done(true);
    };
    socket.once('close', gone);
    signal.addEventListener('abort', stop, { once: true });
    socket.write(bytes, (e) => done(e === null || e === undefined));
  });
}
