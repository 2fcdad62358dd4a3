/**
 * "Networks of ours": CIDR -> country, place, ASN, label; the longest prefix wins. And which addresses are private or
 * reserved (IANA special-purpose registries, RFC 6890). Held by `enrich.int.test.ts` and `networks.prop.test.ts`.
 */
import { ipBytes } from '../model/ip.ts';

export type NetworkEntry = {
  /** `10.0.0.0/8`, `2001:db8::/32`, or a single address. */
  readonly cidr: string;
  /** ISO 3166-1 alpha-2. */
  readonly country?: string;
  readonly place?: string;
  readonly asn?: number;
  readonly label?: string;
};

/** Entries of the product list. */
export const NETWORKS_MAX = 10_000;

/** Longest-prefix lookup of a 16-byte address (`ipBytes`). */
export type NetworkTable<T> = {
  readonly lookup: (address: Uint8Array) => T | undefined;
  readonly size: number;
};

type Prefix = { readonly bytes: Uint8Array; readonly bits: number };

/** 16-byte prefix (IPv4 as ::ffff:0:0/96), undefined where the text is no CIDR. Host bits are cleared. */
export function parseCidr(cidr: string): Prefix | undefined {
  const slash = cidr.indexOf('/');
  const address = slash < 0 ? cidr : cidr.slice(0, slash);
  const bytes = ipBytes(address);
  if (bytes === undefined) return undefined;
  const v4 = !address.includes(':');
  const max = v4 ? 32 : 128;
  const given = slash < 0 ? String(max) : cidr.slice(slash + 1);
  if (!/^\d{1,3}$/.test(given) || Number(given) > max) return undefined;
  const bits = Number(given) + (v4 ? 96 : 0);
  return { bytes: masked(bytes, bits), bits };
}

function masked(bytes: Uint8Array, bits: number): Uint8Array {
  const out = bytes.slice(0, 16);
  const whole = bits >> 3;
  if (whole < 16) {
    out[whole] = (out[whole] ?? 0) & (0xff00 >> (bits & 7));
    out.fill(0, whole + 1);
  }
  return out;
}

const text = (bytes: Uint8Array): string => String.fromCharCode(...bytes);
const isV4 = (b: Uint8Array): boolean =>
  b[10] === 0xff && b[11] === 0xff && b[9] === 0 && b[0] === 0 && b[1] === 0;
const last32 = (b: Uint8Array): number =>
  (((b[12] ?? 0) << 24) | ((b[13] ?? 0) << 16) | ((b[14] ?? 0) << 8) | (b[15] ?? 0)) >>> 0;
/** The first `bits` (0-32) of an IPv4 address as a number; `>>` by 32 would be none at all. */
const head32 = (address: number, bits: number): number => (bits === 0 ? 0 : (address >>> (32 - bits)) >>> 0);

/** One level per prefix length, longest first. IPv4 by number, as almost all lookups are; IPv6 by masked text. */
type Levels<K, T> = (readonly [number, Map<K, T>])[];

/** Builds a table; throws on an entry that is no CIDR (an operator's list: say which one) or past NETWORKS_MAX. */
export function networkTable<T>(entries: readonly (readonly [string, T])[]): NetworkTable<T> {
  if (entries.length > NETWORKS_MAX) {
    throw new Error(`networks: ${entries.length} entries, at most ${NETWORKS_MAX} are allowed`);
  }
  const v4: Levels<number, T> = [];
  const v6: Levels<string, T> = [];
  for (const [cidr, value] of entries) {
    const p = parseCidr(cidr);
    if (p === undefined) throw new Error(`networks: '${cidr}' is not an address or CIDR (like 10.20.0.0/16)`);
    if (p.bits >= 96 && isV4(p.bytes))
      level(v4, p.bits - 96).set(head32(last32(p.bytes), p.bits - 96), value);
    else level(v6, p.bits).set(text(p.bytes), value);
  }
  v4.sort((a, b) => b[0] - a[0]);
  v6.sort((a, b) => b[0] - a[0]);
  return {
    size: entries.length,
    lookup: (address) => (isV4(address) ? lookup4(v4, last32(address)) : lookup6(v6, address)),
  };
}

function level<K, T>(levels: Levels<K, T>, bits: number): Map<K, T> {
  const found = levels.find(([b]) => b === bits);
  if (found !== undefined) return found[1];
  const made = new Map<K, T>();
  levels.push([bits, made]);
  return made;
}

function lookup4<T>(levels: Levels<number, T>, address: number): T | undefined {
  for (const [bits, map] of levels) {
    const hit = map.get(head32(address, bits));
    if (hit !== undefined) return hit;
  }
  return undefined;
}

function lookup6<T>(levels: Levels<string, T>, address: Uint8Array): T | undefined {
  for (const [bits, map] of levels) {
    const hit = map.get(text(masked(address, bits)));
    if (hit !== undefined) return hit;
  }
  return undefined;
}

/** `private`: inside by definition. `reserved`: no place on the Internet, but not ours either. */
export type Special = 'private' | 'reserved';

const SPECIAL: readonly (readonly [string, Special])[] = [
  ['10.0.0.0/8', 'private'],
  ['172.16.0.0/12', 'private'],
  ['192.168.0.0/16', 'private'],
  ['127.0.0.0/8', 'private'],
  ['169.254.0.0/16', 'private'],
  ['::1/128', 'private'],
  ['fc00::/7', 'private'],
  ['fe80::/10', 'private'],
  ['0.0.0.0/8', 'reserved'],
  ['100.64.0.0/10', 'reserved'],
  ['192.0.0.0/24', 'reserved'],
  ['192.0.2.0/24', 'reserved'],
  ['198.18.0.0/15', 'reserved'],
  ['198.51.100.0/24', 'reserved'],
  ['203.0.113.0/24', 'reserved'],
  ['224.0.0.0/4', 'reserved'],
  ['240.0.0.0/4', 'reserved'],
  ['::/128', 'reserved'],
  ['2001:db8::/32', 'reserved'],
  ['3fff::/20', 'reserved'],
  ['ff00::/8', 'reserved'],
];

/** Table of special-purpose ranges. */
export const specialTable = (): NetworkTable<Special> => networkTable(SPECIAL);
