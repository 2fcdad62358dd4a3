/** What live streams get: the rate once a second, alert changes as they are committed. Each listener sees its tenants only. */
import type { LiveMessage } from '../api/contract.ts';
import type { AlertChange } from '../model/alert.ts';

type Listener = { readonly tenants: readonly string[]; readonly send: (m: LiveMessage) => void };
export type LiveSource = {
  readonly received: () => number;
  readonly pending: () => number;
  readonly openAlerts: (tenants: readonly string[]) => Promise<number>;
};

const RATE_EVERY_MS = 1000;
/** The rate shown is a mean over this many seconds. */
const RATE_SECONDS = 5;

export class Live {
  readonly #listeners = new Set<Listener>();
  readonly #source: LiveSource;
  readonly #now: () => number;
  readonly #counts: number[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(source: LiveSource, now: () => number) {
    this.#source = source;
    this.#now = now;
    this.#timer = setInterval(() => void this.#second().catch(() => {}), RATE_EVERY_MS);
    this.#timer.unref();
  }

  get eventsPerSecond(): number {
    const first = this.#counts[0];
    const last = this.#counts.at(-1);
    if (first === undefined || last === undefined || this.#counts.length < 2) return 0;
    return Math.round((last - first) / (this.#counts.length - 1));
  }

  listen(tenants: readonly string[], send: (m: LiveMessage) => void): () => void {
    const l = { tenants, send };
    this.#listeners.add(l);
    return () => this.#listeners.delete(l);
  }

  alerts(changes: readonly AlertChange[]): void {
    for (const c of changes) {
      // A stream carries what a list shows; the events of an alert are asked for with the alert itself.
      const alert = { ...c.alert, events: [], eventRefs: [] };
      for (const l of this.#listeners)
        if (l.tenants.includes(c.alert.tenant)) l.send({ kind: 'alert', change: c.kind, alert });
    }
  }

  close(): void {
    clearInterval(this.#timer);
    this.#listeners.clear();
  }

  /** Fails where the control database does: the next second tries again. */
  async #second(): Promise<void> {
    this.#counts.push(this.#source.received());
    if (this.#counts.length > RATE_SECONDS + 1) this.#counts.shift();
    if (this.#listeners.size === 0) return;
    const at = this.#now();
    for (const l of this.#listeners) {
      l.send({
        kind: 'rate',
        at,
        eventsPerSecond: this.eventsPerSecond,
        pending: this.#source.pending(),
        openAlerts: await this.#source.openAlerts(l.tenants),
      });
    }
  }
}
