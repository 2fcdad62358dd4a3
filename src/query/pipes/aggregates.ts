/**
 * What `stats` and `timechart` compute per group. Numbers are those of the values that are numbers; nothing to compute
 * from is NULL. Percentiles interpolate between the two nearest values (Hyndman and Fan, type 7), `stdev` is that of a
 * sample, `first` and `last` go by the events' times. Held by `golden.test.ts`, `exact.int.test.ts`, `pipes.int.test.ts`.
 */
import type { FieldRef, PipeReader } from './pipe.ts';

/** Most values that values() shows, and of each the most characters. */
export const VALUES_MAX = 100;
export const VALUE_CHARS_MAX = 500;

export const AGGREGATES = [
  { name: 'count', field: false, about: 'how many events' },
  { name: 'dc', field: true, about: 'how many distinct values' },
  { name: 'sum', field: true, about: 'sum of the numbers' },
  { name: 'avg', field: true, about: 'mean of the numbers' },
  { name: 'min', field: true, about: 'smallest number or earliest time' },
  { name: 'max', field: true, about: 'largest number or latest time' },
  { name: 'median', field: true, about: 'the middle of the numbers' },
  { name: 'p50', field: true, about: 'the same as median' },
  { name: 'p90', field: true, about: '90% of the numbers are at most this' },
  { name: 'p95', field: true, about: '95% of the numbers are at most this' },
  { name: 'p99', field: true, about: '99% of the numbers are at most this' },
  { name: 'stdev', field: true, about: 'standard deviation of the numbers (sample)' },
  { name: 'values', field: true, about: `distinct values as text, at most ${VALUES_MAX}` },
  { name: 'first', field: true, about: 'value in the earliest event that has one' },
  { name: 'last', field: true, about: 'value in the latest event that has one' },
] as const;
export type AggregateName = (typeof AGGREGATES)[number]['name'];

export type Aggregate = {
  readonly name: AggregateName;
  readonly ref: FieldRef | undefined;
  /** The column's name: `as`, or the call as written. */
  readonly column: string;
};

const CALL = /^([a-z][a-z0-9]*)(?:\((.*)\))?$/s;

/** One call, with `as` where it stands; `place` is for messages. */
export function parseAggregate(r: PipeReader): Aggregate & { readonly place: FieldRef } {
  const call = r.name('a function, like count()');
  const made = aggregateOf(r, call);
  const column = r.takeWord('as') ? r.name('the new name') : undefined;
  return { ...made, column: column?.written ?? made.column, place: column ?? call };
}

function aggregateOf(r: PipeReader, call: FieldRef): Aggregate {
  const names = AGGREGATES.map((a) => (a.field ? `${a.name}(field)` : `${a.name}()`));
  const m = CALL.exec(call.written);
  const spec = AGGREGATES.find((a) => a.name === m?.[1]);
  if (m === null || spec === undefined)
    r.fail(`"${call.written}" is no function that stats knows`, names, call);
  const inner = (m[2] ?? '').trim();
  if (!spec.field) {
    if (inner !== '') r.fail('count() takes no field', ['count()'], call);
    return { name: spec.name, ref: undefined, column: spec.name };
  }
  if (inner === '') r.fail(`${spec.name}() needs a field`, [`${spec.name}(source.bytes)`], call);
  return {
    name: spec.name,
    ref: { written: inner, field: call.field, start: call.start, end: call.end },
    column: call.written,
  };
}
