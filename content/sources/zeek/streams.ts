/** One mapper per Zeek stream (field reference: docs.zeek.org, "Log formats"). */
import type { EventFields } from '../../../src/model/event.ts';
import { applyAction } from '../../../src/model/vocabulary.ts';
import type { JsonObject } from '../../../src/normalize/source.ts';
import {
  addNames,
  keyAlgorithm,
  serialFromHex,
  setDn,
  setValidity,
  validationReason,
} from '../../lib/certs.ts';
import { certMicros } from '../../lib/times.ts';
import { address, get, items, txt, whole } from './read.ts';

type Mapper = (doc: JsonObject, out: EventFields) => void;
const truth = (doc: JsonObject, name: string): boolean | undefined => {
  const v = get(doc, name);
  return typeof v === 'boolean'
    ? v
    : v === 'T' || v === 'true'
      ? true
      : v === 'F' || v === 'false'
        ? false
        : undefined;
};
const result = (ok: boolean | undefined): 'success' | 'failure' | 'unknown' =>
  ok === undefined ? 'unknown' : ok ? 'success' : 'failure';

const x509: Mapper = (doc, out) => {
  applyAction(out, 'certificate_observed');
  out.set('x509.serial_number', serialFromHex(txt(doc, 'certificate.serial')));
  setDn(out, 'subject', txt(doc, 'certificate.subject'));
  setDn(out, 'issuer', txt(doc, 'certificate.issuer'));
  for (const san of ['san.dns', 'san.ip', 'san.uri', 'san.email'])
    for (const n of items(doc, san)) addNames(out, n);
  setValidity(out, get(doc, 'certificate.not_valid_before'), get(doc, 'certificate.not_valid_after'));
  out.set(
    'x509.public_key_algorithm',
    keyAlgorithm(txt(doc, 'certificate.key_type')) ?? txt(doc, 'certificate.key_alg'),
  );
  out.set('x509.public_key_size', whole(doc, 'certificate.key_length'));
  out.set('x509.signature_algorithm', txt(doc, 'certificate.sig_alg'));
  out.set('x509.version_number', txt(doc, 'certificate.version'));
  out.set('certificate.is_authority', truth(doc, 'basic_constraints.ca'));
  out.set('certificate.id', txt(doc, 'id') ?? txt(doc, 'fingerprint'));
  const print = txt(doc, 'fingerprint');
  if (print?.length === 64) out.set('certificate.fingerprint.sha256', print.toUpperCase());
};

const ssl: Mapper = (doc, out) => {
  const established = truth(doc, 'established');
  const status = txt(doc, 'validation_status');
  const client = txt(doc, 'client_subject');
  const withClient =
    client !== undefined ||
    items(doc, 'client_cert_chain_fuids').length > 0 ||
    items(doc, 'client_cert_chain_fps').length > 0;
  out.set('network.protocol', 'tls');
  out.set('network.transport', 'tcp');
  out.set('tls.version', txt(doc, 'version'));
  out.set('tls.cipher', txt(doc, 'cipher'));
  out.set('tls.client.server_name', txt(doc, 'server_name'));
  out.set('destination.domain', txt(doc, 'server_name'));
  out.set('tls.established', established);
  out.set('tls.resumed', truth(doc, 'resumed'));
  out.set('tls.client.ja3', txt(doc, 'ja3'));
  out.set('tls.server.ja3s', txt(doc, 'ja3s'));
  out.set('tls.server.subject', txt(doc, 'subject'));
  out.set('tls.server.issuer', txt(doc, 'issuer'));
  out.set('tls.client.subject', client);
  out.set('tls.client.issuer', txt(doc, 'client_issuer'));
  const print = items(doc, 'client_cert_chain_fps')[0];
  if (print?.length === 64) out.set('tls.client.hash.sha256', print.toUpperCase());
  setDn(out, 'subject', txt(doc, 'subject'));
  setDn(out, 'issuer', txt(doc, 'issuer'));
  const match = truth(doc, 'sni_matches_cert');
  const bad = status !== undefined && !/^ok$/i.test(status);
  if (bad || (match === false && out.has('tls.server.subject'))) {
    applyAction(out, 'certificate_validation_failed', 'failure');
    out.set('certificate.validation.reason', bad ? validationReason(status) : 'hostname');
    out.set('certificate.validation.detail', status);
    out.set('event.reason', bad ? status : 'certificate does not match the server name');
  } else if (withClient && (client !== undefined || print?.length === 64)) {
    applyAction(out, 'mtls_handshake', result(established));
  } else applyAction(out, 'tls_handshake', result(established));
};

const conn: Mapper = (doc, out) => {
  applyAction(out, 'network_connection');
  out.set('network.transport', txt(doc, 'proto'));
  out.set('network.protocol', txt(doc, 'service'));
  out.set('source.bytes', whole(doc, 'orig_ip_bytes') ?? whole(doc, 'orig_bytes'));
  out.set('destination.bytes', whole(doc, 'resp_ip_bytes') ?? whole(doc, 'resp_bytes'));
  out.set('source.packets', whole(doc, 'orig_pkts'));
  out.set('destination.packets', whole(doc, 'resp_pkts'));
  const sent = whole(doc, 'orig_ip_bytes') ?? whole(doc, 'orig_bytes');
  const got = whole(doc, 'resp_ip_bytes') ?? whole(doc, 'resp_bytes');
  if (sent !== undefined && got !== undefined) out.set('network.bytes', sent + got);
  const seconds = whole(doc, 'duration');
  if (seconds !== undefined) out.set('event.duration', Math.round(seconds * 1e9));
};

const RCODES: ReadonlySet<string> = new Set(['NOERROR']);
const dns: Mapper = (doc, out) => {
  const name = txt(doc, 'query');
  const code = txt(doc, 'rcode_name');
  out.set('network.transport', txt(doc, 'proto'));
  out.set('network.protocol', 'dns');
  out.set('dns.question.name', name?.toLowerCase());
  out.set('dns.question.type', txt(doc, 'qtype_name'));
  out.set('dns.response_code', code);
  const answers = items(doc, 'answers');
  if (answers.length > 0) out.set('dns.answers.data', answers);
  if (name === undefined) return;
  applyAction(out, 'dns_query', code === undefined ? 'unknown' : result(RCODES.has(code)));
};

const http: Mapper = (doc, out) => {
  const status = whole(doc, 'status_code');
  const uri = txt(doc, 'uri');
  const mark = uri?.indexOf('?') ?? -1;
  out.set('network.transport', 'tcp');
  out.set('network.protocol', 'http');
  out.set('http.request.method', txt(doc, 'method'));
  out.set('http.response.status_code', status);
  out.set('url.domain', txt(doc, 'host'));
  out.set('url.original', uri);
  out.set('url.path', mark < 0 ? uri : uri?.slice(0, mark));
  out.set('url.query', mark < 0 ? undefined : uri?.slice(mark + 1));
  out.set('user_agent.original', txt(doc, 'user_agent'));
  out.set('http.request.referrer', txt(doc, 'referrer'));
  out.set('user.name', txt(doc, 'username'));
  out.set('source.bytes', whole(doc, 'request_body_len'));
  out.set('destination.bytes', whole(doc, 'response_body_len'));
  if (uri !== undefined || out.has('http.request.method'))
    applyAction(out, 'http_request', status === undefined ? 'unknown' : result(status < 400));
};

/** Zeek guesses success from traffic and knows no user: a connection, with the guess as its outcome. */
const ssh: Mapper = (doc, out) => {
  applyAction(out, 'network_connection', result(truth(doc, 'auth_success')));
  out.set('network.protocol', 'ssh');
  out.set('network.transport', 'tcp');
  out.set('user_agent.original', txt(doc, 'client'));
};

const kerberos: Mapper = (doc, out) => {
  const [name, realm] = (txt(doc, 'client') ?? '').split('/');
  out.set('network.protocol', 'kerberos');
  if (name === undefined || name === '') return;
  out.set('user.name', name);
  out.set('user.domain', realm);
  const service = txt(doc, 'service');
  out.set('service.name', service);
  const kind = txt(doc, 'request_type');
  const ok = result(truth(doc, 'success'));
  if (kind === 'TGS' && service !== undefined) applyAction(out, 'kerberos_service_ticket_requested', ok);
  else if (kind !== 'TGS') applyAction(out, 'kerberos_tgt_requested', ok);
  out.set('event.reason', txt(doc, 'error_msg'));
};

const ntlm: Mapper = (doc, out) => {
  out.set('network.protocol', 'ntlm');
  out.set('user.name', txt(doc, 'username'));
  out.set('user.domain', txt(doc, 'domainname'));
  out.set('source.domain', txt(doc, 'hostname'));
  if (out.has('user.name')) applyAction(out, 'credentials_validated', result(truth(doc, 'success')));
};

const ocsp: Mapper = (doc, out) => {
  applyAction(out, 'certificate_status_checked');
  out.set('x509.serial_number', serialFromHex(txt(doc, 'serialNumber')));
  out.set('certificate.status', txt(doc, 'certStatus'));
  out.set('certificate.revocation_reason', txt(doc, 'revokereason'));
  out.set('certificate.revoked_at', certMicros(get(doc, 'revoketime')));
  out.set('certificate.id', txt(doc, 'id'));
};

const knownCerts: Mapper = (doc, out) => {
  applyAction(out, 'certificate_observed');
  address(out, 'destination', txt(doc, 'host'), whole(doc, 'port_num'));
  setDn(out, 'subject', txt(doc, 'subject'));
  setDn(out, 'issuer', txt(doc, 'issuer_subject'));
  out.set('x509.serial_number', serialFromHex(txt(doc, 'serial')));
};

const notice: Mapper = (doc, out) => {
  const note = txt(doc, 'note') ?? '';
  const said = [txt(doc, 'msg'), txt(doc, 'sub')].filter((s) => s !== undefined).join(' ');
  out.set('event.code', note);
  out.set('event.kind', 'alert');
  out.set('rule.name', note);
  out.set('message', said);
  if (!out.has('source.ip')) address(out, 'source', txt(doc, 'src'), undefined);
  if (!out.has('destination.ip')) address(out, 'destination', txt(doc, 'dst'), whole(doc, 'p'));
  out.set('network.transport', txt(doc, 'proto'));
  if (/Invalid_Server_Cert|Invalid_Ocsp/.test(note)) {
    applyAction(out, 'certificate_validation_failed', 'failure');
    out.set('certificate.validation.reason', validationReason(said));
    out.set('certificate.validation.detail', said);
  } else if (/Certificate_Expired/.test(note)) {
    applyAction(out, 'certificate_validation_failed', 'failure');
    out.set('certificate.validation.reason', 'expired');
    out.set('certificate.validation.detail', said);
  } else applyAction(out, 'ids_alert');
};

const file: Mapper = (doc, out) => {
  const path = [txt(doc, 'path'), txt(doc, 'name')].filter((s) => s !== undefined).join('\\');
  out.set('file.path', path === '' ? txt(doc, 'filename') : path);
  out.set('file.hash.sha256', txt(doc, 'sha256'));
  const action = txt(doc, 'action') ?? '';
  if (!out.has('file.path') || action === '') return;
  applyAction(
    out,
    /DELETE/.test(action) ? 'file_deleted' : /WRITE|RENAME/.test(action) ? 'file_changed' : 'file_accessed',
  );
};

export const STREAMS: ReadonlyMap<string, Mapper> = new Map<string, Mapper>([
  ['x509', x509],
  ['ssl', ssl],
  ['conn', conn],
  ['dns', dns],
  ['http', http],
  ['ssh', ssh],
  ['kerberos', kerberos],
  ['ntlm', ntlm],
  ['ocsp', ocsp],
  ['known_certs', knownCerts],
  ['notice', notice],
  ['smb_files', file],
  ['files', file],
]);
