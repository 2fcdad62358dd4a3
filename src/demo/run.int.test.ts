import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { silentLog } from '../base/log.ts';
import { FakeIntake } from '../collect/fake-intake.ts';
import { makeIngest } from '../collect/http-ingest.ts';
import { openSyslogTcp } from '../collect/syslog-tcp.ts';
import { makeJudge } from './judge-fixture.ts';
import { startDemo } from './run.ts';

const nowUs = (): number => Date.now() * 1000;
/** A Monday morning, twenty times as fast. */
const began = performance.now();
const workday = (): number => Date.UTC(2026, 9, 5, 9) * 1000 + (performance.now() - began) * 20_000;

/** The ingest endpoint on a free port; `refuse` answers 503 to so many requests first. */
async function endpoint(
  intake: FakeIntake,
  refuse: number,
): Promise<{ url: string; close: () => void; bearer: Set<string> }> {
  const ingest = makeIngest({ zone: 'UTC' }, intake, silentLog);
  const bearer = new Set<string>();
  let left = refuse;
  const answer = async (q: IncomingMessage, r: ServerResponse): Promise<void> => {
    bearer.add(q.headers.authorization ?? '');
    if (left-- > 0) {
      q.resume();
      r.writeHead(503).end('{}');
      return;
    }
    const token = { id: 't', tenant: 'demo', sources: [] };
    const a = await ingest({ stream: q, headers: q.headers, peer: '127.0.0.1', token });
    r.writeHead(a.status, { 'content-type': 'application/json' }).end(JSON.stringify(a.body));
  };
  const server = createServer((q, r) => void answer(q, r));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/ingest`, close, bearer };
}

async function until(what: string, met: () => boolean): Promise<void> {
  for (let i = 0; i < 100; i++) {
    if (met()) return;
    await wait(50);
  }
  assert.fail(`not within 5 s: ${what}`);
}

test('sends through both listeners, each record whole, and stops when told', async () => {
  const syslogIn = new FakeIntake();
  const httpIn = new FakeIntake();
  await using door = await openSyslogTcp({ tenant: 'demo', port: 0, zone: 'UTC' }, syslogIn, silentLog);
  const http = await endpoint(httpIn, 1);
  const stop = new AbortController();
  const demo = startDemo({
    syslogTcp: { host: '127.0.0.1', port: door.port },
    http: { url: http.url, token: 'secret' },
    rate: 20,
    seed: 5,
    signal: stop.signal,
    nowUs: workday,
    log: silentLog,
  });
  try {
    await until('records by both doors', () => syslogIn.records.length > 400 && httpIn.records.length > 200);
    stop.abort();
    await demo.done;
    await until('what was sent arrived', () => syslogIn.records.length === demo.stats().syslog);
    // A request under way when it was told to stop may have arrived without its answer having come back.
    assert.ok(httpIn.records.length >= demo.stats().http);
    assert.equal(demo.stats().skipped, 0);
    assert.deepEqual([...http.bearer], ['Bearer secret']);
    const { parse } = await makeJudge();
    const item = { format: 'syslog', scenario: '', atUs: workday() } as const;
    const statuses = [
      ...syslogIn.texts.map((raw) => parse({ ...item, door: 'syslog', raw }).status),
      ...httpIn.texts.map((raw) => parse({ ...item, door: 'http', raw }).status),
    ];
    assert.ok(statuses.filter((s) => s === 'parsed').length > 0.95 * statuses.length);
    assert.ok(
      syslogIn.texts.some((t) => t.includes('type=SYSCALL') && t.includes('\n')),
      'audit events stay whole',
    );
  } finally {
    stop.abort();
    http.close();
  }
});

test('waits for a listener that is not there yet, and connects again after it was gone', async () => {
  const intake = new FakeIntake();
  const http = await endpoint(new FakeIntake(), 0);
  let door = await openSyslogTcp({ tenant: 'demo', port: 0 }, intake, silentLog);
  const { port } = door;
  await door.close();
  const stop = new AbortController();
  const demo = startDemo({
    syslogTcp: { host: '127.0.0.1', port },
    http: { url: http.url, token: 'x' },
    rate: 100,
    signal: stop.signal,
    nowUs,
    log: silentLog,
  });
  try {
    await wait(300);
    door = await openSyslogTcp({ tenant: 'demo', port }, intake, silentLog);
    await until('the first records', () => intake.records.length > 0);
    await door.close();
    const before = intake.records.length;
    door = await openSyslogTcp({ tenant: 'demo', port }, intake, silentLog);
    await until('records of a new connection', () => intake.records.length > before + 10);
  } finally {
    stop.abort();
    await demo.done;
    await door.close();
    http.close();
  }
});

test('a token that is refused is not hammered on, and the records are counted', async () => {
  let requests = 0;
  const server = createServer((q, r) => {
    requests++;
    q.resume();
    r.writeHead(401).end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await using door = await openSyslogTcp({ tenant: 'demo', port: 0 }, new FakeIntake(), silentLog);
  const stop = new AbortController();
  const demo = startDemo({
    syslogTcp: { host: '127.0.0.1', port: door.port },
    http: { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, token: 'x' },
    rate: 200,
    signal: stop.signal,
    nowUs,
    log: silentLog,
  });
  try {
    await until('records given up', () => demo.stats().skipped > 50);
    assert.ok(requests < 30, `${requests} requests`);
    assert.equal(demo.stats().http, 0);
  } finally {
    stop.abort();
    await demo.done;
    server.closeAllConnections();
    server.close();
  }
});
