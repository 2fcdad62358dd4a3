import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clockOf, WEEK_US } from './rhythm.ts';
import { ATTACK_EVERY_US, FIRST_ATTACK_US, history, live } from './traffic.ts';
import { type DemoItem, FORMATS } from './world.ts';

const HOUR_US = 3600e6;
const MONDAY_US = Date.UTC(2026, 9, 5) * 1000;
const week = (seed: number): DemoItem[] => [
  ...history({ seed, fromUs: MONDAY_US, toUs: MONDAY_US + WEEK_US, perDay: 2000 }),
];
const upTo = (items: Iterable<DemoItem>, endUs: number): DemoItem[] => {
  const out: DemoItem[] = [];
  for (const i of items) {
    if (i.atUs >= endUs) return out;
    out.push(i);
  }
  return out;
};

test('same seed, same records; another seed, others', () => {
  const a = week(1);
  assert.deepEqual(week(1), a);
  assert.notDeepEqual(week(2).slice(0, 100), a.slice(0, 100));
  const l = (seed: number): DemoItem[] =>
    upTo(live({ seed, fromUs: MONDAY_US, ratePerSecond: 30 }), MONDAY_US + 20e6);
  assert.deepEqual(l(7), l(7));
  assert.notDeepEqual(l(7), l(8));
});

test('in order of time, within the asked stretch, about as many as asked, in every format', () => {
  const all = week(1);
  assert.ok(Math.abs(all.length / 14_000 - 1) < 0.05, `${all.length} records`);
  for (let i = 1; i < all.length; i++) assert.ok(all[i]!.atUs >= all[i - 1]!.atUs);
  assert.ok(all[0]!.atUs >= MONDAY_US && all.at(-1)!.atUs < MONDAY_US + WEEK_US);
  const rare = new Set(['shadow-utils', 'su']);
  const seen = new Set(all.map((i) => i.format));
  assert.deepEqual(
    FORMATS.filter((f) => !seen.has(f) && !rare.has(f)),
    [],
  );
  assert.ok(all.every((i) => i.raw !== '' && (i.format === 'auditd' || !i.raw.includes('\n'))));
});

test('a day is busier than a night, a weekday than a Sunday, and people sleep', () => {
  const all = week(3).filter((i) => i.scenario === '');
  const count = (of: (weekday: number, hour: number) => boolean, format = ''): number =>
    all.filter((i) => {
      const c = clockOf(i.atUs);
      return of(c.weekday, c.hour) && (format === '' || i.format === format);
    }).length;
  const day = count((d, h) => d >= 1 && d <= 5 && h >= 9 && h < 12);
  const night = count((d, h) => d >= 1 && d <= 5 && h >= 1 && h < 4);
  assert.ok(day > 2.2 * night, `${day} by day, ${night} by night`);
  assert.ok(count((d) => d === 2) > 1.5 * count((d) => d === 0));
  // Orders are entered by people.
  assert.ok(count((_, h) => h >= 9 && h < 17, 'ecs-json') > 20 * count((_, h) => h < 5, 'ecs-json'));
});

test('people keep their own hours and places', () => {
  const all = [...history({ seed: 4, fromUs: MONDAY_US, toUs: MONDAY_US + WEEK_US, perDay: 6000 })].filter(
    (i) => i.format === 'ecs-json',
  );
  const of = (user: string): DemoItem[] => all.filter((i) => i.raw.includes(`"name":"${user}"`));
  const early = of('petter.vik');
  const late = of('zoe.carter');
  const mean = (items: DemoItem[]): number =>
    items.reduce((s, i) => s + clockOf(i.atUs).hour, 0) / items.length;
  assert.ok(early.length > 20 && late.length > 20);
  assert.ok(mean(early) < 11.5 && mean(late) > 15, `${mean(early)} ${mean(late)}`);
  const home = of('marco.bianchi').filter((i) => clockOf(i.atUs).weekday === 5);
  assert.ok(home.length > 0 && home.every((i) => i.raw.includes('"ip":"10.40.')));
});

test('live: the chosen rate, and an attack at once, then one every few minutes', () => {
  const seconds = (2 * ATTACK_EVERY_US) / 1e6;
  const all = upTo(
    live({ seed: 1, fromUs: MONDAY_US + 8 * HOUR_US, ratePerSecond: 10 }),
    MONDAY_US + 8 * HOUR_US + seconds * 1e6,
  );
  const ordinary = all.filter((i) => i.scenario === '').length;
  assert.ok(Math.abs(ordinary / seconds - 10) < 0.1, `${ordinary / seconds} a second`);
  const first = all.find((i) => i.scenario !== '')!;
  assert.equal(first.scenario, 'brute_force');
  const afterUs = first.atUs - MONDAY_US - 8 * HOUR_US;
  assert.ok(afterUs >= FIRST_ATTACK_US && afterUs < 10e6);
  assert.deepEqual([...new Set(all.map((i) => i.scenario))], ['', 'brute_force', 'rogue_certificate']);
  const none = upTo(
    live({ seed: 1, fromUs: MONDAY_US, ratePerSecond: 10, attacks: false }),
    MONDAY_US + 60e6,
  );
  assert.ok(none.length > 300 && none.every((i) => i.scenario === ''));
});
