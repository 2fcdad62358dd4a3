/**
 * Time ranges as the URL holds them: `from` and `to` are `now`, `-15m` (s, m, h, d, w) or microseconds since 1970 UTC.
 * A relative range is resolved once per run, so that paging stays on one range. Held by time-range.test.ts.
 */
export type Range = { readonly from: string; readonly to: string };
/** Microseconds. */
export type Resolved = { readonly from: number; readonly to: number };

export const SECOND_US = 1_000_000;
export const MINUTE_US = 60 * SECOND_US;
export const HOUR_US = 60 * MINUTE_US;
export const DAY_US = 24 * HOUR_US;

const UNIT_US: Readonly<Record<string, number>> = {
  s: SECOND_US,
  m: MINUTE_US,
  h: HOUR_US,
  d: DAY_US,
  w: 7 * DAY_US,
};
const UNIT_WORD: Readonly<Record<string, string>> = {
  s: 'second',
  m: 'minute',
  h: 'hour',
  d: 'day',
  w: 'week',
};

export const PRESETS: readonly string[] = ['-15m', '-1h', '-4h', '-24h', '-7d', '-30d', '-90d'];
export const DEFAULT_RANGE: Range = { from: '-24h', to: 'now' };

const RELATIVE = /^-(\d{1,6})([smhdw])$/;
const ABSOLUTE = /^\d{1,16}$/;

/** One end in microseconds, or undefined where the text is none. */
export function parseEnd(text: string, nowUs: number): number | undefined {
  if (text === 'now') return nowUs;
  const m = RELATIVE.exec(text);
  if (m !== null) return nowUs - Number(m[1]) * (UNIT_US[m[2] as string] as number);
  return ABSOLUTE.test(text) ? Number(text) : undefined;
}

export const isEnd = (text: string): boolean => parseEnd(text, 0) !== undefined;

/** Falls back to the default range where an end cannot be read or the range is empty. */
export function resolveRange(range: Range, nowUs: number): Resolved {
  const from = parseEnd(range.from, nowUs);
  const to = parseEnd(range.to, nowUs);
  if (from === undefined || to === undefined || from >= to) return { from: nowUs - DAY_US, to: nowUs };
  return { from, to };
}

export const isRelative = (range: Range): boolean => range.to === 'now' && range.from.startsWith('-');

/** `Last 24 hours`, or '' for a range that is not relative to now. */
export function relativeLabel(range: Range): string {
  if (range.to !== 'now') return '';
  const m = RELATIVE.exec(range.from);
  if (m === null) return '';
  const n = Number(m[1]);
  return n === 1 ? `Last ${UNIT_WORD[m[2] as string]}` : `Last ${n} ${UNIT_WORD[m[2] as string]}s`;
}

export type Zone = 'utc' | 'local';

/** `YYYY-MM-DDTHH:MM:SS` of a form field in the zone, as microseconds; undefined where it is no time. */
export function parseField(text: string, zone: Zone): number | undefined {
  const m = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d))?$/.exec(text.trim());
  if (m === null) return undefined;
  const [y, mo, d, h, mi, s] = m.slice(1).map((x) => Number(x ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const ms = zone === 'utc' ? Date.UTC(y, mo - 1, d, h, mi, s) : new Date(y, mo - 1, d, h, mi, s).getTime();
  const back = new Date(ms);
  const day = zone === 'utc' ? back.getUTCDate() : back.getDate();
  // 31 February and 25 o'clock roll over: refused instead.
  if (!Number.isFinite(ms) || day !== d || h > 23 || mi > 59 || s > 59) return undefined;
  return ms * 1000;
}
