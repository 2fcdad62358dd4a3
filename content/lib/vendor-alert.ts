/**
 * Alerts of other security products: what each of them calls severity, entity and link, in the same fields, so that one rule
 * makes alerts of ours of them (`content/rules/vendor/`).
 *
 *   event.kind       alert
 *   rule.name, rule.id, rule.category
 *   event.id         the vendor's id of the alert: absent for sensors that only count signatures
 *   event.reference  link into the vendor's console
 *   event.severity   the vendor's number
 *   alert.severity   the vendor's severity in our words (src/model/severity.ts)
 *
 * Held by the goldens of the sources that use it.
 */
import type { EventFields } from '../../src/model/event.ts';
import { severityOfNumber, type SeverityScale, severityOfWord } from '../../src/model/severity.ts';
import { applyAction, missingFields } from '../../src/model/vocabulary.ts';

export type VendorAlert = {
  /** `event.provider`: the product. */
  readonly provider: string;
  readonly id?: string | undefined;
  readonly name: string | undefined;
  readonly ruleId?: string | undefined;
  readonly category?: string | undefined;
  readonly description?: string | undefined;
  readonly link?: string | undefined;
  /** A word, or a number on a scale; the word is asked first. */
  readonly word?: string | undefined;
  readonly number?: number | undefined;
  readonly scale?: SeverityScale;
  readonly action?: 'ids_alert' | 'malware_detected' | 'security_alert';
};

const NAME_CHARS_MAX = 400;

export function vendorAlert(a: VendorAlert, out: EventFields): void {
  applyAction(out, a.action ?? 'security_alert');
  out.set('event.kind', 'alert');
  out.set('event.provider', a.provider);
  out.set('event.id', a.id);
  out.set('rule.name', (a.name ?? a.description ?? 'alert').slice(0, NAME_CHARS_MAX));
  out.set('rule.id', a.ruleId);
  out.set('rule.category', a.category);
  out.set('event.reference', a.link !== undefined && /^https:\/\//.test(a.link) ? a.link : undefined);
  if (a.number !== undefined && Number.isInteger(a.number)) out.set('event.severity', a.number);
  if (a.description !== undefined) out.set('message', a.description);
  out.set('alert.severity', severityOf(a));
  if (missingFields(out).length > 0) applyAction(out, 'security_alert');
}

function severityOf(a: VendorAlert): string | undefined {
  const worded = a.word === undefined ? undefined : severityOfWord(a.word);
  if (worded !== undefined) return worded;
  return a.number === undefined ? undefined : severityOfNumber(a.number, a.scale ?? 'ten');
}
