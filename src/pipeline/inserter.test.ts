/** The inserter over a store made up for the test. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../base/log.ts';
import { until } from './fixture.ts';
import { Inserter, type InserterDeps, type StoreUnit } from './inserter.ts';

test('while the store is away units are deferred and encoded again, once each, with what it held already', async () => {
  const frames = (from: number, n: number, rows: number) =>
    Array.from({ length: n }, (_, i) => ({
      batch: from + i,
      at: 0,
      count: rows,
      path: '',
      offset: 0,
      length: 1000,
    }));
  const key = { tenant: 't', door: 'd', sender: 's', minute: 0 };
  const unit = (from: number, held: StoreUnit['held'] = new Map()): StoreUnit => ({
    frames: frames(from, 2, 5),
    lines: [{ key, n: 10 }],
    held,
    block: new Uint8Array(30 * 1024 * 1024).fill(1),
    rows: 10,
  });
  let away = true;
  const sent: number[] = [];
  const encoded: number[][] = [];
  let stored = 0;
  const deps: InserterDeps = {
    async insert(blocks) {
      if (away) throw new Error('away');
      sent.push(...blocks.map((b) => b.length));
    },
    async held() {
      if (away) throw new Error('away');
      return new Map();
    },
    heldOrds: async () => new Set(),
    async encode(list, held) {
      encoded.push(list.map((f) => f.batch));
      if (encoded.length === 1) throw new Error('no file handles left');
      return { block: new Uint8Array(held.has(11) ? 7 : 9), rows: held.has(11) ? 5 : list.length * 5 };
    },
    stored: (u) => {
      stored += u.lines.reduce((n, l) => n + l.n, 0);
    },
    log: silentLog,
  };
  const inserter = new Inserter(deps);
  for (let i = 0; i < 8; i++)
    inserter.add(unit(1 + i * 2, i === 5 ? new Map([[11, 'all' as const]]) : new Map()));
  await new Promise((r) => setTimeout(r, 300));
  assert.equal(stored, 0);
  away = false;
  await until('all stored', async () => (stored === 80 ? true : undefined));
  // Two blocks fill the memory; the third unit was at work when the others came, which were joined.
  assert.deepEqual(encoded.at(-1), [7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
  assert.equal(sent.filter((n) => n === 7).length, 1);
  assert.equal(sent.length, 4);
  await inserter.close(100);
});
