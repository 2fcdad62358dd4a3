import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'node:test';
import { silentLog } from '../base/log.ts';
import { RETENTION_DEFAULT } from '../model/retention.ts';
import { testContent } from './fixture.ts';
import { WorkerPool } from './worker-pool.ts';

const root = new URL('../../', import.meta.url).pathname;
const options = (script: string) => ({
  sourcesDir: join(root, 'content/sources'),
  content: testContent(),
  hostZone: 'UTC',
  hostName: 'here',
  node: 1,
  retention: RETENTION_DEFAULT,
  networks: [],
  script: pathToFileURL(script),
});

test('workers that cannot start: the start fails, and none is left to start again and again', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'vigil-pool-'));
  const script = join(dir, 'w.mjs');
  writeFileSync(
    script,
    `import { appendFileSync } from 'node:fs';
    appendFileSync(${JSON.stringify(join(dir, 'starts'))}, 'x');
    throw new Error('no sources');`,
  );
  await assert.rejects(WorkerPool.start(1, options(script), silentLog), /no sources/);
  await new Promise((r) => setTimeout(r, 1300));
  assert.equal(readFileSync(join(dir, 'starts'), 'utf8'), 'x');
});

test('a unit is judged by the content it was given with, also after a later one was given another', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'vigil-pool-'));
  const script = join(dir, 'w.mjs');
  // Says which content it has by the cause of its failure; dies on the first unit the first time.
  writeFileSync(
    script,
    `import { parentPort, workerData } from 'node:worker_threads';
    import { existsSync, writeFileSync } from 'node:fs';
    const died = ${JSON.stringify(join(dir, 'died'))};
    let content = workerData.options.content;
    parentPort.on('message', (m) => {
      if (m.kind === 'content') { content = m.text; return; }
      if (!existsSync(died)) { writeFileSync(died, ''); process.exit(1); }
      parentPort.postMessage({ kind: 'failed', seq: m.seq, cause: content });
    });
    parentPort.postMessage({ kind: 'ready', problems: [] });`,
  );
  const pool = await WorkerPool.start(1, options(script), silentLog);
  const [a, b] = [testContent(), testContent([])];
  const unit = (seq: number) => ({ kind: 'unit' as const, seq, match: true, frames: [] });
  const said = await Promise.all([pool.run(unit(1), a), pool.run(unit(2), b)]);
  assert.deepEqual(
    said.map((o) => (o.kind === 'failed' ? o.cause : '')),
    [a.text, b.text],
  );
  await pool.close();
});
