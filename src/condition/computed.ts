/**
 * Fields that any condition may ask for: where the event does not carry them, they are computed from it when asked. Their values
 * are the same live and in SQL (`src/query/sql-computed.ts`; held by `src/query/exact.int.test.ts`).
 *
 * - `certificate.days_to_expiry`: whole days from the event's time (`@timestamp`) to `x509.not_after`, negative once it
 *   has passed. For an event without that date, what its source says (`certificate.days_left`, a whole number).
 *   A judging that time drives asks it of an event whose `@timestamp` is the time of judging.
 * - `certificate.identity`: what tells one certificate from another: its SHA-256 fingerprint, else issuer and serial
 *   number. The key `certificate` of `exists(... for certificate in last 30 days)`.
 */
import type { EventFields, FieldValue } from '../model/event.ts';

export const DAYS_TO_EXPIRY = 'certificate.days_to_expiry';
export const CERTIFICATE_IDENTITY = 'certificate.identity';

const DAY_US = 86_400e6;
type Fields = Pick<EventFields, 'get'>;

const COMPUTED: ReadonlyMap<string, (fields: Fields) => FieldValue | undefined> = new Map<
  string,
  (fields: Fields) => FieldValue | undefined
>([
  [DAYS_TO_EXPIRY, daysToExpiry],
  [CERTIFICATE_IDENTITY, identity],
]);

export const COMPUTED_FIELDS: readonly string[] = [...COMPUTED.keys()];
export const isComputed = (field: string): boolean => COMPUTED.has(field);

/** What `fields.get` gives, or the computed value. */
export function fieldValue(fields: Fields, field: string): FieldValue | undefined {
  return reader(field)(fields);
}

/** `fields.get` for one field, the computed ones included; looked up once. */
export function reader(field: string): (fields: Fields) => FieldValue | undefined {
  const compute = COMPUTED.get(field);
  if (compute === undefined) return (fields) => fields.get(field);
  return (fields) => {
    const own = fields.get(field);
    return own === undefined ? compute(fields) : own;
  };
}

function daysToExpiry(fields: Fields): number | undefined {
  const [until, now] = [fields.get('x509.not_after'), fields.get('@timestamp')];
  if (typeof until === 'number' && typeof now === 'number') return Math.floor((until - now) / DAY_US);
  const said = textOf(fields, 'certificate.days_left');
  return said !== undefined && /^-?[0-9]{1,6}$/.test(said) ? Number(said) : undefined;
}

function identity(fields: Fields): string | undefined {
  const print = textOf(fields, 'certificate.fingerprint.sha256');
  if (print !== undefined) return print;
  const serial = textOf(fields, 'x509.serial_number');
  if (serial === undefined) return undefined;
  const issuer =
    textOf(fields, 'x509.issuer.distinguished_name') ?? textOf(fields, 'x509.issuer.common_name');
  return `${issuer ?? ''}/${serial}`;
}

/** The value of a field that has one, and is not empty. */
function textOf(fields: Fields, field: string): string | undefined {
  const v = fields.get(field);
  if (v === undefined || v === null || v === '' || Array.isArray(v)) return undefined;
  return String(v);
}
