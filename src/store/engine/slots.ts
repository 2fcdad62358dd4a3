/** A bounded number of things at once, with a bounded queue of those that wait. Held by `wire.test.ts`. */
export class Slots {
  readonly #max: number;
  readonly #waitingMax: number;
  readonly #waiting: (() => void)[] = [];
  running = 0;

  constructor(max: number, waitingMax: number) {
    this.#max = max;
    this.#waitingMax = waitingMax;
  }

  /** `entered` must be followed by `leave`. An abort while waiting gives the place up. */
  async enter(signal: AbortSignal): Promise<'entered' | 'full' | 'aborted'> {
    if (signal.aborted) return 'aborted';
    if (this.running < this.#max) {
      this.running++;
      return 'entered';
    }
    if (this.#waiting.length >= this.#waitingMax) return 'full';
    return new Promise((resolve) => {
      const go = (): void => {
        signal.removeEventListener('abort', stop);
        resolve('entered');
      };
      const stop = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(go), 1);
        resolve('aborted');
      };
      signal.addEventListener('abort', stop, { once: true });
      this.#waiting.push(go);
    });
  }

  /** The place passes to the one that waits longest. */
  leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.running--;
    else next();
  }
}
