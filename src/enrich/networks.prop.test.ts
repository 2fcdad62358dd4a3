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

const words = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 });
const v6 = words.map((w) => w.map((x) => (x % 3 === 0 ? 0x2001 : x % 7).toString(16)).join(':'));

test('the same for IPv6, and the families never answer for each other', () => {
  const net = fc.tuple(v6, fc.integer({ min: 1, max: 128 })).map(([a, n]) => `${a}/${n}`);
  fc.assert(
    fc.property(fc.array(net, { maxLength: 12 }), v6, octets, (nets, ip, v4) => {
      const table = networkTable(nets.map((n) => [n, n] as const));
      const hit = table.lookup(ipBytes(ip) as Uint8Array);
      const address = ipaddr.IPv6.parse(ip);
      const bits = nets
        .filter((n) => address.match(ipaddr.IPv6.parseCIDR(n)))
        .map((n) => Number(n.split('/')[1]));
      assert.equal(hit === undefined ? -1 : Number(hit.split('/')[1]), Math.max(-1, ...bits));
      assert.equal(table.lookup(ipBytes(v4) as Uint8Array), undefined);
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
