/** Reading Zeek's JSON: three spellings of a dotted name, and which stream a record is of. */
import type { EventFields } from '../../../src/model/event.ts';
import { parseIp } from '../../../src/model/ip.ts';
import type { Json, JsonObject } from '../../../src/normalize/source.ts';
import { at, list, number, text } from '../../lib/json.ts';

/** `id.orig_h` as a key, as nested objects, or as `id_orig_h`. */
export function get(doc: JsonObject, name: string): Json | undefined {
  const direct = at(doc, name);
  if (direct !== undefined || !name.includes('.')) return direct;
  return at(doc, ...name.split('.')) ?? at(doc, name.replaceAll('.', '_'));
}
export const txt = (doc: JsonObject, name: string): string | undefined => {
  const t = text(get(doc, name));
  return t === '-' || t === '(empty)' ? undefined : t;
};
export const whole = (doc: JsonObject, name: string): number | undefined => number(get(doc, name));
export const items = (doc: JsonObject, name: string): string[] => list(get(doc, name));

/** Sets `<side>.ip` (or `.domain`) and port. */
export function address(
  out: EventFields,
  side: 'source' | 'destination',
  ip: string | undefined,
  port: number | undefined,
): void {
  if (ip !== undefined) out.set(parseIp(ip) === undefined ? `${side}.domain` : `${side}.ip`, ip);
  out.set(`${side}.port`, port);
}

/** First match wins: fields that only one stream has. */
const SIGNATURES: readonly (readonly [string, readonly string[]])[] = [
  ['x509', ['certificate.serial']],
  ['ocsp', ['serialNumber', 'certStatus']],
  ['known_certs', ['serial', 'subject', 'host']],
  ['notice', ['note']],
  ['weird', ['name', 'notice']],
  ['ssl', ['cipher', 'established']],
  ['ssl', ['version', 'established']],
  ['ssl', ['established', 'resumed']],
  ['dns', ['query', 'trans_id']],
  ['dns', ['rcode', 'trans_id']],
  ['dns', ['qtype_name', 'query']],
  ['sip', ['call_id']],
  ['smtp', ['helo']],
  ['snmp', ['community']],
  ['irc', ['nick']],
  ['irc', ['command', 'value', 'addl']],
  ['rfb', ['share_flag']],
  ['ntp', ['stratum']],
  ['mysql', ['cmd', 'arg']],
  ['dce_rpc', ['endpoint', 'operation']],
  ['smb_mapping', ['share_type']],
  ['smb_cmd', ['command', 'sub_command']],
  ['modbus', ['func']],
  ['dnp3', ['fc_request']],
  ['ftp', ['command', 'password']],
  ['ftp', ['command', 'reply_code']],
  ['http', ['trans_depth', 'method']],
  ['http', ['method', 'uri', 'host']],
  ['http', ['trans_depth', 'status_code']],
  ['ssh', ['auth_attempts']],
  ['ssh', ['hassh']],
  ['ssh', ['client', 'host_key']],
  ['kerberos', ['request_type', 'service']],
  ['kerberos', ['request_type', 'client']],
  ['ntlm', ['ntlmssp', 'username']],
  ['ntlm', ['username', 'domainname']],
  ['rdp', ['cookie', 'security_protocol']],
  ['smb_files', ['action', 'path', 'name']],
  ['files', ['fuid', 'mime_type']],
  ['files', ['fuid', 'source']],
  ['conn', ['conn_state']],
  ['conn', ['proto', 'orig_bytes']],
];

export function stream(doc: JsonObject): string {
  const named = txt(doc, '_path') ?? txt(doc, '@stream') ?? txt(doc, 'event.dataset')?.replace(/^zeek\./, '');
  if (named !== undefined && /^[a-z][a-z0-9_]{1,30}$/.test(named)) return named;
  for (const [name, keys] of SIGNATURES) {
    if (keys.every((k) => get(doc, k) !== undefined)) return name;
  }
  if (get(doc, 'uids') !== undefined && get(doc, 'mac') !== undefined) return 'dhcp';
  if (get(doc, 'tunnel_type') !== undefined) return 'tunnel';
  return get(doc, 'id.orig_h') === undefined ? '' : 'other';
}
