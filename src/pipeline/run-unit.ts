/**
 * One unit of work, within a worker: frames in, a column block, matches and counts out. Stateless between units but for
 * the compiled rules. An event that makes parsing throw is stored raw as quarantined and counted; what breaks more than
 * that fails the unit, and the pipeline tries it again without the event that `Progress` names.
 * Held by `poison.int.test.ts`.
 */
import { errorText } from '../base/result.ts';
import { type CompiledRules, compileRules } from '../detect/matcher.ts';
import { makeEnricher } from '../enrich/enrich.ts';
import type { NetworkEntry } from '../enrich/networks.ts';
import { decodeFrame, type Frame, type FrameRecord } from '../journal/frame.ts';
import { EventFields, type NormalizedEvent } from '../model/event.ts';
import type { MatchedEvent } from '../model/match.ts';
import type { RecordMeta } from '../model/record.ts';
import type { RetentionDays } from '../model/retention.ts';
import { makeNormalizer, type Normalizer } from '../normalize/normalize.ts';
import { loadSources } from '../normalize/registry.ts';
import { BlockEncoder, leafHash, type RowProvenance, stampOurs } from '../store/native.ts';
import { parseContent } from './content.ts';
import { minuteOf } from './counters.ts';
import type { Progress } from './progress.ts';
import { retentionClass } from './retention.ts';
import type { Held, Unit, UnitResult, UnitTally } from './unit.ts';
import { UsageMeter } from './usage.ts';

export type WorkerOptions = {
  readonly sourcesDir: string;
  readonly content: string;
  readonly hostZone: string;
  readonly hostName: string;
  readonly node: number;
  readonly retention: RetentionDays;
  readonly networks: readonly NetworkEntry[];
};

const EMPTY = new Uint8Array(0);

export type Stages = {
  normalize: Normalizer;
  readonly enrich: ReturnType<typeof makeEnricher>;
  rules: CompiledRules;
  encoder: BlockEncoder;
  readonly options: WorkerOptions;
  readonly progress: Progress;
  readonly usage: UsageMeter;
  /** Why an event of this unit could not be parsed, '' where all could. */
  trouble: string;
};
type Counts = {
  tenant: string;
  door: string;
  sender: string;
  minute: number;
  records: number;
  evaluated: number;
  failed: Record<string, number>;
  unparsed: number;
};

export function compile(text: string): CompiledRules {
  const c = parseContent(text);
  if (!c.ok) throw new Error(c.error);
  return compileRules(c.value.rules, c.value.lists);
}

export async function makeStages(options: WorkerOptions, progress: Progress): Promise<Stages> {
  return {
    normalize: makeNormalizer(await loadSources(options.sourcesDir), {
      hostZone: options.hostZone,
      hostName: options.hostName,
      // Each event is matched and encoded before the next record is read.
      lazy: true,
    }),
    enrich: makeEnricher({ networks: options.networks }),
    rules: compile(options.content),
    encoder: new BlockEncoder(),
    options,
    progress,
    usage: new UsageMeter(),
    trouble: '',
  };
}

/** Throws where the unit cannot be done as a whole; nothing of it is left over for the next one then. */
export function runUnit(s: Stages, unit: Unit): UnitResult {
  try {
    return runFrames(s, unit);
  } catch (e) {
    // Rows of a unit that failed half way must not come out with the next.
    s.encoder = new BlockEncoder();
    throw e;
  }
}

function runFrames(s: Stages, unit: Unit): UnitResult {
  const matched: MatchedEvent[] = [];
  const tallies = new Map<string, Counts>();
  const spent = { normalize: 0, match: 0, encode: 0 };
  s.progress.begin(unit.seq);
  s.trouble = '';
  for (const [index, uf] of unit.frames.entries()) {
    const frame = decodeFrame(Buffer.from(uf.bytes.buffer, uf.bytes.byteOffset, uf.bytes.length));
    if (!frame.ok) throw new Error(`batch ${uf.batch}: ${frame.error}`);
    runFrame(s, frame.value, {
      index,
      poison: new Set(unit.poison?.flatMap(([batch, ord]) => (batch === uf.batch ? [ord] : []))),
      held: uf.held,
      match: unit.match,
      quarantine: unit.quarantine === true,
      matched,
      tallies,
      spent,
    });
  }
  s.progress.end();
  const failures = [...s.rules.failures].map(([rule, f]) => ({ rule, ...f }));
  const rows = s.encoder.rows;
  const usage = unit.match ? s.usage.take(s.rules, performance.now()) : undefined;
  return {
    kind: 'result',
    seq: unit.seq,
    rows,
    block: rows === 0 ? EMPTY : s.encoder.finish(),
    matched: matched.length === 0 ? EMPTY : new Uint8Array(Buffer.from(JSON.stringify(matched), 'utf8')),
    tallies: [...tallies.values()] satisfies UnitTally[],
    ruleFailures: failures,
    ...(usage === undefined ? {} : { usage }),
    trouble: s.trouble,
    spentUs: spent,
  };
}

type FrameJob = {
  readonly index: number;
  /** Records not to be parsed. */
  readonly poison: ReadonlySet<number>;
  readonly held: Held | undefined;
  readonly match: boolean;
  readonly quarantine: boolean;
  readonly matched: MatchedEvent[];
  readonly tallies: Map<string, Counts>;
  readonly spent: { normalize: number; match: number; encode: number };
};

function runFrame(s: Stages, frame: Frame, job: FrameJob): void {
  const skip = Array.isArray(job.held) ? new Set(job.held as readonly number[]) : undefined;
  const store = job.held !== 'all';
  const tallies = new Map<RecordMeta, Counts>();
  for (let ord = 0; ord < frame.records.length; ord++) {
    const { meta, raw } = frame.records[ord] as FrameRecord;
    const stored = store && skip?.has(ord) !== true;
    const t0 = performance.now();
    s.progress.at(job.index, ord);
    const parsed = job.quarantine || job.poison.has(ord) ? undefined : read(s, raw, meta, frame.at);
    const event = parsed ?? unread(raw, frame.at);
    const retention = retentionClass(event.fields, meta.origin);
    const p: RowProvenance = {
      tenant: meta.tenant,
      origin: meta.origin,
      retentionClass: retention,
      retentionDays: s.options.retention[retention],
      node: frame.node,
      batch: frame.batch,
      ord,
      ingested: frame.at,
      door: meta.door,
      sender: meta.sender,
      token: meta.token,
      leaf: stored
        ? leafHash({ node: frame.node, batch: frame.batch, ord }, frame.at, meta.door, raw)
        : EMPTY,
    };
    stampOurs(event, p);
    const t1 = performance.now();
    let tally = tallies.get(meta);
    if (tally === undefined) {
      tally = counts(job.tallies, meta.tenant, meta.door, meta.sender, frame.at);
      tallies.set(meta, tally);
    }
    tally.records++;
    if (event.status !== 'parsed') tally.unparsed++;
    if (job.match && parsed === undefined) tally.failed['poison'] = (tally.failed['poison'] ?? 0) + 1;
    else if (job.match) {
      try {
        const rules = s.rules.match(event);
        tally.evaluated++;
        if (rules.length > 0) {
          job.matched.push({
            id: { node: frame.node, batch: frame.batch, ord },
            tenant: meta.tenant,
            origin: meta.origin,
            door: meta.door,
            sender: meta.sender,
            source: event.source,
            ts: event.ts,
            ingested: frame.at,
            rules,
            fields: [...event.fields.entries()],
            entities: event.entities,
          });
        }
      } catch {
        tally.failed['error'] = (tally.failed['error'] ?? 0) + 1;
      }
    }
    const t2 = performance.now();
    if (stored) s.encoder.add(event, p);
    const t3 = performance.now();
    job.spent.normalize += (t1 - t0) * 1000;
    job.spent.match += (t2 - t1) * 1000;
    job.spent.encode += (t3 - t2) * 1000;
  }
}

function read(s: Stages, raw: Uint8Array, meta: RecordMeta, at: number): NormalizedEvent | undefined {
  try {
    const event = s.normalize(raw, meta, at);
    s.enrich(event.fields);
    return event;
  } catch (e) {
    s.trouble = errorText(e);
    return undefined;
  }
}

/** An event that nothing parsed: its bytes alone. */
const unread = (raw: Uint8Array, ingested: number): NormalizedEvent => ({
  fields: new EventFields(),
  rawText: '',
  raw,
  ts: ingested,
  status: 'quarantined',
  source: 'unknown',
  parser: 'none@1',
  entities: [],
});

function counts(into: Map<string, Counts>, tenant: string, door: string, sender: string, at: number): Counts {
  const minute = minuteOf(at);
  const key = `${tenant}\0${door}\0${sender}\0${minute}`;
  let c = into.get(key);
  if (c === undefined) {
    c = {
      tenant,
      door,
      sender,
      minute,
      records: 0,
      evaluated: 0,
      failed: Object.create(null) as Record<string, number>,
      unparsed: 0,
    };
    into.set(key, c);
  }
  return c;
}
