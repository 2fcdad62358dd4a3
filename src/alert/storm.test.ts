import assert from 'node:assert/strict';
import test from 'node:test';
import { matchedOf, rulesOf, T0 } from '../detect/testing.ts';
import type { Alert } from '../model/alert.ts';
import type { MatchedEvent } from '../model/match.ts';
import { Detection } from './detection.ts';
import { Causes, RULE_NEW_MAX, StormGate } from './storm.ts';

const rule = (id: string, level: string, tactic: string): string =>
  `title: Rule ${id}\nid: ${id}\ntaxonomy: ecs\nlogsource: { category: test }\ndetection: { s: { a: b }, condition: s }\nlevel: ${level}\ntags: [attack.${tactic}]\n`;

test('a million forged matches make at most 100 alerts, and the real critical one is among them', () => {
  const rules = rulesOf(
    [rule('noise', 'high', 'execution'), rule('real', 'critical', 'impact')].join('---\n'),
  );
  const d = new Detection(rules);
  const alerts = new Map<string, Alert>();
  const TOTAL = 1_000_000;
  let ord = 0;
  for (let b = 0; b < TOTAL / 5000; b++) {
    const batch: MatchedEvent[] = [];
    for (let i = 0; i < 5000; i++, ord++) {
      const ts = T0 + ord * 590;
      const host = `h${ord}`;
      batch.push({
        id: { node: 1, batch: b, ord: i },
        tenant: 'default',
        origin: 'live',
        door: 'syslog-udp',
        sender: '198.51.100.66',
        source: 'test',
        ts,
        ingested: ts,
        rules: [ord === 500_500 ? 'real' : 'noise'],
        fields: [
          ['host.name', host],
          ['user.name', 'x'],
        ],
        entities: [`host:${host}`, 'user:x'],
      });
    }
    for (const c of d.apply(batch)) alerts.set(c.alert.id, c.alert);
  }
  for (const c of d.tick(T0 + 700e6)) alerts.set(c.alert.id, c.alert);
  assert.ok(alerts.size <= 100, `${alerts.size} alerts`);
  const critical = [...alerts.values()].filter((a) => a.severity === 'critical');
  assert.deepEqual(
    critical.map((a) => a.hosts),
    [['h500500']],
  );
  const storm = [...alerts.values()].find((a) => a.rule === 'vigil.storm');
  assert.equal(storm?.count, TOTAL - 1 - RULE_NEW_MAX, 'exact');
  assert.match(
    storm?.sentence ?? '',
    /^Alert storm: [\d]+ further matches of rule "Rule noise".*sender:syslog-udp 198\.51\.100\.66/,
  );
});

test('forged criticals of one rule do not hide one from another sender', () => {
  const rules = rulesOf(rule('crit', 'critical', 'impact'));
  const d = new Detection(rules);
  const alerts = new Map<string, Alert>();
  const one = (i: number, sender: string): MatchedEvent =>
    matchedOf({ rules: ['crit'], ts: T0 + i, sender, fields: { 'host.name': `h${i}` } });
  for (let i = 0; i < 2000; i++)
    for (const c of d.apply([one(i, '198.51.100.66')])) alerts.set(c.alert.id, c.alert);
  for (const c of d.apply([one(5000, '10.0.0.9')])) alerts.set(c.alert.id, c.alert);
  assert.ok([...alerts.values()].some((a) => a.hosts.includes('h5000') && a.rule === 'crit'));
  assert.ok(alerts.size <= 100);
});

test('many rules at once: the tenant has a limit, a new tactic and a higher severity break through', () => {
  const g = new StormGate(1);
  const n = (i: number, severity: 'low' | 'medium' | 'critical', tactic: string) =>
    ({ rule: `r${i}`, severity, attack: [tactic, 'T1110'], sender: 's' }) as const;
  let opened = 0;
  for (let i = 0; i < 1000; i++) if (g.admit(n(i, 'low', 'execution'), T0 + i) === 'open') opened++;
  assert.equal(opened, 50);
  assert.equal(g.admit(n(1, 'low', 'execution'), T0 + 2000), 'fold_tenant');
  assert.equal(g.admit(n(1, 'low', 'exfiltration'), T0 + 2000), 'open');
  assert.equal(g.admit(n(2, 'low', 'exfiltration'), T0 + 2000), 'fold_tenant');
  assert.equal(g.admit(n(3, 'medium', 'execution'), T0 + 2000), 'open');
  assert.equal(g.admit(n(4, 'medium', 'execution'), T0 + 2000), 'fold_tenant');
  let extra = 0;
  for (let i = 0; i < 1000; i++) if (g.admit(n(5000 + i, 'critical', `t${i}`), T0 + 3000) === 'open') extra++;
  assert.ok(50 + 2 + extra <= 92, `${extra} more`);
  assert.equal(
    g.admit(n(1, 'low', 'execution'), T0 + 601e6),
    'open',
    'ten minutes later there is room again',
  );
});

test('causes: heavy hitters are found in bounded memory', () => {
  const c = new Causes();
  for (let i = 0; i < 20_000; i++) {
    const name = i % 3 === 0 ? 'heavy' : `light${i}`;
    c.add(matchedOf({ rules: [], ts: T0, door: 'd', sender: 's', fields: { 'source.ip': name } }));
  }
  const top = c.top(2).map(([n]) => n);
  assert.deepEqual(top, ['sender:d s', 'ip:heavy']);
  assert.ok(c.state().length <= 64);
});
