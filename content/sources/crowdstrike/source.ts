/**
 * CrowdStrike Falcon: detections of the event streams (`metadata` and `event`), of the alerts API, and flattened ones of the
 * data replicator; further streamed events are `api_request`s. Kept under `crowdstrike.*`.
 */
import type { EventFields } from '../../../src/model/event.ts';
import { defineSource, type JsonObject } from '../../../src/normalize/source.ts';
import {
  actionTable,
  auditEvent,
  type AuditSpec,
  dig,
  first,
  namedPairs,
  paths,
  setTime,
} from '../../lib/audit.ts';
import { flattenInto, isObject, number } from '../../lib/json.ts';
import { vendorAlert } from '../../lib/vendor-alert.ts';

export default defineSource({
  name: 'crowdstrike',
  version: 1,
  title: 'CrowdStrike Falcon',
  recognise: {
    jsonKeys: [
      ['metadata', 'event'],
      ['FalconHostLink', 'Severity'],
      ['composite_id', 'falcon_host_link'],
      ['aid', 'cid', 'event'],
    ],
  },
  parse: (input, out) => {
    const raw = input.json;
    if (raw === undefined) return 'no';
    const kind = first(raw, paths('metadata.eventType', 'ExternalApiType')) ?? '';
    const streamed = dig(raw, ['event']);
    if (isObject(dig(raw, ['metadata'])) && isObject(streamed) && kind !== '') {
      if (/DetectionSummaryEvent$/.test(kind)) detection(streamed, out);
      else audit(streamed, raw, kind, out);
    } else if (first(raw, LINK) !== undefined) detection(raw, out);
    // The data replicator puts the detection below the sensor that sent it.
    else if (isObject(streamed) && first(streamed, LINK) !== undefined) detection(streamed, out);
    else return 'no';
    flattenInto(out, 'crowdstrike', raw);
    return 'parsed';
  },
});

const STREAMED: AuditSpec = {
  prefix: 'crowdstrike.event',
  provider: 'crowdstrike',
  user: paths('UserId'),
  ip: paths('UserIp'),
  outcome: paths('Success'),
  actions: actionTable(`
    user_created: createUser
    user_deleted: deleteUser
    role_granted: grantUserRoles
    user_login: userAuthenticate
  `),
};
const LINK = paths('FalconHostLink', 'falcon_host_link');

function detection(e: JsonObject, out: EventFields): void {
  setTime(out, e, paths('timestamp', 'updated_timestamp', 'UTCTimestamp'));
  out.set('host.name', first(e, paths('Hostname', 'ComputerName', 'device.hostname', 'hostname')));
  out.set('user.name', first(e, paths('UserName', 'user_name')));
  out.set(
    'process.executable',
    first(e, paths('filepath')) ?? joined(first(e, paths('FilePath')), first(e, paths('FileName'))),
  );
  out.set('process.command_line', first(e, paths('CommandLine', 'cmdline')));
  out.set('process.hash.sha256', first(e, paths('SHA256String', 'sha256')));
  out.set('source.ip', first(e, paths('LocalIP', 'device.local_ip')));
  vendorAlert(
    {
      provider: 'crowdstrike',
      id: first(e, paths('CompositeId', 'composite_id', 'DetectId', 'EventUUID')),
      name: first(e, paths('Name', 'DetectName', 'display_name', 'Technique', 'technique')),
      ruleId: first(e, paths('PatternId', 'pattern_id', 'Technique')),
      category: first(e, paths('Tactic', 'tactic', 'Objective')),
      description: first(e, paths('Description', 'DetectDescription', 'description')),
      link: first(e, LINK),
      word: first(e, paths('SeverityName', 'severity_name')),
      number: number(dig(e, ['Severity'])),
      scale: 'hundred',
    },
    out,
  );
}
const joined = (folder: string | undefined, name: string | undefined): string | undefined =>
  folder === undefined || name === undefined
    ? (name ?? folder)
    : folder.endsWith(name)
      ? folder
      : `${folder.replace(/[\\/]$/, '')}${folder.includes('\\') ? '\\' : '/'}${name}`;

function audit(e: JsonObject, raw: JsonObject, kind: string, out: EventFields): void {
  const pairs = namedPairs(dig(e, ['AuditKeyValues']), 'Key', 'ValueString');
  for (const [name, value] of pairs) out.set(`crowdstrike.audit.${name}`, value);
  setTime(out, raw, paths('metadata.eventCreationTime'));
  out.set('user.target.name', pairs.find(([n]) => n === 'target_name')?.[1]);
  auditEvent(e, out, STREAMED, first(e, paths('OperationName')) ?? kind);
}
