import assert from 'node:assert/strict';
import test from 'node:test';
import { BRUTE, matchedOf, rulesOf, T0 } from '../detect/testing.ts';
import type { AlertChange } from '../model/alert.ts';
import type { MatchedEvent } from '../model/match.ts';
import { Detection } from './detection.ts';
import { EVICTION_GAP_US, EVICTION_RULE_ID } from './evictions.ts';

const CAP = 100;
const RULES = rulesOf(BRUTE);
const fail = (ip: string, i: number): MatchedEvent =>
  matchedOf({ rules: ['fail'], ts: T0 + i * 1000, ord: i, fields: { 'source.ip': ip } });
const ip = (i: number): string => `198.51.${i >> 8}.${i & 255}`;
const MINUTE = 60e6;

/** Ten times the cap of other addresses, each failing `each` times, between the attacker's 5th and 11th failure. */
function flood(each: number): { readonly changes: AlertChange[]; readonly d: Detection } {
  const d = new Detection(RULES, { groupsMax: CAP });
  let i = 0;
  const changes: AlertChange[] = [];
  const go = (address: string): void => {
    changes.push(...d.apply([fail(address, i++)]));
  };
  for (let k = 0; k < 5; k++) go('10.0.1.5');
  for (let k = 0; k < 10 * CAP; k++) for (let n = 0; n < each; n++) go(ip(k));
  for (let k = 0; k < 6; k++) go('10.0.1.5');
  changes.push(...d.tick(T0 + MINUTE));
  return { changes, d };
}

test('a flood of keys seen once: the attacker alerts, and the rule that forgot is named', () => {
  const { changes } = flood(1);
  const opened = changes.filter((c) => c.kind === 'opened').map((c) => c.alert);
  assert.deepEqual(
    opened.map((a) => [a.rule, a.key]),
    [
      ['brute', ['source.ip=10.0.1.5']],
      [EVICTION_RULE_ID, ['rule=brute']],
    ],
  );
  const named = opened[1];
  assert.equal(named?.severity, 'low');
  assert.equal(named?.count, 10 * CAP + 1 - CAP);
  assert.match(
    named?.sentence ?? '',
    /Rule "Brute force" .* forgot 901, none of them .* between 2026-03-05T14:00:0/,
  );
});

test('a flood of keys that are as near as the attacker: his failures may go, the interval is named', () => {
  const { changes } = flood(5);
  const opened = changes.filter((c) => c.kind === 'opened').map((c) => c.alert);
  const caught = opened.some((a) => a.rule === 'brute');
  const named = opened.find((a) => a.rule === EVICTION_RULE_ID);
  assert.ok(caught || named !== undefined);
  assert.ok((named?.firstSeen ?? Infinity) <= T0, 'the interval reaches back to what was lost');
  assert.ok((named?.lastSeen ?? 0) >= T0 + 1000 * 1000);
  assert.ok(named?.nextSteps.some((s) => /backtest/.test(s)));
});

test('nearer than half-way: high', () => {
  const { changes } = flood(7);
  const named = changes.findLast((c) => c.alert.rule === EVICTION_RULE_ID)?.alert;
  assert.equal(named?.severity, 'high');
});

test('one alert while it goes on, a new one after an hour, a linked one after it was closed', () => {
  const { d } = flood(1);
  let i = 100_000;
  const more = (at: number): AlertChange[] => {
    for (let k = 0; k < 2 * CAP; k++)
      d.apply([matchedOf({ rules: ['fail'], ts: T0 + at, ord: i++, fields: { 'source.ip': ip(5000 + i) } })]);
    return d.tick(T0 + at).filter((c) => c.alert.rule === EVICTION_RULE_ID);
  };
  assert.deepEqual(
    more(5 * MINUTE).map((c) => c.kind),
    ['updated'],
  );
  const [second] = more(5 * MINUTE + EVICTION_GAP_US + MINUTE);
  assert.equal(second?.kind, 'opened');
  assert.equal(second?.alert.follows, '');
  d.alertClosed(second?.alert.id ?? '');
  const [third] = more(10 * MINUTE + EVICTION_GAP_US);
  assert.equal(third?.alert.follows, second?.alert.id);
});

test('it survives a restart, also before a tick has told it', () => {
  const d = new Detection(RULES, { groupsMax: CAP });
  for (let k = 0; k < 3 * CAP; k++) d.apply([fail(ip(k), k)]);
  const restored = Detection.restore(d.snapshot(), RULES, { groupsMax: CAP });
  assert.deepEqual(restored.tick(T0 + MINUTE), d.tick(T0 + MINUTE));
  const again = Detection.restore(d.snapshot(), RULES, { groupsMax: CAP });
  const late = (x: Detection): AlertChange[] => {
    for (let k = 0; k < 3 * CAP; k++) x.apply([fail(ip(1000 + k), 10_000 + k)]);
    return x.tick(T0 + 2 * MINUTE);
  };
  assert.deepEqual(late(again), late(d));
});
