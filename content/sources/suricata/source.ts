/** Suricata's EVE JSON: alerts. Its other event types are left to the generic JSON source. Kept under `suricata.*`. */
import { defineSource } from '../../../src/normalize/source.ts';
import { dig, first, paths, setTime } from '../../lib/audit.ts';
import { flattenInto, list, number } from '../../lib/json.ts';
import { vendorAlert } from '../../lib/vendor-alert.ts';

export default defineSource({
  name: 'suricata',
  version: 1,
  title: 'Suricata alerts (EVE)',
  recognise: { jsonKeys: [['event_type', 'alert', 'src_ip']] },
  parse: (input, out) => {
    const doc = input.json;
    if (doc === undefined || first(doc, paths('event_type')) !== 'alert') return 'no';
    setTime(out, doc, paths('timestamp'));
    out.set('source.ip', first(doc, paths('src_ip')));
    out.set('source.port', number(dig(doc, ['src_port'])));
    out.set('destination.ip', first(doc, paths('dest_ip')));
    out.set('destination.port', number(dig(doc, ['dest_port'])));
    out.set('network.transport', first(doc, paths('proto'))?.toLowerCase());
    out.set('network.protocol', first(doc, paths('app_proto')));
    out.set('observer.name', first(doc, paths('host', 'in_iface')));
    out.set('url.domain', first(doc, paths('http.hostname', 'tls.sni')));
    out.set('url.path', first(doc, paths('http.url')));
    out.set('dns.question.name', first(doc, paths('dns.query.0.rrname')));
    vendorAlert(
      {
        provider: 'suricata',
        name: first(doc, paths('alert.signature')),
        ruleId: first(doc, paths('alert.signature_id')),
        category: first(doc, paths('alert.category')),
        word: list(dig(doc, ['alert', 'metadata', 'signature_severity']))[0],
        number: number(dig(doc, ['alert', 'severity'])),
        scale: 'suricata',
        action: 'ids_alert',
      },
      out,
    );
    flattenInto(out, 'suricata', doc);
    return 'parsed';
  },
});
