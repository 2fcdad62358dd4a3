/**
 * The ledger's two equations, per tenant, door, sender and minute of receipt:
 *
 *   received = stored + dropped(reason) + quarantined + pending
 *   stored + quarantined + pending = evaluated + evaluation pending + failed(reason)
 *
 * No term is a remainder: received and dropped are counted by the doors, stored and quarantined by asking the store,
 * pending and evaluation pending by counting what is between the journal and each of them, evaluated by the workers.
 */
import type { Log } from '../base/log.ts';
import { errorText } from '../base/result.ts';
import type { ControlStore } from '../store/control/control-store.ts';
import type { LedgerEntry } from '../store/control/tables/ledger.ts';
import { receivedDeltas } from './commit.ts';
import { type Counter, type LineKey, lineText, MINUTE_US, minuteOf } from './counters.ts';
import type { Entry } from './follow.ts';

export type LedgerDeps = {
  readonly control: ControlStore;
  /** Rows the store holds per line, `from <= ingested < to`. */
  readonly counts: (
    from: number,
    to: number,
  ) => Promise<readonly (LineKey & { stored: number; quarantined: number })[]>;
  readonly quiet: <T>(work: () => Promise<T>) => Promise<T>;
  readonly toStore: Counter;
  readonly toJudge: Counter;
  readonly uncommitted: ReadonlySet<Entry>;
  readonly nowUs: () => number;
  readonly log: Log;
};

export type Line = LineKey & {
  readonly received: number;
  readonly bytes: number;
  readonly stored: number;
  readonly quarantined: number;
  readonly pending: number;
  readonly dropped: Readonly<Record<string, number>>;
  readonly evaluated: number;
  readonly evaluationPending: number;
  readonly failed: Readonly<Record<string, number>>;
  readonly kernelDrops: number;
  readonly balanced: boolean;
};

/** The store is asked anew about minutes younger than this; older ones only while they do not balance. */
const FRESH_US = 10 * MINUTE_US;
/** Lines of single minutes; older ones are added up per sender (`readLedger`). */
const LINES_MAX = 50_000;

type Mutable = { -readonly [K in keyof Line]: Line[K] } & {
  dropped: Record<string, number>;
  failed: Record<string, number>;
};

export class LedgerBook {
  readonly #d: LedgerDeps;
  #asked = 0;
  #answered = 0;
  #reconciling = false;
  /** Why the store could not be asked the last time; '' where it answered. Its counts are then those of its last answer. */
  trouble = '';
  constructor(deps: LedgerDeps) {
    this.#d = deps;
  }

  /** Writes the store's own counts of the latest minutes beside what was received. */
  async reconcile(): Promise<void> {
    if (this.#reconciling) return;
    this.#reconciling = true;
    const now = this.#d.nowUs();
    try {
      await this.#ask(minuteOf(now - FRESH_US), now + MINUTE_US);
    } catch (e) {
      this.#d.log.warn('the event store could not be asked for its counts', { cause: errorText(e) });
    } finally {
      this.#reconciling = false;
    }
  }

  async #ask(from: number, to: number): Promise<void> {
    const askedAt = this.#d.nowUs();
    const number = ++this.#asked;
    const lines = await this.#counts(from, to);
    // An answer that was overtaken by a later one is no longer true.
    if (number < this.#answered) return;
    this.#answered = number;
    this.#d.control.setStored(lines.map((l) => ({ ...l, askedAt })));
  }

  async #counts(from: number, to: number): ReturnType<LedgerDeps['counts']> {
    try {
      const lines = await this.#d.counts(from, to);
      this.trouble = '';
      return lines;
    } catch (e) {
      this.trouble = errorText(e);
      throw e;
    }
  }

  /** A report is given while the store is away, too: that is when it is looked at. */
  async #askIfThere(from: number, to: number): Promise<boolean> {
    try {
      await this.#ask(from, to);
      return true;
    } catch {
      return false;
    }
  }

  /**
   * Lines of minutes in `from <= minute < to`, as they are at one instant. Where the store does not answer (`trouble`),
   * `stored` is what it last said, and lines it took since may not balance.
   */
  report(range: { tenants: readonly string[]; from: number; to: number }): Promise<Line[]> {
    return this.#d.quiet(async () => {
      const now = this.#d.nowUs();
      const fresh = Math.max(range.from, minuteOf(now - FRESH_US));
      const there = fresh >= range.to || (await this.#askIfThere(minuteOf(fresh), range.to));
      let lines = await this.#read(range);
      const stale = lines.filter((l) => !l.balanced && l.minute < fresh).map((l) => l.minute);
      if (there && stale.length > 0) {
        // Of very many lines the older ones stand for several minutes each.
        const from = lines.length > LINES_MAX / 2 ? range.from : stale.reduce((a, b) => Math.min(a, b));
        await this.#askIfThere(from, stale.reduce((a, b) => Math.max(a, b)) + MINUTE_US);
        lines = await this.#read(range);
      }
      return lines;
    });
  }

  async #read(range: { tenants: readonly string[]; from: number; to: number }): Promise<Line[]> {
    const rows = await this.#d.control.ledger({ ...range, limit: LINES_MAX });
    const lines = new Map<string, Mutable>();
    for (const r of rows) lines.set(lineText(r), fromEntry(r));
    const inRange = (k: LineKey): boolean =>
      range.tenants.includes(k.tenant) && k.minute >= minuteOf(range.from) && k.minute < range.to;
    const line = (k: LineKey): Mutable => {
      const text = lineText(k);
      let l = lines.get(text);
      if (l === undefined) {
        l = empty(k);
        lines.set(text, l);
      }
      return l;
    };
    for (const d of receivedDeltas(this.#d.uncommitted)) {
      if (!inRange(d)) continue;
      const l = line(d);
      l.received += d.received ?? 0;
      l.bytes += d.bytes ?? 0;
      l.kernelDrops += d.kernelDrops ?? 0;
      for (const [reason, n] of Object.entries(d.dropped ?? {}))
        l.dropped[reason] = (l.dropped[reason] ?? 0) + n;
    }
    for (const { key, n } of this.#d.toStore.lines()) if (inRange(key)) line(key).pending += n;
    for (const { key, n } of this.#d.toJudge.lines()) if (inRange(key)) line(key).evaluationPending += n;
    const out = [...lines.values()];
    for (const l of out) l.balanced = balanced(l);
    return out.sort((a, b) => b.minute - a.minute || (lineText(a) < lineText(b) ? -1 : 1));
  }
}

const sum = (r: Readonly<Record<string, number>>): number => Object.values(r).reduce((a, b) => a + b, 0);

export function balanced(l: Omit<Line, 'balanced'>): boolean {
  const kept = l.stored + l.quarantined + l.pending;
  return l.received === kept + sum(l.dropped) && kept === l.evaluated + l.evaluationPending + sum(l.failed);
}

function empty(k: LineKey): Mutable {
  return {
    tenant: k.tenant,
    door: k.door,
    sender: k.sender,
    minute: k.minute,
    received: 0,
    bytes: 0,
    stored: 0,
    quarantined: 0,
    pending: 0,
    dropped: Object.create(null) as Record<string, number>,
    evaluated: 0,
    evaluationPending: 0,
    failed: Object.create(null) as Record<string, number>,
    kernelDrops: 0,
    balanced: false,
  };
}

const fromEntry = (r: LedgerEntry): Mutable => ({
  ...empty(r),
  received: r.received,
  bytes: r.bytes,
  stored: r.stored,
  quarantined: r.quarantined,
  dropped: { ...r.dropped },
  evaluated: r.evaluated,
  failed: { ...r.failed },
  kernelDrops: r.kernelDrops,
});

/** Lines summed over minutes, one per tenant, door and sender. */
export function totals(lines: readonly Line[]): Line[] {
  const by = new Map<string, Mutable>();
  for (const l of lines) {
    const key = { ...l, minute: 0 };
    const t = by.get(lineText(key)) ?? empty(key);
    t.received += l.received;
    t.bytes += l.bytes;
    t.stored += l.stored;
    t.quarantined += l.quarantined;
    t.pending += l.pending;
    t.evaluated += l.evaluated;
    t.evaluationPending += l.evaluationPending;
    t.kernelDrops += l.kernelDrops;
    for (const [k, n] of Object.entries(l.dropped)) t.dropped[k] = (t.dropped[k] ?? 0) + n;
    for (const [k, n] of Object.entries(l.failed)) t.failed[k] = (t.failed[k] ?? 0) + n;
    by.set(lineText(key), t);
  }
  const out = [...by.values()];
  for (const t of out) t.balanced = balanced(t);
  return out;
}
