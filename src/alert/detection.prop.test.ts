/** The alerts do not depend on batching, and are the same after snapshot and restore at any point. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { BRUTE, matchedOf, rulesOf, T0 } from '../detect/testing.ts';
import type { Alert, AlertChange } from '../model/alert.ts';
import type { MatchedEvent } from '../model/match.ts';
import { Detection } from './detection.ts';

const RULES = rulesOf(`${BRUTE.replace('gt: 10', 'gt: 3')}
---
title: Spray
id: spray
name: spray
taxonomy: ecs
correlation:
  type: value_count
  rules: [fail]
  group-by: [source.ip, host.name]
  timespan: 2m
  condition: { field: user.name, gte: 3 }
---
title: Both
id: both
taxonomy: ecs
correlation:
  type: temporal
  rules: [fail, ok]
  group-by: [user.name]
  timespan: 1m
---
title: Bytes
id: bytes
taxonomy: ecs
correlation: { type: value_sum, rules: [fail], group-by: [host.name], timespan: 2m, condition: { field: process.pid, gte: 8 } }
---
title: Typical
id: typical
taxonomy: ecs
correlation: { type: value_median, rules: [fail], group-by: [host.name], timespan: 2m, condition: { field: process.pid, gt: 2 } }
---
title: Mean
id: mean
taxonomy: ecs
correlation: { type: value_avg, rules: [fail, ok], group-by: [user.name], timespan: 1m, condition: { field: process.pid, lt: 2 } }
---
title: Most
id: most
taxonomy: ecs
correlation: { type: value_percentile, rules: [fail], group-by: [host.name], timespan: 1m, condition: { field: process.pid, percentile: 90, gte: 3 } }
---
title: Rare
id: rare
taxonomy: ecs
correlation: { type: value_percentile, rules: [fail], group-by: [host.name], timespan: 1m, condition: { field: user.name, lte: 25 } }
---
title: Silent
id: silent
taxonomy: ecs
correlation: { type: event_count, rules: [ok], group-by: [host.name], timespan: 1m, condition: { lt: 2 } }
---
title: Alone
id: alone
taxonomy: ecs
correlation: { type: temporal, rules: [fail, ok], group-by: [user.name], timespan: 1m, condition: fail and not ok }
---
title: Not followed
id: unfollowed
taxonomy: ecs
correlation: { type: temporal_ordered, rules: [fail, ok], group-by: [source.ip], timespan: 30s, condition: fail and not ok }
---
title: Either
id: either
taxonomy: ecs
correlation: { type: temporal_ordered, rules: [ok, fail], group-by: [source.ip], timespan: 30s, condition: fail or ok }
---
title: Chain
id: chain
taxonomy: ecs
correlation: { type: temporal, rules: [silent, spray], group-by: [host.name], timespan: 5m }
---
title: Single
id: single
taxonomy: ecs
logsource: { category: test }
detection: { sel: { a: b }, condition: sel }
vigil: { entity: [host.name] }
`);

/** Few keys and times close together, so that windows meet; some far off and late. */
const step = fc.record({
  rule: fc.constantFrom('fail', 'fail', 'fail', 'ok', 'single'),
  dt: fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: -30, max: 60 }) },
    { weight: 1, arbitrary: fc.integer({ min: -90_000, max: 5000 }) },
  ),
  ip: fc.constantFrom('10.0.1.5', '10.0.1.6', ''),
  host: fc.constantFrom('web01', 'WEB01', 'db01'),
  user: fc.constantFrom('root', 'eva', 'bob', 'x'),
  pid: fc.integer({ min: 1, max: 3 }),
  door: fc.constantFrom('journal', 'syslog-tcp'),
  origin: fc.constantFrom('live' as const, 'live' as const, 'import' as const),
  count: fc.constantFrom(1, 1, 1, 4),
});
const steps = fc.array(step, { minLength: 1, maxLength: 60 }).map((list) => {
  let now = T0;
  return list.map((s, ord): MatchedEvent => {
    now += 7e6;
    return matchedOf({
      rules: [s.rule],
      ts: now + s.dt * 1e6,
      ingested: now,
      origin: s.origin,
      door: s.door,
      ord,
      fields: {
        'event.action': 'ssh_login',
        'event.outcome': s.rule === 'ok' ? 'success' : 'failure',
        'source.ip': s.ip === '' ? null : s.ip,
        'host.name': s.host,
        'user.name': s.user,
        'process.pid': s.pid,
        'vigil.count': s.count,
      },
    });
  });
});

function cut(events: readonly MatchedEvent[], sizes: readonly number[]): MatchedEvent[][] {
  const out: MatchedEvent[][] = [];
  let at = 0;
  for (let i = 0; at < events.length; i++) {
    const n = Math.max(1, sizes[i % Math.max(1, sizes.length)] ?? 1);
    out.push(events.slice(at, at + n));
    at += n;
  }
  return out;
}

/** Final states, and how often each alert was opened and escalated. */
function summary(changes: readonly AlertChange[]): { alerts: Map<string, Alert>; kinds: string[] } {
  return {
    alerts: new Map(
      [...new Map(changes.map((c) => [c.alert.id, c.alert]))].sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
    kinds: changes
      .filter((c) => c.kind !== 'updated')
      .map((c) => `${c.kind} ${c.alert.id}`)
      .sort(),
  };
}
const END = T0 + 1e12;

test('batches of any size give the same alerts', () => {
  fc.assert(
    fc.property(
      steps,
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
      (events, sizes) => {
        const one = new Detection(RULES);
        const many = new Detection(RULES);
        const a = [...events.flatMap((e) => one.apply([e])), ...one.tick(END)];
        const b = [...cut(events, sizes).flatMap((x) => many.apply(x)), ...many.tick(END)];
        assert.deepEqual(summary(b), summary(a));
      },
    ),
    { numRuns: 200 },
  );
});

test('ticks between them: batches of any size still give the same alerts', () => {
  fc.assert(
    fc.property(
      steps,
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 12 }),
      (events, sizes, every) => {
        // A journaled tick is a place in the order of events; batches end there.
        const runs = [[1], sizes].map((of) => {
          const d = new Detection(RULES);
          const out: AlertChange[] = [];
          for (const between of cut(events, [every])) {
            for (const batch of cut(between, of)) out.push(...d.apply(batch));
            out.push(...d.tick((between.at(-1)?.ingested ?? T0) + 30e6));
          }
          out.push(...d.tick(END));
          return summary(out);
        });
        assert.deepEqual(runs[1], runs[0]);
      },
    ),
    { numRuns: 150 },
  );
});

test('snapshot and restore anywhere change nothing', () => {
  fc.assert(
    fc.property(steps, fc.nat(60), fc.boolean(), (events, at, small) => {
      const options = small ? { groupsMax: 2, attemptsMax: 3 } : {};
      const plain = new Detection(RULES, options);
      let other = new Detection(RULES, options);
      const a: AlertChange[] = [];
      const b: AlertChange[] = [];
      events.forEach((e, i) => {
        if (i === at % events.length) {
          const bytes = other.snapshot();
          other = Detection.restore(bytes, RULES, options);
          assert.deepEqual(other.snapshot(), bytes);
        }
        a.push(...plain.apply([e]));
        b.push(...other.apply([e]));
      });
      a.push(...plain.tick(END));
      b.push(...other.tick(END));
      assert.deepEqual(b, a);
      assert.deepEqual(other.stats(), plain.stats());
    }),
    { numRuns: 200 },
  );
});
