/**
 * The public Sigma rule corpus, where it is at hand (VIGIL_CORPORA): every rule loads or is refused with file and
 * reason, and real Windows events fire the rules that must fire for them.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { loadRules } from '../src/detect/load.ts';
import { compileRules } from '../src/detect/matcher.ts';
import { readTaxonomy } from '../src/detect/taxonomy.ts';
import type { RecordMeta } from '../src/model/record.ts';
import { makeNormalizer } from '../src/normalize/normalize.ts';
import { loadSources } from '../src/normalize/registry.ts';

const ROOT = join(import.meta.dirname, '..');
const SIGMA = join(process.env['VIGIL_CORPORA'] ?? join(ROOT, '../shared/corpora'), 'sigma');
const skip = existsSync(join(SIGMA, 'rules')) ? false : `no Sigma corpus at ${SIGMA} (set VIGIL_CORPORA)`;
const META: RecordMeta = {
  tenant: 'default',
  origin: 'live',
  door: 'test',
  sender: 'test',
  token: '',
  format: '',
  source: '',
  zone: 'UTC',
  stream: '',
};

test('corpus: loading and firing', { skip }, async (t) => {
  const taxonomy = readTaxonomy(join(ROOT, 'content/taxonomy'));
  const dirs = ['rules', 'rules-emerging-threats', 'rules-threat-hunting', 'rules-compliance'];
  const { set, problems } = loadRules(
    dirs.map((d) => join(SIGMA, d)).filter((d) => existsSync(d)),
    { taxonomy },
  );
  const unsupplied = problems.filter((p) => p.reason.startsWith('no source supplies'));
  t.diagnostic(
    `${set.rules.length} rules load, ${unsupplied.length} name a log source of no source here, ${problems.length - unsupplied.length} are refused for other reasons`,
  );
  for (const p of problems) assert.ok(p.file !== '' && p.line >= 1 && p.reason !== '');
  assert.ok(set.rules.length >= 3000);
  assert.ok(
    problems.length - unsupplied.length <= 10,
    JSON.stringify(problems.filter((p) => !unsupplied.includes(p))),
  );
  const rules = compileRules(set, new Map());
  for (const p of rules.problems) assert.match(p.reason, /list|placeholder/);

  const normalize = makeNormalizer(await loadSources(join(ROOT, 'content/sources')), {
    hostZone: 'UTC',
    hostName: 'test',
  });
  const rows = readFileSync(join(SIGMA, 'regression-dev.jsonl'), 'utf8').trim().split('\n');
  const silent: string[] = [];
  for (const row of rows) {
    const r = JSON.parse(row) as {
      rule_id: string;
      rule_path: string;
      expected_min: number;
      events: unknown[];
    };
    const hits = r.events.filter((e) =>
      rules.match(normalize(Buffer.from(JSON.stringify(e)), META, 1.79e15)).includes(r.rule_id),
    ).length;
    if (hits < r.expected_min) silent.push(r.rule_path);
  }
  t.diagnostic(`${rows.length - silent.length} of ${rows.length} rules fire for their events`);
  assert.deepEqual(silent, []);
  assert.deepEqual([...rules.failures], []);
});
