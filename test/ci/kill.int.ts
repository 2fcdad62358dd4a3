/**
 * The promise that Vigil rests on: SIGKILL of the main process, the engine, or both, at random points under load, some of
 * them while it is still recovering from the kill before. Afterwards
 *   - every acknowledged line is stored, those with a key exactly once;
 *   - each group of failed logins is one alert with the exact count, and no near miss is one;
 *   - each of these alerts was told to the webhook as one notification (it may have come twice, under the same id);
 *   - the ledger is balanced, and `stored` is what the store itself counts.
 * A second test kills Vigil at random moments of its very first start. The seed is printed; VIGIL_TEST_SEED runs the same kills again (the machine's own timing still differs).
 */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { Alert } from '../../src/model/alert.ts';
import { silentLog } from '../../src/base/log.ts';
import { startEngine } from '../../src/store/engine/engine.ts';
import { type KillWhat, sleep, startVigil, Vigil } from '../support/vigil.ts';
import { type Group, Load, type LoadResult } from './kill-load.ts';
import { makeRandom, type Random, seedOf } from './random.ts';

const KILLS = Number(process.env['VIGIL_TEST_KILLS'] ?? 10);
const RATE = Number(process.env['VIGIL_TEST_RATE'] ?? 3600);
/** Not more than the storm limit of one rule (20 in 10 minutes): each must stand for itself. */
const ALERT_GROUPS = 20;
const NEAR_MISSES = 120;
const LOAD_BETWEEN_KILLS_MS = [2500, 8000] as const;

const seed = seedOf(process.env);

test(`${KILLS} kills under ${RATE} events/s lose nothing, double nothing`, {
  timeout: 20 * 60_000,
}, async (t) => {
  t.diagnostic(`seed ${seed} (VIGIL_TEST_SEED=${seed})`);
  const r = makeRandom(seed);
  const hook = await openHook();
  const v = await startVigil({ config: hook.config, env: { VIGIL_TEST_HOOK_SECRET: 'kill-test-secret' } });
  try {
    const groups = makeGroups();
    const lines = groups.reduce((n, g) => n + g.failures, 0);
    const load = new Load(v, {
      token: await v.token('ingest'),
      seed: r.int(1, 1e9),
      rate: RATE,
      groups,
      // All groups are through after about the last kill.
      failuresPerBatch: Math.max(2, Math.ceil(lines / (KILLS * 30))),
    });
    load.start();
    const downMs = await killAll(v, load, r, (text) => t.diagnostic(text));
    await sleep(2000);
    const sent = await load.stop();
    const perSecond = (1000 * (sent.stored + sent.duplicates)) / (sent.ms - downMs);
    t.diagnostic(`sent ${JSON.stringify(sent)}`);
    t.diagnostic(
      `down for ${Math.round(downMs / 1000)} s; ${Math.round(perSecond)} acknowledged/s while it listened`,
    );
    await checkRunning(v, sent, groups, (text) => t.diagnostic(text));
    const alerts = (await v.alerts()).alerts;
    const before = alerts.map(essence);
    await hook.check(
      alerts.map((a) => a.id),
      (text) => t.diagnostic(text),
    );
    assert.equal((await v.stop()).code, 0);
    await checkStore(v, sent, lines, (text) => t.diagnostic(text));
    await v.start();
    assert.deepEqual((await v.alerts()).alerts.map(essence), before, 'a restart changes no alert');
  } catch (e) {
    process.stderr.write(`${v.output.slice(-60).join('\n')}\n`);
    throw e;
  } finally {
    await v.dispose();
    hook.close();
  }
});

/** Receives the notifications. */
async function openHook() {
  const got: { notification: string; event: string; alert: string }[] = [];
  const server = createServer((req, res) => {
    let text = '';
    req.setEncoding('utf8').on('data', (c: string) => {
      text += c;
    });
    req.on('end', () => {
      got.push(JSON.parse(text) as (typeof got)[number]);
      res.end();
    });
  });
  await new Promise<void>((r) => server.listen(0, '127.0.0.1', r));
  const { port } = server.address() as AddressInfo;
  const opened = () => got.filter((g) => g.event === 'opened');
  return {
    config: `notify:
  webhook:
    url: http://127.0.0.1:${port}/hook
    secret: { env: VIGIL_TEST_HOOK_SECRET }
    allowPrivate: true
`,
    close: () => server.close(),
    async check(alerts: readonly string[], say: (text: string) => void): Promise<void> {
      const told = () => new Set(opened().map((g) => g.alert));
      for (let i = 0; i < 300 && told().size < alerts.length; i++) await sleep(100);
      assert.deepEqual([...told()].toSorted(), alerts.toSorted(), 'the webhook heard of each alert');
      const ids = new Set(opened().map((g) => g.notification));
      assert.equal(ids.size, alerts.length, 'one notification for each');
      say(`webhook: ${opened().length} deliveries of ${ids.size} notifications`);
    },
  };
}

test('killed at any moment of its first start it starts again', { timeout: 5 * 60_000 }, async (t) => {
  const r = makeRandom(seed);
  for (let i = 0; i < 5; i++) {
    const v = new Vigil({});
    try {
      const ms: number[] = [];
      for (let kills = r.int(1, 3); kills > 0; kills--) {
        const starting = v.start().catch(() => 0);
        const after = r.int(30, 2500);
        await sleep(after);
        await v.kill('both');
        await starting;
        ms.push(after);
      }
      t.diagnostic(
        `killed after ${ms.join(', ')} ms; then listening after ${Math.round(await v.start())} ms`,
      );
      assert.equal((await v.ingest(await v.token('ingest'), 'first line\n')).status, 200);
      await v.until(async () => (await v.count('"first line"')) === 1, 'the line');
      assert.ok((await v.settled()).balanced);
    } catch (e) {
      process.stderr.write(`${v.output.slice(-30).join('\n')}\n`);
      throw e;
    } finally {
      await v.dispose();
    }
  }
});

function makeGroups(): Group[] {
  const out: Group[] = [];
  for (let i = 0; i < ALERT_GROUPS; i++)
    out.push({ ip: `203.0.113.${i + 1}`, failures: i % 5 === 4 ? 60 : 11 });
  for (let i = 0; i < NEAR_MISSES; i++) out.push({ ip: `198.51.100.${i + 1}`, failures: 10 });
  return out;
}

/** Milliseconds in which nobody listened. */
async function killAll(v: Vigil, load: Load, r: Random, say: (text: string) => void): Promise<number> {
  let downMs = 0;
  const each = Math.ceil(KILLS / 3);
  const plan = r
    .shuffle((['main', 'engine', 'both'] as const).flatMap((w) => Array<KillWhat>(each).fill(w)))
    .slice(0, KILLS);
  for (let i = 0; i < plan.length; i++) {
    const what = plan[i] as KillWhat;
    await sleep(r.int(...LOAD_BETWEEN_KILLS_MS));
    // Half of them while a request of several journal frames is on its way.
    if (r.next() < 0.5) {
      await load.bigSent(10_000);
      await sleep(r.int(0, 120));
    }
    assert.ok(v.alive, `Vigil ended by itself before kill ${i + 1}:\n${v.output.slice(-40).join('\n')}`);
    const killedAt = performance.now();
    await v.kill(what);
    if (what === 'engine') {
      say(`kill ${i + 1}: engine`);
      continue;
    }
    // Now and then the next kill of the plan falls into the recovery from this one.
    if (i + 1 < plan.length && r.next() < 0.4) {
      const starting = v.start().catch(() => 0);
      const ms = r.int(300, 4000);
      await sleep(ms);
      i++;
      await v.kill(plan[i] === 'engine' ? 'both' : (plan[i] as KillWhat));
      await starting;
      say(`kill ${i}: ${what}; kill ${i + 1}: ${plan[i]}, ${ms} ms into the restart`);
    } else say(`kill ${i + 1}: ${what}`);
    say(`listening again after ${Math.round(await v.start())} ms`);
    downMs += performance.now() - killedAt;
  }
  return downMs;
}

async function checkRunning(
  v: Vigil,
  sent: LoadResult,
  groups: readonly Group[],
  say: (text: string) => void,
): Promise<void> {
  const ledger = await v.settled(120_000);
  say(`ledger ${JSON.stringify(ledger.totals)}`);
  assert.ok(
    ledger.balanced,
    `the ledger is not balanced: ${JSON.stringify(ledger.minutes.filter((m) => !m.balanced))}`,
  );
  const stored = ledger.totals.reduce((n, l) => n + l.stored + l.quarantined, 0);
  assert.equal(await v.count(''), stored, 'what the ledger calls stored is what the store counts');
  const http = ledger.totals.find((l) => l.door === 'http');
  const acknowledged = sent.stored + sent.duplicates;
  assert.equal(http?.stored, acknowledged, 'the HTTP door has stored what was acknowledged, once');
  const again = http?.dropped['duplicate'] ?? 0;
  assert.ok(
    again >= sent.duplicates,
    `${again} duplicates dropped, ${sent.duplicates} were answered as such`,
  );
  assert.ok(again <= sent.duplicates + sent.lostLines, 'no more duplicates than lines sent again');
  const tcp = ledger.totals.find((l) => l.door === 'syslog-tcp');
  assert.ok((tcp?.stored ?? 0) <= sent.tcpLines);
  say(
    `TCP: ${sent.tcpLines} lines written, ${sent.tcpLines - (tcp?.stored ?? 0)} were on their way at a kill`,
  );
  const status = await v.cli('status');
  assert.equal(status.code, 0, status.out + status.err);

  const alerts = (await v.alerts()).alerts;
  const expected = groups.filter((g) => g.failures > 10).map((g) => `source.ip=${g.ip} ${g.failures}`);
  const got = alerts.map((a) => `${a.key.join(' ')} ${a.count}`);
  assert.deepEqual(got.toSorted(), expected.toSorted(), 'one alert per group with its exact count');
}

/** The part of an alert that a restart must not change. */
const essence = (a: Alert): string =>
  JSON.stringify([
    a.id,
    a.rule,
    a.key,
    a.count,
    a.severity,
    a.status,
    a.firstSeen,
    a.lastSeen,
    a.sentence,
    a.steps,
  ]);

/** Asks the engine itself, without Vigil. */
async function checkStore(
  v: Vigil,
  sent: LoadResult,
  groupLines: number,
  say: (text: string) => void,
): Promise<void> {
  const engine = await startEngine({ dataDir: v.dataDir, memoryBytes: 1024 ** 3, log: silentLog });
  try {
    const numbers = async (word: string) => {
      const found = await engine.select(
        `SELECT count(), uniqExact(n), max(n) FROM (SELECT toUInt32(extract(raw, ' - - ${word} n=([0-9]+)')) AS n
         FROM vigil.events WHERE position(raw, ' - - ${word} n=') > 0)`,
      );
      const [count, distinct, max] = (found.rows[0] ?? []).map(Number);
      return { count: count ?? 0, distinct: distinct ?? 0, max: max ?? 0 };
    };
    const http = await numbers('http');
    const tcp = await numbers('tcp');
    say(`store: http ${JSON.stringify(http)}, tcp ${JSON.stringify(tcp)}`);
    assert.deepEqual(
      http,
      { count: sent.httpLines, distinct: sent.httpLines, max: sent.httpLines - 1 },
      'each keyed line exactly once',
    );
    assert.equal(tcp.count, tcp.distinct, 'no TCP line twice');
    const failures = await engine.select(
      "SELECT count() FROM vigil.events WHERE position(raw, 'Failed password') > 0",
    );
    assert.equal(Number(failures.rows[0]?.[0]), groupLines);
  } finally {
    await engine.stop();
  }
}
