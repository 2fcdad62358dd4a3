/** Time buckets for charts: the server sends only those that hold something. Held by buckets.test.ts. */

/** More bars than this are never drawn (a page is some 1,400 pixels wide). */
export const BUCKETS_MAX = 1500;

/**
 * Every bucket start from `from` to `to`, aligned to `bucketUs`; empty where the arguments make no sense.
 * All in microseconds.
 */
export function bucketStarts(from: number, to: number, bucketUs: number): number[] {
  if (!(bucketUs > 0) || !(to > from)) return [];
  const first = Math.floor(from / bucketUs) * bucketUs;
  const n = Math.min(BUCKETS_MAX, Math.ceil((to - first) / bucketUs));
  return Array.from({ length: n }, (_, i) => first + i * bucketUs);
}

/** Values on the given starts, 0 where there is no point. */
export function onBuckets<P extends { readonly t: number }>(
  starts: readonly number[],
  points: readonly P[],
  value: (p: P) => number,
): number[] {
  const first = starts[0] ?? 0;
  const width = (starts[1] ?? first + 1) - first;
  const out = new Array<number>(starts.length).fill(0);
  for (const p of points) {
    const i = Math.floor((p.t - first) / width);
    if (i >= 0 && i < out.length) out[i] = (out[i] as number) + value(p);
  }
  return out;
}

/** Running sums over the series at each position: the drawn heights of stacked bars, bottom first. */
export function stacked(series: readonly (readonly number[])[]): number[][] {
  const out: number[][] = [];
  series.forEach((s, i) => {
    const below = out[i - 1];
    out.push(s.map((v, j) => v + (below === undefined ? 0 : (below[j] as number))));
  });
  return out;
}
