/**
 * Classes of events: names that stand for a condition over the vocabulary of `event.action`, in `count(...)`,
 * `exists(... in ...)` and behind `event.type ==`. Every action is a class of its own name; the rest are listed here and in
 * `docs/SEARCH.md` (held by `src/query/docs.test.ts`).
 */
import { ACTIONS } from '../../model/vocabulary.ts';
import type { Condition } from '../tree.ts';

const actions = (...values: string[]): Condition => ({
  kind: 'equals',
  field: 'event.action',
  values,
  cased: true,
});
const is = (field: string, value: string): Condition => ({
  kind: 'equals',
  field,
  values: [value],
  cased: true,
});
const authentication = (outcome: string): Condition => ({
  kind: 'and',
  items: [is('event.category', 'authentication'), is('event.outcome', outcome)],
});

/**
 * A renewal was done or tried: a failed attempt is one, and so is asking for a certificate of the same names. That a new
 * certificate for the same names counts, too, is the certificate inventory's to say.
 */
const RENEWAL = actions(
  'certificate_renewed',
  'certificate_renewal_failed',
  'certificate_requested',
  'certificate_denied',
);
const REQUESTS = actions('certificate_requested');

export type EventClass = { readonly condition: Condition; readonly about: string };

/** The classes that are no action. */
export const NAMED_CLASSES: ReadonlyMap<string, EventClass> = new Map([
  ['auth_failure', { condition: authentication('failure'), about: 'an authentication failed' }],
  ['auth_failures', { condition: authentication('failure'), about: 'the same' }],
  ['auth_success', { condition: authentication('success'), about: 'an authentication succeeded' }],
  [
    'auth_attempt',
    { condition: is('event.category', 'authentication'), about: 'somebody authenticated or tried' },
  ],
  ['renewal_event', { condition: RENEWAL, about: 'a certificate was renewed, or that was tried' }],
  ['certificate_request', { condition: REQUESTS, about: 'a certificate was asked for' }],
  ['certificate_requests', { condition: REQUESTS, about: 'the same' }],
  [
    'certificate_issuances',
    { condition: actions('certificate_issued', 'certificate_renewed'), about: 'a certificate was issued' },
  ],
  [
    'key_usage',
    { condition: actions('key_signed', 'key_accessed'), about: 'a key was used to sign, read or decrypt' },
  ],
]);

export const CLASSES: ReadonlyMap<string, EventClass> = new Map([
  ...[...ACTIONS.values()].map((a) => [a.name, { condition: actions(a.name), about: a.about }] as const),
  ...NAMED_CLASSES,
]);
