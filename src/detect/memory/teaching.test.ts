/** What a rule learns from the past is what it would have known had it been there. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MatchedEvent } from '../../model/match.ts';
import type { ConditionRule } from '../rule.ts';
import { load } from '../testing.ts';
import {
  EVENTS_PER_TEXT_MAX,
  EVENTS_TAUGHT_CHARS_MAX,
  Pupil,
  TEXT_CHARS_MAX,
  type Teaching,
} from './teaching.ts';
import { Bench, DAY, HOUR, normalized, S, T0, THREE } from './testing.ts';

const SET = load(THREE).set;
const START = T0 + 40 * DAY;

/** Events before START are taught, not lived through. */
function taught(
  past: readonly { readonly at: number; readonly fields: Record<string, string | number> }[],
): Bench {
  const source = new Bench(SET);
  const events: MatchedEvent[] = past.map((g) => source.matched(normalized(g), g));
  const b = new Bench(SET).tick(START);
  const untaught = b.detection.untaught();
  assert.equal(untaught.length, 2, 'the two that ask for the past');
  for (const u of untaught) {
    assert.equal(u.before, START);
    const pupil = new Pupil(u.rule);
    for (const e of events) if (e.rules.length > 0) pupil.see(e);
    const texts = pupil.teachings({ tenant: 'default', origin: 'live', since: T0 });
    assert.ok(
      texts.every((t, i) => t.last === (i === texts.length - 1) && t.events.length <= EVENTS_PER_TEXT_MAX),
    );
    for (const t of texts) b.detection.teach(JSON.parse(JSON.stringify(t)) as Teaching);
  }
  assert.deepEqual(b.detection.untaught(), []);
  return b;
}
const issued = (at: number, serial: string, end: number) => ({
  at,
  fields: {
    'event.action': 'certificate_issued',
    'x509.subject.common_name': `${serial.toLowerCase()}.example.org`,
    'x509.serial_number': serial,
    'x509.not_after': end,
  },
});

test('certificates, renewals and what is usual; history is as long as the store has it', () => {
  const past = [
    issued(T0, 'A1', START + 5 * DAY),
    issued(T0 + DAY, 'B2', START + 5 * DAY),
    {
      at: START - 3 * DAY,
      fields: { 'event.action': 'certificate_renewal_failed', 'x509.subject.common_name': 'b2.example.org' },
    },
    ...Array.from({ length: 14 * 48 }, (_, i) => ({
      at: START - 14 * DAY - (START % DAY) + i * (HOUR / 2),
      fields: {
        'event.action': 'certificate_requested',
        'source.ip': '10.0.1.5',
        'x509.subject.common_name': 'x.example.org',
      },
    })),
  ];
  const b = taught(past).restart();
  b.tick(START + 120 * S);
  assert.deepEqual(
    b.list.map((a) => a.key[0]),
    ['x509.serial_number=A1'],
  );
  assert.doesNotMatch(b.list[0]?.sentence ?? '', /history since/);
  for (let i = 0; i < 21; i++)
    b.event({
      at: START + 2 * HOUR + i * S,
      fields: {
        'event.action': 'certificate_requested',
        'source.ip': '10.0.1.5',
        'x509.subject.common_name': 'x.example.org',
      },
    });
  assert.match(
    b.list.at(-1)?.sentence ?? '',
    /21 certificate requests within 1 hour \(usual for it: about 2\)$/,
  );
});

test('taught once; what comes a second time is not counted again', () => {
  const rule = SET.rules.find(
    (r): r is ConditionRule => r.kind === 'condition' && r.subject === 'certificate',
  );
  assert.ok(rule !== undefined);
  const b = taught([issued(T0, 'A1', START + 50 * DAY)]);
  const before = new TextDecoder().decode(b.detection.snapshot());
  b.detection.teach({
    rule: rule.id,
    tenant: 'default',
    origin: 'live',
    since: 0,
    keys: [],
    events: [],
    last: true,
  });
  assert.equal(new TextDecoder().decode(b.detection.snapshot()), before);
});

test('texts are bounded by characters, and so is what is held for them', () => {
  const rule = SET.rules.find(
    (r): r is ConditionRule => r.kind === 'condition' && r.subject === 'certificate',
  );
  assert.ok(rule !== undefined);
  const source = new Bench(SET);
  const pupil = new Pupil(rule);
  const see = (i: number, names: number): void => {
    const g = issued(T0 + i * S, `A${i}`, START + 50 * DAY);
    const e = source.matched(normalized(g), g);
    const san = Array.from({ length: names }, (_, k) => `${i}.${k}.`.padEnd(250, 'a'));
    pupil.see({ ...e, fields: [...e.fields, ['x509.alternative_names', san]] });
  };
  see(0, 20_000);
  for (let i = 1; i <= 500; i++) see(i, 600);
  const texts = pupil.teachings({ tenant: 'default', origin: 'live', since: T0 });
  const sizes = texts.map((t) => JSON.stringify(t).length);
  assert.ok(Math.max(...sizes) < 1.1 * TEXT_CHARS_MAX, `${Math.max(...sizes)} characters in a text`);
  const serials = texts.flatMap((t) =>
    t.events.map((e) => e.fields.find(([n]) => n === 'x509.serial_number')?.[1]),
  );
  assert.equal(serials.at(-1), 'A500');
  assert.ok(!serials.includes('A0'), 'too large for a text');
  assert.ok(serials.length > 150 && serials.length < 500, `${serials.length} events taught`);
  assert.ok(sizes.reduce((a, b) => a + b) < 1.1 * EVENTS_TAUGHT_CHARS_MAX);
});
