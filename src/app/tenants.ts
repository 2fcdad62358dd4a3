/** Tenants of an installation: its own, and the demo's while there is one. */
export const DEFAULT_TENANT = 'default';
export const DEMO_TENANT = 'demo';

/** The first is the one shown at login: with `--demo`, the demo. */
export function tenantsOf(demoRuns: boolean, demoIsThere: boolean): { id: string; title: string }[] {
  const own = { id: DEFAULT_TENANT, title: 'This installation' };
  const demo = { id: DEMO_TENANT, title: 'Demo company' };
  if (demoRuns) return [demo, own];
  return demoIsThere ? [own, demo] : [own];
}
