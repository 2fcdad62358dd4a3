/** Draws by Zipf's law: rank k (from 1) has a weight of 1 / k^s. Held by `lane.test.ts`. */
import type { Rng } from '../src/demo/random.ts';

/** Gives ranks from 0 to n - 1, 0 the most frequent. */
export function zipf(n: number, s: number): (rng: Rng) => number {
  const ends = new Float64Array(n);
  let total = 0;
  for (let k = 0; k < n; k++) {
    total += 1 / (k + 1) ** s;
    ends[k] = total;
  }
  return (rng) => {
    const x = rng() * total;
    let low = 0;
    let high = n - 1;
    while (low < high) {
      const mid = (low + high) >>> 1;
      if (ends[mid]! <= x) low = mid + 1;
      else high = mid;
    }
    return low;
  };
}
