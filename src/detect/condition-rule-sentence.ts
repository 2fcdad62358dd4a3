/**
 * What an alert of a condition rule says when its author wrote no sentence and one event decides: made from the shape of
 * the condition at load, filled by `src/alert/sentence.ts`. What stands in brackets is left out where the event lacks it.
 *
 * Held by `condition-rule.test.ts`.
 */
import type { Condition } from '../condition/tree.ts';
import type { SentenceSpec } from './rule.ts';

const NAMES = '{x509.subject.common_name|x509.alternative_names}';
const ISSUER = '{x509.issuer.common_name|x509.issuer.distinguished_name|certificate.authority}';

/** What makes one alert of a rule about certificates: the names and who issued, not the host that logged it. */
export const conditionEntity = (c: Condition): readonly string[] =>
  conditionSentence(c) === null
    ? []
    : [
        'x509.subject.common_name',
        'x509.alternative_names',
        'x509.issuer.common_name',
        'certificate.authority',
      ];

/** Null where there is nothing better to say than the title, who and where. */
export function conditionSentence(c: Condition): SentenceSpec | null {
  const seen: Seen = { fields: new Set(), unexpected: undefined };
  look(c, false, seen);
  if (![...seen.fields].some((f) => f.startsWith('x509.'))) return null;
  const expected =
    seen.unexpected === undefined ? '' : `[, which is no approved CA (expected: {@${seen.unexpected}})]`;
  return {
    kind: 'text',
    text: `Certificate for ${NAMES}[ issued by ${ISSUER}]${expected}[, requested by {certificate.requester}][ (serial {x509.serial_number})]`,
  };
}

type Seen = { readonly fields: Set<string>; unexpected: string | undefined };

function look(c: Condition, negated: boolean, seen: Seen): void {
  switch (c.kind) {
    case 'and':
    case 'or':
      for (const x of c.items) look(x, negated, seen);
      return;
    case 'not':
      look(c.item, !negated, seen);
      return;
    default:
      if (!('field' in c)) return;
      seen.fields.add(c.field);
      if (negated && c.kind === 'inlist' && c.field.startsWith('x509.issuer.')) seen.unexpected = c.list;
  }
}
