/**
 * argon2id, at most two at a time behind a bounded queue: each run takes ~20 MiB and one of libuv's four threads, which
 * the journal's fsync needs too. Held by `login.int.test.ts`.
 */
import { hash, verify } from '@node-rs/argon2';
import { fail } from './errors.ts';

/** Runs at once. */
export const ARGON_RUNS_MAX = 2;
/** Waiting runs; further ones are answered 429. */
export const ARGON_QUEUE_MAX = 32;
/** KiB, passes, lanes (OWASP's argon2id minimum). */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

type Waiting = { readonly start: () => void };

export class PasswordGate {
  #running = 0;
  readonly #queue: Waiting[] = [];
  #peak = 0;
  /** Compared with where the user does not exist, so that the answer takes as long. */
  #nobody: Promise<string> | undefined;

  /** Most runs ever at once, for tests and status. */
  get peak(): number {
    return this.#peak;
  }

  hash(password: string): Promise<string> {
    return this.#run(true, () => hash(password, COST));
  }

  /** `stored` undefined takes the same time and is false. `first` stands in front of the queue. */
  async verify(stored: string | undefined, password: string, first = false): Promise<boolean> {
    this.#nobody ??= this.#run(true, () => hash('nobody has this password', COST));
    const against = stored ?? (await this.#nobody);
    const same = await this.#run(first, () => verify(against, password));
    return same && stored !== undefined;
  }

  async #run<T>(first: boolean, work: () => Promise<T>): Promise<T> {
    if (this.#running >= ARGON_RUNS_MAX) {
      if (this.#queue.length >= ARGON_QUEUE_MAX && !first) {
        throw fail('too_many', 'too many logins at once, try again shortly', { retryAfter: 2 });
      }
      await new Promise<void>((start) => {
        if (first) this.#queue.unshift({ start });
        else this.#queue.push({ start });
      });
    } else this.#running++;
    this.#peak = Math.max(this.#peak, this.#running);
    try {
      return await work();
    } finally {
      // The slot passes to the next one in the queue, or is free.
      const next = this.#queue.shift();
      if (next === undefined) this.#running--;
      else next.start();
    }
  }
}
