/** Vigil under load: the generator as a child, the live stream, waiting until all is stored and merged. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { LiveMessage, Status } from '../src/api/contract.ts';
import { sleep, type Vigil } from '../test/support/vigil.ts';
import type { FromLoad, LoadOptions, Sent } from './support-load.ts';
import { cpuOf } from './support-proc.ts';

/** Listens to the live stream until the signal aborts. */
export async function listen(
  v: Vigil,
  token: string,
  signal: AbortSignal,
  hear: (m: LiveMessage) => void,
): Promise<void> {
  const r = await fetch(`${v.url}/api/v1/live?tenant=default`, {
    headers: { authorization: `Bearer ${token}` },
    signal,
  });
  if (r.status !== 200 || r.body === null) throw new Error(`live stream: ${r.status} ${await r.text()}`);
  const body = r.body;
  void (async () => {
    let rest = '';
    const text = new TextDecoder();
    for await (const chunk of body) {
      const events = (rest + text.decode(chunk, { stream: true })).split('\n\n');
      rest = events.pop() ?? '';
      for (const e of events) {
        const data = e.split('\n').find((l) => l.startsWith('data:'));
        if (data !== undefined) hear(JSON.parse(data.slice(5)) as LiveMessage);
      }
    }
  })().catch((e: unknown) => {
    if (!signal.aborted) throw e;
  });
}

/** The generator in its own process. */
export class Load {
  readonly #child: ChildProcess;
  #sent: ((s: Sent) => void) | undefined;
  #ready: Promise<void>;
  constructor(o: LoadOptions) {
    this.#child = fork(join(import.meta.dirname, 'support-load.ts'), [JSON.stringify(o)], { execArgv: [] });
    this.#ready = new Promise((done, failed) => {
      this.#child.once('exit', (code) => failed(new Error(`the load generator ended (${code})`)));
      this.#child.on('message', (m: FromLoad) => {
        if (m.kind === 'ready') done();
        else this.#sent?.(m);
      });
    });
    this.#ready.catch(() => {});
  }
  async run(seconds: number, rate: number): Promise<Sent> {
    await this.#ready;
    this.#child.send({ kind: 'go', seconds, rate });
    return new Promise((done, failed) => {
      this.#sent = done;
      this.#child.once('exit', (code) => failed(new Error(`the load generator ended (${code})`)));
    });
  }
  pending(n: number): void {
    if (this.#child.connected) this.#child.send({ kind: 'pending', n });
  }
  end(): void {
    if (this.#child.connected) this.#child.disconnect();
  }
}

const ALL_STORED_MS_MAX = 900_000;
const IDLE_MS_MAX = 240_000;
const IDLE_LOOK_MS = 5000;
/** CPU of all of Vigil's processes in IDLE_LOOK_MS below which merges are done, seconds. */
const IDLE_CPU_S = 0.25;

export type Totals = { readonly received: number; readonly stored: number; readonly dropped: number };
export async function totals(v: Vigil): Promise<Totals & { readonly balanced: boolean }> {
  const r = await v.ledger();
  const sum = (f: (t: (typeof r.totals)[number]) => number): number => r.totals.reduce((n, t) => n + f(t), 0);
  return {
    received: sum((t) => t.received),
    stored: sum((t) => t.stored + t.quarantined),
    dropped: sum((t) => Object.values(t.dropped).reduce((a, b) => a + b, 0)),
    balanced: r.balanced,
  };
}

/** Waits until `records` have been received, stored and judged. Asks the cheap status, then the ledger once. */
export async function allStored(v: Vigil, records: number): Promise<void> {
  const until = performance.now() + ALL_STORED_MS_MAX;
  while (performance.now() < until) {
    const s = await v.status();
    if (s.store.rows >= records && s.journal.pendingRecords === 0) {
      const t = await totals(v);
      if (t.stored + t.dropped >= records) return;
    }
    await sleep(250);
  }
  throw new Error(`not all stored: sent ${records}, ${JSON.stringify(await totals(v))}`);
}

/** Waits until merges are done and the journal has let go of what is stored. */
export async function idle(v: Vigil): Promise<Status> {
  const until = performance.now() + IDLE_MS_MAX;
  for (;;) {
    const before = cpuOf(v.pid).total;
    await sleep(IDLE_LOOK_MS);
    const used = cpuOf(v.pid).total - before;
    if (used < IDLE_CPU_S || performance.now() > until) return v.status();
  }
}
