/** Every rule of ours has tests beside it, and passes them through the real normaliser. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { runRuleTests } from '../src/detect/rule-tests.ts';
import { readTaxonomy } from '../src/detect/taxonomy.ts';
import { TEST_RECORD } from '../src/model/record.ts';
import { makeNormalizer } from '../src/normalize/normalize.ts';
import { loadSources } from '../src/normalize/registry.ts';

const CONTENT = join(import.meta.dirname, '../content');
test('rule tests', async () => {
  const normalize = makeNormalizer(await loadSources(join(CONTENT, 'sources')), {
    hostZone: 'UTC',
    hostName: 'test',
  });
  const report = runRuleTests(join(CONTENT, 'rules'), readTaxonomy(join(CONTENT, 'taxonomy')), (line, at) =>
    normalize(Buffer.from(line), TEST_RECORD, at),
  );
  assert.deepEqual(report.problems, []);
  assert.deepEqual(report.untested, [], 'rule files without tests');
  assert.ok(report.results.length >= 80, `only ${report.results.length} tests were found`);
  assert.deepEqual(
    report.results.filter((r) => !r.ok || r.reason !== ''),
    [],
  );
  for (const file of new Set(report.results.map((r) => r.file)))
    assert.ok(
      report.results.filter((r) => r.file === file).length >= 2,
      `${file} needs a match and a near miss`,
    );
});
