/**
 * Times as people write them in a query: ISO dates (UTC where no zone is given) and `now`, `now-7d`, `now+30d`.
 * Microseconds; `now` is given from outside. Held by `src/query/parse.test.ts`.
 */

const UNIT_US: Readonly<Record<string, number>> = {
  s: 1e6,
  m: 60e6,
  h: 3600e6,
  d: 86_400e6,
  w: 7 * 86_400e6,
};

/** `from` is the instant, `to` the end of what the text names (the day, the minute, ...), exclusive. */
export type TimeSpan = { readonly from: number; readonly to: number };

const ISO = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.](\d{1,6}))?)?(Z|[+-]\d\d:?\d\d)?)?$/;
const RELATIVE = /^now(?:([+-])(\d{1,6})([smhdw]))?$/;

export function parseTime(text: string, now: number): TimeSpan | undefined {
  const r = RELATIVE.exec(text);
  if (r !== null) {
    const shift = r[1] === undefined ? 0 : Number(r[2]) * (UNIT_US[r[3] as string] as number);
    const at = r[1] === '-' ? now - shift : now + shift;
    return { from: at, to: at + 1 };
  }
  const m = ISO.exec(text);
  if (m === null) return undefined;
  const [, y, mo, d, h, mi, s, frac, zone] = m;
  const ms = Date.UTC(Number(y), Number(mo) - 1, Number(d), Number(h ?? 0), Number(mi ?? 0), Number(s ?? 0));
  const back = new Date(ms);
  // Date.UTC rolls over ("Feb 30"); a date that does not exist is an error, not another day.
  if (back.getUTCMonth() !== Number(mo) - 1 || back.getUTCDate() !== Number(d) || Number(h ?? 0) > 23) {
    return undefined;
  }
  if (Number(mi ?? 0) > 59 || Number(s ?? 0) > 59 || Number(y) < 1900) return undefined;
  const from = ms * 1000 + (frac === undefined ? 0 : Number(frac.padEnd(6, '0'))) - zoneUs(zone);
  return { from, to: from + precision(h, s, frac) };
}

function precision(h: string | undefined, s: string | undefined, frac: string | undefined): number {
  if (h === undefined) return UNIT_US['d'] as number;
  if (s === undefined) return UNIT_US['m'] as number;
  return frac === undefined ? 1e6 : 10 ** (6 - frac.length);
}

function zoneUs(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z') return 0;
  const sign = zone.startsWith('-') ? -1 : 1;
  return sign * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2))) * 60e6;
}

/** A length of time, `90s`, `5m`, `1h`, `7d`, `2w`, in microseconds. */
export function parseSpan(text: string): number | undefined {
  const m = /^(\d{1,9})([smhdw])$/.exec(text);
  return m === null ? undefined : Number(m[1]) * (UNIT_US[m[2] as string] as number);
}
