/**
 * ArcSight Common Event Format: `CEF:0|vendor|product|version|signature id|name|severity|extension` (CEF
 * Implementation Standard, revision 26), bare or behind a syslog envelope. Standard keys map to ECS; all stay under
 * `cef.extensions.<key>`, and `csNLabel`/`csN` pairs also under `cef.labels.<label>`.
 */
import type { EventFields } from '../../../src/model/event.ts';
import { parseIp } from '../../../src/model/ip.ts';
import { applyAction } from '../../../src/model/vocabulary.ts';
import { parseTime } from '../../../src/normalize/time.ts';
import { defineSource } from '../../../src/normalize/source.ts';
import { ODD_ADDRESS } from '../../../src/normalize/text.ts';
import { DIRECT, DURATION_KEYS } from './keys.ts';

/** Extensions read per event. */
const EXTENSIONS_MAX = 500;
/** `CEF:` is looked for in the first bytes only: a name later in a line is no header. */
const HEADER_WITHIN = 512;

export default defineSource({
  name: 'cef',
  version: 1,
  title: 'Common Event Format (CEF)',
  recognise: {
    programs: ['cef'],
    prefixes: ['CEF:'],
    sniff: (message) => message.slice(0, HEADER_WITHIN).includes('CEF:'),
  },
  parse: (input, out) => {
    const start = input.message.slice(0, HEADER_WITHIN).indexOf('CEF:');
    // A syslog parser that takes `CEF:` for the program leaves `0|vendor|...`.
    const bare = start < 0 && input.program.toLowerCase() === 'cef' && /^\d+\|/.test(input.message);
    if (start < 0 && !bare) return 'no';
    const header = splitHeader(input.message.slice(bare ? 0 : start + 4));
    if (header === undefined) return 'no';
    const ext = extensions(header.rest, out);
    describe(header.parts, out);
    for (const [key, value] of ext) out.set(`cef.extensions.${key}`, value);
    labels(ext, out);
    map(ext, out);
    time(ext, input.ingested, input.zone, out);
    act(header.parts, ext, out);
    return 'parsed';
  },
});

/** Seven parts between unescaped pipes, then the extension; undefined where there are fewer. */
function splitHeader(text: string): { parts: readonly string[]; rest: string } | undefined {
  const parts: string[] = [];
  let cur = '';
  for (let i = 0; i < text.length; i++) {
    const c = text[i] as string;
    if (c === '\\' && (text[i + 1] === '|' || text[i + 1] === '\\')) cur += text[++i] as string;
    else if (c !== '|') cur += c;
    else {
      parts.push(cur.trim());
      cur = '';
      if (parts.length === 7) return { parts, rest: text.slice(i + 1) };
    }
  }
  if (parts.length !== 6) return undefined;
  return { parts: [...parts, cur.trim()], rest: '' };
}

/** `key=value key2=value with blanks`: a value ends where ` key=` begins; `\=`, `\\`, `\n`, `\r` are escapes. */
function extensions(text: string, told: EventFields): ReadonlyMap<string, string> {
  const out = new Map<string, string>();
  const starts: { key: string; from: number; at: number }[] = [];
  for (const m of text.matchAll(/(?:^|\s)([\w.[\]-]{1,128})=/g)) {
    if (starts.length >= EXTENSIONS_MAX) {
      told.overflow++;
      break;
    }
    starts.push({ key: m[1] ?? '', at: m.index, from: m.index + m[0].length });
  }
  for (const [i, s] of starts.entries()) {
    const raw = text.slice(s.from, starts[i + 1]?.at ?? text.length).trim();
    if (out.has(s.key)) told.repeated++;
    out.set(
      s.key,
      raw.replace(/\\([=\\nr|])/g, (_all, c: string) => (c === 'n' ? '\n' : c === 'r' ? '\r' : c)),
    );
  }
  return out;
}

const SEVERITY: ReadonlyMap<string, number> = new Map([
  ['unknown', 0],
  ['low', 3],
  ['medium', 5],
  ['high', 7],
  ['very-high', 9],
]);

function describe(parts: readonly string[], out: EventFields): void {
  const [version, vendor, product, device, code, name, severity] = parts;
  out.set('event.kind', 'event');
  out.set('cef.version', version);
  out.set('cef.device.version', device);
  out.set('observer.vendor', vendor);
  out.set('observer.product', product);
  out.set('observer.version', device);
  out.set('event.provider', product);
  out.set('event.code', code);
  out.set('cef.name', name);
  out.set('cef.severity', severity);
  out.set('message', name);
  out.set('event.severity', SEVERITY.get((severity ?? '').toLowerCase()) ?? severity);
}

function labels(ext: ReadonlyMap<string, string>, out: EventFields): void {
  for (const [key, label] of ext) {
    const value = key.endsWith('Label') ? ext.get(key.slice(0, -5)) : undefined;
    if (value !== undefined && label !== '') out.set(`cef.labels.${label}`, value);
  }
}

function map(ext: ReadonlyMap<string, string>, out: EventFields): void {
  for (const [key, value] of ext) {
    const field = DIRECT.get(key);
    if (field === undefined || value === '') continue;
    if (/\.ip$/.test(field) && parseIp(value) === undefined && !ODD_ADDRESS.test(value))
      out.set(field.replace(/ip$/, 'domain'), value);
    else if (field === 'network.transport' || field === 'network.protocol')
      out.set(field, value.toLowerCase());
    else out.set(field, value);
  }
  const url = /^(?:[a-z]+:\/\/([^/?#:]+)(?::\d+)?)?([^?#]*)(?:\?([^#]*))?/i.exec(ext.get('request') ?? '');
  if (url !== null && ext.has('request')) {
    out.set('url.domain', url[1]);
    out.set('url.path', url[2] === '' ? undefined : url[2]);
    out.set('url.query', url[3]);
  }
  const direction = ext.get('deviceDirection');
  if (direction === '0' || direction === '1')
    out.set('network.direction', direction === '0' ? 'inbound' : 'outbound');
  const hash = ext.get('fileHash') ?? '';
  if (/^[0-9a-f]{64}$/i.test(hash)) out.set('file.hash.sha256', hash.toLowerCase());
}

function time(ext: ReadonlyMap<string, string>, ingested: number, zone: string, out: EventFields): void {
  for (const key of DURATION_KEYS) {
    const stamp = ext.get(key);
    const us = stamp === undefined ? undefined : parseTime(stamp, { zone: ext.get('dtz') ?? zone, ingested });
    if (us === undefined) continue;
    out.setOurs('@timestamp', us);
    return;
  }
}

const ALLOW = /^(?:allow(?:ed)?|permit(?:ted)?|accept(?:ed)?|pass(?:ed|through)?|success)$/i;
const DENY =
  /^(?:deny|denied|block(?:ed)?|drop(?:ped)?|reject(?:ed)?|reset(?:-both)?|refused?|discard(?:ed)?)$/i;

function act(parts: readonly string[], ext: ReadonlyMap<string, string>, out: EventFields): void {
  const said = (ext.get('outcome') ?? ext.get('categoryOutcome') ?? '').toLowerCase();
  const verdict = (ext.get('act') ?? ext.get('categoryBehavior') ?? '').trim();
  const name = `${parts[5] ?? ''} ${parts[4] ?? ''}`;
  const fail = /fail|denied|unsuccess/.test(said) || /\bfail|denied|unsuccessful/i.test(name);
  const result = fail ? 'failure' : 'success';
  if (/fail/.test(said)) out.set('event.outcome', 'failure');
  else if (/success/.test(said)) out.set('event.outcome', 'success');
  const user = out.has('user.name') || out.has('user.target.name');
  if (user && /\b(?:log(?:ged)?[ -]?(?:in|on)|sign(?:ed)?[ -]?in|authenticat)/i.test(name)) {
    if (!out.has('user.name')) out.set('user.name', out.text('user.target.name'));
    applyAction(out, /vpn|globalprotect|anyconnect/i.test(name) ? 'vpn_login' : 'user_login', result);
  } else if (DENY.test(verdict) && out.has('source.ip')) applyAction(out, 'network_denied');
  else if (ALLOW.test(verdict) && out.has('source.ip') && out.has('destination.ip'))
    applyAction(out, 'network_allowed');
  out.set('event.reason', ext.get('reason'));
}
