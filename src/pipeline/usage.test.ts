/** What judging cost: each worker tells differences, and they add up whatever is reloaded in between. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { CompiledRules } from '../detect/matcher.ts';
import { RuleUsage, USAGE_EVERY_MS, UsageMeter } from './usage.ts';

type Stats = ReturnType<NonNullable<CompiledRules['stats']>>;
const engine = (stats: () => Stats): CompiledRules => ({
  match: () => [],
  problems: [],
  failures: new Map(),
  hash: '',
  stats,
});

test('differences add up, duplicates of a log source too, and a reload begins anew', () => {
  let n = 1;
  const make = () => ({
    events: 10 * n,
    rules: [
      { id: 'a', evaluated: 5 * n, met: n },
      { id: 'b', evaluated: 0, met: 0 },
    ],
    logsources: [
      { logsource: 'x', events: 3 * n, last: 100 * n },
      { logsource: 'x', events: 1 * n, last: 50 },
    ],
  });
  const meter = new UsageMeter();
  const sum = new RuleUsage();
  let now = 0;
  const tell = (rules: CompiledRules): void => {
    now += USAGE_EVERY_MS;
    const d = meter.take(rules, now);
    assert.ok(d !== undefined);
    sum.add(d);
  };
  const first = engine(make);
  tell(first);
  n = 3;
  assert.equal(meter.take(first, now + 1), undefined, 'too early');
  tell(first);
  assert.deepEqual(sum.rules.get('a'), { evaluated: 15, met: 3 });
  assert.deepEqual(sum.logsources.get('x'), { events: 12, last: 300 });
  assert.equal(sum.rules.has('b'), false);
  n = 1;
  tell(engine(make));
  assert.deepEqual([sum.events, sum.evaluated, sum.rules.get('a')?.evaluated], [40, 20, 20]);
});

test('an engine that does not count tells nothing', () => {
  const { stats: _, ...none } = engine(() => ({ events: 0, rules: [], logsources: [] }));
  assert.equal(new UsageMeter().take(none, 1e9), undefined);
});
