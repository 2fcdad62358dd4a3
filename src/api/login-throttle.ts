/**
 * Slows guessing down without locking anybody out. Token buckets count failures per (account, address), per address and
 * per account; an empty bucket makes attempts wait a bounded time, newest first, and answers the oldest 429 when
 * too many wait: so a person who comes after a flood is served next. An address from which the account has logged in
 * before is not slowed by what others do to the account. Pure: takes times as arguments. Held by `login-throttle.test.ts`.
 */

type Bucket = { tokens: number; at: number };
type Limit = { readonly burst: number; readonly perSecond: number };

/** Failures from one address against one account. */
const PAIR: Limit = { burst: 5, perSecond: 1 };
/** Failures from one address, whatever the account. */
const ADDRESS: Limit = { burst: 20, perSecond: 2 };
/** Failures against one account, whatever the address. */
const ACCOUNT: Limit = { burst: 50, perSecond: 2 };
/** Entries per table; the least recently used go first. */
export const THROTTLE_ENTRIES_MAX = 10_000;

class Buckets {
  readonly #limit: Limit;
  readonly #map = new Map<string, Bucket>();
  constructor(limit: Limit) {
    this.#limit = limit;
  }

  /** Microseconds until an attempt may go; 0 takes a token. */
  peek(key: string, now: number): number {
    const b = this.#at(key, now);
    return b.tokens >= 1 ? 0 : Math.ceil(((1 - b.tokens) / this.#limit.perSecond) * 1e6);
  }
  take(key: string, now: number): void {
    this.#at(key, now).tokens -= 1;
  }
  give(key: string, now: number): void {
    const b = this.#at(key, now);
    b.tokens = Math.min(this.#limit.burst, b.tokens + 1);
  }
  forget(key: string): void {
    this.#map.delete(key);
  }
  get size(): number {
    return this.#map.size;
  }

  #at(key: string, now: number): Bucket {
    const old = this.#map.get(key);
    const b = old ?? { tokens: this.#limit.burst, at: now };
    b.tokens = Math.min(
      this.#limit.burst,
      b.tokens + (Math.max(0, now - b.at) / 1e6) * this.#limit.perSecond,
    );
    b.at = now;
    this.#map.delete(key);
    this.#map.set(key, b);
    if (this.#map.size > THROTTLE_ENTRIES_MAX) {
      const oldest = this.#map.keys().next().value;
      if (oldest !== undefined) this.#map.delete(oldest);
    }
    return b;
  }
}

export type Attempt = { readonly account: string; readonly address: string };

export class LoginThrottle {
  readonly #pair = new Buckets(PAIR);
  readonly #address = new Buckets(ADDRESS);
  readonly #account = new Buckets(ACCOUNT);
  /** Pairs that have logged in, most recent last. */
  readonly #known = new Set<string>();

  /** Microseconds to wait, or 0: the attempt may run now and is counted until `succeeded` takes it back. */
  tryNow(a: Attempt, now: number): number {
    const pair = pairOf(a);
    const known = this.#known.has(pair);
    const wait = Math.max(
      this.#pair.peek(pair, now),
      known ? 0 : this.#address.peek(a.address, now),
      known ? 0 : this.#account.peek(a.account, now),
    );
    if (wait > 0) return wait;
    this.#pair.take(pair, now);
    this.#address.take(a.address, now);
    this.#account.take(a.account, now);
    return 0;
  }

  succeeded(a: Attempt, now: number): void {
    const pair = pairOf(a);
    this.#pair.forget(pair);
    this.#address.give(a.address, now);
    this.#account.give(a.account, now);
    this.#known.delete(pair);
    this.#known.add(pair);
    if (this.#known.size > THROTTLE_ENTRIES_MAX) {
      const oldest = this.#known.values().next().value;
      if (oldest !== undefined) this.#known.delete(oldest);
    }
  }

  isKnown(a: Attempt): boolean {
    return this.#known.has(pairOf(a));
  }
  get entries(): number {
    return this.#pair.size;
  }
}

const pairOf = (a: Attempt): string => JSON.stringify([a.account, a.address]);
