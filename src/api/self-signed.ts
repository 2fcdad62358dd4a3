/**
 * A certificate of Vigil's own for when none is given: EC P-256, one year, for the names people reach it by. Kept in a
 * folder (key 0600) and renewed RENEW_DAYS before it ends. The fingerprint is what a person compares. Held by `tls.int.test.ts`.
 */
import { X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { generate } from 'selfsigned';

export type OwnCertificate = {
  /** PEM. */
  readonly key: string;
  readonly cert: string;
  /** SHA-256, `AB:CD:...`. */
  readonly fingerprint: string;
};

const DAY_MS = 24 * 3600 * 1000;
const VALID_DAYS = 365;
const RENEW_DAYS = 30;
const ALWAYS = ['localhost', '127.0.0.1', '::1'];

export const fingerprintOf = (certPem: string): string => new X509Certificate(certPem).fingerprint256;

/** `hosts`: names and addresses besides loopback. `nowMs`: milliseconds. */
export async function selfSigned(hosts: readonly string[], nowMs: number): Promise<OwnCertificate> {
  const names = [...new Set([...ALWAYS, ...hosts])];
  const made = await generate([{ name: 'commonName', value: 'Vigil' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    // An hour of grace for clocks that go slow.
    notBeforeDate: new Date(nowMs - 3600 * 1000),
    notAfterDate: new Date(nowMs + VALID_DAYS * DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: names.map((n) =>
          isIP(n) === 0 ? { type: 2 as const, value: n } : { type: 7 as const, ip: n },
        ),
      },
    ],
  });
  return { key: made.private, cert: made.cert, fingerprint: fingerprintOf(made.cert) };
}

/** The certificate kept in `folder` (`tls-key.pem`, `tls-cert.pem`), made anew where absent, ending soon or lacking a host. */
export async function ownCertificate(
  folder: string,
  hosts: readonly string[],
  nowMs: number,
): Promise<OwnCertificate> {
  const keyPath = join(folder, 'tls-key.pem');
  const certPath = join(folder, 'tls-cert.pem');
  if (existsSync(keyPath) && existsSync(certPath)) {
    const cert = readFileSync(certPath, 'utf8');
    const key = readFileSync(keyPath, 'utf8');
    if (stillGood(cert, hosts, nowMs)) return { key, cert, fingerprint: fingerprintOf(cert) };
  }
  const made = await selfSigned(hosts, nowMs);
  for (const [path, text] of [
    [keyPath, made.key],
    [certPath, made.cert],
  ] as const) {
    writeFileSync(`${path}.new`, text, { mode: 0o600 });
    chmodSync(`${path}.new`, 0o600);
    renameSync(`${path}.new`, path);
  }
  return made;
}

function stillGood(certPem: string, hosts: readonly string[], nowMs: number): boolean {
  try {
    const cert = new X509Certificate(certPem);
    const covers = hosts.every((h) => (isIP(h) === 0 ? cert.checkHost(h) : cert.checkIP(h)) !== undefined);
    return covers && cert.validToDate.getTime() - nowMs > RENEW_DAYS * DAY_MS;
  } catch {
    // Unreadable: a new one is made, and its new fingerprint printed.
    return false;
  }
}
