/** Modes and proposals, coverage, exceptions as Sigma filters, and settings that became weaker. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RuleRow } from '../api/contract.ts';
import type { BaseRule } from '../detect/rule.ts';
import { loadConfig } from '../config/load.ts';
import { readYaml } from '../detect/sigma/yaml.ts';
import { TEST_TAXONOMY } from '../detect/testing.ts';
import { rulesFromFiles } from '../detect/load.ts';
import { weakerIn, watchedOf } from './note-config.ts';
import { coverageOf } from './rule-coverage.ts';
import { exceptionYaml } from './rule-exceptions.ts';
import { effectiveMode, originOf, proposalFor } from './rule-modes.ts';

const rule = (part: Partial<BaseRule>): BaseRule => {
  const text =
    'title: A\nid: a\ntaxonomy: ecs\nlogsource: { category: test }\ndetection: { s: { x: y }, condition: s }\n';
  const [made] = rulesFromFiles([{ path: 'a.yml', text }], { taxonomy: TEST_TAXONOMY }).set.rules;
  return { ...(made as BaseRule), ...part };
};
const NONE = new Map<string, { mode: string }>();
const imported = (part: Partial<BaseRule>): BaseRule =>
  rule({ file: 'rules/imported/sigma/a.yml', mode: 'shadow', ...part });

test('where a rule comes from decides its mode, unless its file or a person does', () => {
  assert.equal(originOf({ file: 'web/a.yml' }), 'shipped');
  assert.equal(originOf({ file: 'rules/web/a.yml' }), 'own');
  assert.equal(originOf({ file: 'rules/imported/x/a.yml' }), 'imported');
  assert.equal(effectiveMode(rule({}), NONE), 'alerting');
  assert.equal(effectiveMode(rule({ file: 'rules/imported/x/a.yml' }), NONE), 'shadow');
  assert.equal(effectiveMode(rule({ mode: 'risk' }), NONE), 'risk');
  assert.equal(effectiveMode(rule({ mode: 'risk' }), new Map([['a', { mode: 'off' }]])), 'off');
  assert.equal(effectiveMode(rule({ id: 'p', partOf: 'a' }), new Map([['a', { mode: 'off' }]])), 'off');
  assert.equal(effectiveMode(rule({}), new Map([['a', { mode: 'nonsense' }]])), 'alerting');
});

test('proposals: grave and stable alert, the rest is risk; informational never alerts', () => {
  const table = (['critical', 'high', 'medium', 'low', 'informational'] as const).map((level) =>
    ['stable', 'test', 'experimental'].map((status) => proposalFor(imported({ level, status }), NONE)),
  );
  assert.deepEqual(table, [
    ['alerting', 'risk', 'risk'],
    ['alerting', 'risk', 'risk'],
    ['risk', 'risk', 'risk'],
    ['risk', 'risk', 'risk'],
    ['risk', 'risk', 'risk'],
  ]);
  assert.equal(proposalFor(rule({ mode: 'shadow' }), NONE), '', 'not imported');
  assert.equal(proposalFor(imported({}), new Map([['a', { mode: 'shadow' }]])), '', 'somebody decided');
});

test('coverage counts what can fire, and the layer is what the Navigator reads', () => {
  const row = (part: Partial<RuleRow>): RuleRow => ({
    id: 'r',
    title: 'R',
    level: 'high',
    status: 'stable',
    file: 'a.yml',
    kind: 'rule',
    attack: ['T1110', 'credential-access', 'S0001'],
    mode: 'alerting',
    origin: 'shipped',
    alerts: true,
    proposal: '',
    matched: 0,
    lastMatched: 0,
    problem: '',
    dead: '',
    logsource: '',
    lastCandidate: 0,
    cost: 0,
    exceptions: 0,
    ...part,
  });
  const c = coverageOf([
    row({}),
    row({ mode: 'risk' }),
    row({ dead: 'why' }),
    row({ mode: 'off' }),
    row({ status: 'not loaded' }),
  ]);
  assert.deepEqual(
    c.techniques.map((t) => [t.id, t.alerting, t.risk, t.shadow, t.dead]),
    [['T1110', 1, 1, 0, 2]],
  );
  assert.deepEqual(
    c.tactics.map((t) => t.id),
    ['credential-access'],
  );
  const layer = c.layer as { domain: string; versions: { layer: string }; techniques: unknown[] };
  assert.deepEqual([layer.domain, layer.versions.layer], ['enterprise-attack', '4.5']);
  assert.deepEqual(
    layer.techniques.map((t) => (t as { techniqueID: string; score: number }).techniqueID),
    ['T1110'],
  );
});

test('an exception is one document whatever is typed into it', () => {
  const hostile = 'x"\n---\ntitle: y\nid: z # \\ *?';
  const yaml = exceptionYaml(rule({ source: { product: 'linux', category: '', service: 'sshd' } }), {
    id: 'e1',
    title: hostile,
    where: [{ field: `user.name: ${hostile}`, match: 'startswith', values: [hostile, '__proto__'] }],
  });
  const { documents, problems } = readYaml(yaml);
  assert.deepEqual(problems, []);
  assert.equal(documents.length, 1);
  const root = documents[0]?.root;
  assert.ok(root?.kind === 'map');
  assert.deepEqual(
    root.entries.map(([k]) => k),
    ['title', 'id', 'taxonomy', 'logsource', 'filter'],
  );
  const title = root.entries[0]?.[1];
  assert.equal(title?.kind === 'scalar' && title.value, hostile);
});

test('settings that became weaker, and those that did not', () => {
  const was = {
    retention: { auth: 400, app: 90 },
    channels: ['webhook', 'smtp'],
    sources: ['sshd', 'sudo'],
    hostLogs: true,
  };
  assert.deepEqual(weakerIn(was, was), []);
  assert.deepEqual(
    weakerIn(was, { ...was, retention: { auth: 500, app: 90 }, channels: [...was.channels, 'x'] }),
    [],
  );
  assert.deepEqual(
    weakerIn(was, {
      retention: { auth: 30, app: 90 },
      channels: ['smtp'],
      sources: ['sshd'],
      hostLogs: false,
    }),
    [
      'retention of auth shortened from 400 to 30 days',
      'notifications by webhook switched off',
      'the source sudo removed',
      "this machine's own logs are no longer collected",
    ],
  );
});

test('settings by which events or notices no longer arrive, or arrive elsewhere, became weaker', () => {
  const set = (more: object) => {
    const read = loadConfig({ path: undefined, env: {}, set: new Map(Object.entries(more)) });
    assert.ok(read.ok, read.ok ? '' : read.error);
    return watchedOf(read.value, '/nowhere', '1');
  };
  const settings = {
    'collect.files': [{ path: '/var/log/app.log' }],
    'syslog.host': '192.0.2.1',
    'syslog.allow': ['10.0.0.0/8', '198.51.100.0/24'],
    'notify.webhook': { url: 'https://hook.example.com/a', secret: { env: 'HOOK' } },
  };
  const was = set(settings);
  const weaker = (more: object): string[] => weakerIn(was, set({ ...settings, ...more }));
  assert.deepEqual(weaker({}), []);
  assert.deepEqual(weaker({ 'collect.files': [] }), ['the file /var/log/app.log is no longer followed']);
  assert.deepEqual(weaker({ 'syslog.enabled': false }), ['syslog no longer listens']);
  assert.deepEqual(weaker({ 'syslog.tlsPort': 0 }), ['syslog over TLS no longer listens']);
  assert.deepEqual(weaker({ 'syslog.port': 5515 }), [
    'syslog listens on 192.0.2.1:5515 instead of 192.0.2.1:5514',
  ]);
  assert.deepEqual(weaker({ 'syslog.allow': ['10.0.0.0/8', '203.0.113.0/24'] }), [
    '198.51.100.0/24 may no longer send syslog',
  ]);
  assert.deepEqual(weaker({ 'console.insecure': true }), ['the console may be reached without encryption']);
  assert.deepEqual(
    weaker({ 'notify.webhook': { url: 'https://hook.example.com/b', secret: { env: 'HOOK' } } }),
    ['notifications by webhook go elsewhere'],
  );
  assert.ok(!JSON.stringify(was).includes('hook.example.com'), 'an address may hold a secret');
});

test('sources that an upgrade drops are not said to be removed; what an earlier version did not watch is not compared', () => {
  const was = { version: '1', retention: {}, channels: [], sources: ['sshd'], hostLogs: true };
  const now = { ...was, sources: [], files: [], doors: {}, allow: [], insecure: true, targets: {} };
  assert.deepEqual(weakerIn(was, now), ['the source sshd removed']);
  assert.deepEqual(weakerIn(was, { ...now, version: '2' }), []);
});
