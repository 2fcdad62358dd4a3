/**
 * Refused requests in the audit, without letting a flood of them fill the disk: per (address, what) the first is written
 * at once, further ones within FOLD_US are counted and written with the next one.
 */
import type { AuditEntry } from './contract.ts';

const FOLD_US = 60 * 1e6;
const ENTRIES_MAX = 1000;

export class FailureAudit {
  readonly #write: (a: AuditEntry) => Promise<void>;
  readonly #seen = new Map<string, { at: number; folded: number }>();

  constructor(write: (a: AuditEntry) => Promise<void>) {
    this.#write = write;
  }

  async note(entry: AuditEntry): Promise<void> {
    const key = JSON.stringify([entry.from, entry.action, entry.outcome]);
    const old = this.#seen.get(key);
    if (old !== undefined && entry.at - old.at < FOLD_US) {
      old.folded++;
      return;
    }
    this.#seen.delete(key);
    this.#seen.set(key, { at: entry.at, folded: 0 });
    if (this.#seen.size > ENTRIES_MAX) {
      const oldest = this.#seen.keys().next().value;
      if (oldest !== undefined) this.#seen.delete(oldest);
    }
    const more = old === undefined || old.folded === 0 ? '' : ` (and ${old.folded} more like it before)`;
    await this.#write({ ...entry, detail: entry.detail + more });
  }
}
