/**
 * What storing costs: encoding events into columns, and inserting them (fsynced) into the embedded engine.
 * `ROWS=200000 BATCH=20000 node bench/insert.ts`. Events are synthetic (four kinds, ~25 set fields); real logs compress
 * and encode differently. Prints one line of JSON per measure.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../src/base/log.ts';
import { EventFields, type NormalizedEvent } from '../src/model/event.ts';
import { startEngine } from '../src/store/engine/engine.ts';
import { openEventStore } from '../src/store/events.ts';
import { BlockEncoder, leafHash, type RowProvenance, stampOurs } from '../src/store/native.ts';

const rows = Number(process.env['ROWS'] ?? 200_000);
const batch = Number(process.env['BATCH'] ?? 20_000);
const memoryBytes = Number(process.env['MEMORY'] ?? 1.5e9);

const report = (measure: string, figures: Record<string, number | string>): void => {
  console.log(JSON.stringify({ measure, ...figures }));
};
const round = (n: number, digits = 2): number => Number(n.toFixed(digits));

/** Small linear congruential generator: the same events on every run. */
let seed = 42;
const pick = (n: number): number => {
  seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
  return seed % n;
};
const octet = (): string => `10.${pick(4)}.${pick(256)}.${pick(256)}`;

function makeEvent(ts: number): NormalizedEvent {
  const f = new EventFields();
  const user = `user${pick(500)}`;
  const host = `web${pick(40)}`;
  const ip = octet();
  const port = 1024 + pick(60_000);
  const pid = pick(30_000);
  const failed = pick(3) === 0;
  const verb = failed ? 'Failed' : 'Accepted';
  const message = `${verb} password for ${user} from ${ip} port ${port} ssh2`;
  const raw = `<38>${new Date(ts / 1000).toISOString()} ${host}.example.com sshd[${pid}]: ${message}`;
  f.set('message', message);
  f.set('event.kind', 'event');
  f.set('event.category', ['authentication']);
  f.set('event.type', [failed ? 'denied' : 'start']);
  f.set('event.action', 'ssh_login');
  f.set('event.outcome', failed ? 'failure' : 'success');
  f.set('event.provider', 'sshd');
  f.set('event.dataset', 'system.auth');
  f.set('log.level', 'info');
  f.set('host.name', `${host}.example.com`);
  f.set('service.name', 'ssh');
  f.set('user.name', user);
  f.set('user.id', String(1000 + pick(500)));
  f.set('source.ip', ip);
  f.set('source.port', port);
  f.set('source.geo.country_iso_code', 'DE');
  f.set('source.as.number', 64_512 + pick(100));
  f.set('source.as.organization.name', 'Example Networks');
  f.set('network.transport', 'tcp');
  f.set('network.protocol', 'ssh');
  f.set('process.name', 'sshd');
  f.set('process.pid', pid);
  f.set('log.syslog.facility.code', 4);
  f.set('log.syslog.severity.code', 6);
  f.set('ssh.method', 'password');
  return {
    fields: f,
    rawText: raw,
    raw: Buffer.from(raw),
    ts,
    status: 'parsed',
    source: 'sshd',
    parser: 'sshd@1',
    entities: [`ip:${ip}`, `user:${user}`, `host:${host}.example.com`],
  };
}

const ingested = Date.now() * 1000;
const provenance = (b: number, ord: number, leaf: Uint8Array): RowProvenance => ({
  tenant: 'default',
  origin: 'live',
  retentionClass: 'standard',
  retentionDays: 90,
  node: 1,
  batch: b,
  ord,
  ingested,
  door: 'syslog-udp',
  sender: '192.0.2.10',
  token: '',
  leaf,
});

const events = Array.from({ length: batch }, (_, i) => makeEvent(ingested - (batch - i) * 1000));
const leaf = new Uint8Array(32);
const encoder = new BlockEncoder();

function time(what: () => void): number {
  const start = performance.now();
  what();
  return performance.now() - start;
}

const once = (b: number): Uint8Array => {
  for (let i = 0; i < batch; i++) encoder.add(events[i] as NormalizedEvent, provenance(b, i, leaf));
  return encoder.finish();
};
let block = once(0);
const rounds = Math.max(3, Math.ceil(rows / batch));
const encodeMs: number[] = [];
for (let r = 0; r < rounds; r++) encodeMs.push(time(() => (block = once(r))));
encodeMs.sort((a, b) => a - b);
report('encode', {
  rows: batch,
  fields: (events[0] as NormalizedEvent).fields.size,
  usPerRowMedian: round(((encodeMs[encodeMs.length >> 1] as number) * 1000) / batch),
  usPerRowBest: round(((encodeMs[0] as number) * 1000) / batch),
  bytesPerRow: round(block.length / batch, 0),
});
const leafMs = time(() => {
  for (let i = 0; i < batch; i++)
    leafHash({ node: 1, batch: 1, ord: i }, ingested, 'syslog-udp', (events[i] as NormalizedEvent).raw);
});
report('leafHash', { usPerRow: round((leafMs * 1000) / batch) });
const stampMs = time(() => {
  for (let i = 0; i < batch; i++) stampOurs(events[i] as NormalizedEvent, provenance(1, i, leaf));
});
report('stampOurs', { usPerRow: round((stampMs * 1000) / batch) });

const dataDir = mkdtempSync(join(tmpdir(), 'vigil-bench-'));
const engine = await startEngine({ dataDir, memoryBytes, log: silentLog });
/** CPU seconds of the engine so far (clock ticks are 1/100 s on Linux). */
const engineCpu = (): number => {
  const stat = readFileSync(`/proc/${engine.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(stat[11]) + Number(stat[12])) / 100;
};
try {
  const store = await openEventStore(engine);
  for (const size of [2000, 10_000, batch]) {
    const own = events.slice(0, size);
    const cpu = engineCpu();
    const start = performance.now();
    let inserted = 0;
    let insertMs = 0;
    for (let b = 0; inserted < rows; b++) {
      for (const [i, e] of own.entries()) encoder.add(e, provenance(size * 1_000_000 + b, i, leaf));
      const bytes = encoder.finish();
      const before = performance.now();
      await store.insert([bytes], `${size}-${b}`);
      insertMs += performance.now() - before;
      inserted += own.length;
    }
    const ms = performance.now() - start;
    report('insert', {
      batch: own.length,
      rows: inserted,
      rowsPerSecondInsert: Math.round((inserted / insertMs) * 1000),
      rowsPerSecondWithEncode: Math.round((inserted / ms) * 1000),
      engineCpuSecondsPerMillion: round(((engineCpu() - cpu) / inserted) * 1e6, 1),
    });
  }
  const stats = await store.stats();
  report('table', {
    rows: stats.rows,
    bytesPerRow: round(stats.bytesOnDisk / stats.rows, 1),
    parts: stats.parts,
  });
  const memory = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${engine.pid}/status`, 'utf8'))?.[1];
  report('machine', {
    engineRssPeakMb: Math.round(Number(memory) / 1024),
    cores: availableParallelism(),
    engine: stats.version,
    node: process.version,
  });
} finally {
  await engine.stop();
  rmSync(dataDir, { recursive: true, force: true });
}
