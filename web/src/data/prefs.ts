/** What a person prefers on this browser: theme and time zone. Not state of a page, so not in the URL. */
import { useSyncExternalStore } from 'react';
import type { Zone } from '../lib/time-range.ts';

export type Theme = 'dark' | 'light';

const listeners = new Set<() => void>();
const changed = (): void => {
  for (const l of listeners) l();
};
const subscribe = (l: () => void): (() => void) => {
  listeners.add(l);
  return () => listeners.delete(l);
};

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // Storage may be blocked: the default holds for this visit.
  }
}
function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // As above.
  }
}

let theme: Theme = document.documentElement.dataset['theme'] === 'light' ? 'light' : 'dark';
let fieldList = read('vigil.fields') !== 'hidden';
let zone: Zone = read('vigil.zone') === 'local' ? 'local' : 'utc';

export const useTheme = (): Theme => useSyncExternalStore(subscribe, () => theme);
export const useZone = (): Zone => useSyncExternalStore(subscribe, () => zone);

/** Whether the search page shows its list of fields. */
export const useFieldList = (): boolean => useSyncExternalStore(subscribe, () => fieldList);
export function setFieldList(shown: boolean): void {
  fieldList = shown;
  write('vigil.fields', shown ? 'shown' : 'hidden');
  changed();
}

export function setTheme(next: Theme): void {
  theme = next;
  document.documentElement.dataset['theme'] = next;
  write('vigil.theme', next);
  changed();
}
export function setZone(next: Zone): void {
  zone = next;
  write('vigil.zone', next);
  changed();
}
