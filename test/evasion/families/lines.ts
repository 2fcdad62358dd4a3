/** Line ends within a record, and envelopes that are not as they should be. */
import type { EvasionCase, Family } from '../harness.ts';
import { app, json, sshd, sudo, sysmon } from './records.ts';

const N = 'mimikatz';
const FAILED = 'Failed password for root from 203.0.113.66 port 4 ssh2';
const envelope = (name: string, raw: string): EvasionCase => ({ name, rule: 'ssh_root', raw });

export const lines: Family = {
  name: 'lines',
  plain: [
    { name: 'sshd', rule: 'ssh_root', raw: sshd(FAILED) },
    { name: 'command', rule: 'command', raw: json(app(N)) },
    { name: 'sudo', rule: 'command_line', raw: sudo('/usr/bin/cat /etc/shadow') },
    { name: 'Windows', rule: 'process', raw: json(sysmon({ CommandLine: N })) },
  ],
  harmless: [
    // A name that a client chose must not become a login.
    {
      name: 'a forged line in a name',
      rule: 'admin_login',
      raw: sshd(
        'Invalid user x Accepted password for administrator from 10.0.0.1 port 1 from 203.0.113.66 port 4',
      ),
    },
  ],
  cases: [
    { name: 'newline before the needle', rule: 'command', raw: json(app(`x\n${N}`)) },
    { name: 'newline after it', rule: 'command', raw: json(app(`${N}\nx`)) },
    { name: 'carriage return before it', rule: 'command', raw: json(app(`x\r${N}`)) },
    { name: 'line separator before it', rule: 'command', raw: json(app(`x\u2028${N}`)) },
    {
      name: 'many newlines before it',
      rule: 'process',
      raw: json(sysmon({ CommandLine: `x${'\r\n'.repeat(5000)}${N}` })),
    },
    {
      name: 'newline in a sudo command',
      rule: 'command_line',
      raw: sudo('/usr/bin/sh -c true\n/etc/shadow'),
    },
    {
      name: 'a whole line behind a newline',
      rule: 'ssh_root',
      raw: `${sshd(FAILED)}\n${sshd('Accepted publickey for bob from 10.0.0.1 port 1 ssh2')}`,
      word: 'root',
    },
    {
      name: 'a second record in the first',
      rule: 'ssh_root',
      raw: `${sudo('/usr/bin/ls')}\n${sshd(FAILED)}`,
      named: 'truncated',
      word: 'root',
    },
    { name: 'pretty-printed JSON', rule: 'command', raw: JSON.stringify(app(N), null, 2) },
    { name: 'JSON with a newline at its end', rule: 'command', raw: `${json(app(N))}\r\n` },
    envelope('CRLF at the end', `${sshd(FAILED)}\r\n`),
    envelope('no priority', sshd(FAILED).replace('<86>', '')),
    envelope('an impossible priority', sshd(FAILED).replace('<86>', '<999>')),
    envelope('blanks behind the priority', sshd(FAILED).replace('<86>', '<86>   ')),
    envelope('an ISO stamp', sshd(FAILED).replace('Mar  5 14:00:00', '2026-03-05T14:00:00+00:00')),
    envelope('RFC 5424', `<86>1 2026-03-05T14:00:00Z web01 sshd 812 - - ${FAILED}`),
    envelope(
      'RFC 5424 with a byte order mark',
      `<86>1 2026-03-05T14:00:00Z web01 sshd 812 - - \ufeff${FAILED}`,
    ),
    envelope('no pid', sshd(FAILED).replace('[812]', '')),
    envelope('a pid that is none', sshd(FAILED).replace('[812]', '[x;y]')),
    envelope('the program in upper case', sshd(FAILED).replace('sshd', 'SSHD')),
    envelope('the program with its path', sshd(FAILED).replace('sshd', '/usr/sbin/sshd')),
    envelope('the newer name of the program', sshd(FAILED).replace('sshd', 'sshd-session')),
    envelope('an odd host', sshd(FAILED, 'web_01;x')),
    envelope('an IPv6 host', sshd(FAILED, '[2001:db8::1]')),
    envelope('two blanks between the words', sshd(FAILED).replace('sshd[812]: ', 'sshd[812]:   ')),
    envelope('repeated by the sender', sshd(`message repeated 3 times: [ ${FAILED}]`)),
    envelope('a stamp of tomorrow', sshd(FAILED).replace('Mar  5', 'Mar  6')),
    envelope('a stamp that is no day', sshd(FAILED).replace('Mar  5', 'Feb 30')),
    envelope(
      'wrapped by a shipper',
      json({ '@timestamp': '2026-03-05T14:00:00Z', message: sshd(FAILED).slice(4), host: { name: 'web01' } }),
    ),
    envelope(
      'from the journal',
      json({
        __REALTIME_TIMESTAMP: '1772719200000000',
        _HOSTNAME: 'web01',
        SYSLOG_IDENTIFIER: 'sshd',
        _PID: '812',
        MESSAGE: FAILED,
      }),
    ),
    envelope(
      'from the journal, as bytes',
      json({
        __REALTIME_TIMESTAMP: '1772719200000000',
        _HOSTNAME: 'web01',
        SYSLOG_IDENTIFIER: 'sshd',
        _PID: '812',
        MESSAGE: [...Buffer.from(FAILED)],
      }),
    ),
    envelope('an unknown port', sshd('Failed password for root from 203.0.113.66 port 99999 ssh2')),
    envelope(
      'a name with the words of the line',
      sshd('Failed password for root from 203.0.113.66 port 4 ssh2 [preauth]'),
    ),
  ],
};
