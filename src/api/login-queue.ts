/**
 * Where login attempts wait for the throttle: newest first, few per address, none longer than WAIT_MS_MAX. Those pushed
 * out or too late are answered 429 with `Retry-After`. Held by `login.int.test.ts`.
 */
import { fail } from './errors.ts';
import type { Attempt, LoginThrottle } from './login-throttle.ts';

/** Attempts that wait per address, and in all. */
export const WAITING_PER_ADDRESS_MAX = 4;
export const WAITING_MAX = 256;
/** How long an attempt waits before it is answered 429, milliseconds. */
export const WAIT_MS_MAX = 8000;
const TICK_MS = 100;

type Waiting = {
  readonly attempt: Attempt;
  readonly until: number;
  readonly go: () => void;
  readonly refuse: (e: Error) => void;
};

export class LoginQueue {
  readonly #throttle: LoginThrottle;
  readonly #now: () => number;
  /** Oldest first. */
  #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(throttle: LoginThrottle, now: () => number) {
    this.#throttle = throttle;
    this.#now = now;
  }

  /** Resolves when the attempt may run. @throws ApiFailure 429 */
  async admit(attempt: Attempt): Promise<void> {
    const now = this.#now();
    if (this.#throttle.tryNow(attempt, now) === 0) return;
    await new Promise<void>((go, refuse) => {
      this.#waiting.push({ attempt, until: now + WAIT_MS_MAX * 1000, go, refuse });
      this.#trim(attempt.address);
      this.#timer ??= setInterval(() => this.#tick(), TICK_MS);
    });
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const w of this.#waiting.splice(0)) w.refuse(tooMany());
  }

  #trim(address: string): void {
    const mine = this.#waiting.filter((w) => w.attempt.address === address);
    const out =
      mine.length > WAITING_PER_ADDRESS_MAX
        ? mine[0]
        : this.#waiting.length > WAITING_MAX
          ? this.#waiting[0]
          : undefined;
    if (out === undefined) return;
    this.#waiting.splice(this.#waiting.indexOf(out), 1);
    out.refuse(tooMany());
  }

  #tick(): void {
    const now = this.#now();
    const rest: Waiting[] = [];
    for (const w of [...this.#waiting].reverse()) {
      if (this.#throttle.tryNow(w.attempt, now) === 0) w.go();
      else if (now >= w.until) w.refuse(tooMany());
      else rest.unshift(w);
    }
    this.#waiting = rest;
    if (rest.length > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

const tooMany = (): Error =>
  fail('too_many', 'too many failed logins, try again in a few seconds', { retryAfter: 3 });
