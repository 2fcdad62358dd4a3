import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rngOf } from '../src/demo/random.ts';
import { firstSyslog, LANE_SEED, laneLines, makeLane, octetFrame } from './lane.ts';
import { zipf } from './lane-zipf.ts';

test('same seed, same bytes; a longer lane begins like a shorter one', () => {
  const a = [...laneLines({ seed: 1, count: 3000 })];
  assert.deepEqual([...laneLines({ seed: 1, count: 3000 })], a);
  assert.deepEqual([...laneLines({ seed: 1, count: 4000 })].slice(0, 3000), a);
  assert.notDeepEqual([...laneLines({ seed: 2, count: 3000 })], a);
});

test('no line twice, none with a newline, about 400 bytes', () => {
  const lane = makeLane(LANE_SEED, 60_000);
  const lines = new Set(lane.records.map((r) => r.toString()));
  assert.equal(lines.size, 60_000);
  assert.ok([...lines].every((l) => !l.includes('\n')));
  const mean = lane.bytes / 60_000;
  assert.ok(mean > 360 && mean < 440, `${mean} bytes`);
  const first = lane.records[firstSyslog(lane)]!;
  assert.equal(octetFrame(first).toString(), `${first.length} ${first.toString()}`);
});

test('addresses and users follow a steep curve with a long tail', () => {
  const seen = new Map<string, number>();
  for (const l of laneLines({ seed: 3, count: 40_000 }))
    for (const [ip] of l.matchAll(/\b198\.1[89]\.\d+\.\d+/g)) seen.set(ip, (seen.get(ip) ?? 0) + 1);
  const counts = [...seen.values()].sort((a, b) => b - a);
  const all = counts.reduce((s, n) => s + n, 0);
  assert.ok(seen.size > 8000, `${seen.size} addresses`);
  assert.ok(counts[0]! > 20 * counts[99]!);
  assert.ok(counts.slice(0, 100).reduce((s, n) => s + n, 0) > 0.1 * all);
});

test('zipf: the first rank is drawn as often as its weight says, and every rank can be', () => {
  const rng = rngOf(9);
  const draw = zipf(4, 1);
  const n = [0, 0, 0, 0];
  for (let i = 0; i < 25_000; i++) n[draw(rng)]!++;
  // Weights 12 : 6 : 4 : 3 of 25.
  for (const [k, want] of [12_000, 6000, 4000, 3000].entries())
    assert.ok(Math.abs(n[k]! - want) < 300, `${n}`);
});
