/**
 * Chance that repeats: a small seeded generator (sfc32) and what is drawn from it. No clock, no `Math.random`.
 * Same seed, same sequence, on every machine. Held by `traffic.test.ts` (determinism by seed).
 */

/** A number in [0, 1). */
export type Rng = () => number;

/** sfc32 (C. Doty-Humphrey, PractRand), 128 bits of state from one number. */
export function rngOf(seed: number): Rng {
  let a = seed | 0;
  let b = Math.trunc(seed / 2 ** 32) | 0;
  let c = 0x9e3779b9 | 0;
  let d = 1;
  const next = (): number => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + t;
    return (t >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 15; i++) next();
  return next;
}

/** Whole number from `low` to `high`, both included. */
export const between = (rng: Rng, low: number, high: number): number =>
  low + Math.floor(rng() * (high - low + 1));

export const chance = (rng: Rng, p: number): boolean => rng() < p;

/** One of the list, which must not be empty. */
export function pick<T>(rng: Rng, list: readonly T[]): T {
  return list[Math.floor(rng() * list.length)]!;
}

export type Weighted<T> = {
  readonly total: number;
  readonly ends: readonly number[];
  readonly of: readonly T[];
};

/** Prepares a draw by weight. */
export function weighted<T>(pairs: readonly (readonly [number, T])[]): Weighted<T> {
  let total = 0;
  const ends = pairs.map(([w]) => {
    total += w;
    return total;
  });
  return { total, ends, of: pairs.map(([, v]) => v) };
}

export function draw<T>(rng: Rng, w: Weighted<T>): T {
  const x = rng() * w.total;
  let i = 0;
  while (i < w.ends.length - 1 && x >= w.ends[i]!) i++;
  return w.of[i]!;
}

const HEX = '0123456789abcdef';
export function hex(rng: Rng, chars: number): string {
  let out = '';
  for (let i = 0; i < chars; i++) out += HEX[Math.floor(rng() * 16)];
  return out;
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
/** Letters and digits, as in tokens and Zeek's uids. */
export function letters(rng: Rng, chars: number): string {
  let out = '';
  for (let i = 0; i < chars; i++) out += LETTERS[Math.floor(rng() * 62)];
  return out;
}

/** A number that is usually small and sometimes large, about `median` in the middle. */
export const skewed = (rng: Rng, median: number): number =>
  Math.max(1, Math.round(median * Math.exp((rng() + rng() + rng() - 1.5) * 2.4)));
