import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openRig, type Rig, testMeta } from './fixture.ts';

let rig: Rig;
before(async () => {
  rig = await openRig();
});
after(() => rig?.close());

const failure = (ip: string, pid: number): string =>
  `<38>${new Date().toISOString()} web01 sshd[${pid}]: Failed password for root from ${ip} port ${40000 + pid} ssh2`;

function send(r: Rig, lines: readonly string[], meta = testMeta()): void {
  for (const line of lines) {
    const raw = Buffer.from(line);
    r.pipeline.intake.received(meta, 1, raw.length);
    assert.equal(r.pipeline.intake.offer({ meta, raw, pos: '' }), 'taken');
  }
}
async function until<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  for (let i = 0; i < 100; i++) {
    const v = await ask();
    if (v !== undefined) return v;
    await new Promise((r) => setTimeout(r, 50));
  }
  throw new Error(`timed out: ${what}`);
}
const rows = async (r: Rig, want: number): Promise<number> =>
  until(`${want} rows`, async () => {
    const n = (await r.store.stats()).rows;
    return n >= want ? n : undefined;
  });
const all = { tenants: ['default'], from: 0, to: 4e15 };
const alerts = async (r: Rig) =>
  (await r.control.alertPage({ tenant: 'default', sort: 'newest', limit: 50 })).alerts;

test('ten failures do not fire, the eleventh does; the ledger balances to the record', async () => {
  send(
    rig,
    Array.from({ length: 10 }, (_, i) => failure('203.0.113.7', i)),
  );
  await rig.pipeline.intake.durable();
  await rig.pipeline.settled();
  assert.equal((await alerts(rig)).length, 0);
  send(rig, [failure('203.0.113.7', 11)]);
  await rig.pipeline.settled();
  const found = await alerts(rig);
  assert.equal(found.length, 1);
  assert.equal(found[0]?.count, 11);
  assert.deepEqual(found[0]?.key, ['source.ip=203.0.113.7']);
  assert.equal(rig.control.dueOutbox(4e15, 10).length, 1);
  assert.equal(await rows(rig, 11), 11);
  const lines = await rig.pipeline.ledger.report(all);
  assert(lines.length > 0);
  for (const l of lines) assert(l.balanced, JSON.stringify(l));
  assert.equal(
    lines.reduce((n, l) => n + l.stored, 0),
    11,
  );
  assert.equal(
    lines.reduce((n, l) => n + l.received, 0),
    11,
  );
  assert.equal(
    lines.reduce((n, l) => n + l.evaluated, 0),
    11,
  );
});

test('the ledger balances at every moment while events flow, drops included', async () => {
  const meta = testMeta({ sender: '192.0.2.99' });
  for (let round = 0; round < 8; round++) {
    send(
      rig,
      Array.from({ length: 300 }, (_, i) => `<13>plain words ${round} ${i}`),
      meta,
    );
    rig.pipeline.intake.received(meta, 2, 10);
    rig.pipeline.intake.dropped(meta, 'too_large', 2);
    await rig.pipeline.intake.durable();
    const lines = await rig.pipeline.ledger.report(all);
    for (const l of lines) assert(l.balanced, JSON.stringify(l));
    await new Promise((r) => setTimeout(r, 120));
  }
  await rig.pipeline.settled();
  assert.equal(await rows(rig, 11 + 2400), 2411);
  const mine = (await rig.pipeline.ledger.report(all)).filter((l) => l.sender === '192.0.2.99');
  assert.equal(
    mine.reduce((n, l) => n + l.received, 0),
    2416,
  );
  assert.equal(
    mine.reduce((n, l) => n + (l.dropped['too_large'] ?? 0), 0),
    16,
  );
});

test('a restart goes on where it stopped: half a brute force before, half after, one alert; nothing doubled', async () => {
  send(
    rig,
    Array.from({ length: 6 }, (_, i) => failure('203.0.113.20', 100 + i)),
  );
  await rig.pipeline.settled();
  const before = (await rig.store.stats()).rows;
  const dir = rig.dataDir;
  await rig.close();
  rig = await openRig(dir);
  assert.equal((await alerts(rig)).length, 1);
  send(
    rig,
    Array.from({ length: 5 }, (_, i) => failure('203.0.113.20', 200 + i)),
  );
  await rig.pipeline.settled();
  const found = await alerts(rig);
  assert.equal(found.length, 2);
  assert.equal(found[0]?.count, 11);
  assert(before >= 2411);
  assert.equal(await rows(rig, 2422), 2422);
  for (const l of await rig.pipeline.ledger.report(all)) assert(l.balanced, JSON.stringify(l));
});

test('the engine killed under load loses and doubles nothing', async () => {
  const base = (await rig.store.stats()).rows;
  const meta = testMeta({ sender: '192.0.2.50' });
  for (let i = 0; i < 12; i++) {
    send(
      rig,
      Array.from({ length: 400 }, (_, k) => `<13>kill test ${i} ${k}`),
      meta,
    );
    await rig.pipeline.intake.durable();
    if (i === 4 || i === 8) process.kill(rig.engine.pid, 'SIGKILL');
    await new Promise((r) => setTimeout(r, 150));
  }
  await rig.pipeline.settled();
  await until('all stored', async () => (rig.pipeline.pendingRecords === 0 ? true : undefined));
  assert.equal((await rig.store.stats()).rows, base + 4800);
  for (const l of await rig.pipeline.ledger.report(all)) assert(l.balanced, JSON.stringify(l));
});
