/** Restarts at bad moments: what is judged, by which rules, and what people did, is as if there had been none. */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  alertsOf,
  BRUTE_RULES,
  failure,
  ledgerOf,
  openRig,
  type Rig,
  type RigOptions,
  send,
  testContent,
  until,
  withMethods,
} from './fixture.ts';

const OTHER = testContent([
  `title: Any failed login
id: 6d7c5f0c-0000-4000-8000-000000000009
taxonomy: ecs
status: test
level: low
logsource: { product: linux, service: sshd }
detection:
  selection: { event.action: ssh_login, event.outcome: failure }
  condition: selection
`,
]);
const audit = {
  at: 1,
  who: 'ann',
  from: 'local',
  action: 'alert.status',
  object: '',
  outcome: 'ok' as const,
  detail: '',
};
const close = (r: Rig, id: string) =>
  r.control.setAlertStatus(
    { id, tenants: ['default'], at: Date.now() * 1000, by: 'ann' },
    { status: 'closed', reason: 'false_positive' },
    audit,
  );
const burst = (ip: string, n: number, from = 0) => Array.from({ length: n }, (_, i) => failure(ip, from + i));

/** As a power cut leaves the folder: copied while it runs, with the engine's part as it was. */
let rig: Rig;
const dirs = (): string => mkdtempSync(join(tmpdir(), 'vigil-restart-'));
async function cut(r: Rig, more: RigOptions = {}): Promise<Rig> {
  const dir = dirs();
  for (const part of ['journal', 'state', 'content', 'control.sqlite', 'control.sqlite-wal'])
    cpSync(join(r.dataDir, part), join(dir, part), { recursive: true });
  return openRig(dir, more);
}
before(async () => {
  rig = await openRig();
});
after(() => rig?.close());

test('a replay judges by the rules that were in force, not by those installed now', async () => {
  send(rig, burst('203.0.113.1', 6));
  await rig.pipeline.settled();
  const again = await cut(rig, { content: OTHER });
  try {
    assert.notEqual(again.pipeline.content.hash, OTHER.hash);
    send(again, burst('203.0.113.1', 5, 6));
    await again.pipeline.settled();
    assert.deepEqual(
      (await alertsOf(again)).map((a) => [a.ruleTitle, a.count]),
      [['More than ten failed logins from one address', 11]],
    );
    assert(await again.pipeline.stored(5000));
    assert.equal((await again.store.stats()).rows, 11);
    await ledgerOf(again);
    // The new start's rules come by a record of their own.
    again.pipeline.reload(OTHER);
    send(again, burst('203.0.113.2', 1));
    await again.pipeline.settled();
    assert.equal((await alertsOf(again)).length, 2);
  } finally {
    await again.close();
  }
});

test('an alert that a person closed just before the crash stays closed: what comes next opens a linked one', async () => {
  send(rig, burst('203.0.113.3', 11));
  await rig.pipeline.settled();
  const [alert] = await alertsOf(rig);
  assert(alert !== undefined);
  await close(rig, alert.id);
  // At once: the journal has not heard of it yet.
  const again = await cut(rig);
  try {
    await again.pipeline.settled();
    await new Promise((r) => setTimeout(r, 100));
    send(again, burst('203.0.113.3', 1, 20));
    await again.pipeline.settled();
    const mine = (await alertsOf(again)).filter((a) => a.key.includes('source.ip=203.0.113.3'));
    assert.deepEqual(
      mine.map((a) => [a.status, a.follows]),
      [
        ['new', alert.id],
        ['closed', ''],
      ],
    );
  } finally {
    await again.close();
  }
});

test('closed, then followed by another alert, then a crash: the replay makes the same two', async () => {
  send(rig, burst('203.0.113.4', 11));
  await rig.pipeline.settled();
  const [first] = await alertsOf(rig);
  assert(first !== undefined);
  await close(rig, first.id);
  await new Promise((r) => setTimeout(r, 60));
  send(rig, burst('203.0.113.4', 2, 20));
  await rig.pipeline.settled();
  const want = (await alertsOf(rig)).map((a) => [a.id, a.count, a.follows, a.status]);
  assert.equal(want[0]?.[2], first.id);
  const again = await cut(rig);
  try {
    send(again, burst('203.0.113.4', 1, 40));
    await again.pipeline.settled();
    await new Promise((r) => setTimeout(r, 1500));
    await again.pipeline.settled();
    const got = (await alertsOf(again)).map((a) => [a.id, a.follows, a.status]);
    assert.deepEqual(
      got,
      want.map(([id, , follows, status]) => [id, follows, status]),
    );
  } finally {
    await again.close();
  }
});

test('rules changed and changed back while units are under way: the last word is in force', async () => {
  const back = testContent(BRUTE_RULES);
  rig.pipeline.reload(OTHER);
  rig.pipeline.reload(back);
  const again = await cut(rig, { content: back });
  await again.close();
  await rig.pipeline.settled();
  assert.equal(rig.pipeline.content.hash, back.hash);
});

test('cut between commit and insert: the store gets what it lacks, the ledger balances at once', async () => {
  let away = true;
  const dir = dirs();
  let r = await openRig(dir, {
    wrap: (store) => ({
      store: withMethods(store, {
        async insert(blocks, token) {
          if (away) throw new Error('away');
          await store.insert(blocks, token);
          throw new Error('and not heard of');
        },
      }),
    }),
  });
  send(r, burst('203.0.113.5', 11));
  await r.pipeline.settled();
  await new Promise((f) => setTimeout(f, 800));
  away = false;
  await until('arrived unheard', async () => ((await r.store.stats()).rows === 11 ? true : undefined));
  send(r, ['<13>more that did not arrive']);
  away = true;
  await r.pipeline.settled();
  await r.pipeline.close(600);
  r.control.close();
  await r.engine.stop();
  r = await openRig(dir);
  try {
    await ledgerOf(r);
    assert(await r.pipeline.stored(5000));
    assert.equal((await r.store.stats()).rows, 12);
    assert.deepEqual(
      (await alertsOf(r)).map((a) => a.count),
      [11],
    );
    await ledgerOf(r);
  } finally {
    await r.close();
  }
});

test('a damaged snapshot is set aside and the older one used', async () => {
  const dir = dirs();
  let r = await openRig(dir);
  send(r, burst('203.0.113.6', 5));
  await r.pipeline.settled();
  await r.close();
  r = await openRig(dir);
  send(r, burst('203.0.113.6', 5, 10));
  await r.pipeline.settled();
  await r.close();
  const states = readdirSync(join(dir, 'state')).sort();
  assert.equal(states.length, 2);
  const newest = join(dir, 'state', states[1] as string);
  const bytes = readFileSync(newest);
  bytes[bytes.length - 10] = (bytes[bytes.length - 10] as number) ^ 1;
  writeFileSync(newest, bytes);
  r = await openRig(dir);
  try {
    assert(readdirSync(join(dir, 'state')).some((n) => n.endsWith('.damaged')));
    send(r, burst('203.0.113.6', 1, 20));
    await r.pipeline.settled();
    assert.deepEqual(
      (await alertsOf(r)).map((a) => a.count),
      [11],
    );
  } finally {
    await r.close();
  }
});
