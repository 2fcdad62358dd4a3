/**
 * Encoder of normalised events into ClickHouse `Native` blocks, the format in which the engine takes columns with the
 * least work. The hot path of storing: one pass over an event's fields, no object per row.
 *
 * Contract: for any event, `fromRow` of the stored row equals the live fields (after `stampOurs`) up to `storedValue`:
 * numbers and booleans of fields without a column come back as their text, lone surrogates as U+FFFD. Never throws on
 * an event's content. Held by `roundtrip.int.test.ts` (property) and `native.test.ts` (bytes).
 */
import { hash } from 'node:crypto';
import { HOT_FIELDS, INVALID_PREFIX } from '../model/catalogue.ts';
import {
  DATE_US_MAX,
  DATE_US_MIN,
  type FieldValue,
  type NormalizedEvent,
  type Origin,
  type Scalar,
} from '../model/event.ts';
import { ipBytes } from '../model/ip.ts';
import {
  Bytes,
  type ColumnSink,
  FixedColumn,
  TextArrayColumn,
  TextColumn,
  TextListMapColumn,
  TextMapColumn,
} from './columns.ts';
import { columnType, REST_COLUMNS } from './schema.ts';

/** What the pipeline knows of a row besides the event; `source`, `parser`, `status` and `ts` come from the event. */
export type RowProvenance = {
  readonly tenant: string;
  readonly origin: Origin;
  readonly retentionClass: string;
  /** 1..65535. */
  readonly retentionDays: number;
  readonly node: number;
  readonly batch: number;
  readonly ord: number;
  /** Microseconds. */
  readonly ingested: number;
  readonly door: string;
  readonly sender: string;
  readonly token: string;
  /** 32 bytes, see `leafHash`. */
  readonly leaf: Uint8Array;
};

type Slot =
  | { readonly kind: 'ours' }
  | { readonly kind: 'text'; readonly column: TextColumn }
  | { readonly kind: 'texts'; readonly column: TextArrayColumn }
  | { readonly kind: 'long' | 'double' | 'boolean' | 'date' | 'ip'; readonly column: FixedColumn };

const OURS: Slot = { kind: 'ours' };

export class BlockEncoder {
  #rows = 0;
  readonly #all: { readonly header: Buffer; readonly sink: ColumnSink }[] = [];
  readonly #slots = new Map<string, Slot>();
  // The pipeline's own columns, and the rest.
  readonly #own: Own;
  readonly #raw = new TextColumn();
  readonly #leaf = new FixedColumn(32, false);
  readonly #entities = new TextArrayColumn();
  readonly #fields = new TextMapColumn();
  readonly #lists = new TextListMapColumn();
  readonly #empties = new TextArrayColumn();
  readonly #nulls = new TextArrayColumn();

  constructor() {
    const own = new Map<string, TextColumn | FixedColumn>();
    for (const def of HOT_FIELDS) {
      const type = columnType(def);
      const sink = makeSink(type);
      this.#all.push({ header: columnHeader(def.column, type), sink });
      if (def.ours) own.set(def.column, sink as TextColumn | FixedColumn);
      this.#slots.set(def.name, def.ours ? OURS : slotOf(def.type, sink));
    }
    this.#own = ownColumns(own);
    const rest: Readonly<Record<string, ColumnSink>> = {
      raw: this.#raw,
      leaf: this.#leaf,
      entities: this.#entities,
      fields: this.#fields,
      lists: this.#lists,
      empties: this.#empties,
      nulls: this.#nulls,
    };
    for (const c of REST_COLUMNS) {
      const sink = rest[c.name];
      if (sink === undefined) throw new Error(`bug: no encoder for column ${c.name}`);
      this.#all.push({ header: columnHeader(c.name, c.type), sink });
    }
  }

  get rows(): number {
    return this.#rows;
  }

  /** Bytes so far (without defaults not yet filled in): cut a block by this. */
  get bytes(): number {
    let n = 0;
    for (const c of this.#all) for (const p of c.sink.parts()) n += p.len;
    return n;
  }

  add(event: NormalizedEvent, p: RowProvenance): void {
    const row = this.#rows;
    const own = this.#own;
    own.tenant.put(row, p.tenant);
    own.retentionClass.put(row, p.retentionClass);
    own.retentionDays.putUint16(row, p.retentionDays);
    own.node.putUint32(row, p.node);
    own.batch.putInt64(row, p.batch);
    own.ord.putUint32(row, p.ord);
    own.ts.putInt64(row, clampTs(event.ts));
    own.ingested.putInt64(row, p.ingested);
    own.origin.put(row, p.origin);
    own.door.put(row, p.door);
    own.sender.put(row, p.sender);
    own.token.put(row, p.token);
    own.source.put(row, event.source);
    own.parser.put(row, event.parser);
    own.status.put(row, event.status);
    this.#raw.putBytes(row, event.raw);
    this.#leaf.putBytes(row, p.leaf);
    for (const e of event.entities) this.#entities.add(row, e);
    for (const [name, value] of event.fields.entries()) this.#field(row, name, value);
    this.#rows = row + 1;
  }

  #field(row: number, name: string, value: FieldValue): void {
    const slot = this.#slots.get(name);
    if (slot === undefined) return this.#rest(row, name, value);
    if (slot.kind === 'ours') return;
    if (value === null) return this.#nulls.add(row, name);
    if (slot.kind === 'texts') {
      if (!Array.isArray(value)) return slot.column.add(row, String(value));
      if (value.length === 0) return this.#empties.add(row, name);
      for (const v of value as readonly Scalar[]) slot.column.add(row, String(v));
      return;
    }
    if (slot.kind === 'text' && typeof value === 'string') {
      return value === '' ? this.#empties.add(row, name) : slot.column.put(row, value);
    }
    // `EventFields.set` lets nothing else through; a source that went round it (`setOurs`) loses no value either.
    if (!this.#typed(row, slot, value)) this.#rest(row, INVALID_PREFIX + name, value);
  }

  #typed(row: number, slot: Slot, value: FieldValue): boolean {
    switch (slot.kind) {
      case 'long':
        if (!Number.isSafeInteger(value)) return false;
        slot.column.putInt64(row, value as number);
        return true;
      case 'date':
        if (!Number.isSafeInteger(value) || value !== clampTs(value as number)) return false;
        slot.column.putInt64(row, value as number);
        return true;
      case 'double':
        if (!Number.isFinite(value)) return false;
        slot.column.putFloat64(row, value as number);
        return true;
      case 'boolean':
        if (typeof value !== 'boolean') return false;
        slot.column.putBool(row, value);
        return true;
      case 'ip':
        return typeof value === 'string' && putIp(slot.column, row, value);
      default:
        return false;
    }
  }

  /** Fields without a column: text in `fields`, lists in `lists`, what is empty or null by name. */
  #rest(row: number, name: string, value: FieldValue): void {
    if (typeof value === 'string') {
      if (value === '') this.#empties.add(row, name);
      else this.#fields.add(row, name, value);
    } else if (value === null) {
      this.#nulls.add(row, name);
    } else if (Array.isArray(value)) {
      this.#lists.begin(row, name);
      for (const v of value as readonly Scalar[]) if (v !== null) this.#lists.item(String(v));
      this.#lists.end();
    } else {
      this.#fields.add(row, name, String(value));
    }
  }

  /** The block's bytes (a copy of its own); the encoder is empty again. Blocks may be concatenated into one insert. */
  finish(): Uint8Array {
    const head = new Bytes(16);
    head.varint(this.#all.length);
    head.varint(this.#rows);
    let size = head.len;
    for (const c of this.#all) {
      c.sink.pad(this.#rows);
      size += c.header.length;
      for (const p of c.sink.parts()) size += p.len;
    }
    // Of its own, not from Node's pool: it is transferred to another thread.
    const out = Buffer.allocUnsafeSlow(this.#rows === 0 ? 0 : size);
    if (this.#rows > 0) {
      let at = head.buf.copy(out, 0, 0, head.len);
      for (const c of this.#all) {
        at += c.header.copy(out, at);
        for (const p of c.sink.parts()) at += p.buf.copy(out, at, 0, p.len);
      }
    }
    for (const c of this.#all) c.sink.reset();
    this.#rows = 0;
    return out;
  }
}

/** A claimed time that the column cannot hold is held to its range (the normaliser has kept the claim). */
const clampTs = (us: number): number =>
  us < DATE_US_MIN ? DATE_US_MIN : us > DATE_US_MAX ? DATE_US_MAX : Math.trunc(us) || 0;

/** Writes an address; the common IPv4 form without making a string or an array. */
function putIp(column: FixedColumn, row: number, text: string): boolean {
  const v4 = readIpv4(text);
  if (v4 < 0) {
    const bytes = ipBytes(text);
    if (bytes === undefined) return false;
    column.putBytes(row, bytes);
    return true;
  }
  const b = column.at(row);
  b.buf.fill(0, b.len, b.len + 10);
  b.view.setUint16(b.len + 10, 0xffff);
  b.view.setUint32(b.len + 12, v4);
  b.len += 16;
  return true;
}

/** The address as a 32-bit number, or -1 where the text is not plain dotted decimal. */
function readIpv4(s: string): number {
  if (s.length > 15 || s.length < 7) return -1;
  let value = 0;
  let octet = -1;
  let dots = 0;
  for (let i = 0; i < s.length; i++) {
    const c = s.charCodeAt(i);
    if (c === 46) {
      if (octet < 0) return -1;
      value = value * 256 + octet;
      octet = -1;
      dots++;
      continue;
    }
    const digit = c - 48;
    if (digit < 0 || digit > 9 || octet === 0) return -1;
    octet = octet < 0 ? digit : octet * 10 + digit;
    if (octet > 255) return -1;
  }
  return dots === 3 && octet >= 0 ? value * 256 + octet : -1;
}

/** The type sent for a column: plain strings, which the engine turns into dictionaries faster than JavaScript can. */
export const wireType = (type: string): string => type.replaceAll('LowCardinality(String)', 'String');

function columnHeader(name: string, type: string): Buffer {
  const b = new Bytes(64);
  b.text(name);
  b.text(wireType(type));
  return Buffer.from(b.buf.subarray(0, b.len));
}

function makeSink(type: string): ColumnSink {
  const wire = wireType(type);
  if (wire === 'String') return new TextColumn();
  if (wire === 'Array(String)') return new TextArrayColumn();
  const nullable = wire.startsWith('Nullable(');
  const inner = nullable ? wire.slice(9, -1) : wire;
  const width = WIDTHS.get(inner);
  if (width === undefined) throw new Error(`bug: no encoder for type ${type}`);
  return new FixedColumn(width, nullable);
}

const WIDTHS: ReadonlyMap<string, number> = new Map([
  ['UInt16', 2],
  ['UInt32', 4],
  ['UInt64', 8],
  ['Int64', 8],
  ['Float64', 8],
  ['Bool', 1],
  ['IPv6', 16],
  ["DateTime64(6, 'UTC')", 8],
]);

function slotOf(type: (typeof HOT_FIELDS)[number]['type'], sink: ColumnSink): Slot {
  if (sink instanceof TextColumn) return { kind: 'text', column: sink };
  if (sink instanceof TextArrayColumn) return { kind: 'texts', column: sink };
  if (sink instanceof FixedColumn && type !== 'keyword' && type !== 'text')
    return { kind: type, column: sink };
  throw new Error(`bug: field type ${type} and its column do not agree`);
}

type Own = ReturnType<typeof ownColumns>;

function ownColumns(own: ReadonlyMap<string, TextColumn | FixedColumn>) {
  const text = (name: string): TextColumn => {
    const c = own.get(name);
    if (!(c instanceof TextColumn)) throw new Error(`bug: column ${name} is not text`);
    return c;
  };
  const fixed = (name: string): FixedColumn => {
    const c = own.get(name);
    if (!(c instanceof FixedColumn)) throw new Error(`bug: column ${name} is not of fixed width`);
    return c;
  };
  return {
    tenant: text('tenant'),
    retentionClass: text('retention_class'),
    retentionDays: fixed('retention_days'),
    node: fixed('node'),
    batch: fixed('batch'),
    ord: fixed('ord'),
    ts: fixed('ts'),
    ingested: fixed('ingested'),
    origin: text('origin'),
    door: text('door'),
    sender: text('sender'),
    token: text('token'),
    source: text('source'),
    parser: text('parser'),
    status: text('status'),
  };
}

/**
 * Sets the pipeline's own fields (`@timestamp`, `event.ingested`, `vigil.*`) on the live event, exactly as they will be
 * read back. Call it before matching, so that rules see live what the store holds.
 */
export function stampOurs(event: NormalizedEvent, p: Omit<RowProvenance, 'leaf'>): void {
  const f = event.fields;
  f.setOurs('vigil.tenant', p.tenant);
  f.setOurs('vigil.retention', p.retentionClass);
  f.setOurs('vigil.retention_days', p.retentionDays);
  f.setOurs('vigil.node', p.node);
  f.setOurs('vigil.batch', p.batch);
  f.setOurs('vigil.ord', p.ord);
  f.setOurs('@timestamp', clampTs(event.ts));
  f.setOurs('event.ingested', p.ingested);
  f.setOurs('vigil.origin', p.origin);
  f.setOurs('vigil.door', p.door);
  f.setOurs('vigil.sender', p.sender);
  f.setOurs('vigil.token', p.token);
  f.setOurs('vigil.source', event.source);
  f.setOurs('vigil.parser', event.parser);
  f.setOurs('vigil.status', event.status);
}

/** Leaf layout version; a change of layout is a new version byte string. */
const LEAF_TAG = Buffer.from('vigil-leaf-1\0', 'latin1');
let scratch = Buffer.allocUnsafeSlow(64 * 1024);

/**
 * The integrity leaf: SHA-256 over, in this order (integers big-endian, unsigned but for `ingested`):
 * `"vigil-leaf-1\0"`, node (4 bytes), batch (8), ord (4), ingested (8, microseconds), length of door in bytes (4),
 * door (UTF-8), and the raw bytes as stored (after any redaction) to the end.
 */
export function leafHash(
  id: { readonly node: number; readonly batch: number; readonly ord: number },
  ingested: number,
  door: string,
  raw: Uint8Array,
): Uint8Array {
  const need = LEAF_TAG.length + 28 + door.length * 3 + raw.length;
  if (scratch.length < need) scratch = Buffer.allocUnsafeSlow(need * 2);
  let at = LEAF_TAG.copy(scratch, 0);
  at = scratch.writeUInt32BE(id.node, at);
  at = writeInt64BE(scratch, id.batch, at);
  at = scratch.writeUInt32BE(id.ord, at);
  at = writeInt64BE(scratch, ingested, at);
  const doorBytes = scratch.write(door, at + 4, 'utf8');
  scratch.writeUInt32BE(doorBytes, at);
  at += 4 + doorBytes;
  scratch.set(raw, at);
  return hash('sha256', scratch.subarray(0, at + raw.length), 'buffer');
}

function writeInt64BE(b: Buffer, n: number, at: number): number {
  const high = Math.floor(n / 0x1_0000_0000);
  b.writeInt32BE(high, at);
  return b.writeUInt32BE(n - high * 0x1_0000_0000, at + 4);
}
