/**
 * Sigma's log sources and field names reach our events: for each product a raw record, a rule in Sigma's own words
 * that must fire for it through the real sources and the real taxonomy, and one that narrowly must not.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { stringify } from 'yaml';
import { rulesFromFiles } from '../src/detect/load.ts';
import { compileRules } from '../src/detect/matcher.ts';
import { readTaxonomy } from '../src/detect/taxonomy.ts';
import { TEST_RECORD } from '../src/model/record.ts';
import { makeNormalizer } from '../src/normalize/normalize.ts';
import { loadSources } from '../src/normalize/registry.ts';

const ROOT = join(import.meta.dirname, '..');
type Row = {
  readonly name: string;
  readonly logsource: Readonly<Record<string, string>>;
  readonly raw: string | object;
  readonly sel: object;
  /** Differs in one value. */
  readonly near: object;
};

const windows = (channel: string, id: number, data: object): object => ({
  winlog: { channel, event_id: id, computer_name: 'pc1', provider_name: 'x', event_data: data },
  '@timestamp': '2026-03-05T14:23:01Z',
});
const SYSMON = 'Microsoft-Windows-Sysmon/Operational';
const LINUX_SYSMON =
  '<Event><System><Provider Name="Linux-Sysmon"/><EventID>1</EventID><TimeCreated SystemTime="2026-03-05T14:23:01.000Z"/><Channel>Linux-Sysmon/Operational</Channel><Computer>web01</Computer></System><EventData><Data Name="UtcTime">2026-03-05 14:23:01.000</Data><Data Name="Image">/usr/bin/curl</Data><Data Name="CommandLine">curl -s http://192.0.2.9/x</Data><Data Name="User">root</Data></EventData></Event>';
const azure = (category: string, more: object): object => ({
  time: '2026-03-05T14:23:01Z',
  resourceId: '/tenants/t/providers/Microsoft.aadiam',
  category,
  tenantId: 't',
  ...more,
});
const AUDIT = {
  '@type': 'type.googleapis.com/google.cloud.audit.AuditLog',
  serviceName: 'logging.googleapis.com',
  methodName: 'google.logging.v2.ConfigServiceV2.DeleteSink',
  authenticationInfo: { principalEmail: 'eva@example.com' },
};

const ROWS: readonly Row[] = [
  {
    name: 'Windows, Sysmon process creation',
    logsource: { product: 'windows', category: 'process_creation' },
    raw: windows(SYSMON, 1, {
      Image: 'C:\\Windows\\System32\\whoami.exe',
      CommandLine: 'whoami /all',
      ParentImage: 'C:\\x\\w3wp.exe',
    }),
    sel: {
      'Image|endswith': '\\whoami.exe',
      'CommandLine|windash|contains': ' -all',
      'ParentImage|endswith': '\\w3wp.exe',
    },
    near: { 'Image|endswith': '\\whoami.exe', 'ParentImage|endswith': '\\svchost.exe' },
  },
  {
    name: 'Windows, Security 4688 as process creation',
    logsource: { product: 'windows', category: 'process_creation' },
    raw: windows('Security', 4688, {
      NewProcessName: 'C:\\Windows\\System32\\whoami.exe',
      CommandLine: 'whoami',
      SubjectUserName: 'eva',
    }),
    sel: { 'Image|endswith': '\\whoami.exe', User: 'eva' },
    near: { 'Image|endswith': '\\whoami.exe', User: 'bob' },
  },
  {
    name: 'Windows, Sysmon network connection',
    logsource: { product: 'windows', category: 'network_connection' },
    raw: windows(SYSMON, 3, {
      Image: 'C:\\a.exe',
      DestinationIp: '203.0.113.9',
      DestinationPort: '4444',
      Initiated: 'true',
    }),
    sel: { 'DestinationIp|cidr': '203.0.113.0/24', DestinationPort: 4444, Initiated: 'true' },
    near: { DestinationPort: 443 },
  },
  {
    name: 'Windows, Security',
    logsource: { product: 'windows', service: 'security' },
    raw: windows('Security', 4625, { TargetUserName: 'bob', LogonType: '3', IpAddress: '203.0.113.9' }),
    sel: { EventID: 4625, LogonType: 3, TargetUserName: 'BOB' },
    near: { EventID: 4624 },
  },
  {
    name: 'Windows, System',
    logsource: { product: 'windows', service: 'system' },
    raw: windows('System', 7045, { ServiceName: 'evil', ImagePath: 'C:\\x.exe' }),
    sel: { EventID: 7045, 'ImagePath|endswith': '.exe' },
    near: { EventID: 7036 },
  },
  {
    name: 'Windows, PowerShell script block',
    logsource: { product: 'windows', category: 'ps_script' },
    raw: windows('Microsoft-Windows-PowerShell/Operational', 4104, { ScriptBlockText: 'Invoke-Mimikatz' }),
    sel: { 'ScriptBlockText|contains': 'mimikatz' },
    near: { 'ScriptBlockText|contains': 'rubeus' },
  },
  {
    name: 'Windows, Defender',
    logsource: { product: 'windows', service: 'windefend' },
    raw: windows('Microsoft-Windows-Windows Defender/Operational', 1116, { 'Threat Name': 'Trojan:Win32/X' }),
    sel: { EventID: 1116 },
    near: { EventID: 5001 },
  },
  {
    name: 'Linux, auditd',
    logsource: { product: 'linux', service: 'auditd' },
    raw: 'type=SYSCALL msg=audit(1772704800.123:456): arch=c000003e syscall=59 success=yes exit=0 ppid=1 pid=2 auid=1001 uid=0 comm="insmod" exe="/usr/bin/kmod" key="modules"',
    sel: { type: 'SYSCALL', comm: 'insmod', exe: '/usr/bin/kmod' },
    near: { type: 'SYSCALL', comm: 'rmmod' },
  },
  {
    name: 'Linux, sudo',
    logsource: { product: 'linux', service: 'sudo' },
    raw: 'Mar  5 14:23:01 web01 sudo[12]:     eva : TTY=pts/0 ; PWD=/home/eva ; USER=root ; COMMAND=/usr/bin/cat /etc/shadow',
    sel: { USER: 'root' },
    near: { USER: 'eva' },
  },
  {
    name: 'Linux, Sysmon for Linux',
    logsource: { product: 'linux', category: 'process_creation' },
    raw: LINUX_SYSMON,
    sel: { 'Image|endswith': '/curl', 'CommandLine|contains': 'http://' },
    near: { 'Image|endswith': '/wget' },
  },
  {
    name: 'AWS, CloudTrail',
    logsource: { product: 'aws', service: 'cloudtrail' },
    raw: {
      eventVersion: '1.08',
      userIdentity: { type: 'Root', arn: 'arn:aws:iam::111122223333:root', accountId: '111122223333' },
      eventTime: '2026-03-05T10:00:00Z',
      eventSource: 'signin.amazonaws.com',
      eventName: 'ConsoleLogin',
      awsRegion: 'eu-north-1',
      sourceIPAddress: '198.51.100.24',
      responseElements: { ConsoleLogin: 'Success' },
      eventID: 'e-1',
      eventType: 'AwsConsoleSignIn',
      recipientAccountId: '111122223333',
    },
    sel: {
      eventSource: 'signin.amazonaws.com',
      eventName: 'ConsoleLogin',
      'userIdentity.type': 'Root',
      'responseElements.ConsoleLogin': 'Success',
    },
    near: { eventName: 'ConsoleLogin', 'userIdentity.type': 'IAMUser' },
  },
  {
    name: 'Azure, activity log',
    logsource: { product: 'azure', service: 'activitylogs' },
    raw: azure('Administrative', {
      operationName: 'MICROSOFT.COMPUTE/VIRTUALMACHINES/DELETE',
      resultType: 'Success',
      resourceId: '/SUBSCRIPTIONS/A/RESOURCEGROUPS/R/PROVIDERS/MICROSOFT.COMPUTE/VIRTUALMACHINES/VM1',
    }),
    sel: { operationName: 'MICROSOFT.COMPUTE/VIRTUALMACHINES/DELETE' },
    near: { operationName: 'MICROSOFT.COMPUTE/VIRTUALMACHINES/WRITE' },
  },
  {
    name: 'Azure, audit log',
    logsource: { product: 'azure', service: 'auditlogs' },
    raw: azure('AuditLogs', {
      operationName: 'Add member to role',
      properties: { loggedByService: 'Core Directory', category: 'RoleManagement', result: 'success' },
    }),
    sel: {
      'properties.message': 'Add member to role',
      LoggedByService: 'Core Directory',
      Category: 'RoleManagement',
    },
    near: { 'properties.message': 'Add app role assignment to service principal' },
  },
  {
    name: 'Azure, sign-ins',
    logsource: { product: 'azure', service: 'signinlogs' },
    raw: azure('SignInLogs', {
      operationName: 'Sign-in activity',
      resultType: '50126',
      properties: {
        authenticationRequirement: 'singleFactorAuthentication',
        userPrincipalName: 'eva@example.com',
      },
    }),
    sel: { ResultType: 50126, AuthenticationRequirement: 'singleFactorAuthentication' },
    near: { ResultType: 0 },
  },
  {
    name: 'Azure, risk detection',
    logsource: { product: 'azure', service: 'riskdetection' },
    raw: azure('UserRiskEvents', {
      operationName: 'User Risk Detection',
      properties: { riskEventType: 'leakedCredentials' },
    }),
    sel: { riskEventType: 'leakedCredentials' },
    near: { riskEventType: 'anonymizedIPAddress' },
  },
  {
    name: 'Google Cloud, audit log',
    logsource: { product: 'gcp', service: 'gcp.audit' },
    raw: {
      logName: 'projects/p/logs/cloudaudit.googleapis.com%2Factivity',
      insertId: 'i',
      timestamp: '2026-03-05T14:23:01Z',
      resource: { type: 'x' },
      protoPayload: AUDIT,
    },
    sel: {
      'gcp.audit.method_name|endswith': '.DeleteSink',
      'data.protoPayload.serviceName': 'logging.googleapis.com',
    },
    near: { 'gcp.audit.method_name|endswith': '.CreateSink' },
  },
  {
    name: 'Kubernetes, audit log',
    logsource: { product: 'kubernetes', service: 'audit', category: 'application' },
    raw: {
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: 'Metadata',
      auditID: 'a',
      stage: 'ResponseComplete',
      requestURI: '/api',
      verb: 'create',
      user: { username: 'eva' },
      objectRef: { resource: 'pods', subresource: 'exec' },
      responseStatus: { code: 201 },
      requestReceivedTimestamp: '2026-03-05T14:23:01Z',
      stageTimestamp: '2026-03-05T14:23:01Z',
    },
    sel: { verb: 'create', 'objectRef.resource': 'pods', 'objectRef.subresource': 'exec' },
    near: { verb: 'delete' },
  },
  {
    name: 'Microsoft 365',
    logsource: { product: 'm365', service: 'audit' },
    raw: {
      CreationTime: '2026-03-05T14:23:01',
      Id: 'i',
      Operation: 'Set-Mailbox',
      OrganizationId: 'o',
      RecordType: 1,
      ResultStatus: 'True',
      UserKey: 'k',
      UserType: 2,
      Workload: 'Exchange',
      UserId: 'eva@example.com',
    },
    sel: { Operation: 'Set-Mailbox', Workload: 'Exchange' },
    near: { Operation: 'New-InboxRule' },
  },
  {
    name: 'Okta',
    logsource: { product: 'okta', service: 'okta' },
    raw: {
      actor: { id: '1', type: 'User', alternateId: 'eva@example.com' },
      client: { ipAddress: '203.0.113.9' },
      displayMessage: 'x',
      eventType: 'user.mfa.factor.deactivate',
      outcome: { result: 'SUCCESS' },
      published: '2026-03-05T14:23:01Z',
      severity: 'INFO',
      uuid: 'u',
      securityContext: { isProxy: true },
    },
    sel: { eventType: 'user.mfa.factor.deactivate', 'securityContext.isProxy': 'true' },
    near: { eventType: 'user.mfa.factor.activate' },
  },
  {
    name: 'GitHub',
    logsource: { product: 'github', service: 'audit' },
    raw: { '@timestamp': 1772720581000, _document_id: 'x', action: 'repo.access', actor: 'eva', org: 'o' },
    sel: { action: 'repo.access' },
    near: { action: 'repo.create' },
  },
  {
    name: 'OneLogin',
    logsource: { product: 'onelogin', service: 'onelogin.events' },
    raw: {
      uuid: 'u',
      event_timestamp: '2026-03-05T14:23:01Z',
      event_type_id: 533,
      actor_user_name: 'eva',
      ipaddr: '203.0.113.9',
    },
    sel: { event_type_id: 533 },
    near: { event_type_id: 5 },
  },
  {
    name: 'web server',
    logsource: { category: 'webserver' },
    raw: '203.0.113.7 - alice [05/Mar/2026:14:23:02 +0000] "GET /x?file=../../etc/passwd HTTP/1.1" 200 12 "-" "curl/8.5.0"',
    sel: {
      'cs-uri-query|contains': '../',
      'cs-method': 'GET',
      'sc-status': 200,
      'cs-user-agent|startswith': 'curl',
    },
    near: { 'cs-uri-query|contains': '../', 'sc-status': 404 },
  },
  {
    name: 'DNS, Zeek',
    logsource: { category: 'dns' },
    raw: {
      _path: 'dns',
      ts: 1772720581.1,
      uid: 'C1',
      'id.orig_h': '10.0.0.9',
      'id.orig_p': 5353,
      'id.resp_h': '10.0.0.1',
      'id.resp_p': 53,
      proto: 'udp',
      query: 'x.evil.example.com',
      qtype_name: 'TXT',
      answers: ['abc'],
    },
    sel: { 'query|endswith': '.evil.example.com', record_type: 'TXT', answer: 'abc' },
    near: { 'query|endswith': '.good.example.com' },
  },
  {
    name: 'Zeek, its own DNS log',
    logsource: { product: 'zeek', service: 'dns' },
    raw: {
      _path: 'dns',
      ts: 1772720581.1,
      uid: 'C1',
      'id.orig_h': '10.0.0.9',
      'id.orig_p': 5353,
      'id.resp_h': '10.0.0.1',
      'id.resp_p': 53,
      proto: 'udp',
      query: 'x.evil.example.com',
      qtype_name: 'TXT',
      rejected: true,
    },
    sel: { query: 'x.evil.example.com', 'id.resp_p': 53, rejected: true },
    near: { query: 'x.evil.example.com', 'id.resp_p': 5353 },
  },
  {
    name: 'firewall',
    logsource: { category: 'firewall' },
    raw: 'Mar  5 14:23:01 fw01 kernel: [12345.678901] [UFW BLOCK] IN=eth0 OUT= SRC=203.0.113.7 DST=10.0.0.10 LEN=60 PROTO=TCP SPT=40000 DPT=22 WINDOW=64240',
    sel: { src_ip: '203.0.113.7', dst_port: 22 },
    near: { src_ip: '203.0.113.7', dst_port: 23 },
  },
  {
    name: 'proxy, as ECS',
    logsource: { category: 'proxy' },
    raw: {
      '@timestamp': '2026-03-05T14:23:01Z',
      ecs: { version: '8.11' },
      event: { action: 'http_request', dataset: 'squid.access' },
      network: { direction: 'outbound' },
      url: { original: 'http://evil.example.com/a.exe', domain: 'evil.example.com' },
      user_agent: { original: 'Wget/1.2' },
    },
    sel: { 'c-uri|endswith': '.exe', 'cs-host': 'evil.example.com', 'c-useragent|startswith': 'wget' },
    near: { 'c-uri|endswith': '.zip' },
  },
  {
    name: 'macOS, as ECS',
    logsource: { product: 'macos', category: 'process_creation' },
    raw: {
      '@timestamp': '2026-03-05T14:23:01Z',
      ecs: { version: '8.11' },
      event: { category: ['process'], type: ['start'] },
      host: { os: { type: 'macos' } },
      process: { executable: '/usr/bin/osascript', command_line: 'osascript -e x' },
    },
    sel: { 'Image|endswith': '/osascript', 'CommandLine|contains': ' -e ' },
    near: { 'Image|endswith': '/bash' },
  },
];

test('taxonomy: rules in Sigma`s words fire for raw records', async (t) => {
  const taxonomy = readTaxonomy(join(ROOT, 'content/taxonomy'));
  const text = ROWS.flatMap(({ name, logsource, sel, near }, i) =>
    [sel, near].map((selection, k) =>
      stringify({
        title: name,
        id: `${i}-${k}`,
        logsource,
        detection: { selection, condition: 'selection' },
      }),
    ),
  ).join('---\n');
  const { set, problems } = rulesFromFiles([{ path: 'rows.yml', text }], { taxonomy });
  assert.deepEqual(problems, []);
  const rules = compileRules(set, new Map());
  assert.deepEqual(rules.problems, []);
  const normalize = makeNormalizer(await loadSources(join(ROOT, 'content/sources')), {
    hostZone: 'UTC',
    hostName: 'test',
  });
  for (const [i, row] of ROWS.entries())
    await t.test(row.name, () => {
      const raw = typeof row.raw === 'string' ? row.raw : JSON.stringify(row.raw);
      const e = normalize(Buffer.from(raw), TEST_RECORD, 1.79e15);
      const met = rules.match(e);
      assert.ok(
        met.includes(`${i}-0`),
        `does not fire: ${e.source} ${JSON.stringify([...e.fields.entries()])}`,
      );
      assert.ok(!met.includes(`${i}-1`), 'the near miss fires');
    });
});
