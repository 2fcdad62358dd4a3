/**
 * `top 10 user.name` and `rare 10 user.name`: the most and the least frequent values, how often, and the share of all
 * that have a value. A combination of several fields counts where all of them are there.
 */
import type { FieldRef, PipeEnv, PipeReader } from './pipe.ts';
import { filtered, grouped, limited, resolve, type Table, withColumns } from './table.ts';

export const TOP_FIELDS_MAX = 5;
export const TOP_ROWS_MAX = 1000;

export type TopPipe = {
  readonly kind: 'top' | 'rare';
  readonly rows: number;
  readonly fields: readonly FieldRef[];
};

export const parseTop =
  (kind: 'top' | 'rare') =>
  (r: PipeReader): TopPipe => {
    const rows = r.count('the number of values', TOP_ROWS_MAX) ?? 10;
    const fields: FieldRef[] = [];
    do {
      const ref = r.name('a field');
      if (fields.length >= TOP_FIELDS_MAX) r.fail(`at most ${TOP_FIELDS_MAX} fields`, ['|'], ref);
      if (['count', 'percent', ...fields.map((f) => f.written)].includes(ref.written))
        r.fail(`two columns would be called "${ref.written}"`, ['rename'], ref);
      fields.push(ref);
    } while (r.take(','));
    return { kind, rows, fields };
  };

export function compileTop(pipe: TopPipe, input: Table, env: PipeEnv): Table {
  const by = pipe.fields.map((ref) => ({ value: resolve(input, ref, env), column: ref.written }));
  let t = grouped(input, by, [{ name: 'count', ref: undefined, column: 'count' }], env);
  const keys = t.columns.slice(0, by.length).map((c) => `isNotNull(${c.id})`);
  t = filtered(t, keys.join(' AND '));
  const count = (t.columns[by.length] as (typeof t.columns)[number]).id;
  const share = `floor(10000 * ${count} / sum(${count}) OVER () + 0.5) / 100`;
  t = withColumns(t, [{ name: 'percent', sql: share, type: 'number' }]);
  return limited({ ...t, order: [{ sql: count, descending: pipe.kind === 'top' }] }, pipe.rows);
}
