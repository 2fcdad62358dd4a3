/**
 * The certificates that events have spoken of: what is valid until when, for which names, by which CA, on which service.
 * One inventory per tenant and lane. Built from the certificate vocabulary of `src/model/vocabulary.ts`; no clock is read.
 *
 * - The same certificate from several sources (the CA's log, the wire, a store) is one record: known by serial and
 *   issuer, else fingerprint, else the store's id.
 * - A new serial for the same set of names is a renewal: what it replaces is superseded. So is `certificate.previous_serial`.
 * - Revoked, deleted, superseded and expired ones are out.
 *
 * Bounded: CERTIFICATES_MAX per inventory, CERTIFICATE_CHARS_MAX characters in all; what is out goes first, then the
 * longest unheard, which is counted. Held by `certificates.test.ts`.
 */
import type { EventId, MatchedEvent } from '../../model/match.ts';
import type { Origin } from '../../model/event.ts';
import { type Sighting, setToken, sightingOf, tokensOf } from './certificate.ts';

export const CERTIFICATES_MAX = 50_000;
/** Of all inventories together: what a snapshot can hold, however the characters are escaped. */
export const CERTIFICATE_CHARS_MAX = 48 * 1024 * 1024;
/** What a record takes beside its names and texts, characters. */
const RECORD_CHARS = 300;
/** Certificates that one token leads to: the newest; thousands may have one common name. */
export const HOLDERS_MAX = 256;
/** What is out is forgotten this long after its last sighting or expiry, microseconds. */
export const FORGET_US = 40 * 86_400e6;

export type Certificate = {
  readonly seq: number;
  serial: string;
  issuer: string;
  issuerName: string;
  fingerprint: string;
  id: string;
  common: string;
  names: readonly string[];
  notBefore: number | null;
  notAfter: number | null;
  rough: boolean;
  service: string;
  requester: string;
  state: 'valid' | 'revoked' | 'deleted' | 'superseded';
  /** Event time at which it was issued or imported; null where that was not heard. */
  madeAt: number | null;
  /** Event time from which on it is known to be a renewal of another; null where it is none. */
  renewalAt: number | null;
  /** Event time of the first and receive time of the last sighting. */
  firstSeen: number;
  lastSeen: number;
  /** The newest event about it. */
  event: {
    readonly id: EventId;
    readonly ts: number;
    readonly ingested: number;
    readonly source: string;
    readonly door: string;
    readonly sender: string;
  };
  /** Ids of rules that have spoken. */
  readonly fired: string[];
};

/** What an event changed. */
export type Change = {
  /** The certificate it is about, if it is one that can be told. */
  readonly certificate: Certificate | undefined;
  /** It is new here. */
  readonly added: boolean;
  /** The renewal that became known by it: it is newer than another one for the same names. */
  readonly renewal: Certificate | undefined;
};

export type InventoryState = {
  readonly next: number;
  readonly evicted: number;
  readonly certificates: readonly CertificateState[];
};
/** A list: fifty thousand records with names would be written every minute. */
type CertificateState = readonly [
  ids: readonly [seq: number, state: Certificate['state'], rough: 0 | 1],
  texts: readonly [string, string, string, string, string, string, string, string],
  names: readonly string[],
  times: readonly (number | null)[],
  event: readonly [number, number, number, number, number, string, string, string],
  fired: readonly string[],
];

const NOTHING: Change = { certificate: undefined, added: false, renewal: undefined };
/** Actions that show a certificate as it is; others only refer to one. */
const SHOWS: ReadonlySet<string> = new Set([
  'certificate_issued',
  'certificate_renewed',
  'certificate_imported',
  'certificate_observed',
  'certificate_validation_failed',
  'certificate_expiring',
  'certificate_renewal_failed',
  'tls_handshake',
  'mtls_handshake',
]);
/** Of these a certificate comes out only where they succeeded. */
const MAKES: ReadonlySet<string> = new Set([
  'certificate_issued',
  'certificate_renewed',
  'certificate_imported',
]);

export class Inventory {
  readonly tenant: string;
  readonly origin: Origin;
  readonly #max: number;
  readonly #bySeq = new Map<number, Certificate>();
  /** Token -> certificates, by `seq`. */
  readonly #byToken = new Map<string, Certificate[]>();
  #next = 0;
  /** About what a snapshot of it takes, characters. */
  chars = 0;
  evicted = 0;

  constructor(tenant: string, origin: Origin, max = CERTIFICATES_MAX) {
    this.tenant = tenant;
    this.origin = origin;
    this.#max = max;
  }

  get size(): number {
    return this.#bySeq.size;
  }
  get(seq: number): Certificate | undefined {
    return this.#bySeq.get(seq);
  }
  all(): IterableIterator<Certificate> {
    return this.#bySeq.values();
  }

  /** Certificates that share a token, in the order in which they came; of each token the newest. */
  about(tokens: readonly string[]): Certificate[] {
    const out = new Set<Certificate>();
    for (const t of tokens) for (const c of this.#byToken.get(t)?.slice(-HOLDERS_MAX) ?? []) out.add(c);
    return tokens.length === 1 ? [...out] : [...out].sort((a, b) => a.seq - b.seq);
  }

  update(e: MatchedEvent): Change {
    const s = sightingOf(e);
    const known = this.#find(s);
    if (s.action === 'certificate_revoked' && !s.failed) return this.#out(known, 'revoked', e);
    if (s.action === 'certificate_deleted' && !s.failed) return this.#out(known, 'deleted', e);
    if (s.action === 'certificate_expired') {
      if (known !== undefined) {
        known.notAfter ??= e.ts;
        this.#touch(known, e);
      }
      return known === undefined ? NOTHING : { certificate: known, added: false, renewal: undefined };
    }
    if (s.action === 'certificate_status_checked')
      return s.revoked ? this.#out(known, 'revoked', e) : NOTHING;
    if (!SHOWS.has(s.action) || (s.failed && MAKES.has(s.action))) return NOTHING;
    if (known !== undefined) {
      this.#learn(known, s, e);
      return { certificate: known, added: false, renewal: this.#supersede(known, s) };
    }
    // Without an end there is nothing to watch, and without an identity nothing to tell apart.
    if (
      s.notAfter === undefined ||
      (s.serial === '' && s.fingerprint === '' && s.id === '' && s.names.length === 0)
    )
      return NOTHING;
    const c = this.#add(s, e);
    return { certificate: c, added: true, renewal: this.#supersede(c, s) };
  }

  #find(s: Sighting): Certificate | undefined {
    const first = (token: string, fits: (c: Certificate) => boolean): Certificate | undefined =>
      this.about([token]).find(fits);
    const exact =
      (s.serial === ''
        ? undefined
        : first(
            `serial ${s.serial}`,
            (c) => c.serial === s.serial && (c.issuer === s.issuer || c.issuer === '' || s.issuer === ''),
          )) ??
      (s.fingerprint === '' ? undefined : first(`print ${s.fingerprint}`, () => true)) ??
      // A store keeps its id over a renewal: a new serial under it is another certificate.
      (s.id === ''
        ? undefined
        : first(`id ${s.id}`, (c) => c.state === 'valid' && (s.serial === '' || c.serial === '')));
    if (exact !== undefined) return exact;
    const alike = this.about(tokensOf(s)).filter((c) => c.state === 'valid');
    const same = alike.find((c) => likely(c, s));
    if (same !== undefined || s.serial !== '' || s.fingerprint !== '' || s.id !== '') return same;
    // Named only: the newest valid one of these names, or whose first name it is.
    return alike.reduce<Certificate | undefined>(
      (a, c) => (a === undefined || (c.notAfter ?? 0) > (a.notAfter ?? 0) ? c : a),
      undefined,
    );
  }

  #out(c: Certificate | undefined, state: Certificate['state'], e: MatchedEvent): Change {
    if (c === undefined) return NOTHING;
    this.#setState(c, state);
    this.#touch(c, e);
    return { certificate: c, added: false, renewal: undefined };
  }

  #touch(c: Certificate, e: MatchedEvent): void {
    c.lastSeen = Math.max(c.lastSeen, e.ingested);
    if (e.ts >= c.event.ts) c.event = eventOf(e);
    c.firstSeen = Math.min(c.firstSeen, e.ts);
    // The longest unheard goes first.
    this.#bySeq.delete(c.seq);
    this.#bySeq.set(c.seq, c);
  }

  /** Fills what was not known; an end that was said outright beats one that was computed, a later one an earlier. */
  #learn(c: Certificate, s: Sighting, e: MatchedEvent): void {
    this.#unlink(c);
    c.serial ||= s.serial;
    c.issuer ||= s.issuer;
    c.issuerName ||= s.issuerName;
    c.fingerprint ||= s.fingerprint;
    c.id ||= s.id;
    c.common ||= s.common;
    if (s.names.length > c.names.length) c.names = s.names;
    c.notBefore ??= s.notBefore ?? null;
    if (
      s.notAfter !== undefined &&
      (c.notAfter === null ||
        (c.rough && !s.rough) ||
        (!s.rough && s.serial === '' && s.notAfter > c.notAfter))
    ) {
      c.notAfter = s.notAfter;
      c.rough = s.rough;
    }
    if (MAKES.has(s.action) && s.action !== 'certificate_renewed') c.madeAt ??= e.ts;
    if (s.service !== '') c.service = s.service;
    c.requester ||= s.requester;
    this.#link(c);
    this.#touch(c, e);
  }

  #add(s: Sighting, e: MatchedEvent): Certificate {
    if (this.#bySeq.size >= this.#max) this.evict();
    const c: Certificate = {
      seq: this.#next++,
      serial: s.serial,
      issuer: s.issuer,
      issuerName: s.issuerName,
      fingerprint: s.fingerprint,
      id: s.id,
      common: s.common,
      names: s.names,
      notBefore: s.notBefore ?? null,
      notAfter: s.notAfter ?? null,
      rough: s.rough,
      service: s.service,
      requester: s.requester,
      state: 'valid',
      madeAt: MAKES.has(s.action) ? e.ts : null,
      renewalAt: s.action === 'certificate_renewed' ? e.ts : null,
      firstSeen: e.ts,
      lastSeen: e.ingested,
      event: eventOf(e),
      fired: [],
    };
    this.#bySeq.set(c.seq, c);
    this.#link(c);
    return c;
  }

  /**
   * Of the same names the one that ends last is the renewal, the others are superseded; so is what it says it replaces.
   * Gives the renewal where anything was superseded.
   */
  #supersede(c: Certificate, s: Sighting): Certificate | undefined {
    if (c.state !== 'valid') return undefined;
    let renewal: Certificate | undefined;
    const renews = (x: Certificate): void => {
      renewal = x;
      x.renewalAt ??= x.madeAt ?? x.notBefore ?? x.firstSeen;
    };
    for (const other of c.names.length === 0 ? [] : this.about([setToken(c.names)])) {
      if (other === c || other.state !== 'valid' || !sameNames(other, c)) continue;
      const [first, last] = (other.notAfter ?? 0) <= (c.notAfter ?? 0) ? [other, c] : [c, other];
      if ((first.notAfter ?? 0) === (last.notAfter ?? 0)) continue;
      this.#setState(first, 'superseded');
      renews(last);
      if (first === c) return renewal;
    }
    if (s.previousSerial === '') return renewal;
    for (const other of this.about([`serial ${s.previousSerial}`])) {
      if (other === c || other.serial !== s.previousSerial || other.state !== 'valid') continue;
      this.#setState(other, 'superseded');
      renews(c);
    }
    return renewal;
  }

  #setState(c: Certificate, state: Certificate['state']): void {
    this.#unlink(c);
    c.state = state;
    this.#link(c);
  }

  #link(c: Certificate): void {
    this.chars += charsOf(c);
    for (const t of linksOf(c)) {
      const list = this.#byToken.get(t);
      if (list === undefined) this.#byToken.set(t, [c]);
      else list.splice(placeOf(list, c), 0, c);
    }
  }
  #unlink(c: Certificate): void {
    this.chars -= charsOf(c);
    for (const t of linksOf(c)) {
      const list = this.#byToken.get(t) ?? [];
      const at = placeOf(list, c);
      if (list[at] === c) list.splice(at, 1);
      if (list.length === 0) this.#byToken.delete(t);
    }
  }

  /** Looks at the longest unheard ones for one that is out; otherwise the longest unheard goes. */
  evict(): void {
    let victim: Certificate | undefined;
    let looked = 0;
    for (const c of this.#bySeq.values()) {
      victim ??= c;
      if (c.state !== 'valid') {
        victim = c;
        break;
      }
      if (++looked >= 64) break;
    }
    if (victim === undefined) return;
    if (victim.state === 'valid') this.evicted++;
    this.#forget(victim);
  }
  #forget(c: Certificate): void {
    this.#bySeq.delete(c.seq);
    this.#unlink(c);
  }

  /** Lets go of what is out, or expired, and long unheard. */
  sweep(now: number): void {
    for (const c of [...this.#bySeq.values()]) {
      const over = c.state !== 'valid' || (c.notAfter !== null && c.notAfter < now);
      const last = Math.max(c.lastSeen, c.notAfter !== null && c.notAfter < now ? c.notAfter : 0);
      if (over && last < now - FORGET_US) this.#forget(c);
    }
  }

  state(): InventoryState {
    return { next: this.#next, evicted: this.evicted, certificates: [...this.#bySeq.values()].map(stateOf) };
  }
  restore(s: InventoryState): void {
    this.#next = s.next;
    this.evicted = s.evicted;
    for (const c of s.certificates) {
      const own = certificateOf(c);
      this.#bySeq.set(own.seq, own);
      this.#link(own);
    }
  }
}

const stateOf = (c: Certificate): CertificateState => [
  [c.seq, c.state, c.rough ? 1 : 0],
  [c.serial, c.issuer, c.issuerName, c.fingerprint, c.id, c.common, c.service, c.requester],
  c.names,
  [c.notBefore, c.notAfter, c.madeAt, c.renewalAt, c.firstSeen, c.lastSeen],
  [
    c.event.id.node,
    c.event.id.batch,
    c.event.id.ord,
    c.event.ts,
    c.event.ingested,
    c.event.source,
    c.event.door,
    c.event.sender,
  ],
  c.fired,
];

function certificateOf([ids, texts, names, times, event, fired]: CertificateState): Certificate {
  const [serial, issuer, issuerName, fingerprint, id, common, service, requester] = texts;
  const [notBefore = null, notAfter = null, madeAt = null, renewalAt = null, firstSeen, lastSeen] = times;
  const [node, batch, ord, ts, ingested, source, door, sender] = event;
  return {
    seq: ids[0],
    state: ids[1],
    rough: ids[2] === 1,
    ...{ serial, issuer, issuerName, fingerprint, id, common, service, requester, names },
    ...{ notBefore, notAfter, madeAt, renewalAt, firstSeen: firstSeen ?? 0, lastSeen: lastSeen ?? 0 },
    event: { id: { node, batch, ord }, ts, ingested, source, door, sender },
    fired: [...fired],
  };
}

/** What is out is found by its own identity alone: thousands of short-lived ones may have had the same names. */
function linksOf(c: Certificate): readonly string[] {
  const own = { serial: c.serial, previousSerial: '', fingerprint: c.fingerprint, id: c.id };
  if (c.state !== 'valid') return tokensOf({ ...own, common: '', names: [] });
  const tokens = tokensOf({ ...own, common: c.common, names: c.names });
  // Its only name may be the first of many others: those that have it alone are found by the set.
  return c.names.length === 1 ? [...tokens, setToken(c.names)] : tokens;
}

/** Where it stands, or would stand, in the order of `seq`. */
function placeOf(list: readonly Certificate[], c: Certificate): number {
  let lo = 0;
  let hi = list.length;
  while (lo < hi) {
    const mid = (lo + hi) >>> 1;
    if ((list[mid] as Certificate).seq < c.seq) lo = mid + 1;
    else hi = mid;
  }
  return lo;
}

function charsOf(c: Certificate): number {
  let n = RECORD_CHARS + c.serial.length + c.issuer.length + c.issuerName.length + c.fingerprint.length;
  n += c.id.length + c.common.length + c.service.length + c.requester.length;
  for (const name of c.names) n += name.length + 3;
  return n;
}

/** A store that knows no serial and somebody who saw it speak of one certificate: equal names, equal end. */
function likely(c: Certificate, s: Sighting): boolean {
  if (c.serial !== '' && s.serial !== '') return false;
  if (c.fingerprint !== '' && s.fingerprint !== '') return false;
  if (c.notAfter === null || s.notAfter === undefined) return false;
  return Math.abs(c.notAfter - s.notAfter) <= (c.rough || s.rough ? ROUGH_US : EXACT_US);
}
/** An end computed from whole days, and one that was said. */
const ROUGH_US = 2 * 86_400e6;
const EXACT_US = 60e6;

const sameNames = (a: Certificate, b: Certificate): boolean =>
  a.names.length > 0 && a.names.length === b.names.length && a.names.every((n, i) => n === b.names[i]);

const eventOf = (e: MatchedEvent): Certificate['event'] => ({
  id: e.id,
  ts: e.ts,
  ingested: e.ingested,
  source: e.source,
  door: e.door,
  sender: e.sender,
});
