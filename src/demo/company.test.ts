import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Lists } from '../condition/tree.ts';
import { type NetworkEntry, networkTable } from '../enrich/networks.ts';
import { ipBytes } from '../model/ip.ts';
import { DEMO_LISTS, DEMO_NETWORKS, HOSTS, PEOPLE } from './company.ts';
import { history } from './traffic.ts';

const DAY_US = 86_400e6;
const MONDAY_US = Date.UTC(2026, 9, 5) * 1000;

test('the demo fits the product: its networks and lists have the types of the real ones', () => {
  const networks: readonly NetworkEntry[] = DEMO_NETWORKS;
  const lists: Lists = DEMO_LISTS;
  assert.ok(networks.every((n) => /^[A-Z]{2}$/.test(n.country ?? '') && (n.place ?? '') !== ''));
  assert.deepEqual([...lists.keys()].sort(), ['approved_cas', 'monitored_domains']);
});

test('forty people, each with addresses of their own office and home', () => {
  assert.equal(PEOPLE.length, 40);
  assert.equal(new Set(PEOPLE.map((p) => p.user)).size, 40);
  assert.equal(new Set(PEOPLE.map((p) => p.officeIp)).size, 40);
  assert.ok(PEOPLE.every((p) => /^[a-z.]+$/.test(p.user) && p.from < p.to && p.key.length === 43));
  const table = networkTable(DEMO_NETWORKS.map((n) => [n.cidr, n] as const));
  const label = (ip: string): string | undefined => table.lookup(ipBytes(ip) ?? new Uint8Array(16))?.label;
  for (const p of PEOPLE) {
    assert.match(label(p.officeIp) ?? '', /^Office/, p.user);
    assert.match(label(p.homeIp) ?? '', /^Home/, p.user);
    assert.equal(label(p.vpnIp), 'VPN clients', p.user);
  }
  for (const h of Object.values(HOSTS)) assert.equal(label(h.ip), 'Server room', h.name);
});

test('no address of anybody: internal and documentation ranges only', () => {
  const known = /^(?:10|192\.0\.2|198\.51\.100|203\.0\.113|0\.0)\.|^(?:7\.2|3\.1)/;
  for (const i of history({ seed: 5, fromUs: MONDAY_US, toUs: MONDAY_US + 7 * DAY_US, perDay: 1500 })) {
    for (const [ip] of i.raw.matchAll(/(?<![\w./-])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\d)/g)) {
      if (/Chrome\/|OS X/.test(i.raw) && ip.endsWith('.0.0.0')) continue;
      assert.match(ip, known, i.raw);
    }
  }
});
