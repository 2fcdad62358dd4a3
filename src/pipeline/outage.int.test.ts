/** Stores that are away: what waits is bounded, comes in once, and nothing that was judged is lost. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  alertsOf,
  failure,
  ledgerOf,
  openRig,
  type Rig,
  send,
  testMeta,
  until,
  withMethods,
} from './fixture.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

test('an insert that arrived unheard, while the store then says nothing for a time, is not sent again', async () => {
  let inserts = 0;
  let silent = 0;
  const rig = await openRig(undefined, {
    wrap: (store) => ({
      store: withMethods(store, {
        async insert(blocks, token) {
          // Another token each time: the engine's own deduplication must not be what saves us.
          await store.insert(blocks, `${token}-${inserts}`);
          if (++inserts === 1) throw new Error('connection lost');
        },
        async held(node, from, to) {
          if (++silent <= 2) throw new Error('still starting');
          return store.held(node, from, to);
        },
      }),
    }),
  });
  try {
    silent = 0;
    send(
      rig,
      Array.from({ length: 50 }, (_, i) => `<13>in doubt ${i}`),
    );
    assert(await rig.pipeline.stored(10_000));
    assert.equal((await rig.store.stats()).rows, 50);
    await ledgerOf(rig);
  } finally {
    await rig.close();
  }
});

test('the ledger balances while an insert is in doubt', async () => {
  let first = true;
  const rig = await openRig(undefined, {
    wrap: (store) => ({
      store: withMethods(store, {
        async insert(blocks, token) {
          await store.insert(blocks, token);
          if (!first) return;
          first = false;
          throw new Error('connection lost');
        },
      }),
    }),
  });
  try {
    await rig.pipeline.settled();
    send(
      rig,
      Array.from({ length: 50 }, (_, i) => `<13>in doubt ${i}`),
    );
    await until('trouble', async () => (rig.pipeline.storeTrouble === '' ? undefined : true));
    await ledgerOf(rig);
    assert(await rig.pipeline.stored(5000));
    assert.equal((await rig.store.stats()).rows, 50);
    await ledgerOf(rig);
  } finally {
    await rig.close();
  }
});

test('the ledger is given while the store does not answer, and says so', async () => {
  let away = false;
  const rig = await openRig(undefined, {
    wrap: (store) => ({
      store: withMethods(store, {
        async insert(blocks, token) {
          if (away) throw new Error('away');
          await store.insert(blocks, token);
        },
        async counts(from, to) {
          if (away) throw new Error('away');
          return store.counts(from, to);
        },
      }),
    }),
  });
  try {
    send(rig, ['<13>one', '<13>two']);
    assert(await rig.pipeline.stored(5000));
    await ledgerOf(rig);
    assert.equal(rig.pipeline.ledger.trouble, '');
    away = true;
    send(rig, ['<13>three']);
    await rig.pipeline.settled();
    const lines = await ledgerOf(rig);
    assert.match(rig.pipeline.ledger.trouble, /away/);
    assert.equal(
      lines.reduce((n, l) => n + l.received, 0),
      3,
    );
    assert.equal(
      lines.reduce((n, l) => n + l.pending, 0),
      1,
    );
    away = false;
    assert(await rig.pipeline.stored(20_000));
    await ledgerOf(rig);
    assert.equal(rig.pipeline.ledger.trouble, '');
  } finally {
    await rig.close();
  }
});

test('a long outage of the store: detection goes on, memory does not grow with what waits, all comes in', async () => {
  let away = true;
  const rig = await openRig(undefined, {
    wrap: (store) => ({
      store: withMethods(store, {
        async insert(blocks, token) {
          if (away) throw new Error('away');
          await store.insert(blocks, token);
        },
      }),
    }),
  });
  try {
    const heap = (): number => {
      collectGarbage();
      const m = process.memoryUsage();
      return m.external + m.arrayBuffers;
    };
    const start = heap();
    const filler = 'x'.repeat(60_000);
    for (let round = 0; round < 36; round++) {
      send(
        rig,
        Array.from({ length: 50 }, (_, i) => `<13>${round} ${i} ${filler}`),
      );
      await rig.pipeline.intake.durable();
      await rig.pipeline.settled();
    }
    send(
      rig,
      Array.from({ length: 11 }, (_, i) => failure('203.0.113.9', i)),
    );
    await rig.pipeline.settled();
    assert.equal((await alertsOf(rig)).length, 1);
    assert.notEqual(rig.pipeline.storeTrouble, '');
    // 108 MB came in; blocks of at most 48 MB may wait (and one of 4 MB in each hand), the frames' own bytes may not.
    const grown = heap() - start;
    assert(grown < 180e6, `${Math.round(grown / 1e6)} MB`);
    away = false;
    assert(await rig.pipeline.stored(20_000));
    assert.equal((await rig.store.stats()).rows, 1811);
    await ledgerOf(rig);
  } finally {
    await rig.close();
  }
});

test('a commit that fails is tried again; what the unit judged is neither lost nor doubled', async () => {
  let broken = 0;
  const rig = await openRig(undefined, {
    wrap: (_store, control) => ({
      control: withMethods(control, {
        commitBatch(tx) {
          if (broken-- > 0) throw new Error('database is locked');
          return control.commitBatch(tx);
        },
      }),
    }),
  });
  try {
    await rig.pipeline.settled();
    broken = 2;
    send(
      rig,
      Array.from({ length: 11 }, (_, i) => failure('203.0.113.8', i)),
    );
    await rig.pipeline.intake.durable();
    await until('trouble', async () => (rig.pipeline.commitTrouble !== '' ? true : undefined));
    await ledgerOf(rig);
    await rig.pipeline.settled();
    assert.deepEqual(
      (await alertsOf(rig)).map((a) => a.count),
      [11],
    );
    assert(await rig.pipeline.stored(5000));
    assert.equal((await rig.store.stats()).rows, 11);
    await ledgerOf(rig);
  } finally {
    await rig.close();
  }
});

test('closing takes its time and no more while both stores fail; the next start has it all', async () => {
  let rig: Rig = await openRig(undefined, {
    wrap: (store, control) => ({
      store: withMethods(store, {
        insert: async () => {
          throw new Error('away');
        },
      }),
      control: withMethods(control, {
        commitBatch: () => {
          throw new Error('disk full');
        },
      }),
    }),
  });
  send(
    rig,
    Array.from({ length: 11 }, (_, i) => failure('203.0.113.7', i)),
    testMeta({ sender: '192.0.2.5' }),
  );
  await rig.pipeline.intake.durable();
  const begun = Date.now();
  await rig.pipeline.close(3000);
  assert(Date.now() - begun < 3500, `${Date.now() - begun} ms`);
  rig.control.close();
  await rig.engine.stop();
  rig = await openRig(rig.dataDir);
  try {
    await rig.pipeline.settled();
    assert.deepEqual(
      (await alertsOf(rig)).map((a) => a.count),
      [11],
    );
    assert(await rig.pipeline.stored(5000));
    assert.equal((await rig.store.stats()).rows, 11);
    await ledgerOf(rig);
  } finally {
    await rig.close();
  }
});
