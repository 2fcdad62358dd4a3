/** Off loopback: what Vigil refuses to do there, and what it says of what it was told to do. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { createServer, connect } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { fingerprintOf, selfSigned } from '../api/self-signed.ts';
import { silentLog } from '../base/log.ts';
import type { Result } from '../base/result.ts';
import { loadConfig } from '../config/load.ts';
import { status } from './api-deps.ts';
import { type App, openApp } from './app.ts';
import { isLoopback } from './names.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'vigil-exposure-'));
after(() => rmSync(dir, { recursive: true, force: true }));
const said: string[] = [];

/** An address of this machine that is not loopback. */
const OUTER =
  Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .find((a) => !a.internal && a.family === 'IPv4')?.address ?? '';
const skip = OUTER === '' ? 'this machine has no address but loopback' : false;

async function start(name: string, set: readonly (readonly [string, unknown])[]): Promise<Result<App>> {
  const config = loadConfig({
    path: undefined,
    env: {},
    set: new Map<string, unknown>([
      ['data', join(dir, name)],
      ['console.port', 0],
      ['syslog.port', 0],
      ['syslog.tlsPort', 0],
      ['syslog.enabled', false],
      ['collect.hostLogs', false],
      ['workers', 1],
      ...set,
    ]),
  });
  assert(config.ok, config.ok ? '' : config.error);
  return openApp({
    config: config.value,
    env: {},
    root,
    version: '0.0.0',
    log: silentLog,
    serve: true,
    demo: false,
    isTTY: false,
    say: (l) => said.push(l),
  });
}
async function use(
  name: string,
  set: readonly (readonly [string, unknown])[],
  work: (app: App, port: number) => Promise<void>,
): Promise<void> {
  const app = await start(name, set);
  assert(app.ok, app.ok ? '' : app.error);
  try {
    await work(app.value, Number(new URL(app.value.api?.url ?? '').port));
  } finally {
    await app.value.close();
  }
}

/** All that comes back for a request in plain HTTP; '' where the connection is simply closed. */
function plain(host: string, port: number, text: string): Promise<string> {
  return new Promise((done) => {
    const s = connect(port, host, () => s.write(text));
    let got = '';
    s.on('data', (d) => {
      got += d.toString('latin1');
    });
    s.on('error', () => {});
    s.on('close', () => done(got));
    s.setTimeout(5000, () => s.destroy());
  });
}
const GET = `GET /api/v1/status/public HTTP/1.1\r\nHost: ${OUTER}\r\nConnection: close\r\n\r\n`;

/** Status code and the certificate's fingerprint, checked against `ca`. */
function secure(port: number, ca: string): Promise<{ code: number; fingerprint: string }> {
  return new Promise((done, failed) => {
    const r = request({ host: OUTER, port, path: '/api/v1/status/public', ca, agent: false }, (answer) => {
      const { fingerprint256 } = (answer.socket as import('node:tls').TLSSocket).getPeerCertificate();
      answer.resume();
      answer.on('end', () => done({ code: answer.statusCode ?? 0, fingerprint: fingerprint256 }));
    });
    r.on('error', failed);
    r.end();
  });
}

test('off loopback the console speaks TLS alone, with a certificate of its own whose fingerprint is told', {
  skip,
}, async () => {
  await use('tls', [['console.host', OUTER]], async (app, port) => {
    assert.equal(app.api?.url, `https://${OUTER}:${port}/`);
    const cert = readFileSync(join(dir, 'tls/tls-cert.pem'), 'utf8');
    assert.deepEqual(await secure(port, cert), { code: 200, fingerprint: fingerprintOf(cert) });
    assert(said.some((l) => l.includes(fingerprintOf(cert))));
    for (const text of [GET, GET.replace('GET /api/v1/status/public', 'POST /api/v1/session')])
      assert.doesNotMatch(await plain(OUTER, port, text), /^HTTP/, 'plain HTTP gets no answer');
    assert.deepEqual((await status(app)).warnings, []);
  });
});

test('console.insecure allows plain HTTP off loopback, and the status warns of it', { skip }, async () => {
  const set = [
    ['console.host', OUTER],
    ['console.insecure', true],
  ] as const;
  await use('insecure', set, async (app, port) => {
    assert.match(await plain(OUTER, port, GET), /^HTTP\/1\.1 200 /);
    const { warnings } = await status(app);
    assert.equal(warnings.length, 1);
    assert.match(
      warnings[0] ?? '',
      new RegExp(`^the console speaks plain HTTP on ${OUTER} \\(console\\.insecure\\)`),
    );
  });
  await use('loopback', [], async (app, port) => {
    assert.match(await plain('127.0.0.1', port, GET.replace(OUTER, 'localhost')), /^HTTP\/1\.1 200 /);
    assert.deepEqual((await status(app)).warnings, []);
  });
});

test("a new certificate in the configured files is the console's without a restart; a broken one is not", {
  skip,
}, async () => {
  const [one, two] = [await selfSigned([OUTER], Date.now()), await selfSigned([OUTER], Date.now())];
  const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
  writeFileSync(key, one.key);
  writeFileSync(cert, one.cert);
  const set = [
    ['console.host', OUTER],
    ['console.tls', { key, cert }],
  ] as const;
  await use('files', set, async (_app, port) => {
    assert.equal((await secure(port, one.cert)).fingerprint, one.fingerprint);
    // A key that does not fit yet: the old pair stays until the new one is whole.
    writeFileSync(key, two.key);
    await new Promise((r) => setTimeout(r, 5500));
    assert.equal((await secure(port, one.cert)).fingerprint, one.fingerprint);
    writeFileSync(cert, two.cert);
    const end = Date.now() + 12_000;
    while (
      !(await secure(port, two.cert).then(
        () => true,
        () => false,
      ))
    ) {
      assert(Date.now() < end, 'the new certificate is served');
      await new Promise((r) => setTimeout(r, 200));
    }
    assert.equal((await secure(port, two.cert)).fingerprint, two.fingerprint);
  });
});

test('syslog off loopback without the networks that may send is refused; with a network that is none, too', {
  skip,
}, async () => {
  const on = [
    ['syslog.enabled', true],
    ['syslog.host', OUTER],
  ] as const;
  const open = await start('syslog', on);
  assert(!open.ok);
  assert.match(
    open.error,
    new RegExp(
      `^syslog on ${OUTER} takes logs from anyone who reaches it: name the senders' networks in syslog\\.allow`,
    ),
  );
  const bad = await start('syslog', [...on, ['syslog.allow', ['ten.0.0.0/8']]]);
  assert(!bad.ok);
  assert.match(bad.error, /syslog\.allow: 'ten\.0\.0\.0\/8' is no network/);
});

test('syslog off loopback takes lines from the named networks alone', { skip }, async () => {
  const on = [
    ['syslog.enabled', true],
    ['syslog.host', OUTER],
  ] as const;
  const line = `<13>1 ${new Date().toISOString()} web01 tool 1 - - hello\n`;
  for (const [network, rows] of [
    ['240.1.0.0/16', 0],
    [`${OUTER}/32`, 1],
  ] as const) {
    await use(`allow-${rows}`, [...on, ['syslog.allow', [network]]], async (app) => {
      const address = app.doors.find((d) => d.name === 'syslog-tcp')?.address ?? '';
      const s = connect(Number(/:(\d+)$/.exec(address)?.[1]), OUTER);
      s.on('error', () => {});
      s.end(line);
      await new Promise((r) => s.once('close', r));
      const end = Date.now() + (rows === 0 ? 1000 : 10_000);
      const seen = async (): Promise<number> =>
        (await app.pipeline.stored(2000)) ? (await app.store.stats()).rows : 0;
      while ((await seen()) < Math.max(rows, 1) && Date.now() < end)
        await new Promise((r) => setTimeout(r, 50));
      assert.equal(await seen(), rows, network);
    });
  }
});

test('one certificate for console and syslog: it covers both, and stays the same over starts', {
  skip,
}, async () => {
  const port = await new Promise<number>((done) => {
    const s = createServer().listen(0, OUTER, () => {
      const { port: p } = s.address() as { port: number };
      s.close(() => done(p));
    });
  });
  const set = [
    ['console.host', OUTER],
    ['console.hosts', ['vigil.example.com']],
    ['syslog.enabled', true],
    ['syslog.host', '0.0.0.0'],
    ['syslog.allow', ['192.0.2.0/24']],
    ['syslog.tlsPort', port],
  ] as const;
  const kept: string[] = [];
  for (let i = 0; i < 2; i++)
    await use('both', set, async (_app, at) => {
      const pem = readFileSync(join(dir, 'both/tls-cert.pem'), 'utf8');
      kept.push(fingerprintOf(pem));
      assert.equal((await secure(at, pem)).fingerprint, kept[0]);
      const cert = new X509Certificate(pem);
      assert(cert.checkHost('vigil.example.com') !== undefined && cert.checkIP(OUTER) !== undefined);
    });
  assert.equal(kept[0], kept[1]);
});

test('loopback is what loopback looks like, whole', () => {
  for (const host of ['127.0.0.1', '127.1.2.3', '::1', 'localhost']) assert(isLoopback(host), host);
  for (const host of ['127.0.0.1.example.com', '0.0.0.0', '::', 'localhost.example.com', '10.127.0.1', ''])
    assert(!isLoopback(host), host);
});
