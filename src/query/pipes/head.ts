/** `head n`: the first n rows (of events: the newest). */
import type { PipeReader } from './pipe.ts';
import { limited, type Table } from './table.ts';

export const HEAD_ROWS_MAX = 10_000;

export type HeadPipe = { readonly kind: 'head'; readonly rows: number };

export const parseHead = (r: PipeReader): HeadPipe => ({
  kind: 'head',
  rows: r.atEnd() ? 10 : r.integer('the number of rows', HEAD_ROWS_MAX),
});

export const compileHead = (pipe: HeadPipe, input: Table): Table => limited(input, pipe.rows);
