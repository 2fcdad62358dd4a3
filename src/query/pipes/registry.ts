/** Every pipe there is. A further one is a file with node, parser and compiler, and a line here and in `Pipe`. */
import { never } from '../../base/result.ts';
import { compileHead, parseHead } from './head.ts';
import type { Pipe, PipeReader } from './pipe.ts';
import { compileSort, parseSort } from './sort.ts';
import { compileStats, parseStats } from './stats.ts';
import type { Table } from './table.ts';

export const PIPES: ReadonlyMap<string, { readonly about: string; readonly parse: (r: PipeReader) => Pipe }> =
  new Map([
    ['stats', { about: 'stats count() by user.name: one row per group', parse: parseStats }],
    ['sort', { about: 'sort -count: order the rows; - is descending', parse: parseSort }],
    ['head', { about: 'head 10: the first rows', parse: parseHead }],
  ]);

export function compilePipe(pipe: Pipe, input: Table): Table {
  switch (pipe.kind) {
    case 'stats':
      return compileStats(pipe, input);
    case 'sort':
      return compileSort(pipe, input);
    case 'head':
      return compileHead(pipe, input);
    default:
      return never(pipe);
  }
}
