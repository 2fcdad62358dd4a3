/** The needle written with escapes: of JSON, XML, URLs, shells, audit's hex, octal. */
import type { EvasionCase, Family } from '../harness.ts';
import { app, auditExec, json, nginx, sshd, sudo, sysmon } from './records.ts';

const N = 'mimikatz';
const hex = (s: string): string => Buffer.from(s).toString('hex').toUpperCase();
const unicode = (s: string): string =>
  [...s].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
const xml = (line: string): string =>
  `<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System><Provider Name="Microsoft-Windows-Sysmon"/><EventID>1</EventID><Channel>Microsoft-Windows-Sysmon/Operational</Channel><Computer>ws-17</Computer></System><EventData><Data Name="CommandLine">${line}</Data><Data Name="Image">C:\\x.exe</Data></EventData></Event>`;

const cases: EvasionCase[] = [
  { name: 'JSON: one letter', rule: 'command', raw: `{"app":{"command":"mimi\\u006batz"}}` },
  { name: 'JSON: every letter', rule: 'command', raw: `{"app":{"command":"${unicode(N)}"}}` },
  { name: 'JSON: upper-case hex digits', rule: 'command', raw: `{"app":{"command":"\\u006D\\u0069mikatz"}}` },
  { name: 'JSON: every letter, keyword', rule: 'keyword', raw: `{"app":{"command":"${unicode(N)}"}}` },
  {
    name: 'JSON: Windows command line',
    rule: 'process',
    raw: json(sysmon({ CommandLine: '@' })).replace('"@"', `"${unicode(N)}"`),
  },
  {
    name: 'JSON: escaped slashes',
    rule: 'command_line',
    raw: '{"process":{"command_line":"cat \\/etc\\/shadow"}}',
  },
  {
    name: 'JSON: slashes by number',
    rule: 'command_line',
    raw: '{"process":{"command_line":"cat \\u002fetc\\u002fshadow"}}',
  },
  {
    name: 'JSON: behind a pair of surrogates',
    rule: 'command',
    raw: '{"app":{"command":"\\ud83d\\ude00mimikatz"}}',
  },
  { name: 'JSON: behind half a pair', rule: 'command', raw: '{"app":{"command":"\\ud83dmimikatz"}}' },
  { name: 'JSON: a document in a string', rule: 'keyword', raw: json({ message: json({ command: N }) }) },
  { name: 'XML: by number', rule: 'process', raw: xml('mimi&#107;atz') },
  { name: 'XML: by hex number', rule: 'process', raw: xml('&#x6d;imikatz') },
  {
    name: 'XML: an invisible character by number',
    rule: 'process',
    raw: xml('mimi&#8203;katz'),
    named: 'invisible_characters',
  },
  {
    name: 'XML: single quotes and blanks',
    rule: 'process',
    raw: xml(N).replace('Name="CommandLine"', "Name='CommandLine'"),
  },
  { name: 'audit: arguments in hex', rule: 'command_line', raw: auditExec(['"cat"', hex('/etc/shadow')]) },
  {
    name: 'audit: an invisible character in hex',
    rule: 'command_line',
    raw: auditExec(['"cat"', hex('/etc/sha\u200bdow')]),
    named: 'invisible_characters',
  },
  {
    name: 'URL: percent-encoded',
    rule: 'web_passwd',
    raw: nginx('/x?f=/etc%2Fpasswd'),
    named: 'encoded_url',
  },
  {
    name: 'URL: a letter percent-encoded',
    rule: 'web_passwd',
    raw: nginx('/x?f=/etc/pas%73wd'),
    named: 'encoded_url',
  },
  {
    name: 'URL: encoded twice',
    rule: 'web_passwd',
    raw: nginx('/x?f=%252fetc%252fpasswd'),
    named: 'encoded_url',
  },
  {
    name: 'URL: overlong slash',
    rule: 'web_passwd',
    raw: nginx('/..%c0%af..%c0%afetc%c0%afpasswd'),
    named: 'encoded_url',
  },
  { name: 'URL: absolute, with host', rule: 'web_passwd', raw: nginx('http://example.com/../etc/passwd') },
  { name: 'URL: a fragment', rule: 'web_passwd', raw: nginx('/x#/etc/passwd') },
  {
    name: 'nginx: its own hex escapes',
    rule: 'web_passwd',
    raw: nginx('/x?f=\\x2Fetc\\x2Fpasswd'),
    named: 'encoded_url',
  },
  {
    name: 'syslog: octal for control characters',
    rule: 'keyword',
    raw: sshd(`Invalid user a#012${N} from 203.0.113.66`),
  },
  { name: 'sudo: blanks doubled', rule: 'command_line', raw: sudo('/usr/bin/cat  --  /etc/shadow') },
];

export const escapes: Family = {
  name: 'escapes',
  plain: [
    { name: 'field', rule: 'command', raw: json(app(N)) },
    { name: 'XML', rule: 'process', raw: xml(N) },
    { name: 'URL', rule: 'web_passwd', raw: nginx('/x?f=/etc/passwd') },
    { name: 'audit', rule: 'command_line', raw: auditExec(['"cat"', '"/etc/shadow"']) },
  ],
  harmless: [
    {
      name: 'escapes of ordinary text',
      rule: 'command',
      raw: '{"app":{"command":"caf\\u00e9 \\"C:\\\\users\\\\bin\\""}}',
    },
  ],
  cases,
};
