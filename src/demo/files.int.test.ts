import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { FakeIntake } from '../collect/fake-intake.ts';
import { importFile } from '../collect/import-file.ts';
import { demoHistoryFiles } from './files.ts';
import { WEEK_US } from './rhythm.ts';

const NOW_US = Date.UTC(2026, 10, 2, 12) * 1000;

test('five weeks of files, the same for the same seed, imported whole', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'vigil-demo-'));
  try {
    const o = { seed: 1, nowUs: NOW_US, eventsTotal: 5000 };
    const files = await demoHistoryFiles(join(dir, 'a'), o);
    assert.equal(files.length, 5);
    assert.equal(files[0]!.fromUs, NOW_US - 5 * WEEK_US);
    assert.equal(files[4]!.toUs, NOW_US);
    const again = await demoHistoryFiles(join(dir, 'b'), o);
    const intake = new FakeIntake();
    let records = 0;
    for (const [i, f] of files.entries()) {
      assert.deepEqual(await readFile(again[i]!.path), await readFile(f.path));
      assert.equal((await readFile(f.path)).length, f.bytes);
      const r = await importFile(f.path, intake, {
        tenant: 'demo',
        origin: 'demo',
        zone: 'UTC',
        positions: () => undefined,
      });
      assert.deepEqual([r.status, r.records], ['imported', f.records], r.message);
      records += f.records;
    }
    assert.equal(intake.records.length, records);
    // Attacks come on top, and audit events count by their lines.
    assert.ok(records > 4900 && records < 7500, `${records} records`);
    assert.ok(intake.texts.some((t) => t.includes('useradd')));
    assert.ok(intake.texts.some((t) => t.includes('QuickCert')));
  } finally {
    await rm(dir, { recursive: true });
  }
});

test('stops between weeks when told', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'vigil-demo-'));
  try {
    const files = await demoHistoryFiles(dir, {
      seed: 1,
      nowUs: NOW_US,
      eventsTotal: 500,
      signal: AbortSignal.abort(),
    });
    assert.deepEqual(files, []);
  } finally {
    await rm(dir, { recursive: true });
  }
});
