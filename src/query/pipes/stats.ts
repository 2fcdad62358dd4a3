/**
 * `stats count() as n, sum(source.bytes) by user.name, host.name`: one row per combination of the `by` values. A
 * multi-valued field counts the event once per value; events without the field form a group of their own (empty cell).
 */
import type { FieldRef, PipeReader } from './pipe.ts';
import type { Table } from './table.ts';

export const STATS_COLUMNS_MAX = 20;

/** count needs no field; the others do. `number`: only numbers count. */
export const AGGREGATES = [
  { name: 'count', field: false, about: 'how many events' },
  { name: 'dc', field: true, about: 'how many distinct values' },
  { name: 'sum', field: true, about: 'sum of the numbers' },
  { name: 'avg', field: true, about: 'mean of the numbers' },
  { name: 'min', field: true, about: 'smallest number' },
  { name: 'max', field: true, about: 'largest number' },
] as const;
export type AggregateName = (typeof AGGREGATES)[number]['name'];

export type Aggregate = {
  readonly name: AggregateName;
  readonly ref: FieldRef | undefined;
  /** The column's name: `as`, or the call as written. */
  readonly column: string;
};
export type StatsPipe = {
  readonly kind: 'stats';
  readonly aggregates: readonly Aggregate[];
  readonly by: readonly FieldRef[];
};

export function parseStats(r: PipeReader): StatsPipe {
  const aggregates: Aggregate[] = [];
  const by: FieldRef[] = [];
  const seen = new Set<string>();
  const add = (column: string, at: FieldRef): void => {
    if (seen.has(column)) r.fail(`two columns are called "${column}"`, ['as'], at);
    seen.add(column);
    if (seen.size > STATS_COLUMNS_MAX) r.fail(`at most ${STATS_COLUMNS_MAX} columns`, ['|'], at);
  };
  do {
    const call = r.name('a function, like count()');
    const a = aggregateOf(r, call);
    const column = r.takeWord('as') ? r.name('the new name') : undefined;
    add(column?.written ?? a.column, column ?? call);
    aggregates.push(column === undefined ? a : { ...a, column: column.written });
  } while (r.take(','));
  if (r.takeWord('by')) {
    do {
      const f = r.name('a field to group by');
      add(f.written, f);
      by.push(f);
    } while (r.take(','));
  }
  return { kind: 'stats', aggregates, by };
}

const CALL = /^([a-z]+)(?:\((.*)\))?$/s;

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

export function compileStats(pipe: StatsPipe, input: Table): Table {
  return input.grouped(
    pipe.by.map((ref) => ({ ref, column: ref.written })),
    pipe.aggregates,
  );
}
