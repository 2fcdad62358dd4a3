/** NDJSON over HTTP with a bearer token, one request at a time over one connection. Held by `run.int.test.ts`. */
import { randomUUID } from 'node:crypto';
import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Log } from '../base/log.ts';
import { errorText } from '../base/result.ts';
import { sleep } from '../collect/door.ts';

export type HttpTarget = {
  /** The ingest endpoint, as in `http://127.0.0.1:8443/api/v1/ingest`. */
  readonly url: string;
  readonly token: string;
  /** PEM of the certificate that the server has, where it signed its own. */
  readonly ca?: string;
};

const REQUEST_MS = 20_000;
const RETRY_MS_MIN = 250;
const RETRY_MS_MAX = 5000;
/** Attempts for one batch before it is given up. */
const ATTEMPTS_MAX = 8;
const ANSWER_BYTES_MAX = 64 * 1024;

export class HttpSender {
  readonly #to: HttpTarget;
  readonly #log: Log;
  readonly #agent: HttpAgent | HttpsAgent;
  #told = '';
  /** Records that were acknowledged. */
  sent = 0;
  /** Records given up. */
  refused = 0;

  constructor(to: HttpTarget, log: Log) {
    this.#to = to;
    this.#log = log;
    const secure = to.url.startsWith('https:');
    const keep = { keepAlive: true, maxSockets: 1 };
    this.#agent = secure
      ? new HttpsAgent({ ...keep, ...(to.ca === undefined ? {} : { ca: to.ca }) })
      : new HttpAgent(keep);
  }

  /** Resolves when the batch is acknowledged, given up, or `signal` is aborted. A retry has the same key. */
  async send(documents: readonly string[], signal: AbortSignal): Promise<void> {
    if (documents.length === 0) return;
    const body = Buffer.from(`${documents.join('\n')}\n`);
    const key = randomUUID();
    let wait = RETRY_MS_MIN;
    for (let i = 0; i < ATTEMPTS_MAX && !signal.aborted; i++) {
      const answer = await this.#post(body, key, signal);
      if (answer === 200) {
        this.sent += documents.length;
        this.#told = '';
        return;
      }
      this.#tell(String(answer));
      // A refusal that a retry will not change.
      if (typeof answer === 'number' && answer >= 400 && answer < 500 && answer !== 408 && answer !== 429)
        break;
      await sleep(wait, signal);
      wait = Math.min(wait * 2, RETRY_MS_MAX);
    }
    if (!signal.aborted) this.refused += documents.length;
  }

  /** Once per cause. */
  #tell(problem: string): void {
    if (this.#told === problem) return;
    this.#told = problem;
    this.#log.warn('demo: the ingest endpoint did not take the records', { problem });
  }

  /** Status, or what went wrong on the way. */
  #post(body: Buffer, key: string, signal: AbortSignal): Promise<number | string> {
    return new Promise((resolve) => {
      const send = this.#to.url.startsWith('https:') ? httpsRequest : httpRequest;
      const r = send(this.#to.url, {
        method: 'POST',
        agent: this.#agent,
        signal,
        timeout: REQUEST_MS,
        headers: {
          authorization: `Bearer ${this.#to.token}`,
          'content-type': 'application/x-ndjson',
          'content-length': body.length,
          'idempotency-key': key,
        },
      });
      r.once('response', (answer) => {
        let bytes = 0;
        answer.on('data', (d: Buffer) => {
          bytes += d.length;
          if (bytes > ANSWER_BYTES_MAX) answer.destroy();
        });
        answer.once('close', () => resolve(answer.statusCode ?? 0));
      });
      r.once('timeout', () => r.destroy(new Error('no answer in time')));
      r.once('error', (e) => resolve(errorText(e)));
      r.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
