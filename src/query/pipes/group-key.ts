/** What `stats` and `timechart` group by: a field, a column, or `bin(@timestamp, 5m)`, whose column is called like the field. */
import { binSql } from '../expression-sql.ts';
import { QueryFault } from '../../condition/language/scan.ts';
import { parseSpan } from '../../condition/language/time.ts';
import type { FieldRef, PipeEnv, PipeReader } from './pipe.ts';
import { type GroupKey, resolve, type Table } from './table.ts';

export type Grouping = {
  readonly ref: FieldRef;
  readonly column: string;
  /** Of a bin: a length of time in microseconds, or a number. */
  readonly size?: number;
  readonly time?: boolean;
};

const SIZE_MAX = 1e12;

export function parseGrouping(r: PipeReader): Grouping & { readonly place: FieldRef } {
  if (!r.call('bin')) {
    const ref = r.name('a field to group by');
    return { ref, column: ref.written, place: ref };
  }
  const ref = r.name('the field to put into bins');
  r.expect(',', 'bin() needs a size next');
  const at = r.text('the size of a bin, like 5m');
  const span = parseSpan(at.written);
  const size = span ?? (/^\d{1,13}(\.\d{1,9})?$/.test(at.written) ? Number(at.written) : 0);
  if (!(size > 0) || (span === undefined && size > SIZE_MAX))
    r.fail(`"${at.written}" is no size of a bin`, ['5m', '1h', '1d', '1000'], at);
  r.expect(')', 'bin( is still open');
  const as = r.takeWord('as') ? r.name('the new name') : undefined;
  return { ref, column: as?.written ?? ref.written, size, time: span !== undefined, place: as ?? ref };
}

export function groupKey(g: Grouping, t: Table, env: PipeEnv): GroupKey {
  const value = resolve(t, g.ref, env);
  if (g.size === undefined) return { value, column: g.column };
  if ((value.type === 'time') !== g.time || (value.type !== 'time' && value.type !== 'number')) {
    const wanted = value.type === 'time' ? 'a length of time, like 5m' : 'a number, and so does its field';
    throw new QueryFault({
      message: `bin(${g.ref.written}) needs ${wanted}`,
      start: g.ref.start,
      end: g.ref.end,
      expected: ['bin(@timestamp, 5m)', 'bin(source.bytes, 1000)'],
    });
  }
  if (value.type === 'time')
    return { value: { sql: binSql(value.sql, g.size, env.p, g.ref), type: 'time' }, column: g.column };
  const by = env.p.bind('Float64', g.size);
  return { value: { sql: `floor(${value.sql} / ${by}) * ${by}`, type: 'number' }, column: g.column };
}
