/**
 * Broken inputs for everything that reads what others wrote: sources, framers, JSON splitter, query parser, journal
 * frames, Sigma files. None may throw, and none may take more than CPU_MS_MAX of CPU for one input (Sigma files: ten times).
 * VIGIL_TEST_FUZZ_SECONDS (default 20) is the time for each: `VIGIL_TEST_FUZZ_SECONDS=600 node --test test/ci/fuzz.int.ts`
 * is a long run. The seed is printed.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { JsonSplitter } from '../../src/collect/json-splitter.ts';
import { LineCutter } from '../../src/collect/line-cutter.ts';
import { StreamFramer } from '../../src/collect/stream-framer.ts';
import { rulesFromFiles } from '../../src/detect/load.ts';
import { compileRules } from '../../src/detect/matcher.ts';
import { readTaxonomy } from '../../src/detect/taxonomy.ts';
import { decodeFrame, FrameBuilder, frameLength } from '../../src/journal/frame.ts';
import type { RecordMeta } from '../../src/model/record.ts';
import {
  GOLDEN_INGESTED,
  GOLDEN_META,
  goldenNormalizer,
  readSamples,
  sourceFolders,
} from '../../src/normalize/golden.ts';
import { loadSources } from '../../src/normalize/registry.ts';
import { conditionProblems } from '../../src/condition/evaluate.ts';
import { parseCondition } from '../../src/condition/language/parse.ts';
import { parseQuery } from '../../src/query/parse.ts';
import { compileRows, compileTable, isTable } from '../../src/query/sql.ts';
import { ROOT } from '../support/vigil.ts';
import { mutate } from './mutate.ts';
import { makeRandom, type Random, seedOf } from './random.ts';

const SECONDS = Number(process.env['VIGIL_TEST_FUZZ_SECONDS'] ?? 20);
/** CPU of this thread for one input. A slow one is tried again: the compiler and the collector of garbage cost too. */
const CPU_MS_MAX = 50;
const TRIES = 4;
/** Inputs before the clock counts: code is compiled by then. */
const WARM_UP = 300;
const SHOWN_BYTES_MAX = 6000;

const seed = seedOf(process.env);
const sourcesDir = join(ROOT, 'content/sources');
const rulesDir = join(ROOT, 'content/rules');
const samples = sourceFolders(sourcesDir).flatMap((f) => readSamples(join(sourcesDir, f)));
const raws = samples.map((s) => s.raw);

type Target = {
  readonly seeds: readonly Buffer[];
  readonly run: (input: Buffer, r: Random) => void;
  /** Instead of CPU_MS_MAX. */
  readonly msMax?: number;
  /** Inputs are cut to this. */
  readonly bytesMax?: number;
};

function fuzz(name: string, make: () => Target | Promise<Target>): void {
  test(`fuzz: ${name}`, { timeout: (SECONDS + 120) * 1000 }, async (t) => {
    const target = await make();
    assert.ok(target.seeds.length > 0, 'no seeds');
    const r = makeRandom(seed);
    let tried = 0;
    let slowest = 0;
    for (const s of target.seeds) attempt(target, s, r);
    for (let until = Date.now() + SECONDS * 1000; Date.now() < until; tried++) {
      const input = mutate(target.seeds, r).subarray(0, target.bytesMax);
      const ms = attempt(target, input, r);
      if (tried < WARM_UP) continue;
      slowest = Math.max(slowest, ms);
      assert.ok(ms <= (target.msMax ?? CPU_MS_MAX), `${ms} ms of CPU for ${show(input)}`);
    }
    t.diagnostic(`${tried} inputs in ${SECONDS} s, slowest ${slowest.toFixed(1)} ms of CPU (seed ${seed})`);
    assert.ok(tried > WARM_UP, 'next to nothing was tried');
  });
}

function attempt(target: Target, input: Buffer, r: Random): number {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < TRIES && best > CPU_MS_MAX; i++) {
    const before = process.threadCpuUsage();
    try {
      target.run(input, r);
    } catch (cause) {
      throw new Error(`threw on ${show(input)}`, { cause });
    }
    const used = process.threadCpuUsage(before);
    best = Math.min(best, (used.user + used.system) / 1000);
  }
  return best;
}

const show = (b: Buffer): string =>
  `${b.length} bytes, base64 ${b.subarray(0, SHOWN_BYTES_MAX).toString('base64')} (seed ${seed})`;

fuzz('sources', async () => {
  const normalize = goldenNormalizer(await loadSources(sourcesDir));
  const metas = [...new Map(samples.map((s) => [JSON.stringify(s.meta), s.meta])).values()];
  const formats = ['', '', 'syslog', 'journald', 'json'] as const;
  return {
    seeds: raws,
    run: (input, r) => {
      const meta: RecordMeta = { ...GOLDEN_META, ...r.pick(metas), format: r.pick(formats) };
      const e = normalize(input, meta, GOLDEN_INGESTED);
      // A source that throws is caught and counted as quarantined; here that is a failure.
      assert.notEqual(e.status, 'quarantined', `quarantined as ${e.source}`);
      assert.ok(Number.isSafeInteger(e.ts), `ts ${e.ts}`);
      assert.ok(Math.abs(e.ts) < 2 ** 53);
    },
  };
});

/** Bytes in random pieces; how they were cut must not matter for their number. */
function inPieces(input: Buffer, r: Random, push: (piece: Uint8Array) => void): void {
  for (let i = 0; i < input.length; ) {
    const n = r.int(1, r.int(0, 3) === 0 ? 64 : 20_000);
    // A copy: what a socket gives is its own.
    push(new Uint8Array(input.subarray(i, i + n)));
    i += n;
  }
}

fuzz('syslog framer', () => ({
  seeds: [...raws, ...raws.map((b) => Buffer.concat([Buffer.from(`${b.length} `), b, Buffer.from('\n')]))],
  run: (input, r) => {
    let bytes = 0;
    const framer = new StreamFramer({
      record: (raw) => {
        bytes += raw.length;
      },
      bad: () => {},
    });
    inPieces(input, r, (piece) => framer.push(piece));
    framer.flush();
    assert.ok(bytes <= input.length, 'more bytes than came in');
    assert.equal(framer.held, 0, 'bytes are held after the end');
  },
}));

fuzz('JSON splitter and line cutter', () => ({
  seeds: [
    ...raws.filter((b) => b[0] === 123),
    Buffer.from(`[${raws.filter((b) => b[0] === 123).join(',')}]`).subarray(0, 20_000),
  ],
  run: (input, r) => {
    let split = 0;
    let cut = 0;
    const json = new JsonSplitter((raw) => {
      split += raw.length;
    });
    const lines = new LineCutter((raw) => {
      cut += raw.length;
    });
    inPieces(input, r, (piece) => {
      json.push(piece);
      lines.push(piece);
    });
    json.end();
    lines.flush();
    assert.ok(split <= input.length && cut <= input.length, 'more bytes than came in');
  },
}));

const QUERIES = [
  'event.action == "ssh_login" AND source.ip:10.0.0.0/8',
  'failed password NOT user.name:root',
  'source.port IN (22, 80, 443) OR url.path:*.php',
  'exists(user.name) AND message ~ /Failed .* from/',
  'x509.issuer.common_name NOT IN approved_cas',
  '"exact words" (a OR b) AND NOT c | stats count() as n, dc(user.name) by source.ip | sort -n | head 10',
  'http.response.status_code >= 500 @timestamp > now-7d',
  'user.name: "a*b" host.name:web0?',
  'source.bytes > 10 * destination.bytes OR (source.bytes + 1) * 2 >= len(lower(user.name))',
  'hour(@timestamp, "Europe/Berlin") < 6 weekday(@timestamp) IN (6, 7) user.name == field(user.target.name)',
  'certificate.days_to_expiry < 7 AND NOT exists(renewal_event for certificate in last 30 days)',
  'count(certificate_requests from source in 1 hour) > 10 * baseline',
  'count_distinct(user.name where failed NOT (a OR b) by source.ip, host in 5m) > 3 + -baseline(count(a in 1h))',
].map((q) => Buffer.from(q));

fuzz('query parser', () => ({
  seeds: QUERIES,
  run: (input) => {
    const now = GOLDEN_INGESTED;
    const q = parseQuery(input.toString('utf8'), { now });
    const c = parseCondition(input.toString('utf8'), { now });
    if (c.ok) assert.deepEqual(conditionProblems(c.value), [], 'what parses can be judged');
    if (!q.ok) {
      assert.ok(q.error.message.length > 0);
      assert.ok(q.error.start >= 0 && q.error.end >= q.error.start, 'the error has a place');
      return;
    }
    const scope = { tenants: ['default'], from: now - 1e9, to: now };
    const env = { lists: new Map() };
    if (isTable(q.value)) compileTable(q.value, scope, env);
    else compileRows(q.value, scope, env, { limit: 10 });
  },
}));

fuzz('journal frames', () => {
  const frames = [0, 1, 40].map((n) => {
    const b = new FrameBuilder(GOLDEN_INGESTED);
    for (const raw of raws.slice(n, n + n))
      b.add({ meta: { ...GOLDEN_META, stream: 'file:1' }, raw, pos: `${raw.length}` });
    b.received(GOLDEN_META, n, 100);
    b.dropped(GOLDEN_META, 'bad_frame', 1);
    b.key('default', 'key-1');
    return b.seal(1, 7);
  });
  return {
    seeds: frames,
    run: (input) => {
      frameLength(input);
      const f = decodeFrame(input);
      if (!f.ok) assert.ok(f.error.length > 0);
    },
  };
});

fuzz('Sigma files', () => {
  const taxonomy = readTaxonomy(join(ROOT, 'content/taxonomy'));
  const texts = readdirSync(rulesDir, { recursive: true, encoding: 'utf8' })
    .filter((p) => p.endsWith('.yml') && !p.endsWith('.test.yml'))
    .map((p) => readFileSync(join(rulesDir, p)));
  return {
    seeds: texts,
    // Six times the largest of ours. They are an operator's files, read at start and reload, not what senders write.
    bytesMax: 16 * 1024,
    msMax: 500,
    run: (input) => {
      const loaded = rulesFromFiles([{ path: 'x.yml', text: input.toString('utf8') }], { taxonomy });
      for (const p of loaded.problems) assert.ok(p.reason.length > 0 && p.line >= 1);
      compileRules(loaded.set, new Map());
    },
  };
});
