/**
 * Offsets of IANA time zones, cached: `Intl` takes microseconds per call, a cached look-up tens of nanoseconds.
 * Contract: `zoneOffset` is exact for every instant since 1970 (transitions fall on quarter hours); an unknown zone
 * counts as UTC; memory is bounded by ZONES_MAX x QUARTERS_MAX. Held by `src/normalize/time.test.ts`.
 */

/** At most this many zones are kept; the oldest goes first. */
export const ZONES_MAX = 32;
/** At most this many quarter hours per zone are kept; then that zone's cache starts anew. */
export const QUARTERS_MAX = 8192;

type ZoneCache = { readonly format: Intl.DateTimeFormat | undefined; readonly quarters: Map<number, number> };
const zones = new Map<string, ZoneCache>();

function makeFormat(zone: string): Intl.DateTimeFormat | undefined {
  if (zone === 'UTC' || zone === '' || zone === 'Etc/UTC') return undefined;
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch {
    // Not a zone this runtime knows: the documented answer is UTC.
    return undefined;
  }
}

function cacheOf(zone: string): ZoneCache {
  const have = zones.get(zone);
  if (have !== undefined) return have;
  if (zones.size >= ZONES_MAX) {
    const oldest = zones.keys().next();
    if (oldest.done !== true) zones.delete(oldest.value);
  }
  const made: ZoneCache = { format: makeFormat(zone), quarters: new Map() };
  zones.set(zone, made);
  return made;
}

/** Seconds that local time in `zone` is ahead of UTC at `utcSeconds`. */
export function zoneOffset(zone: string, utcSeconds: number): number {
  const cache = cacheOf(zone);
  if (cache.format === undefined) return 0;
  const quarter = Math.floor(utcSeconds / 900);
  const have = cache.quarters.get(quarter);
  if (have !== undefined) return have;
  const offset = computeOffset(cache.format, quarter * 900);
  if (cache.quarters.size >= QUARTERS_MAX) cache.quarters.clear();
  cache.quarters.set(quarter, offset);
  return offset;
}

function computeOffset(format: Intl.DateTimeFormat, utcSeconds: number): number {
  const ms = utcSeconds * 1000;
  if (!(Math.abs(ms) <= 8.64e15)) return 0;
  const got: Record<string, number> = {};
  let bc = false;
  for (const p of format.formatToParts(ms)) {
    if (p.type === 'era') bc = p.value.startsWith('B');
    else got[p.type] = Number(p.value);
  }
  const year = bc ? 1 - (got['year'] ?? 1) : (got['year'] ?? 1970);
  const local = new Date(0);
  local.setUTCFullYear(year, (got['month'] ?? 1) - 1, got['day'] ?? 1);
  local.setUTCHours(got['hour'] ?? 0, got['minute'] ?? 0, got['second'] ?? 0, 0);
  return Math.round((local.getTime() - ms) / 1000);
}
