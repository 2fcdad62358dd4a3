/** HTTPS with Vigil's own certificate, reloaded without a restart. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { fixture } from './api-fixture.test.ts';
import { fingerprintOf, ownCertificate, selfSigned } from './self-signed.ts';

function dial(port: number, ca: string, maxVersion?: 'TLSv1.1'): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const s = connect(
      {
        port,
        host: '127.0.0.1',
        servername: 'localhost',
        ca,
        ...(maxVersion === undefined ? {} : { maxVersion, minVersion: maxVersion }),
      },
      () => resolve(s),
    );
    s.on('error', reject);
  });
}
const ask = (s: TLSSocket, text: string): Promise<string> =>
  new Promise((resolve) => {
    s.once('data', (d) => resolve(String(d)));
    s.write(text);
  });

test('TLS >= 1.2, a Secure __Host- cookie, and a new certificate without restart or broken connection', async () => {
  const [one, two] = [await selfSigned([], Date.now()), await selfSigned([], Date.now())];
  const f = await fixture({ tls: one });
  try {
    await f.user('admin', 'a long password of tests', 'admin');
    const { port, url } = await f.api.listen({ host: '127.0.0.1', port: 0 });
    assert.equal(url, `https://127.0.0.1:${port}/`);
    const first = await dial(port, one.cert);
    const body = JSON.stringify({ user: 'admin', password: 'a long password of tests' });
    const head = `Host: localhost:${port}\r\nOrigin: https://localhost:${port}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
    const answer = await ask(first, `POST /api/v1/session HTTP/1.1\r\n${head}\r\n${body}`);
    assert.match(answer, /^HTTP\/1\.1 200/);
    assert.match(
      answer,
      /set-cookie: __Host-vigil=[\w-]{22}; Path=\/; HttpOnly; Secure; SameSite=Strict\r\n/i,
    );
    f.api.reloadTls(two);
    const second = await dial(port, two.cert);
    assert.equal(second.getPeerCertificate().fingerprint256, two.fingerprint);
    await assert.rejects(dial(port, one.cert));
    await assert.rejects(dial(port, two.cert, 'TLSv1.1'));
    assert.match(
      await ask(first, `GET /api/v1/status/public HTTP/1.1\r\nHost: localhost\r\n\r\n`),
      /^HTTP\/1\.1 200/,
    );
    first.destroy();
    second.destroy();
  } finally {
    await f.close();
  }
});

test('the own certificate is kept 0600, covers its hosts, and is renewed before it ends or for a new host', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'vigil-tls-'));
  const now = Date.now();
  const a = await ownCertificate(dir, ['siem.example.org', '192.0.2.8'], now);
  assert.match(a.fingerprint, /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  assert.equal(a.fingerprint, fingerprintOf(a.cert));
  const cert = new X509Certificate(a.cert);
  assert.ok(
    cert.checkHost('siem.example.org') &&
      cert.checkHost('localhost') &&
      cert.checkIP('192.0.2.8') &&
      cert.checkIP('::1'),
  );
  for (const name of ['tls-key.pem', 'tls-cert.pem'])
    assert.equal(statSync(join(dir, name)).mode & 0o777, 0o600);
  assert.equal((await ownCertificate(dir, ['192.0.2.8'], now)).fingerprint, a.fingerprint);
  const b = await ownCertificate(dir, ['other.example.org'], now);
  assert.notEqual(b.fingerprint, a.fingerprint);
  const c = await ownCertificate(dir, [], now + 340 * 24 * 3600 * 1000);
  assert.notEqual(c.fingerprint, b.fingerprint);
  rmSync(dir, { recursive: true });
});
