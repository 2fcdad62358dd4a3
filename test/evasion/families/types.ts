/** A value of another type than rules and columns expect: number, text, boolean, list, object, null. */
import type { EvasionCase, Family } from '../harness.ts';
import { app, created, json, sysmon } from './records.ts';

const N = 'mimikatz';
const port = (v: unknown): string => json({ destination: { port: v }, app: { command: 'x' } });
const ip = (v: unknown): string => json({ source: { ip: v }, app: { command: 'x' } });

const cases: EvasionCase[] = [
  { name: 'port as text', rule: 'admin_port', raw: port('4444') },
  { name: 'port as a list of one', rule: 'admin_port', raw: port([4444]) },
  { name: 'port as a list, first', rule: 'admin_port', raw: port([4444, 80]) },
  { name: 'port as a list, second', rule: 'admin_port', raw: port([80, 4444]), named: 'several_values' },
  {
    name: 'port as a decimal',
    rule: 'admin_port',
    raw: port(1).replace('1,', '4444.0,').replace('"port":1', '"port":4444.0'),
    named: 'invalid_value',
  },
  {
    name: 'port with an exponent',
    rule: 'admin_port',
    raw: port('@').replace('"@"', '4.444e3'),
    named: 'invalid_value',
  },
  { name: 'port as hex', rule: 'admin_port', raw: port('0x115c'), named: 'invalid_value' },
  { name: 'port with a blank', rule: 'admin_port', raw: port(' 4444'), named: 'invalid_value' },
  { name: 'port with a sign', rule: 'admin_port', raw: port('+4444'), named: 'invalid_value' },
  { name: 'port with zeros in front', rule: 'admin_port', raw: port('0004444') },
  {
    name: 'port as an object',
    rule: 'admin_port',
    raw: port({ value: 4444 }),
    word: '4444',
    named: 'invalid_value',
  },
  { name: 'command as a list', rule: 'command', raw: json(app(['cmd', '/c', N])) },
  { name: 'command as a list of lists', rule: 'command', raw: json(app([['cmd'], [N]])) },
  { name: 'command as a list of objects', rule: 'keyword', raw: json(app([{ arg: N }])) },
  { name: 'command as an object', rule: 'keyword', raw: json(app({ '0': N })) },
  {
    name: 'command line as a list: first',
    rule: 'command_line',
    raw: json({ process: { command_line: ['cat /etc/shadow', 'ls'] } }),
  },
  {
    name: 'command line as a list: second',
    rule: 'command_line',
    raw: json({ process: { command_line: ['ls', 'cat /etc/shadow'] } }),
    named: 'several_values',
    word: 'shadow',
  },
  {
    name: 'command line as a list with null in front',
    rule: 'command_line',
    raw: json({ process: { command_line: [null, 'cat /etc/shadow'] } }),
    named: 'several_values',
  },
  { name: 'Windows command line as a list', rule: 'process', raw: json(sysmon({ CommandLine: ['x', N] })) },
  {
    name: 'Windows command line as an object',
    rule: 'process',
    raw: json(sysmon({ CommandLine: { '#text': N } })),
  },
  {
    name: 'Windows command line as an unknown object',
    rule: 'process',
    raw: json(sysmon({ CommandLine: { other: N } })),
    word: N,
  },
  { name: 'event number as text', rule: 'account_created', raw: json(created({ EventID: '4720' })) },
  { name: 'event number with blanks', rule: 'account_created', raw: json(created({ EventID: ' 4720 ' })) },
  {
    name: 'event number as a decimal',
    rule: 'account_created',
    raw: json(created({ EventID: 1 })).replace('"EventID":1', '"EventID":4720.0'),
  },
  {
    name: 'event number with an exponent',
    rule: 'account_created',
    raw: json(created({ EventID: 1 })).replace('"EventID":1', '"EventID":4.72e3'),
  },
  {
    name: 'event number as an object',
    rule: 'account_created',
    raw: json(created({ EventID: { '#text': 4720, '#attributes': { Qualifiers: 16384 } } })),
  },
  {
    name: 'event number as a list',
    rule: 'account_created',
    raw: json(created({ EventID: [4720] })),
    word: '4720',
  },
  { name: 'event number in hex', rule: 'account_created', raw: json(created({ EventID: '0x1270' })) },
  {
    name: 'event number with zeros in front',
    rule: 'account_created',
    raw: json(created({ EventID: '04720' })),
  },
  { name: 'channel in another case', rule: 'account_created', raw: json(created({ Channel: 'SECURITY' })) },
  { name: 'boolean as text', rule: 'flag_field', raw: json({ app: { admin: 'true' } }) },
  { name: 'boolean as a boolean', rule: 'flag_field', raw: json({ app: { admin: true } }) },
  { name: 'boolean as upper-case text', rule: 'flag_field', raw: json({ app: { admin: 'TRUE' } }) },
  { name: 'boolean in a list', rule: 'flag_field', raw: json({ app: { admin: [true] } }) },
  { name: 'null as null', rule: 'no_user', raw: json({ app: { action: 'delete', user: null } }) },
  { name: 'null as absence', rule: 'no_user', raw: json({ app: { action: 'delete' } }) },
  { name: 'address as a list of one', rule: 'bad_address', raw: ip(['203.0.113.66']) },
  {
    name: 'address as a list, second',
    rule: 'bad_address',
    raw: ip(['192.0.2.1', '203.0.113.66']),
    named: 'several_values',
  },
  {
    name: 'address as an object',
    rule: 'bad_address',
    raw: ip({ addr: '203.0.113.66' }),
    named: 'invalid_value',
  },
];

export const types: Family = {
  name: 'types',
  plain: [
    { name: 'port', rule: 'admin_port', raw: port(4444) },
    { name: 'command', rule: 'command', raw: json(app(N)) },
    { name: 'event number', rule: 'account_created', raw: json(created({})) },
    { name: 'boolean', rule: 'flag_field', raw: json({ app: { admin: true } }) },
    { name: 'null', rule: 'no_user', raw: json({ app: { action: 'delete', user: null } }) },
    { name: 'address', rule: 'bad_address', raw: ip('203.0.113.66') },
  ],
  harmless: [
    { name: 'port as text', rule: 'admin_port', raw: port('80') },
    { name: 'empty user', rule: 'no_user', raw: json({ app: { action: 'delete', user: '' } }) },
    { name: 'list of equal values', rule: 'admin_port', raw: port([80, 80]) },
  ],
  cases,
};
