/**
 * Times of logs -> integer microseconds UTC, by fixed rules that never read the wall clock. Held by `time.test.ts`.
 *
 * - Zone-less stamps are local time in the context's IANA zone. In the hour that a clock change repeats, the reading
 *   nearest to receipt is taken; a stamp in the hour that it skips moves forward by the length of the gap.
 * - Year-less stamps: the latest year in which the stamp is at most YEARLESS_AHEAD_US (24 h) after receipt.
 *   (Of the readings a year apart this is the nearest one that a clock less than a day fast can have written.)
 * - A second of 60 (leap second) is read as the next second. Digits below a microsecond are dropped.
 * - Epoch numbers: below 1e11 seconds, below 1e14 milliseconds, below 1e17 microseconds, else nanoseconds.
 * - A claim more than AHEAD_MAX_US after receipt, or before STORED_MIN_US, becomes the receive time (`claimTime`).
 */
import type { EventFields } from '../model/event.ts';
import { zoneOffset } from '../base/zone.ts';

export type TimeContext = {
  /** IANA zone for stamps without one. */
  readonly zone: string;
  /** Receive time, microseconds. */
  readonly ingested: number;
};

export const YEARLESS_AHEAD_US = 24 * 3600 * 1e6;
export const AHEAD_MAX_US = 10 * 60 * 1e6;
/** What is stored: 1900-01-01 (DateTime64's first day) up to 2250-01-01 (microseconds stay safe integers). */
export const STORED_MIN_US = -2_208_988_800e6;
export const STORED_MAX_US = 8_835_955_200e6;

/** Days since 1970-01-01 of a proleptic Gregorian date. */
export function civilDays(y: number, m: number, d: number): number {
  const yy = m <= 2 ? y - 1 : y;
  const era = Math.floor(yy / 400);
  const yoe = yy - era * 400;
  const doy = Math.floor((153 * (m + (m > 2 ? -3 : 9)) + 2) / 5) + d - 1;
  const doe = yoe * 365 + Math.floor(yoe / 4) - Math.floor(yoe / 100) + doy;
  return era * 146097 + doe - 719468;
}
const isLeap = (y: number): boolean => (y % 4 === 0 && y % 100 !== 0) || y % 400 === 0;
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const monthDays = (y: number, m: number): number => (m === 2 && isLeap(y) ? 29 : (MONTH_DAYS[m - 1] ?? 0));

/** Seconds since the epoch of a civil time as if it were UTC; undefined where a part is out of range. */
function civilSeconds(
  y: number,
  mo: number,
  d: number,
  h: number,
  mi: number,
  s: number,
): number | undefined {
  if (mo < 1 || mo > 12 || d < 1 || d > monthDays(y, mo) || h > 23 || mi > 59 || s > 60) return undefined;
  return civilDays(y, mo, d) * 86400 + h * 3600 + mi * 60 + s;
}

/** Local civil seconds in a zone -> UTC seconds, by the rules above. */
export function localToUtc(local: number, ctx: TimeContext): number {
  const before = zoneOffset(ctx.zone, local - 86400);
  const after = zoneOffset(ctx.zone, local + 86400);
  if (before === after) return local - before;
  const a = local - before;
  const b = local - after;
  const okA = zoneOffset(ctx.zone, a) === before;
  const okB = zoneOffset(ctx.zone, b) === after;
  if (okA && okB) {
    const now = ctx.ingested / 1e6;
    return Math.abs(a - now) <= Math.abs(b - now) ? a : b;
  }
  return okB && !okA ? b : a;
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'] as const;
const MONTH_OF: ReadonlyMap<string, number> = new Map(MONTHS.map((m, i) => [m, i + 1]));
/** 1-12 of an English month name or its first three letters, 0 where it is none. */
export const monthNumber = (name: string): number => MONTH_OF.get(name.slice(0, 3).toLowerCase()) ?? 0;

/** A parsed stamp and the index just after it. */
export type Stamp = { readonly us: number; readonly end: number };

const digit = (c: number): boolean => c >= 48 && c <= 57;

/** `n` digits at `i` as a number, -1 where they are not there. */
function num(t: string, i: number, n: number): number {
  let v = 0;
  for (let k = i; k < i + n; k++) {
    const c = t.charCodeAt(k) - 48;
    if (!(c >= 0 && c <= 9)) return -1;
    v = v * 10 + c;
  }
  return v;
}

/** Microseconds of `.123456789` or `,123` at `i`; `end` is after the digits (i itself where there is no fraction). */
function fraction(t: string, i: number): { us: number; end: number } {
  const c = t.charCodeAt(i);
  if ((c !== 46 && c !== 44) || !digit(t.charCodeAt(i + 1))) return { us: 0, end: i };
  let us = 0;
  let k = i + 1;
  for (; k < i + 31 && digit(t.charCodeAt(k)); k++) if (k < i + 7) us = us * 10 + (t.charCodeAt(k) - 48);
  for (let n = k - i - 1; n < 6; n++) us *= 10;
  return { us, end: k };
}

/** Offset in seconds of `Z`, `+01:00`, `+0100`, `+01` at `i`; undefined where there is none. */
function offsetAt(t: string, i: number): { seconds: number; end: number } | undefined {
  const c = t.charCodeAt(i);
  if (c === 90 || c === 122) return { seconds: 0, end: i + 1 };
  if (c !== 43 && c !== 45) return undefined;
  const h = num(t, i + 1, 2);
  if (h < 0 || h > 23) return undefined;
  const colon = t.charCodeAt(i + 3) === 58 ? 1 : 0;
  const m = num(t, i + 3 + colon, 2);
  const sign = c === 45 ? -1 : 1;
  if (m < 0 || m > 59) return colon === 1 ? undefined : { seconds: sign * h * 3600, end: i + 3 };
  return { seconds: sign * (h * 3600 + m * 60), end: i + 5 + colon };
}

/** ISO 8601 / RFC 3339 at `i`: `2026-03-05T14:23:01[.,]123456+01:00`; blank or `_` for `T`, `/` for `-`, zone optional. */
export function isoStamp(t: string, i: number, ctx: TimeContext): Stamp | undefined {
  const y = num(t, i, 4);
  const sep = t.charCodeAt(i + 4);
  if (y < 0 || (sep !== 45 && sep !== 47) || t.charCodeAt(i + 7) !== sep) return undefined;
  const mo = num(t, i + 5, 2);
  const d = num(t, i + 8, 2);
  const mid = t.charCodeAt(i + 10);
  if (mid !== 84 && mid !== 32 && mid !== 116 && mid !== 95) return undefined;
  const h = num(t, i + 11, 2);
  const mi = num(t, i + 14, 2);
  if (h < 0 || mi < 0 || t.charCodeAt(i + 13) !== 58) return undefined;
  let s = 0;
  let end = i + 16;
  let us = 0;
  if (t.charCodeAt(end) === 58) {
    s = num(t, end + 1, 2);
    if (s < 0) return undefined;
    const f = fraction(t, end + 3);
    us = f.us;
    end = f.end;
  }
  const local = civilSeconds(y, mo, d, h, mi, s);
  if (local === undefined) return undefined;
  const off = offsetAt(t, end) ?? (t.charCodeAt(end) === 32 ? offsetAfterBlank(t, end + 1) : undefined);
  if (off !== undefined) return { us: (local - off.seconds) * 1e6 + us, end: off.end };
  return { us: localToUtc(local, ctx) * 1e6 + us, end };
}

/** ` +0100`, ` UTC`, ` GMT`: only these, since a word after a stamp is mostly not a zone. */
function offsetAfterBlank(t: string, i: number): { seconds: number; end: number } | undefined {
  const c = t.charCodeAt(i);
  if (c === 43 || c === 45) {
    const o = offsetAt(t, i);
    return o !== undefined && o.end - i >= 5 ? o : undefined;
  }
  if ((c === 85 || c === 71) && (t.startsWith('UTC', i) || t.startsWith('GMT', i))) {
    const after = t.charCodeAt(i + 3);
    const word = digit(after) || (after >= 65 && after <= 90) || (after >= 97 && after <= 122);
    if (!word) return { seconds: 0, end: i + 3 };
  }
  return undefined;
}

/** `14:23:01[.123]` at `i`. */
function clock(t: string, i: number): { seconds: number; us: number; end: number } | undefined {
  const one = t.charCodeAt(i + 1) === 58 ? 1 : 2;
  const h = num(t, i, one);
  const mi = num(t, i + one + 1, 2);
  const s = num(t, i + one + 4, 2);
  if (h < 0 || h > 23 || mi < 0 || mi > 59 || s < 0 || s > 60) return undefined;
  if (t.charCodeAt(i + one) !== 58 || t.charCodeAt(i + one + 3) !== 58) return undefined;
  const f = fraction(t, i + one + 6);
  return { seconds: h * 3600 + mi * 60 + s, us: f.us, end: f.end };
}

/** The latest year in which the local stamp is at most 24 h after receipt; undefined for a day that does not exist. */
function yearless(mo: number, d: number, seconds: number, ctx: TimeContext): number | undefined {
  const top = new Date((ctx.ingested + 2 * YEARLESS_AHEAD_US) / 1000).getUTCFullYear();
  if (!(top > -9999)) return undefined;
  // 29 February may be up to eight years back (1896-1904).
  for (let y = top; y > top - 10; y--) {
    if (d > monthDays(y, mo)) continue;
    const utc = localToUtc(civilDays(y, mo, d) * 86400 + seconds, ctx);
    if (utc * 1e6 <= ctx.ingested + YEARLESS_AHEAD_US) return utc;
  }
  return undefined;
}

/**
 * RFC 3164 and its relatives at `i`: `Mar  5 14:23:01`, with one or two blanks or a leading zero before the day, an
 * optional year before or after the time (`Mar 05 2026 14:23:01`), a fraction, and `UTC`, `GMT` or an offset after it.
 */
export function syslogStamp(t: string, i: number, ctx: TimeContext): Stamp | undefined {
  if (t.charCodeAt(i + 3) !== 32) return undefined;
  const mo = monthNumber(t.slice(i, i + 3));
  if (mo === 0) return undefined;
  let k = i + 4;
  if (t.charCodeAt(k) === 32) k++;
  const two = digit(t.charCodeAt(k + 1)) ? 2 : 1;
  const d = num(t, k, two);
  k += two;
  if (d < 1 || t.charCodeAt(k) !== 32) return undefined;
  k++;
  let year = -1;
  if (t.charCodeAt(k + 4) === 32) {
    year = num(t, k, 4);
    if (year >= 0) k += 5;
  }
  const c = clock(t, k);
  if (c === undefined) return undefined;
  let end = c.end;
  if (year < 0 && t.charCodeAt(end) === 32 && !digit(t.charCodeAt(end + 5))) {
    const y = num(t, end + 1, 4);
    const after = t.charCodeAt(end + 5);
    if (y >= 1970 && y <= 2199 && (after === 32 || Number.isNaN(after))) {
      year = y;
      end += 5;
    }
  }
  if (d > (year < 0 ? (mo === 2 ? 29 : monthDays(2001, mo)) : monthDays(year, mo))) return undefined;
  const off = t.charCodeAt(end) === 32 ? offsetAfterBlank(t, end + 1) : offsetAt(t, end);
  if (off !== undefined) {
    const utcCtx = { zone: 'UTC', ingested: ctx.ingested };
    const utc = year < 0 ? yearless(mo, d, c.seconds, utcCtx) : civilDays(year, mo, d) * 86400 + c.seconds;
    return utc === undefined ? undefined : { us: (utc - off.seconds) * 1e6 + c.us, end: off.end };
  }
  const utc =
    year < 0 ? yearless(mo, d, c.seconds, ctx) : localToUtc(civilDays(year, mo, d) * 86400 + c.seconds, ctx);
  return utc === undefined ? undefined : { us: utc * 1e6 + c.us, end };
}

/** Common log format at `i`: `05/Mar/2026:14:23:01 +0100`. */
export function clfStamp(t: string, i: number, ctx: TimeContext): Stamp | undefined {
  const d = num(t, i, 2);
  const y = num(t, i + 7, 4);
  if (d < 0 || y < 0 || t.charCodeAt(i + 2) !== 47 || t.charCodeAt(i + 6) !== 47) return undefined;
  if (t.charCodeAt(i + 11) !== 58) return undefined;
  const mo = monthNumber(t.slice(i + 3, i + 6));
  const c = clock(t, i + 12);
  if (c === undefined || mo === 0 || d < 1 || d > monthDays(y, mo)) return undefined;
  const local = civilDays(y, mo, d) * 86400 + c.seconds;
  const off = t.charCodeAt(c.end) === 32 ? offsetAt(t, c.end + 1) : undefined;
  if (off !== undefined) return { us: (local - off.seconds) * 1e6 + c.us, end: off.end };
  return { us: localToUtc(local, ctx) * 1e6 + c.us, end: c.end };
}

const WEEKDAY = /^(?:sun|mon|tue|wed|thu|fri|sat)[a-z]{0,6},? /i;
const RFC2822 = /^(\d{1,2})[ -]([A-Za-z]{3})[ -](\d{4}) /;
const COMPACT = /^(\d{4})(\d{2})(\d{2})T?(\d{2})(\d{2})(\d{2})(Z|[+-]\d{4})?$/;
const DATE_ONLY = /^(\d{4})-(\d{2})-(\d{2})$/;
/** Longer text is not a time. */
const TIME_CHARS_MAX = 64;

/** Seconds, milli-, micro- or nanoseconds since 1970, told apart by size (rule above). */
export function epochMicros(n: number): number | undefined {
  const a = Math.abs(n);
  if (!(a < 1e20)) return undefined;
  if (a < 1e11) return Math.round(n * 1e6);
  if (a < 1e14) return Math.round(n * 1e3);
  return a < 1e17 ? Math.round(n) : Math.floor(n / 1000);
}

/** Decimal text of an epoch, without going through a double where that would lose microseconds. */
function epochText(t: string): number | undefined {
  const m = /^(-?)(\d{1,19})(?:\.(\d{1,18}))?$/.exec(t);
  if (m === null) return undefined;
  const whole = m[2] ?? '';
  if (m[3] === undefined && whole.length >= 18) {
    return Number(`${m[1]}${whole.slice(0, -3)}`);
  }
  if (whole.length < 12 && m[3] !== undefined) {
    const us = Number(whole) * 1e6 + Number(m[3].slice(0, 6).padEnd(6, '0'));
    return m[1] === '-' ? -us : us;
  }
  return epochMicros(Number(t));
}

/**
 * Any of the known formats as a whole value: ISO 8601, date only, RFC 3164, RFC 2822, asctime, common log format,
 * ASN.1 GeneralizedTime, epoch as a number or decimal text. Microseconds (not clamped); undefined where it is none.
 */
export function parseTime(value: unknown, ctx: TimeContext): number | undefined {
  if (typeof value === 'number') return epochMicros(value);
  if (typeof value !== 'string' || value.length > TIME_CHARS_MAX) return undefined;
  let t = value.trim();
  const c = t.charCodeAt(0);
  if (digit(c) || c === 45) {
    const iso = isoStamp(t, 0, ctx) ?? clfStamp(t, 0, ctx);
    if (iso !== undefined) return iso.us;
    const day = DATE_ONLY.exec(t);
    if (day !== null) return civil(day, ctx);
    const compact = t.length >= 14 ? COMPACT.exec(t) : null;
    if (compact !== null && Number(compact[2]) <= 12) return civil(compact, ctx);
    return epochText(t) ?? rfc2822(t, ctx);
  }
  t = t.replace(WEEKDAY, '');
  return (syslogStamp(t, 0, ctx) ?? clfStamp(t, t.startsWith('[') ? 1 : 0, ctx))?.us ?? rfc2822(t, ctx);
}

function rfc2822(t: string, ctx: TimeContext): number | undefined {
  const m = RFC2822.exec(t);
  if (m === null) return undefined;
  const mo = monthNumber(m[2] ?? '');
  const c = clock(t, m[0].length);
  const y = Number(m[3]);
  const d = Number(m[1]);
  if (c === undefined || mo === 0 || d < 1 || d > monthDays(y, mo)) return undefined;
  const local = civilDays(y, mo, d) * 86400 + c.seconds;
  const off = t.charCodeAt(c.end) === 32 ? offsetAfterBlank(t, c.end + 1) : undefined;
  return (off === undefined ? localToUtc(local, ctx) : local - off.seconds) * 1e6 + c.us;
}

/** Groups 1-6 are year to second, 7 a zone. */
function civil(m: RegExpExecArray, ctx: TimeContext): number | undefined {
  const part = (i: number): number => Number(m[i] ?? 0);
  const s = civilSeconds(part(1), part(2), part(3), part(4), part(5), part(6));
  if (s === undefined) return undefined;
  const zone = m[7];
  if (zone === undefined) return localToUtc(s, ctx) * 1e6;
  return (s - (offsetAt(zone, 0)?.seconds ?? 0)) * 1e6;
}

/** ISO text in UTC with microseconds, for a claim that cannot be stored as a time. */
export function isoText(us: number): string {
  const ms = Math.floor(us / 1000);
  if (!(Math.abs(ms) <= 8.64e15)) return String(us);
  const rest = String(Math.max(0, Math.floor(us - ms * 1000))).padStart(3, '0');
  return `${new Date(ms).toISOString().slice(0, -1)}${rest}Z`;
}

export type Claim = { readonly ts: number; readonly flag: '' | 'ahead' | 'range' };

/**
 * The event time to store. `ahead`: claimed more than 10 minutes after receipt; `range`: before what can be stored.
 * Both become the receive time, and the caller keeps the claim. No claim: the receive time, no flag.
 */
export function claimTime(claimed: number | undefined, ingested: number): Claim {
  if (claimed === undefined || Number.isNaN(claimed)) return { ts: ingested, flag: '' };
  if (claimed > ingested + AHEAD_MAX_US) return { ts: ingested, flag: 'ahead' };
  if (claimed < STORED_MIN_US) return { ts: ingested, flag: 'range' };
  return { ts: Math.floor(claimed), flag: '' };
}

/**
 * Sets a `date` field (certificate validity and the like) from any known format. A date beyond what can be stored
 * (9999-12-31, "no expiry") is held at the edge and its text kept as `claimed.<name>`; text that is no date goes to
 * `invalid.<name>`.
 */
export function setDate(out: EventFields, name: string, value: unknown, ctx: TimeContext): void {
  if (value === undefined || value === null) return;
  const us = parseTime(value, ctx);
  if (us === undefined) {
    out.set(name, typeof value === 'number' ? String(value) : typeof value === 'string' ? value : undefined);
    return;
  }
  const held = Math.min(Math.max(Math.floor(us), STORED_MIN_US), STORED_MAX_US);
  if (held !== Math.floor(us)) out.set(`claimed.${name}`, String(value));
  out.set(name, held);
}
