/** AWS Security Hub findings (AWS Security Finding Format), one per event; kept under `aws.security_hub.*`. */
import { defineSource, type Json, type JsonObject } from '../../../src/normalize/source.ts';
import { dig, first, paths, setTime } from '../../lib/audit.ts';
import { flattenInto, isObject, list, number } from '../../lib/json.ts';
import { vendorAlert } from '../../lib/vendor-alert.ts';

export default defineSource({
  name: 'security-hub',
  version: 1,
  title: 'AWS Security Hub findings',
  recognise: {
    jsonKeys: [
      ['ProductArn', 'GeneratorId'],
      ['detail-type', 'detail', 'source'],
    ],
  },
  parse: (input, out) => {
    const wrapped = dig(input.json, ['detail', 'findings', '0']);
    const doc: JsonObject | undefined = isObject(wrapped) ? wrapped : input.json;
    if (doc === undefined || first(doc, paths('ProductArn')) === undefined) return 'no';
    setTime(out, doc, paths('UpdatedAt', 'CreatedAt'));
    out.set('cloud.provider', 'aws');
    out.set('cloud.account.id', first(doc, paths('AwsAccountId')));
    out.set('cloud.region', first(doc, paths('Region')));
    out.set(
      'source.ip',
      first(doc, paths('Action.AwsApiCallAction.RemoteIpDetails.IpAddressV4', 'Network.SourceIpV4')),
    );
    const resources = dig(doc, ['Resources']);
    const ids = Array.isArray(resources)
      ? (resources as readonly Json[]).flatMap((r) => list(dig(r, ['Id'])))
      : [];
    out.set('cloud.resource.id', ids.slice(0, 20));
    out.set('host.name', /:instance\/(i-[0-9a-f]+)$/.exec(ids[0] ?? '')?.[1]);
    const severity = dig(doc, ['Severity']) ?? dig(doc, ['FindingProviderFields', 'Severity']);
    vendorAlert(
      {
        provider: first(doc, paths('ProductName')) ?? 'security-hub',
        id: first(doc, paths('Id')),
        name: first(doc, paths('Title')),
        ruleId: first(doc, paths('GeneratorId')),
        category: list(dig(doc, ['Types']))[0],
        description: first(doc, paths('Description')),
        link: first(doc, paths('SourceUrl', 'Remediation.Recommendation.Url')),
        word: first(severity, paths('Label')),
        number: number(dig(severity, ['Normalized'])),
        scale: 'hundred',
      },
      out,
    );
    // Checks of the configuration that passed, and findings that somebody closed, ask nothing of anybody.
    const done =
      first(doc, paths('RecordState')) === 'ARCHIVED' || first(doc, paths('Workflow.Status')) === 'RESOLVED';
    if (done || first(doc, paths('Compliance.Status')) === 'PASSED') out.set('event.kind', 'event');
    flattenInto(out, 'aws.security_hub', doc);
    return 'parsed';
  },
});
