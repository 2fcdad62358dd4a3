/**
 * The floor under the pipeline: the same rows, normalised and stamped beforehand (not measured), encoded and inserted
 * into an engine of the same build over an empty folder. A process of its own; prints one line of JSON.
 * `node bench/support-baseline.ts ROWS SEED`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../src/base/log.ts';
import { makeEnricher } from '../src/enrich/enrich.ts';
import { RETENTION_DEFAULT } from '../src/model/retention.ts';
import { makeNormalizer } from '../src/normalize/normalize.ts';
import { loadSources } from '../src/normalize/registry.ts';
import { retentionClass } from '../src/pipeline/retention.ts';
import { startEngine } from '../src/store/engine/engine.ts';
import { openEventStore } from '../src/store/events.ts';
import { BlockEncoder, leafHash, type RowProvenance, stampOurs } from '../src/store/native.ts';
import { laneLines } from './lane.ts';
import { cpuOf } from './support-proc.ts';

export type Baseline = {
  readonly rows: number;
  readonly cpuSecondsPerMillion: number;
  readonly encodeCpuSecondsPerMillion: number;
  readonly engineCpuSecondsPerMillion: number;
  /** Of encoding and inserting, one after the other. */
  readonly eventsPerSecond: number;
  readonly bytesOnDiskPerEvent: number;
  readonly parts: number;
};

/** Rows of an insert: what the pipeline sends at most at once. */
const BATCH = 20_000;
const IDLE_MS = 3000;
const MERGES_MS_MAX = 180_000;
/** `store.memoryMegabytes` by default. */
const ENGINE_BYTES = 1024 ** 3;

const sleep = (ms: number): Promise<void> => new Promise((r) => setTimeout(r, ms));

const rows = Number(process.argv[2]);
const seed = Number(process.argv[3]);
const meta = {
  tenant: 'default',
  origin: 'live',
  door: 'syslog-tcp',
  sender: '127.0.0.1',
  token: '',
  format: '',
  source: '',
  zone: '',
  stream: '',
} as const;
const normalize = makeNormalizer(await loadSources(join(import.meta.dirname, '../content/sources')), {
  hostZone: 'UTC',
  hostName: 'bench',
});
const enrich = makeEnricher({ networks: [] });
const lane = laneLines({ seed, count: rows, fromUs: Date.now() * 1000 });

const dataDir = mkdtempSync(join(tmpdir(), 'vigil-bench-'));
const engine = await startEngine({ dataDir, memoryBytes: ENGINE_BYTES, log: silentLog });
try {
  const store = await openEventStore(engine);
  const encoder = new BlockEncoder();
  const engineBefore = cpuOf(engine.pid).main;
  let ownUs = 0;
  let ms = 0;
  for (let batch = 1, done = 0; done < rows; batch++) {
    const ingested = Date.now() * 1000;
    const work: [ReturnType<typeof normalize>, RowProvenance][] = [];
    while (work.length < Math.min(BATCH, rows - done)) {
      const raw = Buffer.from(lane.next().value as string);
      const event = normalize(raw, meta, ingested);
      enrich(event.fields);
      const retention = retentionClass(event.fields, meta.origin);
      const id = { node: 1, batch, ord: work.length };
      const p: RowProvenance = {
        tenant: meta.tenant,
        origin: meta.origin,
        retentionClass: retention,
        retentionDays: RETENTION_DEFAULT[retention],
        ...id,
        ingested,
        door: meta.door,
        sender: meta.sender,
        token: '',
        leaf: leafHash(id, ingested, meta.door, raw),
      };
      stampOurs(event, p);
      work.push([event, p]);
    }
    const cpu = process.cpuUsage();
    const from = performance.now();
    for (const [event, p] of work) encoder.add(event, p);
    await store.insert([encoder.finish()], `${batch}`);
    ms += performance.now() - from;
    const used = process.cpuUsage(cpu);
    ownUs += used.user + used.system;
    done += work.length;
  }
  const until = performance.now() + MERGES_MS_MAX;
  for (let last = -1; performance.now() < until; ) {
    const now = cpuOf(engine.pid).main;
    if (last >= 0 && now - last < 0.1) break;
    last = now;
    await sleep(IDLE_MS);
  }
  const engineS = cpuOf(engine.pid).main - engineBefore;
  const stats = await store.stats();
  const per = (s: number): number => (s / rows) * 1e6;
  const out: Baseline = {
    rows,
    cpuSecondsPerMillion: per(ownUs / 1e6 + engineS),
    encodeCpuSecondsPerMillion: per(ownUs / 1e6),
    engineCpuSecondsPerMillion: per(engineS),
    eventsPerSecond: (rows / ms) * 1000,
    bytesOnDiskPerEvent: stats.bytesOnDisk / stats.rows,
    parts: stats.parts,
  };
  console.log(JSON.stringify(out));
} finally {
  await engine.stop();
  rmSync(dataDir, { recursive: true, force: true });
}
process.exit(0);
