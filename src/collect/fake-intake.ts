/** An intake for the tests of the doors: keeps what it is given, can be full, counts as the ledger does. */
import type { DropReason, Intake, Offer, RawRecord, RecordMeta } from '../model/record.ts';

export class FakeIntake implements Intake {
  readonly records: RawRecord[] = [];
  readonly drops = new Map<DropReason, number>();
  readonly keys = new Set<string>();
  receivedCount = 0;
  receivedBytes = 0;
  durableCalls = 0;
  /** How many records had been taken when the last key was remembered. */
  keyMarkedAt = -1;
  durableError: Error | undefined;
  /** Records that are still taken before it is full. */
  capacity = Number.POSITIVE_INFINITY;
  #waiting: (() => void)[] = [];

  received(_meta: RecordMeta, count: number, bytes: number): void {
    this.receivedCount += count;
    this.receivedBytes += bytes;
  }
  dropped(_meta: RecordMeta, reason: DropReason, count: number): void {
    this.drops.set(reason, (this.drops.get(reason) ?? 0) + count);
  }
  offer(record: RawRecord): Offer {
    if (this.capacity <= 0) return 'full';
    this.capacity--;
    this.records.push({ ...record, raw: Uint8Array.from(record.raw) });
    return 'taken';
  }
  async durable(): Promise<void> {
    if (this.durableError !== undefined) throw this.durableError;
    this.durableCalls++;
  }
  room(): Promise<void> {
    if (this.capacity > 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
  seenBefore(tenant: string, key: string): boolean {
    const id = `${tenant}\n${key}`;
    if (this.keys.has(id)) return true;
    this.keys.add(id);
    this.keyMarkedAt = this.records.length;
    return false;
  }
  seen(tenant: string, key: string): boolean {
    return this.keys.has(`${tenant}\n${key}`);
  }

  makeRoom(records = Number.POSITIVE_INFINITY): void {
    this.capacity = records;
    for (const w of this.#waiting.splice(0)) w();
  }
  get texts(): string[] {
    return this.records.map((r) => Buffer.from(r.raw).toString('utf8'));
  }
  drop(reason: DropReason): number {
    return this.drops.get(reason) ?? 0;
  }
  /** received = taken + dropped, the door's share of the ledger's first equation. */
  get balanced(): boolean {
    let dropped = 0;
    for (const n of this.drops.values()) dropped += n;
    return this.receivedCount === this.records.length + dropped;
  }
}

/** Waits until `ready` holds; throws with `what` after `ms`. */
export async function until(ready: () => boolean, what: string, ms = 5000): Promise<void> {
  const end = performance.now() + ms;
  while (!ready()) {
    if (performance.now() > end) throw new Error(`did not happen within ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
