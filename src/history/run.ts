/**
 * Rules over stored events: the live engine (compiled rules, then `Detection`) over the candidates that SQL selects, in
 * the order in which the state owner saw them, with ticks at the times at which they were received.
 *
 * Contract: over the same events, rules and lists the matches are those of the workers and the alerts those of the state
 * owner, by id. Held by `equivalence.int.test.ts` (longer: `test/ci/equivalence.int.ts`, `npm run fuzz:equivalence`).
 * Nothing is written; the wall clock is read for `tookMs` and the time limit alone.
 */
import { Detection, UPDATE_EVERY_US } from '../alert/detection.ts';
import type { Condition, Lists } from '../condition/tree.ts';
import { type CompiledRules, compileRules } from '../detect/matcher.ts';
import type { RuleProblem, RuleSet } from '../detect/rule.ts';
import type { Alert, AlertChange } from '../model/alert.ts';
import type { Origin } from '../model/event.ts';
import type { MatchedEvent } from '../model/match.ts';
import type { StoredEvent } from '../store/rows.ts';
import { type Candidates, type CandidateScope, candidateSql, scopeSql } from './candidates.ts';
import { eventOf, matchedOf, wasJudged } from './event.ts';
import { type Ask, candidatePages, type Cost, type Order } from './read.ts';

export const ALERTS_MAX = 10_000;
/** Ticks that stand for one quiet stretch; while events flow every batch is one. */
const TICKS_PER_GAP_MAX = 500;
/** Microseconds between journaled ticks where nothing arrives. */
export const TICK_US = 10e6;

/** Lists in force for events received from `from` on, microseconds. */
export type ListsFrom = { readonly from: number; readonly lists: Lists };

export type HistoryLimits = {
  /** Candidates judged. */
  readonly candidatesMax: number;
  /** Bytes that the engine reads. */
  readonly bytesMax: number;
  readonly msMax: number;
  /** Alerts kept in the answer; more are counted. */
  readonly alertsMax: number;
};
export const LIMITS_DEFAULT: HistoryLimits = {
  candidatesMax: 20_000_000,
  bytesMax: 500e9,
  msMax: 3600_000,
  alertsMax: ALERTS_MAX,
};

export type HistoryOptions = {
  readonly ask: Ask;
  readonly rules: RuleSet;
  /** One element: "as of now". Several, by ascending `from`: "as it was". */
  readonly lists: readonly [ListsFrom, ...ListsFrom[]];
  readonly scope: { readonly tenants: readonly string[]; readonly rowFilter?: Condition };
  readonly origins?: readonly Origin[];
  /** `arrival` (the usual): as the live path saw it. `time`: as if everything had been received when it happened. */
  readonly order?: Order;
  /** Event time, microseconds: `from <= ts < to`. */
  readonly from: number;
  readonly to: number;
  /** Only what had been received by then counts; windows that close by time are judged up to then. Microseconds. */
  readonly judgedAt: number;
  readonly limits?: Partial<HistoryLimits>;
  readonly signal?: AbortSignal;
  /** Told of each event that met a rule, in order. */
  readonly onMatch?: (e: MatchedEvent) => void;
  /** Another engine behind the matcher's interface. */
  readonly compile?: (set: RuleSet, lists: Lists) => CompiledRules;
  readonly pageRows?: number;
};

export type HistoryResult = {
  /** As they stand at the end, by opening. */
  readonly alerts: readonly Alert[];
  /** Alerts beyond `alertsMax`. */
  readonly alertsLeftOut: number;
  /** Per rule: events that met it (for a correlation: how often it was met). */
  readonly matched: ReadonlyMap<string, number>;
  /** Rows that SQL selected, and how many of them met a rule. */
  readonly candidates: number;
  readonly matchedEvents: number;
  readonly rowsRead: number;
  readonly bytesRead: number;
  readonly tookMs: number;
  /** How narrow the SQL could be. */
  readonly width: Candidates['width'];
  /** Rules that could not be compiled. */
  readonly problems: readonly RuleProblem[];
  /** What ended it before its time; '' where all was judged. */
  readonly stopped: '' | 'candidates' | 'bytes' | 'time' | 'cancelled';
};

type Run = {
  readonly o: HistoryOptions;
  readonly limits: HistoryLimits;
  readonly detection: Detection;
  readonly alerts: Map<string, Alert>;
  readonly cost: Cost;
  readonly problems: Map<string, RuleProblem>;
  readonly began: number;
  leftOut: number;
  candidates: number;
  matchedEvents: number;
  width: Candidates['width'];
  /** Receive time up to which ticks were given. */
  ticked: number;
  /** Matches of one batch, which may go on in the next page. */
  batch: MatchedEvent[];
};

export async function runHistory(o: HistoryOptions): Promise<HistoryResult> {
  const run: Run = {
    o,
    limits: { ...LIMITS_DEFAULT, ...o.limits },
    detection: new Detection(o.rules, { lists: o.lists[0].lists }),
    alerts: new Map(),
    cost: { rowsRead: 0, bytesRead: 0, statements: 0 },
    problems: new Map(),
    began: performance.now(),
    leftOut: 0,
    candidates: 0,
    matchedEvents: 0,
    width: 'rules',
    ticked: 0,
    batch: [],
  };
  let stopped: HistoryResult['stopped'] = '';
  const periods = o.lists.flatMap((period, i): Period[] => {
    const from = i === 0 ? 0 : period.from;
    const to = Math.min(o.lists[i + 1]?.from ?? Number.MAX_SAFE_INTEGER, o.judgedAt + 1);
    return from >= to ? [] : [{ lists: period.lists, from, to }];
  });
  // In order of arrival one follows the other; in order of time they lie across each other.
  if (o.order === 'time' && periods.length > 1)
    stopped = await runParts(run, merged(periods.map((x) => partsOf(run, x))));
  else
    for (const x of periods) {
      stopped = await runParts(run, partsOf(run, x));
      if (stopped !== '') break;
    }
  flush(run);
  // The last word: what is over by then, and what was held back because it had just been said.
  const end =
    stopped === '' ? Math.max(o.judgedAt, run.ticked + UPDATE_EVERY_US) : run.ticked + UPDATE_EVERY_US;
  quiet(run, end);
  take(run, run.detection.tick(end));
  return {
    alerts: [...run.alerts.values()],
    alertsLeftOut: run.leftOut,
    matched: new Map([...run.detection.ruleCounts()].map(([id, c]) => [id, c.matched])),
    candidates: run.candidates,
    matchedEvents: run.matchedEvents,
    rowsRead: run.cost.rowsRead,
    bytesRead: run.cost.bytesRead,
    tookMs: Math.round(performance.now() - run.began),
    width: run.width,
    problems: [...run.problems.values()],
    stopped,
  };
}

/** Lists in force for events received from..to. */
type Period = { readonly lists: Lists; readonly from: number; readonly to: number };
/** Rows in order, all judged by the same rules and lists. */
type Part = {
  readonly compiled: CompiledRules;
  readonly lists: Lists;
  readonly rows: readonly StoredEvent[];
};

async function* partsOf(run: Run, period: Period): AsyncGenerator<Part> {
  const { o } = run;
  const { lists } = period;
  const compiled = (o.compile ?? compileRules)(o.rules, lists);
  for (const p of compiled.problems) run.problems.set(`${p.file}:${p.line}:${p.reason}`, p);
  const scope: CandidateScope = {
    ...o.scope,
    from: o.from,
    to: o.to,
    received: { from: period.from, to: period.to },
    ...(o.origins === undefined ? {} : { origins: o.origins }),
  };
  const where = candidateSql(o.rules, scope, lists);
  if (where.width !== 'rules') run.width = where.width;
  const pages = candidatePages({
    ask: o.ask,
    where,
    scope: scopeSql(scope, lists),
    cost: run.cost,
    order: o.order ?? 'arrival',
    ...(o.signal === undefined ? {} : { signal: o.signal }),
    ...(o.pageRows === undefined ? {} : { pageRows: o.pageRows }),
  });
  for await (const rows of pages) yield { compiled, lists, rows };
}

/** Several in order of time as one: some rows of each in memory. */
async function* merged(sources: readonly AsyncGenerator<Part>[]): AsyncGenerator<Part> {
  type Head = { readonly source: AsyncGenerator<Part>; part: Part; at: number };
  const heads: Head[] = [];
  for (const source of sources) {
    const part = yield* filled(source);
    if (part !== undefined) heads.push({ source, part, at: 0 });
  }
  const row = (h: Head): StoredEvent => h.part.rows[h.at] as StoredEvent;
  while (heads.length > 0) {
    const next = heads.reduce((a, b) => (earlier(row(b), row(a)) ? b : a));
    yield { ...next.part, rows: [row(next)] };
    if (++next.at < next.part.rows.length) continue;
    const part = yield* filled(next.source);
    if (part === undefined) heads.splice(heads.indexOf(next), 1);
    else Object.assign(next, { part, at: 0 });
  }
}

/** The next part that has rows. Empty ones are handed on: behind each the limits are looked at. */
async function* filled(source: AsyncGenerator<Part>): AsyncGenerator<Part, Part | undefined> {
  for (;;) {
    const next = await source.next();
    if (next.done === true) return undefined;
    if (next.value.rows.length > 0) return next.value;
    yield next.value;
  }
}

const earlier = (a: StoredEvent, b: StoredEvent): boolean =>
  (a.ts - b.ts || a.id.batch - b.id.batch || a.id.ord - b.id.ord) < 0;

async function runParts(run: Run, parts: AsyncGenerator<Part>): Promise<HistoryResult['stopped']> {
  let lists: Lists | undefined;
  try {
    for await (const part of parts) {
      if (part.rows.length > 0) {
        // Certificates are judged, and sentences made, by the lists as they were.
        if (part.lists !== lists) {
          flush(run);
          run.detection.swapRules(run.o.rules, part.lists);
        }
        lists = part.lists;
        judge(run, part.compiled, part.rows);
      }
      const stop = over(run);
      if (stop !== '') return stop;
    }
  } catch (e) {
    if (run.o.signal?.aborted === true) return 'cancelled';
    throw e;
  }
  return '';
}

function over(run: Run): HistoryResult['stopped'] {
  if (run.o.signal?.aborted === true) return 'cancelled';
  if (run.candidates >= run.limits.candidatesMax) return 'candidates';
  if (run.cost.bytesRead >= run.limits.bytesMax) return 'bytes';
  return performance.now() - run.began >= run.limits.msMax ? 'time' : '';
}

/** Batch by batch, as the state owner does it: pages decide nothing, a batch that one ends in waits for its rest. */
function judge(run: Run, compiled: CompiledRules, page: readonly StoredEvent[]): void {
  for (const row of page) {
    run.candidates++;
    if (!wasJudged(row)) continue;
    const rules = compiled.match(eventOf(row));
    if (rules.length === 0) continue;
    run.matchedEvents++;
    const e = matchedOf(run.o.order === 'time' ? { ...row, ingested: row.ts } : row, rules);
    if (run.batch[0] !== undefined && !together(run.batch[0], e)) flush(run);
    run.batch.push(e);
    run.o.onMatch?.(e);
  }
}

/** The batch is whole: the ticks before it, its events, its own tick. */
function flush(run: Run): void {
  const first = run.batch[0];
  if (first === undefined) return;
  quiet(run, first.ingested);
  take(run, run.detection.apply(run.batch));
  take(run, run.detection.tick(first.ingested));
  run.batch = [];
}

/** Of one batch, or of one time where that is the order. */
const together = (a: MatchedEvent, b: MatchedEvent): boolean =>
  a.id.batch === b.id.batch && a.ingested === b.ingested;

/** The ticks of a stretch in which nothing of these rules arrived, up to `to`; what arrives then comes before its tick. */
function quiet(run: Run, to: number): void {
  if (run.ticked > 0 && to > run.ticked) {
    const step = Math.max(TICK_US, Math.ceil((to - run.ticked) / TICKS_PER_GAP_MAX));
    for (let at = run.ticked + step; at < to; at += step) take(run, run.detection.tick(at));
    take(run, run.detection.tick(to - 1));
  }
  run.ticked = Math.max(run.ticked, to);
}

function take(run: Run, changes: readonly AlertChange[]): void {
  for (const { kind, alert } of changes) {
    if (run.alerts.has(alert.id) || run.alerts.size < run.limits.alertsMax) run.alerts.set(alert.id, alert);
    else if (kind === 'opened') run.leftOut++;
  }
}
