/**
 * What each search of `docs/COMING-FROM.md` finds in the records of `events.ts`: a number of events, or the rows of a
 * table in the order of its columns. Each was counted by hand in `events.ts`.
 */
type Cell = string | number | null;

export const EXPECTED: ReadonlyMap<string, number | readonly (readonly Cell[])[]> = new Map<
  string,
  number | readonly (readonly Cell[])[]
>([
  ['failed logins', 16],
  [
    'failed logins per user',
    [
      ['root', 6],
      ['alice', 4],
      ['bob', 2],
      ['dave', 2],
      ['carol', 1],
      ['erin', 1],
    ],
  ],
  [
    'brute force: more than five failures from one address',
    [
      ['198.51.100.7', 6],
      ['203.0.113.50', 6],
    ],
  ],
  ['password spraying: one address, many accounts', [['198.51.100.7', 5]]],
  [
    'a success from an address that failed often before',
    [
      ['Mon 17:00:00', '192.0.2.1', 'cloudtrail', null],
      ['Mon 03:00:40', 'web01', 'sshd', 'Accepted password for root from 203.0.113.50 port 40010 ssh2'],
    ],
  ],
  ['root logged in by SSH', 1],
  [
    'logins outside office hours',
    [['Mon 03:00:40', 'web01', 'sshd', 'Accepted password for root from 203.0.113.50 port 40010 ssh2']],
  ],
  [
    'logins at the weekend',
    [
      [
        'Sat 11:00:00',
        'web01',
        'sshd',
        'Accepted publickey for carol from 10.0.1.8 port 51200 ssh2: ED25519 SHA256:Y2Fyb2wtc2F0',
      ],
    ],
  ],
  ['remote desktop logons', 1],
  [
    'when each user logged in first and last',
    [
      ['carol', 'Sat 11:00:00', 'Sat 11:00:00', 1],
      ['bob', 'Mon 08:06:00', 'Mon 17:01:00', 3],
      ['alice', 'Mon 08:00:00', 'Mon 17:00:00', 3],
      ['root', 'Mon 03:00:40', 'Mon 03:00:40', 1],
    ],
  ],
  [
    'the newest login of each user',
    [
      ['carol', '10.0.1.8'],
      ['bob', '10.0.1.6'],
      ['alice', '203.0.113.50'],
      ['root', '203.0.113.50'],
    ],
  ],
  [
    'what was run with sudo',
    [
      ['web01', 'alice', '/usr/bin/systemctl restart nginx'],
      ['web01', 'carol', '/usr/bin/cat /etc/shadow'],
    ],
  ],
  ['accounts made and put into groups', 2],
  ['PowerShell with an encoded command', 1],
  ['Office starts a shell', 1],
  ['certutil as a downloader', 1],
  ['what PowerShell started', [['ws-17.corp.example.com', 'alice', 'whoami /all']]],
  [
    'the rarest programs',
    [
      ['certutil.exe', 1, 14.29],
      ['curl', 1, 14.29],
      ['powershell.exe', 1, 14.29],
    ],
  ],
  ['programs that only one machine runs', [['chrome.exe', 1, 3]]],
  ['logs were cleared', 1],
  ['downloads on Linux into /tmp', 1],
  ['everything about an address', 3],
  ['traffic that leaves the company', 3],
  ['a port scan', [['198.51.100.9', 6]]],
  ['who sent most', [['10.0.1.5', 6003000]]],
  ['large uploads', 1],
  ['beacons: many connections, all alike', [['10.0.1.7', '203.0.113.99', 12, 0]]],
  ['programs that speak to unusual ports', 1],
  ['machines that try to send mail', [['10.0.1.9', 2]]],
  [
    'errors by status',
    [
      [401, 3],
      [404, 4],
      [500, 2],
    ],
  ],
  ['guessing of paths', [['198.51.100.30', 4]]],
  ['SQL injection in the query string', 1],
  ['path traversal', 1],
  ['the rarest user agents', [['sqlmap/1.8', 2, 15.38]]],
  [
    'the most visited areas',
    [
      ['products', 2, 66.67],
      ['export.zip', 1, 33.33],
    ],
  ],
  [
    'sessions of a visitor',
    [
      ['198.51.100.30', 4],
      ['198.51.100.31', 3],
    ],
  ],
  [
    'very long names',
    [
      ['Mon 16:10:07', '192.0.2.1', 'zeek', null],
      ['Mon 16:10:06', '192.0.2.1', 'zeek', null],
      ['Mon 16:10:05', '192.0.2.1', 'zeek', null],
      ['Mon 16:10:04', '192.0.2.1', 'zeek', null],
      ['Mon 16:10:03', '192.0.2.1', 'zeek', null],
      ['Mon 16:10:02', '192.0.2.1', 'zeek', null],
      ['Mon 16:10:01', '192.0.2.1', 'zeek', null],
      ['Mon 16:10:00', '192.0.2.1', 'zeek', null],
    ],
  ],
  ['tunnels: many names below one domain', [['example.org', 8]]],
  ['names on a list of bad domains', 8],
  ['names that only one machine asks for', [['update.example.net', 1]]],
  ['console logins without a second factor', 1],
  ['who was refused often', [['svc-backup', 4, 'DescribeInstances, ListBuckets, ListKeys, ListUsers']]],
  ['logging was switched off', 1],
  ['new access keys', [['bob', 'svc-backup']]],
  ['certificates for our names from a CA that is not ours', 1],
  ['certificates that expire within a week', 1],
  ['TLS with a chain that does not validate', [['203.0.113.99', 1]]],
  ['who read secrets', [['ldap-bob', 'success', 1]]],
  ['words next to each other, anywhere', 1],
  ['addresses that are not on a list', 2],
  ["one user's every trace", 11],
  ['accounts seen on Linux, on Windows and in processes', [['alice', 3]]],
  [
    'machines that fell silent',
    [
      ['192.0.2.1'],
      ['db01'],
      ['dc01.corp.example.com'],
      ['edge01'],
      ['fw01'],
      ['ws-17.corp.example.com'],
      ['ws-18.corp.example.com'],
    ],
  ],
  ['requests by nobody in particular', 13],
  [
    'failures per hour',
    [
      ['Mon 03:00:00', 6],
      ['Mon 04:00:00', 5],
      ['Mon 08:00:00', 1],
      ['Mon 10:00:00', 3],
      ['Mon 17:00:00', 1],
    ],
  ],
  [
    'requests per hour by status',
    [
      ['Mon 15:00:00', '200', 4],
      ['Mon 15:00:00', '401', 3],
      ['Mon 15:00:00', '404', 4],
      ['Mon 15:00:00', '500', 2],
    ],
  ],
  ['the busiest ten minutes', [[6]]],
  [
    'how many events of each kind of log',
    [
      ['auditd', 1],
      ['cef', 5],
      ['certstream', 3],
      ['cloudtrail', 9],
      ['netfilter', 6],
      ['nginx', 13],
      ['sshd', 16],
      ['sudo', 3],
      ['vault', 4],
      ['windows', 16],
      ['zeek', 30],
    ],
  ],
  ['median and 95th percentile of what was sent', [[4000, 5400400]]],
  ['megabytes by machine, as a new column', [['10.0.1.5', 6]]],
]);
