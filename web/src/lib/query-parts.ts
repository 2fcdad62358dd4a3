/** The text of the search bar in stretches of one look each. Pure. Held by `query-parts.test.ts`. */

type Range = { readonly start: number; readonly end: number };
export type Part = { readonly text: string; readonly kind: string; readonly marked: boolean };

/**
 * Cuts `text` at the ends of tokens and of the mark. Tokens that lie outside the text or over one another (they were
 * made for an older text) are left out.
 */
export function queryParts(
  text: string,
  tokens: readonly (Range & { readonly kind: string })[],
  mark: Range | undefined,
): Part[] {
  const out: Part[] = [];
  const push = (start: number, end: number, kind: string): void => {
    const cuts = mark === undefined ? [] : [mark.start, mark.end].filter((x) => x > start && x < end);
    let from = start;
    for (const to of [...cuts, end]) {
      if (to <= from) continue;
      const marked = mark !== undefined && from >= mark.start && from < mark.end;
      out.push({ text: text.slice(from, to), kind, marked });
      from = to;
    }
  };
  let at = 0;
  for (const t of tokens) {
    if (t.start < at || t.end <= t.start || t.end > text.length) continue;
    push(at, t.start, '');
    push(t.start, t.end, t.kind);
    at = t.end;
  }
  push(at, text.length, '');
  return out;
}
