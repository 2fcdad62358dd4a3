/**
 * One line of an access log in the common or combined format, as nginx and apache write it: optionally a virtual host or
 * a list of forwarded addresses in front, optionally further quoted values at the end. Used by the sources `apache` and
 * `nginx`. Contract: `undefined` (and nothing set) where the line is none; linear in the line.
 */
import type { EventFields } from '../../../src/model/event.ts';
import { parseIp } from '../../../src/model/ip.ts';
import { applyAction } from '../../../src/model/vocabulary.ts';
import { quoted, setPeer } from '../../../src/normalize/text.ts';
import { clfStamp, type TimeContext } from '../../../src/normalize/time.ts';

/** The stamp begins within this many characters. */
const STAMP_AT_MAX = 1024;

/** Index of the `[` of the stamp, -1 where the line has none. */
function stampAt(text: string): number {
  let i = text.indexOf('[');
  while (i >= 0 && i < STAMP_AT_MAX) {
    if (text.charCodeAt(i + 3) === 47 && text.charCodeAt(i + 7) === 47) return i;
    if (text.charCodeAt(i + 2) === 47 && text.charCodeAt(i + 6) === 47) return i;
    i = text.indexOf('[', i + 1);
  }
  return -1;
}

export const looksLikeAccess = (text: string): boolean => {
  const i = stampAt(text);
  return i > 0 && text.indexOf('] "', i) > 0;
};

export function accessLine(text: string, out: EventFields, ctx: TimeContext): 'parsed' | undefined {
  const open = stampAt(text);
  if (open <= 0) return undefined;
  // `1/Apr/2026` is written by some: a zero makes it regular.
  const short = text.charCodeAt(open + 2) === 47;
  const stamp = short
    ? clfStamp(`0${text.slice(open + 1, open + 32)}`, 0, ctx)
    : clfStamp(text, open + 1, ctx);
  if (stamp === undefined) return undefined;
  const close = text.indexOf(']', open);
  const request = close < 0 ? undefined : quoted(text, close + 2);
  if (request === undefined) return undefined;
  out.setOurs('@timestamp', stamp.us);
  front(text.slice(0, open).trim(), out);
  requestLine(request.value, out);
  back(text, request.end, out);
  if (out.has('http.request.method')) applyAction(out, 'http_request', outcomeOf(out));
  else applyAction(out, 'http_error', 'failure');
  return 'parsed';
}

const outcomeOf = (out: EventFields): 'success' | 'failure' | 'unknown' => {
  const status = out.get('http.response.status_code');
  return typeof status !== 'number' ? 'unknown' : status < 400 ? 'success' : 'failure';
};

/** `[vhost[:port]] address[, address...] ident user` */
function front(text: string, out: EventFields): void {
  const words = text
    .replaceAll('"', '')
    .split(' ')
    .filter((w) => w !== '');
  const addresses: string[] = [];
  let i = 0;
  if (
    words.length >= 4 &&
    parseIp(strip(words[0] ?? '')) === undefined &&
    parseIp(words[1] ?? '') !== undefined
  ) {
    const vhost = words[0] ?? '';
    const colon = vhost.lastIndexOf(':');
    out.set('url.domain', (colon > 0 ? vhost.slice(0, colon) : vhost).toLowerCase());
    if (colon > 0) out.set('url.port', vhost.slice(colon + 1));
    i = 1;
  }
  for (; i < words.length; i++) {
    const word = words[i] ?? '';
    const more = word.endsWith(',');
    if (addresses.length > 0 && !more && parseIp(word) === undefined && !(words[i - 1] ?? '').endsWith(','))
      break;
    addresses.push(strip(word));
  }
  const address = addresses.find((a) => a !== '-' && a !== '') ?? '';
  setPeer(out, 'source', address);
  if (addresses.length > 1)
    out.set(
      'related.ip',
      addresses.slice(0, 16).filter((a) => parseIp(a) !== undefined),
    );
  // `ident user`; the user's name may have blanks, the ident does not.
  const user = words.slice(i + 1).join(' ');
  if (user !== '' && user !== '-') out.set('user.name', user);
}
const strip = (word: string): string => (word.endsWith(',') ? word.slice(0, -1) : word);

/** `GET /path?query HTTP/1.1`; what is not of this shape (TLS to a plain port, junk) is kept as `http.request.line`. */
export function requestLine(line: string, out: EventFields): void {
  const m = /^([A-Z_]{2,32}) (.*)$/s.exec(line);
  if (m === null) {
    if (line !== '-' && line !== '') out.set('http.request.line', line);
    return;
  }
  let url = m[2] ?? '';
  const version = / HTTP\/(\d(?:\.\d)?)$/.exec(url.slice(-12));
  if (version !== null) {
    url = url.slice(0, url.lastIndexOf(' '));
    out.set('http.version', version[1]);
  }
  out.set('http.request.method', m[1]);
  out.set('url.original', url);
  const absolute = /^(https?):\/\/([^/?#]{1,255})/i.exec(url);
  if (absolute !== null) {
    out.set('url.scheme', (absolute[1] ?? '').toLowerCase());
    out.set('url.domain', (absolute[2] ?? '').replace(/:\d{1,5}$/, '').toLowerCase());
    url = url.slice(absolute[0].length) || '/';
  }
  const q = url.indexOf('?');
  const path = q < 0 ? url : url.slice(0, q);
  out.set('url.path', decodePath(path));
  if (q >= 0) out.set('url.query', url.slice(q + 1));
}

/** Percent escapes decoded once, so that `%2e%2e/` does not hide; `url.original` keeps what was sent. */
function decodePath(path: string): string {
  if (!path.includes('%')) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    // Not UTF-8 behind the escapes: byte by byte.
    return path.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
  }
}

/** ` 200 612 "referrer" "agent" ...` */
function back(text: string, at: number, out: EventFields): void {
  const m = /^ (\d{3}|-)?(?: ?(\d{1,15}|-))?/.exec(text.slice(at, at + 32));
  if (m === null) return;
  if (m[1] !== undefined && m[1] !== '-') out.set('http.response.status_code', m[1]);
  if (m[2] !== undefined && m[2] !== '-') out.set('http.response.body.bytes', Number(m[2]));
  const referrer = quoted(text, at + m[0].length + 1);
  if (referrer === undefined) return;
  if (referrer.value !== '-' && referrer.value !== '') out.set('http.request.referrer', referrer.value);
  const agent = quoted(text, referrer.end + 1);
  if (agent === undefined) return;
  if (agent.value !== '-' && agent.value !== '') out.set('user_agent.original', agent.value);
  // Combined with a forwarded address at the end: `"-"` or `"203.0.113.7, 10.0.0.1"`.
  const forwarded = quoted(text, agent.end + 1) ?? afterName(text, agent.end + 1);
  if (forwarded === undefined) return;
  const list = forwarded.value.split(',', 16).map((a) => a.trim());
  const ips = list.filter((a) => parseIp(a) !== undefined);
  if (ips.length > 0) {
    out.set('client.ip', ips[0]);
    out.set('related.ip', ips);
  }
}

/** `X-Forwarded-For="..."` */
function afterName(text: string, at: number): { readonly value: string } | undefined {
  const m = /^[A-Za-z-]{1,40}=/.exec(text.slice(at, at + 42));
  return m === null ? undefined : quoted(text, at + m[0].length);
}
