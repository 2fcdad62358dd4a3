/** The outbox worker: once each, retries, giving up, slots, stopping. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Log, silentLog } from '../base/log.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Channel, DueItem, Notice } from './notice.ts';
import { type Notifier, type Outbox, RETRY_SECONDS, SLOTS_PER_CHANNEL, startNotifier } from './notifier.ts';
import { anItem } from './respond-fixture.test.ts';

type Row = DueItem & { nextAt: number; doneAt: number; gaveUp: boolean };

class MemoryOutbox implements Outbox {
  readonly rows: Row[];
  broken = false;
  constructor(items: readonly DueItem[]) {
    this.rows = items.map((i) => ({ ...i, nextAt: 0, doneAt: 0, gaveUp: false }));
  }
  due(nowUs: number, limit: number): DueItem[] {
    return this.rows.filter((r) => r.doneAt === 0 && !r.gaveUp && r.nextAt <= nowUs).slice(0, limit);
  }
  done(id: string, channel: string, at: number): void {
    if (this.broken) throw new Error('disk full');
    this.#change(id, channel, (r) => ({ ...r, doneAt: at }));
  }
  failed(i: { id: string; channel: string; nextAt?: number }): void {
    this.#change(i.id, i.channel, (r) => ({
      ...r,
      attempts: r.attempts + 1,
      nextAt: i.nextAt ?? 0,
      gaveUp: i.nextAt === undefined,
    }));
  }
  #change(id: string, channel: string, to: (r: Row) => Row): void {
    const at = this.rows.findIndex((r) => r.id === id && r.channel === channel);
    this.rows[at] = to(this.rows[at] as Row);
  }
}

const channel = (
  name: string,
  send: (n: Notice, signal: AbortSignal) => Promise<Result<undefined>>,
): Channel => ({ name, send });
const clock = { us: 1_000_000 };
const start = (outbox: Outbox, channels: readonly Channel[], log: Log = silentLog): Notifier =>
  startNotifier(outbox, channels, {
    nowUs: () => clock.us,
    log,
    link: (a) => `https://v/alerts/${a}`,
    pollMs: 60_000,
  });
const settle = (): Promise<void> => sleep(5);

test('notifier: each row is sent once, however often it is woken', async () => {
  const outbox = new MemoryOutbox([anItem(), anItem({ id: 'n2', event: 'escalated:critical:2' })]);
  const sent: string[] = [];
  const n = start(outbox, [
    channel('webhook', async (x) => {
      sent.push(`${x.id} ${x.event} ${x.link}`);
      await settle();
      return ok(undefined);
    }),
  ]);
  for (let i = 0; i < 10; i++) n.wake();
  await sleep(40);
  await n.close();
  assert.deepEqual(sent, ['n1 opened https://v/alerts/a1', 'n2 escalated https://v/alerts/a1']);
  assert.ok(outbox.rows.every((r) => r.doneAt === clock.us));
});

test('notifier: a failure is tried again after growing pauses, then given up loudly', async () => {
  const outbox = new MemoryOutbox([anItem()]);
  let tries = 0;
  const lost: string[] = [];
  const log: Log = { ...silentLog, error: (what) => lost.push(what) };
  const n = start(
    outbox,
    [
      channel('webhook', async () => {
        tries++;
        if (tries === 2) throw new Error('a bug in the channel');
        return err('down');
      }),
    ],
    log,
  );
  const pauses: number[] = [];
  for (let i = 0; i < 30 && !outbox.rows[0]?.gaveUp; i++) {
    await settle();
    const next = outbox.rows[0]?.nextAt ?? 0;
    if (next > clock.us) {
      pauses.push((next - clock.us) / 1_000_000);
      clock.us = next - 1;
      n.wake();
      await settle();
      assert.equal(tries, pauses.length, 'not before its time');
      clock.us = next;
    }
    n.wake();
  }
  await n.close();
  assert.deepEqual(pauses, [...RETRY_SECONDS]);
  assert.equal(tries, RETRY_SECONDS.length + 1);
  assert.deepEqual(lost.length, 1);
  assert.match(lost[0] ?? '', /NOTIFICATION LOST/);
});

test('notifier: a hanging channel takes its slots only; another one goes on', async () => {
  const items = Array.from({ length: 20 }, (_, i) => anItem({ id: `w${i}`, alert: `a${i}` }));
  const mails = items.map((i) => ({ ...i, channel: 'smtp' }));
  const outbox = new MemoryOutbox([...items, ...mails]);
  let hanging = 0;
  let mailed = 0;
  const n = start(outbox, [
    channel('webhook', (_n, signal) => {
      hanging++;
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve(err('stopped'))));
    }),
    channel('smtp', async () => {
      mailed++;
      return ok(undefined);
    }),
  ]);
  await sleep(30);
  assert.equal(hanging, SLOTS_PER_CHANNEL);
  assert.equal(mailed, 20);
  const at = Date.now();
  await n.close();
  assert.ok(Date.now() - at < 3000);
  await settle();
  assert.ok(
    outbox.rows.filter((r) => r.channel === 'webhook').every((r) => r.attempts === 0),
    'stopped sends stay due',
  );
});

test('notifier: when the outbox cannot be written, nothing is sent a second time', async () => {
  const outbox = new MemoryOutbox([anItem()]);
  outbox.broken = true;
  let sent = 0;
  const n = start(outbox, [
    channel('webhook', async () => {
      sent++;
      return ok(undefined);
    }),
  ]);
  await settle();
  n.wake();
  await settle();
  assert.equal(outbox.rows[0]?.doneAt, 0);
  outbox.broken = false;
  n.wake();
  await settle();
  await n.close();
  assert.equal(sent, 1);
  assert.equal(outbox.rows[0]?.doneAt, clock.us);
});

test('notifier: rows of an unknown channel or without an alert are given up, and hold nobody', async () => {
  const outbox = new MemoryOutbox([
    anItem({ id: 'x', channel: 'pager' }),
    anItem({ id: 'y', payload: '{"__proto__": {"sentence": "x"}}' }),
    anItem({ id: 'z', alert: 'a2' }),
  ]);
  const n = start(outbox, [channel('webhook', async () => ok(undefined))]);
  await settle();
  await n.close();
  assert.deepEqual(
    outbox.rows.map((r) => [r.gaveUp, r.doneAt > 0]),
    [
      [true, false],
      [true, false],
      [false, true],
    ],
  );
});
