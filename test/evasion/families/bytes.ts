/** NUL, invalid UTF-8, overlong bytes, byte order marks, control characters. */
import type { EvasionCase, Family } from '../harness.ts';
import { app, json, nginx, sshd, sudo, sysmon } from './records.ts';

const N = 'mimikatz';
/** The text with the bytes at the place of `@`. */
const withBytes = (text: string, ...bytes: number[]): Buffer => {
  const at = text.indexOf('@');
  return Buffer.concat([Buffer.from(text.slice(0, at)), Buffer.from(bytes), Buffer.from(text.slice(at + 1))]);
};

const cases: EvasionCase[] = [
  {
    name: 'NUL within the needle',
    rule: 'command_line',
    raw: sudo('/usr/bin/cat /etc/sha\0dow'),
    named: 'control_characters',
  },
  {
    name: 'NUL before the needle',
    rule: 'command_line',
    raw: sudo('/usr/bin/x\0 /etc/shadow'),
    word: 'shadow',
  },
  {
    name: 'NUL in the program name',
    rule: 'ssh_root',
    raw: sshd('Failed password for root from 203.0.113.66 port 4 ssh2').replace('sshd', 'ss\0hd'),
    named: 'control_characters',
  },
  {
    name: 'NULs at the end',
    rule: 'ssh_root',
    raw: `${sshd('Failed password for root from 203.0.113.66 port 4 ssh2')}\0\0\0`,
  },
  { name: 'NUL at the start', rule: 'keyword', raw: `\0${sshd(`Invalid user ${N} from 203.0.113.66`)}` },
  {
    name: 'NUL escaped in JSON',
    rule: 'command',
    raw: '{"app":{"command":"mimi\\u0000katz"}}',
    named: 'control_characters',
  },
  { name: 'NUL raw in JSON', rule: 'keyword', raw: `{"app":{"command":"\0${N}"}}` },
  {
    name: 'NUL in a Windows command line',
    rule: 'process',
    raw: json(sysmon({ CommandLine: 'mimi\0katz' })),
    named: 'control_characters',
  },
  {
    name: 'backspaces over the needle',
    rule: 'command',
    raw: '{"app":{"command":"mimiX\\bkatz"}}',
    named: 'control_characters',
  },
  {
    name: 'delete within it',
    rule: 'command_line',
    raw: sudo('/usr/bin/cat /etc/sha\x7fdow'),
    named: 'control_characters',
  },
  {
    name: 'a C1 control within it',
    rule: 'command',
    raw: json(app('mimi\u0085katz')),
    named: 'control_characters',
  },
  { name: 'escape sequences around it', rule: 'command', raw: json(app(`\u001b[31m${N}\u001b[0m`)) },
  {
    name: 'a lone continuation byte within it',
    rule: 'command_line',
    raw: withBytes(sudo('/usr/bin/cat /etc/sha@dow'), 0x80),
    named: 'invalid_utf8',
  },
  {
    name: '0xFF within it',
    rule: 'command_line',
    raw: withBytes(sudo('/usr/bin/cat /etc/sha@dow'), 0xff),
    named: 'invalid_utf8',
  },
  {
    name: '0xFF beside it',
    rule: 'command_line',
    raw: withBytes(sudo('/usr/bin/cat @ /etc/shadow'), 0xff),
    word: 'shadow',
  },
  {
    name: 'half a character before it',
    rule: 'command_line',
    raw: withBytes(sudo('/usr/bin/cat @/etc/shadow'), 0xe2, 0x82),
    named: 'invalid_utf8',
    word: 'shadow',
  },
  {
    name: 'overlong slash, two bytes',
    rule: 'command_line',
    raw: withBytes(sudo('/usr/bin/cat @etc/shadow'), 0xc0, 0xaf),
    named: 'invalid_utf8',
    word: 'shadow',
  },
  {
    name: 'overlong slash, three bytes',
    rule: 'command_line',
    raw: withBytes(sudo('/usr/bin/cat @etc/shadow'), 0xe0, 0x80, 0xaf),
    named: 'invalid_utf8',
  },
  {
    name: 'overlong slash, four bytes',
    rule: 'command_line',
    raw: withBytes(sudo('/usr/bin/cat @etc/shadow'), 0xf0, 0x80, 0x80, 0xaf),
    named: 'invalid_utf8',
  },
  {
    name: 'overlong NUL (Java)',
    rule: 'command_line',
    raw: withBytes(sudo('/usr/bin/cat /etc/sha@dow'), 0xc0, 0x80),
    named: 'invalid_utf8',
  },
  {
    name: 'surrogates as bytes (CESU-8)',
    rule: 'command_line',
    raw: withBytes(sudo('/usr/bin/cat /etc/sha@dow'), 0xed, 0xa0, 0xbd),
    named: 'invalid_utf8',
  },
  {
    name: 'beyond Unicode',
    rule: 'command_line',
    raw: withBytes(sudo('/usr/bin/cat /etc/sha@dow'), 0xf4, 0x90, 0x80, 0x80),
    named: 'invalid_utf8',
  },
  {
    name: 'invalid bytes in JSON',
    rule: 'command',
    raw: withBytes('{"app":{"command":"mimi@katz"}}', 0xfe),
    named: 'invalid_utf8',
  },
  {
    name: 'invalid bytes in a JSON key',
    rule: 'command',
    raw: withBytes(`{"app":{"comm@and":"${N}"}}`, 0xfe),
    named: 'invalid_utf8',
    word: N,
  },
  {
    name: 'Latin-1 in a line',
    rule: 'ssh_root',
    raw: withBytes(sshd('Failed password for root from 203.0.113.66 port 4 ssh2', 'caf@'), 0xe9),
    word: 'root',
  },
  { name: 'U+FFFD itself', rule: 'command', raw: json(app(`\ufffd${N}`)) },
  {
    name: 'byte order mark before a line',
    rule: 'ssh_root',
    raw: `\ufeff${sshd('Failed password for root from 203.0.113.66 port 4 ssh2')}`,
  },
  { name: 'byte order mark before JSON', rule: 'command', raw: `\ufeff${json(app(N))}` },
  { name: 'blanks and tabs before JSON', rule: 'command', raw: ` \t ${json(app(N))}` },
  { name: 'a NUL in a URL', rule: 'web_passwd', raw: nginx('/x?f=/etc/passwd\0.png') },
];

export const bytes: Family = {
  name: 'bytes',
  plain: [
    { name: 'line', rule: 'command_line', raw: sudo('/usr/bin/cat /etc/shadow') },
    { name: 'field', rule: 'command', raw: json(app(N)) },
    { name: 'sshd', rule: 'ssh_root', raw: sshd('Failed password for root from 203.0.113.66 port 4 ssh2') },
    { name: 'URL', rule: 'web_passwd', raw: nginx('/x?f=/etc/passwd') },
  ],
  harmless: [
    { name: 'UTF-8', rule: 'command_line', raw: sudo('/usr/bin/cat /srv/bøker/ærlig.txt') },
    { name: 'colours', rule: 'command', raw: json(app('\u001b[31mred\u001b[0m')) },
  ],
  cases,
};
