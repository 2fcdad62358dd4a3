/**
 * The engine is killed under inserts: after asking what is held and sending what is missing, every row is there once.
 * VIGIL_KILLS sets how often (default 4, to stay short).
 */
import assert from 'node:assert/strict';
import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { StoreError } from './engine/client.ts';
import { BlockEncoder } from './native.ts';
import { openTestStore, testEvent, testProvenance } from './testing.ts';

const KILLS = Number(process.env['VIGIL_KILLS'] ?? 4);
const ROWS = 400;

test('killed at random points under inserts, nothing acknowledged is lost and nothing is doubled', async (ctx) => {
  let restarted = (): void => {};
  const t = await openTestStore({ onRestart: () => restarted() });
  ctx.after(() => t.end());
  const encoder = new BlockEncoder();
  const block = (batch: number, missing: (ord: number) => boolean): Uint8Array => {
    for (let ord = 0; ord < ROWS; ord++) {
      if (missing(ord)) encoder.add(testEvent({ n: ord }), testProvenance({ batch, ord }));
    }
    return encoder.finish();
  };
  const acknowledged = new Set<number>();
  let inDoubt = 0;
  let batch = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const back = new Promise<void>((resolve) => {
      restarted = resolve;
    });
    // Anywhere between before the request and well into it; the later kills hit merges too.
    const pid = t.engine.pid;
    setTimeout(() => process.kill(pid, 'SIGKILL'), 150 + ((kill * 37) % 90));
    for (;;) {
      batch++;
      try {
        await t.store.insert([block(batch, () => true)], `kill-${batch}`);
        acknowledged.add(batch);
      } catch (e) {
        assert.ok(e instanceof StoreError && e.kind === 'unavailable', String(e));
        break;
      }
    }
    await back;
    const held = await t.store.heldOrds(1, batch);
    if (held.size < ROWS)
      await t.store.insert([block(batch, (ord) => !held.has(ord))], `kill-${batch}-again`);
    inDoubt++;
    acknowledged.add(batch);
    const all = await t.store.held(1, 1, batch);
    for (const b of acknowledged) assert.equal(all.get(b), ROWS, `batch ${b} after kill ${kill + 1}`);
    assert.equal(all.size, acknowledged.size);
    assert.deepEqual(await t.store.detachedParts(), []);
  }
  assert.equal(inDoubt, KILLS);
  assert.ok(acknowledged.size > KILLS, 'no insert was acknowledged between the kills');
});

test('a part that lost bytes is put aside by the engine, and the store says so', async (ctx) => {
  let restarted = (): void => {};
  const back = new Promise<void>((resolve) => {
    restarted = resolve;
  });
  const t = await openTestStore({ onRestart: () => restarted() });
  ctx.after(() => t.end());
  const encoder = new BlockEncoder();
  for (const [batch, retentionClass] of [
    [1, 'a'],
    [2, 'b'],
  ] as const) {
    encoder.add(testEvent({ n: 1 }), testProvenance({ batch, retentionClass }));
    await t.store.insert([encoder.finish()], `part-${batch}`);
  }
  assert.deepEqual(await t.store.detachedParts(), []);
  const parts = await t.engine.select(
    "SELECT path FROM system.parts WHERE database = 'vigil' AND table = 'events' AND active ORDER BY partition",
  );
  truncateSync(join(String(parts.rows[0]?.[0]), 'data.bin'), 10);
  process.kill(t.engine.pid, 'SIGKILL');
  await back;
  assert.deepEqual(await t.store.held(1, 0, 9), new Map([[2, 1]]));
  const [detached, ...others] = await t.store.detachedParts();
  assert.match(detached?.reason ?? '', /broken/);
  assert.equal(others.length, 0);
});
