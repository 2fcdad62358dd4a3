/**
 * `timechart span=5m limit=5 count() as n by user.name`: one row per bucket of time and series, oldest first; empty
 * buckets are absent. Without `span` there are about a hundred buckets. The series are the `limit` most frequent values
 * of the field; the others are together in "(other)".
 */
import { binSql, textSql } from '../expression-sql.ts';
import { QueryFault } from '../../condition/language/scan.ts';
import { parseSpan } from '../../condition/language/time.ts';
import { type Aggregate, parseAggregate } from './aggregates.ts';
import type { FieldRef, PipeEnv, PipeReader } from './pipe.ts';
import { extended, grouped, type GroupKey, keySql, resolve, type Table } from './table.ts';

export const TIMECHART_BUCKETS_MAX = 2000;
export const TIMECHART_SERIES_MAX = 50;
export const TIMECHART_ROWS_MAX = 10_000;
const SERIES_DEFAULT = 10;
const COLUMNS_MAX = 10;
const BUCKETS_WANTED = 100;

export type TimechartPipe = {
  readonly kind: 'timechart';
  /** Microseconds. */
  readonly span: number | undefined;
  readonly series: number;
  readonly aggregates: readonly Aggregate[];
  readonly by: FieldRef | undefined;
  /** For errors. */
  readonly place: { readonly start: number; readonly end: number };
};

const TIME: FieldRef = { written: '@timestamp', field: '@timestamp', start: 0, end: 0 };

export function parseTimechart(r: PipeReader): TimechartPipe {
  let span: number | undefined;
  let series = SERIES_DEFAULT;
  let place = { start: 0, end: 0 };
  for (;;) {
    const [s, n] = [r.option('span'), r.option('limit')];
    if (s === undefined && n === undefined) break;
    if (s !== undefined) {
      span = parseSpan(s.written);
      place = s;
      if (span === undefined || span === 0)
        r.fail(`"${s.written}" is no length of time`, ['5m', '1h', '1d'], s);
    }
    if (n !== undefined) {
      series = /^\d{1,3}$/.test(n.written) ? Number(n.written) : 0;
      if (series < 1 || series > TIMECHART_SERIES_MAX)
        r.fail(`limit is not between 1 and ${TIMECHART_SERIES_MAX}`, ['10'], n);
    }
  }
  const aggregates: Aggregate[] = [];
  const names = new Set(['@timestamp']);
  do {
    const { place: at, ...a } = parseAggregate(r);
    if (names.has(a.column)) r.fail(`two columns are called "${a.column}"`, ['as'], at);
    names.add(a.column);
    if (names.size > COLUMNS_MAX) r.fail(`at most ${COLUMNS_MAX} columns`, ['|'], at);
    aggregates.push(a);
  } while (r.take(','));
  const by = r.takeWord('by') ? r.name('a field to group by') : undefined;
  if (by !== undefined && names.has(by.written)) r.fail(`two columns are called "${by.written}"`, ['as'], by);
  return { kind: 'timechart', span, series, aggregates, by, place };
}

const NICE_SECONDS = [
  1,
  5,
  10,
  30,
  60,
  300,
  900,
  1800,
  3600,
  3 * 3600,
  6 * 3600,
  12 * 3600,
  86_400,
  7 * 86_400,
];

/** A round length that makes about BUCKETS_WANTED buckets. */
export function spanFor(from: number, to: number): number {
  const seconds = (to - from) / 1e6 / BUCKETS_WANTED;
  return (NICE_SECONDS.find((s) => s >= seconds) ?? 30 * 86_400) * 1e6;
}

export function compileTimechart(pipe: TimechartPipe, input: Table, env: PipeEnv): Table {
  const span = pipe.span ?? spanFor(env.from, env.to);
  if ((env.to - env.from) / span > TIMECHART_BUCKETS_MAX) {
    throw new QueryFault({
      message: `span makes more than ${TIMECHART_BUCKETS_MAX} buckets of the searched range`,
      ...pipe.place,
      expected: ['a longer span', 'a shorter range'],
    });
  }
  const time = resolve(input, TIME, env);
  if (time.type !== 'time') {
    const message = 'timechart needs rows with a time, called @timestamp';
    throw new QueryFault({ message, ...pipe.place, expected: ['timechart before stats'] });
  }
  const key: GroupKey = {
    value: { sql: binSql(time.sql, span, env.p, pipe.place), type: 'time' },
    column: '@timestamp',
  };
  const made =
    pipe.by === undefined
      ? grouped(input, [key], pipe.aggregates, env)
      : bySeries(pipe, pipe.by, { input, key }, env);
  return {
    ...made,
    order: made.columns
      .slice(0, pipe.by === undefined ? 1 : 2)
      .map((c) => ({ sql: c.id, descending: false })),
    rowsDefault: TIMECHART_ROWS_MAX,
  };
}

function bySeries(
  pipe: TimechartPipe,
  by: FieldRef,
  of: { readonly input: Table; readonly key: GroupKey },
  env: PipeEnv,
): Table {
  const value = resolve(of.input, by, env);
  const text = value.field === undefined || value.type === 'time' ? textSql(value) : keySql(value, env);
  const first = extended(of.input, [{ name: '', sql: `toString(${text})`, type: 'text' }]);
  const s = first.ids[0] as string;
  const top = `SELECT ${s} FROM ${first.table.from} WHERE isNotNull(${s}) GROUP BY ${s} ORDER BY count() DESC, ${s} ASC LIMIT ${pipe.series}`;
  const series = `if(isNull(${s}) OR ifNull(${s} IN (${top}), 0), ${s}, '(other)')`;
  const keys: GroupKey[] = [of.key, { value: { sql: series, type: 'text' }, column: by.written }];
  return grouped(first.table, keys, pipe.aggregates, env);
}
