/** Every pipe there is. A further one is a file with node, parser and compiler, and a line here and in `Pipe`. */
import { never } from '../../base/result.ts';
import { compileDedup, parseDedup } from './dedup.ts';
import { compileEval, parseEval } from './eval.ts';
import { compileFields, parseFields } from './fields.ts';
import { compileHead, parseHead } from './head.ts';
import { compileLookup, parseLookup } from './lookup.ts';
import type { Pipe, PipeEnv, PipeReader } from './pipe.ts';
import { compileRename, parseRename } from './rename.ts';
import { compileRex, parseRex } from './rex.ts';
import { compileSort, parseSort } from './sort.ts';
import { compileStats, parseStats } from './stats.ts';
import type { Table } from './table.ts';
import { compileTimechart, parseTimechart } from './timechart.ts';
import { compileTop, parseTop } from './top.ts';
import { compileTransaction, parseTransaction } from './transaction.ts';
import { compileWherePipe, parseWhere } from './where.ts';

type PipeSpec = { readonly about: string; readonly parse: (r: PipeReader) => Pipe };

export const PIPES: ReadonlyMap<string, PipeSpec> = new Map<string, PipeSpec>([
  ['stats', { about: 'stats count() by user.name: one row per group', parse: parseStats }],
  ['timechart', { about: 'timechart span=5m count() by user.name: over time', parse: parseTimechart }],
  ['top', { about: 'top 10 user.name: the most frequent values', parse: parseTop('top') }],
  ['rare', { about: 'rare 10 user.name: the least frequent values', parse: parseTop('rare') }],
  ['where', { about: 'where n > 5: the rows for which this is true', parse: parseWhere }],
  ['eval', { about: 'eval mb = source.bytes / 1e6: new columns', parse: parseEval }],
  ['sort', { about: 'sort -count: order the rows; - is descending', parse: parseSort }],
  ['head', { about: 'head 10: the first rows', parse: parseHead }],
  ['dedup', { about: 'dedup user.name: the newest event of each', parse: parseDedup }],
  ['fields', { about: 'fields user.name, n: only these columns', parse: parseFields }],
  ['rename', { about: 'rename user.name as who: other names', parse: parseRename }],
  ['rex', { about: 'rex "port (?<port>[0-9]+)": new columns from text', parse: parseRex }],
  ['transaction', { about: 'transaction user.name maxpause=30m: events in runs', parse: parseTransaction }],
  ['lookup', { about: 'lookup LIST source.ip as ours: is it on the list?', parse: parseLookup }],
]);

export function compilePipe(pipe: Pipe, input: Table, env: PipeEnv): Table {
  switch (pipe.kind) {
    case 'stats':
      return compileStats(pipe, input, env);
    case 'timechart':
      return compileTimechart(pipe, input, env);
    case 'top':
    case 'rare':
      return compileTop(pipe, input, env);
    case 'transaction':
      return compileTransaction(pipe, input, env);
    case 'where':
      return compileWherePipe(pipe, input, env);
    case 'eval':
      return compileEval(pipe, input, env);
    case 'sort':
      return compileSort(pipe, input, env);
    case 'head':
      return compileHead(pipe, input);
    case 'dedup':
      return compileDedup(pipe, input, env);
    case 'fields':
      return compileFields(pipe, input, env);
    case 'rename':
      return compileRename(pipe, input, env);
    case 'rex':
      return compileRex(pipe, input, env);
    case 'lookup':
      return compileLookup(pipe, input, env);
    default:
      return never(pipe);
  }
}
