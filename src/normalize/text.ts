/**
 * Small pieces that text sources share. Contract: linear in the text, no throw; none of them looks beyond what it is
 * given (sources give them `head(message)`). Held by the sources' golden files and `text.test.ts`.
 */
import type { EventFields } from '../model/event.ts';
import { parseIp } from '../model/ip.ts';

/** Sources of text lines look at this many UTF-16 units of a message; the whole stays in `message` and in the raw bytes. */
export const HEAD_CHARS = 8192;

export const head = (message: string): string =>
  message.length > HEAD_CHARS ? message.slice(0, HEAD_CHARS) : message;

/**
 * What some parsers take for an IPv4 address and others do not, or for another one: decimal, hex, octal, zero-padded. It is
 * no host name, and which address it means is not guessed.
 */
export const ODD_ADDRESS = /^(?:[\d.]+|0x[0-9a-f]+(?:\.(?:0x)?[0-9a-f]+)*)$/i;

/** Sets `<side>.ip` where the text is an address, else `<side>.domain`; and the port. */
export function setPeer(
  out: EventFields,
  side: 'source' | 'destination',
  address: string,
  port?: string,
): void {
  if (address !== '') {
    const ip = parseIp(address);
    if (ip !== undefined) out.set(`${side}.ip`, ip);
    else if (ODD_ADDRESS.test(address))
      out.set(`${side}.ip`, address); // kept as invalid.<side>.ip
    else if (address !== 'UNKNOWN' && address !== '-') out.set(`${side}.domain`, address.toLowerCase());
  }
  if (port !== undefined && port !== '') out.set(`${side}.port`, port);
}

/** Keys kept by `pairs`. */
export const PAIRS_MAX = 128;

/**
 * `key=value` words separated by blanks (values without blanks, may be empty) -> Map, the first of a key wins, so that
 * text at the end which an attacker chose cannot replace what stands before it. Words without `=` go to `bare`.
 */
export function pairs(text: string, bare?: string[]): Map<string, string> {
  const out = new Map<string, string>();
  let i = 0;
  while (i < text.length && out.size < PAIRS_MAX) {
    if (text.charCodeAt(i) === 32) {
      i++;
      continue;
    }
    let end = text.indexOf(' ', i);
    if (end < 0) end = text.length;
    const eq = text.indexOf('=', i);
    if (eq > i && eq < end) {
      const key = text.slice(i, eq);
      if (!out.has(key)) out.set(key, text.slice(eq + 1, end));
    } else if (bare !== undefined && bare.length < PAIRS_MAX) bare.push(text.slice(i, end));
    i = end + 1;
  }
  return out;
}

/** A quoted string at `i` (the opening quote) with backslash escapes left as they are; `end` is after the closing quote. */
export function quoted(
  text: string,
  i: number,
): { readonly value: string; readonly end: number } | undefined {
  if (text.charCodeAt(i) !== 34) return undefined;
  for (let k = i + 1; k < text.length; k++) {
    const c = text.charCodeAt(k);
    if (c === 92) k++;
    else if (c === 34) return { value: text.slice(i + 1, k), end: k + 1 };
  }
  return undefined;
}

/** `name(uid=0)` -> name and id; either may be empty. */
export function nameAndUid(text: string): { readonly name: string; readonly uid: string } {
  const open = text.indexOf('(uid=');
  if (open < 0) return { name: text, uid: '' };
  const close = text.indexOf(')', open);
  return { name: text.slice(0, open), uid: text.slice(open + 5, close < 0 ? text.length : close) };
}
