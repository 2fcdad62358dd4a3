/** What an audit entry says in its detail (JSON), as a line people read. Held by audit-text.test.ts. */
import { timeText } from './time-format.ts';
import type { Zone } from './time-range.ts';

/** Microseconds of the years 2001 to 2286 have 16 digits. */
const isTime = (v: unknown): v is number => typeof v === 'number' && v >= 1e15 && v < 1e16;

/** `query: odd · from: 2026-11-24 10:00:00`; text that is no JSON object stays as it is. */
export function auditText(detail: string, zone: Zone): string {
  let data: unknown;
  try {
    data = JSON.parse(detail);
  } catch {
    return detail;
  }
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return detail;
  return Object.entries(data)
    .filter(([, v]) => v !== '' && v !== null)
    .map(([k, v]) => `${k}: ${isTime(v) ? timeText(v, zone) : typeof v === 'string' ? v : JSON.stringify(v)}`)
    .join(' · ');
}

/** Outcomes that are nothing to worry about; every other is shown as a failure. */
const GOOD: ReadonlySet<string> = new Set(['ok', 'success', 'asked']);
export const outcomeIsGood = (outcome: string): boolean => GOOD.has(outcome);
