/**
 * The URL holds the state as plain `key=value` text (no JSON), so that links can be read and written by hand.
 * Unknown and empty keys are left out. Held by url-state.test.ts.
 */
export function parseSearchText(text: string): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [k, v] of new URLSearchParams(text)) if (/^[a-z]{1,16}$/.test(k)) out[k] = v;
  return out;
}

export function searchText(state: Readonly<Record<string, unknown>>): string {
  const p = new URLSearchParams();
  for (const [k, v] of Object.entries(state)) if (typeof v === 'string' && v !== '') p.set(k, v);
  const s = p.toString();
  return s === '' ? '' : `?${s}`;
}

/** Picks the named keys that hold non-empty text. */
export function pick<K extends string>(
  state: Readonly<Record<string, unknown>>,
  keys: readonly K[],
): Partial<Record<K, string>> {
  const out: Partial<Record<K, string>> = {};
  for (const k of keys) {
    const v = state[k];
    if (typeof v === 'string' && v !== '') out[k] = v;
  }
  return out;
}

/** A path to return to after login: ours only, never another origin (`//evil`, `/\evil`). */
export const safeNext = (next: string | undefined): string =>
  next !== undefined &&
  /^\/(?![/\\])/.test(next) &&
  !/[\u0000-\u0020]/.test(next) &&
  !next.startsWith('/login')
    ? next
    : '/';
