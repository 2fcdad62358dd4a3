/** The KMS, ACM and ACM-PCA part of CloudTrail: which key or certificate a call was about. */
import type { EventFields } from '../../../src/model/event.ts';
import type { Json, JsonObject } from '../../../src/normalize/source.ts';
import { addNames, revocationReason, serialFromHex, setDn } from '../../lib/certs.ts';
import { at, list, text } from '../../lib/json.ts';
import { stampMicros } from '../../lib/times.ts';

/** The ARN in `resources` of a type. */
function resource(doc: JsonObject, type: string): string | undefined {
  const all = at(doc, 'resources');
  if (!Array.isArray(all)) return undefined;
  for (const r of all as readonly Json[]) {
    if (text(at(r, 'type')) === type) return text(at(r, 'ARN'));
  }
  return undefined;
}

const STORAGE: ReadonlyMap<string, string> = new Map([
  ['AWS_KMS', 'kms'],
  ['AWS_CLOUDHSM', 'hsm'],
  ['EXTERNAL', 'external'],
  ['EXTERNAL_KEY_STORE', 'external'],
]);

/** `RSA_2048`, `ECC_NIST_P256`, `HMAC_256`, `SYMMETRIC_DEFAULT` to algorithm and bits. */
function setSpec(out: EventFields, spec: string | undefined): void {
  if (spec === undefined) return;
  const m = /^(RSA|ECC|HMAC|AES|ML_DSA|SM2).*?(\d{2,4})?(?:K1)?$/.exec(spec);
  out.set('key.algorithm', spec === 'SYMMETRIC_DEFAULT' ? 'AES' : m?.[1] === 'ECC' ? 'EC' : (m?.[1] ?? spec));
  const bits = spec === 'SYMMETRIC_DEFAULT' ? '256' : m?.[2];
  if (bits !== undefined) out.set('key.size', Number(bits));
}

export function mapKey(doc: JsonObject, call: string, out: EventFields): void {
  const req = at(doc, 'requestParameters');
  const res = at(doc, 'responseElements');
  const meta = at(res, 'keyMetadata');
  out.set(
    'key.id',
    resource(doc, 'AWS::KMS::Key') ??
      text(at(meta, 'arn')) ??
      text(at(meta, 'keyId')) ??
      text(at(res, 'keyId')) ??
      text(at(req, 'keyId')) ??
      text(at(req, 'targetKeyId')) ??
      text(at(req, 'aliasName')) ??
      text(at(req, 'destinationKeyId')) ??
      text(at(doc, 'serviceEventDetails', 'keyId')),
  );
  // CamelCase to words: GenerateDataKey -> generate_data_key.
  out.set('key.operation', call.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toLowerCase());
  setSpec(
    out,
    text(at(meta, 'keySpec')) ?? text(at(meta, 'customerMasterKeySpec')) ?? text(at(req, 'keySpec')),
  );
  const signing = text(at(req, 'signingAlgorithm')) ?? text(at(req, 'encryptionAlgorithm'));
  if (!out.has('key.algorithm')) out.set('key.algorithm', signing);
  const origin = text(at(meta, 'origin')) ?? text(at(req, 'origin'));
  out.set('key.storage', STORAGE.get(origin ?? '') ?? origin);
  out.set('key.usage', text(at(meta, 'keyUsage')) ?? text(at(req, 'keyUsage')));
  out.set('key.system', text(at(doc, 'userIdentity', 'invokedBy')));
  out.set('key.deletion_date', stampMicros(at(res, 'deletionDate')) ?? text(at(res, 'deletionDate')));
  if (call === 'ScheduleKeyDeletion' || call === 'CancelKeyDeletion')
    out.set('key.authorized_by', out.text('user.name'));
}

export function mapCertificate(doc: JsonObject, out: EventFields): void {
  const req = at(doc, 'requestParameters');
  const res = at(doc, 'responseElements');
  out.set('certificate.requester', text(at(doc, 'userIdentity', 'arn')) ?? out.text('user.name'));
  const authority =
    text(at(req, 'certificateAuthorityArn')) ??
    text(at(res, 'certificateAuthorityArn')) ??
    resource(doc, 'AWS::ACMPCA::CertificateAuthority');
  const id =
    text(at(res, 'certificateArn')) ??
    text(at(req, 'certificateArn')) ??
    resource(doc, 'AWS::ACMPCA::Certificate');
  out.set('certificate.id', id);
  out.set('certificate.authority', authority ?? /^(.+certificate-authority\/[^/]+)\//.exec(id ?? '')?.[1]);
  out.set('certificate.template', text(at(req, 'templateArn')));
  // The last part of a private CA's certificate ARN is the serial, hex.
  const inArn = /certificate-authority\/[^/]+\/certificate\/([0-9a-f]{16,64})$/.exec(id ?? '')?.[1];
  out.set('x509.serial_number', serialFromHex(text(at(req, 'certificateSerial')) ?? inArn));
  out.set('certificate.revocation_reason', revocationReason(text(at(req, 'revocationReason'))));
  if (out.text('event.action') === 'certificate_revoked')
    out.set('certificate.authorized_by', out.text('user.name'));
  if (out.text('event.action') === 'certificate_renewed') out.set('certificate.renewal.mode', 'manual');
  const name = text(at(req, 'domainName'));
  out.set('x509.subject.common_name', name);
  for (const n of [...list(name), ...list(at(req, 'subjectAlternativeNames'))]) addNames(out, n);
  const subject = at(req, 'certificateAuthorityConfiguration', 'subject');
  out.set('x509.subject.common_name', text(at(subject, 'commonName')) ?? name);
  setDn(out, 'subject', text(at(req, 'apiPassthrough', 'subject')));
}
