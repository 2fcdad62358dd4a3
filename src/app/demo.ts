/**
 * The demo inside a running Vigil: a tenant, a door and a token of its own; five weeks of history through the import path,
 * then live traffic through the real listeners. Its origin is `demo` whatever it sends, so it teaches and wakes nobody.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { newToken } from '../api/secrets.ts';
import { assert, errorText } from '../base/result.ts';
import { importFile } from '../collect/import-file.ts';
import { openSyslogTcp } from '../collect/syslog-tcp.ts';
import { demoHistoryFiles } from '../demo/files.ts';
import { startDemo } from '../demo/run.ts';
import type { App } from './app.ts';
import { demoOrigin } from './demo-origin.ts';
import { DEMO_TENANT } from './tenants.ts';

const DAY_US = 86_400e6;

export async function openDemo(
  app: App,
  o: { rate: number; say: (line: string) => void },
): Promise<() => Promise<void>> {
  const { log } = app.options;
  const intake = demoOrigin(app.pipeline.intake);
  const local = app.api?.local;
  assert(local !== undefined, 'the demo needs the API');
  const stop = new AbortController();
  const door = await openSyslogTcp(
    { tenant: DEMO_TENANT, host: '127.0.0.1', port: 0, zone: 'UTC' },
    intake,
    log,
  );
  const token = newToken();
  const now = app.now();
  await app.control.createToken(
    {
      id: token.id,
      hash: token.hash,
      name: 'demo',
      scope: 'ingest',
      sources: [],
      tenant: DEMO_TENANT,
      createdBy: 'vigil',
      createdAt: now,
      expiresAt: now + DAY_US * 30,
      lastUsed: 0,
      lastFrom: '',
      revokedAt: 0,
    },
    {
      at: now,
      who: 'vigil',
      from: 'local',
      action: 'token.create',
      object: token.id,
      outcome: 'ok',
      detail: '{"name":"demo","scope":"ingest"}',
    },
  );
  const history = backfill(app, stop.signal, o.say).catch((e: unknown) =>
    log.error("the demo's history could not be written", { cause: errorText(e) }),
  );
  const live = startDemo({
    syslogTcp: { host: '127.0.0.1', port: door.port },
    http: { ...local, url: `${local.url}/api/v1/ingest`, token: token.text },
    rate: o.rate,
    signal: stop.signal,
    nowUs: app.now,
    log,
  });
  o.say(
    `The demo sends ${o.rate} events a second and stages an attack now and then; its five weeks of history are being written.`,
  );
  return async () => {
    stop.abort();
    await Promise.all([history, live.done]);
    await door.close();
    await app.control.revokeToken(token.id, app.now(), {
      at: app.now(),
      who: 'vigil',
      from: 'local',
      action: 'token.revoke',
      object: token.id,
      outcome: 'ok',
      detail: '{}',
    });
  };
}

/** Five weeks of history, once per demo. */
async function backfill(app: App, signal: AbortSignal, say: (line: string) => void): Promise<void> {
  if (app.control.setting('demo_history') === true) return;
  const dir = await mkdtemp(join(app.dataDir, 'demo-'));
  try {
    const started = performance.now();
    let records = 0;
    for (const f of await demoHistoryFiles(dir, { seed: 7, nowUs: app.now(), signal })) {
      const r = await importFile(f.path, app.pipeline.importIntake, {
        tenant: DEMO_TENANT,
        origin: 'demo',
        zone: 'UTC',
        sender: 'history',
        positions: (s) => app.pipeline.position(s),
        signal,
      });
      if (r.status === 'failed' || r.status === 'refused') throw new Error(r.message);
      records += r.records;
    }
    if (signal.aborted) return;
    app.control.setSetting('demo_history', true);
    say(
      `The demo's history is there: ${records} events in ${Math.round((performance.now() - started) / 1000)} s.`,
    );
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
