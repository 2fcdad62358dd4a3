/** Zeek's conn, ssl, x509 and dns streams as JSON. */
import { epochSeconds } from './stamps.ts';

export type Flow = {
  readonly at: number;
  readonly uid: string;
  readonly src: string;
  readonly spt: number;
  readonly dst: string;
  readonly dpt: number;
};
const head = (path: string, f: Flow): Record<string, unknown> => ({
  _path: path,
  ts: epochSeconds(f.at),
  uid: f.uid,
  'id.orig_h': f.src,
  'id.orig_p': f.spt,
  'id.resp_h': f.dst,
  'id.resp_p': f.dpt,
});

export const zeekConn = (
  f: Flow,
  c: {
    proto: 'tcp' | 'udp';
    service: string;
    seconds: number;
    sent: number;
    received: number;
    state: string;
  },
): string =>
  JSON.stringify({
    ...head('conn', f),
    proto: c.proto,
    service: c.service,
    duration: c.seconds,
    orig_bytes: c.sent,
    resp_bytes: c.received,
    conn_state: c.state,
    orig_pkts: Math.ceil(c.sent / 1300) + 2,
    orig_ip_bytes: c.sent + 40 * (Math.ceil(c.sent / 1300) + 2),
    resp_pkts: Math.ceil(c.received / 1300) + 2,
    resp_ip_bytes: c.received + 40 * (Math.ceil(c.received / 1300) + 2),
  });

export const zeekSsl = (
  f: Flow,
  s: { name: string; issuer: string; valid: boolean; client?: string; clientIssuer?: string },
): string =>
  JSON.stringify({
    ...head('ssl', f),
    version: 'TLSv12',
    cipher: 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
    server_name: s.name,
    resumed: false,
    established: true,
    subject: `CN=${s.name}`,
    issuer: `CN=${s.issuer}`,
    ...(s.client === undefined
      ? {}
      : {
          client_cert_chain_fuids: [`F${f.uid.slice(1)}`],
          client_subject: `CN=${s.client}`,
          client_issuer: `CN=${s.clientIssuer ?? ''}`,
        }),
    validation_status: s.valid ? 'ok' : 'unable to get local issuer certificate',
  });

export const zeekX509 = (c: {
  at: number;
  fingerprint: string;
  serial: string;
  name: string;
  issuer: string;
  organisation: string;
  days: number;
}): string =>
  JSON.stringify({
    _path: 'x509',
    ts: epochSeconds(c.at),
    fingerprint: c.fingerprint,
    'certificate.version': 3,
    'certificate.serial': c.serial.toUpperCase(),
    'certificate.subject': `CN=${c.name}`,
    'certificate.issuer': `CN=${c.issuer},O=${c.organisation},C=NO`,
    'certificate.not_valid_before': Math.floor(c.at / 1e6) - 86400,
    'certificate.not_valid_after': Math.floor(c.at / 1e6) + c.days * 86400,
    'certificate.key_alg': 'rsaEncryption',
    'certificate.sig_alg': 'sha256WithRSAEncryption',
    'certificate.key_type': 'rsa',
    'certificate.key_length': 2048,
    'san.dns': [c.name, `www.${c.name}`],
    'basic_constraints.ca': false,
  });

export const zeekDns = (f: Flow, query: string, answer: string): string =>
  JSON.stringify({
    ...head('dns', f),
    proto: 'udp',
    trans_id: f.spt,
    query,
    qtype_name: 'A',
    rcode_name: 'NOERROR',
    answers: [answer],
  });
