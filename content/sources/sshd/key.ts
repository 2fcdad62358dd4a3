/**
 * The part after `ssh2: ` of sshd's `Accepted publickey`: key type and fingerprint, and for certificates their id, serial
 * and CA: `ED25519-CERT SHA256:... ID name (serial 7) CA RSA SHA256:...`. Fields: `key.id` (fingerprint), `key.algorithm`,
 * `ssh.certificate.{id,serial,ca}`.
 */
import type { EventFields } from '../../../src/model/event.ts';

const KEY =
  /^([A-Za-z0-9@._-]{1,64}) (SHA256:[A-Za-z0-9+/=]{20,60}|(?:MD5:)?(?:[0-9a-f]{2}:){15}[0-9a-f]{2})(?: (.*))?$/;
/** The id is what the CA's owner wrote: the last `(serial n)` closes it. */
const CERTIFICATE = /^ID (.*) \(serial (\d{1,20})\) CA ([A-Za-z0-9@._-]{1,64}) (\S{1,128})/;

export function acceptedKey(text: string, out: EventFields): void {
  const m = KEY.exec(text);
  if (m === null) return;
  out.set('key.id', m[2]);
  out.set('key.algorithm', (m[1] ?? '').replace(/-CERT$/, ''));
  const c = m[3] === undefined ? null : CERTIFICATE.exec(m[3]);
  if (c === null) return;
  out.set('ssh.certificate.id', c[1]);
  out.set('ssh.certificate.serial', c[2]);
  out.set('ssh.certificate.ca', c[4]);
  out.set('ssh.certificate.ca_algorithm', c[3]);
}
