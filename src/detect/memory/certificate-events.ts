/**
 * Which events speak of certificates, and of certificates of ours: what the inventory is built from.
 *
 * A certificate is ours where a CA or store of ours says so (issued, renewed, imported, about to expire), or where it was
 * merely seen (on the wire, in a transparency log) and names a domain of the list `monitored_domains` or was served
 * by or to a host of ours. All the other certificates of the internet are nobody's outage here.
 */
import type { Condition } from '../../condition/tree.ts';

/** Said by what issues or keeps our certificates. */
export const OWN_ACTIONS = [
  'certificate_requested',
  'certificate_issued',
  'certificate_renewed',
  'certificate_renewal_failed',
  'certificate_imported',
  'certificate_expiring',
  'certificate_expired',
  'certificate_revoked',
  'certificate_deleted',
  'certificate_status_checked',
] as const;
/** Seen by whoever looks at traffic or logs of other people's CAs. */
export const SEEN_ACTIONS = [
  'certificate_observed',
  'certificate_validation_failed',
  'tls_handshake',
  'mtls_handshake',
] as const;
export const MONITORED_LIST = 'monitored_domains';
const HERE = ['inbound', 'internal'] as const;

/** Condition of the rule part that feeds the inventory. The list may be missing. */
export function certificateEvents(): Condition {
  const action = (values: readonly string[]): Condition => ({
    kind: 'equals',
    field: 'event.action',
    values: [...values],
    cased: true,
  });
  const named = (field: string): Condition => ({ kind: 'inlist', field, list: MONITORED_LIST });
  return {
    kind: 'or',
    items: [
      action(OWN_ACTIONS),
      {
        kind: 'and',
        items: [
          action(SEEN_ACTIONS),
          {
            kind: 'or',
            items: [
              named('x509.subject.common_name'),
              named('x509.alternative_names'),
              { kind: 'equals', field: 'network.direction', values: [...HERE], cased: true },
            ],
          },
        ],
      },
    ],
  };
}
