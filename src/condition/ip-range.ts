/**
 * CIDR ranges over 16-byte addresses (IPv4 as ::ffff:a.b.c.d), written as 32 hex digits, which sort like the numbers
 * they stand for. An IPv6 network never holds IPv4 addresses, even `::/0`. Host bits in the text are ignored, a bare
 * address is a network of one. Held by `evaluate.test.ts`.
 */
import { ipBytes, parseIp } from '../model/ip.ts';

export type IpRange = {
  readonly low: string;
  readonly high: string;
  /** The range spans the IPv4-mapped block without being an IPv4 network: mapped addresses are then outside. */
  readonly exceptMapped: boolean;
};

export const MAPPED_LOW = '00000000000000000000ffff00000000';
export const MAPPED_HIGH = '00000000000000000000ffffffffffff';

const V4_TEXT = /^\d{1,3}([.]\d{1,3}){3}$/;
/** Hex groups, perhaps a dotted tail without leading zeros, a zone of plain characters, brackets around it all. */
const V6_TEXT =
  /^\[?[0-9a-fA-F:]*:([0-9a-fA-F:]*|(0|[1-9]\d{0,2})([.](0|[1-9]\d{0,2})){3})(%[0-9A-Za-z._-]+)?\]?$/;

/**
 * 32 hex digits, or undefined where the text is no address. Narrower than `parseIp` (no octal or hex octets, no odd
 * zones), so that SQL can say the same.
 */
export function ipHex(text: string): string | undefined {
  if (!V4_TEXT.test(text) && !V6_TEXT.test(text)) return undefined;
  const canonical = parseIp(text);
  const bytes = canonical === undefined ? undefined : ipBytes(canonical);
  return bytes === undefined ? undefined : Buffer.from(bytes).toString('hex');
}

export function parseCidr(text: string): IpRange | undefined {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const bits = slash < 0 ? undefined : text.slice(slash + 1);
  if (bits !== undefined && !/^\d{1,3}$/.test(bits)) return undefined;
  const hex = ipHex(address);
  if (hex === undefined) return undefined;
  const v4 = !address.includes(':');
  const size = bits === undefined ? (v4 ? 32 : 128) : Number(bits);
  if (size > (v4 ? 32 : 128)) return undefined;
  const prefix = v4 ? size + 96 : size;
  const mask = ((1n << BigInt(128 - prefix)) - 1n) & ((1n << 128n) - 1n);
  const n = BigInt(`0x${hex}`);
  const low = digits(n & ~mask & ((1n << 128n) - 1n));
  const high = digits(n | mask);
  return { low, high, exceptMapped: prefix < 96 && low <= MAPPED_LOW && MAPPED_HIGH <= high };
}

const digits = (n: bigint): string => n.toString(16).padStart(32, '0');

/** Is the address (32 hex digits) in the range? */
export function inRange(hex: string, r: IpRange): boolean {
  if (hex < r.low || hex > r.high) return false;
  return !(r.exceptMapped && hex >= MAPPED_LOW && hex <= MAPPED_HIGH);
}

/** The 32 digits as IPv6 text that any parser takes (eight groups). */
export const hexToIpv6 = (hex: string): string => (hex.match(/.{4}/g) as string[]).join(':');
