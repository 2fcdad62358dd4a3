import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { silentLog } from '../base/log.ts';
import { FakeIntake, until } from './fake-intake.ts';
import { dropsOfPort, openSyslogUdp, type SyslogUdpDoor } from './syslog-udp.ts';

const run = promisify(execFile);

async function send(
  door: SyslogUdpDoor,
  datagrams: readonly (string | Buffer)[],
  host = '127.0.0.1',
): Promise<void> {
  const s = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  for (const d of datagrams)
    await new Promise<void>((resolve, reject) =>
      s.send(d, door.port, host, (e) => (e === null ? resolve() : reject(e))),
    );
  s.close();
}

test('one datagram is one record; terminators go, everything else stays', async () => {
  const intake = new FakeIntake();
  await using door = await openSyslogUdp({ tenant: 'default', port: 0 }, intake, silentLog);
  const odd = Buffer.from([0x3c, 0x31, 0x3e, 0xff, 0x00, 0xc0, 0x0a]);
  await send(door, ['<13>one\n', '<13>two\nsame datagram\r\n\0', odd, '\n\0']);
  await until(() => intake.receivedCount === 4, 'four datagrams');
  assert.deepEqual(intake.texts.slice(0, 2), ['<13>one', '<13>two\nsame datagram']);
  assert.deepEqual(Buffer.from(intake.records[2]!.raw), odd.subarray(0, 6));
  assert.equal(intake.drop('bad_frame'), 1);
  assert.ok(intake.balanced);
  const meta = intake.records[0]!.meta;
  assert.deepEqual(
    [meta.sender, meta.door, meta.format, meta.origin],
    ['127.0.0.1', 'syslog-udp', 'syslog', 'live'],
  );
  assert.equal(intake.records[1]!.meta, meta, 'one meta object per sender');
  assert.equal(door.state().state, 'listening');
});

test('a full journal is counted, and who may not send too', async () => {
  const intake = new FakeIntake();
  intake.capacity = 2;
  await using door = await openSyslogUdp({ tenant: 'default', port: 0 }, intake, silentLog);
  await send(door, ['<1>a', '<1>b', '<1>c', '<1>d']);
  await until(() => intake.receivedCount === 4, 'four datagrams');
  assert.equal(intake.drop('journal_full'), 2);
  assert.ok(intake.balanced);
  const other = new FakeIntake();
  await using closed = await openSyslogUdp(
    { tenant: 'default', port: 0, allow: () => false },
    other,
    silentLog,
  );
  await send(closed, ['<1>a']);
  await until(() => other.receivedCount === 1, 'a datagram');
  assert.equal(other.drop('denied'), 1);
});

test('IPv6, and IPv4 through it, under canonical addresses', async (t) => {
  const intake = new FakeIntake();
  const door = await openSyslogUdp({ tenant: 'default', host: '::', port: 0 }, intake, silentLog).catch(
    () => undefined,
  );
  if (door === undefined) return t.skip('no IPv6 here');
  await send(door, ['<1>four']);
  await until(() => intake.records.length === 1, 'a datagram');
  assert.equal(intake.records[0]!.meta.sender, '127.0.0.1');
  await send(door, ['<1>six'], '::1').then(
    async () => {
      await until(() => intake.records.length === 2, 'a datagram over IPv6');
      assert.equal(intake.records[1]!.meta.sender, '::1');
    },
    () => t.diagnostic('no IPv6 loopback'),
  );
  await door.close();
  await door.close();
});

test('a taken port is an error', async () => {
  const intake = new FakeIntake();
  await using door = await openSyslogUdp({ tenant: 'default', port: 0 }, intake, silentLog);
  await assert.rejects(
    openSyslogUdp({ tenant: 'default', port: door.port }, intake, silentLog),
    /EADDRINUSE/,
  );
});

test('what the kernel drops is read from its own counter', async (t) => {
  const table = [
    '   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops',
    '  131: 0100007F:158A 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4242 2 0000000000000000 17',
    '  132: 00000000:158B 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4243 2 0000000000000000 5',
  ].join('\n');
  assert.equal(dropsOfPort(table, 5514), 17);
  assert.equal(dropsOfPort(table, 514), 0);

  let reported = 0;
  const intake = new FakeIntake();
  await using door = await openSyslogUdp(
    {
      tenant: 'default',
      port: 0,
      receiveBufferBytes: 256 * 1024,
      onKernelDrops: (n) => {
        reported += n;
      },
    },
    intake,
    silentLog,
  );
  // Nothing is read while this thread sends without waiting: the small buffer overflows.
  const s = createSocket('udp4');
  const big = Buffer.alloc(8000, 'x');
  const sent: Promise<void>[] = [];
  for (let i = 0; i < 2000; i++)
    sent.push(new Promise((resolve) => s.send(big, door.port, '127.0.0.1', () => resolve())));
  await Promise.all(sent);
  s.close();
  await new Promise((resolve) => setTimeout(resolve, 200));
  const drops = await door.kernelDrops();
  if (drops === 0 && intake.receivedCount < 2000) return t.skip('this system keeps no drop counter');
  assert.equal(intake.receivedCount + drops, 2000);
  assert.equal(reported, drops);
});

test('logger(1) arrives', async (t) => {
  const intake = new FakeIntake();
  await using door = await openSyslogUdp({ tenant: 'default', port: 0 }, intake, silentLog);
  try {
    await run('logger', [
      '-n',
      '127.0.0.1',
      '-P',
      String(door.port),
      '-d',
      '-t',
      'vigiltest',
      'hello from logger',
    ]);
  } catch (e) {
    if (e instanceof Error && 'code' in e && e.code === 'ENOENT') return t.skip('no logger here');
    throw e;
  }
  await until(() => intake.records.length === 1, 'the message');
  assert.match(intake.texts[0]!, /^<13>1 .*vigiltest.*hello from logger$/);
});
