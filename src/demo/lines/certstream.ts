/** A certificate seen in a transparency log, in the shape that certstream servers send. */
export function ctEntry(c: {
  at: number;
  index: number;
  name: string;
  issuer: string;
  organisation: string;
  serial: string;
  fingerprint: string;
}): string {
  return JSON.stringify({
    message_type: 'certificate_update',
    data: {
      update_type: 'X509LogEntry',
      seen: c.at / 1e6,
      cert_index: c.index,
      source: { url: 'ct.example.org/2026', name: 'Example CT Log' },
      leaf_cert: {
        subject: { aggregated: `/CN=${c.name}`, CN: c.name },
        issuer: { aggregated: `/C=XX/O=${c.organisation}/CN=${c.issuer}`, CN: c.issuer, O: c.organisation },
        serial_number: c.serial.toUpperCase(),
        not_before: Math.floor(c.at / 1e6) - 3600,
        not_after: Math.floor(c.at / 1e6) + 90 * 86400,
        all_domains: [c.name, `www.${c.name}`],
        fingerprint: colonHex(c.fingerprint),
      },
    },
  });
}
const colonHex = (s: string): string => s.toUpperCase().replace(/(..)(?=.)/g, '$1:');
