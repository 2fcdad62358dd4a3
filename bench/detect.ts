/**
 * What detection costs: per lane and one core, events per second of `JSON.parse` alone (bytes -> string -> parse), of the
 * plain engine, of the engine in force from bytes to verdicts (with match details), and of verdicts and store columns. The
 * way measured is `runUnit`: what a worker of the pipeline does with frames of the journal.
 *
 * `npm run bench:detect -- [--lanes DIR] [--rules DIR,DIR] [--events N] [--only LANE] [--json FILE]`. Corpora are found below
 * VIGIL_CORPORA (default `../shared/corpora`); without them our own lane is timed with our own rules.
 *
 * Each figure is the best of ROUNDS rounds over the lane in CPU time, after one round that warms up; all figures of a lane come from
 * one process and lie within seconds of each other, so their ratios hold where the machine's speed does not.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Lists } from '../src/condition/tree.ts';
import type { CompiledRules } from '../src/detect/engine/compiled.ts';
import { compileIndexed } from '../src/detect/engine/engine.ts';
import { compilePlain } from '../src/detect/engine/oracle.ts';
import { loadRules } from '../src/detect/load.ts';
import { EMPTY_RULES, makeRuleSet, type RuleSet } from '../src/detect/rule.ts';
import { readTaxonomy } from '../src/detect/taxonomy.ts';
import { FrameBuilder } from '../src/journal/frame.ts';
import type { RecordMeta } from '../src/model/record.ts';
import { RETENTION_DEFAULT } from '../src/model/retention.ts';
import { makeContent, parseContent } from '../src/pipeline/content.ts';
import { PROGRESS_BYTES, Progress } from '../src/pipeline/progress.ts';
import { retentionClass } from '../src/pipeline/retention.ts';
import { makeStages, runUnit, type Stages } from '../src/pipeline/run-unit.ts';
import { stampOurs } from '../src/store/native.ts';
import { decodeMatches, type Unit, type UnitFrame } from '../src/pipeline/unit.ts';
import { cpuMs, used } from './support-gc.ts';
import { type DetectLane, laneFiles, naturalWindows, ownLane } from './detect-lanes.ts';

const ROOT = join(import.meta.dirname, '..');
const CORPORA = process.env['VIGIL_CORPORA'] ?? join(ROOT, '../shared/corpora');
const { values: args } = parseArgs({
  options: {
    lanes: { type: 'string', default: join(CORPORA, 'lanes') },
    rules: { type: 'string' },
    events: { type: 'string', default: '10000' },
    only: { type: 'string' },
    json: { type: 'string' },
  },
});
const EVENTS = Number(args.events);
const ROUNDS = 3;
/** The plain engine is timed over so many events only. */
const PLAIN_EVENTS = 100;
const SMALL_SET = 300;
const FRAME_RECORDS = 500;

const META: RecordMeta = {
  tenant: 'default',
  origin: 'live',
  door: 'http',
  sender: '192.0.2.1',
  token: '',
  format: '',
  source: '',
  zone: 'UTC',
  stream: '',
};
const AT = Date.UTC(2026, 7, 1) * 1000;

function ruleDirs(): string[] {
  if (args.rules !== undefined) return args.rules.split(',');
  const sigma = ['rules', 'rules-emerging-threats', 'rules-threat-hunting', 'rules-compliance']
    .map((d) => join(CORPORA, 'sigma', d))
    .filter((d) => existsSync(d));
  return sigma.length > 0 ? sigma : [join(ROOT, 'content/rules')];
}

function framesOf(lane: DetectLane): UnitFrame[] {
  const frames: UnitFrame[] = [];
  for (let i = 0; i < lane.records.length; i += FRAME_RECORDS) {
    const b = new FrameBuilder(AT);
    for (const raw of lane.records.slice(i, i + FRAME_RECORDS)) b.add({ meta: META, raw, pos: '' });
    frames.push({ batch: frames.length + 1, bytes: b.seal(1, frames.length + 1) });
  }
  return frames;
}

/** Least CPU time of the rounds (all threads, collecting included), seconds: others may share the machine. */
function timed(rounds: number, run: () => void): number {
  run();
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < rounds; i++) {
    const from = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(from);
    best = Math.min(best, (user + system) / 1e6);
  }
  return best;
}

let sink = 0;
function parseAlone(lane: DetectLane): number {
  return timed(ROUNDS, () => {
    for (const r of lane.records) {
      const v = JSON.parse(r.toString('utf8')) as object;
      sink += v === null ? 1 : 0;
    }
  });
}

function units(s: Stages, frames: readonly UnitFrame[], store: boolean): { matched: number; rules: number } {
  let matched = 0;
  let rules = 0;
  for (const [seq, f] of frames.entries()) {
    const frame: UnitFrame = store ? f : { ...f, held: 'all' };
    const unit: Unit = { kind: 'unit', seq, frames: [frame], match: true };
    const r = runUnit(s, unit);
    if (r.trouble !== '') throw new Error(r.trouble);
    const found = decodeMatches(r.matched);
    matched += found.length;
    for (const m of found) rules += m.rules.length;
    sink += r.block.length;
  }
  return { matched, rules };
}

/** What `runUnit` does up to the verdict. */
function verdictsAlone(s: Stages, lane: DetectLane): void {
  for (let ord = 0; ord < lane.records.length; ord++) {
    const e = s.normalize(lane.records[ord] as Buffer, META, AT);
    s.enrich(e.fields);
    const retention = retentionClass(e.fields, META.origin);
    stampOurs(e, {
      tenant: META.tenant,
      origin: META.origin,
      retentionClass: retention,
      retentionDays: s.options.retention[retention],
      node: 1,
      batch: 1,
      ord,
      ingested: AT,
      door: META.door,
      sender: META.sender,
      token: META.token,
    });
    sink += s.rules.match(e).length;
  }
}

type Row = {
  readonly lane: string;
  readonly events: number;
  readonly bytes: number;
  /** Events per second. */
  readonly parse: number;
  readonly plain: number;
  readonly verdict: number;
  readonly details: number;
  readonly small: number;
  readonly none: number;
  readonly columns: number;
  readonly matchedShare: number;
  readonly matchesPerEvent: number;
};

function measure(
  lane: DetectLane,
  s: Stages,
  sets: Record<'all' | 'small' | 'none', CompiledRules>,
  plain: CompiledRules,
): Row {
  const frames = framesOf(lane);
  const n = lane.records.length;
  const rate = (seconds: number, events = n): number => events / seconds;
  const parse = rate(parseAlone(lane));
  const withRules = (rules: CompiledRules, store: boolean): number => {
    s.rules = rules;
    return rate(timed(ROUNDS, () => units(s, frames, store)));
  };
  const alone = (rules: CompiledRules): number => {
    s.rules = rules;
    return rate(timed(ROUNDS, () => verdictsAlone(s, lane)));
  };
  const verdict = alone(sets.all);
  const details = withRules(sets.all, false);
  const found = units(s, frames, false);
  const columns = withRules(sets.all, true);
  const small = alone(sets.small);
  const none = alone(sets.none);
  s.rules = plain;
  const few = framesOf({ name: lane.name, records: lane.records.slice(0, PLAIN_EVENTS) });
  const oracle = rate(
    timed(1, () => units(s, few, false)),
    Math.min(PLAIN_EVENTS, n),
  );
  return {
    lane: lane.name,
    events: n,
    bytes: lane.records.reduce((sum, r) => sum + r.length, 0) / n,
    parse,
    plain: oracle,
    verdict,
    details,
    small,
    none,
    columns,
    matchedShare: found.matched / n,
    matchesPerEvent: found.rules / n,
  };
}

/** Every n-th rule, so that all log sources are in it. */
const some = (set: RuleSet, count: number): RuleSet => {
  const step = Math.max(1, Math.floor(set.rules.length / count));
  const base = set.rules.filter((r) => r.kind === 'rule');
  return makeRuleSet(base.filter((_, i) => i % step === 0).slice(0, count));
};

const heapMb = (): number => used() / 1024 ** 2;

async function main(): Promise<void> {
  const lists: Lists = new Map();
  let t = cpuMs();
  const loaded = loadRules(ruleDirs(), { taxonomy: readTaxonomy(join(ROOT, 'content/taxonomy')) });
  const cold = cpuMs() - t;
  const content = makeContent(loaded.set, lists);
  t = cpuMs();
  const parsed = parseContent(content.text);
  if (!parsed.ok) throw new Error(parsed.error);
  const read = cpuMs() - t;
  const before = heapMb();
  t = cpuMs();
  const all = compileIndexed(parsed.value.rules, lists);
  const compile = cpuMs() - t;
  const compiled = heapMb() - before;
  const small = some(loaded.set, SMALL_SET);
  const s = await makeStages(
    {
      sourcesDir: join(ROOT, 'content/sources'),
      content: makeContent(EMPTY_RULES, lists).text,
      hostZone: 'UTC',
      hostName: 'bench',
      node: 1,
      retention: RETENTION_DEFAULT,
      networks: [],
    },
    new Progress(new SharedArrayBuffer(PROGRESS_BYTES)),
  );
  const sets = { all, small: compileIndexed(small, lists), none: compileIndexed(EMPTY_RULES, lists) };
  const plain = compilePlain(loaded.set, lists);
  const natural = naturalWindows(join(CORPORA, 'sigma/regression-dev.jsonl'), EVENTS);
  const lanes = [
    ...laneFiles(args.lanes, EVENTS),
    ...(natural === undefined ? [] : [natural]),
    ownLane(EVENTS),
  ].filter((l) => args.only === undefined || l.name.includes(args.only));
  const machine = {
    cpu: cpus()[0]?.model ?? '',
    cores: cpus().length,
    load: loadavg().map((l) => Math.round(l * 10) / 10),
    node: process.version,
    commit: commit(),
    command: `node ${process.argv
      .slice(1)
      .map((a) => a.replace(`${ROOT}/`, ''))
      .join(' ')}`,
    date: new Date().toISOString(),
  };
  console.log(
    `${machine.cpu}, ${machine.cores} cores, load ${machine.load.join(' ')}, Node ${machine.node}, commit ${machine.commit}, ${machine.date}`,
  );
  console.log(
    `${loaded.set.rules.length} rules (${loaded.problems.length} refused); ${small.rules.length} in the small set`,
  );
  console.log(
    `load, CPU time: ${cold.toFixed(0)} ms from YAML, ${read.toFixed(0)} ms from the cached text, ${compile.toFixed(0)} ms to compile; ${compiled.toFixed(1)} MiB compiled (without indexes, which events cause)`,
  );
  const rows: Row[] = [];
  for (const lane of lanes) {
    const row = measure(lane, s, sets, plain);
    rows.push(row);
    show(row, rows.length === 1);
  }
  const after = heapMb();
  console.log(
    `memory: ${(after - before).toFixed(0)} MiB more than before compiling (engines of all, of ${SMALL_SET} and plain, lanes, caches)`,
  );
  if (args.json !== undefined)
    writeFileSync(
      args.json,
      JSON.stringify(
        {
          machine,
          load: { cold, read, compile, compiledMiB: compiled },
          rules: loaded.set.rules.length,
          rows,
        },
        null,
        1,
      ),
    );
  if (sink === -1) console.log(sink);
}

const COLUMNS = [
  'lane',
  'bytes',
  'parse/s',
  'plain',
  'verdict',
  'ratio',
  '+details',
  'ratio',
  '+columns',
  'ratio',
  '300 rules',
  'cost x',
  'no rules',
  'met',
];
function show(r: Row, first: boolean): void {
  const line = (cells: readonly string[]): void =>
    console.log(cells.map((c, i) => (i === 0 ? c.padEnd(20) : c.padStart(9))).join(''));
  if (first) line(COLUMNS);
  const k = (x: number): string => (x >= 1e5 ? `${(x / 1000).toFixed(0)}k` : `${(x / 1000).toFixed(1)}k`);
  line([
    r.lane,
    r.bytes.toFixed(0),
    k(r.parse),
    k(r.plain),
    k(r.verdict),
    (r.verdict / r.parse).toFixed(3),
    k(r.details),
    (r.details / r.parse).toFixed(3),
    k(r.columns),
    (r.columns / r.parse).toFixed(3),
    k(r.small),
    (r.small / r.verdict).toFixed(2),
    k(r.none),
    `${(r.matchedShare * 100).toFixed(1)}%`,
  ]);
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim();
  } catch {
    // A tree without its history.
    return 'unknown';
  }
}

await main();
