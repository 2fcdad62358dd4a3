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

/** Longest-prefix lookup: one Map per prefix length that occurs, keyed by the masked address. */
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

const keyOf = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

/** Builds a table; throws on an entry that is no CIDR (an operator's list: say which one) or past NETWORKS_MAX. */
export function networkTable<T>(entries: readonly (readonly [string, T])[]): NetworkTable<T> {
  if (entries.length > NETWORKS_MAX) {
    throw new Error(`networks: ${entries.length} entries, at most ${NETWORKS_MAX} are allowed`);
  }
  const byBits = new Map<number, Map<string, T>>();
  for (const [cidr, value] of entries) {
    const p = parseCidr(cidr);
    if (p === undefined) throw new Error(`networks: '${cidr}' is not an address or CIDR (like 10.20.0.0/16)`);
    const level = byBits.get(p.bits) ?? new Map<string, T>();
    level.set(keyOf(p.bytes), value);
    byBits.set(p.bits, level);
  }
  const levels = [...byBits.entries()].sort((a, b) => b[0] - a[0]);
  return {
    size: entries.length,
    lookup: (address) => {
      for (const [bits, level] of levels) {
        const hit = level.get(keyOf(masked(address, bits)));
        if (hit !== undefined) return hit;
      }
      return undefined;
    },
  };
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
