/**
 * `transaction user.name maxpause=30m`: the events of each value (or combination), split where more than `maxpause` lies
 * between two of them. One row each: start, end, duration in seconds, number of events, and what further functions give.
 * Events without one of the fields are left out; an event of several values is in the transaction of each.
 */
import { QueryFault } from '../../condition/language/scan.ts';
import { parseSpan } from '../../condition/language/time.ts';
import { type Aggregate, parseAggregate } from './aggregates.ts';
import type { FieldRef, PipeEnv, PipeReader } from './pipe.ts';
import {
  extended,
  filtered,
  type GroupKey,
  grouped,
  keySql,
  picked,
  resolve,
  type Table,
  withColumns,
} from './table.ts';

export const TRANSACTION_FIELDS_MAX = 5;
const AGGREGATES_MAX = 10;
const PAUSE_DEFAULT_US = 30 * 60e6;
const PAUSE_MAX_US = 366 * 86_400e6;

export type TransactionPipe = {
  readonly kind: 'transaction';
  readonly fields: readonly FieldRef[];
  /** Microseconds. */
  readonly pause: number;
  readonly aggregates: readonly Aggregate[];
};

export function parseTransaction(r: PipeReader): TransactionPipe {
  const names = new Set(['@timestamp', 'end', 'duration', 'count']);
  const add = (column: string, at: FieldRef): void => {
    if (names.has(column)) r.fail(`two columns would be called "${column}"`, ['as'], at);
    names.add(column);
  };
  const fields: FieldRef[] = [];
  do {
    const ref = r.name('a field');
    if (fields.length >= TRANSACTION_FIELDS_MAX)
      r.fail(`at most ${TRANSACTION_FIELDS_MAX} fields`, ['maxpause=30m'], ref);
    add(ref.written, ref);
    fields.push(ref);
  } while (r.take(','));
  const option = r.option('maxpause');
  const pause = option === undefined ? PAUSE_DEFAULT_US : (parseSpan(option.written) ?? 0);
  if (pause <= 0 || pause > PAUSE_MAX_US)
    r.fail('maxpause is a length of time, at most 366 days', ['maxpause=30m', 'maxpause=1d'], option);
  const aggregates: Aggregate[] = [];
  while (!r.atEnd()) {
    const { place, ...a } = parseAggregate(r);
    if (aggregates.length >= AGGREGATES_MAX) r.fail(`at most ${AGGREGATES_MAX} functions`, ['|'], place);
    add(a.column, place);
    aggregates.push(a);
    if (!r.take(',')) break;
  }
  return { kind: 'transaction', fields, pause, aggregates };
}

const column = (name: string): FieldRef => ({ written: name, field: name, start: 0, end: 0 });
/** No name that a person can write: names of one query hold no such character. */
const RUN = '\0run';

export function compileTransaction(pipe: TransactionPipe, input: Table, env: PipeEnv): Table {
  const first = pipe.fields[0] as FieldRef;
  if (!input.events) {
    const message = 'transaction needs events; the table before holds none';
    throw new QueryFault({
      message,
      start: first.start,
      end: first.end,
      expected: ['transaction before stats'],
    });
  }
  if (resolve(input, column('@timestamp'), env).type !== 'time') {
    const message = 'transaction needs the time of the events, and "@timestamp" is another column here';
    throw new QueryFault({
      message,
      start: first.start,
      end: first.end,
      expected: ['transaction before rename or eval'],
    });
  }
  const keyed = extended(
    input,
    pipe.fields.map((f) => {
      const v = resolve(input, f, env);
      return { name: '', type: v.type, sql: v.field === undefined ? v.sql : keySql(v, env) };
    }),
  );
  const keys = keyed.ids;
  const there = filtered(keyed.table, keys.map((k) => `isNotNull(${k})`).join(' AND '));
  const over = (rows: string): string =>
    `OVER (PARTITION BY ${keys.join(', ')} ORDER BY ts ASC, batch ASC, ord ASC, node ASC ROWS BETWEEN ${rows})`;
  const us = 'toUnixTimestamp64Micro(ts)';
  const pause = env.p.bind('Int64', pipe.pause);
  // The first of all has no event before it: its own time stands for it.
  const before = `lagInFrame(${us}, 1, ${us}) ${over('1 PRECEDING AND CURRENT ROW')}`;
  const gaps = extended(there, [{ name: '', type: 'number', sql: `toUInt8(${us} - ${before} > ${pause})` }]);
  const sum = `sum(${gaps.ids[0]}) ${over('UNBOUNDED PRECEDING AND CURRENT ROW')}`;
  const runs = extended(gaps.table, [{ name: RUN, type: 'number', sql: sum }]);
  const by = pipe.fields.map((f, i): GroupKey => {
    const { type } = resolve(input, f, env);
    return { value: { sql: keys[i] as string, type }, column: f.written };
  });
  by.push({ value: { sql: runs.ids[0] as string, type: 'number' }, column: RUN });
  const time = column('@timestamp');
  const made = grouped(
    runs.table,
    by,
    [
      { name: 'min', ref: time, column: '@timestamp' },
      { name: 'max', ref: time, column: 'end' },
      { name: 'count', ref: undefined, column: 'count' },
      ...pipe.aggregates,
    ],
    env,
  );
  const at = (name: string): string => resolve(made, column(name), env).sql;
  const micros = (x: string): string => `toUnixTimestamp64Micro(assumeNotNull(${x}))`;
  const duration = `(${micros(at('end'))} - ${micros(at('@timestamp'))}) / 1000000`;
  const timed = withColumns(made, [{ name: 'duration', type: 'number', sql: duration }]);
  const shown = ['@timestamp', 'end', ...pipe.fields.map((f) => f.written), 'duration', 'count'];
  const all = [...shown, ...pipe.aggregates.map((a) => a.column)].map(column);
  const out = picked(timed, all, env);
  return { ...out, order: [{ sql: out.columns[0]?.id as string, descending: true }] };
}
