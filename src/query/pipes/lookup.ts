/** `lookup approved_cas x509.issuer.common_name as approved`: a column that says whether the value is on the list, as IN does. */
import { ConditionSql } from '../sql-condition.ts';
import { textSql } from '../expression-sql.ts';
import type { FieldRef, PipeEnv, PipeReader } from './pipe.ts';
import { resolve, type Table, withColumns } from './table.ts';

export type LookupPipe = {
  readonly kind: 'lookup';
  readonly list: string;
  readonly ref: FieldRef;
  readonly column: string;
};

export function parseLookup(r: PipeReader): LookupPipe {
  const list = r.list();
  const ref = r.name('the field to look up');
  const column = r.takeWord('as') ? r.name('the new name').written : list;
  return { kind: 'lookup', list, ref, column };
}

export function compileLookup(pipe: LookupPipe, input: Table, env: PipeEnv): Table {
  const value = resolve(input, pipe.ref, env);
  const c = new ConditionSql(env.p, env.lists);
  const sql =
    value.field === undefined
      ? c.textInList(textSql(value), pipe.list)
      : c.compile({ kind: 'inlist', field: value.field, list: pipe.list });
  return withColumns(input, [{ name: pipe.column, type: 'bool', sql: `toUInt8(${sql})` }]);
}
