/** Which rules cannot fire here, and why: over a store that is a table of what was seen, and the samples of our sources. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Lists } from '../condition/tree.ts';
import { rulesFromFiles } from '../detect/load.ts';
import type { RuleMode, RuleSet } from '../detect/rule.ts';
import { readTaxonomy } from '../detect/taxonomy.ts';
import { RuleUsage } from '../pipeline/usage.ts';
import { StoreError } from '../store/engine/client.ts';
import type { Received } from '../store/profile.ts';
import type { RuleStat } from '../store/control/tables/rule-stats.ts';
import { RuleHealths } from './rule-health.ts';
import { FIELDS_MAX, KINDS_MAX, StoreProfile } from './rule-profile.ts';

const CONTENT = join(import.meta.dirname, '../../content');
const TAXONOMY = readTaxonomy(join(CONTENT, 'taxonomy'));
const NOW = 1_800_000_000_000_000;
const DAY = 86_400e6;

const rule = (id: string, logsource: string, selection: string, condition = 's', more = ''): string =>
  `title: ${id}\nid: ${id}\ntaxonomy: ecs\nlogsource: ${logsource}\ndetection:\n    s: ${selection}\n    condition: ${condition}\n${more}`;
const setOf = (texts: readonly string[], mode: (id: string) => RuleMode = () => 'alerting'): RuleSet => {
  const loaded = rulesFromFiles([{ path: 'all.yml', text: texts.join('---\n') }], {
    taxonomy: TAXONOMY,
    modeFor: (r) => mode(r.id),
  });
  assert.deepEqual(loaded.problems, []);
  return loaded.set;
};

type World = {
  /** Source -> values by field; what was seen a minute ago. */
  readonly seen: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly lists?: Lists;
  readonly stats?: ReadonlyMap<string, RuleStat>;
  readonly fail?: StoreError['kind'];
  /** The store holds more than it tells. */
  readonly cut?: 'fields' | 'kinds';
};

async function reasons(set: RuleSet, w: World): Promise<Record<string, string>> {
  const asked: Received[] = [];
  let names: readonly string[] = [];
  const profile = new StoreProfile(
    {
      seenFields: async (range) => {
        asked.push(range);
        if (w.fail !== undefined) throw new StoreError(w.fail, 0, 'no');
        const rows = Object.entries(w.seen).flatMap(([source, f]) =>
          Object.keys(f).map((field) => ({ source, field, last: NOW - 60e6 })),
        );
        return { rows, cut: w.cut === 'fields' };
      },
      seenKinds: async () => {
        const rows = Object.entries(w.seen).map(([source, f]) => ({
          source,
          values: names.map((n) => (f[n] === undefined ? [] : [f[n]])),
          last: NOW - 60e6,
        }));
        return { rows, cut: w.cut === 'kinds' };
      },
    },
    () => NOW,
  );
  const get = profile.get.bind(profile);
  profile.get = (n) => {
    names = n;
    return get(n);
  };
  const health = new RuleHealths({
    profile,
    sourcesDir: join(CONTENT, 'sources'),
    set: () => set,
    lists: () => w.lists ?? new Map(),
    stats: () => w.stats ?? new Map(),
    usage: new RuleUsage(),
    problems: () => [],
    now: () => NOW,
  });
  const report = await health.report();
  return Object.fromEntries([...report.rules].map(([id, h]) => [id, h.dead]));
}

const SSHD = {
  sshd: { 'event.action': 'ssh_login', 'event.category': 'authentication', 'user.name': 'root' },
};
const AUTH = '{ category: authentication }';

test('a log source that nothing supplies, or that a source of ours would supply', async () => {
  const set = setOf([
    rule('live', AUTH, '{ user.name: root }'),
    rule('nobody', '{ product: nonesuch, service: thing }', '{ a: b }'),
    rule('windows', '{ product: windows, service: security }', '{ event.code: 4625 }'),
  ]);
  const dead = await reasons(set, { seen: SSHD });
  assert.equal(dead['live'], '');
  assert.equal(dead['nobody'], 'no source supplies nonesuch/thing');
  assert.match(
    dead['windows'] ?? '',
    /^nothing of windows\/security was seen in the last 14 days \(.*windows.* would supply it\)$/,
  );
});

test('a field that no event of its log source has: by name, unless the rule can do without', async () => {
  const set = setOf([
    rule('needs', AUTH, '{ never.seen.field: x }'),
    rule('filtered', AUTH, '{ user.name: root }\n    f: { never.seen.field: x }', 's and not f'),
    rule('either', AUTH, '{ never.seen.field: x }\n    t: { user.name: root }', '1 of them'),
  ]);
  const dead = await reasons(set, { seen: SSHD });
  assert.equal(dead['needs'], 'the field never.seen.field was never seen in events of authentication (sshd)');
  assert.equal(dead['filtered'], '');
  assert.equal(dead['either'], '');
});

test('a list without members, and one with', async () => {
  const set = setOf([rule('listed', AUTH, "{ 'user.name|expand': '%vips%' }")]);
  const list = (values: string[]): Lists => new Map([['vips', { kind: 'text', values }]]);
  assert.equal(
    (await reasons(set, { seen: SSHD, lists: list([]) }))['listed'],
    'the list vips has no members',
  );
  assert.equal((await reasons(set, { seen: SSHD, lists: list(['root']) }))['listed'], '');
  const both = setOf([rule('both', AUTH, "{ 'user.name|expand': ['%kings%', '%vips%'] }")]);
  assert.equal((await reasons(both, { seen: SSHD }))['both'], 'the lists kings, vips have no members');
});

test('a correlation is as dead as what it counts; one that counts a rule that is off says so', async () => {
  const correlation = (id: string, type: string, rules: string): string =>
    `title: ${id}\nid: ${id}\ncorrelation:\n    type: ${type}\n    rules: [${rules}]\n    group-by: [user.name]\n    timespan: 5m\n    condition: { gte: 2 }\n`;
  const set = setOf(
    [
      rule('live', AUTH, '{ user.name: root }'),
      rule('dead', AUTH, '{ never.seen.field: x }'),
      rule('silent', AUTH, '{ user.name: root }'),
      correlation('both', 'temporal', 'live, dead'),
      correlation('either', 'temporal', 'live, dead').replace('gte: 2', 'gte: 1'),
      correlation('one', 'event_count', 'live, dead'),
      correlation('none', 'event_count', 'dead'),
      correlation('off', 'event_count', 'silent'),
    ],
    (id) => (id === 'silent' ? 'off' : 'alerting'),
  );
  const dead = await reasons(set, { seen: SSHD });
  assert.match(
    dead['both'] ?? '',
    /^the rule "dead" that it counts cannot fire: the field never\.seen\.field/,
  );
  assert.equal(dead['one'], '');
  assert.equal(dead['either'], '', 'one of the two is enough');
  assert.match(dead['none'] ?? '', /"dead" that it counts cannot fire/);
  assert.equal(dead['off'], 'the rule "silent" that it counts is off');
});

test('a rule that fired in that time is not dead, whatever is known; a store that is away makes none dead', async () => {
  const set = setOf([rule('needs', AUTH, '{ never.seen.field: x }')]);
  const stats = new Map([['needs', { rule: 'needs', matched: 1, lastMatched: NOW - DAY }]]);
  assert.equal((await reasons(set, { seen: SSHD, stats }))['needs'], '');
  const old = new Map([['needs', { rule: 'needs', matched: 1, lastMatched: NOW - 20 * DAY }]]);
  assert.notEqual((await reasons(set, { seen: SSHD, stats: old }))['needs'], '');
  assert.equal((await reasons(set, { seen: {}, fail: 'unavailable' }))['needs'], '');
});

test('a store that is too slow is asked for less', async () => {
  const spans: number[] = [];
  let now = NOW;
  const profile = new StoreProfile(
    {
      seenFields: async (r) => {
        spans.push(r.to - r.from);
        if (spans.length < 3) throw new StoreError('timeout', 159, 'slow');
        return { rows: [], cut: false };
      },
      seenKinds: async () => ({ rows: [], cut: false }),
    },
    () => now,
  );
  const p = await profile.get(['event.code']);
  assert.equal(p.cut, true);
  assert.ok((spans[2] ?? 0) < (spans[0] ?? 0) / 10, spans.join(' '));
  assert.ok(p.to - p.from < DAY);
  // It grows with time, until it covers all the days again.
  now += 13 * DAY;
  assert.equal((await profile.get(['event.code'])).cut, true);
  now += DAY;
  assert.equal((await profile.get(['event.code'])).cut, false);
});

test('where more was seen than is told or held, nothing is said to be missing', async () => {
  const set = setOf([
    rule('needs', AUTH, '{ never.seen.field: x }'),
    rule('windows', '{ product: windows, service: security }', '{ event.code: 4625 }'),
    rule('listed', AUTH, "{ 'user.name|expand': '%vips%' }"),
  ]);
  for (const cut of ['fields', 'kinds'] as const) {
    const dead = await reasons(set, { seen: SSHD, cut });
    assert.deepEqual(dead, { needs: '', windows: '', listed: 'the list vips has no members' });
  }
  const profile = (fields: number, kinds: number): StoreProfile =>
    new StoreProfile(
      {
        seenFields: async () => ({
          rows: Array.from({ length: fields }, (_, i) => ({ source: 's', field: `f${i}`, last: NOW - DAY })),
          cut: false,
        }),
        seenKinds: async () => ({
          rows: Array.from({ length: kinds }, (_, i) => ({
            source: 's',
            values: [[`${i}`]],
            last: NOW - DAY,
          })),
          cut: false,
        }),
      },
      () => NOW,
    );
  assert.equal((await profile(FIELDS_MAX, KINDS_MAX).get(['a'])).partial, false);
  assert.equal((await profile(FIELDS_MAX + 1, 0).get(['a'])).partial, true);
  assert.equal((await profile(0, KINDS_MAX + 1).get(['a'])).partial, true);
});
