/** Which retention class an event belongs to, by what it is. Classes are partition keys: few, and fixed. */
import type { EventFields, Origin } from '../model/event.ts';

export const RETENTION_CLASSES = ['auth', 'network', 'app', 'evidence', 'demo'] as const;
export type RetentionClass = (typeof RETENTION_CLASSES)[number];
/** Days of each class; the config may change them. */
export type RetentionDays = Readonly<Record<RetentionClass, number>>;
export const RETENTION_DEFAULT: RetentionDays = { auth: 365, network: 90, app: 30, evidence: 2555, demo: 60 };

const EVIDENCE = /^(certificate|key)_/;

export function retentionClass(fields: EventFields, origin: Origin): RetentionClass {
  if (origin === 'demo') return 'demo';
  const action = fields.text('event.action');
  if (action !== undefined && EVIDENCE.test(action)) return 'evidence';
  const category = fields.get('event.category');
  if (!Array.isArray(category)) return 'app';
  if (category.includes('authentication') || category.includes('iam') || category.includes('session'))
    return 'auth';
  if (category.includes('network')) return 'network';
  return 'app';
}
