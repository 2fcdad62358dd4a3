/**
 * The week of the company: how busy people, customers and machines are at a time. Held by `traffic.test.ts`.
 */
import { CLOCK_AHEAD_US, PEOPLE, type Person } from './company.ts';

const HOUR_US = 3600e6;
const DAY_US = 24 * HOUR_US;
export const WEEK_US = 7 * DAY_US;

export type Clock = { readonly weekday: number; readonly hour: number };
/** Weekday (0 = Sunday) and hour with fraction on the company's clock. */
export function clockOf(atUs: number): Clock {
  const local = atUs + CLOCK_AHEAD_US;
  // 1970-01-01 was a Thursday.
  return { weekday: (Math.floor(local / DAY_US) + 4) % 7, hour: (local % DAY_US) / HOUR_US };
}

const isWeekend = (c: Clock): boolean => c.weekday === 0 || c.weekday === 6;

/** How present a person is, 0 to 1: their hours with soft edges and a lunch dip, almost nothing at night. */
export function presence(p: Person, c: Clock): number {
  if (isWeekend(c)) return p.department === 'it' && c.hour > 9 && c.hour < 20 ? 0.06 : 0.005;
  if (c.hour < p.from || c.hour >= p.to) return p.department === 'it' ? 0.02 : 0.004;
  if (c.hour >= 11.75 && c.hour < 12.5) return 0.4;
  const edge = Math.min(c.hour - p.from, p.to - c.hour);
  return edge < 0.5 ? 0.6 + edge : 1;
}

/** At home on this day. */
export const atHome = (p: Person, c: Clock): boolean => p.homeDays.includes(c.weekday);

/** Share of all people at work, 0 to 1. */
export function peopleLoad(c: Clock): number {
  let sum = 0;
  for (const p of PEOPLE) sum += presence(p, c);
  return sum / PEOPLE.length;
}

/** Customers come by day, and in the evening too; fewer on weekends. */
export function customerLoad(c: Clock): number {
  const wave = 0.55 - 0.45 * Math.cos(((c.hour - 3) / 24) * 2 * Math.PI);
  return (isWeekend(c) ? 0.6 : 1) * wave;
}

/** Shares of the three in the traffic of a busy hour. */
export const SHARES = { people: 0.55, customers: 0.2, machines: 0.25 } as const;

/** Relative volume at a time. */
export function volume(atUs: number): number {
  const c = clockOf(atUs);
  return SHARES.people * peopleLoad(c) + SHARES.customers * customerLoad(c) + SHARES.machines;
}
