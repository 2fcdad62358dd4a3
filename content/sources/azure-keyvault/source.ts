/**
 * Azure Key Vault and Managed HSM audit records (`category` AuditEvent; docs: "Azure Key Vault logging"), one record
 * per event. Everything is kept under `azure.keyvault.*`.
 */
import type { EventFields } from '../../../src/model/event.ts';
import { applyAction } from '../../../src/model/vocabulary.ts';
import { defineSource, type JsonObject } from '../../../src/normalize/source.ts';
import { addNames, keyAlgorithm, setDn, setValidity } from '../../lib/certs.ts';
import { at, flattenInto, number, text } from '../../lib/json.ts';
import { stampMicros } from '../../lib/times.ts';

/** First match wins. */
const OPERATIONS: readonly (readonly [RegExp, string])[] = [
  [/^KeySign$/, 'key_signed'],
  [/^Key(?:Create|Generate)/, 'key_generated'],
  [/^KeyImport/, 'key_imported'],
  [/^Key(?:Rotate|RotateIfDue)$/, 'key_rotated'],
  [/^Key(?:Delete|Purge)/, 'key_destroyed'],
  [/^Key(?:Recover|Restore)/, 'key_restored'],
  [/^Key(?:Backup|Export|Release)/, 'key_exported'],
  [/^Key(?:Update|RotationPolicySet|SetRotationPolicy)/, 'key_changed'],
  [/^Key/, 'key_accessed'],
  [/^CertificateNearExpiry/, 'certificate_expiring'],
  [/^CertificateExpired/, 'certificate_expired'],
  [/^CertificateCreate$/, 'certificate_requested'],
  [/^CertificateImport/, 'certificate_imported'],
  [/^CertificateRenew/, 'certificate_renewed'],
  [/^CertificatePendingMerge/, 'certificate_issued'],
  [/^Certificate(?:Delete|Purge)$/, 'certificate_deleted'],
  [/^CertificateIssuers?(?:Set|Update|Delete)|^CertificateContacts(?:Set|Delete)/, 'ca_changed'],
  [/^Certificate(?!Issuers?|Contacts)/, 'certificate_accessed'],
  [/^Secret(?:Get|List|Backup)/, 'secret_accessed'],
  [/^Secret(?:Set|Update|Recover|Restore)/, 'secret_changed'],
  [/^Secret(?:Delete|Purge)/, 'secret_deleted'],
  [/^Vault(?:Put|Patch|Update|Create|AccessPolicyChanged)/, 'policy_changed'],
];

export default defineSource({
  name: 'azure-keyvault',
  version: 1,
  title: 'Azure Key Vault audit log',
  recognise: {
    jsonKeys: [
      ['time', 'category', 'operationName', 'properties'],
      ['time', 'operationName', 'resourceId'],
      ['OperationName', 'ResourceProvider', 'TimeGenerated'],
    ],
  },
  parse: (input, out) => {
    const doc = input.json;
    if (doc === undefined) return 'no';
    const operation = text(at(doc, 'operationName')) ?? text(at(doc, 'OperationName'));
    const where = text(at(doc, 'resourceId')) ?? text(at(doc, 'ResourceId')) ?? '';
    if (operation === undefined || !/MICROSOFT\.KEYVAULT|managedHSM/i.test(where)) return 'no';
    // `Microsoft.KeyVault/vaults/delete` is the resource manager's: the activity log.
    if (operation.includes('/')) return 'no';
    common(doc, operation, where, out);
    flattenInto(out, 'azure.keyvault', doc);
    return 'parsed';
  },
});

function common(doc: JsonObject, operation: string, where: string, out: EventFields): void {
  const p = at(doc, 'properties');
  const time = stampMicros(at(doc, 'time')) ?? stampMicros(at(doc, 'TimeGenerated'));
  if (time !== undefined) out.setOurs('@timestamp', time);
  const result = text(at(doc, 'resultType')) ?? text(at(doc, 'ResultType'));
  const status = number(at(p, 'httpStatusCode')) ?? number(at(doc, 'httpStatusCode_d'));
  const ok = status === undefined ? result === undefined || /success/i.test(result) : status < 400;
  out.set('event.kind', 'event');
  out.set('event.provider', 'azure-keyvault');
  out.set('event.code', operation);
  out.set('cloud.provider', 'azure');
  out.set('cloud.account.id', /subscriptions\/([^/]+)/i.exec(where)?.[1]?.toLowerCase());
  out.set('service.name', where.slice(where.lastIndexOf('/') + 1).toLowerCase());
  out.set('http.response.status_code', status);
  out.set('event.reason', text(at(doc, 'resultDescription')) ?? text(at(doc, 'resultSignature')));
  out.set('source.ip', text(at(doc, 'callerIpAddress')) ?? text(at(doc, 'CallerIPAddress')));
  out.set('user_agent.original', text(at(p, 'clientInfo')));
  const claim = at(doc, 'identity', 'claim');
  out.set('user.name', text(at(claim, 'upn')) ?? text(at(claim, 'unique_name')) ?? text(at(claim, 'appid')));
  out.set('user.id', text(at(claim, 'oid')) ?? text(at(claim, 'appid')));
  const id = text(at(p, 'id')) ?? text(at(doc, 'id_s'));
  const action = OPERATIONS.find(([re]) => re.test(operation))?.[1] ?? 'cloud_api_call';
  // Listings name no key or certificate of their own.
  const named = id !== undefined && /\/(?:keys|certificates|secrets)\/[^/]+/.test(id);
  const needsName = /^(?:key|certificate)_/.test(action);
  applyAction(out, needsName && !named ? 'cloud_api_call' : action, ok ? 'success' : 'failure');
  if (needsName && named) {
    if (action.startsWith('key_')) key(doc, operation, id, out);
    else certificate(doc, id, out);
  } else if (action === 'ca_changed') out.set('certificate.authority', id ?? where);
}

function key(doc: JsonObject, operation: string, id: string, out: EventFields): void {
  const k = at(doc, 'properties', 'keyProperties') ?? at(doc, 'properties', 'key');
  const version = /\/keys\/[^/]+\/([0-9a-f]{32})$/.exec(id)?.[1];
  out.set('key.id', id.replace(/(\/keys\/[^/?]+).*$/, '$1'));
  out.set('key.version', version);
  out.set(
    'key.operation',
    operation
      .replace(/^Key/, '')
      .replace(/(?<=[a-z])(?=[A-Z])/g, '_')
      .toLowerCase(),
  );
  const type = text(at(k, 'type')) ?? text(at(k, 'kty'));
  out.set('key.algorithm', keyAlgorithm(type?.replace(/-HSM$/i, '')));
  out.set('key.size', number(at(k, 'size')));
  out.set('key.storage', type === undefined ? undefined : /-HSM$/i.test(type) ? 'hsm' : 'software');
  if (/Delete|Purge/.test(operation)) out.set('key.authorized_by', out.text('user.name'));
}

function certificate(doc: JsonObject, id: string, out: EventFields): void {
  const p = at(doc, 'properties');
  const props = at(p, 'certificateProperties');
  const policy = at(p, 'certificatePolicyProperties');
  out.set('certificate.id', id);
  out.set('certificate.requester', out.text('user.name') ?? out.text('user.id'));
  setDn(out, 'subject', text(at(props, 'subject')) ?? text(at(policy, 'certificateProperties', 'subject')));
  addNames(
    out,
    at(policy, 'certificateProperties', 'subjectAlternativeNames', 'dns_names') ?? at(props, 'sans'),
  );
  setValidity(out, at(props, 'nbf'), at(props, 'exp'));
  out.set('certificate.fingerprint.sha256', text(at(props, 'sha256')));
  out.set('certificate.authority', text(at(policy, 'certificateIssuerProperties', 'name')));
}
