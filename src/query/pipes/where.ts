/** `where n > 5 and user.name != "root"`: the rows for which the expression is true. */
import { conditionSql } from '../expression-sql.ts';
import type { Expr } from '../expression.ts';
import type { PipeEnv, PipeReader } from './pipe.ts';
import { exprEnv, filtered, type Table } from './table.ts';

export type WherePipe = { readonly kind: 'where'; readonly test: Expr };

export const parseWhere = (r: PipeReader): WherePipe => ({ kind: 'where', test: r.expression() });

export const compileWherePipe = (pipe: WherePipe, input: Table, env: PipeEnv): Table =>
  filtered(input, conditionSql(pipe.test, exprEnv(input, env)));
