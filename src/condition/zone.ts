/**
 * The hour, minute, weekday and day of a time in a time zone. Times are integer microseconds; outside 1900 to 2299, which
 * is what the event store's dates hold, there is no answer. Daylight saving follows the IANA rules of the runtime.
 * Held by `expression.test.ts` and, against the store, by `src/query/exact.int.test.ts`.
 */
import { zoneOffset } from '../base/zone.ts';

/** 1900-01-01 and 2299-01-01, microseconds. */
export const CLOCK_US_MIN = -2_208_988_800_000_000;
export const CLOCK_US_MAX = 10_382_256_000_000_000;
const DAY_US = 86_400e6;

export type ClockPart = 'hour' | 'minute' | 'weekday' | 'day';

/** The zone's name as IANA writes it, or undefined where there is no such zone. */
export function zoneName(text: string): string | undefined {
  // Offsets such as "+02:00" are no zones: the store does not know them.
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(text)) return undefined;
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: text }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}

/** `zone` '' is UTC. Weekdays: Monday is 1. */
export function clockPart(us: number, part: ClockPart, zone: string): number | undefined {
  if (!(us >= CLOCK_US_MIN && us < CLOCK_US_MAX)) return undefined;
  const local = Math.floor(us) + zoneOffset(zone, Math.floor(us / 1e6)) * 1e6;
  switch (part) {
    case 'hour':
      return modulo(Math.floor(local / 3600e6), 24);
    case 'minute':
      return modulo(Math.floor(local / 60e6), 60);
    case 'weekday':
      // 1970-01-01 was a Thursday.
      return modulo(Math.floor(local / DAY_US) + 3, 7) + 1;
    case 'day':
      return new Date(Math.floor(local / 1000)).getUTCDate();
  }
}

const modulo = (n: number, by: number): number => ((n % by) + by) % by;
