/**
 * What is on its way, per line of the ledger: added when a frame is durable, taken off when the store (or the commit)
 * has it. Counted, never computed as a remainder.
 */
export type LineKey = {
  readonly tenant: string;
  readonly door: string;
  readonly sender: string;
  readonly minute: number;
};

export const MINUTE_US = 60e6;
export const minuteOf = (us: number): number => Math.floor(us / MINUTE_US) * MINUTE_US;
export const lineText = (k: LineKey): string => `${k.tenant}\0${k.door}\0${k.sender}\0${k.minute}`;

export class Counter {
  readonly #lines = new Map<string, { key: LineKey; n: number }>();
  #total = 0;

  get total(): number {
    return this.#total;
  }
  add(key: LineKey, n: number): void {
    const text = lineText(key);
    const line = this.#lines.get(text);
    this.#total += n;
    if (line === undefined) this.#lines.set(text, { key, n });
    else if (line.n + n === 0) this.#lines.delete(text);
    else line.n += n;
  }
  get(key: LineKey): number {
    return this.#lines.get(lineText(key))?.n ?? 0;
  }
  lines(): IterableIterator<{ key: LineKey; n: number }> {
    return this.#lines.values();
  }
}
