/** A rule that comes into force after its events learns them from the store, and knows them after a restart. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../base/log.ts';
import { LISTS, THREE } from '../detect/memory/testing.ts';
import { makeContent } from '../pipeline/content.ts';
import { openRig, type Rig, send, testContent, testMeta, until } from '../pipeline/fixture.ts';
import { Teacher } from './teacher.ts';

const DAY_MS = 86_400_000;
const pki = (type: string, serial: string, name: string): string =>
  JSON.stringify({
    event_type: type,
    timestamp: new Date().toISOString(),
    system: 'pki-portal',
    certificate: {
      serial_number: serial,
      common_name: name,
      issuer: 'CN=Example Issuing CA 1',
      not_after: new Date(Date.now() + 5 * DAY_MS).toISOString(),
    },
  });

const teacherOf = (r: Rig): Teacher =>
  new Teacher({
    store: r.store,
    untaught: () => r.pipeline.untaught,
    teach: (t) => r.pipeline.teach(t),
    rules: () => r.pipeline.content.rules,
    lists: () => LISTS,
    storeBehind: () => r.pipeline.storeTrouble !== '',
    tenants: ['default'],
    now: () => Date.now() * 1000 + 60e6,
    log: silentLog,
  });
const known = (r: Rig): number | undefined =>
  r.pipeline.detectionStats.memory.find((m) => m.certificates > 0)?.certificates;

test('certificates that were stored before the rule was there', async () => {
  const rig = await openRig(undefined, { content: testContent([]) });
  send(
    rig,
    ['A1', 'B2', 'C3'].map((s) => pki('certificate_issued', s, `${s.toLowerCase()}.example.org`)),
    testMeta({ door: 'http', format: '' }),
  );
  assert.ok(await rig.pipeline.stored(10_000));
  assert.deepEqual(rig.pipeline.untaught, []);
  const three = makeContent(testContent([THREE]).rules, LISTS);
  rig.pipeline.reload(three);
  // The rule remembers from the next record or tick on.
  send(rig, [pki('certificate_issued', 'D4', 'd4.example.org')], testMeta({ door: 'http', format: '' }));
  await until('both rules ask', async () => (rig.pipeline.untaught.length === 2 ? true : undefined));
  assert.equal(known(rig), 1);
  const teacher = teacherOf(rig);
  assert.equal(await teacher.look(), 2);
  await until('they were taught', async () => (rig.pipeline.untaught.length === 0 ? true : undefined));
  assert.equal(known(rig), 4);
  assert.equal(await teacher.look(), 0);
  await teacher.close();
  await rig.close();
  const again = await openRig(rig.dataDir, { content: three });
  try {
    await again.pipeline.settled();
    assert.equal(known(again), 4);
    assert.deepEqual(again.pipeline.untaught, []);
  } finally {
    await again.close();
  }
});
