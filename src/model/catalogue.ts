/**
 * The field catalogue: every field that has a typed ("hot") column of its own in the event store.
 *
 * Names are ECS 8 (https://www.elastic.co/guide/en/ecs/current); names under `vigil.` and `key.` are ours.
 * A field that is not listed here is kept as text in the `fields` map (see `docs/ARCHITECTURE.md`).
 * Contract: a value that does not fit its field's type never reaches the column; `EventFields.set` keeps it
 * as text under `invalid.<name>` instead, so that nothing is lost and live and stored values agree.
 */

/** How a value is typed in the column. `keyword` and `text` are strings; `date` is integer microseconds (UTC). */
export type FieldType = 'keyword' | 'text' | 'ip' | 'long' | 'double' | 'boolean' | 'date';

export type FieldDef = {
  /** Dotted ECS path. */
  readonly name: string;
  /** Column name in the `events` table. */
  readonly column: string;
  readonly type: FieldType;
  /** The column is an array (ECS "array of"). */
  readonly multi: boolean;
  /** Few distinct values: stored as LowCardinality(String). */
  readonly low: boolean;
  /** Written by the pipeline alone; a sender's own claim is kept under `claimed.`. */
  readonly ours: boolean;
  /** One line for completion and docs. */
  readonly about: string;
};

type Opts = { multi?: boolean; low?: boolean; ours?: boolean; column?: string };
const f = (name: string, type: FieldType, about: string, o: Opts = {}): FieldDef => ({
  name,
  column: o.column ?? name.replace(/^@/, '').replaceAll('.', '_'),
  type,
  multi: o.multi ?? false,
  low: o.low ?? false,
  ours: o.ours ?? false,
  about,
});
const low = { low: true } as const;

/** Fields that the pipeline writes. Columns exist for all of them; order is the table's column order. */
const OURS: readonly FieldDef[] = [
  f('vigil.tenant', 'keyword', 'tenant the event belongs to', { low: true, ours: true, column: 'tenant' }),
  f('vigil.retention', 'keyword', 'retention class', { low: true, ours: true, column: 'retention_class' }),
  f('vigil.retention_days', 'long', 'days until the event expires', { ours: true, column: 'retention_days' }),
  f('vigil.node', 'long', 'node that journaled the event', { ours: true, column: 'node' }),
  f('vigil.batch', 'long', 'journal batch', { ours: true, column: 'batch' }),
  f('vigil.ord', 'long', 'position in the journal batch', { ours: true, column: 'ord' }),
  f('@timestamp', 'date', 'event time as claimed, or receive time', { ours: true, column: 'ts' }),
  f('event.ingested', 'date', 'time of receipt (journal)', { ours: true, column: 'ingested' }),
  f('vigil.origin', 'keyword', 'live, import, demo or retro', { low: true, ours: true, column: 'origin' }),
  f('vigil.door', 'keyword', 'listener or puller it came by', { low: true, ours: true, column: 'door' }),
  f('vigil.sender', 'keyword', 'peer, file or unit it came from', {
    low: true,
    ours: true,
    column: 'sender',
  }),
  f('vigil.token', 'keyword', 'id of the ingest token used', { low: true, ours: true, column: 'token' }),
  f('vigil.source', 'keyword', 'what kind of log it is', { low: true, ours: true, column: 'source' }),
  f('vigil.parser', 'keyword', 'name@version of the parser', { low: true, ours: true, column: 'parser' }),
  f('vigil.status', 'keyword', 'parsed, partial, raw or quarantined', {
    low: true,
    ours: true,
    column: 'status',
  }),
];

/** Fields that normalisation writes. */
const MAPPED: readonly FieldDef[] = [
  f('message', 'text', 'human-readable text of the event'),
  f('event.kind', 'keyword', 'event, alert, metric, state', low),
  f('event.category', 'keyword', 'ECS category', { low: true, multi: true }),
  f('event.type', 'keyword', 'ECS type', { low: true, multi: true }),
  f('event.action', 'keyword', 'what happened (closed vocabulary)', low),
  f('event.outcome', 'keyword', 'success, failure, unknown', low),
  f('event.code', 'keyword', "the source's own event number", low),
  f('event.provider', 'keyword', 'program or channel that wrote it', low),
  f('event.dataset', 'keyword', 'ECS dataset', low),
  f('event.reason', 'keyword', 'why, as the source says', low),
  f('event.severity', 'long', "the source's own severity number"),
  f('log.level', 'keyword', 'level word', low),
  f('vigil.count', 'long', 'how many occurrences this one record stands for ("message repeated 5 times")'),
  f('host.name', 'keyword', 'host the event is about', low),
  f('service.name', 'keyword', 'service', low),
  f('user.name', 'keyword', 'acting user', low),
  f('user.id', 'keyword', 'uid, SID or id', low),
  f('user.domain', 'keyword', 'domain or realm', low),
  f('user.effective.name', 'keyword', 'user acted as (sudo, su)', low),
  f('user.target.name', 'keyword', 'user acted upon', low),
  f('source.ip', 'ip', 'where it came from'),
  f('source.port', 'long', 'source port'),
  f('source.domain', 'keyword', 'source host name', low),
  f('source.bytes', 'long', 'bytes sent by the source'),
  f('source.geo.country_iso_code', 'keyword', 'country of source.ip', low),
  f('source.as.number', 'long', 'ASN of source.ip'),
  f('source.as.organization.name', 'keyword', 'AS name of source.ip', low),
  f('destination.ip', 'ip', 'where it went'),
  f('destination.port', 'long', 'destination port'),
  f('destination.domain', 'keyword', 'destination host name', low),
  f('destination.bytes', 'long', 'bytes sent by the destination'),
  f('destination.geo.country_iso_code', 'keyword', 'country of destination.ip', low),
  f('destination.as.number', 'long', 'ASN of destination.ip'),
  f('destination.as.organization.name', 'keyword', 'AS name of destination.ip', low),
  f('network.transport', 'keyword', 'tcp, udp, icmp', low),
  f('network.protocol', 'keyword', 'http, dns, ssh, tls', low),
  f('network.direction', 'keyword', 'inbound, outbound, internal, external', low),
  f('network.bytes', 'long', 'bytes in both directions'),
  f('process.name', 'keyword', 'program name', low),
  f('process.pid', 'long', 'process id'),
  f('process.executable', 'keyword', 'path of the program', low),
  f('process.command_line', 'text', 'full command line'),
  f('process.parent.name', 'keyword', 'parent program', low),
  f('process.parent.executable', 'keyword', 'path of the parent', low),
  f('process.parent.command_line', 'text', "parent's command line"),
  f('file.path', 'text', 'path of the file'),
  f('file.hash.sha256', 'keyword', 'SHA-256 of the file'),
  f('registry.path', 'text', 'Windows registry path'),
  f('dns.question.name', 'keyword', 'name asked for'),
  f('url.path', 'text', 'path of the URL'),
  f('url.query', 'text', 'query of the URL'),
  f('url.domain', 'keyword', 'host of the URL', low),
  f('http.request.method', 'keyword', 'HTTP method', low),
  f('http.response.status_code', 'long', 'HTTP status'),
  f('user_agent.original', 'keyword', 'user agent', low),
  f('cloud.provider', 'keyword', 'aws, azure, gcp', low),
  f('cloud.account.id', 'keyword', 'cloud account', low),
  f('cloud.region', 'keyword', 'cloud region', low),
  f('x509.subject.common_name', 'keyword', 'certificate subject CN'),
  f('x509.alternative_names', 'keyword', 'certificate SANs', { multi: true }),
  f('x509.issuer.common_name', 'keyword', 'certificate issuer CN', low),
  f('x509.issuer.distinguished_name', 'keyword', 'certificate issuer DN', low),
  f('x509.serial_number', 'keyword', 'serial, upper-case hex without separators or leading zeros'),
  f('x509.not_before', 'date', 'valid from'),
  f('x509.not_after', 'date', 'valid until'),
  f('tls.client.hash.sha256', 'keyword', 'client certificate fingerprint'),
  f('key.id', 'keyword', 'key name, ARN, path or fingerprint'),
];

/** Every hot field, in column order. */
export const HOT_FIELDS: readonly FieldDef[] = [...OURS, ...MAPPED];

const BY_NAME: ReadonlyMap<string, FieldDef> = new Map(HOT_FIELDS.map((d) => [d.name, d]));

/** The catalogue entry of a dotted name, or undefined where the field lives in the `fields` map. */
export const hotField = (name: string): FieldDef | undefined => BY_NAME.get(name);

/**
 * Prefixes under which a sender's own claim for a field of ours is kept (`claimed.vigil.door`), and values that
 * did not fit their type (`invalid.source.port`).
 */
export const CLAIMED_PREFIX = 'claimed.';
export const INVALID_PREFIX = 'invalid.';
