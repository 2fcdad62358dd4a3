/**
 * Short names for fields and entities, as data. A quoted field name (`"src_ip":x`) is never an alias, so a JSON key of
 * that name stays reachable. Held by `parse.test.ts`.
 */
import { HOT_FIELDS } from '../model/catalogue.ts';

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
  /** Entity names of this kind are lower case. */
  readonly lower: boolean;
};

/** `ip:10.0.1.5` asks for the entity: everything that address did or suffered, whichever field it stands in. */
export const ENTITY_KINDS: ReadonlyMap<string, EntityKind> = new Map([
  ['ip', { fields: ['source.ip', 'destination.ip'], lower: true }],
  ['user', { fields: ['user.name', 'user.target.name', 'user.effective.name'], lower: false }],
  ['host', { fields: ['host.name'], lower: false }],
  [
    'domain',
    {
      fields: ['source.domain', 'destination.domain', 'dns.question.name', 'url.domain'],
      lower: true,
    },
  ],
  ['hash', { fields: ['file.hash.sha256', 'tls.client.hash.sha256'], lower: true }],
  ['cert', { fields: ['x509.serial_number'], lower: false }],
  ['key', { fields: ['key.id'], lower: false }],
]);

/** Names that completion offers: fields, aliases, entity kinds. */
export const KNOWN_NAMES: ReadonlySet<string> = new Set([
  ...HOT_FIELDS.map((d) => d.name),
  ...ALIASES.keys(),
  ...ENTITY_KINDS.keys(),
]);
