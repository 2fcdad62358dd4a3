/**
 * Time stamps with their own zone, as JSON sources and certificates write them, to integer microseconds UTC.
 * Stamps without year or zone are the normaliser's business, not this file's. Held by `lib.test.ts`.
 */
import { monthNumber, STORED_MAX_US } from '../../src/normalize/time.ts';
import type { Json } from '../../src/normalize/source.ts';

const ISO =
  /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?\s?(Z|UTC|GMT|[+-]\d\d:?\d\d|[+-]\d\d)?$/;
const OPENSSL = /^([A-Z][a-z]{2}) +(\d{1,2}) (\d\d):(\d\d):(\d\d)(?:\.\d+)? (\d{4})(?: GMT| UTC)?$/;
const ASN1 = /^(\d{2}|\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;
const DATE_ONLY = /^(\d{4})-(\d\d)-(\d\d)$/;

const bounded = (micros: number): number | undefined =>
  Number.isNaN(micros) ? undefined : Math.min(micros, STORED_MAX_US);

function utc(y: number, mo: number, d: number, h: number, mi: number, s: number): number | undefined {
  if (mo < 1 || mo > 12 || d < 1 || d > 31 || h > 24 || mi > 59 || s > 60) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(y, mo - 1, d);
  date.setUTCHours(h, mi, s);
  return date.getTime() * 1000;
}

/** ISO 8601 / RFC 3339; without a zone it is read as UTC. Fractions beyond microseconds are cut. */
export function isoMicros(stamp: string): number | undefined {
  const m = ISO.exec(stamp);
  if (m === null) return undefined;
  const base = utc(Number(m[1]), Number(m[2]), Number(m[3]), Number(m[4]), Number(m[5]), Number(m[6]));
  if (base === undefined) return undefined;
  const fraction = m[7] === undefined ? 0 : Number(m[7].padEnd(6, '0').slice(0, 6));
  return bounded(base + fraction - offsetMicros(m[8]));
}

function offsetMicros(zone: string | undefined): number {
  if (zone === undefined || !/^[+-]/.test(zone)) return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3).replace(':', '') || 0);
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000_000;
}

/** Epoch in s, ms, us or ns, told apart by magnitude (s up to the year 5138). */
export function epochMicros(n: number): number | undefined {
  if (!Number.isFinite(n)) return undefined;
  const a = Math.abs(n);
  if (a < 1e11) return bounded(Math.round(n * 1e6));
  if (a < 1e14) return bounded(Math.round(n * 1e3));
  if (a < 1e17) return bounded(Math.round(n));
  return bounded(Math.round(n / 1e3));
}

/** Any stamp that carries its zone: ISO or epoch (number or digits). */
export function stampMicros(v: Json | undefined): number | undefined {
  if (typeof v === 'number') return epochMicros(v);
  if (typeof v !== 'string' || v === '' || v.length > 64) return undefined;
  if (/^\d{9,19}(\.\d+)?$/.test(v)) return epochMicros(Number(v));
  return isoMicros(v);
}

/**
 * A certificate's date: ISO, epoch, `Mar  5 14:23:01 2026 GMT` (OpenSSL), ASN.1 UTCTime `260305142301Z` and
 * GeneralizedTime `20260305142301Z` (RFC 5280 section 4.1.2.5). Dates past STORED_MAX_US ("no expiry", 9999) become it.
 */
export function certMicros(v: Json | undefined): number | undefined {
  if (typeof v !== 'string') return stampMicros(v);
  const s = v.trim();
  if (s.length > 64) return undefined;
  const o = OPENSSL.exec(s);
  if (o !== null) {
    const t = utc(
      Number(o[6]),
      monthNumber(o[1] ?? ''),
      Number(o[2]),
      Number(o[3]),
      Number(o[4]),
      Number(o[5]),
    );
    return t === undefined ? undefined : bounded(t);
  }
  const a = ASN1.exec(s);
  if (a !== null) {
    const yy = Number(a[1]);
    const year = a[1]?.length === 4 ? yy : yy < 50 ? 2000 + yy : 1900 + yy;
    const t = utc(year, Number(a[2]), Number(a[3]), Number(a[4]), Number(a[5]), Number(a[6]));
    return t === undefined ? undefined : bounded(t);
  }
  const d = DATE_ONLY.exec(s);
  if (d !== null) return utc(Number(d[1]), Number(d[2]), Number(d[3]), 0, 0, 0);
  return stampMicros(s);
}
