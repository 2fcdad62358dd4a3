import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { lockHolder, openDataFolder } from './data-folder.ts';

test('of several starters that find the lock of a dead Vigil exactly one gets the folder', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'vigil-lock-'));
  const script = `import { openDataFolder } from ${JSON.stringify(new URL('./data-folder.ts', import.meta.url).href)};
    while (Date.now() < Number(process.argv[2])) {}
    console.log(openDataFolder(process.argv[1]).ok);
    await new Promise((r) => setTimeout(r, 700));`;
  for (let round = 0; round < 2; round++) {
    writeFileSync(join(dir, 'vigil.lock'), JSON.stringify({ pid: 2 ** 22 + 5, started: '1' }));
    const at = String(Date.now() + 900);
    const said = await Promise.all(
      Array.from(
        { length: 4 },
        () =>
          new Promise<string>((done) => {
            const child = spawn(process.execPath, ['--input-type=module', '-e', script, dir, at], {
              stdio: ['ignore', 'pipe', 'inherit'],
            });
            let text = '';
            child.stdout.on('data', (b: Buffer) => {
              text += b.toString();
            });
            child.on('close', () => done(text.trim()));
          }),
      ),
    );
    assert.deepEqual(said.sort(), ['false', 'false', 'false', 'true']);
  }
  assert.deepEqual(
    readdirSync(dir).filter((n) => n.includes('.lock.')),
    [],
  );
});

test('a lock is held until it is released; a second one names the holder', () => {
  const dir = mkdtempSync(join(tmpdir(), 'vigil-lock-'));
  const first = openDataFolder(dir);
  assert(first.ok);
  assert.equal(lockHolder(dir), process.pid);
  const second = openDataFolder(dir);
  assert(!second.ok && second.error.includes(String(process.pid)));
  first.value.release();
  assert.equal(lockHolder(dir), undefined);
});
