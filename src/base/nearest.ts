/**
 * The known word that a mistyped one probably means: at most a quarter of its letters are wrong, or two of a short one, one of a
 * very short one. Insert, delete, replace and swap count one each. Held by `src/query/parse.test.ts`.
 */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = (word.length <= 4 ? 1 : Math.max(2, Math.floor(word.length / 4))) + 1;
  for (const k of known) {
    if (Math.abs(k.length - word.length) >= bestDistance) continue;
    const d = distance(word.toLowerCase(), k.toLowerCase(), bestDistance);
    if (d < bestDistance) {
      best = k;
      bestDistance = d;
    }
  }
  return best;
}

/** At least `enough` where it is not less. */
function distance(a: string, b: string, enough: number): number {
  let older: number[] = [];
  let old = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let d = Math.min((old[j] as number) + 1, (row[j - 1] as number) + 1, (old[j - 1] as number) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        d = Math.min(d, (older[j - 2] as number) + 1);
      row.push(d);
      if (d < least) least = d;
    }
    // A swap looks two rows back, at one more: rows only grow otherwise.
    if (least > enough) return least;
    older = old;
    old = row;
  }
  return old[b.length] as number;
}
