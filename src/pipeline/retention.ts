/** Which retention class an event belongs to, by what it is. Classes are partition keys: few, and fixed. */
import type { EventFields, Origin } from '../model/event.ts';
import type { RetentionClass } from '../model/retention.ts';

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
