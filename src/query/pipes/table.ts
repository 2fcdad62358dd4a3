/**
 * What flows through the pipes: first the events of the filter, then tables. Plain data; each step gives a new `Table`
 * around the SQL of the one before, so that the innermost SELECT, with tenant, row filter and time range in its WHERE,
 * is the only one that reads `vigil.events`. Columns are called c1x0, c1x1, ... in SQL whatever people call them.
 * Steps go on with `SELECT *`; the engine reads only what the outermost names. Held by `golden.test.ts`,
 * `hostile.test.ts`, `exact.int.test.ts` and `pipes.int.test.ts`.
 */
import { hotField } from '../../model/catalogue.ts';
import { KNOWN_NAMES } from '../../condition/language/aliases.ts';
import type { Place } from '../expression.ts';
import { type ExprEnv, textSql, type Typed, type ValueType } from '../expression-sql.ts';
import { nearest } from '../../base/nearest.ts';
import { QueryFault } from '../../condition/language/scan.ts';
import { aggregateSql } from './aggregate-sql.ts';
import type { Aggregate } from './aggregates.ts';
import { cellSql, groupSql, RAW_TEXT } from './event-cell.ts';
import type { FieldRef, PipeEnv } from './pipe.ts';

/** Rows of a table without `head`. */
export const TABLE_ROWS_MAX = 1000;
/** Rows of a search within a search; further ones are left out. */
export const SUBSEARCH_ROWS_MAX = 100_000;
/** Columns of a table. */
export const TABLE_COLUMNS_MAX = 60;
/** Longest SQL on the way, characters. */
const FROM_CHARS_MAX = 200_000;

export type Column = { readonly name: string; readonly id: string; readonly type: ValueType };
export type SortKey = { readonly ref: FieldRef; readonly descending: boolean };
export type TableSql = { readonly sql: string; readonly columns: readonly string[] };
/** A value to work with; `field`: a field of the event, as stored. */
export type Source = Typed & { readonly field?: string };

export type Table = {
  /** What stands behind FROM. */
  readonly from: string;
  /** `from` is the table of events with its WHERE, not a subquery. */
  readonly bare: boolean;
  /** Any field of the events can be named, beside `columns`. */
  readonly fields: boolean;
  /** Each row is an event, with its time and place in the store. */
  readonly events: boolean;
  readonly columns: readonly Column[];
  /** Fields of the events that were renamed or removed. */
  readonly gone: ReadonlySet<string>;
  /** Fields of the events that are shown beside EVENT_COLUMNS. */
  readonly also: readonly string[];
  readonly order: readonly { readonly sql: string; readonly descending: boolean }[];
  readonly rows: number | undefined;
  readonly rowsDefault: number;
  readonly level: number;
};

const EVENTS_ORDER = 'ts DESC, batch DESC, ord DESC, node DESC';
const EVENT_TIME = '(ts, batch, ord, node)';
/** Shown for events, before the fields sorted by and the columns made. */
const EVENT_COLUMNS = ['@timestamp', 'host.name', 'vigil.source', 'message'];

/** Each step names its columns anew, so that no alias can hide a column of the step before. */
const id = (level: number, i: number): string => `c${level}x${i}`;

/** The events that `where` selects, newest first. */
export const eventsTable = (where: string): Table => ({
  from: `vigil.events WHERE ${where}`,
  bare: true,
  fields: true,
  events: true,
  columns: [],
  gone: new Set(),
  also: [],
  order: [],
  rows: undefined,
  rowsDefault: TABLE_ROWS_MAX,
  level: 0,
});

export const limited = (t: Table, n: number): Table => ({ ...t, rows: Math.min(t.rows ?? n, n) });

/** The rows as a FROM, limited where a `head` says so. */
function rowsOf(t: Table): { from: string; bare: boolean } {
  if (t.rows === undefined) return { from: t.from, bare: t.bare };
  return { from: `(SELECT * FROM ${t.from} ORDER BY ${orderSql(t)} LIMIT ${t.rows})`, bare: false };
}

/** Ties go by the event's place, or by the columns from the left: the same question has the same answer. */
function orderSql(t: Table): string {
  const by = t.order.map((o) => `${o.sql} ${o.descending ? 'DESC' : 'ASC'} NULLS LAST`);
  if (t.events) by.push(EVENTS_ORDER);
  else for (const c of t.columns) if (!t.order.some((o) => o.sql === c.id)) by.push(`${c.id} ASC NULLS LAST`);
  return by.join(', ');
}

/** The same rows with further values; nothing before is lost. */
export function extended(
  t: Table,
  values: readonly (Typed & { readonly name: string })[],
): { readonly table: Table; readonly ids: readonly string[] } {
  const { from } = rowsOf(t);
  const level = t.level + 1;
  const ids = values.map((_, i) => id(level, i));
  const list = values.map((v, i) => `${v.sql} AS ${ids[i]}`).join(', ');
  if (from.length + list.length > FROM_CHARS_MAX) tooLarge();
  return { table: { ...t, ...none, from: `(SELECT *, ${list} FROM ${from})`, level }, ids };
}

/** What a step around the rows so far sets. */
const none = { bare: false, rows: undefined } as const;

function tooLarge(): never {
  throw new QueryFault({
    message: 'the pipes make too large a search',
    start: 0,
    end: 0,
    expected: ['fewer or shorter pipes'],
  });
}

/** With named columns added or replaced. */
export function withColumns(t: Table, values: readonly (Typed & { readonly name: string })[]): Table {
  const { table, ids } = extended(t, values);
  const made = values.map((v, i): Column => ({ name: v.name, id: ids[i] as string, type: v.type }));
  const kept = t.columns.filter((c) => !values.some((v) => v.name === c.name));
  const columns = [...kept, ...made];
  if (columns.length > TABLE_COLUMNS_MAX) tooManyColumns();
  const gone = new Set([...t.gone].filter((g) => !values.some((v) => v.name === g)));
  return { ...table, columns, gone };
}

function tooManyColumns(): never {
  const message = `a table has at most ${TABLE_COLUMNS_MAX} columns`;
  throw new QueryFault({ message, start: 0, end: 0, expected: ['fields'] });
}

export function filtered(t: Table, test: string): Table {
  const { from, bare } = rowsOf(t);
  const inner = bare ? `(SELECT * FROM ${from})` : from;
  return { ...t, ...none, from: `(SELECT * FROM ${inner} WHERE ${test})` };
}

export function sorted(t: Table, keys: readonly SortKey[], env: PipeEnv): Table {
  const sources = keys.map((k) => resolve(t, k.ref, env));
  const made = sources.flatMap((s) => (s.field === undefined ? [] : [{ ...s, name: '' }]));
  const { table, ids } = made.length === 0 ? { table: unlimited(t), ids: [] } : extended(t, made);
  let next = 0;
  const order = keys.map((k, i) => {
    const source = sources[i] as Source;
    return {
      sql: source.field === undefined ? source.sql : (ids[next++] as string),
      descending: k.descending,
    };
  });
  const also = keys.flatMap((k, i) => (sources[i]?.field === undefined ? [] : [k.ref.field]));
  return { ...table, also: [...new Set([...t.also, ...also])], order };
}

/** A `head` before this step is part of the rows. */
const unlimited = (t: Table): Table => ({ ...t, ...rowsOf(t), rows: undefined });

/** The first `n` rows of each combination of the keys. */
export function firstOfEach(t: Table, keys: readonly FieldRef[], n: number, env: PipeEnv): Table {
  const values = keys.map((k) => ({ ...resolve(t, k, env), name: k.written }));
  const { table, ids } = extended(t, values);
  const from = `(SELECT * FROM ${table.from} ORDER BY ${orderSql(table)} LIMIT ${n} BY ${ids.join(', ')})`;
  return { ...table, from };
}

export type GroupKey = { readonly value: Source; readonly column: string };

/** One row per combination of the keys; the largest first column first unless `order` says otherwise. */
export function grouped(
  t: Table,
  by: readonly GroupKey[],
  aggregates: readonly Aggregate[],
  env: PipeEnv,
): Table {
  const level = t.level + 1;
  const time = t.columns.find((c) => c.type === 'time' && c.name === '@timestamp')?.id;
  const order = t.events ? EVENT_TIME : time;
  const made = aggregates.map((a) =>
    aggregateSql(a, a.ref === undefined ? undefined : resolve(t, a.ref, env), order, env.p),
  );
  const keys = by.map((b, i) => `${keySql(b.value, env)} AS ${id(level, i)}`);
  const values = made.map((m, i) => `${m.sql} AS ${id(level, by.length + i)}`);
  const columns = [
    ...by.map((b, i): Column => ({ name: b.column, id: id(level, i), type: b.value.type })),
    ...aggregates.map(
      (a, i): Column => ({
        name: a.column,
        id: id(level, by.length + i),
        type: made[i]?.type ?? 'number',
      }),
    ),
  ];
  const group = by.length === 0 ? '' : ` GROUP BY ${by.map((_, i) => id(level, i)).join(', ')}`;
  const from = `(SELECT ${[...keys, ...values].join(', ')} FROM ${rowsOf(t).from}${group})`;
  if (from.length > FROM_CHARS_MAX) tooLarge();
  const first = columns[by.length] as Column;
  return { ...plainTable(columns, from, level), order: [{ sql: first.id, descending: true }] };
}

const plainTable = (columns: readonly Column[], from: string, level: number): Table => ({
  ...eventsTable(''),
  from,
  bare: false,
  fields: false,
  events: false,
  columns,
  level,
});

/** A field of the event groups it once per value. */
export const keySql = (v: Source, env: PipeEnv): string =>
  v.field === undefined || v.type === 'time' ? v.sql : groupSql(v.field, env.p);

/** The value that a name stands for: a column, else a field of the event. */
export function resolve(t: Table, ref: FieldRef, env: PipeEnv): Source {
  const column = findColumn(t, ref);
  if (column !== undefined) return { sql: column.id, type: column.type };
  if (!t.fields || t.gone.has(ref.field)) return noColumn(t, ref);
  hintAt(ref, env);
  const cell = cellSql(ref.field, env.p);
  return ref.field === RAW_TEXT ? cell : { ...cell, field: ref.field };
}

/** What expressions over the rows of `t` compile with. */
export const exprEnv = (t: Table, env: PipeEnv): ExprEnv => ({
  p: env.p,
  resolve: (ref) => resolve(t, ref, env),
  subsearch: (query, at) => oneColumn(env.subsearch(query, at), at),
});

/** The first column as text, for IN. Numbers are written as expressions write them. */
function oneColumn(t: Table, at: Place): string {
  const column = t.columns[0];
  if (t.fields || column === undefined) {
    const message = 'the search in parentheses has to end in a column';
    throw new QueryFault({ message, ...at, expected: ['| fields source.ip', '| top 10 source.ip'] });
  }
  const number = column.type === 'number';
  const text = number ? `toString(toFloat64(${column.id}))` : textSql({ ...column, sql: column.id });
  const limit = Math.min(t.rows ?? SUBSEARCH_ROWS_MAX, SUBSEARCH_ROWS_MAX);
  return `SELECT ${text} AS ${id(t.level + 1, 0)} FROM ${t.from} ORDER BY ${orderSql(t)} LIMIT ${limit}`;
}

export const findColumn = (t: Table, ref: FieldRef): Column | undefined =>
  t.columns.find((c) => c.name === ref.written) ?? t.columns.find((c) => c.name === ref.field);

function hintAt(ref: FieldRef, env: PipeEnv): void {
  const known = KNOWN_NAMES.has(ref.written) || hotField(ref.field) !== undefined || ref.field === RAW_TEXT;
  if (known) return;
  const near = nearest(ref.written, KNOWN_NAMES);
  if (near !== undefined) env.hint(`no known field is called "${ref.written}"; did you mean "${near}"?`);
}

export function noColumn(t: Table, ref: FieldRef): never {
  const names = shownNames(t);
  const near = nearest(ref.written, names);
  throw new QueryFault({
    message: `the table has no column "${ref.written}"`,
    start: ref.start,
    end: ref.end,
    expected: names,
    ...(near === undefined ? {} : { suggestion: near }),
  });
}

/** Only these columns, in this order; the rows keep theirs. */
export function picked(t: Table, refs: readonly FieldRef[], env: PipeEnv): Table {
  const values = refs.map((r) => ({ ...resolve(t, r, env), name: r.written }));
  const { table, ids } = extended(t, values);
  const columns = values.map((v, i): Column => ({ name: v.name, id: ids[i] as string, type: v.type }));
  return { ...table, columns, fields: false, also: [] };
}

/** The names shown at the end, in order. */
export function shownNames(t: Table): readonly string[] {
  if (!t.fields) return t.columns.map((c) => c.name);
  const all = [...EVENT_COLUMNS, ...t.also, ...t.columns.map((c) => c.name)];
  return [...new Set(all)].filter((n) => !t.gone.has(n));
}

export function finished(t: Table, env: PipeEnv): TableSql {
  const names = shownNames(t);
  if (names.length === 0) tooManyColumns();
  const level = t.level + 1;
  const cells = names.map((name, i) => {
    const v = resolve(t, { written: name, field: name, start: 0, end: 0 }, env);
    return `${v.type === 'time' || v.type === 'bool' ? textSql(v) : v.sql} AS ${id(level, i)}`;
  });
  const limit = t.rows ?? t.rowsDefault;
  return {
    sql: `SELECT ${cells.join(', ')} FROM ${t.from} ORDER BY ${orderSql(t)} LIMIT ${limit}`,
    columns: names,
  };
}
