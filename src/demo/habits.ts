/** What the activities of people share: where somebody sits, how seldom they mistype, what browsers they use. */
import type { Person } from './company.ts';
import { atHome, clockOf } from './rhythm.ts';
import type { World } from './world.ts';

export const MINUTE_US = 60e6;
/** One mistyped password per person in this time. */
export const MISTYPE_US = 30 * MINUTE_US;
export const AGENTS = [
  'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 15_1) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148',
] as const;

/** Where the person sits: the address that internal services see. */
export const ipOf = (p: Person, at: number): string => (atHome(p, clockOf(at)) ? p.vpnIp : p.officeIp);

export type Activity = (w: World, p: Person) => void;
