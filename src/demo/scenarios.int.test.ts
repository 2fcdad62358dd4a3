import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeJudge } from './judge-fixture.ts';
import { BRUTE_FAILURES, SCENARIOS } from './scenarios.ts';
import { history, live } from './traffic.ts';
import { type DemoItem, World } from './world.ts';

const MONDAY_US = Date.UTC(2026, 9, 5, 9) * 1000;
const DAY_US = 86_400e6;
const judge = await makeJudge();

const played = (name: string, seed: number): DemoItem[] => {
  const w = new World(seed);
  w.at = MONDAY_US;
  SCENARIOS.find((s) => s.name === name)!.play(w);
  return w.take().sort((a, b) => a.atUs - b.atUs);
};

for (const s of SCENARIOS) {
  test(`${s.name}: raises ${s.raises.join(', ')} and nothing else`, () => {
    for (const seed of [1, 2, 3]) {
      const { byRule } = judge.alerts(played(s.name, seed));
      assert.deepEqual([...byRule.keys()].sort(), [...s.raises].sort(), `seed ${seed}`);
      for (const [rule, alerts] of byRule) assert.equal(alerts.length, 1, `${rule}, seed ${seed}`);
    }
  });
}

test('brute force: one alert that counts every attempt once, names the servers, and is raised by the break-in', () => {
  const alert = judge.alerts(played('brute_force', 4)).byRule.get('brute_force')![0]!;
  assert.equal(alert.count, BRUTE_FAILURES);
  assert.equal(alert.severity, 'critical');
  assert.match(
    alert.sentence,
    /^Brute force attack detected from 203\.0\.113\.\d+ targeting SSH on 5 servers \(.*\), then a successful login as deploy on db01$/,
  );
});

function* stretch(items: Iterable<DemoItem>, endUs: number): Generator<DemoItem> {
  for (const i of items) {
    if (i.atUs >= endUs) return;
    yield i;
  }
}

test('the ordinary day raises nothing, at any rate', () => {
  const quiet = { seed: 21, attacks: false } as const;
  const days = judge.alerts(
    history({ ...quiet, fromUs: MONDAY_US, toUs: MONDAY_US + 4 * DAY_US, perDay: 7000 }),
  );
  assert.ok(days.records > 20_000);
  assert.deepEqual([...days.byRule.keys()], []);
  for (const [ratePerSecond, seconds] of [
    [20, 900],
    [3000, 10],
  ] as const) {
    const l = live({ ...quiet, fromUs: MONDAY_US, ratePerSecond });
    const got = judge.alerts(stretch(l, MONDAY_US + seconds * 1e6));
    assert.ok(got.records > 0.99 * ratePerSecond * seconds);
    assert.deepEqual([...got.byRule.keys()], [], `${ratePerSecond} a second`);
  }
});

test('live: the first alert within thirty seconds', () => {
  const l = live({ seed: 1, fromUs: MONDAY_US, ratePerSecond: 20 });
  const { byRule } = judge.alerts(stretch(l, MONDAY_US + 30e6));
  assert.deepEqual([...byRule.keys()], ['brute_force']);
});
