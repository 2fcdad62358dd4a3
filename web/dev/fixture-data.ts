/// <reference types="node" />
/**
 * Development only: invented data for the fixture server, the same on every start. Nothing here is part of the product.
 * Addresses are from documentation ranges.
 */
import type {
  AlertDetail,
  EventDetail,
  EventRow,
  LedgerLine,
  Overview,
  RuleDetail,
  RuleInfo,
  RuleList,
  RuleVersionText,
  SenderInfo,
  Status,
} from '../../src/api/contract.ts';
import { type Alert, SEVERITIES, type Severity } from '../../src/model/alert.ts';
import { HOT_FIELDS } from '../../src/model/catalogue.ts';

export const S = 1_000_000;
export const MIN = 60 * S;
export const HOUR = 60 * MIN;
export const DAY = 24 * HOUR;

/** mulberry32: small, seeded, repeatable. */
export function dice(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
const pick = <T>(r: () => number, all: readonly T[]): T => all[Math.floor(r() * all.length)] as T;

const HOSTS = ['web01', 'web02', 'db01', 'mail01', 'vpn01', 'build01', 'files01', 'dc01'];
const USERS = [
  'anna.berg',
  'tom.lind',
  'root',
  'deploy',
  'maria.voss',
  'backup',
  'jonas.keller',
  'svc-report',
];
const IPS = [
  '203.0.113.45',
  '198.51.100.7',
  '10.0.1.5',
  '10.0.2.17',
  '192.0.2.88',
  '10.0.3.20',
  '2001:db8::17',
  '10.0.1.9',
];

type Kind = {
  source: string;
  action: string;
  outcome: string;
  user: boolean;
  ip: boolean;
  text: (u: string, ip: string, r: () => number) => string;
};
const KINDS: readonly Kind[] = [
  {
    source: 'sshd',
    action: 'ssh_login',
    outcome: 'failure',
    user: true,
    ip: true,
    text: (u, ip, r) => `Failed password for ${u} from ${ip} port ${40000 + Math.floor(r() * 9999)} ssh2`,
  },
  {
    source: 'sshd',
    action: 'ssh_login',
    outcome: 'success',
    user: true,
    ip: true,
    text: (u, ip) => `Accepted publickey for ${u} from ${ip} port 51022 ssh2: ED25519 SHA256:8mq0fZ1nJb4`,
  },
  {
    source: 'sudo',
    action: 'sudo_command',
    outcome: 'success',
    user: true,
    ip: false,
    text: (u) => `${u} : TTY=pts/0 ; PWD=/home/${u} ; USER=root ; COMMAND=/usr/bin/systemctl reload nginx`,
  },
  {
    source: 'nginx',
    action: 'http_request',
    outcome: 'success',
    user: false,
    ip: true,
    text: (_u, ip, r) =>
      `${ip} - - "GET /orders/${Math.floor(r() * 9000)} HTTP/1.1" 200 ${Math.floor(r() * 20000)} "-" "Mozilla/5.0"`,
  },
  {
    source: 'nginx',
    action: 'http_request',
    outcome: 'failure',
    user: false,
    ip: true,
    text: (_u, ip) => `${ip} - - "GET /wp-login.php HTTP/1.1" 404 153 "-" "scan/1.2"`,
  },
  {
    source: 'cron',
    action: '',
    outcome: '',
    user: true,
    ip: false,
    text: (u) => `(${u}) CMD (/usr/local/bin/rotate-reports --quiet)`,
  },
  {
    source: 'iptables',
    action: 'connection_denied',
    outcome: 'failure',
    user: false,
    ip: true,
    text: (_u, ip, r) => `DROP IN=eth0 SRC=${ip} DST=10.0.0.2 PROTO=TCP DPT=${pick(r, [22, 23, 3389, 445])}`,
  },
  {
    source: 'vault',
    action: 'certificate_issued',
    outcome: 'success',
    user: true,
    ip: true,
    text: (u) => `pki/issue/web requested by ${u}: CN=shop.example.com serial 4F:11:0A`,
  },
  {
    source: 'windows',
    action: 'logon',
    outcome: 'success',
    user: true,
    ip: true,
    text: (u, ip) => `An account was successfully logged on. Account: ${u} Source: ${ip} Type: 3`,
  },
  {
    source: 'syslog',
    action: '',
    outcome: '',
    user: false,
    ip: false,
    text: () => 'app[811]: cache miss \u202egnp.exe\u0007 <script>alert(1)</script> "quoted" a=b | c',
  },
];

/** The nth newest event before `to`. Ids count backwards, so that paging is plain. */
export function eventRow(n: number, to: number): EventRow {
  const r = dice(n * 7919 + 13);
  const k = KINDS[Math.floor(r() ** 1.4 * KINDS.length)] as Kind;
  const user = k.user ? pick(r, USERS) : '';
  const ip = k.ip ? (IPS[Math.floor(r() ** 2 * IPS.length)] as string) : '';
  const ts = to - n * 1_370_011 - Math.floor(r() * 900_000);
  const odd = k.source === 'syslog';
  return {
    id: `1-${9_000_000 - n}-${n % 500}`,
    ts,
    ingested: ts + 14_211,
    source: k.source,
    host: pick(r, HOSTS),
    message: k.text(user, ip, r),
    action: k.action,
    outcome: k.outcome,
    user,
    sourceIp: ip,
    status: odd ? 'raw' : 'parsed',
  };
}

export function eventDetail(id: string, to: number): EventDetail {
  const n = 9_000_000 - Number(id.split('-')[1] ?? 0);
  const row = eventRow(n, to);
  const raw = `<38>${row.host} ${row.source}[${1000 + (n % 9000)}]: ${row.message}${row.status === 'raw' ? '\ufffd' : ''}`;
  return {
    id,
    ts: row.ts,
    ingested: row.ingested,
    fields: [
      ['@timestamp', row.ts],
      ['event.ingested', row.ingested],
      ['event.category', ['authentication', 'network']],
      ['event.action', row.action],
      ['event.outcome', row.outcome || null],
      ['host.name', row.host],
      ['user.name', row.user],
      ['source.ip', row.sourceIp],
      ['source.port', 51022],
      ['source.geo.country_iso_code', 'DE'],
      ['process.name', row.source],
      ['process.pid', 1234],
      ['message', row.message],
      ['vigil.source', row.source],
      ['vigil.door', 'syslog-tcp'],
      ['__proto__', 'a field with a hostile name'],
      ['we ird "name"', 'a*b? OR "c" \\ d'],
    ],
    raw,
    rawBase64: Buffer.from(raw).toString('base64'),
    entities: [`host:${row.host}`, `user:${row.user}`, `ip:${row.sourceIp}`],
    provenance: {
      door: 'syslog-tcp',
      sender: '10.0.4.11',
      token: '',
      source: row.source,
      parser: `${row.source}@1`,
      status: row.status,
      origin: 'live',
      retention: 'standard',
    },
    leaf: '9d1f0c6e7ab24c35aa10',
  };
}

/** A working day's rhythm: 0.25 at night to 1 at noon. */
const rhythm = (t: number): number => 0.62 - 0.38 * Math.cos(((t % DAY) / DAY) * 2 * Math.PI);

export function bucketFor(from: number, to: number): number {
  const want = (to - from) / 90;
  return [S, 5 * S, 15 * S, MIN, 5 * MIN, 15 * MIN, HOUR, 6 * HOUR, DAY].find((b) => b >= want) ?? 7 * DAY;
}

export function points(
  from: number,
  to: number,
  bucketUs: number,
): { t: number; success: number; failure: number; other: number }[] {
  const out = [];
  for (let t = Math.floor(from / bucketUs) * bucketUs; t < to; t += bucketUs) {
    const r = dice(Math.floor(t / bucketUs));
    const all = (bucketUs / S) * 0.73 * rhythm(t) * (0.8 + r() * 0.4);
    const burst = r() > 0.965 ? all * 0.9 : 0;
    out.push({
      t,
      success: Math.round(all * 0.5),
      failure: Math.round(all * 0.08 + burst),
      other: Math.round(all * 0.42),
    });
  }
  return out;
}

const top = (values: readonly string[], total: number): { value: string; count: number }[] =>
  values.map((value, i) => ({ value, count: Math.round(total / (i + 1.6) / 3) }));

export function overview(from: number, to: number, open: Record<Severity, number>): Overview {
  const bucketUs = bucketFor(from, to);
  const all = points(from, to, bucketUs);
  const total = all.reduce((n, p) => n + p.success + p.failure + p.other, 0);
  return {
    from,
    to,
    bucketUs,
    events: all.map((p) => ({ t: p.t, n: p.success + p.failure + p.other })),
    failures: all.map((p) => ({ t: p.t, n: p.failure })),
    alerts: all
      .filter((p) => dice(p.t)() > 0.72)
      .map((p) => {
        const r = dice(p.t + 1);
        return {
          t: p.t,
          bySeverity: {
            informational: 0,
            low: r() > 0.5 ? 1 : 0,
            medium: Math.floor(r() * 3),
            high: r() > 0.7 ? 1 : 0,
            critical: r() > 0.94 ? 1 : 0,
          },
        };
      }),
    openAlerts: open,
    topSources: top(IPS, total),
    topHosts: top(HOSTS, total),
    topUsers: top(USERS, total),
    topLogTypes: top(['nginx', 'sshd', 'iptables', 'windows', 'cron', 'sudo', 'vault', 'syslog'], total),
    topActions: top(['http_request', 'ssh_login', 'connection_denied', 'logon'], total),
    total,
  };
}

type Story = {
  title: string;
  severity: Severity;
  sentence: string;
  attack: string[];
  count: number;
  entities: string[];
  hosts: string[];
  next: string[];
};
const STORIES: readonly Story[] = [
  {
    title: 'Login after a brute force attack',
    severity: 'critical',
    sentence:
      'Brute force attack detected from 203.0.113.45 targeting SSH on 5 servers, then a successful login as deploy on build01',
    attack: ['T1110.001', 'T1078.003', 'credential-access', 'initial-access'],
    count: 51,
    entities: [
      'ip:203.0.113.45',
      'user:deploy',
      'host:build01',
      'host:web01',
      'host:web02',
      'host:db01',
      'host:mail01',
    ],
    hosts: ['build01', 'db01', 'mail01', 'web01', 'web02'],
    next: [
      'Ask the owner of deploy whether they signed in from 203.0.113.45.',
      'If not: lock the account and end its sessions on build01.',
      'See what that address and that user did after the login.',
      'Block 203.0.113.45 at the firewall.',
    ],
  },
  {
    title: 'Certificate from an unexpected authority',
    severity: 'high',
    sentence:
      'A certificate for shop.example.com was issued by Example Trust CA 3, which is not among the approved authorities',
    attack: ['T1588.004', 'resource-development'],
    count: 1,
    entities: ['domain:shop.example.com', 'user:svc-report'],
    hosts: [],
    next: [
      'Ask the owner of shop.example.com whether they ordered it.',
      'If not: ask the authority to revoke it.',
    ],
  },
  {
    title: 'Many failed logins from one address',
    severity: 'medium',
    sentence: '11 failed logins in 4 minutes from 198.51.100.7 targeting SSH on 1 server (web01)',
    attack: ['T1110', 'credential-access'],
    count: 11,
    entities: ['ip:198.51.100.7', 'host:web01', 'user:root'],
    hosts: ['web01'],
    next: ['See whether any login from that address succeeded.'],
  },
  {
    title: 'Password spraying',
    severity: 'high',
    sentence: '192.0.2.88 tried 34 user names with few passwords each on vpn01 within 10 minutes',
    attack: ['T1110.003', 'credential-access'],
    count: 68,
    entities: ['ip:192.0.2.88', 'host:vpn01'],
    hosts: ['vpn01'],
    next: ['Look for a success among them.'],
  },
  {
    title: 'Sudo to a shell',
    severity: 'low',
    sentence: 'jonas.keller opened a root shell with sudo on db01',
    attack: ['T1548.003', 'privilege-escalation'],
    count: 1,
    entities: ['user:jonas.keller', 'host:db01'],
    hosts: ['db01'],
    next: ['Ask whether it was planned work.'],
  },
  {
    title: 'Log was cleared',
    severity: 'high',
    sentence: 'The security log of dc01 was cleared by svc-report',
    attack: ['T1070.001', 'defense-evasion'],
    count: 1,
    entities: ['host:dc01', 'user:svc-report'],
    hosts: ['dc01'],
    next: ['Read what Vigil stored of dc01 before it.'],
  },
  {
    title: 'Large outbound transfer',
    severity: 'medium',
    sentence: 'files01 sent 14.2 GB to 198.51.100.200 in 20 minutes, 40 times its usual',
    attack: ['T1048', 'exfiltration'],
    count: 212,
    entities: ['host:files01', 'ip:198.51.100.200'],
    hosts: ['files01'],
    next: ['Find the program and user that sent it.'],
  },
  {
    title: 'Scanner against the web servers',
    severity: 'informational',
    sentence: '203.0.113.9 asked web01 and web02 for 240 pages that do not exist',
    attack: ['T1595.002', 'reconnaissance'],
    count: 240,
    entities: ['ip:203.0.113.9', 'host:web01', 'host:web02'],
    hosts: ['web01', 'web02'],
    next: [],
  },
];

export function makeAlerts(now: number): Alert[] {
  return Array.from({ length: 46 }, (_, i) => {
    const s = STORIES[i % STORIES.length] as Story;
    const r = dice(i + 99);
    const last = now - Math.floor(i ** 1.7 * 9 * MIN) - 40 * S;
    const first = last - Math.floor(r() * 20 * MIN) - 2 * MIN;
    const status = i < 9 ? 'new' : i < 15 ? 'acknowledged' : r() > 0.35 ? 'closed' : 'acknowledged';
    const id = `${(0xa7c1_0000 + i * 7777).toString(16).padStart(8, '0')}5e0f9b21`;
    const count = i < STORIES.length ? s.count : Math.max(1, Math.round(s.count * (0.4 + r())));
    return {
      id,
      tenant: 'default',
      origin: i === 11 ? 'retro' : 'live',
      rule: `rule-${i % STORIES.length}`,
      ruleTitle: s.title,
      ruleVersion: '3',
      author: 'Vigil',
      key: s.entities
        .slice(0, 1)
        .map((e) => (e.startsWith('ip:') ? `source.ip=${e.slice(3)}` : e.replace(':', '='))),
      severity: s.severity,
      sentence: s.sentence,
      attack: s.attack,
      status,
      assignee: status === 'acknowledged' ? 'anna' : '',
      reason: status === 'closed' ? 'Real, but allowed (test, maintenance)' : '',
      firstSeen: first,
      lastSeen: last,
      openedAt: first + 30 * S,
      updatedAt: last,
      count,
      entities: s.entities,
      hosts: s.hosts,
      hostCount: s.hosts.length,
      events: Array.from({ length: Math.min(12, count) }, (_x, n) => {
        const e = eventDetail(`1-${9_000_000 - n * 3}-1`, last);
        const overrides = new Map<string, string>([
          ['source.ip', s.entities.find((x) => x.startsWith('ip:'))?.slice(3) ?? ''],
          ['host.name', s.hosts[n % Math.max(1, s.hosts.length)] ?? 'web01'],
          ['user.name', s.entities.find((x) => x.startsWith('user:'))?.slice(5) ?? 'root'],
          ['event.action', 'ssh_login'],
          ['event.outcome', n === 11 ? 'success' : 'failure'],
        ]);
        return {
          id: e.id,
          ts: first + n * 9 * S,
          source: 'sshd',
          fields: e.fields.map(([k, v]) => [k, overrides.get(k) ?? v] as const),
        };
      }),
      eventRefs: Array.from({ length: Math.min(count, 20) }, (_x, n) => ({
        ts: first + (n + 12) * 9 * S,
        id: `1-${8_999_000 - n}-2`,
      })),
      nextSteps: s.next,
      steps: [
        { at: first + 30 * S, kind: 'opened', text: 'Opened: the rule was met.', by: 'vigil' },
        ...(s.severity === 'critical'
          ? [
              {
                at: last,
                kind: 'escalated' as const,
                text: 'Raised from high to critical: a login from the attacking address succeeded.',
                by: 'vigil',
              },
            ]
          : []),
        ...(status === 'acknowledged'
          ? [{ at: last + 5 * MIN, kind: 'status' as const, text: 'Acknowledged.', by: 'anna' }]
          : []),
      ],
      late: i === 13,
      follows: '',
    } satisfies Alert;
  });
}

export const countOpen = (alerts: readonly Alert[]): Record<Severity, number> => {
  const out = { informational: 0, low: 0, medium: 0, high: 0, critical: 0 };
  for (const a of alerts) if (a.status !== 'closed') out[a.severity]++;
  return out;
};

const YAML = `title: Many failed logins from one address
id: rule-2
status: stable
description: More than 10 failed logins from one address within 5 minutes.
author: Vigil
tags:
  - attack.credential-access
  - attack.t1110
correlation:
  type: event_count
  rules: [failed_login]
  group-by: [source.ip]
  timespan: 5m
  condition:
    gt: 10
level: medium
`;

export function rules(now: number): RuleInfo[] {
  return STORIES.map((s, i) => ({
    id: `rule-${i}`,
    title: s.title,
    description: `Watches for this: ${s.sentence}. Counts each attempt once, whichever of its log lines arrive.`,
    author: 'Vigil',
    level: s.severity,
    status: 'stable',
    version: '3',
    file: `content/rules/${s.title.toLowerCase().replaceAll(' ', '-')}/rule.yml`,
    kind: i % 3 === 2 ? 'correlation' : 'rule',
    attack: s.attack,
    falsepositives:
      i === 2 ? ['A person who mistypes a new password', 'A monitoring probe with an old key'] : [],
    nextSteps: s.next,
    matched: i === 5 ? 0 : 12 + i * 371,
    lastMatched: i === 5 ? 0 : now - i * 37 * MIN,
    references: [],
    mode:
      (['alerting', 'alerting', 'risk', 'alerting', 'alerting', 'shadow', 'off'] as const)[i % 7] ??
      'alerting',
    origin: i === 5 ? 'imported' : 'shipped',
    alerts: true,
    proposal: i === 5 ? 'risk' : '',
    dead: i === 5 ? 'no source supplies windows/sysmon' : '',
    logsource: i % 2 === 0 ? 'linux/sshd' : 'windows/security',
    lastCandidate: i === 5 ? 0 : now - i * MIN,
    cost: [0.31, 0.12, 0.02, 0.4, 0.05, 0, 0.1][i % 7] ?? 0,
    exceptions: i === 1 ? 1 : 0,
    problem: i === 4 ? 'line 14: unknown modifier "|startwith", did you mean "|startswith"?' : '',
    yaml: YAML,
  }));
}

export function ruleList(now: number): RuleList {
  const all = rules(now);
  const byMode = { off: 0, shadow: 0, risk: 0, alerting: 0 };
  for (const r of all) byMode[r.mode]++;
  return {
    rules: all,
    summary: {
      total: all.length,
      byMode,
      dead: all.filter((r) => r.dead !== '').length,
      problems: 1,
      proposals: all.filter((r) => r.proposal !== '').length,
      exceptions: 1,
    },
    from: now - 14 * DAY,
    to: now,
    trouble: '',
  };
}

export function ruleDetail(id: string, now: number): RuleDetail | undefined {
  const rule = rules(now).find((r) => r.id === id);
  if (rule === undefined) return undefined;
  return {
    rule,
    modeBy: rule.origin,
    modeReason: '',
    modeAt: 0,
    sources: rule.dead === '' ? ['sshd'] : [],
    fields: [
      { name: 'event.action', last: now - MIN, declared: true },
      { name: 'process.pe.original_file_name', last: 0, declared: false },
    ],
    lists: [],
    counts: [],
    evaluated: 41_233,
    versions: [
      { n: 2, version: 'b1c2', who: 'unknown', source: 'file', since: now - DAY, until: 0 },
      { n: 1, version: 'a0b1', who: 'unknown', source: 'file', since: now - 9 * DAY, until: now - DAY },
    ],
    rolledBack: 0,
    exceptions:
      rule.exceptions === 0
        ? []
        : [
            {
              id: '5f0c',
              title: 'The backup host',
              rules: [id],
              yaml: 'title: "The backup host"\nfilter:\n    selection:\n        "source.ip":\n            - "10.0.4.9"\n',
              owner: 'ada',
              reason: 'logs in with a key that has expired; ticket 4711',
              createdBy: 'user:ada',
              createdAt: now - DAY,
              expiresAt: now + 20 * DAY,
              endedAt: 0,
              endedBy: '',
            },
          ],
    hasTests: true,
  };
}
export const ruleText = (id: string, n: number, now: number): RuleVersionText => ({
  ...(ruleDetail(id, now)?.versions.find((v) => v.n === n) ?? {
    n,
    version: '',
    who: '',
    source: '',
    since: 0,
    until: 0,
  }),
  yaml: n === 2 ? YAML : YAML.replace('gt: 10', 'gt: 20').replace('level: medium', 'level: low'),
});

const line = (door: string, sender: string, received: number, minute = 0): LedgerLine => {
  const odd = sender === '10.0.4.99';
  const denied = sender === '192.0.2.200' ? received : 0;
  const quarantined = sender === '10.0.4.12' ? Math.round(received * 0.0004) : 0;
  const pending = minute === 0 && sender === '10.0.4.11' ? 12 : 0;
  const dropped: Record<string, number> =
    denied > 0
      ? { denied }
      : sender === 'build01'
        ? { duplicate: Math.round(received * 0.002), too_large: 1 }
        : {};
  const lost = Object.values(dropped).reduce((a, b) => a + b, 0);
  const stored = received - lost - quarantined - pending - (odd ? 3 : 0);
  return {
    door,
    sender,
    minute,
    received,
    bytes: received * 212,
    stored,
    quarantined,
    pending,
    dropped,
    evaluated: stored,
    evaluationPending: 0,
    evaluationFailed: {},
    kernelDrops: door === 'syslog-udp' ? 4 : 0,
    balanced: !odd,
  };
};
const SENDERS: readonly (readonly [string, string, number, string[]])[] = [
  ['syslog-tcp', '10.0.4.11', 412_880, ['sshd', 'sudo', 'cron']],
  ['syslog-tls', '10.0.4.12', 1_204_331, ['nginx']],
  ['syslog-udp', '10.0.4.1', 88_211, ['iptables']],
  ['journal', 'build01', 30_412, ['sshd', 'sudo', 'cron', 'systemd']],
  ['http', '10.0.4.30', 220_054, ['windows', 'vault']],
  ['syslog-udp', '192.0.2.200', 57, []],
  ['file', '/var/log/nginx/access.log', 9_412, ['nginx']],
];

export const ledgerTotals = (unbalanced: boolean): LedgerLine[] => [
  ...SENDERS.map(([door, sender, n]) => line(door, sender, n)),
  ...(unbalanced ? [line('syslog-tcp', '10.0.4.99', 4_002)] : []),
];
export const ledgerMinutes = (to: number): LedgerLine[] =>
  SENDERS.flatMap(([door, sender, n]) =>
    Array.from({ length: 60 }, (_, i) =>
      line(
        door,
        sender,
        Math.round((n / 1440) * (0.7 + dice(i + n)() * 0.6)),
        (Math.floor(to / MIN) - i) * MIN,
      ),
    ),
  );
export const senders = (now: number): SenderInfo[] =>
  SENDERS.map(([door, sender, n, sources], i) => ({
    door,
    sender,
    sources: sources.map((value, j) => ({ value, count: Math.round(n / (j + 2)) })),
    firstSeen: now - 34 * DAY,
    lastSeen: now - i * i * 7 * S - S,
    received: n,
    unparsed: Math.round(n * [0, 0.003, 0, 0.08, 0, 1, 0][i]!),
    perMinute: Array.from({ length: 40 }, (_, m) => ({
      t: now - (40 - m) * MIN,
      n: Math.round((n / 1440) * (0.6 + dice(m * 31 + i)() * 0.8)),
    })),
    ledger: line(door, sender, n),
  }));

export const status = (now: number): Status => ({
  version: '0.1.0',
  startedAt: now - 3 * DAY - 4 * HOUR,
  warnings: ['/var/log/audit/audit.log may not be read: usermod -aG adm,systemd-journal vigil'],
  collectors: [
    { door: 'syslog-udp', address: '127.0.0.1:5514', state: 'open', note: '' },
    { door: 'syslog-tcp', address: '127.0.0.1:5514', state: 'open', note: '3 connections' },
    {
      door: 'journal',
      address: 'journalctl',
      state: 'following',
      note: 'auth.log is skipped: the journal has it',
    },
    { door: 'http', address: '127.0.0.1:8514/api/v1/ingest', state: 'open', note: '' },
  ],
  store: { ok: true, version: '26.5', rows: 48_113_204, bytesOnDisk: 3_812_000_000, detachedParts: 0 },
  journal: { bytes: 41_000_000, bytesMax: 4_000_000_000, pendingRecords: 12 },
  eventsPerSecond: 21.4,
});

export const fieldInfo = () => HOT_FIELDS.map((f) => ({ name: f.name, type: f.type, about: f.about }));
export const detailOf = (alert: Alert, all: readonly Alert[], now: number): AlertDetail => ({
  alert,
  rule: rules(now).find((r) => r.id === alert.rule) ?? null,
  related: all
    .filter((a) => a.id !== alert.id && a.entities.some((e) => alert.entities.includes(e)))
    .slice(0, 6),
});
export { SEVERITIES };
