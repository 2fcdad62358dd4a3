/** A real certificate, made here, through `setFromPem`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generate } from 'selfsigned';
import { EventFields } from '../../src/model/event.ts';
import { setFromPem } from './pem.ts';

test('a PEM certificate gives serial, names, issuer and validity', async () => {
  const made = await generate([{ name: 'commonName', value: 'shop.example.com' }], {
    extensions: [
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'shop.example.com' },
          { type: 7, ip: '192.0.2.1' },
        ],
      },
    ],
  });
  for (const text of [made.cert, made.cert.replace(/-----[A-Z ]+-----|\s/g, '')]) {
    const out = new EventFields();
    assert.equal(setFromPem(out, text), true);
    assert.match(String(out.get('x509.serial_number')), /^[1-9A-F][0-9A-F]*$/);
    assert.equal(out.get('x509.subject.common_name'), 'shop.example.com');
    assert.equal(out.get('x509.issuer.common_name'), 'shop.example.com');
    assert.deepEqual(out.get('x509.alternative_names'), ['shop.example.com', '192.0.2.1']);
    assert.ok(Number(out.get('x509.not_after')) > Number(out.get('x509.not_before')));
    assert.match(String(out.get('certificate.fingerprint.sha256')), /^[0-9A-F]{64}$/);
  }
});
