/**
 * `stats count() as n, p95(source.bytes) by user.name, bin(@timestamp, 1h)`: one row per combination of the `by` values.
 * A multi-valued field counts the event once per value; events without the field form a group of their own (empty cell).
 */
import { type Aggregate, parseAggregate } from './aggregates.ts';
import { type Grouping, groupKey, parseGrouping } from './group-key.ts';
import type { FieldRef, PipeEnv, PipeReader } from './pipe.ts';
import { grouped, type Table } from './table.ts';

export const STATS_COLUMNS_MAX = 20;

export type StatsPipe = {
  readonly kind: 'stats';
  readonly aggregates: readonly Aggregate[];
  readonly by: readonly Grouping[];
};

export function parseStats(r: PipeReader): StatsPipe {
  const aggregates: Aggregate[] = [];
  const by: Grouping[] = [];
  const seen = new Set<string>();
  const add = (column: string, at: FieldRef): void => {
    if (seen.has(column)) r.fail(`two columns are called "${column}"`, ['as'], at);
    seen.add(column);
    if (seen.size > STATS_COLUMNS_MAX) r.fail(`at most ${STATS_COLUMNS_MAX} columns`, ['|'], at);
  };
  do {
    const { place, ...a } = parseAggregate(r);
    add(a.column, place);
    aggregates.push(a);
  } while (r.take(','));
  if (r.takeWord('by')) {
    do {
      const { place, ...g } = parseGrouping(r);
      add(g.column, place);
      by.push(g);
    } while (r.take(','));
  }
  return { kind: 'stats', aggregates, by };
}

export const compileStats = (pipe: StatsPipe, input: Table, env: PipeEnv): Table =>
  grouped(
    input,
    pipe.by.map((g) => groupKey(g, input, env)),
    pipe.aggregates,
    env,
  );
