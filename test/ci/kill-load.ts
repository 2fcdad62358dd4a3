/**
 * The load of the kill test: numbered lines over HTTP, each batch with an Idempotency-Key and sent again until it is
 * acknowledged; numbered lines over syslog TCP, which acknowledges nothing; and groups of failed logins, whose lines are
 * spread over many batches so that most groups are cut by a kill.
 *
 *   alert groups    exactly 11 failures, a few 60: each must become one alert with exactly that count
 *   near misses     exactly 10 failures: one line judged twice would make an alert of it
 */
import type { Socket } from 'node:net';
import { sleep, type Vigil } from '../support/vigil.ts';
import { makeRandom, type Random } from './random.ts';

export type Group = { readonly ip: string; readonly failures: number };
export type LoadResult = {
  httpLines: number;
  httpBatches: number;
  /** Answers 200 that stored the batch, and that said `duplicate`. */
  stored: number;
  duplicates: number;
  /** Requests whose answer was lost or was not 200: how often, and how many lines were in them. */
  lost: number;
  lostLines: number;
  tcpLines: number;
  tcpConnections: number;
  /** Milliseconds from the first to the last acknowledgement. */
  ms: number;
};

const SENDERS = 4;
/** More than one frame of the journal: a kill may fall between the frames of one request. */
const BIG_BATCH_LINES = 12_000;
/** One batch in so many. */
const BIG_EVERY = 20;
/** One request in so many is given up by the client after a moment, and sent again: its answer is lost, it itself may not be. */
const HASTY_EVERY = 12;
const HASTY_MS_MAX = 60;
const REQUEST_MS_MAX = 60_000;
const TCP_LINES_PER_SECOND = 600;

export type LoadOptions = {
  readonly token: string;
  readonly seed: number;
  /** Lines per second over HTTP while Vigil answers. */
  readonly rate: number;
  readonly groups: readonly Group[];
  /** How the failures of all groups are spread: lines of groups per batch. */
  readonly failuresPerBatch: number;
};

/** Runs until `stop` is called; then sends what is left of the groups and waits for every acknowledgement. */
export class Load {
  readonly #v: Vigil;
  readonly #o: LoadOptions;
  readonly #random: Random;
  readonly #failures: string[];
  readonly #bigSent: (() => void)[] = [];
  #stopping = false;
  #running: Promise<unknown> = Promise.resolve();
  readonly result: LoadResult = {
    httpLines: 0,
    httpBatches: 0,
    stored: 0,
    duplicates: 0,
    lost: 0,
    lostLines: 0,
    tcpLines: 0,
    tcpConnections: 0,
    ms: 0,
  };

  constructor(v: Vigil, options: LoadOptions) {
    this.#v = v;
    this.#o = options;
    this.#random = makeRandom(options.seed);
    this.#failures = spread(options.groups, this.#random);
  }

  start(): void {
    const senders = Array.from({ length: SENDERS }, () => this.#http());
    this.#running = Promise.all([...senders, this.#tcp()]);
  }
  /** Lines of groups not sent yet. */
  get groupLinesLeft(): number {
    return this.#failures.length;
  }
  async stop(): Promise<LoadResult> {
    this.#stopping = true;
    await this.#running;
    return this.result;
  }

  async #http(): Promise<void> {
    const began = performance.now();
    let due = performance.now();
    while (!this.#stopping || this.#failures.length > 0) {
      const batch = this.#batch();
      await this.#deliver(batch);
      this.result.ms = performance.now() - began;
      due = Math.max(due, performance.now() - 1000) + (batch.lines * SENDERS * 1000) / this.#o.rate;
      if (!this.#stopping) await sleep(Math.max(0, due - performance.now()));
    }
  }

  #batch(): { key: string; body: string; lines: number } {
    const r = this.#random;
    const n = this.#stopping ? 50 : r.int(1, BIG_EVERY) === 1 ? BIG_BATCH_LINES : r.int(200, 800);
    const stamp = new Date().toISOString();
    const lines: string[] = [];
    for (let i = 0; i < n; i++) {
      const number = this.result.httpLines++;
      lines.push(
        `<30>1 ${stamp} app0${number % 7} loader ${number % 4000} - - http n=${number} ${WORDS[number % 5]}`,
      );
    }
    for (const f of this.#failures.splice(0, this.#o.failuresPerBatch))
      lines.splice(r.int(0, lines.length), 0, f.replace('STAMP', stamp));
    return { key: `batch-${this.result.httpBatches++}`, body: `${lines.join('\n')}\n`, lines: lines.length };
  }

  /** Resolves when the next batch of many frames has just been sent, or after `ms`. */
  bigSent(ms: number): Promise<void> {
    return Promise.race([new Promise<void>((r) => this.#bigSent.push(r)), sleep(ms)]);
  }

  async #deliver(b: { key: string; body: string; lines: number }): Promise<void> {
    let hasty = this.#random.int(1, HASTY_EVERY) === 1;
    for (;;) {
      const ms = hasty ? this.#random.int(1, HASTY_MS_MAX) : REQUEST_MS_MAX;
      hasty = false;
      if (b.lines >= BIG_BATCH_LINES) for (const tell of this.#bigSent.splice(0)) tell();
      try {
        const r = await fetch(`${this.#v.url}/api/v1/ingest`, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${this.#o.token}`,
            'content-type': 'text/plain',
            'idempotency-key': b.key,
          },
          body: b.body,
          signal: AbortSignal.timeout(ms),
        });
        const answer = (await r.json()) as { accepted?: number; duplicate?: boolean };
        if (r.status === 200) {
          if (answer.accepted !== b.lines) throw new Error(`${answer.accepted} of ${b.lines} accepted`);
          if (answer.duplicate === true) this.result.duplicates += b.lines;
          else this.result.stored += b.lines;
          return;
        }
        if (r.status !== 503 && r.status !== 409) throw new Error(`${r.status} ${JSON.stringify(answer)}`);
      } catch {
        // Cut off by a kill, or nobody listens: the same batch goes again.
      }
      this.result.lost++;
      this.result.lostLines += b.lines;
      await sleep(100);
    }
  }

  async #tcp(): Promise<void> {
    let socket: Socket | undefined;
    while (!this.#stopping) {
      if (socket === undefined || socket.destroyed) {
        socket = await this.#v.connectSyslog().catch(() => undefined);
        if (socket === undefined) {
          await sleep(100);
          continue;
        }
        this.result.tcpConnections++;
        socket.on('error', () => {});
      }
      const stamp = new Date().toISOString();
      let text = '';
      for (let i = 0; i < TCP_LINES_PER_SECOND / 20; i++)
        text += `<30>1 ${stamp} app09 loader 1 - - tcp n=${this.result.tcpLines++}\n`;
      socket.write(text);
      await sleep(50);
    }
    socket?.end();
  }
}

const WORDS = ['started', 'cache refreshed', 'request served in 12 ms', 'queue is empty', 'heartbeat ok'];

/** The failures of all groups in one sequence: a group's lines in order, many groups interleaved. */
function spread(groups: readonly Group[], r: Random): string[] {
  const left = r.shuffle(groups).map((g) => ({ ...g, sent: 0 }));
  const open = left.splice(0, 12);
  const out: string[] = [];
  let pid = 20_000;
  while (open.length > 0) {
    const i = r.int(0, open.length - 1);
    const g = open[i] as (typeof open)[number];
    pid++;
    out.push(
      `<38>1 STAMP web01 sshd ${pid} - - Failed password for root from ${g.ip} port ${10_000 + (pid % 50_000)} ssh2`,
    );
    if (++g.sent === g.failures) {
      const next = left.shift();
      if (next === undefined) open.splice(i, 1);
      else open[i] = next;
    }
  }
  return out;
}
