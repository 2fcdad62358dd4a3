/**
 * AWS CloudTrail, one record per event (also as EventBridge's `detail`). A whole `{"Records": [...]}` file that no
 * door has split is left to the generic JSON source. Everything is kept under `aws.cloudtrail.<path>` in AWS's own
 * spelling (Sigma's CloudTrail field names live there).
 */
import type { EventFields } from '../../../src/model/event.ts';
import { parseIp } from '../../../src/model/ip.ts';
import { applyAction } from '../../../src/model/vocabulary.ts';
import { defineSource, type Json, type JsonObject } from '../../../src/normalize/source.ts';
import { at, flattenInto, isObject, list, number, text } from '../../lib/json.ts';
import { stampMicros } from '../../lib/times.ts';
import { AWS_ACTIONS } from './actions.ts';
import { mapCertificate, mapKey } from './pki.ts';
import { isPublicPolicy } from './policy.ts';

export default defineSource({
  name: 'cloudtrail',
  version: 1,
  title: 'AWS CloudTrail',
  recognise: {
    jsonKeys: [
      ['eventSource', 'eventName', 'eventTime'],
      ['eventSource', 'eventName'],
      ['eventsource', 'eventname'],
      ['detail-type', 'detail', 'source'],
    ],
  },
  parse: (input, out) => {
    const doc = recased(input.json);
    if (doc === undefined) return 'no';
    const detail = at(doc, 'detail');
    if (isObject(detail) && text(at(detail, 'eventName')) === undefined) return acmNotice(doc, out);
    const record = isObject(detail) ? detail : doc;
    if (text(at(record, 'eventName')) === undefined) return 'no';
    common(record, out);
    act(record, out);
    flattenInto(out, 'aws.cloudtrail', record);
    return 'parsed';
  },
});

/** Names of a record's first level that have capitals: a data warehouse may have taken them away. */
const NAMES: ReadonlyMap<string, string> = new Map(
  'eventVersion userIdentity eventTime eventSource eventName awsRegion sourceIPAddress userAgent requestParameters responseElements additionalEventData requestID eventID readOnly eventType managementEvent recipientAccountId eventCategory errorCode errorMessage vpcEndpointId serviceEventDetails sharedEventID tlsDetails'
    .split(' ')
    .map((n) => [n.toLowerCase(), n] as const),
);

function recased(doc: JsonObject | undefined): JsonObject | undefined {
  if (doc === undefined || !('eventname' in doc)) return doc;
  const out = Object.create(null) as { [key: string]: Json };
  for (const key of Object.keys(doc)) out[NAMES.get(key) ?? key] = doc[key] as Json;
  return out;
}

function common(doc: JsonObject, out: EventFields): void {
  const time = stampMicros(at(doc, 'eventTime'));
  if (time !== undefined) out.setOurs('@timestamp', time);
  out.set('event.kind', 'event');
  out.set('event.provider', text(at(doc, 'eventSource')));
  out.set('event.code', text(at(doc, 'eventName')));
  out.set('event.id', text(at(doc, 'eventID')));
  out.set('cloud.provider', 'aws');
  out.set(
    'cloud.account.id',
    text(at(doc, 'recipientAccountId')) ?? text(at(doc, 'userIdentity', 'accountId')),
  );
  out.set('cloud.region', text(at(doc, 'awsRegion')));
  out.set('user_agent.original', text(at(doc, 'userAgent')));
  const peer = text(at(doc, 'sourceIPAddress'));
  if (peer !== undefined) out.set(parseIp(peer) === undefined ? 'source.domain' : 'source.ip', peer);
  identity(doc, out);
}

function identity(doc: JsonObject, out: EventFields): void {
  const id = at(doc, 'userIdentity');
  const arn = text(at(id, 'arn'));
  out.set(
    'user.name',
    text(at(id, 'userName')) ??
      text(at(id, 'sessionContext', 'sessionIssuer', 'userName')) ??
      (text(at(id, 'type')) === 'Root' ? 'root' : arn?.slice(arn.lastIndexOf('/') + 1)) ??
      text(at(id, 'invokedBy')),
  );
  out.set('user.id', text(at(id, 'principalId')));
  out.set('user.session.name', /:assumed-role\/[^/]+\/(.+)$/.exec(arn ?? '')?.[1]);
}

function act(doc: JsonObject, out: EventFields): void {
  const call = text(at(doc, 'eventName')) ?? '';
  const service = (text(at(doc, 'eventSource')) ?? '').replace(/\.amazonaws\.com$/, '');
  const error = text(at(doc, 'errorCode'));
  const console = text(at(doc, 'responseElements', call));
  const outcome = error !== undefined || console === 'Failure' ? 'failure' : 'success';
  out.set('event.reason', text(at(doc, 'errorMessage')) ?? error);
  const known = AWS_ACTIONS.get(`${service}:${call}`);
  const assumed = /^(?:AssumeRole|SwitchRole)/.test(call) && (service === 'sts' || service === 'signin');
  applyAction(out, known?.action ?? (assumed ? 'role_assumed' : 'cloud_api_call'), outcome);
  const req = at(doc, 'requestParameters');
  if (assumed) {
    const role = text(at(req, 'roleArn')) ?? text(at(doc, 'additionalEventData', 'SwitchTo')) ?? '';
    out.set('user.effective.name', role.slice(role.lastIndexOf('/') + 1) || call);
  }
  if (known?.target !== undefined)
    out.set('user.target.name', text(at(req, known.target)) ?? out.text('user.name'));
  if (known?.action === 'password_changed') out.set('user.target.name', out.text('user.name'));
  if (known?.group !== undefined) out.set('group.name', text(at(req, known.group)));
  if (known?.action.startsWith('file_') === true) {
    out.set('file.path', `s3://${list(at(req, 'bucketName'))[0] ?? ''}/${list(at(req, 'key'))[0] ?? ''}`);
  }
  out.set('aws.policy.public', isPublicPolicy(req));
  if (service === 'kms') mapKey(doc, call, out);
  if (service === 'acm' || service === 'acm-pca') mapCertificate(doc, out);
  if (service === 'kms' && known !== undefined && !out.has('key.id'))
    applyAction(out, 'cloud_api_call', outcome);
}

/** EventBridge notices of ACM: expiry and renewal. */
const NOTICES: ReadonlyMap<string, string> = new Map([
  ['ACM Certificate Approaching Expiration', 'certificate_expiring'],
  ['ACM Certificate Expired', 'certificate_expired'],
  ['ACM Certificate Available', 'certificate_issued'],
  ['ACM Certificate Renewal Action Required', 'certificate_renewal_failed'],
  ['ACM Certificate Revoked', 'certificate_revoked'],
]);

function acmNotice(doc: JsonObject, out: EventFields): 'parsed' | 'no' {
  const action = NOTICES.get(text(at(doc, 'detail-type')) ?? '');
  if (action === undefined) return 'no';
  const time = stampMicros(at(doc, 'time'));
  if (time !== undefined) out.setOurs('@timestamp', time);
  const renewal = text(at(doc, 'detail', 'Action')) === 'RENEWAL';
  const name = action === 'certificate_issued' && renewal ? 'certificate_renewed' : action;
  applyAction(out, name, name === 'certificate_renewal_failed' ? 'failure' : 'success');
  out.set('event.kind', 'event');
  out.set('event.provider', text(at(doc, 'source')));
  out.set('event.code', text(at(doc, 'detail-type')));
  out.set('cloud.provider', 'aws');
  out.set('cloud.account.id', text(at(doc, 'account')));
  out.set('cloud.region', text(at(doc, 'region')));
  out.set('certificate.id', list(at(doc, 'resources'))[0]);
  out.set(
    'x509.subject.common_name',
    text(at(doc, 'detail', 'CommonName')) ?? text(at(doc, 'detail', 'DomainName')),
  );
  out.set('certificate.days_left', number(at(doc, 'detail', 'DaysToExpiry')));
  if (renewal || name === 'certificate_renewal_failed') out.set('certificate.renewal.mode', 'auto');
  out.set('certificate.monitored', true);
  flattenInto(out, 'aws.event', doc);
  return 'parsed';
}
