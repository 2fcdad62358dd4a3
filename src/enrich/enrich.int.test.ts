import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventFields } from '../model/event.ts';
import { CACHE_ADDRESSES_MAX, enricherInfo, makeEnricher } from './enrich.ts';
import type { NetworkEntry } from './networks.ts';

const NETWORKS: readonly NetworkEntry[] = [
  { cidr: '10.20.0.0/16', country: 'NO', place: 'Oslo office', label: 'office' },
  { cidr: '10.20.4.0/24', country: 'NO', place: 'Oslo, 4th floor', label: 'floor 4' },
  { cidr: '203.0.113.0/24', country: 'SE', asn: 64500, label: 'data centre' },
  { cidr: '2001:db8:1::/48', country: 'DK' },
];
const run = (pairs: Record<string, string>, networks = NETWORKS, mmdbPath?: string): EventFields => {
  const f = new EventFields();
  for (const [k, v] of Object.entries(pairs)) f.set(k, v);
  makeEnricher(mmdbPath === undefined ? { networks } : { networks, mmdbPath })(f);
  return f;
};

test('countries of well-known addresses come from the packaged database', () => {
  const f = run({ 'source.ip': '8.8.8.8', 'destination.ip': '193.0.6.139' });
  assert.equal(f.get('source.geo.country_iso_code'), 'US');
  assert.equal(f.get('destination.geo.country_iso_code'), 'NL');
  assert.equal(f.get('network.direction'), 'external');
  assert.equal(run({ 'source.ip': '2001:4860:4860::8888' }).get('source.geo.country_iso_code'), 'US');
});

test('own networks override, the longest prefix wins', () => {
  const f = run({ 'source.ip': '10.20.4.17', 'destination.ip': '203.0.113.80' });
  assert.equal(f.get('source.geo.name'), 'Oslo, 4th floor');
  assert.equal(f.get('destination.geo.country_iso_code'), 'SE');
  assert.equal(f.get('destination.as.number'), 64500);
  assert.equal(f.get('destination.as.organization.name'), 'data centre');
  assert.equal(f.get('network.direction'), 'internal');
  assert.equal(run({ 'source.ip': '10.20.9.1' }).get('source.geo.name'), 'Oslo office');
  assert.equal(run({ 'source.ip': '2001:db8:1::5' }).get('source.geo.country_iso_code'), 'DK');
  const dns = run({ 'source.ip': '8.8.8.8' }, [{ cidr: '8.8.8.8', country: 'FI' }]);
  assert.equal(dns.get('source.geo.country_iso_code'), 'FI');
});

test('private and reserved addresses have no country; direction follows', () => {
  for (const ip of [
    '192.168.1.1',
    '127.0.0.1',
    '198.51.100.7',
    '224.0.0.1',
    'fe80::1',
    '2001:db8::1',
    '::1',
  ]) {
    assert.equal(run({ 'source.ip': ip }).get('source.geo.country_iso_code'), undefined, ip);
  }
  assert.equal(
    run({ 'source.ip': '192.168.1.1', 'destination.ip': '8.8.8.8' }).get('network.direction'),
    'outbound',
  );
  assert.equal(
    run({ 'source.ip': '8.8.8.8', 'destination.ip': '192.168.1.1' }).get('network.direction'),
    'inbound',
  );
  assert.equal(
    run({ 'source.ip': '198.51.100.7', 'destination.ip': '8.8.8.8' }).get('network.direction'),
    'external',
  );
  assert.equal(run({ 'source.ip': '8.8.8.8' }).has('network.direction'), false);
});

test("a source's own direction and country stay", () => {
  const f = run({
    'source.ip': '8.8.8.8',
    'destination.ip': '10.0.0.1',
    'network.direction': 'ingress',
    'source.geo.country_iso_code': 'JP',
  });
  assert.equal(f.get('network.direction'), 'ingress');
  assert.equal(f.get('source.geo.country_iso_code'), 'JP');
});

test('no database: events pass, the reason is told; a wrong network is refused by name', () => {
  const f = run({ 'source.ip': '8.8.8.8' }, NETWORKS, '/nonexistent.mmdb');
  assert.equal(f.has('source.geo.country_iso_code'), false);
  const info = enricherInfo(makeEnricher({ networks: [], mmdbPath: '/nonexistent.mmdb' }));
  assert.match(info.problem, /ENOENT/);
  assert.ok(enricherInfo(makeEnricher({ networks: [] })).built > 1.7e15);
  assert.throws(() => makeEnricher({ networks: [{ cidr: '10.0.0.0/33' }] }), /10\.0\.0\.0\/33/);
});

test('answers stay right across cache generations', () => {
  const enrich = makeEnricher({ networks: NETWORKS, mmdbPath: '' });
  const place = (ip: string): unknown => {
    const f = new EventFields();
    f.set('source.ip', ip);
    enrich(f);
    return f.get('source.geo.name');
  };
  assert.equal(place('10.20.4.17'), 'Oslo, 4th floor');
  for (let i = 0; i < CACHE_ADDRESSES_MAX * 2 + 10; i++)
    place(`172.${16 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}`);
  assert.equal(place('10.20.4.17'), 'Oslo, 4th floor');
});
