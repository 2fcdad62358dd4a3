/**
 * A line of text that a shipper put into a JSON document (Filebeat, Vector, Fluent Bit, rsyslog's and syslog-ng's JSON
 * templates, Logstash, GELF, Docker): the line and the envelope that the document's other names describe. Held by
 * `wrapped.test.ts`.
 *
 * Contract: undefined where the document carries no line, or says itself what happened (`event.category`, `event.action`):
 * then it is not read again. Whether the line means anything is for the sources to say.
 */
import type { EventFields } from '../model/event.ts';
import { decodeEnvelope, type Envelope, type PrefixTest } from './envelope.ts';
import { at, flatten, textOf } from './json.ts';
import type { JsonObject } from './source.ts';
import { parseTime, type TimeContext } from './time.ts';

const LINE = ['message', 'msg', 'MESSAGE', 'log', 'line', 'short_message', 'full_message', 'event', 'raw'];
const PROGRAM = [
  'appname',
  'app_name',
  'program',
  'ident',
  'syslogtag',
  'programname',
  'SYSLOG_IDENTIFIER',
  'PROGRAM',
  '_appname',
  '_ident',
  'tag',
];
const PID = ['procid', 'pid', 'PID', '_PID', 'process_id'];
const HOST = ['hostname', 'host', 'logsource', 'HOST', '_HOSTNAME', 'fromhost', 'source_host'];
const TIME = [
  '@timestamp',
  'timestamp',
  'timereported',
  'time',
  'ts',
  'ISODATE',
  '_SOURCE_REALTIME_TIMESTAMP',
];

export type Wrapped = { readonly env: Envelope; readonly lineKey: string };

const first = (doc: JsonObject, keys: readonly string[]): string => {
  for (const k of keys) {
    const v = textOf(doc[k]);
    if (v !== undefined && v !== '') return v;
  }
  return '';
};
const nested = (doc: JsonObject, ...paths: readonly (readonly string[])[]): string => {
  for (const p of paths) {
    const v = textOf(at(doc, ...p));
    if (v !== undefined && v !== '') return v;
  }
  return '';
};

export function unwrap(doc: JsonObject, ctx: TimeContext, isPrefix: PrefixTest): Wrapped | undefined {
  if (doc['event.category'] !== undefined || doc['event.action'] !== undefined) return undefined;
  if (at(doc, 'event', 'category') !== undefined || at(doc, 'event', 'action') !== undefined)
    return undefined;
  const lineKey = LINE.find((k) => typeof doc[k] === 'string' && doc[k] !== '');
  if (lineKey === undefined) return undefined;
  const line = (doc[lineKey] as string).trim();
  const inner = decodeEnvelope(line, ctx, isPrefix);
  // `sshd[1234]:` as rsyslog's syslogtag.
  const named =
    first(doc, PROGRAM) ||
    nested(doc, ['log', 'syslog', 'appname'], ['syslog', 'identifier'], ['process', 'name']);
  const tag = /^([^[\]:\s]{1,255})(?:\[(\d{1,10})\])?:?$/.exec(named);
  const host =
    first(doc, HOST) || nested(doc, ['host', 'name'], ['host', 'hostname'], ['log', 'syslog', 'hostname']);
  const pid = first(doc, PID) || nested(doc, ['process', 'pid'], ['log', 'syslog', 'procid']);
  const ownTag = inner.program === '' && tag !== null;
  return {
    lineKey,
    env: {
      ...inner,
      kind: inner.kind === 'none' ? 'stamp' : inner.kind,
      program: ownTag ? (tag[1] ?? '') : inner.program,
      pid: ownTag ? (tag[2] ?? pid) : inner.pid,
      host: inner.host === '' ? host : inner.host,
      time: inner.time ?? timeOf(doc, ctx),
    },
  };
}

function timeOf(doc: JsonObject, ctx: TimeContext): number | undefined {
  for (const k of TIME) {
    const us = parseTime(doc[k], ctx);
    if (us !== undefined) return us;
  }
  return undefined;
}

/** Adds what the document says beside the line, without touching what the line said. */
export function around(doc: JsonObject, lineKey: string, out: EventFields, temporary: EventFields): void {
  const rest = Object.create(null) as { [key: string]: JsonObject[string] };
  for (const key in doc) if (key !== lineKey) rest[key] = doc[key] as JsonObject[string];
  flatten(rest, temporary);
  for (const [name, value] of temporary.entries()) if (!out.has(name)) out.set(name, value);
}
