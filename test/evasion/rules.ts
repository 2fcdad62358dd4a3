/** The rules of the evasion suite: Sigma as one would write it, by Sigma's names and by ECS's. */
const rule = (n: number, name: string, rest: string): string => `title: ${name}
id: 5e0a51${String(n).padStart(2, '0')}-0000-4000-8000-0000000000${String(n).padStart(2, '0')}
name: ${name}
status: test
level: high
${rest}
`;

export const RULES = {
  /** Sigma's names over Windows process starts. */
  process: rule(
    1,
    'process',
    `logsource: { product: windows, category: process_creation }
detection:
    selection:
        CommandLine|contains: mimikatz
    condition: selection`,
  ),
  process_image: rule(
    2,
    'process_image',
    `logsource: { product: windows, category: process_creation }
detection:
    selection:
        Image|endswith: '\\mimikatz.exe'
    condition: selection`,
  ),
  account_created: rule(
    3,
    'account_created',
    `logsource: { product: windows, service: security }
detection:
    selection:
        EventID: 4720
    condition: selection`,
  ),
  /** A field of one's own. */
  command: rule(
    4,
    'command',
    `taxonomy: ecs
logsource: { category: application }
detection:
    selection:
        app.command|contains: mimikatz
    condition: selection`.replace('logsource: { category: application }', 'logsource: {}'),
  ),
  command_line: rule(
    5,
    'command_line',
    `taxonomy: ecs
logsource: {}
detection:
    selection:
        process.command_line|contains: /etc/shadow
    condition: selection`,
  ),
  keyword: rule(
    6,
    'keyword',
    `taxonomy: ecs
logsource: {}
detection:
    keywords:
        - mimikatz
    condition: keywords`,
  ),
  bad_address: rule(
    7,
    'bad_address',
    `taxonomy: ecs
logsource: {}
detection:
    selection:
        source.ip: 203.0.113.66
    condition: selection`,
  ),
  bad_network: rule(
    8,
    'bad_network',
    `taxonomy: ecs
logsource: {}
detection:
    selection:
        source.ip|cidr: 203.0.113.0/24
    condition: selection`,
  ),
  bad_domain: rule(
    9,
    'bad_domain',
    `taxonomy: ecs
logsource: {}
detection:
    selection:
        - dns.question.name: [evil.example.org]
        - dns.question.name|endswith: .evil.example.org
        - url.domain: evil.example.org
        - destination.domain: evil.example.org
        - host.name: evil.example.org
    condition: selection`,
  ),
  admin_login: rule(
    10,
    'admin_login',
    `taxonomy: ecs
logsource: {}
detection:
    selection:
        user.name: administrator
    condition: selection`,
  ),
  ssh_root: rule(
    11,
    'ssh_root',
    `taxonomy: ecs
logsource: {}
detection:
    selection:
        event.action: ssh_login
        event.outcome: failure
        user.name: root
        source.ip: 203.0.113.66
    condition: selection`,
  ),
  web_passwd: rule(
    12,
    'web_passwd',
    `taxonomy: ecs
logsource: {}
detection:
    selection:
        - url.path|contains: /etc/passwd
        - url.query|contains: /etc/passwd
        - url.original|contains: /etc/passwd
    condition: selection`,
  ),
  admin_port: rule(
    13,
    'admin_port',
    `taxonomy: ecs
logsource: {}
detection:
    selection:
        destination.port: 4444
    condition: selection`,
  ),
  flag_field: rule(
    14,
    'flag_field',
    `taxonomy: ecs
logsource: {}
detection:
    selection:
        app.admin: 'true'
    condition: selection`,
  ),
  no_user: rule(
    15,
    'no_user',
    `taxonomy: ecs
logsource: {}
detection:
    selection:
        app.action: delete
        app.user: null
    condition: selection`,
  ),
} as const;
