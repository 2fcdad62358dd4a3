/** Cisco Secure Endpoint (AMP) events of its API and event streams; those with a severity are alerts. Kept under `cisco.amp.*`. */
import { defineSource } from '../../../src/normalize/source.ts';
import { first, paths, setTime } from '../../lib/audit.ts';
import { flattenInto } from '../../lib/json.ts';
import { vendorAlert } from '../../lib/vendor-alert.ts';

export default defineSource({
  name: 'cisco-secure-endpoint',
  version: 1,
  title: 'Cisco Secure Endpoint',
  recognise: {
    jsonKeys: [
      ['connector_guid', 'event_type'],
      ['event_type', 'event_type_id', 'computer'],
    ],
  },
  parse: (input, out) => {
    const doc = input.json;
    const type = first(doc, paths('event_type'));
    if (doc === undefined || type === undefined) return 'no';
    setTime(out, doc, paths('date', 'timestamp'));
    out.set('host.name', first(doc, paths('computer.hostname')));
    out.set('user.name', first(doc, paths('computer.user', 'file.parent.user')));
    out.set('source.ip', first(doc, paths('network_info.local_ip', 'computer.external_ip')));
    out.set('destination.ip', first(doc, paths('network_info.remote_ip')));
    out.set('file.path', first(doc, paths('file.file_path')));
    out.set('file.hash.sha256', first(doc, paths('file.identity.sha256')));
    const word = first(doc, paths('severity'));
    if (word !== undefined)
      vendorAlert(
        {
          provider: 'cisco-secure-endpoint',
          id: first(doc, paths('id')),
          name: first(doc, paths('detection')) ?? type,
          ruleId: first(doc, paths('event_type_id')),
          category: type,
          link: first(doc, paths('computer.links.trajectory')),
          word,
        },
        out,
      );
    else {
      out.set('event.kind', 'event');
      out.set('event.provider', 'cisco-secure-endpoint');
    }
    out.set('event.code', type);
    flattenInto(out, 'cisco.amp', doc);
    return 'parsed';
  },
});
