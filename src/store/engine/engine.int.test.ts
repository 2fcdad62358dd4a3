/** The embedded engine: settings stay with their request, aborts kill, limits hold, it comes back, it ends with us. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { silentLog } from '../../base/log.ts';
import { BlockEncoder } from '../native.ts';
import { openTestStore, type TestStore, testEvent, testProvenance } from '../testing.ts';
import { StoreError } from './client.ts';
import { startEngine } from './engine.ts';
import { SEARCHES_MAX } from './wire.ts';

let t: TestStore;
let restarts = 0;
before(async () => {
  t = await openTestStore({ onRestart: () => restarts++ });
});
after(() => t.end());

const block = (batch: number, rows: number): Uint8Array => {
  const e = new BlockEncoder();
  for (let ord = 0; ord < rows; ord++)
    e.add(testEvent({ 'user.name': `u${ord}` }), testProvenance({ batch, ord }));
  return e.finish();
};
const kind = (k: StoreError['kind']) => (e: unknown) => e instanceof StoreError && e.kind === k;
const until = async (what: string, check: () => boolean | Promise<boolean>, ms = 15_000): Promise<void> => {
  for (const end = Date.now() + ms; Date.now() < end; await new Promise((r) => setTimeout(r, 50))) {
    if (await check()) return;
  }
  assert.fail(`${what} did not happen within ${ms} ms`);
};
/** A process that is no zombie. */
const alive = (pid: number): boolean => {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};
/** Takes far longer than any test. */
const ENDLESS = 'SELECT count() FROM system.numbers WHERE NOT ignore(sipHash64(number))';
const running = async (): Promise<number> =>
  Number(
    (
      await t.engine.select(
        "SELECT count() FROM system.processes WHERE query LIKE '%sipHash64%' AND query NOT LIKE '%system.processes%'",
      )
    ).rows[0]?.[0],
  );

test('settings and parameters do not leak into another request', async () => {
  const get = "SELECT getSetting('max_threads'), getSetting('max_block_size')";
  const [before] = (await t.engine.select(get)).rows;
  const work = Array.from({ length: 24 }, async (_, i) => {
    const own = await t.engine.select(`${get}, {v:String}`, {
      settings: { max_threads: 7, max_block_size: 1000 + i },
      params: { v: `v${i}` },
    });
    assert.deepEqual(own.rows, [[7, 1000 + i, `v${i}`]]);
    assert.deepEqual((await t.engine.select(get)).rows, [before]);
    await assert.rejects(
      t.engine.select('SELECT {v:String}'),
      (e) => e instanceof StoreError && e.code === 456,
    );
  });
  await Promise.all(work);
});

test('an abort stops the query in the engine, a timeout too', async () => {
  const gone = new AbortController();
  const query = t.engine.select(ENDLESS, { signal: gone.signal });
  await until('the query', async () => (await running()) === 1);
  gone.abort();
  await assert.rejects(query, kind('aborted'));
  await until('the kill', async () => (await running()) === 0);
  const side = (name: string) => `(SELECT ord AS ${name} FROM vigil.events WHERE batch = 900) AS ${name}s`;
  const slow = `SELECT max(sipHash64(x, y)) FROM ${side('x')}, ${side('y')}`;
  await t.store.insert([block(900, 20_000)], 'many');
  await assert.rejects(t.engine.search(slow, { timeoutMs: 300 }), kind('timeout'));
  await t.engine.command('ALTER TABLE vigil.events DELETE WHERE batch = 900', {
    settings: { mutations_sync: 1 },
  });
});

test('searches are bounded in rows, number and memory, and leave inserts alone', async () => {
  await t.store.insert([block(1, 5000)], 'rows');
  const few = await t.engine.search('SELECT ord FROM vigil.events WHERE batch = 1 ORDER BY ord', {
    maxRows: 10,
  });
  assert.deepEqual([few.rows.length, few.partial, few.rows[9]], [10, true, [9]]);
  const all = await t.engine.search('SELECT ord FROM vigil.events WHERE batch = 1', { maxRows: 5000 });
  assert.deepEqual([all.rows.length, all.partial], [5000, false]);
  const big =
    'SELECT length(groupArray(concat(raw, toString(e)))) FROM vigil.events ARRAY JOIN arrayMap(x -> x, {n:Array(UInt32)}) AS e WHERE batch = 1';
  const n = Array.from({ length: 3000 }, (_, i) => i);
  await assert.rejects(t.engine.search(big, { params: { n } }), kind('memory'));
  const flood = Array.from({ length: 40 }, () =>
    t.engine.search(big, { params: { n }, timeoutMs: 5000 }).catch((e: StoreError) => e.kind),
  );
  const started = performance.now();
  await t.store.insert([block(2, 100)], 'in the flood');
  const insertMs = performance.now() - started;
  for (const r of await Promise.all(flood))
    assert.ok(r === 'memory' || r === 'timeout' || r === 'unavailable', String(r));
  assert.ok(insertMs < 5000, `an insert took ${insertMs} ms under ${SEARCHES_MAX} heavy searches`);
  assert.deepEqual(
    await t.store.held(1, 1, 2),
    new Map([
      [1, 5000],
      [2, 100],
    ]),
  );
});

test('a broken body is refused and nothing of it is stored', async () => {
  const good = block(3, 50);
  for (const cut of [1, 100, good.length - 1]) {
    await assert.rejects(t.store.insert([good.subarray(0, cut)], `cut${cut}`), kind('query'));
  }
  const noise = Buffer.alloc(5000, 0xff);
  await assert.rejects(t.store.insert([noise], 'noise'), (e) => e instanceof StoreError);
  assert.deepEqual(await t.store.held(1, 3, 3), new Map());
  assert.equal(
    readdirSync(join(t.dataDir, 'run')).some((n) => n.startsWith('body-')),
    false,
  );
});

test('killed, it comes back by itself with everything acknowledged', async () => {
  const acknowledged = (await t.store.stats()).rows;
  const pid = t.engine.pid;
  process.kill(pid, 'SIGKILL');
  await until('the restart', () => restarts === 1);
  assert.notEqual(t.engine.pid, pid);
  assert.equal((await t.store.stats()).rows, acknowledged);
  await t.store.insert([block(4, 10)], 'after');
  assert.equal((await t.store.held(1, 4, 4)).get(4), 10);
});

test('a second engine on the folder waits for the first, and a parent killed leaves none behind', async (ctx) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'vigil-orphan-'));
  const program = join(dataDir, 'parent.ts');
  const here = (name: string): string => JSON.stringify(new URL(name, import.meta.url).href);
  writeFileSync(
    program,
    `import { startEngine } from ${here('./engine.ts')};
     import { silentLog } from ${here('../../base/log.ts')};
     const e = await startEngine({ dataDir: ${JSON.stringify(dataDir)}, memoryBytes: ${1024 ** 3}, log: silentLog });
     await e.command('CREATE DATABASE vigil ENGINE = Atomic');
     console.log(e.pid);`,
  );
  const parent: ChildProcess = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
  ctx.after(() => rmSync(dataDir, { recursive: true, force: true }));
  const [line] = (await once(parent.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
  const orphan = Number(line.toString().trim());
  assert.ok(alive(orphan));
  // Stopped, it cannot notice that its parent is gone, and keeps the folder.
  process.kill(orphan, 'SIGSTOP');
  parent.kill('SIGKILL');
  const said: string[] = [];
  const log = {
    ...silentLog,
    warn: (_: string, d?: Readonly<Record<string, unknown>>) => said.push(String(d?.['why'])),
  };
  const starting = startEngine({ dataDir, memoryBytes: 1024 ** 3, log });
  await until('the wait', () => said.some((w) => w.includes(`process ${orphan}`)));
  process.kill(orphan, 'SIGCONT');
  const second = await starting;
  try {
    await until('the end of the orphan', () => !alive(orphan));
    const r = await second.select("SELECT count() FROM system.databases WHERE name = 'vigil'");
    assert.deepEqual(r.rows, [[1]]);
  } finally {
    const started = performance.now();
    await second.stop();
    assert.ok(performance.now() - started < 4500);
  }
  await assert.rejects(second.select('SELECT 1'), kind('unavailable'));
});
