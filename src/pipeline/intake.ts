/** The doors' side of the journal: counts, offers, idempotency keys. */
import type { Journal } from '../journal/journal.ts';
import type { DropReason, Intake, RawRecord, RecordMeta } from '../model/record.ts';

/** How long a sender's key is remembered, microseconds, and at most how many. */
export const KEY_WINDOW_US = 24 * 3600e6;
export const KEYS_MAX = 200_000;

/** What the journal writes beside a record's bytes, at most, for records without a position. */
const RECORD_OVERHEAD_BYTES = 16;

export class JournalIntake implements Intake {
  readonly #journal: Journal;
  readonly #nowUs: () => number;
  readonly #keys = new Map<string, number>();
  /** Records received, for the rate shown live. */
  receivedTotal = 0;

  constructor(journal: Journal, nowUs: () => number) {
    this.#journal = journal;
    this.#nowUs = nowUs;
  }

  received(meta: RecordMeta, count: number, bytes: number): void {
    this.receivedTotal += count;
    this.#journal.received(meta, count, bytes);
  }
  dropped(meta: RecordMeta, reason: DropReason, count: number): void {
    this.#journal.dropped(meta, reason, count);
  }
  offer(record: RawRecord): 'taken' | 'full' {
    return this.#journal.offer(record);
  }
  fits(count: number, bytes: number): boolean {
    return this.#journal.fits(bytes + count * RECORD_OVERHEAD_BYTES);
  }
  durable(): Promise<void> {
    return this.#journal.durable();
  }
  room(): Promise<void> {
    return this.#journal.room();
  }
  seen(tenant: string, key: string): boolean {
    const at = this.#keys.get(`${tenant}\0${key}`);
    return at !== undefined && at >= this.#nowUs() - KEY_WINDOW_US;
  }
  seenBefore(tenant: string, key: string): boolean {
    if (this.seen(tenant, key)) return true;
    this.remember(tenant, key, this.#nowUs());
    this.#journal.key(tenant, key);
    return false;
  }
  /** Restores a key from the control database or a replayed frame. */
  remember(tenant: string, key: string, at: number): void {
    this.#keys.set(`${tenant}\0${key}`, at);
    if (this.#keys.size <= KEYS_MAX) return;
    for (const oldest of this.#keys.keys()) {
      this.#keys.delete(oldest);
      break;
    }
  }
}

/** Records between the journal and the state owner above which an import waits, so that live events are not behind it. */
export const IMPORT_BACKLOG_MAX = 6000;
const LOOK_MS = 20;

/** The intake for imports: as the journal's, but it yields to live events. */
export function importIntake(intake: Intake, backlog: () => number): Intake {
  // Looked at once in a while only: an import offers many records in one turn of the event loop.
  let taken = 0;
  return {
    received: (meta, count, bytes) => intake.received(meta, count, bytes),
    dropped: (meta, reason, count) => intake.dropped(meta, reason, count),
    offer(record) {
      if (taken >= IMPORT_BACKLOG_MAX) return 'full';
      const o = intake.offer(record);
      if (o === 'taken') taken++;
      return o;
    },
    durable: () => intake.durable(),
    async room() {
      await intake.durable();
      while (backlog() > IMPORT_BACKLOG_MAX / 2) await new Promise((r) => setTimeout(r, LOOK_MS));
      taken = backlog();
      return intake.room();
    },
    seenBefore: (tenant, key) => intake.seenBefore(tenant, key),
  };
}
