/**
 * Alerts of Microsoft Defender: the security API of Microsoft Graph (alerts_v2 and the older alerts), and the streaming API
 * of Defender XDR (`AdvancedHunting-AlertInfo`; its other tables are events). Kept under `m365_defender.*`.
 */
import type { EventFields } from '../../../src/model/event.ts';
import { defineSource, type Json, type JsonObject } from '../../../src/normalize/source.ts';
import { dig, first, paths, setTime } from '../../lib/audit.ts';
import { flattenInto, list } from '../../lib/json.ts';
import { vendorAlert } from '../../lib/vendor-alert.ts';

export default defineSource({
  name: 'microsoft-defender',
  version: 1,
  title: 'Microsoft Defender alerts',
  recognise: {
    jsonKeys: [
      ['severity', 'serviceSource', 'detectionSource'],
      ['severity', 'vendorInformation', 'title'],
      ['category', 'operationName', 'properties', 'time'],
      ['category', 'properties', 'time', 'tenantId'],
    ],
  },
  parse: (input, out) => {
    const doc = input.json;
    if (doc === undefined) return 'no';
    const category = first(doc, paths('category')) ?? '';
    if (category.startsWith('AdvancedHunting-')) hunted(doc, category, out);
    else if (['id', 'title', 'severity'].some((k) => first(doc, paths(k)) === undefined)) return 'no';
    else graph(doc, out);
    flattenInto(out, 'm365_defender', doc);
    return 'parsed';
  },
});

function graph(doc: JsonObject, out: EventFields): void {
  setTime(out, doc, paths('lastUpdateDateTime', 'eventDateTime', 'createdDateTime'));
  const evidence = dig(doc, ['evidence']);
  const some = (...names: string[]): string | undefined => {
    for (const e of Array.isArray(evidence) ? (evidence as readonly Json[]) : []) {
      const found = first(e, paths(...names));
      if (found !== undefined) return found;
    }
    return undefined;
  };
  out.set(
    'host.name',
    some('deviceDnsName', 'hostName') ?? first(doc, paths('hostStates.0.netBiosName', 'hostStates.0.fqdn')),
  );
  out.set(
    'user.name',
    some('userAccount.userPrincipalName', 'userAccount.accountName') ??
      first(doc, paths('userStates.0.userPrincipalName')),
  );
  out.set('source.ip', some('ipAddress') ?? first(doc, paths('userStates.0.logonIp')));
  out.set('threat.technique.id', list(dig(doc, ['mitreTechniques'])));
  vendorAlert(
    {
      provider:
        first(doc, paths('productName', 'serviceSource', 'vendorInformation.provider')) ??
        'microsoft-defender',
      id: first(doc, paths('id', 'providerAlertId')),
      name: first(doc, paths('title')),
      category: first(doc, paths('category')),
      description: first(doc, paths('description')),
      link: first(doc, paths('alertWebUrl', 'sourceMaterials.0')),
      word: first(doc, paths('severity')),
    },
    out,
  );
  if (first(doc, paths('status')) === 'resolved') out.set('event.kind', 'event');
}

function hunted(doc: JsonObject, category: string, out: EventFields): void {
  setTime(out, doc, paths('properties.Timestamp', 'time'));
  const p = dig(doc, ['properties']);
  out.set('host.name', first(p, paths('DeviceName')));
  out.set('user.name', first(p, paths('AccountUpn', 'AccountName')));
  if (category !== 'AdvancedHunting-AlertInfo') {
    out.set('event.kind', 'event');
    out.set('event.provider', 'microsoft-defender');
    out.set('event.code', category.slice(category.indexOf('-') + 1));
    return;
  }
  const id = first(p, paths('AlertId'));
  vendorAlert(
    {
      provider: first(p, paths('ServiceSource')) ?? 'microsoft-defender',
      id,
      name: first(p, paths('Title')),
      category: first(p, paths('Category')),
      link: id === undefined ? undefined : `https://security.microsoft.com/alerts/${encodeURIComponent(id)}`,
      word: first(p, paths('Severity')),
    },
    out,
  );
}
