/** Events that stop parsing: stored raw, counted as not evaluated, and nothing else suffers. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { alertsOf, failure, ledgerOf, openRig, type Rig, send, testMeta } from './fixture.ts';

let rig: Rig;
before(async () => {
  rig = await openRig(undefined, {
    workerScript: new URL('./poison-worker-fixture.ts', import.meta.url),
    stallMs: 1500,
  });
});
after(() => rig?.close());

for (const [n, kind] of ['throw', 'row', 'exit', 'hang'].entries()) {
  test(`an event that makes its worker ${kind} is quarantined alone`, async () => {
    const sender = `192.0.2.${100 + n}`;
    const ip = `203.0.113.${100 + n}`;
    const before = (await rig.store.stats()).rows;
    const lines = Array.from({ length: 11 }, (_, i) => failure(ip, i));
    // Among others of its frame, with a unit of innocents waiting behind it.
    send(rig, [...lines.slice(0, 4), `<13>POISON ${kind}`, ...lines.slice(4)], testMeta({ sender }));
    await rig.pipeline.intake.durable();
    await new Promise((r) => setTimeout(r, 60));
    send(rig, ['<13>behind it'], testMeta({ sender }));
    await rig.pipeline.settled();
    assert.equal((await alertsOf(rig)).filter((a) => a.key.includes(`source.ip=${ip}`)).length, 1);
    assert(await rig.pipeline.stored(5000));
    assert.equal((await rig.store.stats()).rows, before + 13);
    const mine = (await ledgerOf(rig)).filter((l) => l.sender === sender);
    const sum = (f: (l: (typeof mine)[number]) => number): number => mine.reduce((a, l) => a + f(l), 0);
    assert.deepEqual(
      [sum((l) => l.received), sum((l) => l.quarantined), sum((l) => l.evaluated)],
      [13, 1, 12],
    );
    assert.equal(
      sum((l) => l.failed['poison'] ?? 0),
      1,
    );
  });
}
