/**
 * Verdicts of others on cloud, SaaS and identity events: where a rule of ours covers one of theirs (`panther-coverage.ts`),
 * the two agree in at least 90 % of the rows, over at least 60 of their rules. The events go through the real normaliser,
 * unlabelled, and the real matcher. `PANTHER_ALL=1` prints every rule, `PANTHER_MISSES=1` the rows that disagree.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { gunzipSync } from 'node:zlib';
import { loadRules } from '../src/detect/load.ts';
import { compileRules } from '../src/detect/matcher.ts';
import { readTaxonomy } from '../src/detect/taxonomy.ts';
import { TEST_RECORD } from '../src/model/record.ts';
import { makeNormalizer } from '../src/normalize/normalize.ts';
import { loadSources } from '../src/normalize/registry.ts';
import { COVERAGE } from './panther-coverage.ts';

const CONTENT = join(import.meta.dirname, '../content');
const CORPORA = process.env['VIGIL_CORPORA'] ?? join(import.meta.dirname, '../../shared/corpora');
const FILE = join(CORPORA, 'verdicts/panther-dev.jsonl.gz');
const NOW = Date.UTC(2026, 2, 5, 15) * 1000;

type Row = {
  readonly rule_id: string;
  readonly log_type: string;
  readonly name: string;
  readonly expected: boolean;
  readonly event: unknown;
};

test('our rules agree with theirs', { skip: existsSync(FILE) ? false : `no corpus at ${FILE}` }, async () => {
  const { set, problems } = loadRules([join(CONTENT, 'rules')], {
    taxonomy: readTaxonomy(join(CONTENT, 'taxonomy')),
  });
  assert.deepEqual(problems, []);
  const idOf = new Map(set.rules.map((r) => [r.name, r.id]));
  const matcher = compileRules(set, new Map());
  const normalize = makeNormalizer(await loadSources(join(CONTENT, 'sources')), {
    hostZone: 'UTC',
    hostName: '',
  });
  const rows = gunzipSync(readFileSync(FILE))
    .toString('utf8')
    .split('\n')
    .filter((l) => l !== '')
    .map((l) => JSON.parse(l) as Row);
  const perRule = new Map<string, { agree: number; rows: number }>();
  const misses: string[] = [];
  for (const row of rows) {
    const ours = Object.hasOwn(COVERAGE, row.rule_id) ? COVERAGE[row.rule_id] : undefined;
    if (ours === undefined) continue;
    const event = normalize(Buffer.from(JSON.stringify(row.event)), TEST_RECORD, NOW);
    const matched = new Set(matcher.match(event));
    const got = ours.some((name) => {
      const id = idOf.get(name);
      assert.ok(id !== undefined, `panther-coverage.ts names the rule '${name}', which is not there`);
      return matched.has(id);
    });
    const score = perRule.get(row.rule_id) ?? { agree: 0, rows: 0 };
    perRule.set(row.rule_id, score);
    score.rows++;
    if (got === row.expected) score.agree++;
    else misses.push(`${row.expected ? 'missed' : 'false '} ${row.rule_id} [${event.source}] ${row.name}`);
  }
  const total = [...perRule.values()].reduce((s, r) => s + r.rows, 0);
  const agree = [...perRule.values()].reduce((s, r) => s + r.agree, 0);
  if (process.env['PANTHER_ALL'] === '1')
    for (const [rule, s] of perRule) console.log(`${s.agree}/${s.rows} ${rule}`);
  if (process.env['PANTHER_MISSES'] === '1') for (const m of misses) console.log(m);
  const share = agree / total;
  console.log(
    `agreement with panther-dev: ${agree} of ${total} rows (${(share * 100).toFixed(1)} %) over ${perRule.size} of their rules`,
  );
  assert.ok(perRule.size >= 60, `only ${perRule.size} of their rules are covered`);
  assert.ok(share >= 0.9, `only ${(share * 100).toFixed(1)} % of the rows agree:\n${misses.join('\n')}`);
});
