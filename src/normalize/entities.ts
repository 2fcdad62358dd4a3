/**
 * Whom and what an event speaks of, as `kind:value` in one canonical spelling, so that pivots find the same thing
 * whatever the source. Kinds: ip, user, host, domain, hash, cert, key. Values are as observed (`corp\alice` and
 * `alice` stay two; aliases are joined at query time), lower-cased but for cert (upper-case hex) and key (as written).
 * Held by `entities.test.ts`.
 */
import { ENTITIES_MAX, type EventFields, type FieldValue } from '../model/event.ts';
import { parseIp } from '../model/ip.ts';

type Kind = 'ip' | 'user' | 'host' | 'domain' | 'hash' | 'cert' | 'key';

/** Longer values are no entity. */
export const ENTITY_CHARS_MAX = 512;

const FROM: readonly (readonly [string, Kind])[] = [
  ['source.ip', 'ip'],
  ['destination.ip', 'ip'],
  ['client.ip', 'ip'],
  ['server.ip', 'ip'],
  ['host.ip', 'ip'],
  ['source.nat.ip', 'ip'],
  ['destination.nat.ip', 'ip'],
  ['related.ip', 'ip'],
  ['user.name', 'user'],
  ['user.effective.name', 'user'],
  ['user.target.name', 'user'],
  ['related.user', 'user'],
  ['host.name', 'host'],
  ['host.hostname', 'host'],
  ['source.domain', 'domain'],
  ['destination.domain', 'domain'],
  ['url.domain', 'domain'],
  ['dns.question.name', 'domain'],
  ['x509.subject.common_name', 'domain'],
  ['x509.alternative_names', 'domain'],
  ['file.hash.sha256', 'hash'],
  ['file.hash.sha1', 'hash'],
  ['file.hash.md5', 'hash'],
  ['process.hash.sha256', 'hash'],
  ['process.hash.sha1', 'hash'],
  ['process.hash.md5', 'hash'],
  ['tls.client.hash.sha256', 'hash'],
  ['certificate.fingerprint.sha256', 'hash'],
  ['x509.serial_number', 'cert'],
  ['certificate.previous_serial', 'cert'],
  ['key.id', 'key'],
  ['key.previous_id', 'key'],
];
/** A host name or wildcard; certificate names may be e-mail addresses or free text, which are no domains. */
const DOMAIN = /^(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)+$/;

/** `kind:value` in the canonical spelling; undefined where the value is none of that kind. */
export function entity(kind: Kind, value: string): string | undefined {
  if (value === '' || value.length > ENTITY_CHARS_MAX) return undefined;
  switch (kind) {
    case 'ip': {
      const ip = parseIp(value);
      return ip === undefined ? undefined : `ip:${ip}`;
    }
    case 'domain': {
      const ip = parseIp(value);
      if (ip !== undefined) return `ip:${ip}`;
      const name = withoutDot(value.toLowerCase());
      return DOMAIN.test(name) ? `domain:${name}` : undefined;
    }
    case 'host':
      return `host:${withoutDot(value.toLowerCase())}`;
    case 'user':
    case 'hash':
      return `${kind}:${value.toLowerCase()}`;
    case 'cert':
    case 'key':
      return `${kind}:${value}`;
  }
}
const withoutDot = (s: string): string => (s.length > 1 && s.endsWith('.') ? s.slice(0, -1) : s);

/** Everything the event speaks of, without repeats, at most ENTITIES_MAX, in the order of the table above. */
export function entitiesOf(fields: EventFields): readonly string[] {
  const out: string[] = [];
  for (const [name, kind] of FROM) {
    const v = fields.get(name);
    if (v !== undefined && v !== null) addAll(out, kind, v);
  }
  return out;
}

function addAll(out: string[], kind: Kind, value: FieldValue): void {
  if (!Array.isArray(value)) return addOne(out, kind, value as string | number | boolean);
  for (const v of value as readonly (string | number | boolean | null)[]) {
    if (out.length >= ENTITIES_MAX) return;
    if (v !== null) addOne(out, kind, v);
  }
}

function addOne(out: string[], kind: Kind, value: string | number | boolean): void {
  const e = entity(kind, typeof value === 'string' ? value : String(value));
  if (e !== undefined && out.length < ENTITIES_MAX && !out.includes(e)) out.push(e);
}
