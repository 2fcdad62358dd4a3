/**
 * Columns of a block under construction, in the layout of ClickHouse's `Native` format: fixed-width little-endian values,
 * strings as varint length + bytes, arrays and maps as cumulative UInt64 offsets followed by their elements.
 * https://clickhouse.com/docs/interfaces/formats/Native
 *
 * Contract: a column is filled row by row in ascending order and may skip rows; a skipped row gets the type's default
 * (so a row costs what it sets, not what the table has). Only `native.ts` uses this. Held by `roundtrip.int.test.ts`.
 */

/** A growing run of bytes, reused from block to block. */
export class Bytes {
  buf: Buffer;
  view: DataView;
  len = 0;

  constructor(capacity: number) {
    this.buf = Buffer.allocUnsafeSlow(capacity);
    this.view = new DataView(this.buf.buffer, this.buf.byteOffset, capacity);
  }

  reserve(more: number): void {
    const need = this.len + more;
    if (need <= this.buf.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(need, this.buf.length * 2));
    this.buf.copy(grown, 0, 0, this.len);
    this.buf = grown;
    this.view = new DataView(grown.buffer, grown.byteOffset, grown.length);
  }

  zeros(count: number): void {
    this.reserve(count);
    this.buf.fill(0, this.len, this.len + count);
    this.len += count;
  }

  varint(n: number): void {
    this.reserve(8);
    while (n >= 0x80) {
      this.buf[this.len++] = (n & 0x7f) | 0x80;
      n = Math.floor(n / 128);
    }
    this.buf[this.len++] = n;
  }

  /** Signed or unsigned 64-bit integer out of a safe integer, little endian. */
  int64(n: number): void {
    this.reserve(8);
    const high = Math.floor(n / 0x1_0000_0000);
    this.view.setUint32(this.len, n - high * 0x1_0000_0000, true);
    this.view.setInt32(this.len + 4, high, true);
    this.len += 8;
  }

  bytes(b: Uint8Array): void {
    this.varint(b.length);
    this.reserve(b.length);
    this.buf.set(b, this.len);
    this.len += b.length;
  }

  /** A string as varint + UTF-8; lone surrogates become U+FFFD. Short ASCII is written without leaving JavaScript. */
  text(s: string): void {
    const n = s.length;
    this.reserve(n * 3 + 8);
    if (n < SHORT_CHARS) {
      const { buf } = this;
      const at = this.len + 1;
      let i = 0;
      for (; i < n; i++) {
        const c = s.charCodeAt(i);
        if (c > 0x7f) break;
        buf[at + i] = c;
      }
      if (i === n) {
        buf[this.len] = n;
        this.len = at + n;
        return;
      }
    }
    this.#long(s, n);
  }

  /** Writes as if the text were ASCII, and moves it if the length turns out to need more bytes. */
  #long(s: string, n: number): void {
    const guess = varintSize(n);
    const written = this.buf.write(s, this.len + guess, 'utf8');
    const size = varintSize(written);
    if (size !== guess) {
      this.buf.copyWithin(this.len + size, this.len + guess, this.len + guess + written);
    }
    this.varint(written);
    this.len += written;
  }
}

/** Below this many UTF-16 units the byte loop is faster than a call into `Buffer.write`; must stay < 128 (one varint byte). */
const SHORT_CHARS = 64;

const varintSize = (n: number): number =>
  n < 0x80 ? 1 : n < 0x4000 ? 2 : n < 0x20_0000 ? 3 : n < 0x1000_0000 ? 4 : 5;

/** What `BlockEncoder` needs of every column. */
export interface ColumnSink {
  /** Fills up with defaults to `rows` rows. */
  pad(rows: number): void;
  /** The column's runs of bytes, in order. */
  parts(): readonly Bytes[];
  reset(): void;
}

export class TextColumn implements ColumnSink {
  readonly #data = new Bytes(4096);
  #rows = 0;

  pad(rows: number): void {
    if (rows > this.#rows) this.#data.zeros(rows - this.#rows);
    this.#rows = rows;
  }
  put(row: number, text: string): void {
    if (row > this.#rows) this.pad(row);
    this.#data.text(text);
    this.#rows = row + 1;
  }
  putBytes(row: number, bytes: Uint8Array): void {
    if (row > this.#rows) this.pad(row);
    this.#data.bytes(bytes);
    this.#rows = row + 1;
  }
  parts(): readonly Bytes[] {
    return [this.#data];
  }
  reset(): void {
    this.#data.len = 0;
    this.#rows = 0;
  }
}

/** Fixed-width values, with a null map in front where the column is Nullable. */
export class FixedColumn implements ColumnSink {
  readonly #data = new Bytes(4096);
  readonly #nulls: Bytes | undefined;
  readonly #width: number;
  #rows = 0;

  constructor(width: number, nullable: boolean) {
    this.#width = width;
    this.#nulls = nullable ? new Bytes(512) : undefined;
  }
  pad(rows: number): void {
    const missing = rows - this.#rows;
    if (missing <= 0) return;
    this.#data.zeros(missing * this.#width);
    const nulls = this.#nulls;
    if (nulls !== undefined) {
      nulls.reserve(missing);
      nulls.buf.fill(1, nulls.len, nulls.len + missing);
      nulls.len += missing;
    }
    this.#rows = rows;
  }
  /** Room for the value of `row`; the caller writes exactly the column's width at the returned end. */
  at(row: number): Bytes {
    if (row > this.#rows) this.pad(row);
    this.#rows = row + 1;
    if (this.#nulls !== undefined) {
      this.#nulls.reserve(1);
      this.#nulls.buf[this.#nulls.len++] = 0;
    }
    this.#data.reserve(this.#width);
    return this.#data;
  }
  putInt64(row: number, n: number): void {
    this.at(row).int64(n);
  }
  putUint32(row: number, n: number): void {
    const b = this.at(row);
    b.view.setUint32(b.len, n, true);
    b.len += 4;
  }
  putUint16(row: number, n: number): void {
    const b = this.at(row);
    b.view.setUint16(b.len, n, true);
    b.len += 2;
  }
  putFloat64(row: number, n: number): void {
    const b = this.at(row);
    b.view.setFloat64(b.len, n, true);
    b.len += 8;
  }
  putBool(row: number, v: boolean): void {
    const b = this.at(row);
    b.buf[b.len++] = v ? 1 : 0;
  }
  putBytes(row: number, bytes: Uint8Array): void {
    const b = this.at(row);
    b.buf.set(bytes, b.len);
    b.len += this.#width;
  }
  parts(): readonly Bytes[] {
    return this.#nulls === undefined ? [this.#data] : [this.#nulls, this.#data];
  }
  reset(): void {
    this.#data.len = 0;
    this.#rows = 0;
    if (this.#nulls !== undefined) this.#nulls.len = 0;
  }
}

/** Offsets of an array-like column: the offset of a row is written once a later row begins. */
class Offsets {
  readonly data = new Bytes(4096);
  rows = 0;
  /** Elements so far. */
  count = 0;

  close(rows: number): void {
    for (; this.rows < rows; this.rows++) this.data.int64(this.count);
  }
  reset(): void {
    this.data.len = 0;
    this.rows = 0;
    this.count = 0;
  }
}

/** `Array(String)`; elements are added one by one. */
export class TextArrayColumn implements ColumnSink {
  readonly #offsets = new Offsets();
  readonly #items = new Bytes(4096);

  pad(rows: number): void {
    this.#offsets.close(rows);
  }
  add(row: number, text: string): void {
    if (row > this.#offsets.rows) this.#offsets.close(row);
    this.#items.text(text);
    this.#offsets.count++;
  }
  parts(): readonly Bytes[] {
    return [this.#offsets.data, this.#items];
  }
  reset(): void {
    this.#offsets.reset();
    this.#items.len = 0;
  }
}

/** `Map(String, String)`. */
export class TextMapColumn implements ColumnSink {
  readonly #offsets = new Offsets();
  readonly #keys = new Bytes(4096);
  readonly #values = new Bytes(4096);

  pad(rows: number): void {
    this.#offsets.close(rows);
  }
  add(row: number, key: string, value: string): void {
    if (row > this.#offsets.rows) this.#offsets.close(row);
    this.#keys.text(key);
    this.#values.text(value);
    this.#offsets.count++;
  }
  parts(): readonly Bytes[] {
    return [this.#offsets.data, this.#keys, this.#values];
  }
  reset(): void {
    this.#offsets.reset();
    this.#keys.len = 0;
    this.#values.len = 0;
  }
}

/** `Map(String, Array(String))`. */
export class TextListMapColumn implements ColumnSink {
  readonly #offsets = new Offsets();
  readonly #keys = new Bytes(1024);
  readonly #inner = new Offsets();
  readonly #items = new Bytes(1024);

  pad(rows: number): void {
    this.#offsets.close(rows);
  }
  /** Starts the entry of `key`; `item` adds to it, `end` closes it. */
  begin(row: number, key: string): void {
    if (row > this.#offsets.rows) this.#offsets.close(row);
    this.#keys.text(key);
    this.#offsets.count++;
  }
  item(text: string): void {
    this.#items.text(text);
    this.#inner.count++;
  }
  end(): void {
    this.#inner.close(this.#offsets.count);
  }
  parts(): readonly Bytes[] {
    return [this.#offsets.data, this.#keys, this.#inner.data, this.#items];
  }
  reset(): void {
    this.#offsets.reset();
    this.#inner.reset();
    this.#keys.len = 0;
    this.#items.len = 0;
  }
}
