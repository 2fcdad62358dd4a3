/** Wazuh alerts (alerts.json of the manager), one per event; kept under `wazuh.*`. Levels below 4 are events, as Wazuh sees it. */
import { defineSource } from '../../../src/normalize/source.ts';
import { dig, first, paths, setTime } from '../../lib/audit.ts';
import { flattenInto, isObject, list, number } from '../../lib/json.ts';
import { vendorAlert } from '../../lib/vendor-alert.ts';

const ALERT_LEVEL_MIN = 4;

export default defineSource({
  name: 'wazuh',
  version: 1,
  title: 'Wazuh alerts',
  recognise: {
    jsonKeys: [
      ['rule', 'agent', 'manager'],
      ['rule', 'decoder', 'location'],
    ],
  },
  parse: (input, out) => {
    const doc = input.json;
    const level = number(dig(doc, ['rule', 'level']));
    if (doc === undefined || level === undefined || !isObject(dig(doc, ['rule']))) return 'no';
    setTime(out, doc, paths('timestamp'));
    out.set('host.name', first(doc, paths('agent.name', 'manager.name')));
    out.set('user.name', first(doc, paths('data.dstuser', 'data.srcuser')));
    out.set('source.ip', first(doc, paths('data.srcip')));
    out.set('destination.ip', first(doc, paths('data.dstip')));
    out.set('file.path', first(doc, paths('syscheck.path')));
    out.set('threat.technique.id', list(dig(doc, ['rule', 'mitre', 'id'])));
    vendorAlert(
      {
        provider: 'wazuh',
        name: first(doc, paths('rule.description')),
        ruleId: first(doc, paths('rule.id')),
        category: list(dig(doc, ['rule', 'groups']))[0],
        number: level,
        scale: 'wazuh',
      },
      out,
    );
    if (level < ALERT_LEVEL_MIN) out.set('event.kind', 'event');
    const full = first(doc, paths('full_log'));
    if (full !== undefined) out.set('message', full);
    flattenInto(out, 'wazuh', doc);
    return 'parsed';
  },
});
