import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventFields } from './event.ts';
import { ACTIONS, applyAction, missingFields } from './vocabulary.ts';

// ECS 8.17 allowed values.
const CATEGORIES = new Set(
  'api authentication configuration database driver email file host iam intrusion_detection library malware network package process registry session threat vulnerability web'.split(
    ' ',
  ),
);
const TYPES = new Set(
  'access admin allowed change connection creation deletion denied device end error group indicator info installation protocol start user'.split(
    ' ',
  ),
);

test('each action has ECS categories and types, a line about it and well-formed required fields', () => {
  assert.ok(ACTIONS.size > 100);
  for (const def of ACTIONS.values()) {
    assert.match(def.name, /^[a-z][a-z0-9_]*$/);
    assert.ok(
      def.category.length > 0 && def.category.every((c) => CATEGORIES.has(c)),
      `${def.name} category`,
    );
    assert.ok(def.type.length > 0 && def.type.every((c) => TYPES.has(c)), `${def.name} type`);
    assert.ok(def.about.length > 5, `${def.name} about`);
    for (const r of def.required)
      assert.match(r, /^[a-z0-9_]+(\.[a-z0-9_]+)+(\|[a-z0-9_]+(\.[a-z0-9_]+)+)*$/, def.name);
  }
});

test('applyAction sets action, category, type and outcome; an unknown action is refused', () => {
  const out = new EventFields();
  applyAction(out, 'ssh_login', 'failure');
  assert.deepEqual(
    ['event.action', 'event.category', 'event.type', 'event.outcome'].map((n) => out.get(n)),
    ['ssh_login', ['authentication'], ['start'], 'failure'],
  );
  assert.throws(() => applyAction(out, 'made_up'), /made_up/);
});

test('missingFields names what an action lacks and accepts any of several alternatives', () => {
  const out = new EventFields();
  applyAction(out, 'ssh_login');
  assert.deepEqual(missingFields(out), ['event.outcome', 'user.name|user.id']);
  out.set('event.outcome', 'success');
  out.set('user.id', '0');
  assert.deepEqual(missingFields(out), []);
  assert.deepEqual(missingFields(new EventFields()), []);
});
