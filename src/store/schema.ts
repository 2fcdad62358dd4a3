/**
 * The event table as SQL, made from the field catalogue: one typed column per hot field, in the catalogue's order, and
 * the columns that hold everything else.
 *
 * Contract: the text is a pure function of the catalogue (golden: `schema.test.ts` compares it with
 * `migrations/0001-events.sql`, byte for byte). How values lie in the columns:
 * - a present empty string (or empty list of a multi-valued field) has its dotted name in `empties`; a present null has
 *   it in `nulls`; a list of a field without a column of its own is in `lists` (empty ones too); every other value of a
 *   field without a column is in `fields` as text. A name is in at most one of these four.
 * - hot strings are '' where absent, empty or null (see above which); long, double, boolean, ip and date are NULL where
 *   absent or null; multi-valued ones are arrays.
 */
import { type FieldDef, HOT_FIELDS } from '../model/catalogue.ts';

export const DATABASE = 'vigil';
export const EVENTS_TABLE = 'vigil.events';

export type Column = { readonly name: string; readonly type: string };

/** The pipeline's own columns are always set, hence not Nullable, and as narrow as they can be. */
const OURS_TYPES: ReadonlyMap<string, string> = new Map([
  ['vigil.retention_days', 'UInt16'],
  ['vigil.node', 'UInt32'],
  ['vigil.batch', 'UInt64'],
  ['vigil.ord', 'UInt32'],
  ['@timestamp', "DateTime64(6, 'UTC')"],
  ['event.ingested', "DateTime64(6, 'UTC')"],
]);

/** The ClickHouse type of a hot field's column. */
export function columnType(def: FieldDef): string {
  const ours = OURS_TYPES.get(def.name);
  if (ours !== undefined) return ours;
  const one = scalarType(def);
  if (def.multi) return `Array(${one})`;
  return one.endsWith('String)') || one === 'String' ? one : `Nullable(${one})`;
}

function scalarType(def: FieldDef): string {
  switch (def.type) {
    case 'keyword':
    case 'text':
      return def.low ? 'LowCardinality(String)' : 'String';
    case 'ip':
      return 'IPv6';
    case 'long':
      return 'Int64';
    case 'double':
      return 'Float64';
    case 'boolean':
      return 'Bool';
    case 'date':
      return "DateTime64(6, 'UTC')";
  }
}

/** Columns beside the hot ones, after them in the table. */
export const REST_COLUMNS: readonly Column[] = [
  { name: 'raw', type: 'String' },
  { name: 'leaf', type: 'FixedString(32)' },
  { name: 'entities', type: 'Array(String)' },
  { name: 'fields', type: 'Map(LowCardinality(String), String)' },
  { name: 'lists', type: 'Map(String, Array(String))' },
  { name: 'empties', type: 'Array(String)' },
  { name: 'nulls', type: 'Array(String)' },
];

/** All columns in table order. */
export const COLUMNS: readonly Column[] = [
  ...HOT_FIELDS.map((d) => ({ name: d.column, type: columnType(d) })),
  ...REST_COLUMNS,
];

/**
 * `CREATE TABLE` of the events. Partitions and expiry go by time of receipt, never by the claimed time: a sender's
 * clock must not decide what survives. A fresh part is one file for all columns ("compact") up to 128 MiB: with a file
 * per column an insert of 20,000 rows took 19-25 CPU seconds per million rows, with one 7.5. `$ENGINE` and `$ON_CLUSTER` are filled in when it runs.
 */
export function createEventsSql(columns: readonly Column[] = COLUMNS): string {
  const lines = columns.map((c) => `  \`${c.name}\` ${c.type}`);
  // Words search the raw text; entities are searched whole (token search would split an address into its octets).
  lines.push(
    '  INDEX idx_words raw TYPE text(tokenizer = splitByNonAlpha, preprocessor = lowerUTF8(raw))',
    '  INDEX idx_entities entities TYPE text(tokenizer = array)',
    // Batches and receipt run along with the claimed time for all but late data, so their ranges prune at next to no cost.
    '  INDEX idx_batch batch TYPE minmax GRANULARITY 1',
    '  INDEX idx_ingested ingested TYPE minmax GRANULARITY 1',
  );
  return `CREATE TABLE IF NOT EXISTS ${EVENTS_TABLE} $ON_CLUSTER
(
${lines.join(',\n')}
)
ENGINE = $ENGINE
PARTITION BY (retention_class, toYYYYMMDD(ingested))
ORDER BY ts
TTL toDateTime(ingested) + toIntervalDay(retention_days) DELETE
SETTINGS
  default_compression_codec = 'ZSTD(1)',
  ttl_only_drop_parts = 1,
  fsync_after_insert = 1,
  fsync_part_directory = 1,
  min_rows_to_fsync_after_merge = 1,
  min_bytes_for_wide_part = 134217728,
  non_replicated_deduplication_window = 1000`;
}

/**
 * `ADD COLUMN` for a field that becomes hot later: parts written before read it from `fields`, so nothing is rewritten.
 * `after` is the column it follows. Multi-valued fields were in `lists` or, single, in `fields`.
 */
export function addColumnSql(def: FieldDef, after: string): string {
  const key = `'${def.name.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  return (
    `ALTER TABLE ${EVENTS_TABLE} $ON_CLUSTER ADD COLUMN IF NOT EXISTS \`${def.column}\` ${columnType(def)} ` +
    `DEFAULT ${oldValue(def, key)} AFTER \`${after}\``
  );
}

function oldValue(def: FieldDef, key: string): string {
  const text = `fields[${key}]`;
  if (def.multi) return `if(mapContains(fields, ${key}), [${text}], lists[${key}])`;
  switch (def.type) {
    case 'keyword':
    case 'text':
      return text;
    case 'ip':
      return `toIPv6OrNull(${text})`;
    case 'long':
    case 'date': {
      const number = `toInt64OrNull(${text})`;
      return def.type === 'long' ? number : `fromUnixTimestamp64Micro(${number}, 'UTC')`;
    }
    case 'double':
      return `toFloat64OrNull(${text})`;
    case 'boolean':
      return `multiIf(${text} = 'true', true, ${text} = 'false', false, NULL)`;
  }
}
