/** The known name that a misspelled one probably means. Held by `parse.test.ts`. */

/** At most this many edits away (insert, delete, replace, swap), and fewer for short names. */
const EDITS_MAX = 2;

export function nearest(name: string, known: Iterable<string>): string | undefined {
  const limit = name.length <= 4 ? 1 : EDITS_MAX;
  let best: string | undefined;
  let bestDistance = limit + 1;
  for (const k of known) {
    if (Math.abs(k.length - name.length) >= bestDistance) continue;
    const d = distance(name.toLowerCase(), k.toLowerCase());
    if (d < bestDistance) [best, bestDistance] = [k, d];
  }
  return best;
}

/** Optimal string alignment distance. */
function distance(a: string, b: string): number {
  let older: number[] = [];
  let old = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let d = Math.min((old[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (old[j - 1] ?? 0) + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) d = Math.min(d, (older[j - 2] ?? 0) + 1);
      row.push(d);
    }
    [older, old] = [old, row];
  }
  return old[b.length] ?? 0;
}
