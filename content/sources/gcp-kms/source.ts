/**
 * Google Cloud audit log entries of Cloud KMS and Certificate Authority Service (AuditLog in `protoPayload`); other
 * services are `gcp-audit`'s. Everything is kept under `gcp.audit.*`.
 */
import type { EventFields } from '../../../src/model/event.ts';
import { applyAction } from '../../../src/model/vocabulary.ts';
import { defineSource, type JsonObject } from '../../../src/normalize/source.ts';
import { addNames, revocationReason, setDn } from '../../lib/certs.ts';
import { at, flattenInto, number, text } from '../../lib/json.ts';
import { setFromPem } from '../../lib/pem.ts';
import { stampMicros } from '../../lib/times.ts';

const KMS: ReadonlyMap<string, string> = new Map([
  ['AsymmetricSign', 'key_signed'],
  ['MacSign', 'key_signed'],
  ['CreateCryptoKey', 'key_generated'],
  ['CreateCryptoKeyVersion', 'key_rotated'],
  ['UpdateCryptoKeyPrimaryVersion', 'key_rotated'],
  ['ImportCryptoKeyVersion', 'key_imported'],
  ['DestroyCryptoKeyVersion', 'key_destroyed'],
  ['RestoreCryptoKeyVersion', 'key_restored'],
  ['UpdateCryptoKey', 'key_changed'],
  ['UpdateCryptoKeyVersion', 'key_changed'],
  ['SetIamPolicy', 'key_changed'],
]);
const CAS: ReadonlyMap<string, string> = new Map([
  ['CreateCertificate', 'certificate_issued'],
  ['RevokeCertificate', 'certificate_revoked'],
  ['GetCertificate', 'certificate_accessed'],
  ['CreateCertificateAuthority', 'ca_created'],
  ['ActivateCertificateAuthority', 'ca_created'],
  ['DeleteCertificateAuthority', 'ca_deleted'],
  ['DisableCertificateAuthority', 'ca_changed'],
  ['EnableCertificateAuthority', 'ca_changed'],
  ['UpdateCertificateAuthority', 'ca_changed'],
  ['UpdateCaPool', 'ca_changed'],
]);

export default defineSource({
  name: 'gcp-kms',
  version: 1,
  title: 'Google Cloud audit log (Cloud KMS, CA Service)',
  recognise: { jsonKeys: [['protoPayload', 'resource']] },
  parse: (input, out) => {
    const doc = input.json;
    const method = text(at(doc, 'protoPayload', 'methodName'));
    if (doc === undefined || method === undefined) return 'no';
    if (!/^(?:cloudkms|privateca)\./.test(text(at(doc, 'protoPayload', 'serviceName')) ?? '')) return 'no';
    common(doc, method, out);
    flattenInto(out, 'gcp.audit', doc);
    return 'parsed';
  },
});

function common(doc: JsonObject, method: string, out: EventFields): void {
  const p = at(doc, 'protoPayload');
  const time = stampMicros(at(doc, 'timestamp'));
  if (time !== undefined) out.setOurs('@timestamp', time);
  const status = number(at(p, 'status', 'code')) ?? 0;
  const name = text(at(p, 'resourceName')) ?? '';
  out.set('event.kind', 'event');
  out.set('event.provider', text(at(p, 'serviceName')));
  out.set('event.code', method);
  out.set('event.id', text(at(doc, 'insertId')));
  out.set('event.reason', text(at(p, 'status', 'message')));
  out.set('log.level', text(at(doc, 'severity'))?.toLowerCase());
  out.set('cloud.provider', 'gcp');
  out.set(
    'cloud.account.id',
    text(at(doc, 'resource', 'labels', 'project_id')) ?? /^projects\/([^/]+)/.exec(name)?.[1],
  );
  out.set(
    'cloud.region',
    text(at(doc, 'resource', 'labels', 'location')) ?? /\/locations\/([^/]+)/.exec(name)?.[1],
  );
  out.set(
    'user.name',
    text(at(p, 'authenticationInfo', 'principalEmail')) ??
      text(at(p, 'authenticationInfo', 'principalSubject')),
  );
  out.set('source.ip', text(at(p, 'requestMetadata', 'callerIp')));
  out.set('user_agent.original', text(at(p, 'requestMetadata', 'callerSuppliedUserAgent')));
  const call = method.slice(method.lastIndexOf('.') + 1);
  const service = text(at(p, 'serviceName')) ?? '';
  const outcome = status === 0 ? 'success' : 'failure';
  applyAction(out, 'cloud_api_call', outcome);
  if (service.startsWith('cloudkms') && name.includes('/cryptoKeys/')) {
    applyAction(out, KMS.get(call) ?? 'key_accessed', outcome);
    key(doc, name, call, out);
  } else if (service.startsWith('privateca')) {
    const action = CAS.get(call);
    if (action !== undefined) applyAction(out, action, outcome);
    certificate(doc, name, out);
  }
}

function key(doc: JsonObject, name: string, call: string, out: EventFields): void {
  out.set('key.id', name.replace(/\/cryptoKeyVersions\/.*$/, ''));
  out.set('key.version', /\/cryptoKeyVersions\/(\d+)/.exec(name)?.[1]);
  out.set('key.operation', call.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toLowerCase());
  const template = at(doc, 'protoPayload', 'request', 'cryptoKey', 'versionTemplate');
  const spec = text(at(template, 'algorithm'));
  const m = /^(RSA|EC|HMAC|GOOGLE_SYMMETRIC)\D*?(?:_P)?(\d{3,4})?/.exec(spec ?? '');
  out.set('key.algorithm', m?.[1] === 'GOOGLE_SYMMETRIC' ? 'AES' : (m?.[1] ?? spec));
  if (m?.[2] !== undefined) out.set('key.size', Number(m[2]));
  out.set('key.storage', text(at(template, 'protectionLevel'))?.toLowerCase());
  out.set('key.usage', text(at(doc, 'protoPayload', 'request', 'cryptoKey', 'purpose')));
  if (call.startsWith('Destroy')) out.set('key.authorized_by', out.text('user.name'));
}

function certificate(doc: JsonObject, name: string, out: EventFields): void {
  const req = at(doc, 'protoPayload', 'request');
  out.set('certificate.requester', out.text('user.name'));
  out.set('certificate.id', /\/certificates\/[^/]+$/.test(name) ? name : text(at(req, 'certificateId')));
  out.set(
    'certificate.authority',
    /^(.+\/(?:caPools|certificateAuthorities)\/[^/]+)/.exec(name)?.[1] ?? name,
  );
  out.set('certificate.revocation_reason', revocationReason(text(at(req, 'reason'))));
  const subject = at(req, 'certificate', 'config', 'subjectConfig');
  setDn(
    out,
    'subject',
    text(at(subject, 'subject', 'commonName')) === undefined
      ? undefined
      : `CN=${text(at(subject, 'subject', 'commonName'))}`,
  );
  addNames(out, at(subject, 'subjectAltName', 'dnsNames'));
  setFromPem(out, text(at(doc, 'protoPayload', 'response', 'pemCertificate')));
}
