/** Alerts of other products: their severity follows the vendor's, and their next steps carry the vendor's link. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load, matchedOf, rulesOf, T0 } from '../detect/testing.ts';
import type { AlertChange } from '../model/alert.ts';
import { Detection } from './detection.ts';

const RULE = `
title: Alert of another product
id: vendor
name: vendor
taxonomy: ecs
logsource: { category: test }
detection: { sel: { event.kind: alert }, condition: sel }
level: medium
vigil:
  entity: [event.id]
  severity_from: [alert.severity, log.level]
  sentence: '{rule.name} on {hosts}'
  next_steps:
    - 'Open it at the vendor: {event.reference}'
    - Ask the user.
`;

const event = (fields: object, at = 0) =>
  matchedOf({
    rules: ['vendor'],
    ts: T0 + at * 1e6,
    fields: { 'event.id': 'a1', 'rule.name': 'Malware', ...fields },
  });
const only = (changes: readonly AlertChange[]) => changes.map((c) => [c.kind, c.alert.severity]);

test('the first event sets the severity, down or up from the rule', () => {
  for (const [word, want] of [
    ['low', 'low'],
    ['CRITICAL', 'critical'],
    ['informational', 'informational'],
    ['unheard of', 'medium'],
  ] as const) {
    const d = new Detection(rulesOf(RULE));
    assert.deepEqual(only(d.apply([event({ 'alert.severity': word })])), [['opened', want]], word);
  }
});

test('the next field is asked where the first says nothing', () => {
  const d = new Detection(rulesOf(RULE));
  assert.deepEqual(only(d.apply([event({ 'log.level': 'high' })])), [['opened', 'high']]);
});

test('one alert per id; a higher severity raises it and says so, a lower one does not lower it', () => {
  const d = new Detection(rulesOf(RULE));
  d.apply([event({ 'alert.severity': 'medium' })]);
  const raised = d.apply([event({ 'alert.severity': 'high' }, 10)]);
  assert.deepEqual(only(raised), [['escalated', 'high']]);
  assert.equal(raised[0]?.alert.count, 2);
  assert.match(raised[0]?.alert.steps.at(-1)?.text ?? '', /says high/);
  const after = d.apply([event({ 'alert.severity': 'low' }, 20)]);
  assert.deepEqual(only(after), [['updated', 'high']]);
  assert.equal(after[0]?.alert.count, 3);
  // Another id is another alert.
  assert.deepEqual(only(d.apply([event({ 'event.id': 'a2', 'alert.severity': 'low' }, 30)])), [
    ['opened', 'low'],
  ]);
});

test('a raised severity survives a restart', () => {
  const set = rulesOf(RULE);
  const d = new Detection(set);
  d.apply([event({ 'alert.severity': 'low' })]);
  const again = Detection.restore(d.snapshot(), set);
  assert.deepEqual(only(again.apply([event({ 'alert.severity': 'critical' }, 5)])), [
    ['escalated', 'critical'],
  ]);
});

test('a next step carries the link, whole; without one it is left out', () => {
  const link = `https://vendor.example.com/${'x'.repeat(300)}`;
  const d = new Detection(rulesOf(RULE));
  const steps = (e: ReturnType<typeof event>) => d.apply([e])[0]?.alert.nextSteps;
  assert.deepEqual(steps(event({ 'event.reference': link })), [
    `Open it at the vendor: ${link}`,
    'Ask the user.',
  ]);
  assert.deepEqual(steps(event({ 'event.id': 'b' })), ['Ask the user.']);
  const odd = steps(event({ 'event.id': 'c', 'event.reference': `javascript:${'y'.repeat(300)}` }));
  assert.ok((odd?.[0]?.length ?? 0) < 200);
});

test('a misspelled key is refused', () => {
  assert.match(
    load(RULE.replace('severity_from', 'severity_form')).problems[0]?.reason ?? '',
    /severity_form/,
  );
});

test('gap: the same id days later is the same alert; without one it is an hour', () => {
  const later = (rule: string) => {
    const d = new Detection(rulesOf(rule));
    d.apply([event({})]);
    return [3, 6 * 24].map((h) => d.apply([event({}, h * 3600)]).map((c) => c.kind));
  };
  assert.deepEqual(later(RULE), [['opened'], ['opened']]);
  assert.deepEqual(later(RULE.replace('entity:', 'gap: 7d\n  entity:')), [['updated'], ['updated']]);
});

test('a gap that is none, too long or on a correlation is refused, with the reason', () => {
  const reason = (gap: string) =>
    load(RULE.replace('entity:', `gap: ${gap}\n  entity:`)).problems[0]?.reason ?? '';
  assert.match(reason('soon'), /gap 'soon' is not like/);
  assert.match(reason('90d'), /at most 31 days/);
  const correlation = `title: c\nid: c\ncorrelation: { type: event_count, rules: [vendor], timespan: 1h, condition: { gte: 2 } }\nvigil: { gap: 1d }`;
  assert.match(load(correlation).problems[0]?.reason ?? '', /single rules/);
});
