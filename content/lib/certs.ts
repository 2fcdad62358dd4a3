/**
 * Certificates as sources speak of them, to the one form that rules compare: serials as upper-case hex without
 * separators or leading zeros, names as plain lists, distinguished names with their CN taken out.
 * Held by `lib.test.ts`.
 */
import type { EventFields } from '../../src/model/event.ts';
import type { Json } from '../../src/normalize/source.ts';
import { list, text } from './json.ts';
import { certMicros } from './times.ts';

/** RFC 5280 allows 20 octets; some CAs exceed it. Longer text is no serial. */
const SERIAL_CHARS_MAX = 256;
/** Names kept per certificate. */
export const NAMES_MAX = 256;
const DN_CHARS_MAX = 8192;
const NAMES_CHARS_MAX = 64 * 1024;
const LABEL = /(?<=^|[,\s&])(?:DNS(?: ?Name)?|IP(?: ?Address)?|URI|URL|email|RFC822(?: ?Name)?)\s*[:=]\s*/gi;

/** Serial from hex text (`00:9a:FF`, `0x9aff`, `9A FF`); undefined where it is none. */
export function serialFromHex(serial: string | undefined): string | undefined {
  if (serial === undefined || serial.length > SERIAL_CHARS_MAX) return undefined;
  const hex = serial.replace(/^0x/i, '').replace(/[\s:-]/g, '');
  if (!/^[0-9a-fA-F]+$/.test(hex)) return undefined;
  return hex.replace(/^0+(?=.)/, '').toUpperCase();
}

/** Serial from decimal text (`1234567890`). */
export function serialFromDecimal(serial: string | undefined): string | undefined {
  if (serial === undefined || !/^\d{1,100}$/.test(serial)) return undefined;
  return BigInt(serial).toString(16).toUpperCase();
}

export type DistinguishedName = { readonly [part in 'CN' | 'O' | 'OU' | 'C' | 'L' | 'ST']?: string };

/** The parts of `CN=a,O=B\, Inc,C=US`, `CN = a, O = B` or `/C=US/O=B/CN=a`; the first of a repeated part counts. */
export function parseDn(dn: string): DistinguishedName {
  if (dn.length > DN_CHARS_MAX) return {};
  const out: Partial<Record<keyof DistinguishedName, string>> = {};
  const pieces = dn.startsWith('/')
    ? dn.slice(1).split(/\/(?=[A-Za-z.0-9]+=)/)
    : dn.split(/(?<!\\)[,+;]\s*(?=[A-Za-z.0-9]+\s*=)/);
  for (const piece of pieces) {
    const eq = piece.indexOf('=');
    const part = piece.slice(0, eq).trim().toUpperCase();
    const name = (part === 'S' ? 'ST' : part) as keyof DistinguishedName;
    if (eq < 1 || !['CN', 'O', 'OU', 'C', 'L', 'ST'].includes(name) || out[name] !== undefined) continue;
    out[name] = unescapeDn(piece.slice(eq + 1).trim());
  }
  return out;
}

const unescapeDn = (value: string): string =>
  value
    .replace(/^"(.*)"$/, '$1')
    .replace(/\\([,+"\\<>;=# ])/g, '$1')
    .trim();

/** Sets `x509.<side>.distinguished_name`, `.common_name`, `.organization`, `.country` from a DN. */
export function setDn(out: EventFields, side: 'subject' | 'issuer', dn: string | undefined): void {
  if (dn === undefined) return;
  out.set(`x509.${side}.distinguished_name`, dn);
  const parts = parseDn(dn);
  out.set(`x509.${side}.common_name`, parts.CN);
  out.set(`x509.${side}.organization`, parts.O);
  out.set(`x509.${side}.country`, parts.C);
}

/**
 * Names of a certificate from a list or from text such as `DNS:a, DNS:b, IP Address:192.0.2.1` or `DNS Name=a`.
 * Type labels go, duplicates go, order stays.
 */
export function altNames(v: Json | undefined): string[] {
  const seen = new Set<string>();
  for (const item of list(v)) {
    const bare = item.slice(0, NAMES_CHARS_MAX).replace(LABEL, ' ');
    for (const name of bare.split(/[,\s&]+/)) {
      if (name !== '' && seen.size < NAMES_MAX) seen.add(name);
    }
  }
  return [...seen];
}

/** Sets `x509.alternative_names` where there are any; further calls add. */
export function addNames(out: EventFields, v: Json | undefined): void {
  for (const name of altNames(v)) out.append('x509.alternative_names', name);
}

/** Sets `x509.not_before` / `x509.not_after`; a date that cannot be read is kept under `invalid.`. */
export function setValidity(out: EventFields, notBefore: Json | undefined, notAfter: Json | undefined): void {
  setDate(out, 'x509.not_before', notBefore);
  setDate(out, 'x509.not_after', notAfter);
}

function setDate(out: EventFields, name: string, v: Json | undefined): void {
  const raw = text(v);
  if (raw === undefined) return;
  out.set(name, certMicros(v) ?? raw);
}

const SPKI_TYPES: ReadonlyMap<string, string> = new Map([
  ['rsa', 'RSA'],
  ['ecdsa', 'EC'],
  ['ec', 'EC'],
  ['dsa', 'DSA'],
]);

/** `rsa` and `ecdsa` as key.algorithm spells them; anything else upper-cased. */
export const keyAlgorithm = (v: string | undefined): string | undefined =>
  v === undefined ? undefined : (SPKI_TYPES.get(v.toLowerCase()) ?? v.toUpperCase());

const REASONS: readonly string[] = [
  'unspecified',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  '',
  'removeFromCRL',
  'privilegeWithdrawn',
  'aACompromise',
];
const REASON_BY_WORD: ReadonlyMap<string, string> = new Map([
  ...REASONS.filter((r) => r !== '').map((r) => [r.toLowerCase(), r] as const),
  ['certificateauthoritycompromise', 'cACompromise'],
]);

/** RFC 5280 section 5.3.1 name from its number or any spelling (`KEY_COMPROMISE`, `key compromise`, `1`). */
export function revocationReason(v: string | undefined): string | undefined {
  if (v === undefined || v.length > 128) return undefined;
  if (/^\d{1,2}$/.test(v)) return REASONS[Number(v)] || undefined;
  return REASON_BY_WORD.get(v.toLowerCase().replace(/[^a-z]/g, '')) ?? v;
}

const VALIDATION: readonly (readonly [RegExp, string])[] = [
  [/self.?signed/i, 'self_signed'],
  [
    /host ?name|name mismatch|common name|altname|ip address mismatch|valid for .+ not|not valid for/i,
    'hostname',
  ],
  [/revoked/i, 'revoked'],
  [/not yet valid/i, 'not_yet_valid'],
  [/expired/i, 'expired'],
  [
    /issuer|chain|unknown ca|unknown authority|untrusted|trust|signature|verify the first|CA cert|leaf/i,
    'chain',
  ],
];

/** One word of `certificate.validation.reason` for a verifier's text (OpenSSL, Zeek, Go, browsers). */
export const validationReason = (v: string): string => VALIDATION.find(([re]) => re.test(v))?.[1] ?? 'other';
