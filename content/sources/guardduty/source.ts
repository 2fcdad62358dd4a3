/** AWS GuardDuty findings, as exported or in EventBridge's `detail`; kept under `aws.guardduty.*`. Sample findings are no alerts. */
import { defineSource, type JsonObject } from '../../../src/normalize/source.ts';
import { dig, first, paths, setTime } from '../../lib/audit.ts';
import { flattenInto, isObject, number } from '../../lib/json.ts';
import { vendorAlert } from '../../lib/vendor-alert.ts';

export default defineSource({
  name: 'guardduty',
  version: 1,
  title: 'AWS GuardDuty findings',
  recognise: {
    jsonKeys: [
      ['schemaVersion', 'severity', 'type', 'service'],
      ['detail-type', 'detail', 'source'],
    ],
  },
  parse: (input, out) => {
    const detail = dig(input.json, ['detail']);
    const doc: JsonObject | undefined = isObject(detail) ? detail : input.json;
    const id = first(doc, paths('id'));
    if (doc === undefined || id === undefined) return 'no';
    if (
      first(doc, paths('service.serviceName')) !== 'guardduty' &&
      first(doc, paths('arn'))?.includes(':guardduty:') !== true
    )
      return 'no';
    setTime(out, doc, paths('service.eventLastSeen', 'updatedAt'));
    const region = first(doc, paths('region'));
    out.set('cloud.provider', 'aws');
    out.set('cloud.account.id', first(doc, paths('accountId')));
    out.set('cloud.region', region);
    out.set('host.name', first(doc, paths('resource.instanceDetails.instanceId')));
    out.set('user.name', first(doc, paths('resource.accessKeyDetails.userName')));
    out.set('source.ip', first(doc, REMOTE));
    out.set('cloud.resource.type', first(doc, paths('resource.resourceType')));
    vendorAlert(
      {
        provider: 'guardduty',
        id,
        name: first(doc, paths('title')),
        ruleId: first(doc, paths('type')),
        category: first(doc, paths('type'))?.split(':', 1)[0],
        description: first(doc, paths('description')),
        link:
          region === undefined
            ? undefined
            : `https://${region}.console.aws.amazon.com/guardduty/home?region=${region}#/findings?macros=current&fId=${id}`,
        number: number(dig(doc, ['severity'])),
        scale: 'guardduty',
      },
      out,
    );
    if (dig(doc, ['service', 'additionalInfo', 'sample']) === true) out.set('event.kind', 'event');
    flattenInto(out, 'aws.guardduty', doc);
    return 'parsed';
  },
});

const REMOTE = paths(
  'service.action.awsApiCallAction.remoteIpDetails.ipAddressV4',
  'service.action.networkConnectionAction.remoteIpDetails.ipAddressV4',
  'service.action.portProbeAction.portProbeDetails.0.remoteIpDetails.ipAddressV4',
  'service.action.kubernetesApiCallAction.remoteIpDetails.ipAddressV4',
);
