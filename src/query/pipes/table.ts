/**
 * What flows through the pipes: first the events of the filter, then tables. Each step gives a new `Table`; SQL is
 * made at the end. Columns are called c1x0, c1x1, ... in SQL whatever people call them. Held by `golden.test.ts`,
 * `hostile.test.ts` and `exact.int.test.ts` of src/query.
 */
import { NUMBER_CHARS_MAX, NUMBER_SOURCE } from '../../condition/text.ts';
import { type FieldDef, hotField } from '../../model/catalogue.ts';
import { nearest } from '../nearest.ts';
import { QueryFault } from '../scan.ts';
import { textOf, textsSql } from '../sql-field.ts';
import { columnOf, type SqlParams } from '../sql-params.ts';
import type { FieldRef } from './pipe.ts';
import type { Aggregate } from './stats.ts';

/** Rows of a table without `head`. */
export const TABLE_ROWS_MAX = 1000;

export type SortKey = { readonly ref: FieldRef; readonly descending: boolean };
export type TableSql = { readonly sql: string; readonly columns: readonly string[] };

export type Table = {
  readonly kind: 'events' | 'table';
  readonly limited: (rows: number) => Table;
  readonly sorted: (keys: readonly SortKey[]) => Table;
  readonly grouped: (
    by: readonly { readonly ref: FieldRef; readonly column: string }[],
    aggregates: readonly Aggregate[],
  ) => Table;
  readonly finish: () => TableSql;
};

type Column = { readonly name: string; readonly numeric: boolean };

/** Each step of the pipe names its columns anew, so that no alias can hide a column of the step before. */
const id = (level: number, i: number): string => `c${level}x${i}`;

const EVENTS_ORDER = 'ts DESC, batch DESC, ord DESC, node DESC';
/** Shown for sorted events, before the fields sorted by. */
const EVENT_COLUMNS = ['@timestamp', 'host.name', 'vigil.source', 'message'];

/** The events that `where` selects, newest first. */
export function eventsTable(where: string, p: SqlParams): Table {
  return events(`vigil.events WHERE ${where}`, undefined, p);
}

function events(from: string, rows: number | undefined, p: SqlParams): Table {
  const source = (): string =>
    rows === undefined ? from : `(SELECT * FROM ${from} ORDER BY ${EVENTS_ORDER} LIMIT ${rows})`;
  const projected = (refs: readonly FieldRef[]): { inner: string; columns: Column[] } => ({
    inner: `SELECT ${refs.map((r, i) => `${cellSql(r.field, p)} AS ${id(1, i)}`).join(', ')} FROM ${source()}`,
    columns: refs.map((r) => ({ name: r.written, numeric: isNumber(r.field) })),
  });
  return {
    kind: 'events',
    limited: (n) => events(from, Math.min(rows ?? n, n), p),
    sorted: (keys) => {
      const shown = EVENT_COLUMNS.map((f): FieldRef => ({ written: f, field: f, start: 0, end: 0 }));
      for (const k of keys) if (!shown.some((s) => s.field === k.ref.field)) shown.push(k.ref);
      const { inner, columns } = projected(shown);
      const order = keys.map((k) => ({
        index: shown.findIndex((s) => s.field === k.ref.field),
        descending: k.descending,
      }));
      return table(inner, columns, order, undefined, 1);
    },
    grouped: (by, aggregates) => {
      const keys = by.map((b, i) => `${groupSql(b.ref.field, p)} AS ${id(1, i)}`);
      const values = aggregates.map((a, i) => `${aggregateSql(a, p)} AS ${id(1, by.length + i)}`);
      return groupedTable(by, aggregates, [...keys, ...values], source(), 1);
    },
    finish: () => {
      const { inner, columns } = projected(
        EVENT_COLUMNS.map((f): FieldRef => ({ written: f, field: f, start: 0, end: 0 })),
      );
      return table(inner, columns, [], rows, 1).finish();
    },
  };
}

type Order = readonly { readonly index: number; readonly descending: boolean }[];

function table(
  inner: string,
  columns: readonly Column[],
  order: Order,
  rows: number | undefined,
  level: number,
): Table {
  const text = (limit: number): string => {
    const by = order.map((o) => `${id(level, o.index)} ${o.descending ? 'DESC' : 'ASC'} NULLS LAST`);
    // Ties go by the columns from the left, so that the same question has the same answer.
    for (let i = 0; i < columns.length; i++) {
      if (!order.some((o) => o.index === i)) by.push(`${id(level, i)} ASC NULLS LAST`);
    }
    const shown = columns.map((_, i) => id(level, i)).join(', ');
    return `SELECT ${shown} FROM (${inner}) ORDER BY ${by.join(', ')} LIMIT ${limit}`;
  };
  const find = (ref: FieldRef): number => findColumn(columns, ref);
  return {
    kind: 'table',
    limited: (n) => table(inner, columns, order, Math.min(rows ?? n, n), level),
    sorted: (keys) => {
      const next = keys.map((k) => ({ index: find(k.ref), descending: k.descending }));
      return table(rows === undefined ? inner : text(rows), columns, next, undefined, level);
    },
    grouped: (by, aggregates) => {
      const keys = by.map((b, i) => `${id(level, find(b.ref))} AS ${id(level + 1, i)}`);
      const values = aggregates.map((a, i) => {
        const column = a.ref === undefined ? 0 : find(a.ref);
        const numeric = columns[column]?.numeric === true;
        return `${tableAggregateSql(a, id(level, column), numeric)} AS ${id(level + 1, by.length + i)}`;
      });
      const from = rows === undefined ? `(${inner})` : `(${text(rows)})`;
      return groupedTable(by, aggregates, [...keys, ...values], from, level + 1);
    },
    finish: () => ({ sql: text(rows ?? TABLE_ROWS_MAX), columns: columns.map((c) => c.name) }),
  };
}

function groupedTable(
  by: readonly { readonly ref: FieldRef; readonly column: string }[],
  aggregates: readonly Aggregate[],
  select: readonly string[],
  from: string,
  level: number,
): Table {
  const keys = by.map((_, i) => id(level, i));
  const group = keys.length === 0 ? '' : ` GROUP BY ${keys.join(', ')}`;
  const columns = [
    ...by.map((b): Column => ({ name: b.column, numeric: isNumber(b.ref.field) })),
    ...aggregates.map((a): Column => ({ name: a.column, numeric: true })),
  ];
  // Largest first unless a sort says otherwise.
  const order = [{ index: by.length, descending: true }];
  return table(`SELECT ${select.join(', ')} FROM ${from}${group}`, columns, order, undefined, level);
}

function findColumn(columns: readonly Column[], ref: FieldRef): number {
  const at = columns.findIndex((c) => c.name === ref.written);
  const found = at >= 0 ? at : columns.findIndex((c) => c.name === ref.field);
  if (found >= 0) return found;
  const names = columns.map((c) => c.name);
  const near = nearest(ref.written, names);
  throw new QueryFault({
    message: `the table has no column "${ref.written}"`,
    start: ref.start,
    end: ref.end,
    expected: names,
    ...(near === undefined ? {} : { suggestion: near }),
  });
}

const isNumber = (field: string): boolean => {
  const t = hotField(field)?.type;
  return t === 'long' || t === 'double';
};

const isoSql = (x: string): string => `formatDateTime(${x}, '%Y-%m-%dT%H:%i:%S.%fZ')`;

/** One present value as a cell: numbers as numbers, times as ISO text, the rest as text. */
function oneCell(def: FieldDef, x: string): string {
  if (def.type === 'date') return isoSql(x);
  return isNumber(def.name) ? x : textOf(def, x);
}

/** A field of an event as one cell: NULL where absent, several values joined. */
function cellSql(field: string, p: SqlParams): string {
  const def = hotField(field);
  if (def !== undefined && !def.multi) return scalarCell(def, p);
  const texts = textsSql(field, p);
  return `if(empty(${texts}), NULL, arrayStringConcat(${texts}, ', '))`;
}

function scalarCell(def: FieldDef, p: SqlParams): string {
  const col = columnOf(def);
  if (def.type === 'keyword' || def.type === 'text') {
    if (def.ours) return `toString(${col})`;
    const name = p.bind('String', def.name);
    return `if(${col} = '' AND NOT has(empties, ${name}), NULL, toString(${col}))`;
  }
  if (def.ours || isNumber(def.name)) return oneCell(def, col);
  return `if(isNull(${col}), NULL, ${oneCell(def, `assumeNotNull(${col})`)})`;
}

/** A field to group by: one row per value. */
function groupSql(field: string, p: SqlParams): string {
  const def = hotField(field);
  if (def !== undefined && !def.multi) return scalarCell(def, p);
  const texts = textsSql(field, p);
  return `arrayJoin(if(empty(${texts}), [NULL], arrayMap(x -> toNullable(toString(x)), ${texts})))`;
}

function aggregateSql(a: Aggregate, p: SqlParams): string {
  if (a.ref === undefined) return 'count()';
  const { field } = a.ref;
  const def = hotField(field);
  if (a.name === 'dc') return `length(groupUniqArrayArray(${textsSql(field, p)}))`;
  if (def?.type === 'date') return dateAggregate(a, def, a.ref);
  // Aggregates of a Nullable skip NULL and are NULL where nothing is left.
  if (def !== undefined && !def.multi && isNumber(field)) return `${a.name}(toNullable(${columnOf(def)}))`;
  const isNum = `match(x, '${NUMBER_SOURCE}') AND length(x) <= ${NUMBER_CHARS_MAX}`;
  return numbersAggregate(
    a.name,
    `arrayMap(x -> toFloat64OrZero(x), arrayFilter(x -> ${isNum}, ${textsSql(field, p)}))`,
  );
}

/** Over all numbers of all events; none at all is NULL. */
function numbersAggregate(name: Aggregate['name'], numbers: string): string {
  const each = (f: string): string => `if(empty(${numbers}), NULL, ${f}(${numbers}))`;
  if (name === 'sum') return `sum(${each('arraySum')})`;
  if (name === 'avg') return `sum(${each('arraySum')}) / sum(length(${numbers}))`;
  return name === 'min' ? `min(${each('arrayMin')})` : `max(${each('arrayMax')})`;
}

function dateAggregate(a: Aggregate, def: FieldDef, ref: FieldRef): string {
  if (a.name === 'min' || a.name === 'max') {
    const value = `${a.name}(toNullable(${columnOf(def)}))`;
    return `if(isNull(${value}), NULL, ${isoSql(`assumeNotNull(${value})`)})`;
  }
  throw new QueryFault({
    message: `${a.name}() makes no sense of times; ${ref.written} is one`,
    start: ref.start,
    end: ref.end,
    expected: ['min', 'max', 'dc', 'count'],
  });
}

function tableAggregateSql(a: Aggregate, column: string, numeric: boolean): string {
  if (a.ref === undefined) return 'count()';
  if (a.name === 'dc') return `uniqExact(${column})`;
  return `${a.name}(${numeric ? `toNullable(${column})` : `toFloat64OrNull(toString(${column}))`})`;
}
