/** `rename user.name as who, n as events`: other names for columns or fields; the old ones are gone. */
import type { FieldRef, PipeEnv, PipeReader } from './pipe.ts';
import { findColumn, resolve, type Table, withColumns } from './table.ts';

export const RENAMES_MAX = 20;

export type RenamePipe = {
  readonly kind: 'rename';
  readonly names: readonly { readonly from: FieldRef; readonly to: FieldRef }[];
};

export function parseRename(r: PipeReader): RenamePipe {
  const names: { from: FieldRef; to: FieldRef }[] = [];
  do {
    const from = r.name('what to rename');
    if (!r.takeWord('as')) r.fail('rename needs "as" and the new name', ['as'], from);
    const to = r.name('the new name');
    if (names.length >= RENAMES_MAX) r.fail(`at most ${RENAMES_MAX} names`, ['|'], from);
    names.push({ from, to });
  } while (r.take(','));
  return { kind: 'rename', names };
}

export function compileRename(pipe: RenamePipe, input: Table, env: PipeEnv): Table {
  let t = input;
  for (const { from, to } of pipe.names) {
    const column = findColumn(t, from);
    if (column === undefined) {
      t = withColumns(t, [{ ...resolve(t, from, env), name: to.written }]);
      t = { ...t, gone: new Set([...t.gone, from.field]), also: t.also.filter((a) => a !== from.field) };
    } else if (column.name !== to.written) {
      // The renamed column keeps its place; one that had the new name is replaced.
      const columns = t.columns
        .filter((c) => c.name !== to.written)
        .map((c) => (c === column ? { ...c, name: to.written } : c));
      t = { ...t, columns };
    }
  }
  return t;
}
