/**
 * What an event says about a certificate, whichever source said it: names, issuer, serial, lifetime. And by which tokens
 * two events are known to speak of the same certificate, or of one for the same names.
 *
 * Held by `certificates.test.ts`.
 */
import { createHash } from 'node:crypto';
import { fieldOf, textOfField } from '../attempts.ts';
import { textsOfField } from '../group-keys.ts';
import type { MatchedEvent } from '../../model/match.ts';
import { DAY_US } from './usual.ts';

/** Names of one certificate that are kept, and characters of them all. */
export const NAMES_MAX = 100;
export const NAMES_CHARS_MAX = 4096;
/** Characters of a name (RFC 1035, 2.3.4, as written); longer ones are none. */
export const NAME_CHARS_MAX = 253;
/** Characters of a serial, issuer, id, service, requester; longer ones are cut. */
export const TEXT_CHARS_MAX = 512;

export type Sighting = {
  readonly action: string;
  readonly failed: boolean;
  readonly serial: string;
  readonly previousSerial: string;
  readonly issuer: string;
  readonly issuerName: string;
  readonly fingerprint: string;
  /** The store's own id (ARN, URL). */
  readonly id: string;
  /** Common name, '' where absent. */
  readonly common: string;
  /** Lower case, without trailing dots, sorted, each once. */
  readonly names: readonly string[];
  /** Microseconds; undefined where nobody said. */
  readonly notBefore: number | undefined;
  readonly notAfter: number | undefined;
  /** `notAfter` was computed from a number of days. */
  readonly rough: boolean;
  /** What uses it, as far as the event says. */
  readonly service: string;
  readonly requester: string;
  readonly revoked: boolean;
};

const clean = (name: string): string => name.trim().toLowerCase().replace(/\.$/, '');
const cleanName = (name: string): string => {
  const own = clean(name);
  return own.length > NAME_CHARS_MAX ? '' : own;
};

/** Sorted, each once, as far as there is room. */
function namesOf(given: readonly string[]): string[] {
  const sorted = [...new Set(given.filter((n) => n !== ''))].sort().slice(0, NAMES_MAX);
  let room = NAMES_CHARS_MAX;
  return sorted.filter((n) => {
    room -= n.length;
    return room >= 0;
  });
}

export function sightingOf(e: MatchedEvent): Sighting {
  const text = (name: string): string => textOfField(e, name).slice(0, TEXT_CHARS_MAX);
  const common = cleanName(text('x509.subject.common_name'));
  const alternative = textsOfField(fieldOf(e, 'x509.alternative_names')).map(cleanName);
  const names = namesOf([common, ...alternative]);
  const said = timeOf(e, 'x509.not_after');
  const days = fieldOf(e, 'certificate.days_left');
  const rough = said === undefined && typeof days === 'number';
  return {
    action: text('event.action'),
    failed: text('event.outcome') === 'failure',
    serial: text('x509.serial_number').toUpperCase(),
    previousSerial: text('certificate.previous_serial').toUpperCase(),
    issuer: clean(text('x509.issuer.common_name') || text('x509.issuer.distinguished_name')),
    issuerName:
      text('x509.issuer.common_name') ||
      text('x509.issuer.distinguished_name') ||
      text('certificate.authority'),
    fingerprint: text('certificate.fingerprint.sha256').toUpperCase(),
    id: text('certificate.id'),
    common,
    names,
    notBefore: timeOf(e, 'x509.not_before'),
    notAfter: rough ? e.ts + (days as number) * DAY_US : said,
    rough,
    service: serviceOf(e).slice(0, TEXT_CHARS_MAX),
    requester: text('certificate.requester'),
    revoked: text('certificate.status').toLowerCase() === 'revoked',
  };
}

function timeOf(e: MatchedEvent, name: string): number | undefined {
  const v = fieldOf(e, name);
  return typeof v === 'number' ? v : undefined;
}

function serviceOf(e: MatchedEvent): string {
  const service = textOfField(e, 'service.name');
  if (service !== '') return service;
  const server = textOfField(e, 'tls.client.server_name') || textOfField(e, 'destination.domain');
  const port = textOfField(e, 'destination.port');
  return server === '' || port === '' ? server : `${server}:${port}`;
}

/**
 * Tokens of what an event is about: its serial with its issuer, its fingerprint, its store id, the set of its names and
 * its first name. Two events with a token in common are about one certificate or about its renewal. A serial is
 * a token without its issuer too, because many CAs' own logs do not name themselves as the certificate does.
 */
export function tokensOf(
  s: Pick<Sighting, 'serial' | 'previousSerial' | 'fingerprint' | 'id' | 'common' | 'names'>,
): string[] {
  const out: string[] = [];
  if (s.serial !== '') out.push(`serial ${s.serial}`);
  if (s.previousSerial !== '') out.push(`serial ${s.previousSerial}`);
  if (s.fingerprint !== '') out.push(`print ${s.fingerprint}`);
  if (s.id !== '') out.push(`id ${s.id}`);
  const first = s.common !== '' ? s.common : s.names[0];
  if (first !== undefined) out.push(`name ${first}`);
  if (s.names.length > 1) out.push(setToken(s.names));
  return out;
}

/** Characters of a set of names up to which it is its own token. */
const SET_CHARS_MAX = 256;
/** One certificate's names are asked for at each of its events. */
const hashed = new WeakMap<readonly string[], string>();

export const setToken = (names: readonly string[]): string => `names ${setText(names)}`;
/** All the names; where they are many, the first and a hash of all. Equal for equal sets alone. */
export function setText(names: readonly string[]): string {
  const known = hashed.get(names);
  if (known !== undefined) return known;
  const all = names.join(' ');
  if (all.length <= SET_CHARS_MAX) return all;
  const hash = createHash('sha256').update(all).digest('hex').slice(0, 32);
  const text = `${names[0] ?? ''} and ${names.length - 1} more (${hash})`;
  hashed.set(names, text);
  return text;
}
