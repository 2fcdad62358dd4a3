/** Retention classes: partition keys of the event store, hence few and fixed. Days may be configured. */

export const RETENTION_CLASSES = ['auth', 'network', 'app', 'evidence', 'demo'] as const;
export type RetentionClass = (typeof RETENTION_CLASSES)[number];
/** Days of each class; the config may change them. */
export type RetentionDays = Readonly<Record<RetentionClass, number>>;
export const RETENTION_DEFAULT: RetentionDays = { auth: 365, network: 90, app: 30, evidence: 2555, demo: 60 };
