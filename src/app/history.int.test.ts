/**
 * Late and imported events with the real pipeline and store: what was offline raises what it would have raised, an import
 * enters no live window and tells nobody, one wrong clock closes nobody's window.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { silentLog } from '../base/log.ts';
import type { Alert, AlertChange } from '../model/alert.ts';
import type { RecordMeta } from '../model/record.ts';
import { alertsOf, openRig, type Rig, send, testContent, testMeta } from '../pipeline/fixture.ts';
import { History } from './history.ts';

const RULES = [
  `title: One failed login
id: 6d7c5f0c-0000-4000-8000-000000000001
name: one_failure
taxonomy: ecs
status: test
level: informational
logsource: { product: linux, service: sshd }
detection:
  selection: { event.action: ssh_login, event.outcome: failure }
  condition: selection
`,
  `title: More than ten failed logins from one address
id: 6d7c5f0c-0000-4000-8000-000000000002
name: brute
status: test
level: high
taxonomy: ecs
correlation:
  type: event_count
  rules: [one_failure]
  group-by: [source.ip]
  timespan: 5m
  condition: { gt: 10 }
`,
  `title: One address, many accounts
id: 6d7c5f0c-0000-4000-8000-000000000003
name: spray
status: test
level: medium
taxonomy: ecs
correlation:
  type: value_count
  rules: [one_failure]
  group-by: [source.ip]
  timespan: 10m
  condition: { field: user.name, gte: 5 }
`,
];
const BRUTE = '6d7c5f0c-0000-4000-8000-000000000002';
const SPRAY = '6d7c5f0c-0000-4000-8000-000000000003';

type Login = { readonly at: number; readonly ip: string; readonly user: string; readonly host: string };
let pid = 1;
const line = (l: Login): string => {
  pid++;
  return `<38>${new Date(l.at).toISOString()} ${l.host} sshd[${pid}]: Failed password for ${l.user} from ${l.ip} port ${20000 + (pid % 40000)} ssh2`;
};

const MIN = 60_000;
const H = 60 * MIN;
/** Milliseconds; everything is told relative to it. */
const NOW = Date.now();

let rig: Rig;
let history: History;
let opened: AlertChange[] = [];
before(async () => {
  rig = await openRig(undefined, { content: testContent(RULES) });
  history = historyOf(rig);
});
after(async () => {
  await history?.close();
  await rig?.close();
});

function historyOf(r: Rig): History {
  return new History({
    store: r.store,
    control: r.control,
    rules: () => r.pipeline.content.rules,
    lists: () => r.pipeline.content.lists,
    storedBatch: () => r.pipeline.storedBatch,
    channels: ['webhook'],
    now: () => Date.now() * 1000,
    log: silentLog,
    opened: (changes) => {
      opened.push(...changes);
    },
  });
}

/** Sends in this order, in units of a few, as they would trickle in. */
async function feed(r: Rig, logins: readonly Login[], meta: RecordMeta = testMeta()): Promise<void> {
  for (let i = 0; i < logins.length; i += 40) {
    send(r, logins.slice(i, i + 40).map(line), meta);
    await r.pipeline.intake.durable();
  }
  await r.pipeline.settled();
}
async function judged(r: Rig, h: History): Promise<void> {
  assert.ok(await r.pipeline.stored(20_000), 'the store has everything');
  for (let i = 0; i < 50 && r.control.lateWork().length > 0; i++) await h.judgeLate(true);
  assert.deepEqual(r.control.lateWork(), []);
}
const brief = (a: Alert): string =>
  `${a.rule} ${a.origin} ${a.key.join()} ${a.count} ${a.firstSeen}-${a.lastSeen}`;

/** Six hours of one address that goes on at a pace that means nothing. */
const slow = (ip: string): Login[] =>
  Array.from({ length: 77 }, (_, i) => ({
    at: NOW - 6.1 * H + i * 285_000,
    ip,
    user: 'root',
    host: 'web01',
  }));
/** Five hours ago: together with what web01 said, just enough, on two addresses. */
const attack = (ip: string, n: number, host = 'db01'): Login[] =>
  Array.from({ length: n }, (_, i) => ({
    at: NOW - 5 * H + i * 4000,
    ip,
    user: ['root', 'eva', 'bob', 'joe', 'ann'][i % 5] as string,
    host,
  }));

test('a shipper that was offline for six hours raises every alert that it would have raised', async () => {
  const [A, B, C] = ['203.0.113.7', '203.0.113.8', '203.0.113.9'];
  const live = [...slow(A), ...slow(B)].sort((x, y) => x.at - y.at);
  // A: ten by db01 and one of web01's; B: eight and two are not enough for brute, but five accounts; C: db01 alone.
  const backlog = [...attack(A, 10), ...attack(B, 8), ...attack(C, 12)].sort((x, y) => x.at - y.at);
  const inTime = await openRig(undefined, { content: testContent(RULES) });
  let want: string[];
  let count: number | undefined;
  try {
    await feed(
      inTime,
      [...live, ...backlog].sort((x, y) => x.at - y.at),
    );
    want = (await alertsOf(inTime)).map((a) => `${a.rule} ${a.key.join()}`).sort();
    assert.deepEqual(inTime.control.lateWork(), [], 'in order nothing is late');
    count = (await alertsOf(inTime)).find((a) => a.rule === BRUTE && a.key[0] === `source.ip=${A}`)?.count;
  } finally {
    await inTime.close();
  }
  assert.deepEqual(want, [
    `${BRUTE} source.ip=${A}`,
    `${BRUTE} source.ip=${C}`,
    `${SPRAY} source.ip=${A}`,
    `${SPRAY} source.ip=${B}`,
    `${SPRAY} source.ip=${C}`,
  ]);
  await feed(rig, live);
  await feed(rig, backlog);
  const before = (await alertsOf(rig)).map((a) => `${a.rule} ${a.key.join()}`);
  assert.ok(!before.includes(`${BRUTE} source.ip=${A}`), 'live alone cannot know');
  assert.ok(rig.control.lateWork().length > 0);
  await judged(rig, history);
  const all = await alertsOf(rig);
  assert.deepEqual(all.map((a) => `${a.rule} ${a.key.join()}`).sort(), want);
  assert.ok(
    all.every((a) => a.late),
    'all of them over late events',
  );
  const found = all.find((a) => a.rule === BRUTE && a.key[0] === `source.ip=${A}`);
  assert.equal(found?.count, count);
  assert.deepEqual(
    opened.map((c) => [c.kind, c.alert.id]),
    [['opened', found?.id]],
  );
  // It is told of like any other.
  assert.equal(rig.control.dueOutbox(4e15, 100).filter((o) => o.alert === found?.id).length, 1);
});

test('judged once: more of the same backlog, and a restart, open nothing twice', async () => {
  const was = (await alertsOf(rig)).map(brief).sort();
  opened = [];
  // So far behind the rest that it starts nothing, and near enough to ask what it might complete.
  await feed(rig, [{ at: NOW - 5 * H + 6.5 * MIN, ip: '203.0.113.7', user: 'root', host: 'db01' }]);
  assert.ok(rig.control.lateWork().length > 0);
  const dir = rig.dataDir;
  await history.close();
  await rig.close();
  rig = await openRig(dir, { content: testContent(RULES) });
  history = historyOf(rig);
  assert.ok(rig.control.lateWork().length > 0, 'late work survives a restart');
  await judged(rig, history);
  assert.deepEqual((await alertsOf(rig)).map(brief).sort(), was);
  assert.deepEqual(opened, []);
});

test('one host with a clock a day ahead, or in 1970, closes nobody’s window', async () => {
  const ip = '203.0.113.30';
  const fail = (at: number, host: string): Login => ({ at, ip, user: 'root', host });
  const logins: Login[] = [];
  for (let i = 0; i < 11; i++) {
    logins.push(fail(NOW - 200_000 + i * 10_000, 'web01'));
    if (i < 5) logins.push(fail(86_400_000 + i * 1000, 'old01'));
  }
  // A day ahead is held to the time of receipt: one more in the window, which stays open.
  await feed(rig, [...logins.slice(0, 10), fail(NOW + 24 * H, 'ahead01'), ...logins.slice(10)]);
  const found = (await alertsOf(rig)).filter((a) => a.rule === BRUTE && a.key[0] === `source.ip=${ip}`);
  assert.equal(found.length, 1);
  assert.ok((found[0]?.count ?? 0) >= 11);
});

test('an import enters no live window and tells nobody; its files may come in any order', async () => {
  const ip = '203.0.113.50';
  const meta = testMeta({ origin: 'import', door: 'import', sender: 'auth.log' });
  const old = (from: number, n: number, step: number): Login[] =>
    Array.from({ length: n }, (_, i) => ({
      at: NOW - 40 * 24 * H + from + i * step,
      ip,
      user: 'root',
      host: 'web01',
    }));
  const told = rig.control.dueOutbox(4e15, 1000).length;
  // Ten live and ten imported failures of the same minutes are not twenty.
  await feed(rig, old(0, 6, 10_000));
  await feed(rig, old(0, 6, 10_000), meta);
  const ofIp = async () => (await alertsOf(rig)).filter((a) => a.key[0] === `source.ip=${ip}`);
  assert.deepEqual(await ofIp(), []);
  // The rest of the hour moves the window on; then the file that was rotated before comes, with the missing five.
  await feed(rig, old(120_000, 12, 280_000), meta);
  assert.deepEqual(await ofIp(), []);
  await feed(rig, old(65_000, 5, 10_000), meta);
  await judged(rig, history);
  const found = await ofIp();
  assert.deepEqual(
    found.map((a) => [a.rule, a.origin, a.count]),
    [[BRUTE, 'retro', 12]],
  );
  assert.equal(rig.control.dueOutbox(4e15, 1000).length, told, 'nobody is told');
});
