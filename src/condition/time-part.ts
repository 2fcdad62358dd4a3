/**
 * Parts of a date (Sigma's time modifiers: minute, hour, day, week, month, year). Fields of type date hold microseconds
 * and are read as UTC; texts are read as they are written (`2026-03-05 14:23:01`, `2026-03-05T14:23:01Z`), without any
 * conversion of zones, as the specification says. Weeks are ISO 8601's. Held by `src/query/exact.int.test.ts` and
 * `test/conformance`.
 */
import type { FieldType } from '../model/catalogue.ts';

export const TIME_PARTS = ['minute', 'hour', 'day', 'week', 'month', 'year'] as const;
export type TimePart = (typeof TIME_PARTS)[number];

/** Groups: year, month, day, hour, minute. The clock time may be missing, the zone is not looked at. */
const WRITTEN = /^(\d{4})[-/.](\d{2})[-/.](\d{2})(?:[T ](\d{2}):(\d{2}))?(?:[:.,Zz+ -]|$)/;

/** The part as a number; undefined where the value is no date, or has no clock time and a part of it is asked for. */
export function timePart(text: string, type: FieldType | 'any', part: TimePart): number | undefined {
  if (type === 'date') {
    const us = Number(text);
    return Number.isFinite(us) ? ofDate(new Date(Math.floor(us / 1000)), part) : undefined;
  }
  const m = WRITTEN.exec(text);
  if (m === null) return undefined;
  if (m[4] === undefined && (part === 'minute' || part === 'hour')) return undefined;
  const n = (i: number): number => Number(m[i] ?? 0);
  const date = new Date(Date.UTC(n(1), n(2) - 1, n(3), n(4), n(5)));
  // 2026-02-31 is no date: it would silently become 3 March.
  if (date.getUTCMonth() !== n(2) - 1 || n(4) > 23 || n(5) > 59) return undefined;
  return ofDate(date, part);
}

function ofDate(d: Date, part: TimePart): number {
  switch (part) {
    case 'minute':
      return d.getUTCMinutes();
    case 'hour':
      return d.getUTCHours();
    case 'day':
      return d.getUTCDate();
    case 'week':
      return isoWeek(d);
    case 'month':
      return d.getUTCMonth() + 1;
    case 'year':
      return d.getUTCFullYear();
  }
}

/** The week that holds the year's first Thursday is 1 (ClickHouse's `toISOWeek`). */
function isoWeek(d: Date): number {
  const thursday = new Date(Date.UTC(d.getUTCFullYear(), d.getUTCMonth(), d.getUTCDate()));
  thursday.setUTCDate(thursday.getUTCDate() + 4 - (thursday.getUTCDay() || 7));
  const first = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  return Math.floor((thursday.getTime() - first) / (7 * 86_400e3)) + 1;
}

/** `<` and friends, and equality. */
export type TimePartOp = '<' | '<=' | '>' | '>=' | '==';

export function holdsPart(n: number, op: TimePartOp, value: number): boolean {
  switch (op) {
    case '<':
      return n < value;
    case '<=':
      return n <= value;
    case '>':
      return n > value;
    case '>=':
      return n >= value;
    case '==':
      return n === value;
  }
}
