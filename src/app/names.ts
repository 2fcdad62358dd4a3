/** Under which names this machine is reached, for the Host check and for links. */
import { hostname, networkInterfaces } from 'node:os';
import { isLoopback } from './doors.ts';

const WILDCARDS = new Set(['0.0.0.0', '::']);

/** Names and addresses besides loopback; a listener on all addresses is reached under each of the machine's own. */
export function ownNames(host: string): string[] {
  if (isLoopback(host)) return [];
  if (!WILDCARDS.has(host)) return [host];
  const addresses = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map((a) => a.address));
  return [hostname(), ...addresses];
}

/** A URL that a person can open: the machine's name where the listener has all addresses. */
export function shownUrl(url: string): string {
  const u = new URL(url);
  if (WILDCARDS.has(u.hostname.replace(/^\[|\]$/g, ''))) u.hostname = hostname();
  return u.href;
}
