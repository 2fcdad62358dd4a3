/** Which addresses count as public, private, never. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AddressKind, addressKind } from './address.ts';

const CASES: Readonly<Record<AddressKind, readonly string[]>> = {
  public: [
    '8.8.8.8',
    '1.1.1.1',
    '172.15.255.255',
    '172.32.0.1',
    '100.63.255.255',
    '100.128.0.1',
    '223.255.255.255',
    '2606:4700::1111',
    '2a00:1450::1',
  ],
  private: [
    '127.0.0.1',
    '127.255.255.254',
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '100.64.0.1',
    '198.19.255.255',
    '::1',
    'fd12::1',
    'fc00::1',
  ],
  never: [
    '0.0.0.0',
    '169.254.169.254',
    '224.0.0.1',
    '239.1.1.1',
    '240.0.0.1',
    '255.255.255.255',
    '192.0.2.1',
    '100.100.100.200',
    '168.63.129.16',
    '::',
    'fe80::1',
    'ff02::1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '::127.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::1',
    '2002:7f00:1::',
    '2001::1',
    '2001:db8::1',
    'fd00:ec2::254',
    'fec0::1',
    '100::1',
    '',
    'localhost',
    '1.2.3',
    '08.8.8.8.8',
  ],
};

for (const [kind, addresses] of Object.entries(CASES)) {
  test(`addresses that are ${kind}`, () => {
    for (const a of addresses) assert.equal(addressKind(a), kind, a);
  });
}
