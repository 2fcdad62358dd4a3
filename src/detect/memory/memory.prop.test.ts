/**
 * The alerts of rules with memory do not depend on how events were batched, and are the same after snapshot and restore at
 * any point; what comes late or in another order changes no verdict of a rule without negative parts.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Detection } from '../../alert/detection.ts';
import type { Alert, AlertChange } from '../../model/alert.ts';
import type { FieldValue } from '../../model/event.ts';
import type { MatchedEvent } from '../../model/match.ts';
import { compileRules } from '../matcher.ts';
import { load } from '../testing.ts';
import { DAY, HOUR, LISTS, normalized, S, T0, THREE } from './testing.ts';

const OWN = `
- name: Many
  condition: count(event.outcome:failure by source.ip in 1 minute) > 3
  severity: high
- name: Spray
  condition: count_distinct(user.name by source.ip, host.name in 2 minutes) >= 3
  severity: high
- name: After
  condition: event.outcome:success AND count(event.outcome:failure by user.name in 2 minutes) > 1
  severity: high
- name: More than usual
  condition: count(event.outcome:failure by host.name in 1 hour) > 2 * baseline
  severity: low
- name: Unannounced
  condition: event.outcome:success AND NOT exists(event.outcome:failure for user.name in 1 minute)
  severity: low
- name: Silent
  condition: NOT exists(event.outcome:success for host.name in 3 minutes)
  severity: low
`;
const { set: RULES, problems } = load(`${THREE}${OWN}`);
assert.deepEqual(problems, []);
const COMPILED = compileRules(RULES, LISTS);

const logins = fc.record({
  kind: fc.constant('login' as const),
  dt: fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: -30, max: 60 }) },
    { weight: 1, arbitrary: fc.integer({ min: -90_000, max: 300 }) },
  ),
  ok: fc.boolean(),
  ip: fc.constantFrom('10.0.1.5', '10.0.1.6', ''),
  host: fc.constantFrom('web01', 'WEB01', 'db01'),
  user: fc.constantFrom('root', 'eva', 'bob'),
  pid: fc.integer({ min: 1, max: 3 }),
  door: fc.constantFrom('journal', 'syslog-tcp'),
  origin: fc.constantFrom('live' as const, 'live' as const, 'import' as const),
});
const certificates = fc.record({
  kind: fc.constant('certificate' as const),
  dt: fc.integer({ min: -60, max: 60 }),
  action: fc.constantFrom(
    'certificate_issued',
    'certificate_issued',
    'certificate_observed',
    'certificate_renewed',
    'certificate_renewal_failed',
    'certificate_revoked',
    'certificate_requested',
  ),
  serial: fc.constantFrom('A1', 'B2', 'C3', ''),
  name: fc.constantFrom('a.example.com', 'b.example.com'),
  days: fc.integer({ min: -1, max: 12 }),
  issuer: fc.constantFrom('Example Issuing CA 1', 'Cheap CA', ''),
  ip: fc.constantFrom('10.0.1.5', '10.0.1.6'),
});
const steps = fc.array(fc.tuple(fc.oneof(logins, certificates), fc.constantFrom(7, 7, 7, 40, 7200, 86_400)), {
  minLength: 1,
  maxLength: 50,
});

function eventsOf(list: readonly (readonly [Step, number])[]): MatchedEvent[] {
  let now = T0;
  return list.map(([s, gap], ord) => {
    now += gap * S;
    const at = now + s.dt * S;
    const e = normalized({ at, fields: fieldsOf(s, now) });
    return {
      id: { node: 1, batch: 1, ord },
      tenant: 'default',
      origin: s.kind === 'login' ? s.origin : 'live',
      door: s.kind === 'login' ? s.door : 'http',
      sender: '192.0.2.1',
      source: 'test',
      ts: at,
      ingested: now,
      rules: COMPILED.match(e),
      fields: [...e.fields.entries()],
      entities: [],
    };
  });
}
type Step =
  | {
      kind: 'login';
      dt: number;
      ok: boolean;
      ip: string;
      host: string;
      user: string;
      pid: number;
      door: string;
      origin: 'live' | 'import';
    }
  | {
      kind: 'certificate';
      dt: number;
      action: string;
      serial: string;
      name: string;
      days: number;
      issuer: string;
      ip: string;
    };
function fieldsOf(s: Step, now: number): Record<string, FieldValue> {
  if (s.kind === 'login')
    return {
      'event.action': 'ssh_login',
      'event.outcome': s.ok ? 'success' : 'failure',
      'host.name': s.host,
      'user.name': s.user,
      'process.pid': s.pid,
      ...(s.ip === '' ? {} : { 'source.ip': s.ip }),
    };
  return {
    'event.action': s.action,
    'event.outcome': 'success',
    'x509.subject.common_name': s.name,
    'source.ip': s.ip,
    'x509.not_after': now + s.days * DAY,
    ...(s.serial === '' ? {} : { 'x509.serial_number': s.serial }),
    ...(s.issuer === '' ? {} : { 'x509.issuer.common_name': s.issuer }),
  };
}

const summary = (changes: readonly AlertChange[]): { alerts: unknown; opened: string[] } => ({
  alerts: [...new Map(changes.map((c) => [c.alert.id, c.alert])).values()].sort((a, b) =>
    a.id < b.id ? -1 : 1,
  ),
  opened: changes
    .filter((c) => c.kind === 'opened')
    .map((c) => c.alert.id)
    .sort(),
});
/** The frame's events, then its tick, as the state owner does; `size` frames to a batch. */
function play(d: Detection, events: readonly MatchedEvent[], size: number): AlertChange[] {
  const out: AlertChange[] = [];
  for (let i = 0; i < events.length; ) {
    // A tick belongs to the frame: batches are of frames, of one event each here.
    const batch = events.slice(i, i + size);
    for (const e of batch) out.push(...d.apply([e]), ...d.tick(e.ingested));
    i += batch.length;
  }
  const end = (events.at(-1)?.ingested ?? T0) + HOUR;
  for (let t = end; t < end + 20 * DAY; t += 6 * HOUR) out.push(...d.tick(t));
  return out;
}

test('several events applied at once give the same alerts as one by one', () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 2, max: 9 }), (list, size) => {
      const events = eventsOf(list).filter((e) => e.rules.length > 0);
      const one = new Detection(RULES, { lists: LISTS });
      const many = new Detection(RULES, { lists: LISTS });
      const a: AlertChange[] = [];
      const b: AlertChange[] = [];
      for (let i = 0; i < events.length; i += size) {
        const frame = events.slice(i, i + size);
        for (const e of frame) a.push(...one.apply([e]));
        b.push(...many.apply(frame));
        const at = frame.at(-1)?.ingested ?? T0;
        a.push(...one.tick(at));
        b.push(...many.tick(at));
      }
      const end = (events.at(-1)?.ingested ?? T0) + 20 * DAY;
      a.push(...one.tick(end));
      b.push(...many.tick(end));
      assert.deepEqual(summary(b), summary(a));
      assert.equal(one.stats().failed, 0, one.stats().failure);
    }),
    { numRuns: 100 },
  );
});

test('snapshot and restore anywhere change nothing', () => {
  let alerts = 0;
  fc.assert(
    fc.property(steps, fc.nat(60), fc.boolean(), (list, at, small) => {
      const options = { lists: LISTS, ...(small ? { groupsMax: 3, certificatesMax: 2 } : {}) };
      const events = eventsOf(list).filter((e) => e.rules.length > 0);
      if (events.length === 0) return;
      const cut = at % events.length;
      const plain = new Detection(RULES, options);
      const first = new Detection(RULES, options);
      const a = play(plain, events, 1);
      const b: AlertChange[] = [];
      for (const e of events.slice(0, cut)) b.push(...first.apply([e]), ...first.tick(e.ingested));
      const bytes = first.snapshot();
      const second = Detection.restore(bytes, RULES, options);
      assert.deepEqual(
        JSON.parse(new TextDecoder().decode(second.snapshot())),
        JSON.parse(new TextDecoder().decode(bytes)),
      );
      b.push(...play(second, events.slice(cut), 1));
      assert.deepEqual(b, a);
      assert.deepEqual(second.stats(), plain.stats());
      alerts += new Map(a.map((c) => [c.alert.id, c.alert])).size;
    }),
    { numRuns: 100 },
  );
  assert.ok(alerts > 100, `${alerts} alerts: the generator makes too few to say anything`);
});

test('what was met does not depend on the order of arrival', () => {
  const keys = (changes: readonly AlertChange[], rules: readonly string[]): string[] => {
    const last = new Map(changes.map((c) => [c.alert.id, c.alert]));
    return [
      ...new Set(
        [...last.values()]
          .filter((x: Alert) => rules.includes(x.ruleTitle))
          .map((x) => `${x.origin} ${x.ruleTitle} ${x.key.join(' ').toLowerCase()}`),
      ),
    ].sort();
  };
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(
          logins.map((l) => ({ ...l, origin: 'live' as const, door: 'http', dt: 0, pid: 1 })),
          fc.constantFrom(5, 20),
        ),
        { minLength: 1, maxLength: 30 },
      ),
      fc.array(fc.nat(1000), { minLength: 30, maxLength: 30 }),
      (list, order) => {
        // All received within one minute, whatever they claim, and told apart by their number.
        const events = eventsOf(list).map((e, i) => ({
          ...e,
          fields: [...e.fields, ['source.port', i] as const],
          ingested: T0 + DAY,
        }));
        const shuffled = events
          .map((e, i) => [order[i] ?? 0, e] as const)
          .sort((x, y) => x[0] - y[0])
          .map(([, e]) => e);
        const of = (some: readonly MatchedEvent[]): string[] => {
          const d = new Detection(RULES, { lists: LISTS });
          return keys(
            [...some.flatMap((e) => d.apply([e])), ...d.tick(T0 + 2 * DAY)],
            ['Many', 'Spray', 'After'],
          );
        };
        assert.deepEqual(of(shuffled), of(events));
      },
    ),
    { numRuns: 100 },
  );
});
