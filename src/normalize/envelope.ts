/**
 * What stands around a message: syslog in the shapes that are found on wires and in files. Held by `envelope.test.ts`.
 *
 * - RFC 5424: `<34>1 2026-03-05T14:23:01.003Z host app 123 ID47 [a@1 k="v"] text`, byte order mark dropped.
 * - RFC 3164 and its relatives: with or without PRI; traditional stamp (also with a year or a zone) or ISO stamp (as
 *   rsyslog's RSYSLOG_FileFormat writes); with or without host; tag `prog[pid]:`, `prog:` or none; `*`/`.` and Cisco
 *   sequence numbers before the stamp.
 * - PRI alone: `<13>text`.
 * A line without PRI counts as syslog where it begins with a stamp that a host and a tag follow (ISO stamps: since
 * applications' own logs begin so too, the tag must have its colon).
 * Contract: `decodeEnvelope` never throws; what it does not recognise is `kind: 'none'` with the whole text as message.
 */
import type { EventFields } from '../model/event.ts';
import { isoStamp, type Stamp, syslogStamp, type TimeContext } from './time.ts';

export type Envelope = {
  readonly kind: 'none' | 'stamp' | 'rfc3164' | 'rfc5424' | 'journald';
  readonly message: string;
  /** Program as written, '' where there is none. */
  readonly program: string;
  readonly pid: string;
  readonly host: string;
  /** 0-191, -1 where absent. */
  readonly pri: number;
  /** Microseconds as claimed. */
  readonly time: number | undefined;
  readonly msgid: string;
  /** Structured data as [id, name, value]. */
  readonly data: readonly (readonly [string, string, string])[];
};

/** Structured data elements kept per message. */
export const SD_PARAMS_MAX = 256;
/** A host name or tag longer than this is taken for text. */
export const TOKEN_CHARS_MAX = 255;

const NONE: Omit<Envelope, 'message'> = {
  kind: 'none',
  program: '',
  pid: '',
  host: '',
  pri: -1,
  time: undefined,
  msgid: '',
  data: [],
};
export const noEnvelope = (message: string): Envelope => ({ ...NONE, message });

/** True where a source claims text that begins so: `CEF:0|` must not be read as the tag `CEF`. */
export type PrefixTest = (text: string, at: number) => boolean;

export function decodeEnvelope(text: string, ctx: TimeContext, isPrefix: PrefixTest): Envelope {
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  const pri = priority(text, at);
  if (pri !== undefined) {
    at = pri.end;
    if (text.charCodeAt(at) === 49 && text.charCodeAt(at + 1) === 32) {
      const modern = rfc5424(text, at + 2, pri.value, ctx);
      if (modern !== undefined) return modern;
    }
    at = skipBlanks(text, at);
  }
  const found = rfc3164(text, at, pri?.value ?? -1, ctx, isPrefix);
  // A number that is no priority is only passed over before what is syslog otherwise.
  return pri?.value === -1 && found.kind !== 'rfc3164' ? noEnvelope(text) : found;
}

/** `value` -1: three digits that are no priority, which must not hide what stands behind them. */
function priority(t: string, i: number): { value: number; end: number } | undefined {
  if (t.charCodeAt(i) !== 60) return undefined;
  let v = 0;
  let k = i + 1;
  for (; k < i + 4; k++) {
    const c = t.charCodeAt(k) - 48;
    if (!(c >= 0 && c <= 9)) break;
    v = v * 10 + c;
  }
  if (k === i + 1 || t.charCodeAt(k) !== 62) return undefined;
  return { value: v > 191 ? -1 : v, end: k + 1 };
}

function skipBlanks(t: string, i: number): number {
  while (t.charCodeAt(i) === 32) i++;
  return i;
}

const tail = (t: string, i: number): string => (i === 0 ? t : t.slice(i));

/** A stamp at `i`, after an optional `*`, `.` or Cisco sequence number (`000123: `). */
function stampAt(t: string, i: number, pri: number, ctx: TimeContext): Stamp | undefined {
  const c = t.charCodeAt(i);
  if (c >= 65 && c <= 90) return syslogStamp(t, i, ctx);
  // `2026/03/05 14:23:01` is how applications write (nginx): no syslog.
  const iso = c >= 48 && c <= 57 && t.charCodeAt(i + 4) !== 47 ? isoStamp(t, i, ctx) : undefined;
  if (iso !== undefined || pri < 0) return iso;
  let k = i;
  if (c >= 48 && c <= 57) {
    while (k < i + 12 && t.charCodeAt(k) >= 48 && t.charCodeAt(k) <= 57) k++;
    if (t.charCodeAt(k) !== 58) return undefined;
    k = skipBlanks(t, k + 1);
  }
  if (t.charCodeAt(k) === 42 || t.charCodeAt(k) === 46) k++;
  return k === i ? undefined : (syslogStamp(t, k, ctx) ?? isoStamp(t, k, ctx));
}

/** `Feb 30 25:00:00`: no time, but the place of one; host and program stand behind it as ever. */
const NO_DAY = /[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?= )/y;
function noDay(t: string, i: number): { readonly us: undefined; readonly end: number } | undefined {
  NO_DAY.lastIndex = i;
  return NO_DAY.test(t) ? { us: undefined, end: NO_DAY.lastIndex } : undefined;
}

const HOST = /^[A-Za-z0-9_][A-Za-z0-9_.:%-]*$|^\[[0-9A-Fa-f:.%]+\]$/;
const LEVELS = new Set(
  'TRACE DEBUG INFO NOTICE WARN WARNING ERROR CRITICAL FATAL trace debug info warn warning error'.split(' '),
);

function rfc3164(t: string, start: number, pri: number, ctx: TimeContext, isPrefix: PrefixTest): Envelope {
  const stamp = stampAt(t, start, pri, ctx) ?? (pri >= 0 ? noDay(t, start) : undefined);
  if (stamp === undefined) {
    if (pri < 0) return noEnvelope(tail(t, start));
    return tagged(t, start, { ...NONE, kind: 'rfc3164', pri, message: '' }, isPrefix);
  }
  const iso = t.charCodeAt(start) < 58;
  const known: Envelope = { ...NONE, kind: 'rfc3164', pri, time: stamp.us, message: '' };
  // An application's own format: the time is taken, the text stays whole.
  const own: Envelope = { ...known, kind: 'stamp', message: tail(t, start) };
  const next = t.charCodeAt(stamp.end);
  if (next === 58 && !(iso && pri < 0)) {
    // Cisco: `Mar 05 2026 14:23:01: %ASA-...`, no host and no tag.
    return { ...known, message: t.slice(skipBlanks(t, stamp.end + 1)) };
  }
  if (!Number.isNaN(next) && next !== 32) return pri < 0 ? own : { ...known, message: t.slice(stamp.end) };
  const at = skipBlanks(t, stamp.end);
  if (isPrefix(t, at)) return { ...known, kind: pri < 0 ? 'stamp' : 'rfc3164', message: t.slice(at) };
  const host = hostAt(t, at);
  if (host === '') {
    const local = tagged(t, at, known, isPrefix);
    if (local.program !== '' && !LEVELS.has(local.program)) return local;
    return pri < 0 ? own : { ...known, message: t.slice(at) };
  }
  const rest = skipBlanks(t, at + host.length);
  const named: Envelope = { ...known, host };
  if (isPrefix(t, rest)) return { ...named, message: t.slice(rest) };
  const full = tagged(t, skipLevel(t, rest), named, isPrefix);
  // Without PRI, a traditional stamp and a host are syslog even without a tag (`last message repeated`).
  return pri >= 0 || !iso || isTag(t, rest, t.charCodeAt(start + 10) === 84) ? full : own;
}

/** The token at `i` where it can be a host name; '' where it is a tag, a level word or text. */
function hostAt(t: string, i: number): string {
  let end = t.indexOf(' ', i);
  if (end < 0) end = t.length;
  if (end === i) return '';
  const token = t.slice(i, end);
  // However long: before `prog[pid]:` it is the host.
  if (end - i > TOKEN_CHARS_MAX) return isTag(t, skipBlanks(t, end), false) ? token : '';
  if (token.endsWith(':') || LEVELS.has(token)) return '';
  // Whatever a relay writes there: before `prog[pid]:` it is the host, or an odd name would hide the program.
  return HOST.test(token) || isTag(t, skipBlanks(t, end), false) ? token : '';
}

const LEVEL_TOKEN = /[a-z0-9]{2,12}\.(?:emerg|alert|crit|err|error|warn|warning|notice|info|debug) /y;
/** Index after a `user.info ` that routers write before the tag. */
function skipLevel(t: string, i: number): number {
  LEVEL_TOKEN.lastIndex = i;
  return LEVEL_TOKEN.test(t) ? LEVEL_TOKEN.lastIndex : i;
}

/** Index just after the program's name at `i`, -1 where there is none. */
function nameEnd(t: string, i: number): number {
  const max = Math.min(t.length, i + TOKEN_CHARS_MAX);
  for (let k = i; k < max; k++) {
    const c = t.charCodeAt(k);
    if (c === 58 || c === 91) return k > i ? k : -1;
    // `gdm-password][1234]:`
    if (c === 93 && k > i && t.charCodeAt(k + 1) === 91) return k;
    // Letters, digits and what program names hold: ( ) * + - . / @ _
    const ok =
      (c >= 97 && c <= 122) ||
      (c >= 64 && c <= 90) ||
      (c >= 40 && c <= 57 && c !== 44) ||
      c === 95 ||
      c === 37;
    if (!ok) return -1;
  }
  return -1;
}

/** `prog[pid]:` at `i`, or, where the stamp is written with a `T` as syslog daemons do, `prog:`. */
function isTag(t: string, i: number, withT: boolean): boolean {
  const end = nameEnd(t, i);
  if (end < 0) return false;
  if (t.charCodeAt(end) === 58) return withT;
  const close = t.indexOf(']', end + 2);
  return close > 0 && t.charCodeAt(close + 1) === 58;
}

/** Program and pid at `i`, then the message. */
function tagged(t: string, i: number, env: Envelope, isPrefix: PrefixTest): Envelope {
  if (isPrefix(t, i)) return { ...env, message: t.slice(i) };
  const end = nameEnd(t, i);
  if (end < 0) return { ...env, message: tail(t, i) };
  const program = t.slice(i, end);
  if (t.charCodeAt(end) === 58) {
    // `http://...` and `10:15` are text.
    const after = t.charCodeAt(end + 1);
    if (!Number.isNaN(after) && after !== 32) return { ...env, message: tail(t, i) };
    return { ...env, program, message: t.slice(skipBlanks(t, end + 1)) };
  }
  const open = t.charCodeAt(end) === 93 ? end + 1 : end;
  const close = t.indexOf(']', open);
  if (close < 0 || close - open > 64) return { ...env, message: tail(t, i) };
  const pid = t.slice(open + 1, close);
  let at = close + 1;
  if (t.charCodeAt(at) === 58) at++;
  else if (t.charCodeAt(at) !== 32 && at < t.length) return { ...env, message: tail(t, i) };
  return { ...env, program, pid, message: t.slice(skipBlanks(t, at)) };
}

function rfc5424(t: string, start: number, pri: number, ctx: TimeContext): Envelope | undefined {
  let at = start;
  const token = (): string | undefined => {
    let end = t.indexOf(' ', at);
    if (end < 0) end = t.length;
    if (end === at || end - at > TOKEN_CHARS_MAX) return undefined;
    const v = t.slice(at, end);
    at = end + 1;
    return v === '-' ? '' : v;
  };
  const stamp = token();
  if (stamp === undefined) return undefined;
  const parsed = stamp === '' ? undefined : isoStamp(stamp, 0, ctx);
  if (stamp !== '' && parsed === undefined) return undefined;
  const host = token();
  const program = host === undefined ? undefined : token();
  const pid = program === undefined ? undefined : token();
  const msgid = pid === undefined ? undefined : token();
  if (host === undefined || program === undefined || pid === undefined || msgid === undefined)
    return undefined;
  const sd = structuredData(t, at);
  at = sd.end;
  if (t.charCodeAt(at) === 32) at++;
  if (t.charCodeAt(at) === 0xfeff) at++;
  const message = t.slice(at);
  return { kind: 'rfc5424', message, program, pid, host, pri, time: parsed?.us, msgid, data: sd.data };
}

type Data = { readonly data: readonly (readonly [string, string, string])[]; readonly end: number };

/** `[id name="value" ...]...` or `-`; malformed data is left in the message (`end` = start). */
function structuredData(t: string, start: number): Data {
  const none: Data = { data: [], end: start };
  if (t.charCodeAt(start) === 45) {
    const after = t.charCodeAt(start + 1);
    return after === 32 || Number.isNaN(after) ? { data: [], end: start + 1 } : none;
  }
  const data: (readonly [string, string, string])[] = [];
  let i = start;
  while (t.charCodeAt(i) === 91) {
    let end = i + 1;
    while (end < t.length && t.charCodeAt(end) !== 32 && t.charCodeAt(end) !== 93) end++;
    const id = t.slice(i + 1, end);
    if (id === '' || id.length > TOKEN_CHARS_MAX) return none;
    i = end;
    while (t.charCodeAt(i) === 32) {
      i++;
      const eq = t.indexOf('=', i);
      if (eq < 0 || eq - i > TOKEN_CHARS_MAX || t.charCodeAt(eq + 1) !== 34) return none;
      const close = quoteEnd(t, eq + 2);
      if (close < 0) return none;
      if (data.length < SD_PARAMS_MAX) {
        const value = t.slice(eq + 2, close);
        data.push([id, t.slice(i, eq), value.includes('\\') ? value.replace(/\\(["\\\]])/g, '$1') : value]);
      }
      i = close + 1;
    }
    if (t.charCodeAt(i) !== 93) return none;
    i++;
  }
  return i === start ? none : { data, end: i };
}

function quoteEnd(t: string, i: number): number {
  for (; i < t.length; i++) {
    const c = t.charCodeAt(i);
    if (c === 34) return i;
    if (c === 92) i++;
  }
  return -1;
}

const FACILITIES =
  'kern user mail daemon auth syslog lpr news uucp cron authpriv ftp ntp security console solaris-cron local0 local1 local2 local3 local4 local5 local6 local7'.split(
    ' ',
  );
const SEVERITIES = 'emergency alert critical error warning notice informational debug'.split(' ');
const LOG_LEVELS = 'emergency alert critical error warning notice info debug'.split(' ');

/** Sets the fields that the envelope says: `log.syslog.*` (ECS), `host.name`, `process.*`, `log.level`. */
export function envelopeFields(env: Envelope, out: EventFields): void {
  if (env.pri >= 0) {
    const facility = env.pri >> 3;
    const severity = env.pri & 7;
    out.set('log.syslog.priority', env.pri);
    out.set('log.syslog.facility.code', facility);
    out.set('log.syslog.facility.name', FACILITIES[facility]);
    out.set('log.syslog.severity.code', severity);
    out.set('log.syslog.severity.name', SEVERITIES[severity]);
    out.set('log.level', LOG_LEVELS[severity]);
  }
  if (env.host !== '') out.set('host.name', env.host);
  if (env.program !== '') out.set('process.name', env.program);
  if (env.pid !== '') {
    if (/^\d{1,10}$/.test(env.pid)) out.set('process.pid', Number(env.pid));
    else out.set('log.syslog.procid', env.pid);
  }
  if (env.msgid !== '') out.set('log.syslog.msgid', env.msgid);
  if (env.data.length >= SD_PARAMS_MAX) out.overflow++;
  for (const [id, name, value] of env.data) out.append(`log.syslog.structured_data.${id}.${name}`, value);
}
