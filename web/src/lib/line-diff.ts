/** Two texts line by line: what was taken out, put in, kept. Bounded; held by line-diff.test.ts. */
export type DiffLine = { readonly kind: 'same' | 'out' | 'in'; readonly text: string };

/** Lines of each text that are compared; longer ones are shown as replaced as a whole. */
export const DIFF_LINES_MAX = 2000;

export function lineDiff(before: string, after: string): DiffLine[] {
  const a = before.split('\n');
  const b = after.split('\n');
  if (a.length > DIFF_LINES_MAX || b.length > DIFF_LINES_MAX)
    return [
      ...a.map((text) => ({ kind: 'out' as const, text })),
      ...b.map((text) => ({ kind: 'in' as const, text })),
    ];
  // Longest common subsequence, from the end.
  const width = b.length + 1;
  const table = new Uint16Array((a.length + 1) * width);
  const at = (i: number, j: number): number => table[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      table[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const out: DiffLine[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      out.push({ kind: 'same', text: a[i] ?? '' });
      i++;
      j++;
    } else if (i < a.length && (j >= b.length || at(i + 1, j) >= at(i, j + 1)))
      out.push({ kind: 'out', text: a[i++] ?? '' });
    else out.push({ kind: 'in', text: b[j++] ?? '' });
  }
  return out;
}
