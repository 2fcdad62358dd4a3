/**
 * Microseconds per event of the normaliser, per source over its own samples, on one core. Prints a table; the mean of
 * each source is over whole passes through its samples. Synthetic: samples repeat, so caches are warm.
 *
 * `node bench/normalize.ts [events per source, default 50000]`
 */
import { join } from 'node:path';
import {
  GOLDEN_INGESTED,
  GOLDEN_META,
  goldenNormalizer,
  readSamples,
  sourceFolders,
} from '../src/normalize/golden.ts';
import { loadSources } from '../src/normalize/registry.ts';

const DIR = join(import.meta.dirname, '../content/sources');
const events = Number(process.argv[2] ?? 50_000);
const normalize = goldenNormalizer(await loadSources(DIR));

const row = (name: string, n: number, bytes: number, us: number): void =>
  console.log(
    `${name.padEnd(16)}${String(n).padStart(8)}${bytes.toFixed(0).padStart(8)}${us.toFixed(2).padStart(10)}`,
  );

console.log(`${'source'.padEnd(16)}${'samples'.padStart(8)}${'bytes'.padStart(8)}${'us/event'.padStart(10)}`);
for (const name of sourceFolders(DIR)) {
  const work = readSamples(join(DIR, name)).map((s) => ({
    raw: new Uint8Array(s.raw),
    meta: { ...GOLDEN_META, ...s.meta },
  }));
  if (work.length === 0) continue;
  const passes = Math.max(1, Math.round(events / work.length));
  const run = (n: number): void => {
    for (let i = 0; i < n; i++) for (const w of work) normalize(w.raw, w.meta, GOLDEN_INGESTED);
  };
  run(Math.max(1, passes >> 2));
  const start = process.hrtime.bigint();
  run(passes);
  const us = Number(process.hrtime.bigint() - start) / 1000 / (passes * work.length);
  row(name, work.length, work.reduce((a, w) => a + w.raw.length, 0) / work.length, us);
}
