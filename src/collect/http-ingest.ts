/**
 * POST /api/v1/ingest: one JSON object or an array of them (each element one record, its exact bytes kept), NDJSON,
 * or plain lines; gzip and zstd. Routing and authentication are done before (`src/api`).
 *
 * The whole body is read and split before its first record is offered, so a refused request has stored nothing. 200
 * comes only after `intake.durable()`. Where the journal becomes full in the middle of a request the door waits
 * ROOM_MS for room; if there is none, the answer is 503, the records already taken stay, and a retry with the same
 * Idempotency-Key goes on after them (a retry without a key stores them twice: doubled, never lost).
 * Held by http-ingest.int.test.ts.
 */
import type { Readable } from 'node:stream';
import type { Log } from '../base/log.ts';
import { errorText } from '../base/result.ts';
import { parseIp } from '../model/ip.ts';
import type { DropReason, Intake, RawRecord, RecordMeta } from '../model/record.ts';
import { offerAll, sleep } from './door.ts';
import { BodyError, BodyReader } from './http-body.ts';
import { JsonSplitter } from './json-splitter.ts';
import { LineCutter } from './line-cutter.ts';

export type IngestRequest = {
  readonly stream: Readable;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Peer address without port. */
  readonly peer: string;
  /** `sources` empty: the token may write any source. */
  readonly token: { readonly id: string; readonly tenant: string; readonly sources: readonly string[] };
};
export type IngestAnswer = {
  readonly status: 200 | 400 | 403 | 408 | 409 | 413 | 415 | 503;
  /** IngestResult on 200, else ApiError. */
  readonly body:
    | { readonly accepted: number; readonly duplicate: boolean }
    | { readonly error: string; readonly message: string; readonly accepted?: number };
  readonly retryAfterSeconds?: number;
};
export type Ingest = (request: IngestRequest) => Promise<IngestAnswer>;

export type HttpIngestOptions = {
  readonly zone?: string;
  /** How long a request that was begun waits for the journal, milliseconds. */
  readonly roomMs?: number;
  readonly bodyMs?: number;
  /** Memory of all requests' bodies together, bytes. */
  readonly bodiesBytesMax?: number;
};

/** Records of one request: each costs an object while the request is stored. */
export const REQUEST_RECORDS_MAX = 250_000;
const ROOM_MS = 10_000;
const RETRY_SECONDS = 2;
/** Idempotency-Key: visible ASCII, at most this long. */
const KEY_CHARS_MAX = 256;
const KEY = /^[\x21-\x7e]+$/;
const SOURCE = /^[a-z0-9][a-z0-9._-]{0,63}$/;
/** Requests cut short by a full journal whose keys are remembered until they are retried. */
const UNFINISHED_MAX = 10_000;

export function makeIngest(o: HttpIngestOptions, intake: Intake, log: Log): Ingest {
  const bodies = new BodyReader(o.bodyMs, o.bodiesBytesMax);
  const keys = new Keys(intake);
  return async (request) => {
    const header = (name: string): string => {
      const v = request.headers[name];
      return typeof v === 'string' ? v : (v?.[0] ?? '');
    };
    const pinned = pinSource(header('x-vigil-source'), request.token.sources);
    const meta = metaOf(request, pinned.ok ? pinned.source : '', o.zone ?? '');
    const refuse = (
      status: IngestAnswer['status'],
      error: string,
      message: string,
      reason: DropReason | undefined,
      bytes = 0,
    ): IngestAnswer => {
      request.stream.resume();
      if (reason !== undefined) {
        // What was in it is not known: the request itself stands for it.
        intake.received(meta, 1, bytes);
        intake.dropped(meta, reason, 1);
      }
      const again = status === 503 || status === 409;
      return { status, body: { error, message }, ...(again ? { retryAfterSeconds: RETRY_SECONDS } : {}) };
    };
    if (!pinned.ok) return refuse(403, 'source_denied', pinned.message, 'denied');
    const key = header('idempotency-key');
    if (key.length > KEY_CHARS_MAX || (key !== '' && !KEY.test(key)))
      return refuse(
        400,
        'bad_key',
        `Idempotency-Key: at most ${KEY_CHARS_MAX} visible ASCII characters`,
        'bad_frame',
      );

    let body: { bytes: Buffer; release: () => void };
    try {
      body = await bodies.read(request.stream, header('content-encoding'));
    } catch (e) {
      if (!(e instanceof BodyError)) throw e;
      if (e.kind === 'busy') return refuse(503, 'busy', e.message, undefined);
      if (e.kind === 'slow') return refuse(408, 'slow', e.message, 'bad_frame', e.bytes);
      if (e.kind === 'encoding') return refuse(415, 'encoding', e.message, 'bad_frame', e.bytes);
      if (e.kind === 'too_large') return refuse(413, 'too_large', e.message, 'too_large', e.bytes);
      return refuse(400, 'bad_body', e.message, 'bad_frame', e.bytes);
    }
    try {
      const split = splitBody(body.bytes, header('content-type'));
      if (split === 'too_many')
        return refuse(
          413,
          'too_large',
          `more than ${REQUEST_RECORDS_MAX} records in one request: send smaller batches`,
          'too_large',
          body.bytes.length,
        );
      if (!split.ok) return refuse(400, 'bad_body', split.message, 'bad_frame', body.bytes.length);
      const records = split.raws.map((raw) => toRecord(raw, meta));
      return await store(records, meta, key).catch((e: unknown) => notDurable(e, log));
    } finally {
      body.release();
    }
  };

  async function store(records: readonly RawRecord[], meta: RecordMeta, key: string): Promise<IngestAnswer> {
    let bytes = 0;
    for (const r of records) bytes += r.raw.length;
    intake.received(meta, records.length, bytes);
    const from = key === '' ? 0 : keys.begin(meta.tenant, key);
    if (from === 'running') {
      intake.dropped(meta, 'duplicate', records.length);
      return {
        status: 409,
        body: { error: 'in_progress', message: 'a request with this Idempotency-Key is being stored' },
        retryAfterSeconds: RETRY_SECONDS,
      };
    }
    if (from === 'seen') {
      intake.dropped(meta, 'duplicate', records.length);
      // The first request may still wait for its fsync: the answer promises the same.
      await intake.durable();
      return { status: 200, body: { accepted: records.length, duplicate: true } };
    }
    const skip = Math.min(from, records.length);
    let taken = 0;
    try {
      if (intake.fits?.(records.length, bytes) !== false)
        taken = await offerWithin(records.slice(skip), intake, o.roomMs ?? ROOM_MS, skip > 0);
      if (skip > 0) intake.dropped(meta, 'duplicate', skip);
    } finally {
      if (key !== '') keys.end(meta.tenant, key, skip + taken < records.length ? skip + taken : undefined);
    }
    const missing = records.length - skip - taken;
    if (missing > 0) {
      intake.dropped(meta, 'journal_full', missing);
      if (taken > 0) log.warn('journal full in the middle of a request', { taken, missing });
      if (taken > 0) await intake.durable();
      const again =
        key === '' ? 'send the rest again' : 'send the same request with the same Idempotency-Key again';
      return {
        status: 503,
        body: {
          error: 'journal_full',
          message: `Vigil cannot take more at the moment: ${skip + taken} of ${records.length} records are stored, ${again}`,
          accepted: skip + taken,
        },
        retryAfterSeconds: RETRY_SECONDS,
      };
    }
    await intake.durable();
    return { status: 200, body: { accepted: records.length, duplicate: false } };
  }
}

/**
 * Offers in order and returns how many were taken. A request of which nothing is stored yet does not wait for a full
 * intake (`begun` false); one in the middle waits up to `ms`.
 */
async function offerWithin(
  records: readonly RawRecord[],
  intake: Intake,
  ms: number,
  begun: boolean,
): Promise<number> {
  let i = 0;
  while (i < records.length && intake.offer(records[i]!) === 'taken') i++;
  if (i === records.length || (i === 0 && !begun)) return i;
  const stop = new AbortController();
  void sleep(ms, stop.signal).then(() => stop.abort());
  const more = await offerAll(intake, records.slice(i), stop.signal);
  stop.abort();
  return i + more;
}

/** The journal could not be written (disk full, I/O error): nothing is acknowledged. */
function notDurable(e: unknown, log: Log): IngestAnswer {
  log.error('ingest not acknowledged', { error: errorText(e) });
  return {
    status: 503,
    body: {
      error: 'not_durable',
      message: 'Vigil could not write the records to disk: send the same request again',
    },
    retryAfterSeconds: RETRY_SECONDS,
  };
}

function metaOf(r: IngestRequest, source: string, zone: string): RecordMeta {
  return {
    tenant: r.token.tenant,
    origin: 'live',
    door: 'http',
    sender: parseIp(r.peer) ?? r.peer,
    token: r.token.id,
    format: '',
    source,
    zone,
    stream: '',
  };
}

function toRecord(raw: Uint8Array, meta: RecordMeta): RawRecord {
  return { meta, raw, pos: '' };
}

type Pin = { readonly ok: true; readonly source: string } | { readonly ok: false; readonly message: string };

/** A token limited to one source pins it; limited to several it needs the header. */
function pinSource(asked: string, allowed: readonly string[]): Pin {
  const name = asked.trim().toLowerCase();
  if (name === '') {
    if (allowed.length <= 1) return { ok: true, source: allowed[0] ?? '' };
    return { ok: false, message: 'this token may write several sources: name one in X-Vigil-Source' };
  }
  if (!SOURCE.test(name)) return { ok: false, message: 'X-Vigil-Source is not a source name' };
  if (allowed.length > 0 && !allowed.includes(name))
    return { ok: false, message: `this token may not write the source ${name}` };
  return { ok: true, source: name };
}

type Split =
  | { readonly ok: true; readonly raws: readonly Uint8Array[] }
  | { readonly ok: false; readonly message: string };

class TooMany extends Error {}

function collector(): { raws: Uint8Array[]; add: (raw: Uint8Array) => void } {
  const raws: Uint8Array[] = [];
  const add = (raw: Uint8Array): void => {
    if (raws.length >= REQUEST_RECORDS_MAX) throw new TooMany();
    raws.push(raw);
  };
  return { raws, add };
}

/** Records of a body by its content type; an unknown type is told by the first byte. Exported for its test. */
export function splitBody(bytes: Uint8Array, contentType: string): Split | 'too_many' {
  try {
    return splitAs(bytes, contentType);
  } catch (e) {
    if (e instanceof TooMany) return 'too_many';
    throw e;
  }
}

function splitAs(bytes: Uint8Array, contentType: string): Split {
  const type = (contentType.split(';')[0] ?? '').trim().toLowerCase();
  if (type === 'application/x-ndjson' || type === 'application/ndjson' || type === 'application/jsonl')
    return splitLines(bytes);
  if (type === 'text/plain') return splitLines(bytes);
  if (type === 'application/json' || type.endsWith('+json')) return splitJson(bytes);
  const first = firstByte(bytes);
  if (first !== 0x5b && first !== 0x7b) return splitLines(bytes);
  const json = splitJson(bytes);
  return json.ok ? json : splitLines(bytes);
}

function firstByte(bytes: Uint8Array): number {
  for (let i = 0; i < bytes.length; i++) {
    const c = bytes[i]!;
    if (c !== 32 && c !== 9 && c !== 10 && c !== 13) return c;
  }
  return -1;
}

function splitLines(bytes: Uint8Array): Split {
  const { raws, add } = collector();
  const cutter = new LineCutter(add);
  cutter.push(bytes);
  cutter.flush();
  return { ok: true, raws };
}

function splitJson(bytes: Uint8Array): Split {
  const { raws, add } = collector();
  const splitter = new JsonSplitter(add);
  splitter.push(bytes);
  const error = splitter.end();
  if (error !== undefined)
    return { ok: false, message: `not JSON at byte ${error.offset}: ${error.message}; nothing was stored` };
  return { ok: true, raws };
}

/**
 * Idempotency keys. A request that was cut short is kept here with the number of records already taken; its retry goes
 * on from there.
 */
class Keys {
  readonly #intake: Intake;
  readonly #running = new Set<string>();
  readonly #unfinished = new Map<string, number>();

  constructor(intake: Intake) {
    this.#intake = intake;
  }

  /** Index of the first record to store, or why there is none. */
  begin(tenant: string, key: string): number | 'running' | 'seen' {
    const id = `${tenant}\n${key}`;
    if (this.#running.has(id)) return 'running';
    const from = this.#unfinished.get(id);
    if (from === undefined && (this.#intake.seen?.(tenant, key) ?? this.#intake.seenBefore(tenant, key)))
      return 'seen';
    this.#running.add(id);
    return from ?? 0;
  }

  end(tenant: string, key: string, unfinishedFrom: number | undefined): void {
    const id = `${tenant}\n${key}`;
    this.#running.delete(id);
    this.#unfinished.delete(id);
    if (unfinishedFrom === undefined) {
      // Behind the last record: a crash that loses records loses the key as well.
      if (this.#intake.seen !== undefined) this.#intake.seenBefore(tenant, key);
      return;
    }
    if (this.#unfinished.size >= UNFINISHED_MAX) {
      const oldest = this.#unfinished.keys().next();
      if (oldest.done !== true) this.#unfinished.delete(oldest.value);
    }
    this.#unfinished.set(id, unfinishedFrom);
  }
}
