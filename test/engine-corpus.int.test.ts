/**
 * The pipeline's engine over the pipeline's events gives the verdicts of the plain engine over plainly normalised events: our own
 * rules and sources' samples, and, where the corpora are at hand (VIGIL_CORPORA), the whole Sigma corpus and real events.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { Lists } from '../src/condition/tree.ts';
import { compileIndexed } from '../src/detect/engine/engine.ts';
import { compilePlain } from '../src/detect/engine/oracle.ts';
import { loadRules } from '../src/detect/load.ts';
import { readTaxonomy } from '../src/detect/taxonomy.ts';
import { GOLDEN_INGESTED, GOLDEN_META, readSamples, sourceFolders } from '../src/normalize/golden.ts';
import { makeNormalizer } from '../src/normalize/normalize.ts';
import { loadSources } from '../src/normalize/registry.ts';

const ROOT = join(import.meta.dirname, '..');
const CORPORA = process.env['VIGIL_CORPORA'] ?? join(ROOT, '../shared/corpora');
const SIGMA = join(CORPORA, 'sigma');
/** Evaluating every rule in full takes some 5 ms per event. */
const LANE_EVENTS = 25;
const SAMPLES_PER_SOURCE = 6;

function events(): Uint8Array[] {
  const sources = join(ROOT, 'content/sources');
  const out: Uint8Array[] = [];
  for (const name of sourceFolders(sources))
    for (const s of readSamples(join(sources, name)).slice(0, SAMPLES_PER_SOURCE))
      out.push(new Uint8Array(s.raw));
  const lanes = join(CORPORA, 'lanes');
  if (existsSync(lanes))
    for (const f of readdirSync(lanes)) {
      const lines = gunzipSync(readFileSync(join(lanes, f)))
        .toString('utf8')
        .split('\n');
      for (const line of lines.slice(0, LANE_EVENTS)) out.push(Buffer.from(line));
    }
  if (existsSync(join(SIGMA, 'regression-dev.jsonl')))
    for (const row of readFileSync(join(SIGMA, 'regression-dev.jsonl'), 'utf8').trim().split('\n'))
      for (const e of (JSON.parse(row) as { events: unknown[] }).events)
        out.push(Buffer.from(JSON.stringify(e)));
  return out;
}

test('index and lazy events against full evaluation of plain events', async (t) => {
  const dirs = [
    'rules',
    'rules-emerging-threats',
    'rules-threat-hunting',
    'rules-compliance',
    'rules-placeholder',
  ]
    .map((d) => join(SIGMA, d))
    .filter((d) => existsSync(d));
  const lists: Lists = new Map();
  const { set } = loadRules([join(ROOT, 'content/rules'), ...dirs], {
    taxonomy: readTaxonomy(join(ROOT, 'content/taxonomy')),
  });
  const registry = await loadSources(join(ROOT, 'content/sources'));
  const options = { hostZone: 'UTC', hostName: 'test' };
  const plainly = makeNormalizer(registry, options);
  const lazily = makeNormalizer(registry, { ...options, lazy: true });
  const oracle = compilePlain(set, lists);
  const engine = compileIndexed(set, lists, { measureAfter: [20, 60] });
  let met = 0;
  const all = events();
  for (const raw of all) {
    const want = oracle.match(plainly(raw, GOLDEN_META, GOLDEN_INGESTED));
    const got = engine.match(lazily(raw, GOLDEN_META, GOLDEN_INGESTED));
    met += want.length;
    assert.deepEqual(got, want, Buffer.from(raw).toString('utf8').slice(0, 400));
  }
  assert.equal(engine.failures.size, oracle.failures.size);
  assert.ok(met > 20);
  t.diagnostic(`${set.rules.length} rules, ${all.length} events, ${met} verdicts`);
});
