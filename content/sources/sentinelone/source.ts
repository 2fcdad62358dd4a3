/** SentinelOne: threats and alerts of the activity log and of the threats API; other activities are events. Kept under `sentinelone.*`. */
import { defineSource } from '../../../src/normalize/source.ts';
import { dig, first, paths, setTime } from '../../lib/audit.ts';
import { flattenInto, isObject } from '../../lib/json.ts';
import { vendorAlert } from '../../lib/vendor-alert.ts';

export default defineSource({
  name: 'sentinelone',
  version: 1,
  title: 'SentinelOne',
  recognise: {
    jsonKeys: [
      ['activityType', 'primaryDescription'],
      ['activitytype', 'primarydescription'],
      ['threatInfo', 'agentRealtimeInfo'],
    ],
  },
  parse: (input, out) => {
    const doc = input.json;
    if (doc === undefined) return 'no';
    const threat = dig(doc, ['threatInfo']);
    setTime(out, doc, paths('threatInfo.createdAt', 'createdAt'));
    out.set(
      'host.name',
      first(doc, paths('agentRealtimeInfo.agentComputerName', 'data.computerName', 'data.realHostname')),
    );
    out.set('user.name', first(doc, paths('threatInfo.processUser', 'data.username')));
    out.set('file.path', first(doc, paths('threatInfo.filePath', 'data.filePath')));
    out.set('file.hash.sha256', first(doc, paths('threatInfo.sha256')));
    out.set('file.hash.sha1', first(doc, paths('threatInfo.sha1', 'data.fileContentHash')));
    const confidence = first(doc, paths('threatInfo.confidenceLevel', 'data.confidenceLevel'));
    const alert = first(doc, paths('data.alertId'));
    const id = first(threat, paths('threatId', 'id')) ?? alert ?? first(doc, paths('threatId'));
    if (isObject(threat) || (id !== undefined && (alert !== undefined || confidence !== undefined)))
      vendorAlert(
        {
          provider: 'sentinelone',
          id,
          name: first(
            doc,
            paths('threatInfo.threatName', 'data.ruleName', 'data.fileDisplayName', 'primaryDescription'),
          ),
          category: first(doc, paths('threatInfo.classification', 'data.threatClassification')),
          description: first(doc, paths('primaryDescription', 'threatInfo.detectionEngines.0.title')),
          link: first(doc, paths('data.alertUrl')),
          // Its threats have no severity, but how sure it is.
          word:
            first(doc, paths('data.severity'))?.replace(/^E_/, '') ??
            (confidence === 'malicious' ? 'high' : 'medium'),
        },
        out,
      );
    else {
      out.set('event.kind', 'event');
      out.set('event.provider', 'sentinelone');
      out.set('message', first(doc, paths('primaryDescription')));
    }
    out.set('event.code', first(doc, paths('activityType')));
    flattenInto(out, 'sentinelone', doc);
    return 'parsed';
  },
});
