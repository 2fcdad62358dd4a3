/**
 * Short names for fields and entities, as data. A quoted field name (`"src_ip":x`) is never an alias, so a JSON key of
 * that name stays reachable. Held by `src/query/parse.test.ts`.
 */
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
  ['event_type', 'event.action'],
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
  ...ALIASES.keys(),
  ...ENTITY_KINDS.keys(),
]);
