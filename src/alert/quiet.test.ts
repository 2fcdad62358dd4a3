/** Rules in shadow and risk: counted, kept per entity, and silent; correlations count them all the same. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { RuleMode, RuleSet } from '../detect/rule.ts';
import { makeRuleSet } from '../detect/rule.ts';
import { BRUTE, matchedOf, rulesOf, T0 } from '../detect/testing.ts';
import type { MatchedEvent } from '../model/match.ts';
import { Detection } from './detection.ts';
import { OTHER_ENTITY, Quiet, RISK_KEYS_MAX } from './quiet.ts';

const S = 1e6;
const HOUR = 3600 * S;
const withModes = (set: RuleSet, modes: Readonly<Record<string, RuleMode>>): RuleSet =>
  makeRuleSet(
    set.rules.map((r) => (modes[r.name] === undefined ? r : { ...r, mode: modes[r.name] as RuleMode })),
  );
const fail = (i: number, more: Partial<MatchedEvent> = {}): MatchedEvent => ({
  ...matchedOf({
    rules: ['fail'],
    ts: T0 + i * S,
    fields: {
      'event.action': 'ssh_login',
      'event.outcome': 'failure',
      'source.ip': '10.0.1.5',
      'host.name': 'web01',
      'user.name': 'root',
      'process.pid': i,
    },
  }),
  entities: ['ip:10.0.1.5', 'user:root'],
  ...more,
});
const storm = Array.from({ length: 15 }, (_, i) => fail(i));

test('the same attack by mode: alerting opens an alert, shadow and risk none, and both are counted', () => {
  const set = rulesOf(BRUTE);
  const brute = 'brute';
  for (const mode of ['alerting', 'shadow', 'risk'] as const) {
    const d = new Detection(withModes(set, { brute: mode }));
    const changes = [...d.apply(storm), ...d.tick(T0 + HOUR)];
    assert.equal(
      changes.some((c) => c.kind === 'opened'),
      mode === 'alerting',
      mode,
    );
    const quiet = d.takeQuiet();
    assert.equal(quiet.met.has(brute), mode !== 'alerting', mode);
    assert.deepEqual(
      quiet.risk.map((r) => [r.rule, r.entity, r.hour % HOUR]),
      mode === 'risk'
        ? [
            [brute, 'ip:10.0.1.5', 0],
            [brute, 'user:root', 0],
          ]
        : [],
      mode,
    );
    assert.deepEqual([...d.takeQuiet().met], [], 'told once');
  }
});

test('a correlation that alerts counts the matches of a rule in shadow', () => {
  const set = rulesOf(BRUTE);
  const d = new Detection(withModes(set, { fail: 'shadow' }));
  const changes = [...d.apply(storm), ...d.tick(T0 + HOUR)];
  assert.equal(changes.filter((c) => c.kind === 'opened').length, 1);
});

test('a rule in shadow raises no alert of another rule', () => {
  const set = rulesOf(BRUTE);
  const ok = matchedOf({
    rules: ['ok'],
    ts: T0 + 20 * S,
    fields: {
      'event.outcome': 'success',
      'source.ip': '10.0.1.5',
      'host.name': 'web01',
      'user.name': 'root',
    },
  });
  for (const mode of ['alerting', 'shadow'] as const) {
    const d = new Detection(withModes(set, { after: mode }));
    d.apply(storm);
    const changes = [...d.apply([ok]), ...d.tick(T0 + HOUR)];
    assert.equal(
      changes.some((c) => c.kind === 'escalated'),
      mode === 'alerting',
      mode,
    );
  }
});

test('informational rules never enter the queue', () => {
  const text =
    'title: A\nid: a\ntaxonomy: ecs\nlogsource: { category: test }\nlevel: LEVEL\ndetection: { s: { x: y }, condition: s }\n';
  for (const [level, n] of [
    ['low', 1],
    ['informational', 0],
  ] as const) {
    const d = new Detection(rulesOf(text.replace('LEVEL', level)));
    assert.equal(d.apply([{ ...fail(1), rules: ['a'] }]).length, n, level);
  }
});

test('risk is bounded: what goes beyond is counted under one name', () => {
  const [rule] = rulesOf(BRUTE).rules;
  assert.ok(rule !== undefined);
  const q = new Quiet();
  const n = RISK_KEYS_MAX + 100;
  for (let i = 0; i < n; i++) q.note({ ...rule, mode: 'risk' }, fail(i, { entities: [`ip:${i}`] }));
  const { risk } = q.take();
  assert.ok(risk.length <= RISK_KEYS_MAX + 1);
  assert.equal(
    risk.reduce((sum, r) => sum + r.n, 0),
    n,
  );
  assert.equal(risk.find((r) => r.entity === OTHER_ENTITY)?.n, 100);
});

test('an import and the demo are no risk', () => {
  const [rule] = rulesOf(BRUTE).rules;
  assert.ok(rule !== undefined);
  const q = new Quiet();
  for (const origin of ['import', 'demo'] as const) q.note({ ...rule, mode: 'risk' }, fail(1, { origin }));
  assert.deepEqual(q.take().risk, []);
});
