/**
 * Raw bytes -> one event: decode, find the source, let it map, then what is common to all (times, entities, provenance).
 *
 * Contract: `Normalizer` never throws and is linear in the record's length; the same bytes, meta and receive time give
 * the same event. A parser that throws gives status `quarantined` with `vigil.error`, and whatever is not recognised is
 * kept as text. Held by `normalize.test.ts`, `normalize.prop.test.ts` and the golden files of `content/sources`.
 *
 * Statuses: `parsed` a source understood it; `partial` envelope or kind known, not the text; `raw` nothing recognised
 * (source `unknown`); `quarantined` a parser failed.
 */
import { EventFields, type NormalizedEvent, type ParseStatus } from '../model/event.ts';
import type { RecordMeta } from '../model/record.ts';
import { entitiesOf } from './entities.ts';
import { decodeEnvelope, type Envelope, envelopeFields, noEnvelope, type PrefixTest } from './envelope.ts';
import { type DecodingFacts, FLAGS, flagsOf, noFacts, trimDots } from './flags.ts';
import { isJournal, journalEnvelope, journalFields } from './journald.ts';
import { parseJsonObject } from './json.ts';
import { type QuickRead, QuickReader } from './quick.ts';
import { bySignature, hasPrefix, PASSING_SOURCE, type Registry } from './registry.ts';
import type { JsonObject, ParseOutcome, SourceInput, SourceSpec } from './source.ts';
import { HEAD_CHARS } from './text.ts';
import { claimTime, isoText } from './time.ts';
import { around, unwrap } from './wrapped.ts';

export type NormalizeOptions = {
  /** IANA zone for stamps without one, where the record's meta names none. */
  readonly hostZone: string;
  /** Host of records that name none and come from this machine's files or journal. */
  readonly hostName: string;
  /**
   * Documents of sources that can do so are read field by field, when a field is asked for. An event must then be done with
   * before the next record is normalised.
   */
  readonly lazy?: boolean;
};
/** `ingested`: receive time from the journal, microseconds. */
export type Normalizer = (raw: Uint8Array, meta: RecordMeta, ingested: number) => NormalizedEvent;

/** Source and parser of what nothing recognised. */
export const UNKNOWN_SOURCE = 'unknown';
export const UNKNOWN_PARSER = 'unknown@1';
/** `message repeated N times` counts as at most this many. */
export const REPEAT_MAX = 1_000_000;
const ERROR_CHARS_MAX = 500;

export function makeNormalizer(registry: Registry, options: NormalizeOptions): Normalizer {
  const isPrefix = (text: string, at: number): boolean => hasPrefix(registry, text, at);
  const quick = options.lazy === true ? new QuickReader(registry) : undefined;
  return (raw, meta, ingested) => {
    const rawText = Buffer.prototype.utf8Slice.call(raw, 0, raw.length);
    const zone = meta.zone === '' ? options.hostZone : meta.zone;
    const text = trimEnd(rawText);
    const facts = noFacts();
    const record: Received = { raw, rawText, text, facts, meta, ingested, options };
    const read = meta.source === '' ? quick?.read(text) : undefined;
    if (read !== undefined) return finishLazily(record, read);
    let decoded: Decoded | undefined;
    try {
      decoded = decode(text, { zone, ingested, facts }, isPrefix);
      const fields = startFields(decoded);
      const verdict = route(registry, meta, decoded, { zone, ingested, facts, out: fields, isPrefix });
      return finish(record, decoded, verdict.fields ?? fields, verdict);
    } catch (e) {
      // A failing parser may have left half an event: start anew from the envelope.
      const kept = decoded ?? {
        env: noEnvelope(text),
        message: text,
        repeated: 0,
        json: undefined,
        journal: undefined,
      };
      const fields = startFields(kept);
      const failed = e instanceof ParserFailure ? e : undefined;
      const what = String(failed?.cause instanceof Error ? failed.cause.message : (failed?.cause ?? e));
      fields.setOurs('vigil.error', what.slice(0, ERROR_CHARS_MAX));
      return finish(record, kept, fields, { spec: failed?.spec, status: 'quarantined' });
    }
  };
}

type Decoded = {
  readonly env: Envelope;
  /** Message after unwrapping `message repeated`. */
  readonly message: string;
  readonly repeated: number;
  readonly json: JsonObject | undefined;
  readonly journal: JsonObject | undefined;
};
type Context = { readonly zone: string; readonly ingested: number; readonly facts: DecodingFacts };
/** The optional ones are there where the event was made anew from a line inside the document. */
type Verdict = {
  readonly spec: SourceSpec | undefined;
  readonly status: ParseStatus;
  readonly fields?: EventFields;
  readonly time?: number | undefined;
  /** The line itself is a JSON document. */
  readonly json?: boolean;
};

class ParserFailure extends Error {
  readonly spec: SourceSpec;
  constructor(spec: SourceSpec, cause: unknown) {
    super('parser failed', { cause });
    this.spec = spec;
  }
}

/** Without the line ends and NULs that some senders leave at the end. */
function trimEnd(t: string): string {
  let end = t.length;
  for (; end > 0; end--) {
    const c = t.charCodeAt(end - 1);
    if (c !== 10 && c !== 13 && c !== 0) break;
  }
  return end === t.length ? t : t.slice(0, end);
}

function decode(text: string, ctx: Context, isPrefix: (t: string, at: number) => boolean): Decoded {
  const whole = documentOf(text, 0, ctx.facts);
  if (whole !== undefined) {
    if (!isJournal(whole)) {
      return { env: noEnvelope(text), message: text, repeated: 0, json: whole, journal: undefined };
    }
    return withMessage(journalEnvelope(whole), whole, ctx.facts);
  }
  return withMessage(decodeEnvelope(text, ctx, isPrefix), undefined, ctx.facts);
}

const CEE = '@cee:';
/** The JSON object that the text is from `at` on (blanks, byte order mark and `@cee:` skipped). */
function documentOf(text: string, at: number, facts: DecodingFacts): JsonObject | undefined {
  let i = at;
  while (text.charCodeAt(i) === 32 || text.charCodeAt(i) === 0xfeff || text.charCodeAt(i) === 9) i++;
  if (text.charCodeAt(i) === 64 && text.startsWith(CEE, i)) {
    i += CEE.length;
    while (text.charCodeAt(i) === 32) i++;
  }
  return text.charCodeAt(i) === 0x7b ? parseJsonObject(i === 0 ? text : text.slice(i), facts) : undefined;
}

const REPEATED = 'message repeated ';
function withMessage(env: Envelope, journal: JsonObject | undefined, facts: DecodingFacts): Decoded {
  let { message } = env;
  let repeated = 0;
  if (message.startsWith(REPEATED)) {
    const m = /^message repeated (\d{1,9}) times: \[ ?/.exec(message);
    if (m !== null && message.endsWith(']')) {
      repeated = Math.min(Math.max(Number(m[1]), 1), REPEAT_MAX);
      message = message.slice(m[0].length, -1);
    }
  }
  return { env, message, repeated, json: documentOf(message, 0, facts), journal };
}

function startFields(d: Decoded): EventFields {
  const out = new EventFields();
  out.set('event.kind', 'event');
  if (d.json === undefined) out.set('message', d.message);
  if (d.journal !== undefined) journalFields(d.journal, out);
  envelopeFields(d.env, out);
  if (d.repeated > 0) out.setOurs('vigil.count', d.repeated);
  return out;
}

/** The file that a record was read from, '' for other doors. */
const filePath = (meta: RecordMeta): string =>
  meta.door === 'file' || meta.door === 'import' ? meta.sender : '';

function route(
  registry: Registry,
  meta: RecordMeta,
  d: Decoded,
  ctx: Context & { readonly out: EventFields; readonly isPrefix: PrefixTest },
): Verdict {
  const ask = asker(d, ctx, ctx.out);
  const forced = meta.source === '' ? undefined : registry.specs.get(meta.source);
  if (forced !== undefined) {
    const got = ask(forced);
    return { spec: forced, status: got === 'no' ? unread(d) : got };
  }
  const found =
    d.json === undefined
      ? searchText(registry, d, filePath(meta), ask)
      : searchJson(registry, d, d.json, ask, ctx);
  if (found !== undefined) return found;
  const fallback = d.json !== undefined ? registry.json : d.env.kind === 'none' ? undefined : registry.syslog;
  if (fallback !== undefined) {
    const got = d.env.kind === 'stamp' ? 'no' : ask(fallback);
    if (got !== 'no') return { spec: fallback, status: got };
  }
  return { spec: undefined, status: unread(d) };
}
/** Status of what no parser took. */
const unread = (d: Decoded): ParseStatus =>
  d.env.kind === 'none' || d.env.kind === 'stamp' ? 'raw' : 'partial';

type Ask = (spec: SourceSpec) => ParseOutcome;

function asker(d: Decoded, ctx: Context, out: EventFields): Ask {
  const input: SourceInput = {
    message: d.message,
    program: d.env.program,
    json: d.json,
    ingested: ctx.ingested,
    zone: ctx.zone,
  };
  return (spec) => {
    try {
      return spec.parse(input, out);
    } catch (e) {
      throw new ParserFailure(spec, e);
    }
  };
}

function firstOf(specs: readonly SourceSpec[], ask: Ask): Verdict | undefined {
  for (const spec of specs) {
    const got = ask(spec);
    if (got !== 'no') return { spec, status: got };
  }
  return undefined;
}

function byProgram(registry: Registry, d: Decoded, ask: Ask): Verdict | undefined {
  if (d.env.program === '') return undefined;
  const specs = registry.programs.get(programKey(d.env.program));
  return specs === undefined ? undefined : firstOf(specs, ask);
}

/** Program, then the document's keys; before a source that merely passes on, the line inside the document is tried. */
function searchJson(
  registry: Registry,
  d: Decoded,
  doc: JsonObject,
  ask: Ask,
  ctx: Context & { readonly isPrefix: PrefixTest },
): Verdict | undefined {
  const specs = bySignature(registry, doc);
  return (
    byProgram(registry, d, ask) ??
    firstOf(
      specs.filter((s) => s.name !== PASSING_SOURCE),
      ask,
    ) ??
    searchWrapped(registry, d, doc, ctx) ??
    firstOf(
      specs.filter((s) => s.name === PASSING_SOURCE),
      ask,
    )
  );
}

/** The line that a shipper wrapped: taken where a text source understands it, or knows at least its program. */
function searchWrapped(
  registry: Registry,
  d: Decoded,
  doc: JsonObject,
  ctx: Context & { readonly isPrefix: PrefixTest },
): Verdict | undefined {
  const wrapped = unwrap(doc, ctx, ctx.isPrefix);
  if (wrapped === undefined) return undefined;
  const inner = withMessage(wrapped.env, undefined, ctx.facts);
  const out = startFields(inner);
  const ask = asker(inner, ctx, out);
  const found =
    inner.json === undefined
      ? searchText(registry, inner, '', ask)
      : firstOf(
          bySignature(registry, inner.json).filter((s) => s.name !== PASSING_SOURCE),
          ask,
        );
  if (found === undefined || (found.status !== 'parsed' && inner.env.program === '')) return undefined;
  envelopeFields(d.env, out);
  around(doc, wrapped.lineKey, out, new EventFields());
  return {
    ...found,
    fields: out,
    time: wrapped.env.time ?? d.env.time,
    json: inner.json !== undefined,
  };
}

function searchText(registry: Registry, d: Decoded, sender: string, ask: Ask): Verdict | undefined {
  const { message } = d;
  const found = byProgram(registry, d, ask);
  if (found !== undefined) return found;
  const bucket = registry.prefixes.get(message.charCodeAt(0));
  if (bucket !== undefined) {
    for (const p of bucket) {
      if (!message.startsWith(p.text)) continue;
      const got = ask(p.spec);
      if (got !== 'no') return { spec: p.spec, status: got };
    }
  }
  if (sender !== '') {
    for (const p of registry.paths) {
      if (!sender.includes(p.part)) continue;
      const got = ask(p.spec);
      if (got !== 'no') return { spec: p.spec, status: got };
    }
  }
  for (const spec of registry.sniffers) {
    if (spec.recognise.sniff?.(message) !== true) continue;
    const got = ask(spec);
    if (got !== 'no') return { spec, status: got };
  }
  return undefined;
}

/** `/USR/SBIN/CRON` and `(systemd)` -> `cron`, `systemd`; `su(pam_unix)` -> `(pam_unix)`; `postfix/smtpd` stays. */
function programKey(program: string): string {
  let p = program.toLowerCase();
  if (p.endsWith('(pam_unix)')) return '(pam_unix)';
  if (p.startsWith('/')) p = p.slice(p.lastIndexOf('/') + 1);
  return p.startsWith('(') && p.endsWith(')') ? p.slice(1, -1) : p;
}

type Received = {
  readonly raw: Uint8Array;
  readonly rawText: string;
  readonly text: string;
  readonly facts: DecodingFacts;
  readonly meta: RecordMeta;
  readonly ingested: number;
  readonly options: NormalizeOptions;
};

function finish(r: Received, d: Decoded, fields: EventFields, verdict: Verdict): NormalizedEvent {
  if ((verdict.status === 'raw' || verdict.status === 'quarantined') && !fields.has('message')) {
    fields.set('message', d.message);
  }
  const own = fields.get('@timestamp');
  const claimed = typeof own === 'number' ? own : (verdict.time ?? d.env.time);
  const done = common(r, fields, { ...verdict, claimed });
  const entities = entitiesOf(fields);
  // A further line with a priority of its own is a record within the record.
  const headOnly = d.json === undefined && (d.message.length > HEAD_CHARS || d.message.includes('\n<'));
  const { source } = done;
  const { raw, text, facts } = r;
  const json = verdict.json ?? d.json !== undefined;
  const flags = flagsOf({ raw, text, facts, fields, entities, headOnly, json, source });
  if (flags.length > 0) fields.setOurs('vigil.flags', flags);
  return { fields, rawText: r.rawText, raw: r.raw, status: verdict.status, entities, ...done };
}

/** As `finish` for a JSON document without an envelope; entities and flags are made when they are asked for. */
function finishLazily(r: Received, read: QuickRead): NormalizedEvent {
  const { fields, spec, status } = read;
  const own = fields.get('@timestamp');
  const done = common(r, fields, { spec, status, claimed: typeof own === 'number' ? own : undefined });
  const event = new LazyEvent(r, fields, done, status);
  fields.deferOurs(
    'vigil.flags',
    () => {
      const { entities, source } = event;
      const flags = flagsOf({
        raw: r.raw,
        text: r.text,
        facts: r.facts,
        fields,
        entities,
        headOnly: false,
        json: true,
        source,
      });
      return flags.length > 0 ? flags : undefined;
    },
    COULD_FLAG,
  );
  return event;
}

const COULD_FLAG = FLAGS.join(' ');

class LazyEvent implements NormalizedEvent {
  readonly fields: EventFields;
  readonly rawText: string;
  readonly raw: Uint8Array;
  readonly ts: number;
  readonly status: ParseStatus;
  readonly source: string;
  readonly parser: string;
  #entities: readonly string[] | undefined;

  constructor(r: Received, fields: EventFields, done: Common, status: ParseStatus) {
    this.fields = fields;
    this.rawText = r.rawText;
    this.raw = r.raw;
    this.ts = done.ts;
    this.status = status;
    this.source = done.source;
    this.parser = done.parser;
  }
  get entities(): readonly string[] {
    this.#entities ??= entitiesOf(this.fields);
    return this.#entities;
  }
}

type Common = { readonly ts: number; readonly source: string; readonly parser: string };

/** Host, time and provenance. */
function common(
  r: Received,
  fields: EventFields,
  v: {
    readonly spec: SourceSpec | undefined;
    readonly status: ParseStatus;
    readonly claimed: number | undefined;
  },
): Common {
  const { meta, ingested } = r;
  if (!fields.has('host.name')) defaultHost(r, fields);
  const claim = claimTime(v.claimed, ingested);
  if (claim.flag !== '' && v.claimed !== undefined) {
    fields.setOurs('vigil.claimed_time', isoText(v.claimed));
    fields.setOurs('vigil.time_flag', claim.flag);
  }
  // What the bounds left out is named on the event; the raw bytes have it all.
  if (fields.overflow > 0) fields.setOurs('vigil.fields_left_out', fields.overflow);
  if (fields.cut > 0) fields.setOurs('vigil.values_cut', fields.cut);
  trimDots(fields);
  const source = v.spec?.name ?? UNKNOWN_SOURCE;
  const parser = v.spec === undefined ? UNKNOWN_PARSER : `${source}@${v.spec.version}`;
  provenance(fields, meta, { ts: claim.ts, ingested, source, parser, status: v.status });
  return { ts: claim.ts, source, parser };
}

/** This machine for its own files and journal; the peer for what came without a name over the network. */
function defaultHost(r: Received, fields: EventFields): void {
  const { door, sender } = r.meta;
  if (door === 'file' || door === 'journal') {
    if (r.options.hostName !== '') fields.set('host.name', r.options.hostName);
  } else if (door.startsWith('syslog') && sender !== '') fields.set('host.name', sender);
}

type Ours = { ts: number; ingested: number; source: string; parser: string; status: ParseStatus };
function provenance(fields: EventFields, meta: RecordMeta, o: Ours): void {
  fields.setOurs('@timestamp', o.ts);
  fields.setOurs('event.ingested', o.ingested);
  fields.setOurs('vigil.tenant', meta.tenant);
  fields.setOurs('vigil.origin', meta.origin);
  fields.setOurs('vigil.door', meta.door);
  fields.setOurs('vigil.sender', meta.sender);
  fields.setOurs('vigil.token', meta.token);
  fields.setOurs('vigil.source', o.source);
  fields.setOurs('vigil.parser', o.parser);
  fields.setOurs('vigil.status', o.status);
}
