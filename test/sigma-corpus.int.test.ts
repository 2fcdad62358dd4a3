/**
 * The public Sigma rule corpus, where it is at hand (VIGIL_CORPORA): every rule loads, those with placeholders wait for
 * their lists by name, real Windows events fire the rules that must fire for them, and the same events under another
 * channel fire none of them.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { loadRules } from '../src/detect/load.ts';
import { compileRules } from '../src/detect/matcher.ts';
import { readTaxonomy } from '../src/detect/taxonomy.ts';
import { TEST_RECORD } from '../src/model/record.ts';
import { makeNormalizer } from '../src/normalize/normalize.ts';
import { loadSources } from '../src/normalize/registry.ts';

const ROOT = join(import.meta.dirname, '..');
const SIGMA = join(process.env['VIGIL_CORPORA'] ?? join(ROOT, '../shared/corpora'), 'sigma');
const skip = existsSync(join(SIGMA, 'rules')) ? false : `no Sigma corpus at ${SIGMA} (set VIGIL_CORPORA)`;
test('corpus: loading and firing', { skip }, async (t) => {
  const taxonomy = readTaxonomy(join(ROOT, 'content/taxonomy'));
  const dirs = [
    'rules',
    'rules-emerging-threats',
    'rules-threat-hunting',
    'rules-compliance',
    'rules-placeholder',
  ];
  const { set, problems } = loadRules(
    dirs.map((d) => join(SIGMA, d)),
    { taxonomy },
  );
  const unsupplied = set.rules.filter((r) => r.kind === 'rule' && r.supplied === false);
  t.diagnostic(
    `${set.rules.length} rules load, ${problems.length} are refused, ${unsupplied.length} wait for a source`,
  );
  assert.deepEqual(problems, []);
  assert.ok(set.rules.length >= 3700);
  assert.ok(unsupplied.length <= 150);
  const rules = compileRules(set, new Map());
  for (const p of rules.problems)
    assert.match(p.reason, /the placeholder %[A-Za-z0-9_.-]+% has no value: make a list/);
  t.diagnostic(`${rules.problems.length} of them need a list that is not there`);
  assert.ok(rules.problems.length > 0 && rules.problems.length < 60);

  const normalize = makeNormalizer(await loadSources(join(ROOT, 'content/sources')), {
    hostZone: 'UTC',
    hostName: 'test',
  });
  const rows = readFileSync(join(SIGMA, 'regression-dev.jsonl'), 'utf8').trim().split('\n');
  const silent: string[] = [];
  const misled: string[] = [];
  for (const row of rows) {
    const r = JSON.parse(row) as {
      rule_id: string;
      rule_path: string;
      expected_min: number;
      events: unknown[];
    };
    const fires = (e: unknown): boolean =>
      rules.match(normalize(Buffer.from(JSON.stringify(e)), TEST_RECORD, 1.79e15)).includes(r.rule_id);
    if (r.events.filter(fires).length < r.expected_min) silent.push(r.rule_path);
    if (r.events.some((e) => fires(underChannel(e, 'Vendor-Product/Operational')))) misled.push(r.rule_path);
  }
  t.diagnostic(`${rows.length - silent.length} of ${rows.length} rules fire for their events`);
  assert.deepEqual(silent, []);
  t.diagnostic(`${misled.length} fire for the same events under a channel that is not theirs`);
  assert.deepEqual(misled, []);
  assert.deepEqual([...rules.failures], []);
});

/** The same event, said to be of another channel. */
function underChannel(v: unknown, channel: string): unknown {
  if (Array.isArray(v)) return v.map((x) => underChannel(x, channel));
  if (typeof v !== 'object' || v === null) return v;
  return Object.fromEntries(
    Object.entries(v).map(([k, x]) => [
      k,
      k.toLowerCase() === 'channel' ? channel : underChannel(x, channel),
    ]),
  );
}
