/**
 * The computed fields of `src/condition/computed.ts` as SQL: text, NULL where the event has no such value.
 * Held by `exact.int.test.ts`.
 */
import { CERTIFICATE_IDENTITY, DAYS_TO_EXPIRY } from '../condition/computed.ts';
import { hotField } from '../model/catalogue.ts';
import { columnOf, type SqlParams } from './sql-params.ts';

const column = (field: string): string => {
  const def = hotField(field);
  if (def === undefined) throw new Error(`bug: ${field} has no column`);
  return columnOf(def);
};

/** What is computed where the event does not carry the field: `Nullable(String)`; undefined for any other field. */
export function computedSql(field: string, p: SqlParams): string | undefined {
  switch (field) {
    case DAYS_TO_EXPIRY: {
      const until = column('x509.not_after');
      const us = `toUnixTimestamp64Micro(assumeNotNull(${until})) - toUnixTimestamp64Micro(${column('@timestamp')})`;
      const said = `fields[${p.bind('String', 'certificate.days_left')}]`;
      return (
        `multiIf(isNotNull(${until}), toNullable(toString(toInt64(floor((${us}) / 86400000000)))), ` +
        `match(${said}, '^-?[0-9]{1,6}$'), toString(toInt64OrNull(toString(${said}))), NULL)`
      );
    }
    case CERTIFICATE_IDENTITY: {
      const print = `fields[${p.bind('String', 'certificate.fingerprint.sha256')}]`;
      const [dn, cn] = [column('x509.issuer.distinguished_name'), column('x509.issuer.common_name')];
      const serial = column('x509.serial_number');
      return (
        `multiIf(${print} != '', toNullable(toString(${print})), ` +
        `${serial} != '', concat(toString(if(${dn} != '', ${dn}, ${cn})), '/', toString(${serial})), NULL)`
      );
    }
    default:
      return undefined;
  }
}
