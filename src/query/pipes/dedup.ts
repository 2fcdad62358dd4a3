/** `dedup user.name, host.name` or `dedup 3 user.name`: the first rows of each combination (of events: the newest). */
import type { FieldRef, PipeEnv, PipeReader } from './pipe.ts';
import { firstOfEach, type Table } from './table.ts';

export const DEDUP_FIELDS_MAX = 8;
export const DEDUP_ROWS_MAX = 100;

export type DedupPipe = {
  readonly kind: 'dedup';
  readonly rows: number;
  readonly fields: readonly FieldRef[];
};

export function parseDedup(r: PipeReader): DedupPipe {
  const rows = r.count('the number of rows to keep', DEDUP_ROWS_MAX) ?? 1;
  const fields: FieldRef[] = [];
  do {
    const ref = r.name('a field');
    if (fields.length >= DEDUP_FIELDS_MAX) r.fail(`at most ${DEDUP_FIELDS_MAX} fields`, ['|'], ref);
    fields.push(ref);
  } while (r.take(','));
  return { kind: 'dedup', rows, fields };
}

export const compileDedup = (pipe: DedupPipe, input: Table, env: PipeEnv): Table =>
  firstOfEach(input, pipe.fields, pipe.rows, env);
