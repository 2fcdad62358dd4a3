/**
 * Certificate and key events of any CA, HSM or certificate-lifecycle system, as one JSON object. Send what you have:
 *
 *   {
 *     "event_type": "certificate_issued",            any certificate_*, ca_*, key_*, crl_* or mtls_handshake action of the
 *                                                    vocabulary; `certificate.issued` and `CertificateIssued` are read too
 *     "timestamp": "2026-03-05T10:00:00Z",           or `time`, `@timestamp`; ISO or epoch
 *     "outcome": "success",                          or "failure"; `error`/`reason` is kept
 *     "actor": "anna" | {"name","id","ip"},          who did it
 *     "requester": "web-enroll",                     who asked for the certificate
 *     "authorized_by": "olav",                       who approved the issue, revocation or destruction
 *     "system": "pki-portal", "service": "shop", "host": "web01",
 *     "ca": "Example Issuing CA 1", "template": "web",
 *     "certificate": {"serial_number": hex | "serial_decimal": decimal, "subject": DN, "common_name", "sans": [] | "domain",
 *        "issuer": DN, "not_before", "not_after", "fingerprint_sha256", "id", "pem"},
 *     "renewal_mode": "auto" | "manual", "previous_serial": hex, "monitored": true, "days_left": -1,
 *     "revocation_reason": "keyCompromise", "validation": {"reason": "hostname", "detail": "..."},
 *     "key": {"id", "algorithm", "size", "storage", "usage", "version", "previous_id", "exportable"},
 *     "operation": "sign",
 *     "client": {"ip", "subject", "fingerprint_sha256"}, "server": {"ip", "port", "name", "subject"}   for mtls_handshake
 *   }
 *
 * Members of `certificate` and `key` (as `key_id`, ...) may stand at the top level. Everything is kept under `pki.*`.
 */
import type { EventFields } from '../../../src/model/event.ts';
import { ACTIONS, applyAction, missingFields, type Outcome } from '../../../src/model/vocabulary.ts';
import { defineSource, type Json, type JsonObject } from '../../../src/normalize/source.ts';
import {
  addNames,
  keyAlgorithm,
  revocationReason,
  serialFromDecimal,
  serialFromHex,
  setDn,
  setValidity,
  validationReason,
} from '../../lib/certs.ts';
import { at, flattenInto, number, text } from '../../lib/json.ts';
import { setFromPem } from '../../lib/pem.ts';
import { stampMicros } from '../../lib/times.ts';

const OWN = /^(?:certificate|ca|key|crl)_|^mtls_handshake$/;
const SHAPES = [
  'certificate',
  'key',
  'key_id',
  'serial_number',
  'serial',
  'serial_decimal',
  'common_name',
  'domain',
  'domains',
  'subject',
  'ca',
  'requester',
  'client',
  'service',
  'timestamp',
  'time',
];

export default defineSource({
  name: 'pki-generic',
  version: 1,
  title: 'Certificate and key events (generic JSON)',
  recognise: { jsonKeys: SHAPES.map((k) => ['event_type', k]) },
  parse: (input, out) => {
    const doc = input.json;
    if (doc === undefined) return 'no';
    const action = actionOf(text(at(doc, 'event_type')));
    if (action === undefined) return 'no';
    const time = stampMicros(at(doc, 'timestamp') ?? at(doc, 'time') ?? at(doc, '@timestamp'));
    if (time !== undefined) out.setOurs('@timestamp', time);
    out.set('event.kind', 'event');
    out.set('event.provider', text(at(doc, 'system')) ?? 'pki');
    applyAction(out, action, outcomeOf(doc, action));
    who(doc, out);
    certificate(doc, action, out);
    key(doc, action, out);
    if (action === 'mtls_handshake') handshake(doc, out);
    flattenInto(out, 'pki', doc);
    return missingFields(out).length === 0 ? 'parsed' : 'partial';
  },
});

/** `certificate.issued`, `CertificateIssued`, `certificate-issued` -> `certificate_issued`, if it is one of ours. */
function actionOf(v: string | undefined): string | undefined {
  if (v === undefined || v.length > 64) return undefined;
  const name = v
    .replace(/(?<=[a-z])(?=[A-Z])/g, '_')
    .replace(/[.\s:-]+/g, '_')
    .toLowerCase();
  return OWN.test(name) && ACTIONS.has(name) ? name : undefined;
}

function outcomeOf(doc: JsonObject, action: string): Outcome {
  const said = (
    text(at(doc, 'outcome')) ??
    text(at(doc, 'result')) ??
    text(at(doc, 'status')) ??
    ''
  ).toLowerCase();
  if (/^(?:fail|failure|failed|error|denied|false)$/.test(said)) return 'failure';
  if (/_failed$|_denied$/.test(action)) return 'failure';
  return text(at(doc, 'error')) === undefined ? 'success' : 'failure';
}

function who(doc: JsonObject, out: EventFields): void {
  const actor = at(doc, 'actor') ?? at(doc, 'user');
  out.set('user.name', text(actor) ?? text(at(actor, 'name')));
  out.set('user.id', text(at(actor, 'id')));
  out.set('source.ip', text(at(actor, 'ip')) ?? text(at(doc, 'source_ip')));
  out.set('service.name', text(at(doc, 'service')));
  out.set('host.name', text(at(doc, 'host')));
  out.set('event.reason', text(at(doc, 'error')) ?? text(at(doc, 'reason')));
  out.set('message', text(at(doc, 'message')));
}

function certificate(doc: JsonObject, action: string, out: EventFields): void {
  const c = at(doc, 'certificate');
  const pick = (...names: string[]): Json | undefined => {
    for (const n of names) {
      const v = at(c, n) ?? at(doc, n);
      if (v !== undefined && v !== null) return v;
    }
    return undefined;
  };
  const value = (...names: string[]): string | undefined => text(pick(...names));
  setFromPem(out, value('pem', 'certificate_pem'));
  const decimal =
    value('serial_decimal') ??
    (value('serial_format') === 'decimal' ? value('serial_number', 'serial') : undefined);
  out.set(
    'x509.serial_number',
    serialFromDecimal(decimal) ??
      (decimal === undefined ? serialFromHex(value('serial_number', 'serial')) : undefined),
  );
  setDn(out, 'subject', dnText(value('subject', 'subject_dn')));
  setDn(out, 'issuer', dnText(value('issuer', 'issuer_dn')));
  if (value('common_name', 'cn') !== undefined)
    out.set('x509.subject.common_name', value('common_name', 'cn'));
  // Simple senders name the one domain or all of them, without a subject.
  addNames(out, pick('sans', 'alternative_names', 'dns_names', 'san', 'domains', 'domain'));
  addNames(out, pick('ip_addresses'));
  setValidity(out, pick('not_before', 'valid_from'), pick('not_after', 'valid_to', 'expires_at'));
  const print = value('fingerprint_sha256', 'sha256')?.replaceAll(':', '').toUpperCase();
  out.set('certificate.fingerprint.sha256', print);
  out.set('certificate.id', text(at(c, 'id')) ?? text(at(doc, 'certificate_id')));
  out.set('x509.authority_key_id', value('authority_key_id'));
  out.set('certificate.authority', value('ca', 'authority', 'provisioner'));
  out.set('certificate.template', value('template', 'profile'));
  out.set('certificate.request_id', value('request_id'));
  out.set('certificate.requester', value('requester', 'requested_by'));
  const by = value('authorized_by', 'approved_by', 'revoked_by');
  if (!action.startsWith('key_')) out.set('certificate.authorized_by', by);
  out.set('certificate.previous_serial', serialFromHex(value('previous_serial')));
  out.set('certificate.renewal.mode', value('renewal_mode') ?? text(at(doc, 'renewal', 'mode')));
  out.set(
    'certificate.revocation_reason',
    revocationReason(value('revocation_reason') ?? text(at(doc, 'revocation', 'reason'))),
  );
  const monitored = pick('monitored');
  if (typeof monitored === 'boolean') out.set('certificate.monitored', monitored);
  out.set('certificate.days_left', number(pick('days_left')));
  const detail = text(at(doc, 'validation', 'detail'));
  const reason =
    text(at(doc, 'validation', 'reason')) ?? value('validation_reason') ?? detail ?? text(at(doc, 'error'));
  if (action === 'certificate_validation_failed' && reason !== undefined) {
    out.set('certificate.validation.reason', KNOWN_REASONS.has(reason) ? reason : validationReason(reason));
    out.set('certificate.validation.detail', detail ?? reason);
  }
}

const KNOWN_REASONS: ReadonlySet<string> = new Set([
  'chain',
  'hostname',
  'expired',
  'not_yet_valid',
  'revoked',
  'self_signed',
  'other',
]);

/** A bare name where a DN is expected is a CN. */
const dnText = (v: string | undefined): string | undefined =>
  v === undefined || v.includes('=') ? v : `CN=${v}`;

function key(doc: JsonObject, action: string, out: EventFields): void {
  const k = at(doc, 'key');
  const pick = (name: string): string | undefined => text(at(k, name)) ?? text(at(doc, `key_${name}`));
  out.set('key.id', text(k) ?? pick('id') ?? pick('name'));
  out.set('key.algorithm', keyAlgorithm(pick('algorithm')));
  out.set('key.size', number(at(k, 'size') ?? at(doc, 'key_size')));
  for (const name of ['storage', 'usage', 'version', 'previous_id']) out.set(`key.${name}`, pick(name));
  const exportable = at(k, 'exportable');
  if (typeof exportable === 'boolean') out.set('key.exportable', exportable);
  if (!action.startsWith('key_')) return;
  out.set(
    'key.operation',
    text(at(doc, 'operation')) ??
      (action === 'key_signed' ? 'sign' : action === 'key_accessed' ? 'read' : undefined),
  );
  out.set('key.system', text(at(doc, 'system')));
  out.set('key.authorized_by', text(at(doc, 'authorized_by')) ?? text(at(doc, 'approved_by')));
}

function handshake(doc: JsonObject, out: EventFields): void {
  out.set('source.ip', text(at(doc, 'client', 'ip')));
  out.set('tls.client.subject', text(at(doc, 'client', 'subject')));
  out.set(
    'tls.client.hash.sha256',
    text(at(doc, 'client', 'fingerprint_sha256'))
      ?.replaceAll(':', '')
      .toUpperCase(),
  );
  out.set('destination.ip', text(at(doc, 'server', 'ip')));
  out.set('destination.port', number(at(doc, 'server', 'port')));
  out.set('destination.domain', text(at(doc, 'server', 'name')));
  out.set('tls.server.subject', text(at(doc, 'server', 'subject')));
}
