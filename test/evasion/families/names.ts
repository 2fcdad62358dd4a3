/** Hosts with trailing dots, accounts with domains, case, blanks. */
import type { EvasionCase, Family } from '../harness.ts';
import { failedFrom, json, nginx, snareLogon, sshd, sysmon, zeekDns } from './records.ts';

const EVIL = 'evil.example.org';
const user = (name: unknown): string => json({ user: { name }, app: { command: 'login' } });

/** What a sender puts behind a name so that it looks like the rest of Snare's message. */
const REST = `   Account Domain:  CORP    ${failedFrom('WS', '198.51.100.7')}`;

const hosts: EvasionCase[] = [
  { name: 'DNS: trailing dot', rule: 'bad_domain', raw: zeekDns(`${EVIL}.`) },
  { name: 'DNS: trailing dot, subdomain', rule: 'bad_domain', raw: zeekDns(`a.${EVIL}.`) },
  { name: 'DNS: several dots', rule: 'bad_domain', raw: zeekDns(`${EVIL}...`) },
  { name: 'DNS: upper case', rule: 'bad_domain', raw: zeekDns('EVIL.Example.ORG') },
  { name: 'DNS: 0x20 mixed case and a dot', rule: 'bad_domain', raw: zeekDns('eViL.eXaMpLe.oRg.') },
  {
    name: 'DNS: full-width dot',
    rule: 'bad_domain',
    raw: zeekDns('evil\uff0eexample.org'),
    named: 'lookalike_characters',
  },
  {
    name: 'DNS: Cyrillic letter',
    rule: 'bad_domain',
    raw: zeekDns('\u0435vil.example.org'),
    named: 'lookalike_characters',
  },
  {
    name: 'DNS: soft hyphen',
    rule: 'bad_domain',
    raw: zeekDns('ev\u00adil.example.org'),
    named: 'invisible_characters',
  },
  {
    name: 'URL host: trailing dot',
    rule: 'bad_domain',
    raw: json({ url: { domain: `${EVIL}.` }, app: { x: 1 } }),
  },
  { name: 'URL host: from an absolute request', rule: 'bad_domain', raw: nginx(`http://${EVIL}./x`) },
  {
    name: 'destination: trailing dot',
    rule: 'bad_domain',
    raw: json({ destination: { domain: `${EVIL}.` }, app: { x: 1 } }),
  },
  {
    name: 'host.name: trailing dot',
    rule: 'bad_domain',
    raw: json({ host: { name: `${EVIL}.` }, app: { x: 1 } }),
  },
  {
    name: 'syslog host: upper case',
    rule: 'bad_domain',
    raw: sshd('Server listening on :: port 22.', 'EVIL.EXAMPLE.ORG'),
  },
  {
    name: 'syslog host: trailing dot',
    rule: 'bad_domain',
    raw: sshd('Server listening on :: port 22.', `${EVIL}.`),
  },
];

const accounts: EvasionCase[] = [
  { name: 'upper case', rule: 'admin_login', raw: user('ADMINISTRATOR') },
  { name: 'Kelvin sign is no letter of it', rule: 'admin_login', raw: user('Administrator') },
  {
    name: 'domain in front',
    rule: 'admin_login',
    raw: user('CORP\\Administrator'),
    named: 'qualified_name',
    word: 'administrator',
  },
  {
    name: 'machine in front',
    rule: 'admin_login',
    raw: user('.\\administrator'),
    named: 'qualified_name',
    word: 'administrator',
  },
  {
    name: 'UPN in a line',
    rule: 'admin_login',
    raw: sshd('Accepted password for administrator@corp.example.com from 203.0.113.66 port 4 ssh2'),
    named: 'qualified_name',
    word: 'administrator',
  },
  {
    name: 'UPN in a line with a brace',
    rule: 'admin_login',
    raw: sshd('Accepted password for administrator@{corp}.example.com from 203.0.113.66 port 4 ssh2'),
    named: 'qualified_name',
  },
  {
    name: 'domain in front in a line',
    rule: 'admin_login',
    raw: sshd('Accepted password for CORP\\administrator from 203.0.113.66 port 4 ssh2'),
    named: 'qualified_name',
  },
  {
    name: 'Windows account with its domain',
    rule: 'admin_login',
    raw: json(sysmon({ User: 'CORP\\Administrator' })),
  },
  { name: 'as a list', rule: 'admin_login', raw: user(['administrator']) },
  {
    name: 'second in a list',
    rule: 'admin_login',
    raw: user(['bob', 'administrator']),
    named: 'several_values',
  },
  {
    name: 'an invisible character',
    rule: 'admin_login',
    raw: user('admin\u200bistrator'),
    named: 'invisible_characters',
  },
  {
    name: 'a dotless i',
    rule: 'admin_login',
    raw: user('adm\u0131nistrator'),
    named: 'lookalike_characters',
  },
  {
    name: 'as a nested object',
    rule: 'admin_login',
    raw: user({ text: 'administrator' }),
    named: 'invalid_value',
    word: 'administrator',
  },
  {
    name: 'sshd: case',
    rule: 'ssh_root',
    raw: sshd('Failed password for ROOT from 203.0.113.66 port 4 ssh2'),
  },
  {
    name: 'sshd: a name that looks like the rest of the line',
    rule: 'ssh_root',
    raw: sshd('Failed password for root from 203.0.113.66 port 4 ssh2'),
  },
  {
    name: 'Snare: a user that looks like the rest of the message does not hide the address',
    rule: 'bad_address',
    raw: snareLogon(`x${REST}`, 'WS', '203.0.113.66'),
  },
  {
    name: 'Snare: nor does a workstation that does',
    rule: 'bad_address',
    raw: snareLogon('administrator', `WS${REST}`, '203.0.113.66'),
  },
  {
    name: 'Snare: nor does such a workstation hide the user',
    rule: 'admin_login',
    raw: snareLogon('administrator', `WS${REST}`, '203.0.113.66'),
  },
];

export const names: Family = {
  name: 'names',
  plain: [
    { name: 'DNS', rule: 'bad_domain', raw: zeekDns(EVIL) },
    { name: 'account', rule: 'admin_login', raw: user('administrator') },
    { name: 'sshd', rule: 'ssh_root', raw: sshd('Failed password for root from 203.0.113.66 port 4 ssh2') },
    {
      name: 'account in a line',
      rule: 'admin_login',
      raw: sshd('Accepted password for administrator from 203.0.113.66 port 4 ssh2'),
    },
    { name: 'Snare', rule: 'bad_address', raw: snareLogon('administrator', 'WS', '203.0.113.66') },
    { name: 'Snare, user', rule: 'admin_login', raw: snareLogon('administrator', 'WS', '203.0.113.66') },
  ],
  harmless: [
    { name: 'another domain', rule: 'bad_domain', raw: zeekDns('notevil.example.org.net') },
    { name: 'a cloud user', rule: 'admin_login', raw: user('bob@example.com') },
    { name: 'the root of DNS', rule: 'bad_domain', raw: zeekDns('.') },
  ],
  cases: [...hosts, ...accounts],
};
