/**
 * What a certificate itself says, where a log carries it as PEM or base64 DER. Parsed by Node's own OpenSSL binding;
 * what it refuses is ignored (the text stays in the raw record). Held by `lib.test.ts`.
 */
import { X509Certificate } from 'node:crypto';
import type { EventFields } from '../../src/model/event.ts';
import { addNames, serialFromHex, setDn, setValidity } from './certs.ts';

/** Longer texts are not looked at. */
export const PEM_CHARS_MAX = 64 * 1024;
const PEM = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/;

/** Sets x509.* and certificate.fingerprint.sha256 from the first certificate in `text`; false where there is none. */
export function setFromPem(out: EventFields, text: string | undefined): boolean {
  if (text === undefined || text.length > PEM_CHARS_MAX) return false;
  const pem = PEM.exec(text)?.[0];
  const base64 = /^[A-Za-z0-9+/\s]{200,}={0,2}\s*$/.test(text);
  if (pem === undefined && !base64) return false;
  const cert = read(pem ?? Buffer.from(text, 'base64'));
  if (cert === undefined) return false;
  out.set('x509.serial_number', serialFromHex(cert.serialNumber));
  setDn(out, 'subject', cert.subject?.replaceAll('\n', ', '));
  setDn(out, 'issuer', cert.issuer?.replaceAll('\n', ', '));
  addNames(out, cert.subjectAltName);
  setValidity(out, cert.validFrom, cert.validTo);
  out.set('certificate.fingerprint.sha256', cert.fingerprint256.replaceAll(':', ''));
  return true;
}

function read(data: string | Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(data);
  } catch {
    // Not a certificate that OpenSSL reads: attackers' text, nothing to report.
    return undefined;
  }
}
