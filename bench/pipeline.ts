/**
 * What Vigil costs per event: a default installation (all doors, rules and checks on; this machine's own logs off, since
 * they are not the lane), under the mixed lane of `lane.ts`, against the bare encode-and-insert of the same rows.
 *
 *   npm run bench -- [--minutes 5] [--rate N|unlimited] [--door tcp|http|both] [--seed N] [--baseline-rows N]
 *                    [--latency-rounds N] [--keep]
 *
 * CPU is that of all of Vigil's processes (/proc), from the first record until all is stored, judged and merged; the
 * generator is a process of its own. Prints a table and writes JSON to `bench/out/`. README.md says how to read it.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { ROOT, startVigil } from '../test/support/vigil.ts';
import { LANE_SEED, laneLines } from './lane.ts';
import type { Baseline } from './support-baseline.ts';
import { measureLatency } from './support-latency.ts';
import { cores, cpuBetween, cpuOf, diskBytes, pssOf } from './support-proc.ts';
import { allStored, idle, listen, Load, totals } from './support-run.ts';
import { type Result, table } from './support-table.ts';

const run = promisify(execFile);
const { values: flags } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    rate: { type: 'string', default: 'unlimited' },
    door: { type: 'string', default: 'both' },
    seed: { type: 'string', default: String(LANE_SEED) },
    'warm-up': { type: 'string', default: '30' },
    'baseline-rows': { type: 'string', default: '1000000' },
    'latency-rounds': { type: 'string', default: '3' },
    keep: { type: 'boolean', default: false },
  },
});
const LATENCY_RATE = 5000;
const PSS_EVERY_MS = 2000;
const GZIP_LINES = 100_000;

const door = flags.door as 'tcp' | 'http' | 'both';
const seconds = Number(flags.minutes) * 60;
const rate = flags.rate === 'unlimited' ? 0 : Number(flags.rate);
const seed = Number(flags.seed);
if (!(seconds > 0) || !(rate >= 0) || !['tcp', 'http', 'both'].includes(door))
  throw new Error('see the head of bench/pipeline.ts for the options');
const note = (text: string): void => console.error(`${new Date().toISOString().slice(11, 19)} ${text}`);

async function measure(): Promise<Omit<Result, 'latency' | 'baseline'>> {
  const dataDir = mkdtempSync(join(tmpdir(), 'vigil-bench-'));
  const stop = new AbortController();
  const v = await startVigil({ dataDir });
  const load = new Load({
    syslogPort: v.syslogPort,
    url: v.url,
    token: await v.token('ingest'),
    door,
    seed,
    perSecond: rate === 0 ? 10_000 : rate,
  });
  let timer: NodeJS.Timeout | undefined;
  try {
    await listen(v, await v.token('read'), stop.signal, (m) => {
      if (m.kind === 'rate') load.pending(m.pending);
    });
    note(`Vigil is process ${v.pid}, engine ${v.enginePid()}; warming up`);
    const warm = await load.run(Number(flags['warm-up']), rate);
    await allStored(v, warm.records);
    const before = await idle(v);

    const pss = { peak: 0, peakMain: 0, peakEngine: 0, end: 0 };
    const look = (): void => {
      const { main, rest } = pssOf(v.pid);
      pss.peak = Math.max(pss.peak, main + rest);
      pss.peakMain = Math.max(pss.peakMain, main);
      pss.peakEngine = Math.max(pss.peakEngine, rest);
      pss.end = main + rest;
    };
    timer = setInterval(look, PSS_EVERY_MS);
    note(`measuring for ${seconds} s`);
    const cpu = cpuOf(v.pid);
    const start = performance.now();
    const sent = await load.run(seconds, rate);
    const sentAt = performance.now();
    note(`${sent.records} sent; waiting until they are stored`);
    await allStored(v, warm.records + sent.records);
    const storedAt = performance.now();
    note('stored; waiting for merges');
    const after = await idle(v);
    const used = cpuBetween(cpu, cpuOf(v.pid));
    look();
    const all = await totals(v);
    const per = 1e6 / sent.records;
    const stage = (name: 'normalizeUs' | 'matchUs' | 'encodeUs'): number =>
      ((after.stages?.[name] ?? 0) - (before.stages?.[name] ?? 0)) /
      Math.max(1, (after.stages?.records ?? 0) - (before.stages?.records ?? 0));
    return {
      at: new Date().toISOString(),
      commit: (await run('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT })).stdout.trim(),
      node: process.version,
      cpu: cores(),
      cores: availableParallelism(),
      loadAverage: loadavg(),
      seed,
      door,
      rate,
      seconds,
      sent,
      stored: all.stored - warm.records,
      balanced: all.balanced && all.received === all.stored + all.dropped,
      eventsPerSecond: (sent.records / (storedAt - start)) * 1000,
      storedAfterSeconds: (storedAt - sentAt) / 1000,
      idleAfterSeconds: (performance.now() - sentAt) / 1000,
      cpuPerMillion: {
        total: used.total * per,
        main: used.main * per,
        rest: used.rest * per,
        threads: Object.fromEntries(Object.entries(used.threads).map(([n, s]) => [n, s * per])),
      },
      stagesUs: { normalize: stage('normalizeUs'), match: stage('matchUs'), encode: stage('encodeUs') },
      pss,
      rawBytesPerEvent: sent.bytes / sent.records,
      gzipBytesPerEvent: gzipped(),
      tableBytesPerEvent: after.store.bytesOnDisk / after.store.rows,
      engineFolderBytesPerEvent: diskBytes(join(dataDir, 'engine')) / after.store.rows,
      parts: after.store.parts ?? 0,
      partsAfterWarmUp: before.store.parts ?? 0,
      journalBytes: after.journal.bytes,
      alerts: (await v.alerts()).total,
    };
  } finally {
    clearInterval(timer);
    stop.abort();
    load.end();
    await v[Symbol.asyncDispose]();
    if (flags.keep) note(`data folder kept: ${dataDir}`);
    else rmSync(dataDir, { recursive: true, force: true, maxRetries: 40, retryDelay: 250 });
  }
}

/** Bytes per line of `gzip -6` over the lane's first lines as one file: what the logs would take without any index. */
function gzipped(): number {
  const lines = [...laneLines({ seed, count: GZIP_LINES })].join('\n');
  return gzipSync(lines, { level: 6 }).length / GZIP_LINES;
}

async function baseline(rows: number): Promise<Baseline | undefined> {
  if (!(rows > 0)) return undefined;
  note(`encode and insert alone, ${rows} rows`);
  const script = join(import.meta.dirname, 'support-baseline.ts');
  const { stdout } = await run(process.execPath, [script, String(rows), String(seed)]);
  return JSON.parse(stdout) as Baseline;
}

async function latency(rounds: number): Promise<Result['latency']> {
  if (!(rounds > 0)) return undefined;
  note(`wire to alert at ${LATENCY_RATE} events/s, ${rounds} rounds`);
  return measureLatency({ rate: LATENCY_RATE, rounds, seed: seed + 1 });
}

const main = await measure();
const out = join(import.meta.dirname, 'out');
mkdirSync(out, { recursive: true });
const result: Result = {
  ...main,
  baseline: await baseline(Math.min(main.sent.records, Number(flags['baseline-rows']))),
  latency: await latency(Number(flags['latency-rounds'])),
};
const file = join(out, `${result.at.replaceAll(':', '-').slice(0, 19)}.json`);
writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
console.log(table(result));
note(`written to ${file}`);
process.exit(0);
