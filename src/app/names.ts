/** Under which names this machine is reached, for the Host check and for links. */
import { hostname, networkInterfaces } from 'node:os';
import type { Config } from '../config/schema.ts';

const LOOPBACK = /^(127(\.\d{1,3}){3}|::1|localhost)$/;
/** Whether a listener there, or a peer from there, is this machine alone. */
export const isLoopback = (host: string): boolean => LOOPBACK.test(host);

const WILDCARDS = new Set(['0.0.0.0', '::']);

/** Names and addresses besides loopback; a listener on all addresses is reached under each of the machine's own. */
export function ownNames(host: string): string[] {
  if (isLoopback(host)) return [];
  if (!WILDCARDS.has(host)) return [host];
  const addresses = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map((a) => a.address));
  return [hostname(), ...addresses];
}

/**
 * What Vigil's own certificate is for: console and syslog share it, so it covers both. Without link-local addresses, which
 * come and go and would change the fingerprint.
 */
export function certificateHosts(config: Config): string[] {
  const { console: c, syslog: s } = config;
  const names = [...c.hosts, ...ownNames(c.host), ...(s.enabled ? ownNames(s.host) : [])];
  return [...new Set(names)].filter((n) => !/^fe[89ab][0-9a-f]:/i.test(n));
}

/** A URL that a person can open: the machine's name where the listener has all addresses. */
export function shownUrl(url: string): string {
  const u = new URL(url);
  if (WILDCARDS.has(u.hostname.replace(/^\[|\]$/g, ''))) u.hostname = hostname();
  return u.href;
}
