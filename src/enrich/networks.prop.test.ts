import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { ipBytes } from '../model/ip.ts';
import { networkTable, parseCidr } from './networks.ts';

const octets = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255)).map((o) => o.join('.'));
const cidr = fc.tuple(octets, fc.integer({ min: 0, max: 32 })).map(([a, n]) => `${a}/${n}`);

test('lookup gives the longest matching prefix, as ipaddr.js sees it', () => {
  fc.assert(
    fc.property(fc.array(cidr, { maxLength: 12 }), octets, (nets, ip) => {
      const table = networkTable(nets.map((n) => [n, n] as const));
      const hit = table.lookup(ipBytes(ip) as Uint8Array);
      const address = ipaddr.IPv4.parse(ip);
      const bits = nets
        .filter((n) => address.match(ipaddr.IPv4.parseCIDR(n)))
        .map((n) => Number(n.split('/')[1]));
      assert.equal(hit === undefined ? -1 : Number(hit.split('/')[1]), Math.max(-1, ...bits));
    }),
    { numRuns: 200 },
  );
});

test('parseCidr never throws and refuses what is no CIDR', () => {
  fc.assert(
    fc.property(fc.string(), (s) => void parseCidr(s)),
    { numRuns: 200 },
  );
  for (const bad of ['', '/', '10.0.0.0/', '10.0.0.0/-1', '10.0.0.0/33', '::/129', 'x/8', '10.0.0.0/8/8']) {
    assert.equal(parseCidr(bad), undefined, bad);
  }
});
