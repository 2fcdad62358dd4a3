/**
 * Documents that already speak ECS (Beats, Elastic Agent, exports): passed through with dotted names. `@timestamp` is
 * taken as the claim; what is ours to write goes under `claimed.`; certificate dates and serials are brought to our
 * form. Windows documents of Winlogbeat are left to the `windows` source. `event.action` stays as the sender wrote it,
 * even where it is no word of our vocabulary.
 */
import type { EventFields } from '../../../src/model/event.ts';
import { flatten } from '../../../src/normalize/json.ts';
import { defineSource } from '../../../src/normalize/source.ts';
import { serialFromHex } from '../../lib/certs.ts';
import { at, isObject, text } from '../../lib/json.ts';
import { certMicros, stampMicros } from '../../lib/times.ts';

export default defineSource({
  name: 'ecs-json',
  version: 1,
  title: 'ECS documents',
  recognise: {
    jsonKeys: [
      ['@timestamp', 'ecs'],
      ['@timestamp', 'ecs.version'],
      ['@timestamp', 'event'],
      ['@timestamp', 'event.kind'],
      ['@timestamp', 'event.category'],
      ['@timestamp', 'event.action'],
      ['@timestamp', 'event.dataset'],
    ],
  },
  parse: (input, out) => {
    const doc = input.json;
    if (doc === undefined || isObject(at(doc, 'winlog'))) return 'no';
    // `event` as text or number is somebody else's idea of an event.
    const event = at(doc, 'event');
    if (event !== undefined && !isObject(event)) return 'no';
    const time = stampMicros(at(doc, '@timestamp'));
    flatten(doc, out);
    if (time !== undefined) {
      out.delete('claimed.@timestamp');
      out.setOurs('@timestamp', time);
    }
    certificates(out);
    return 'parsed';
  },
});

/** Where ECS keeps certificates; the first that is there fills the fields that rules read. */
const X509 = ['x509', 'tls.server.x509', 'file.x509', 'tls.client.x509'] as const;
const COPIED = [
  'subject.common_name',
  'issuer.common_name',
  'issuer.distinguished_name',
  'alternative_names',
] as const;

function certificates(out: EventFields): void {
  const prefix = X509.find((p) => out.has(`${p}.serial_number`) || out.has(`${p}.subject.common_name`));
  if (prefix === undefined) return;
  const serial = out.text(`${prefix}.serial_number`);
  out.set('x509.serial_number', serialFromHex(serial) ?? serial);
  for (const name of ['not_before', 'not_after']) {
    const given = out.text(`${prefix}.${name}`) ?? out.text(`invalid.${prefix}.${name}`);
    const us = certMicros(given);
    if (us === undefined) continue;
    out.set(`x509.${name}`, us);
    out.delete(`invalid.${prefix}.${name}`);
  }
  if (prefix === 'x509') return;
  for (const name of COPIED) out.set(`x509.${name}`, out.get(`${prefix}.${name}`));
  const dn = text(out.text('tls.server.issuer'));
  if (!out.has('x509.issuer.distinguished_name')) out.set('x509.issuer.distinguished_name', dn);
}
