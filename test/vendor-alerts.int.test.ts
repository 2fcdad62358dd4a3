/**
 * Alerts of other products, from their own lines to one alert of ours each: by vendor id, with severity, entity and link.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { Detection } from '../src/alert/detection.ts';
import { loadRules } from '../src/detect/load.ts';
import { compileRules } from '../src/detect/matcher.ts';
import { readTaxonomy } from '../src/detect/taxonomy.ts';
import type { Alert } from '../src/model/alert.ts';
import { type RecordMeta, TEST_RECORD } from '../src/model/record.ts';
import { readSamples } from '../src/normalize/golden.ts';
import { makeNormalizer } from '../src/normalize/normalize.ts';
import { loadSources } from '../src/normalize/registry.ts';

const CONTENT = join(import.meta.dirname, '../content');
const META: RecordMeta = { ...TEST_RECORD, door: 'http' };
const NOW = Date.UTC(2026, 2, 5, 15) * 1000;
const PRODUCTS = [
  'guardduty',
  'security-hub',
  'microsoft-defender',
  'crowdstrike',
  'sentinelone',
  'cisco-secure-endpoint',
  'suricata',
  'wazuh',
];

const normalize = makeNormalizer(await loadSources(join(CONTENT, 'sources')), {
  hostZone: 'UTC',
  hostName: '',
});
const { set } = loadRules([join(CONTENT, 'rules')], { taxonomy: readTaxonomy(join(CONTENT, 'taxonomy')) });
const matcher = compileRules(set, new Map());
const nameOf = new Map(set.rules.map((r) => [r.id, r.name]));

/** The alerts of the vendor rules after all lines, by id; each line may come again. */
function alertsOf(lines: readonly string[]): Alert[] {
  const d = new Detection(set);
  const found = new Map<string, Alert>();
  for (const [ord, line] of lines.entries()) {
    const e = normalize(Buffer.from(line), META, NOW + ord);
    const changes = d.apply([
      {
        id: { node: 1, batch: 1, ord },
        tenant: 'default',
        origin: 'live',
        door: 'http',
        sender: 'test',
        source: e.source,
        ts: e.ts,
        ingested: NOW + ord,
        rules: matcher.match(e),
        fields: [...e.fields.entries()],
        entities: e.entities,
      },
    ]);
    for (const c of changes) found.set(c.alert.id, c.alert);
  }
  for (const c of d.tick(NOW + 60e6)) found.set(c.alert.id, c.alert);
  return [...found.values()].filter((a) =>
    ['vendor_alert', 'sensor_alert'].includes(nameOf.get(a.rule) ?? ''),
  );
}

const samples = (name: string): string[] =>
  readSamples(join(CONTENT, 'sources', name)).map((s) => s.raw.toString('utf8'));

for (const name of PRODUCTS) {
  test(`${name}: one alert per alert there, however often it is sent`, () => {
    const lines = samples(name);
    const once = alertsOf(lines);
    assert.ok(once.length > 0);
    const twice = alertsOf([...lines, ...lines]);
    assert.deepEqual(twice.map((a) => a.id).sort(), once.map((a) => a.id).sort());
    for (const a of once) {
      assert.ok(a.entities.length > 0 || a.key.length > 1, `no entity: ${a.sentence}`);
      assert.doesNotMatch(a.sentence, /unknown/);
    }
  });
}

test('severity, entity and link of the vendor', () => {
  const only = (line: string | undefined): Alert => {
    const alerts = alertsOf([line ?? '']);
    assert.equal(alerts.length, 1);
    return alerts[0] as Alert;
  };
  const gd = samples('guardduty');
  assert.deepEqual(
    gd.slice(0, 4).map((l) => only(l).severity),
    ['low', 'medium', 'high', 'critical'],
  );
  const falcon = only(samples('crowdstrike')[0]);
  assert.equal(falcon.severity, 'high');
  assert.deepEqual(falcon.hosts, ['pc01']);
  assert.ok(falcon.entities.includes('user:eva'));
  assert.equal(falcon.nextSteps[0], 'Open it in the console of the product: https://falcon.example.com/d/1');
  const odd = only(samples('crowdstrike').find((l) => l.includes('javascript:')));
  assert.ok(odd.nextSteps.every((s) => !s.includes('javascript:')));
  const suricata = samples('suricata')
    .slice(0, 3)
    .map((l) => only(l).severity);
  assert.deepEqual(suricata, ['high', 'medium', 'low']);
  assert.deepEqual(
    samples('wazuh')
      .slice(0, 6)
      .flatMap((l) => alertsOf([l]).map((a) => a.severity)),
    ['low', 'medium', 'medium', 'high', 'critical'],
  );
});

test('an alert whose severity rises there rises here', () => {
  const [low, , high] = samples('guardduty');
  const alerts = alertsOf([low ?? '', high ?? '']);
  assert.equal(alerts.length, 1);
  assert.equal(alerts[0]?.severity, 'high');
  assert.equal(alerts[0]?.count, 2);
});

test('what is resolved, archived, passed or a sample there raises nothing', () => {
  const quiet = [
    ...samples('guardduty'),
    ...samples('security-hub'),
    ...samples('microsoft-defender'),
  ].filter((l) => /"sample": ?true|ARCHIVED|RESOLVED|PASSED|"status": ?"resolved"|AlertEvidence/.test(l));
  assert.ok(quiet.length >= 5);
  assert.deepEqual(alertsOf(quiet), []);
});
