/**
 * The store stands still and the journal fills: each door does what it says. Detection goes on; HTTP answers 503 and a
 * retry with the same key completes what was begun; TCP is held back and loses nothing; UDP drops and counts. With the
 * store back everything is stored once and the ledger is balanced. Then the same with a kill in the middle.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LedgerReport } from '../../src/api/contract.ts';
import { sleep, startVigil, type Vigil } from '../support/vigil.ts';

const JOURNAL_MB = 16;
const CONFIG = `journal:\n  megabytesMax: ${JOURNAL_MB}\n`;
const BATCH = 1000;
const FILL = 'f'.repeat(900);
const TCP_LINES = 3000;
const UDP_LINES = 100;

type Batch = { readonly key: string; readonly body: string };
const batch = (i: number): Batch => ({
  key: `spool-${i}`,
  body: Array.from({ length: BATCH }, (_, k) => line(`spoolhttp number${i * BATCH + k} ${FILL}`)).join(''),
});
const line = (text: string): string => `<30>1 ${new Date().toISOString()} web01 app 1 - - ${text}\n`;

async function send(v: Vigil, token: string, b: Batch): Promise<number> {
  try {
    return (await v.ingest(token, b.body, { 'idempotency-key': b.key })).status;
  } catch {
    return 0;
  }
}

/** Sends batches until three in a row were refused; those refused. */
async function fill(v: Vigil, token: string): Promise<{ sent: number; refused: Batch[] }> {
  const refused: Batch[] = [];
  let i = 0;
  for (; refused.length < 3; i++) {
    assert.ok(i < 200, 'the journal is never full');
    const b = batch(i);
    const status = await send(v, token, b);
    assert.ok(status === 200 || status === 503, `${status}`);
    if (status === 503) refused.push(b);
  }
  return { sent: i, refused };
}
async function retry(v: Vigil, token: string, batches: readonly Batch[]): Promise<void> {
  for (const b of batches)
    for (let i = 0; (await send(v, token, b)) !== 200; i++) {
      assert.ok(i < 300, `${b.key} is never taken`);
      await sleep(200);
    }
}
const failures = (ip: string): string =>
  Array.from(
    { length: 11 },
    (_, i) =>
      `<38>1 ${new Date().toISOString()} web01 sshd ${900 + i} - - Failed password for root from ${ip} port ${4000 + i} ssh2\n`,
  ).join('');
const door = (l: LedgerReport, name: string) => l.totals.find((t) => t.door === name);

test('the store stands still, the journal fills, everything arrives once', {
  timeout: 80_000,
}, async (t) => {
  const v = await startVigil({ config: CONFIG });
  const engine = v.enginePid();
  try {
    const token = await v.token('ingest');
    process.kill(engine, 'SIGSTOP');
    assert.equal((await v.ingest(token, failures('192.0.2.61'))).status, 200);
    await v.until(
      async () => (await v.alerts()).alerts.length === 1,
      'an alert while the store stands still',
      5000,
    );
    const { sent, refused } = await fill(v, token);
    t.diagnostic(`${sent} requests, the journal of ${JOURNAL_MB} MB was full after ${sent - refused.length}`);
    const tcp = v.syslogTcp(
      Array.from({ length: TCP_LINES }, (_, i) => line(`spooltcp number${i}`).trimEnd()),
    );
    await v.syslogUdp(Array.from({ length: UDP_LINES }, (_, i) => line(`spooludp number${i}`).trimEnd()));
    await sleep(1500);
    assert.equal((await fetch(`${v.url}/api/v1/status/public`)).status, 200, 'the console answers');
    process.kill(engine, 'SIGCONT');
    await retry(v, token, refused);
    await tcp;
    const ledger = await v.settled(120_000);
    t.diagnostic(JSON.stringify(ledger.totals.map((l) => [l.door, l.received, l.stored, l.dropped])));
    assert.equal(await v.count('spoolhttp'), sent * BATCH, 'each keyed line once');
    assert.equal(door(ledger, 'http')?.stored, sent * BATCH + 11);
    assert.equal(await v.count('spooltcp'), TCP_LINES, 'TCP was held back and lost nothing');
    const udp = door(ledger, 'syslog-udp');
    assert.equal(udp?.received, UDP_LINES);
    assert.equal(udp?.stored, UDP_LINES - (udp?.dropped['journal_full'] ?? 0));
    assert.ok(ledger.balanced, JSON.stringify(ledger.minutes.filter((m) => !m.balanced)));
    assert.equal((await v.alerts()).alerts[0]?.count, 11);
  } catch (e) {
    process.stderr.write(`${v.output.slice(-30).join('\n')}\n`);
    throw e;
  } finally {
    try {
      process.kill(engine, 'SIGCONT');
    } catch {
      // It ended.
    }
    await v.dispose();
  }
});

test('killed while the journal is full: nothing lost, keyed lines once', { timeout: 80_000 }, async (t) => {
  const v = await startVigil({ config: CONFIG });
  try {
    const token = await v.token('ingest');
    process.kill(v.enginePid(), 'SIGSTOP');
    const { sent, refused } = await fill(v, token);
    const tcp = v.syslogTcp(
      Array.from({ length: TCP_LINES }, (_, i) => line(`spooltcp number${i}`).trimEnd()),
    );
    tcp.catch(() => {});
    await sleep(1500);
    await v.kill('both');
    t.diagnostic(`listening after ${Math.round(await v.start())} ms`);
    await retry(v, token, refused);
    const ledger = await v.settled(120_000);
    t.diagnostic(JSON.stringify(ledger.totals.map((l) => [l.door, l.received, l.stored, l.dropped])));
    assert.equal(await v.count('spoolhttp'), sent * BATCH, 'each keyed line once');
    assert.ok(ledger.balanced, JSON.stringify(ledger.minutes.filter((m) => !m.balanced)));
  } catch (e) {
    process.stderr.write(`${v.output.slice(-30).join('\n')}\n`);
    throw e;
  } finally {
    await v.dispose();
  }
});
