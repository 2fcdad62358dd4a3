import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventFields } from '../../src/model/event.ts';
import {
  altNames,
  NAMES_MAX,
  parseDn,
  revocationReason,
  serialFromDecimal,
  serialFromHex,
  setValidity,
  validationReason,
} from './certs.ts';
import { at, list, number, text } from './json.ts';
import { setFromPem } from './pem.ts';
import { certMicros, stampMicros } from './times.ts';

const utc = (iso: string): number => Date.parse(iso) * 1000;

test('serials: upper-case hex, no separators, no leading zeros; decimal only where it is known to be', () => {
  assert.equal(serialFromHex('00:9a:FF:01'), '9AFF01');
  assert.equal(serialFromHex('0x0009af'), '9AF');
  assert.equal(serialFromHex('61 0a 3f'), '610A3F');
  assert.equal(serialFromHex('0'), '0');
  assert.equal(serialFromHex('00'), '0');
  assert.equal(serialFromHex('12G4'), undefined);
  assert.equal(serialFromHex(''), undefined);
  assert.equal(serialFromHex('a'.repeat(1000)), undefined);
  assert.equal(serialFromDecimal('340282366920938463463374607431768211455'), 'F'.repeat(32));
  assert.equal(serialFromDecimal('0ff'), undefined);
});

test('names: labels go, order stays, no repeats, bounded', () => {
  assert.deepEqual(altNames('DNS:a.example.com, DNS:b.example.com, IP Address:192.0.2.1'), [
    'a.example.com',
    'b.example.com',
    '192.0.2.1',
  ]);
  assert.deepEqual(altNames('dns=a.example.com&dns=b.example.com'), ['a.example.com', 'b.example.com']);
  assert.deepEqual(altNames('DNS Name=a.example\nDNS Name=a.example'), ['a.example']);
  assert.deepEqual(altNames(['x.example', '2001:db8::1', 'urn']), ['x.example', '2001:db8::1', 'urn']);
  assert.deepEqual(altNames(undefined), []);
  assert.equal(altNames(Array.from({ length: 1000 }, (_, i) => `n${i}.example`)).length, NAMES_MAX);
});

test('distinguished names in the three spellings', () => {
  assert.deepEqual(parseDn('CN=*.x.example,O=Example\\, Inc.,C=US'), {
    CN: '*.x.example',
    O: 'Example, Inc.',
    C: 'US',
  });
  assert.deepEqual(parseDn("/C=US/O=Let's Try/CN=R3"), { C: 'US', O: "Let's Try", CN: 'R3' });
  assert.deepEqual(parseDn('E=a@example.com, CN = foo, S=Oslo'), { CN: 'foo', ST: 'Oslo' });
  assert.deepEqual(parseDn('no dn at all'), {});
  assert.deepEqual(parseDn('__proto__=x,CN=y'), { CN: 'y' });
});

test('certificate dates in their spellings; beyond what is stored is held at the edge', () => {
  const t = utc('2026-03-05T14:23:01Z');
  for (const v of [
    'Mar  5 14:23:01 2026 GMT',
    '260305142301Z',
    '20260305142301Z',
    '2026-03-05T15:23:01+01:00',
    t / 1e6,
  ]) {
    assert.equal(certMicros(v), t, String(v));
  }
  assert.equal(certMicros('500101000000Z'), utc('1950-01-01T00:00:00Z'));
  assert.equal(certMicros('99991231235959Z'), 8_835_955_200e6);
  assert.equal(certMicros('20261305142301Z'), undefined);
  assert.equal(certMicros('soon'), undefined);
  const out = new EventFields();
  setValidity(out, 'yesterday', '2026-03-05');
  assert.equal(out.get('invalid.x509.not_before'), 'yesterday');
  assert.equal(out.get('x509.not_after'), utc('2026-03-05T00:00:00Z'));
});

test('stamps: fractions to microseconds, epochs by size, no zone is UTC', () => {
  assert.equal(stampMicros('2026-03-05T10:00:00.123456789Z'), utc('2026-03-05T10:00:00Z') + 123456);
  assert.equal(stampMicros('2026-03-05 10:00:00'), utc('2026-03-05T10:00:00Z'));
  assert.equal(stampMicros(1772704800.25), 1772704800250000);
  assert.equal(stampMicros(1772704800250), 1772704800250000);
  assert.equal(stampMicros('1772704800'), 1772704800000000);
  assert.equal(stampMicros('5 March'), undefined);
  assert.equal(stampMicros(Number.NaN), undefined);
});

test('revocation and validation reasons by name, number and text', () => {
  assert.equal(revocationReason('KEY_COMPROMISE'), 'keyCompromise');
  assert.equal(revocationReason('1'), 'keyCompromise');
  assert.equal(revocationReason('CERTIFICATE_AUTHORITY_COMPROMISE'), 'cACompromise');
  assert.equal(revocationReason('7'), undefined);
  assert.equal(revocationReason('our own words'), 'our own words');
  assert.equal(validationReason('self signed certificate in certificate chain'), 'self_signed');
  assert.equal(validationReason('unable to get local issuer certificate'), 'chain');
  assert.equal(validationReason('x509: certificate is valid for a.example, not b.example'), 'hostname');
  assert.equal(validationReason('certificate has expired'), 'expired');
  assert.equal(validationReason('???'), 'other');
});

test('reading JSON: wrong types are absent, prototype names are ordinary keys', () => {
  const doc = JSON.parse('{"a":{"b":1},"__proto__":{"c":"x"},"l":["p",{"q":1},2]}');
  assert.equal(number(at(doc, 'a', 'b')), 1);
  assert.equal(at(doc, 'a', 'constructor'), undefined);
  assert.equal(text(at(doc, '__proto__', 'c')), 'x');
  assert.equal(at(doc, 'l', 'length'), undefined);
  assert.deepEqual(list(at(doc, 'l')), ['p', '2']);
  assert.equal(text(''), undefined);
});

test('text that is no certificate sets nothing', () => {
  const out = new EventFields();
  assert.equal(setFromPem(out, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'), false);
  assert.equal(setFromPem(out, 'A'.repeat(400)), false);
  assert.equal(setFromPem(out, undefined), false);
  assert.equal(out.size, 0);
});
