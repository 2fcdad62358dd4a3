/** `eval mb = round(source.bytes / 1e6, 2), big = mb > 100`: new columns; each may use the ones before it. */
import { expressionSql } from '../expression-sql.ts';
import type { Expr } from '../expression.ts';
import type { PipeEnv, PipeReader } from './pipe.ts';
import { exprEnv, type Table, withColumns } from './table.ts';

/** Each is a SELECT around the ones before. */
export const EVAL_COLUMNS_MAX = 5;

export type EvalPipe = {
  readonly kind: 'eval';
  readonly columns: readonly { readonly name: string; readonly value: Expr }[];
};

export function parseEval(r: PipeReader): EvalPipe {
  const columns: { name: string; value: Expr }[] = [];
  do {
    const ref = r.assigned('the name of the new column');
    if (columns.length >= EVAL_COLUMNS_MAX) {
      r.fail(`at most ${EVAL_COLUMNS_MAX} columns in one eval`, ['| eval'], ref);
    }
    columns.push({ name: ref.written, value: r.expression() });
  } while (r.take(','));
  return { kind: 'eval', columns };
}

export function compileEval(pipe: EvalPipe, input: Table, env: PipeEnv): Table {
  let table = input;
  for (const { name, value } of pipe.columns) {
    table = withColumns(table, [{ ...expressionSql(value, exprEnv(table, env)), name }]);
  }
  return table;
}
