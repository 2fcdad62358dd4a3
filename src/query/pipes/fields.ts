/** `fields user.name, n`: only these columns, in this order. `fields - n, message`: all but these. */
import type { FieldRef, PipeEnv, PipeReader } from './pipe.ts';
import { findColumn, noColumn, picked, shownNames, type Table } from './table.ts';

export const FIELDS_MAX = 50;

export type FieldsPipe = {
  readonly kind: 'fields';
  readonly remove: boolean;
  readonly fields: readonly FieldRef[];
};

export function parseFields(r: PipeReader): FieldsPipe {
  const remove = r.sign() === '-';
  const fields: FieldRef[] = [];
  do {
    const ref = r.name('a field');
    if (fields.length >= FIELDS_MAX) r.fail(`at most ${FIELDS_MAX} fields`, ['|'], ref);
    if (fields.some((f) => f.written === ref.written))
      r.fail(`"${ref.written}" is there twice`, ['another field'], ref);
    fields.push(ref);
  } while (r.take(','));
  return { kind: 'fields', remove, fields };
}

export function compileFields(pipe: FieldsPipe, input: Table, env: PipeEnv): Table {
  if (!pipe.remove) return picked(input, pipe.fields, env);
  const shown = shownNames(input);
  const names = new Set<string>();
  for (const ref of pipe.fields) {
    const name = findColumn(input, ref)?.name ?? shown.find((s) => s === ref.written || s === ref.field);
    if (name === undefined) noColumn(input, ref);
    names.add(name);
  }
  const rest = shown
    .filter((s) => !names.has(s))
    .map((s): FieldRef => ({ written: s, field: s, start: 0, end: 0 }));
  const first = pipe.fields[0] as FieldRef;
  return rest.length === 0 ? noColumn(input, first) : picked(input, rest, env);
}
