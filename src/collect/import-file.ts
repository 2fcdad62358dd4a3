/**
 * Imports a file of old logs: lines, NDJSON, a JSON array (or `{"Records": [...]}`), plain or packed with gzip or zstd.
 *
 * Its stream is `import:<sha256 of the file>`, the position the offset in the unpacked text, and the last record's
 * position is `end:<offset>`: the same content is recognised whatever its name, and an import that was cut short goes
 * on where it stopped. Waits for room where the journal is full. Held by import-file.int.test.ts.
 */
import { createHash } from 'node:crypto';
import { type FileHandle, realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorText } from '../base/result.ts';
import type { Origin } from '../model/event.ts';
import type { Intake, RecordMeta } from '../model/record.ts';
import { handOver } from './door.ts';
import { encodingOf, InflateError, inflate } from './inflate.ts';
import { JsonSplitter } from './json-splitter.ts';
import { LineCutter, type LineSink } from './line-cutter.ts';
import { openRegular } from './tailed-file.ts';

export type ImportOptions = {
  readonly tenant: string;
  readonly origin?: Origin;
  readonly source?: string;
  readonly zone?: string;
  /** Name in the ledger; default: the path as given. */
  readonly sender?: string;
  /** Last stored position of a stream (`import:...`). */
  readonly positions: (stream: string) => string | undefined;
  /** Folders that the file must lie in; default: the folder it is named in (links out of it are refused). */
  readonly roots?: readonly string[];
  readonly signal?: AbortSignal;
  readonly onProgress?: (p: { readonly records: number; readonly bytes: number }) => void;
};
export type ImportResult = {
  /** `duplicate`: this content was imported whole before; `stopped`: by the signal; `refused`, `failed`: see message. */
  readonly status: 'imported' | 'duplicate' | 'stopped' | 'refused' | 'failed';
  /** Records taken by this call. */
  readonly records: number;
  /** Records that an earlier import of the same content had taken. */
  readonly skipped: number;
  /** Unpacked bytes read. */
  readonly bytes: number;
  readonly digest: string;
  readonly message: string;
};

const READ_BYTES = 256 * 1024;
const NEVER = new AbortController().signal;
/** Unpacked size of one import. */
export const IMPORT_BYTES_MAX = 1024 ** 4;
/** An import is asked for by an operator, and logs do pack well; gzip ends at about 1,030. */
const IMPORT_RATIO_MAX = 100_000;
const END = 'end:';

export async function importFile(path: string, intake: Intake, o: ImportOptions): Promise<ImportResult> {
  const nothing = { records: 0, skipped: 0, bytes: 0, digest: '' };
  const roots = o.roots ?? [await realpath(dirname(path)).catch(() => dirname(path))];
  const r = await openRegular(path, roots);
  if (!r.ok) return { ...nothing, status: 'refused', message: `${path}: ${r.error.why}` };
  const handle = r.value.handle;
  try {
    const digest = await digestOf(handle);
    const stream = `import:${digest}`;
    const before = o.positions(stream);
    if (before?.startsWith(END) === true)
      return {
        ...nothing,
        digest,
        status: 'duplicate',
        message: `${path}: this content has been imported before`,
      };
    const meta: RecordMeta = {
      tenant: o.tenant,
      origin: o.origin ?? 'import',
      door: 'import',
      sender: o.sender ?? path,
      token: '',
      format: '',
      source: o.source ?? '',
      zone: o.zone ?? '',
      stream,
    };
    return await new Import(path, intake, o, meta, digest, Number(before ?? '0') || 0).run(handle);
  } finally {
    await handle.close();
  }
}

class Import {
  readonly #path: string;
  readonly #intake: Intake;
  readonly #o: ImportOptions;
  readonly #meta: RecordMeta;
  readonly #digest: string;
  readonly #from: number;
  #queue: { raw: Uint8Array; end: number }[] = [];
  /** One record is held back until it is known whether it is the last. */
  #held: { raw: Uint8Array; end: number } | undefined;
  #records = 0;
  #skipped = 0;
  #bytes = 0;

  constructor(
    path: string,
    intake: Intake,
    o: ImportOptions,
    meta: RecordMeta,
    digest: string,
    from: number,
  ) {
    this.#path = path;
    this.#intake = intake;
    this.#o = o;
    this.#meta = meta;
    this.#digest = digest;
    this.#from = from;
  }

  async run(handle: FileHandle): Promise<ImportResult> {
    const hash = createHash('sha256');
    const packed = chunksOf(handle, (c) => hash.update(c));
    const first = Buffer.alloc(4);
    const { bytesRead } = await handle.read(first, 0, 4, 0);
    const encoding = encodingOf(first.subarray(0, bytesRead));
    const limits = { outputBytesMax: IMPORT_BYTES_MAX, ratioMax: IMPORT_RATIO_MAX };
    const chunks = encoding === undefined ? packed : inflate(packed, encoding, limits);
    let problem = '';
    try {
      problem = await this.#splitAll(chunks);
    } catch (e) {
      if (!(e instanceof InflateError)) throw e;
      problem = `the file ${e.message}`;
    }
    const stopped = this.#o.signal?.aborted === true;
    const changed = problem === '' && !stopped && hash.digest('hex') !== this.#digest;
    if (changed) problem = 'the file changed while it was read: import it again';
    if (!stopped) await this.#offer(problem === '' ? 'end' : 'broken');
    try {
      await this.#intake.durable();
    } catch (e) {
      return this.#result('failed', `the records could not be written to disk: ${errorText(e)}`);
    }
    if (problem !== '') return this.#result('failed', `${problem}; ${this.#records} records were taken`);
    if (this.#o.signal?.aborted === true)
      return this.#result('stopped', `stopped after ${this.#records} records; the same import goes on there`);
    return this.#result('imported', `${this.#records} records imported`);
  }

  #result(status: ImportResult['status'], message: string): ImportResult {
    return {
      status,
      records: this.#records,
      skipped: this.#skipped,
      bytes: this.#bytes,
      digest: this.#digest,
      message: `${this.#path}: ${message}`,
    };
  }

  /** Returns what went wrong, '' if nothing did. */
  async #splitAll(chunks: AsyncIterable<Uint8Array>): Promise<string> {
    const sink: LineSink = (raw, end) => {
      if (end <= this.#from) this.#skipped++;
      else this.#queue.push({ raw, end });
    };
    let json: JsonSplitter | undefined;
    let lines: LineCutter | undefined;
    for await (const c of chunks) {
      if (json === undefined && lines === undefined) {
        if (looksLikeJson(c, this.#path)) json = new JsonSplitter(sink);
        else lines = new LineCutter(sink);
      }
      json?.push(c);
      lines?.push(c);
      this.#bytes += c.length;
      if (json?.error !== undefined) break;
      if (!(await this.#offer('more'))) return '';
    }
    lines?.flush();
    const error = json?.end();
    return error === undefined ? '' : `not JSON at byte ${error.offset}: ${error.message}`;
  }

  /** Offers what is queued, `more`: but for the last record, `end`: that one as the file's last; false if stopped. */
  async #offer(at: 'more' | 'end' | 'broken'): Promise<boolean> {
    const q = this.#queue;
    this.#queue = [];
    if (this.#held !== undefined) q.unshift(this.#held);
    this.#held = at === 'more' ? q.pop() : undefined;
    const records = q.map((r, i) => ({
      raw: r.raw,
      pos: at === 'end' && i === q.length - 1 ? `${END}${r.end}` : String(r.end),
    }));
    const taken = await handOver(this.#intake, this.#meta, records, {
      own: () => false,
      signal: this.#o.signal ?? NEVER,
      onFull: () => {},
    });
    this.#records += taken;
    this.#o.onProgress?.({ records: this.#records, bytes: this.#bytes });
    return taken === records.length && this.#o.signal?.aborted !== true;
  }
}

/** An array of objects, CloudTrail's wrapper, or a `.json` file that starts with an object. `[2026-...` is no JSON. */
function looksLikeJson(chunk: Uint8Array, path: string): boolean {
  const head = Buffer.from(chunk.buffer, chunk.byteOffset, Math.min(chunk.length, 512)).toString('latin1');
  const text = head.replace(/^\u00ef\u00bb\u00bf/, '');
  if (/^\s*\[\s*(?:[[{\]]|$)/.test(text)) return true;
  if (/^\s*\{\s*"Records"\s*:\s*\[/.test(text)) return true;
  return /\.json(?:\.gz|\.zst)?$/i.test(path) && /^\s*\{/.test(text);
}

async function digestOf(handle: FileHandle): Promise<string> {
  const hash = createHash('sha256');
  for await (const c of chunksOf(handle, () => {})) hash.update(c);
  return hash.digest('hex');
}

async function* chunksOf(handle: FileHandle, each: (chunk: Uint8Array) => void): AsyncGenerator<Buffer> {
  let at = 0;
  for (;;) {
    const b = Buffer.allocUnsafeSlow(READ_BYTES);
    const { bytesRead } = await handle.read(b, 0, READ_BYTES, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    const chunk = b.subarray(0, bytesRead);
    each(chunk);
    yield chunk;
  }
}
