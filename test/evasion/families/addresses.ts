/** One address in many spellings. What is ambiguous (octal or decimal?) is not guessed, but named. */
import type { EvasionCase, Family } from '../harness.ts';
import { cef, json, netfilter, sshd } from './records.ts';

const BAD = '203.0.113.66';
const source = (ip: string): string => json({ source: { ip }, app: { command: 'x' } });
const fires = (name: string, ip: string, rule: EvasionCase['rule'] = 'bad_address'): EvasionCase => ({
  name,
  rule,
  raw: source(ip),
});
const named = (name: string, ip: string): EvasionCase => ({
  name,
  rule: 'bad_address',
  raw: source(ip),
  named: 'invalid_value',
});

export const addresses: Family = {
  name: 'addresses',
  plain: [
    { name: 'JSON', rule: 'bad_address', raw: source(BAD) },
    { name: 'network', rule: 'bad_network', raw: source(BAD) },
    { name: 'netfilter', rule: 'bad_address', raw: netfilter(BAD) },
    { name: 'sshd', rule: 'ssh_root', raw: sshd(`Failed password for root from ${BAD} port 4 ssh2`) },
    { name: 'CEF', rule: 'bad_address', raw: cef(`src=${BAD}`) },
  ],
  harmless: [
    { name: 'another address', rule: 'bad_network', raw: source('203.0.114.66') },
    { name: 'IPv6', rule: 'bad_network', raw: source('2001:db8::cb00:7142') },
  ],
  cases: [
    fires('mapped', `::ffff:${BAD}`),
    fires('mapped, upper case', `::FFFF:${BAD}`),
    fires('mapped, in hex', '::ffff:cb00:7142'),
    fires('mapped, written out', '0:0:0:0:0:ffff:cb00:7142'),
    fires('mapped, with zeros', '0000:0000:0000:0000:0000:ffff:cb00:7142'),
    fires('mapped, in brackets', `[::ffff:${BAD}]`),
    fires('mapped, with a zone', `::ffff:${BAD}%eth0`),
    fires('mapped, network', `::ffff:${BAD}`, 'bad_network'),
    fires('mapped in hex, network', '::ffff:cb00:7142', 'bad_network'),
    named('zero-padded', '203.000.113.066'),
    named('zero-padded first octet', '0203.0.113.66'),
    named('octal', '0313.0.0161.0102'),
    named('decimal', '3405803842'),
    named('hex', '0xcb007142'),
    named('hex octets', '0xcb.0x00.0x71.0x42'),
    named('three parts', '203.0.28994'),
    named('a blank in front', ` ${BAD}`),
    named('with a port', `${BAD}:443`),
    named('trailing dot', `${BAD}.`),
    named('full-width digits', '２０３.0.113.66'),
    named('zero-padded tail', '::ffff:203.0.113.066'),
    {
      name: 'sshd: mapped',
      rule: 'ssh_root',
      raw: sshd(`Failed password for root from ::ffff:${BAD} port 4 ssh2`),
    },
    {
      name: 'sshd: zero-padded',
      rule: 'ssh_root',
      raw: sshd('Failed password for root from 203.000.113.066 port 4 ssh2'),
      named: 'invalid_value',
    },
    {
      name: 'sshd: decimal',
      rule: 'ssh_root',
      raw: sshd('Failed password for root from 3405803842 port 4 ssh2'),
      named: 'invalid_value',
    },
    {
      name: 'netfilter: zero-padded',
      rule: 'bad_address',
      raw: netfilter('203.000.113.066'),
      named: 'invalid_value',
    },
    { name: 'CEF: mapped', rule: 'bad_address', raw: cef(`src=::ffff:${BAD}`) },
    {
      name: 'CEF: zero-padded',
      rule: 'bad_address',
      raw: cef('src=203.000.113.066'),
      named: 'invalid_value',
    },
  ],
};
