/** Numbers that look random and come again with the same seed (mulberry32). */
export type Random = {
  readonly seed: number;
  /** 0 <= x < 1 */
  next(): number;
  /** Integer, both ends included. */
  int(from: number, to: number): number;
  pick<T>(from: readonly T[]): T;
  shuffle<T>(list: readonly T[]): T[];
};

/** The seed of VIGIL_TEST_SEED, or one by the clock; print it. */
export const seedOf = (env: Readonly<Record<string, string | undefined>>): number =>
  Number(env['VIGIL_TEST_SEED'] ?? Date.now() % 1_000_000_007) >>> 0;

export function makeRandom(seed: number): Random {
  let a = seed >>> 0;
  const next = (): number => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const int = (from: number, to: number): number => from + Math.floor(next() * (to - from + 1));
  return {
    seed,
    next,
    int,
    pick: (from) => from[int(0, from.length - 1)] as (typeof from)[number],
    shuffle: (list) => {
      const out = [...list];
      for (let i = out.length - 1; i > 0; i--) {
        const j = int(0, i);
        [out[i], out[j]] = [out[j] as (typeof out)[number], out[i] as (typeof out)[number]];
      }
      return out;
    },
  };
}
