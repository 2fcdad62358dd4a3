/** `sort -count, user.name`: by columns of the table before (or by fields of the events); `-` is descending. */
import type { FieldRef, PipeEnv, PipeReader } from './pipe.ts';
import { sorted, type Table } from './table.ts';

export const SORT_KEYS_MAX = 8;

export type SortPipe = {
  readonly kind: 'sort';
  readonly keys: readonly { readonly ref: FieldRef; readonly descending: boolean }[];
};

export function parseSort(r: PipeReader): SortPipe {
  const keys: { ref: FieldRef; descending: boolean }[] = [];
  do {
    if (keys.length >= SORT_KEYS_MAX) r.fail(`at most ${SORT_KEYS_MAX} sort keys`, ['|']);
    const sign = r.sign();
    keys.push({ ref: r.name('what to sort by'), descending: sign === '-' });
  } while (r.take(','));
  return { kind: 'sort', keys };
}

export const compileSort = (pipe: SortPipe, input: Table, env: PipeEnv): Table =>
  sorted(input, pipe.keys, env);
