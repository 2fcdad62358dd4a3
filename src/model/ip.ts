/**
 * IP addresses as text. One canonical form everywhere (RFC 5952 for IPv6; IPv4-mapped IPv6 folds to IPv4), so that
 * the same address compares equal live, in the store and in entity names.
 */
import ipaddr from 'ipaddr.js';

const V4 =
  /^(25[0-5]|2[0-4]\d|1?\d?\d)\.(25[0-5]|2[0-4]\d|1?\d?\d)\.(25[0-5]|2[0-4]\d|1?\d?\d)\.(25[0-5]|2[0-4]\d|1?\d?\d)$/;

/** Canonical text of an address, or undefined where it is none. Accepts brackets and a zone id (dropped). */
export function parseIp(text: string): string | undefined {
  const m = V4.exec(text);
  if (m !== null && !/(^|\.)0\d/.test(text)) return text;
  if (text.length > 64 || !text.includes(':')) return undefined;
  let s = text;
  if (s.startsWith('[') && s.endsWith(']')) s = s.slice(1, -1);
  const zone = s.indexOf('%');
  if (zone > 0) s = s.slice(0, zone);
  // A dotted tail with a leading zero is octal to some and decimal to others.
  if (/[:.]0\d+(?:\.|$)/.test(s) && s.includes('.')) return undefined;
  s = withoutDots(s);
  if (!ipaddr.IPv6.isValid(s)) return undefined;
  const v6 = ipaddr.IPv6.parse(s);
  if (v6.isIPv4MappedAddress()) return v6.toIPv4Address().toString();
  return v6.toRFC5952String();
}

/** A dotted tail as hex groups: ipaddr.js takes `::1.2.3.4` for the mapped `::ffff:1.2.3.4`, which is another address. */
const withoutDots = (s: string): string =>
  s.replace(/:(\d{1,3})[.](\d{1,3})[.](\d{1,3})[.](\d{1,3})$/, (all, ...octets: string[]) => {
    const [a, b, c, d] = octets.slice(0, 4).map(Number) as [number, number, number, number];
    if (a > 255 || b > 255 || c > 255 || d > 255) return all;
    return `:${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  });

/** 16 bytes, IPv4 as ::ffff:a.b.c.d; undefined where the text is no address. */
export function ipBytes(text: string): Uint8Array | undefined {
  const m = V4.exec(text);
  if (m !== null) {
    const out = new Uint8Array(16);
    out[10] = 0xff;
    out[11] = 0xff;
    for (let i = 0; i < 4; i++) out[12 + i] = Number(m[i + 1]);
    return out;
  }
  if (!ipaddr.IPv6.isValid(text)) return undefined;
  return Uint8Array.from(ipaddr.IPv6.parse(text).toByteArray());
}
