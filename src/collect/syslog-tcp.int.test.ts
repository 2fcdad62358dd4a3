import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { generate } from 'selfsigned';
import { silentLog } from '../base/log.ts';
import { RECORD_BYTES_MAX } from '../model/record.ts';
import { FakeIntake, until } from './fake-intake.ts';
import { PARTIAL_BYTES_MAX } from './syslog-connections.ts';
import { openSyslogTcp, type SyslogTcpDoor } from './syslog-tcp.ts';

const run = promisify(execFile);
const tenant = 'default';

function dial(door: SyslogTcpDoor): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const s = connect(door.port, '127.0.0.1', () => resolve(s));
    s.on('error', reject);
  });
}
const write = (s: Socket, data: string | Buffer): Promise<void> =>
  new Promise((resolve) => s.write(data, () => resolve()));

test('both framings, mixed and torn, on one connection', async () => {
  const intake = new FakeIntake();
  await using door = await openSyslogTcp({ tenant, port: 0 }, intake, silentLog);
  const s = await dial(door);
  for (const part of ['<13>li', 'ne\n1', '1 <13>counted', '<13>nul\0<13>x\r\n']) {
    await write(s, part);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  s.end();
  await until(() => intake.records.length === 4, 'four records');
  assert.deepEqual(intake.texts, ['<13>line', '<13>counted', '<13>nul', '<13>x']);
  const m = intake.records[0]!.meta;
  assert.deepEqual([m.sender, m.door, m.format], ['127.0.0.1', 'syslog-tcp', 'syslog']);
  assert.ok(intake.balanced);
});

test('a line without terminator comes after the idle time, and at close', async () => {
  const intake = new FakeIntake();
  await using door = await openSyslogTcp({ tenant, port: 0, idleMs: 200 }, intake, silentLog);
  const s = await dial(door);
  await write(s, '<13>idle');
  await until(() => intake.records.length === 1, 'the idle line', 2000);
  await write(s, '<13>at close');
  s.end();
  await until(() => intake.records.length === 2, 'the last line', 2000);
  assert.deepEqual(intake.texts, ['<13>idle', '<13>at close']);
});

test('a 3 MB line is kept whole, in records of at most 1 MiB', async () => {
  const intake = new FakeIntake();
  await using door = await openSyslogTcp({ tenant, port: 0 }, intake, silentLog);
  const s = await dial(door);
  const long = `<13>${'z'.repeat(3_000_000)}`;
  await write(s, `${long}\n<13>after\n`);
  await until(() => intake.texts.at(-1) === '<13>after', 'the line after');
  assert.equal(intake.texts.slice(0, -1).join(''), long);
  assert.ok(intake.records.every((r) => r.raw.length <= RECORD_BYTES_MAX));
  s.destroy();
});

test('a full journal makes the sender wait and loses nothing', async () => {
  const intake = new FakeIntake();
  intake.capacity = 10;
  await using door = await openSyslogTcp({ tenant, port: 0 }, intake, silentLog);
  const s = await dial(door);
  const n = 200_000;
  let acknowledged = false;
  s.write(Array.from({ length: n }, (_, i) => `<13>message number ${i}\n`).join(''), () => {
    acknowledged = true;
  });
  await until(() => door.state().state === 'waiting', 'the pause');
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.equal(intake.records.length, 10);
  assert.ok(intake.receivedCount < n / 2, 'the rest waits at the sender');
  assert.equal(acknowledged, false);
  intake.makeRoom(1000);
  await until(() => intake.records.length === 1010, 'the first thousand');
  intake.makeRoom();
  await until(() => intake.records.length === n, 'all', 10_000);
  assert.equal(intake.texts.at(-1), `<13>message number ${n - 1}`);
  assert.ok(intake.balanced);
  s.destroy();
});

test('closing while full counts what was framed and not taken', async () => {
  const intake = new FakeIntake();
  intake.capacity = 1;
  const door = await openSyslogTcp({ tenant, port: 0 }, intake, silentLog);
  const s = await dial(door);
  await write(s, '<13>a\n<13>b\n<13>c\n');
  await until(() => door.state().state === 'waiting', 'the pause');
  assert.equal(intake.receivedCount, 1, 'what is held back is still the sender’s');
  await door.close();
  assert.equal(intake.receivedCount, 3);
  assert.equal(intake.drop('journal_full'), 2);
  assert.ok(intake.balanced);
  s.destroy();
});

test('a connection that the door holds back is not idle: its unfinished line is not cut', async () => {
  const intake = new FakeIntake();
  intake.capacity = 1;
  await using door = await openSyslogTcp({ tenant, port: 0, idleMs: 100 }, intake, silentLog);
  const s = await dial(door);
  await write(s, '<13>a\n<13>b\n<13>half of ');
  await until(() => door.state().state === 'waiting', 'the pause');
  await new Promise((resolve) => setTimeout(resolve, 400));
  s.write('a line\n');
  intake.makeRoom();
  await until(() => intake.records.length === 3, 'three lines');
  assert.deepEqual(intake.texts, ['<13>a', '<13>b', '<13>half of a line']);
  s.destroy();
});

test('500 silent and half-open connections do not disturb a working one', async () => {
  const intake = new FakeIntake();
  await using door = await openSyslogTcp({ tenant, port: 0, idleMs: 100 }, intake, silentLog);
  const idle = await Promise.all(Array.from({ length: 500 }, () => dial(door)));
  await until(() => door.connections().open === 500, 'all open');
  // Half of a counted message, and then nothing: nobody is told and nothing stops.
  await write(idle[0]!, '500 <13>half');
  const s = await dial(door);
  await write(s, '<13>works\n');
  await until(() => intake.texts.includes('<13>works'), 'the working one');
  assert.deepEqual(intake.texts, ['<13>works']);
  for (const c of idle) c.destroy();
  await until(() => intake.texts.includes('<13>half'), 'the half message at close');
  s.destroy();
  await until(() => door.connections().open === 0, 'all closed');
});

test('at the limit of a peer the oldest silent connection gives way, a sending one never', async () => {
  const intake = new FakeIntake();
  await using door = await openSyslogTcp({ tenant, port: 0, connectionsPerPeerMax: 3 }, intake, silentLog);
  const sending = await dial(door);
  await write(sending, '<13>first\n');
  await until(() => intake.records.length === 1, 'the first');
  const silent = [await dial(door), await dial(door)];
  let gone = 0;
  for (const c of silent) c.on('close', () => gone++);
  const next = await dial(door);
  await write(next, '<13>next\n');
  await until(() => intake.records.length === 2 && gone === 1, 'the next, and one closed');
  await write(sending, '<13>still here\n');
  await until(() => intake.records.length === 3, 'the first again');
  assert.deepEqual(door.connections(), { open: 3, refused: 0, evicted: 1 });
  await write(silent[1]!, '<13>spoke\n');
  await until(() => intake.records.length === 4, 'three that send');
  const refused = await dial(door);
  await new Promise<void>((resolve) => refused.on('close', () => resolve()));
  assert.equal(door.connections().refused, 1);
  for (const c of [sending, next, ...silent]) c.destroy();
});

test('unfinished messages of many connections together stay under their bound', {
  timeout: 30_000,
}, async () => {
  const intake = new FakeIntake();
  await using door = await openSyslogTcp({ tenant, port: 0, idleMs: 20_000 }, intake, silentLog);
  const n = Math.ceil(PARTIAL_BYTES_MAX / 1_000_000) + 30;
  const part = Buffer.alloc(1_000_000, 'p');
  const all = await Promise.all(Array.from({ length: n }, () => dial(door)));
  for (const c of all) await write(c, part);
  await until(() => intake.records.length > 0, 'the pressure to be relieved', 15_000);
  for (const c of all) c.end('\n');
  await until(() => intake.receivedBytes === n * 1_000_000, 'every byte', 15_000);
  assert.ok(intake.balanced);
});

test('logger(1) arrives over TCP, counted and by lines', async (t) => {
  const intake = new FakeIntake();
  await using door = await openSyslogTcp({ tenant, port: 0 }, intake, silentLog);
  for (const extra of [['--octet-count'], []]) {
    try {
      await run('logger', [
        '-n',
        '127.0.0.1',
        '-P',
        String(door.port),
        '-T',
        ...extra,
        '-t',
        'vigiltest',
        'over tcp',
      ]);
    } catch (e) {
      if (e instanceof Error && 'code' in e && e.code === 'ENOENT') return t.skip('no logger here');
      throw e;
    }
  }
  await until(() => intake.records.length === 2, 'two messages');
  for (const text of intake.texts) assert.match(text, /^<13>.*vigiltest.*over tcp$/);
});

type Pair = { key: string; cert: string };
async function certificate(name: string): Promise<Pair> {
  const p = await generate([{ name: 'commonName', value: name }], { keySize: 2048 });
  return { key: p.private, cert: p.cert };
}
function dialTls(door: SyslogTcpDoor, options: object = {}): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const s = connectTls({ port: door.port, host: '127.0.0.1', rejectUnauthorized: false, ...options }, () =>
      resolve(s),
    );
    s.on('error', reject);
  });
}

test('TLS: records, 1.2 at least, a new certificate without a restart, client certificates', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'vigil-tls-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const files = { keyFile: join(dir, 'key.pem'), certFile: join(dir, 'cert.pem') };
  const put = (p: Pair): void => {
    writeFileSync(files.keyFile, p.key, { mode: 0o600 });
    writeFileSync(files.certFile, p.cert);
  };
  const [one, two, client] = await Promise.all([
    certificate('one.example.com'),
    certificate('two.example.com'),
    certificate('client.example.com'),
  ]);
  put(one);
  const intake = new FakeIntake();
  await using door = await openSyslogTcp({ tenant, port: 0, tls: files }, intake, silentLog);
  const s = await dialTls(door);
  assert.equal(s.getPeerCertificate().subject.CN, 'one.example.com');
  s.write('<13>secret\n');
  await until(() => intake.records.length === 1, 'a record over TLS');
  assert.deepEqual(
    [intake.records[0]!.meta.door, intake.records[0]!.meta.sender],
    ['syslog-tls', '127.0.0.1'],
  );

  await assert.rejects(dialTls(door, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' }));
  const plain = await dial(door);
  plain.on('error', () => {});
  plain.write('<13>not tls\n');
  await new Promise<void>((resolve) => plain.on('close', () => resolve()));
  assert.equal(intake.records.length, 1);

  put({ key: two.key, cert: one.cert });
  assert.equal(await door.reloadTls(), false, 'a pair that does not fit is refused');
  put(two);
  assert.equal(await door.reloadTls(), true);
  const s2 = await dialTls(door);
  assert.equal(s2.getPeerCertificate().subject.CN, 'two.example.com');
  s.write('<13>old connection goes on\n');
  await until(() => intake.records.length === 2, 'the old connection');
  s.destroy();
  s2.destroy();
  await until(() => door.connections().open === 0, 'closed connections to be forgotten');

  writeFileSync(join(dir, 'ca.pem'), client.cert);
  const strict = new FakeIntake();
  await using mutual = await openSyslogTcp(
    { tenant, port: 0, tls: { ...files, clientCaFile: join(dir, 'ca.pem') } },
    strict,
    silentLog,
  );
  const stranger = await dialTls(mutual).catch(() => undefined);
  stranger?.on('error', () => {});
  stranger?.write('<13>stranger\n');
  const known = await dialTls(mutual, { key: client.key, cert: client.cert });
  known.write('<13>known\n');
  await until(() => strict.records.length > 0, 'the known client');
  assert.deepEqual(strict.texts, ['<13>known']);
  known.destroy();
});

test('TLS: silent sockets without a handshake count and give way', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'vigil-tls-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const p = await certificate('door.example.com');
  const files = { keyFile: join(dir, 'k'), certFile: join(dir, 'c') };
  writeFileSync(files.keyFile, p.key);
  writeFileSync(files.certFile, p.cert);
  const intake = new FakeIntake();
  await using door = await openSyslogTcp(
    { tenant, port: 0, tls: files, connectionsPerPeerMax: 2 },
    intake,
    silentLog,
  );
  const silent = [await dial(door), await dial(door)];
  for (const c of silent) c.on('error', () => {});
  await until(() => door.connections().open === 2, 'two silent ones');
  const s = await dialTls(door);
  s.write('<13>through\n');
  await until(() => intake.records.length === 1, 'the third');
  assert.equal(door.connections().evicted, 1);
  s.destroy();
  for (const c of silent) c.destroy();
});
