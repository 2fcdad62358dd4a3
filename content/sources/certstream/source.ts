/** Certificate transparency as certstream servers stream it: each message is a certificate seen in a log. */
import { applyAction } from '../../../src/model/vocabulary.ts';
import { defineSource } from '../../../src/normalize/source.ts';
import { addNames, serialFromHex, setDn, setValidity } from '../../lib/certs.ts';
import { at, text } from '../../lib/json.ts';
import { stampMicros } from '../../lib/times.ts';

export default defineSource({
  name: 'certstream',
  version: 1,
  title: 'Certificate transparency (certstream)',
  recognise: { jsonKeys: [['message_type', 'data']] },
  parse: (input, out) => {
    const data = at(input.json, 'data');
    const leaf = at(data, 'leaf_cert');
    if (text(at(input.json, 'message_type')) !== 'certificate_update' || leaf === undefined) return 'no';
    const seen = stampMicros(at(data, 'seen'));
    if (seen !== undefined) out.setOurs('@timestamp', seen);
    out.set('event.kind', 'event');
    out.set('event.provider', 'certstream');
    out.set('event.code', text(at(data, 'update_type')));
    applyAction(out, 'certificate_observed');
    setDn(out, 'subject', text(at(leaf, 'subject', 'aggregated')));
    const chain = at(data, 'chain');
    const first = Array.isArray(chain) ? chain[0] : undefined;
    setDn(out, 'issuer', text(at(leaf, 'issuer', 'aggregated')) ?? text(at(first, 'subject', 'aggregated')));
    out.set(
      'x509.subject.common_name',
      text(at(leaf, 'subject', 'CN')) ?? out.text('x509.subject.common_name'),
    );
    addNames(out, at(leaf, 'all_domains'));
    out.set('x509.serial_number', serialFromHex(text(at(leaf, 'serial_number'))));
    setValidity(out, at(leaf, 'not_before'), at(leaf, 'not_after'));
    out.set('certificate.fingerprint.sha256', text(at(leaf, 'sha256'))?.replaceAll(':', '').toUpperCase());
    out.set('certificate.fingerprint.sha1', text(at(leaf, 'fingerprint'))?.replaceAll(':', '').toUpperCase());
    out.set('x509.authority_key_id', text(at(leaf, 'extensions', 'authorityKeyIdentifier'))?.trim());
    out.set('certificate.log', text(at(data, 'source', 'name')));
    out.set('url.full', text(at(data, 'cert_link')));
    return 'parsed';
  },
});
