/**
 * `rex field=message "user (?<who>\w+) from (?<addr>[0-9.]+)"`: what the named groups of a regular expression (RE2) take
 * in, as columns; without `field` from the raw text. Its first match counts; no match and an empty group are null.
 */
import { namedGroups, sqlRegexSource } from '../../condition/regex.ts';
import { regexProblemInSql, textSql } from '../expression-sql.ts';
import { RAW_TEXT } from './event-cell.ts';
import type { FieldRef, PipeEnv, PipeReader } from './pipe.ts';
import { extended, resolve, type Table, withColumns } from './table.ts';

export const REX_GROUPS_MAX = 10;

export type RexPipe = {
  readonly kind: 'rex';
  readonly ref: FieldRef;
  readonly source: string;
  /** Name and number of each named group. */
  readonly groups: readonly { readonly name: string; readonly index: number }[];
};

export function parseRex(r: PipeReader): RexPipe {
  const from = r.option('field');
  const re = r.text('a regular expression in quotes');
  if (!re.quoted) r.fail('the regular expression has to stand in quotes', ['"(?<name>...)"'], re);
  const problem = regexProblemInSql(re.written);
  if (problem !== undefined) r.fail(`regular expression: ${problem}`, ['RE2 syntax'], re);
  const groups = namedGroups(re.written);
  if (groups.length === 0) r.fail('rex needs a named group', ['(?<name>...)'], re);
  if (groups.length > REX_GROUPS_MAX) r.fail(`at most ${REX_GROUPS_MAX} named groups`, ['fewer groups'], re);
  const raw = { written: RAW_TEXT, field: RAW_TEXT, start: re.start, end: re.end };
  return { kind: 'rex', ref: from ?? raw, source: re.written, groups };
}

export function compileRex(pipe: RexPipe, input: Table, env: PipeEnv): Table {
  const text = `ifNull(toString(${textSql(resolve(input, pipe.ref, env))}), '')`;
  const source = env.p.bind('String', sqlRegexSource(pipe.source, ''));
  const found = extended(input, [{ sql: `extractGroups(${text}, ${source})`, type: 'text', name: '' }]);
  return withColumns(
    found.table,
    pipe.groups.map((g) => ({ name: g.name, type: 'text', sql: `nullIf(${found.ids[0]}[${g.index}], '')` })),
  );
}
