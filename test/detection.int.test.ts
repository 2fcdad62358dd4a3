/** From raw lines to alerts with the rules we ship: normalise, match, correlate, say it in a sentence. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test, { before } from 'node:test';
import { Detection } from '../src/alert/detection.ts';
import type { Lists } from '../src/condition/tree.ts';
import { loadRules } from '../src/detect/load.ts';
import { type CompiledRules, compileRules } from '../src/detect/matcher.ts';
import type { RuleSet } from '../src/detect/rule.ts';
import { readTaxonomy } from '../src/detect/taxonomy.ts';
import type { Alert } from '../src/model/alert.ts';
import { type RecordMeta, TEST_RECORD } from '../src/model/record.ts';
import { makeNormalizer, type Normalizer } from '../src/normalize/normalize.ts';
import { loadSources } from '../src/normalize/registry.ts';

const CONTENT = join(import.meta.dirname, '../content');
const LISTS: Lists = new Map([
  ['monitored_domains', { kind: 'domain', values: ['example.com'] }],
  ['approved_cas', { kind: 'text', values: ['Example Issuing CA 1'] }],
]);
/** 2026-03-05 14:00 UTC, microseconds. */
const T0 = Date.UTC(2026, 2, 5, 14) * 1000;
const META: RecordMeta = { ...TEST_RECORD, door: 'syslog-tcp', sender: '192.0.2.7' };
let normalize: Normalizer;
let set: RuleSet;
let rules: CompiledRules;

before(async () => {
  normalize = makeNormalizer(await loadSources(join(CONTENT, 'sources')), {
    hostZone: 'UTC',
    hostName: 'test',
  });
  const loaded = loadRules([join(CONTENT, 'rules')], { taxonomy: readTaxonomy(join(CONTENT, 'taxonomy')) });
  assert.deepEqual(loaded.problems, []);
  set = loaded.set;
  rules = compileRules(set, LISTS);
  assert.deepEqual(rules.problems, []);
});

type Line = { readonly text: string; readonly at: number; readonly meta?: Partial<RecordMeta> };

/** Newest state of each alert, by rule title. */
function alertsOf(lines: readonly Line[]): ReadonlyMap<string, Alert> {
  const d = new Detection(set);
  const out = new Map<string, Alert>();
  let ord = 0;
  const changes = lines.flatMap(({ text, at, meta }) => {
    const m = { ...META, ...meta };
    const e = normalize(Buffer.from(text), m, at);
    return d.apply([
      {
        id: { node: 1, batch: 1, ord: ord++ },
        tenant: m.tenant,
        origin: m.origin,
        door: m.door,
        sender: m.sender,
        source: e.source,
        ts: e.ts,
        ingested: at,
        rules: rules.match(e),
        fields: [...e.fields.entries()],
        entities: e.entities,
      },
    ]);
  });
  for (const c of [...changes, ...d.tick(T0 + 3600e6)]) out.set(c.alert.ruleTitle, c.alert);
  return out;
}

const two = (n: number): string => String(n).padStart(2, '0');
const stamp = (s: number): string => `Mar  5 14:${two(Math.floor(s / 60))}:${two(s % 60)}`;
const line = (s: number, host: string, text: string, meta: Partial<RecordMeta> = {}): Line => ({
  text: `${stamp(s)} ${host} ${text}`,
  at: T0 + s * 1e6 + 1000,
  meta,
});
const failed = (s: number, host: string, ip: string, meta: Partial<RecordMeta> = {}): Line =>
  line(s, host, `sshd[${1000 + s}]: Failed password for root from ${ip} port ${40_000 + s} ssh2`, meta);
const seconds = (n: number, make: (i: number) => Line): Line[] =>
  Array.from({ length: n }, (_, i) => make(i));

test('eleven failures on one host', () => {
  assert.equal(alertsOf(seconds(10, (i) => failed(i, 'web01', '127.0.0.1'))).size, 0);
  const a = alertsOf(seconds(11, (i) => failed(i, 'web01', '127.0.0.1'))).get('Brute force from one address');
  assert.equal(a?.sentence, 'Brute force attack detected from 127.0.0.1 targeting SSH on 1 server (web01)');
  assert.equal(a?.count, 11);
});

test('one failed login writes several lines and is one attempt', () => {
  const attempt = (i: number): Line[] => [
    line(
      i,
      'web01',
      `sshd[${i}]: pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=10.0.1.5  user=root`,
    ),
    line(i, 'web01', `sshd[${i}]: Failed password for root from 10.0.1.5 port ${i + 1} ssh2`),
    line(
      i,
      'web01',
      `sshd[${i}]: Connection closed by authenticating user root 10.0.1.5 port ${i + 1} [preauth]`,
    ),
  ];
  const lines = (n: number): Line[] => Array.from({ length: n }, (_, i) => attempt(i)).flat();
  assert.equal(alertsOf(lines(10)).size, 0);
  assert.equal(alertsOf(lines(11)).size, 1);
});

test('ten attempts through rsyslog, journal and file do not fire, the eleventh does', () => {
  const doors: readonly Partial<RecordMeta>[] = [
    {},
    { door: 'file', sender: '/var/log/auth.log' },
    { door: 'journal', sender: 'sshd.service' },
  ];
  const lines = (n: number): Line[] =>
    seconds(n, (i) => failed(i, 'web01', '10.0.1.5')).flatMap((l) => doors.map((meta) => ({ ...l, meta })));
  assert.equal(alertsOf(lines(10)).size, 0);
  assert.equal(alertsOf(lines(11)).get('Brute force from one address')?.count, 11);
});

test('fifty failures over five servers in two minutes, then in, then root', () => {
  const hosts = ['web01', 'web02', 'web03', 'db01', 'mail01'];
  const alerts = alertsOf([
    ...seconds(50, (i) => failed(2 * i, hosts[i % 5] ?? '', '10.0.1.5')),
    line(110, 'db01', 'sshd[77]: Accepted password for root from 10.0.1.5 port 50111 ssh2'),
    line(130, 'db01', 'sudo[78]:     root : TTY=pts/0 ; PWD=/root ; USER=root ; COMMAND=/bin/bash'),
  ]);
  const a = alerts.get('Brute force from one address');
  assert.equal(
    a?.sentence,
    'Brute force attack detected from 10.0.1.5 targeting SSH on 5 servers (web01, web02, web03, db01, mail01), then a successful login as root on db01',
  );
  assert.equal(a?.severity, 'critical');
  assert.equal(a?.count, 50);
  assert.deepEqual(
    a?.steps.map((s) => s.kind),
    ['opened', 'escalated', 'escalated'],
  );
  assert.equal(
    alerts.get('Root shell right after a break-in')?.sentence,
    'root opened a root shell on db01 with sudo after breaking in by brute force',
  );
  assert.deepEqual([...alerts.keys()].sort(), [
    'Brute force from one address',
    'Root shell right after a break-in',
  ]);
});

test('"message repeated 5 times" counts as five', () => {
  const repeated = (n: number): Line[] => [
    failed(0, 'web01', '10.0.1.5'),
    line(
      1,
      'web01',
      `sshd[1000]: message repeated ${n} times: [ Failed password for root from 10.0.1.5 port 40000 ssh2]`,
    ),
  ];
  assert.equal(alertsOf(repeated(9)).size, 0);
  assert.equal(alertsOf(repeated(10)).size, 1);
});

test('a certificate for a domain of ours by an unexpected CA', () => {
  const cert = (issuer: string): Line => ({
    at: T0,
    text: JSON.stringify({
      ts: T0 / 1e6,
      id: 'F1',
      'certificate.version': 3,
      'certificate.serial': '0A1B2C',
      'certificate.subject': 'CN=login.example.com',
      'certificate.issuer': `CN=${issuer},O=Somebody`,
      'san.dns': ['login.example.com'],
    }),
  });
  const a = alertsOf([cert('Cheap CA')]).get('Certificate for a domain of ours from an unexpected CA');
  assert.match(
    a?.sentence ?? '',
    /^Certificate for login\.example\.com issued by an unexpected CA, Cheap CA/,
  );
  assert.equal(alertsOf([cert('Example Issuing CA 1')]).size, 0);
});
