/**
 * Rows of `vigil.events` read back as events: the columns to select, and the one place that knows how they become
 * fields again. The other direction is `native.ts`.
 *
 * Contract: `fromRow` gives the live fields back (after `stampOurs`) with every value as `storedValue` says. Held by
 * `roundtrip.int.test.ts`.
 */
import { type FieldDef, HOT_FIELDS, hotField } from '../model/catalogue.ts';
import {
  EventFields,
  type FieldValue,
  ORIGINS,
  type Origin,
  type ParseStatus,
  type Scalar,
  STATUSES,
} from '../model/event.ts';
import { parseIp } from '../model/ip.ts';
import type { EventId } from '../model/match.ts';
import type { SqlRow } from './engine/client.ts';
import { EVENTS_TABLE } from './schema.ts';

/** A stored event with its fields exactly as they were live. */
export type StoredEvent = {
  readonly id: EventId;
  readonly tenant: string;
  readonly origin: Origin;
  /** Microseconds. */
  readonly ts: number;
  readonly ingested: number;
  readonly door: string;
  readonly sender: string;
  readonly token: string;
  readonly source: string;
  readonly parser: string;
  readonly status: ParseStatus;
  readonly retentionClass: string;
  readonly retentionDays: number;
  readonly fields: EventFields;
  readonly raw: Uint8Array;
  readonly entities: readonly string[];
  readonly leaf: Uint8Array;
};

function selected(def: FieldDef): string {
  const c = `\`${def.column}\``;
  if (def.multi) return c;
  if (def.type === 'date') return `toUnixTimestamp64Micro(${c})`;
  return def.type === 'ip' ? `toString(${c})` : c;
}

const REST = [
  'base64Encode(raw)',
  'hex(leaf)',
  'entities',
  'mapKeys(fields)',
  'mapValues(fields)',
  'mapKeys(lists)',
  'mapValues(lists)',
  'empties',
  'nulls',
];

/** What to select, in this order, for `fromRow`. Passes `checkSearch`. */
export const EVENT_COLUMNS = [...HOT_FIELDS.map(selected), ...REST].join(', ');

/** Whole events of a WHERE text; `tail` is what follows it. For `fromRow`. */
export const selectEvents = (where: string, tail = ''): string =>
  `SELECT ${EVENT_COLUMNS} FROM ${EVENTS_TABLE} WHERE ${where}${tail === '' ? '' : ` ${tail}`}`;

/** Least and greatest of a value over the rows of a WHERE text, and how many rows there are (without any, the rest is void). */
export const selectExtent = (value: string, where: string): string =>
  `SELECT min(${value}), max(${value}), count() FROM ${EVENTS_TABLE} WHERE ${where}`;

const INDEX: ReadonlyMap<string, number> = new Map(HOT_FIELDS.map((d, i) => [d.name, i]));
const at = (row: SqlRow, name: string): unknown => row[INDEX.get(name) ?? -1];

/** An event from a row selected as EVENT_COLUMNS. */
export function fromRow(row: SqlRow): StoredEvent {
  const [raw, leaf, entities, keys, values, listKeys, listValues, empties, nulls] = row.slice(
    HOT_FIELDS.length,
  ) as [string, string, string[], string[], string[], string[], string[][], string[], string[]];
  const fields = new EventFields();
  for (const [i, def] of HOT_FIELDS.entries()) {
    const value = hotValue(def, row[i]);
    if (value !== undefined) fields.setOurs(def.name, value);
  }
  for (const [i, key] of keys.entries()) if (!fields.has(key)) fields.setOurs(key, values[i] as string);
  for (const [i, key] of listKeys.entries())
    if (!fields.has(key)) fields.setOurs(key, listValues[i] as string[]);
  for (const name of empties) fields.setOurs(name, hotField(name)?.multi === true ? [] : '');
  for (const name of nulls) fields.setOurs(name, null);
  const text = (name: string): string => String(at(row, name));
  const number = (name: string): number => Number(at(row, name));
  return {
    id: { node: number('vigil.node'), batch: number('vigil.batch'), ord: number('vigil.ord') },
    tenant: text('vigil.tenant'),
    origin: ORIGINS.find((o) => o === text('vigil.origin')) ?? 'live',
    ts: number('@timestamp'),
    ingested: number('event.ingested'),
    door: text('vigil.door'),
    sender: text('vigil.sender'),
    token: text('vigil.token'),
    source: text('vigil.source'),
    parser: text('vigil.parser'),
    status: STATUSES.find((s) => s === text('vigil.status')) ?? 'raw',
    retentionClass: text('vigil.retention'),
    retentionDays: number('vigil.retention_days'),
    fields,
    raw: Buffer.from(raw, 'base64'),
    entities,
    leaf: Buffer.from(leaf, 'hex'),
  };
}

/** The field's value; undefined where the column says nothing (absent, or named in `empties` or `nulls`). */
function hotValue(def: FieldDef, v: unknown): FieldValue | undefined {
  if (def.ours) return v as Scalar;
  if (def.multi) return (v as string[]).length === 0 ? undefined : (v as string[]);
  if (v === null) return undefined;
  switch (def.type) {
    case 'keyword':
    case 'text':
      return v === '' ? undefined : (v as string);
    case 'ip':
      return parseIp(v as string);
    case 'long':
    case 'double':
    case 'boolean':
    case 'date':
      return v as Scalar;
  }
}

/**
 * A live value as the store gives it back. Fields with a column keep their type; others are text (numbers and booleans
 * as `String(value)`), lists of text without nulls. -0 is 0.
 */
export function storedValue(name: string, value: FieldValue): FieldValue {
  const hot = hotField(name) !== undefined;
  if (Array.isArray(value)) {
    return (value as readonly Scalar[]).filter((v) => v !== null).map((v) => storedText(v));
  }
  if (value === null) return null;
  if (hot && typeof value !== 'string') return value === 0 ? 0 : value;
  return storedText(value as Scalar);
}

const storedText = (v: Scalar): string => String(v).toWellFormed();
