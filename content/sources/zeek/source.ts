/**
 * Zeek logs as JSON (zeek.org reference, `conn`, `dns`, `http`, `ssl`, `x509`, `ocsp`, `ssh`, `kerberos`, `notice`,
 * `known_certs`, ...). The stream is named by `_path` (streaming logs) or `@stream`, else told by its keys. Nested,
 * dotted (`id.orig_h`) and underscored (`id_orig_h`) spellings are read. All values stay under `zeek.<stream>.<field>`.
 */
import { applyAction } from '../../../src/model/vocabulary.ts';
import { defineSource } from '../../../src/normalize/source.ts';
import { flattenInto } from '../../lib/json.ts';
import { stampMicros } from '../../lib/times.ts';
import { address, get, stream, txt, whole } from './read.ts';
import { STREAMS } from './streams.ts';

/** Streams named after the protocol that they describe. */
const PROTOCOLS: ReadonlySet<string> = new Set(
  'dce_rpc dhcp dnp3 ftp irc modbus mysql ntp radius rdp rfb sip smb_cmd smb_mapping smtp snmp socks syslog'.split(
    ' ',
  ),
);

export default defineSource({
  name: 'zeek',
  version: 1,
  title: 'Zeek network monitor',
  recognise: {
    jsonKeys: [
      ['_path', 'ts'],
      ['@stream', 'ts'],
      ['ts', 'uid'],
      ['ts', 'fuid'],
      ['ts', 'certificate.serial'],
      ['ts', 'certificate_serial'],
      ['ts', 'certificate'],
      ['ts', 'serialNumber', 'certStatus'],
      ['ts', 'note'],
      ['ts', 'host', 'serial'],
      ['ts', 'id.orig_h'],
      ['ts', 'uids'],
    ],
  },
  parse: (input, out) => {
    const doc = input.json;
    if (doc === undefined) return 'no';
    const name = stream(doc);
    if (name === '') return 'no';
    const time = stampMicros(get(doc, 'ts'));
    if (time !== undefined) out.setOurs('@timestamp', time);
    out.set('event.kind', 'event');
    out.set('event.provider', 'zeek');
    out.set('event.dataset', `zeek.${name}`);
    out.set('event.id', txt(doc, 'uid'));
    out.set('host.name', txt(doc, '_system_name') ?? txt(doc, '@system'));
    address(out, 'source', txt(doc, 'id.orig_h'), whole(doc, 'id.orig_p'));
    address(out, 'destination', txt(doc, 'id.resp_h'), whole(doc, 'id.resp_p'));
    const transport = txt(doc, 'proto');
    if (transport !== undefined && /^(?:tcp|udp|icmp)$/.test(transport))
      out.set('network.transport', transport);
    if (PROTOCOLS.has(name))
      out.set('network.protocol', name === 'smb_cmd' || name === 'smb_mapping' ? 'smb' : name);
    flattenInto(out, `zeek.${name}`, doc);
    const map = STREAMS.get(name);
    map?.(doc, out);
    if (!out.has('event.action') && (out.has('source.ip') || out.has('destination.ip')))
      applyAction(out, 'network_connection');
    return map === undefined ? 'partial' : 'parsed';
  },
});
