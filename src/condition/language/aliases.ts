/**
 * Short names for fields and entities, as data. A quoted field name (`"src_ip":x`) is never an alias, so a JSON key of
 * that name stays reachable. Held by `src/query/parse.test.ts`.
 */
import { CERTIFICATE_IDENTITY, COMPUTED_FIELDS } from '../computed.ts';
import { HOT_FIELDS } from '../../model/catalogue.ts';

/** Short name -> field. */
export const ALIASES: ReadonlyMap<string, string> = new Map([
  ['time', '@timestamp'],
  ['timestamp', '@timestamp'],
  ['_time', '@timestamp'],
  ['src_ip', 'source.ip'],
  ['src', 'source.ip'],
  ['source_ip', 'source.ip'],
  ['src_port', 'source.port'],
  ['dst_ip', 'destination.ip'],
  ['dest_ip', 'destination.ip'],
  ['dst', 'destination.ip'],
  ['dst_port', 'destination.port'],
  ['dest_port', 'destination.port'],
  ['action', 'event.action'],
  ['category', 'event.category'],
  ['outcome', 'event.outcome'],
  ['event_id', 'event.code'],
  ['username', 'user.name'],
  ['hostname', 'host.name'],
  ['process', 'process.name'],
  ['pid', 'process.pid'],
  ['cmdline', 'process.command_line'],
  ['status_code', 'http.response.status_code'],
  ['method', 'http.request.method'],
  ['path', 'url.path'],
  ['program', 'event.provider'],
  ['source', 'vigil.source'],
  ['sender', 'vigil.sender'],
  ['door', 'vigil.door'],
  ['status', 'vigil.status'],
  ['level', 'log.level'],
  ['country', 'source.geo.country_iso_code'],
  ['issuer', 'x509.issuer.common_name'],
  ['serial', 'x509.serial_number'],
]);

/**
 * Names that stand for several fields, any of which may hold: ECS's `event.type` is often meant as what happened, and a
 * certificate's names and issuer have several homes. The first field is the one that pipes take.
 */
export const FIELD_GROUPS: ReadonlyMap<string, readonly string[]> = new Map([
  ['event.type', ['event.type', 'event.action']],
  ['event_type', ['event.action', 'event.type']],
  ['event.domain', ['x509.subject.common_name', 'x509.alternative_names']],
  // The logs of many CAs (Vault, AD CS, AWS) do not repeat the certificate's issuer: there it is the authority they name.
  [
    'event.issuer',
    [
      'x509.issuer.common_name',
      'x509.issuer.distinguished_name',
      'x509.authority_key_id',
      'certificate.authority',
    ],
  ],
]);
/** Behind these a class of events (`classes.ts`) may stand for a value. */
export const NAMES_OF_CLASSES: ReadonlySet<string> = new Set(['event.type', 'event_type']);

/** Keys of counts (`by`, `from`, `for`) that are no field: the first of these that the event has. */
export const KEY_ALIASES: ReadonlyMap<string, readonly string[]> = new Map([
  // Who asked for the certificate: the ACME account or whoever the CA names.
  ['source', ['certificate.requester', 'user.name', 'source.ip']],
  ['certificate', [CERTIFICATE_IDENTITY]],
  ['user', ['user.name']],
  ['host', ['host.name']],
  ['ip', ['source.ip']],
  ['domain', ['x509.subject.common_name', 'dns.question.name', 'url.domain', 'destination.domain']],
]);

export type EntityKind = {
  /** Fields asked where the value has wildcards, is a network or is compared by another operator than `:` or `==`. */
  readonly fields: readonly string[];
  /** The value in the spelling that entities have (those of the normaliser). */
  readonly canonical: (value: string) => string;
};

const lower = (v: string): string => v.toLowerCase();
const asWritten = (v: string): string => v;
const name = (v: string): string => (v.length > 1 && v.endsWith('.') ? v.slice(0, -1) : v).toLowerCase();
/** Serial numbers: upper-case hex without separators or leading zeros. */
const serial = (v: string): string =>
  /^[0-9a-fA-F:]+$/.test(v)
    ? v
        .replaceAll(':', '')
        .toUpperCase()
        .replace(/^0+(?=.)/, '')
    : v;

/** `ip:10.0.1.5` asks for the entity: everything that address did or suffered, whichever field it stands in. */
export const ENTITY_KINDS: ReadonlyMap<string, EntityKind> = new Map([
  ['ip', { fields: ['source.ip', 'destination.ip'], canonical: lower }],
  ['user', { fields: ['user.name', 'user.target.name', 'user.effective.name'], canonical: lower }],
  ['host', { fields: ['host.name'], canonical: name }],
  [
    'domain',
    {
      fields: [
        'source.domain',
        'destination.domain',
        'url.domain',
        'dns.question.name',
        'x509.subject.common_name',
        'x509.alternative_names',
      ],
      canonical: name,
    },
  ],
  ['hash', { fields: ['file.hash.sha256', 'tls.client.hash.sha256'], canonical: lower }],
  ['cert', { fields: ['x509.serial_number'], canonical: serial }],
  ['key', { fields: ['key.id'], canonical: asWritten }],
]);

/** Names that completion offers: fields, aliases, entity kinds. */
export const KNOWN_NAMES: ReadonlySet<string> = new Set([
  ...HOT_FIELDS.map((d) => d.name),
  ...COMPUTED_FIELDS,
  ...ALIASES.keys(),
  ...FIELD_GROUPS.keys(),
  ...ENTITY_KINDS.keys(),
]);
