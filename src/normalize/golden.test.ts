/**
 * Every source's samples against its golden file, and what must hold of each golden row. `UPDATE_GOLDEN=1` rewrites
 * `expected.json`; read the diff.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { EventFields } from '../model/event.ts';
import { ACTIONS, missingFields } from '../model/vocabulary.ts';
import {
  GOLDEN_INGESTED,
  type GoldenRow,
  goldenNormalizer,
  goldenRow,
  normalizeSample,
  readSamples,
  sourceFolders,
} from './golden.ts';
import { parseJsonObject } from './json.ts';
import { loadSources } from './registry.ts';

const DIR = join(import.meta.dirname, '../../content/sources');
/** Sources that hand on the action a sender wrote. */
const PASS_THROUGH = new Set(['ecs-json', 'generic-json']);
const SAMPLES_MIN = 8;

const registry = await loadSources(DIR);
const normalize = goldenNormalizer(registry);
const folders = sourceFolders(DIR);

test('there are sources, and each folder holds one', () => {
  assert.ok(folders.length >= 5);
  assert.deepEqual([...registry.specs.keys()].sort(), folders);
});

test("a source that says no has set nothing, and none throws on another one's lines", () => {
  for (const name of folders) {
    for (const sample of readSamples(join(DIR, name))) {
      const message = sample.raw.toString('utf8');
      const json = parseJsonObject(message);
      for (const program of ['', name]) {
        for (const spec of registry.specs.values()) {
          const out = new EventFields();
          const got = spec.parse({ message, program, json, ingested: GOLDEN_INGESTED, zone: 'UTC' }, out);
          if (got === 'no') assert.equal(out.size, 0, `${spec.name} on ${message.slice(0, 200)}`);
        }
      }
    }
  }
});

for (const name of folders) {
  test(`golden: ${name}`, () => {
    const folder = join(DIR, name);
    const samples = readSamples(folder);
    assert.ok(
      samples.length >= SAMPLES_MIN,
      `${name} has ${samples.length} samples, at least ${SAMPLES_MIN} wanted`,
    );
    const rows = samples.map((s) => goldenRow(s, normalizeSample(normalize, s)));
    const file = join(folder, 'expected.json');
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, `${JSON.stringify(rows, null, 2)}\n`);
    assert.ok(existsSync(file), `${file} is missing: run with UPDATE_GOLDEN=1 and read it`);
    const expected = JSON.parse(readFileSync(file, 'utf8')) as GoldenRow[];
    assert.equal(rows.length, expected.length, 'number of samples');
    // Through JSON, as the file is: -0, undefined and the like compare as stored.
    const got = JSON.parse(JSON.stringify(rows)) as GoldenRow[];
    for (let i = 0; i < got.length; i++)
      assert.deepEqual(got[i], expected[i], `sample ${i + 1}: ${got[i]?.raw}`);
  });

  test(`vocabulary: ${name}`, () => {
    let own = 0;
    for (const sample of readSamples(join(DIR, name))) {
      const event = normalizeSample(normalize, sample);
      const line = sample.raw.toString('utf8').slice(0, 200);
      assert.notEqual(event.status, 'quarantined', `${event.fields.text('vigil.error')}: ${line}`);
      if (event.source === name) own++;
      const action = event.fields.text('event.action');
      if (action === undefined || PASS_THROUGH.has(event.source)) continue;
      assert.ok(ACTIONS.has(action), `${action} is not in the vocabulary: ${line}`);
      assert.deepEqual(missingFields(event.fields), [], `${action} lacks required fields: ${line}`);
    }
    assert.ok(own > 0, `no sample of ${name} is recognised as ${name}`);
  });
}
