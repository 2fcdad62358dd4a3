/**
 * Which addresses Vigil may connect to on somebody's behalf. `public` is the open Internet; `private` is this machine and
 * local networks (only where the configuration allows them); `never` is what no notification has business with:
 * link-local and cloud metadata services, multicast, reserved and documentation ranges, and every IPv6 form that hides
 * an IPv4 address (mapped, compatible, NAT64, 6to4, Teredo). IPv6 is an allow-list: what is not known is refused.
 *
 * Ranges: IANA special-purpose address registries (RFC 6890). Held by `address.test.ts`.
 */
import { ipBytes } from '../model/ip.ts';

export type AddressKind = 'public' | 'private' | 'never';

/** First bytes and prefix length in bits. */
type Range = readonly [bytes: readonly number[], bits: number];

const V4_PRIVATE: readonly Range[] = [
  [[10], 8],
  [[127], 8],
  [[172, 16], 12],
  [[192, 168], 16],
  [[100, 64], 10],
  [[198, 18], 15],
];
const V4_NEVER: readonly Range[] = [
  [[0], 8],
  [[169, 254], 16],
  [[192, 0, 0], 24],
  [[192, 0, 2], 24],
  [[192, 88, 99], 24],
  [[198, 51, 100], 24],
  [[203, 0, 113], 24],
  [[224], 4],
  [[240], 4],
  // Metadata services that live outside link-local space.
  [[100, 100, 100, 200], 32],
  [[168, 63, 129, 16], 32],
];
const V6_PUBLIC: Range = [[0x20], 3];
const V6_NEVER: readonly Range[] = [
  // IETF protocol assignments: Teredo, ORCHID, benchmarking.
  [[0x20, 0x01, 0x00], 23],
  [[0x20, 0x01, 0x0d, 0xb8], 32],
  [[0x20, 0x02], 16],
  [[0x3f, 0xff, 0x00], 20],
  [[0xfd, 0x00, 0x0e, 0xc2], 32],
];
const V6_LOCAL: Range = [[0xfc], 7];

/** Kind of an address in text form; what is no address is `never`. */
export function addressKind(text: string): AddressKind {
  const bytes = ipBytes(text);
  if (bytes === undefined) return 'never';
  return text.includes(':') ? v6Kind(bytes) : v4Kind(bytes.subarray(12));
}

function v4Kind(b: Uint8Array): AddressKind {
  if (V4_NEVER.some((r) => within(b, r))) return 'never';
  return V4_PRIVATE.some((r) => within(b, r)) ? 'private' : 'public';
}

function v6Kind(b: Uint8Array): AddressKind {
  if (V6_NEVER.some((r) => within(b, r))) return 'never';
  if (within(b, V6_PUBLIC)) return 'public';
  const loopback = b.every((x, i) => x === (i === 15 ? 1 : 0));
  return loopback || within(b, V6_LOCAL) ? 'private' : 'never';
}

function within(address: Uint8Array, [bytes, bits]: Range): boolean {
  for (let i = 0; i * 8 < bits; i++) {
    const left = Math.min(8, bits - i * 8);
    const mask = (0xff << (8 - left)) & 0xff;
    if (((address[i] as number) & mask) !== ((bytes[i] ?? 0) & mask)) return false;
  }
  return true;
}
