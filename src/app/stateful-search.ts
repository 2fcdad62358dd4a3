/**
 * A search whose filter remembers, judged over history: the candidates of the range and of what its counts look back over
 * come from the store in order of event time, and the live engine (matcher, memory of condition rules) judges them. Found
 * are the events at which the condition held.
 *
 * Contract: where events came in order, these are the events at which a rule with this condition is met (held by
 * `stateful-search.int.test.ts`, through the live engine and the store). Bounded in rows, bytes, time and memory; what could
 * not be judged is said by `stopped`. Nothing is written.
 */
import { Attempts, ATTEMPT_WINDOW_US, textOfField } from '../detect/attempts.ts';
import { CLOSE_AFTER_US } from '../detect/correlate-spec.ts';
import { compileRules } from '../detect/matcher.ts';
import { assignments } from '../detect/memory/keys.ts';
import { Memory } from '../detect/memory/memory.ts';
import type { MemoryHit } from '../detect/memory/runtime.ts';
import type { RuleProblem } from '../detect/rule.ts';
import type { Lists } from '../condition/tree.ts';
import { candidateSql, type CandidateScope, scopeSql } from '../history/candidates.ts';
import { eventOf, matchedOf, wasJudged } from '../history/event.ts';
import { type Ask, candidatePages } from '../history/read.ts';
import { type EventId, eventIdText, type MatchedEvent } from '../model/match.ts';
import type { Scope } from '../query/sql.ts';
import { StoreError } from '../store/engine/client.ts';
import type { SearchRule } from './stateful-search-rule.ts';

/** Candidates judged, of the range and what lies before it. */
export const CANDIDATES_MAX = 2_000_000;
/** Rows of one page: more than the usual thousand, as each reads whole granules of the store. */
const PAGE_ROWS = 4000;
/** Bytes that the store reads for it. */
const BYTES_MAX = 100e9;
/** Judging alone, milliseconds; what is left of the search's time is for the rows and pipes. */
export const JUDGE_MS_MAX = 25_000;
/** Events found that are kept, the newest; more are counted. */
export const FOUND_MAX = 100_000;
/** Keys per count: what a search holds is gone with it, so it may hold more than a rule. */
const KEYS_MAX = 100_000;
const HEARD_MAX = 500_000;
/** As the state owner does it, microseconds of event time. */
const SWEEP_EVERY_US = 600e6;
const TICK_EVERY_US = 1e6;

export type FoundEvent = { readonly id: EventId; readonly ts: number };
export type Bucket = { t: number; success: number; failure: number; other: number };
export type Found = {
  /** Newest first. */
  readonly events: readonly FoundEvent[];
  readonly total: number;
  /** By time; empty ones are absent. */
  readonly histogram: readonly Bucket[];
  readonly candidates: number;
  readonly rowsRead: number;
  readonly bytesRead: number;
  /** What ended it before its time; '' where all was judged. `reached`: event time up to which it came, microseconds. */
  readonly stopped: '' | 'candidates' | 'bytes' | 'time';
  readonly reached: number;
  /** Keys that did not fit into memory. */
  readonly forgotten: number;
  /** Days of 14 that a baseline has learned at the end of the range; undefined where none is asked for. */
  readonly learned: number | undefined;
  readonly problems: readonly RuleProblem[];
};

export type JudgeOptions = {
  readonly ask: Ask;
  readonly rule: SearchRule;
  readonly scope: Scope;
  readonly lists: Lists;
  readonly bucketUs: number;
  /** When the tenant's first event that is held was received; undefined where unknown. Microseconds. */
  readonly firstReceived: number | undefined;
  readonly now: number;
  readonly signal: AbortSignal;
  readonly limits?: Partial<Limits>;
};
export type Limits = {
  readonly candidatesMax: number;
  readonly bytesMax: number;
  readonly msMax: number;
  readonly foundMax: number;
  /** Events remembered for conditions of negations alone. */
  readonly heardMax: number;
};
const LIMITS: Limits = {
  candidatesMax: CANDIDATES_MAX,
  bytesMax: BYTES_MAX,
  msMax: JUDGE_MS_MAX,
  foundMax: FOUND_MAX,
  heardMax: HEARD_MAX,
};

/** Throws what the store throws; where the caller's signal fired, that it was aborted. */
export async function judgeSearch(o: JudgeOptions): Promise<Found> {
  const limits = { ...LIMITS, ...o.limits };
  const began = performance.now();
  const late = AbortSignal.timeout(limits.msMax);
  const signal = AbortSignal.any([o.signal, late]);
  const scope = candidateScope(o);
  const judge = new Judge(o, scope, limits);
  const cost = { rowsRead: 0, bytesRead: 0, statements: 0 };
  const over = (): Found['stopped'] => {
    if (late.aborted || performance.now() - began >= limits.msMax) return 'time';
    if (judge.candidates >= limits.candidatesMax) return 'candidates';
    return cost.bytesRead >= limits.bytesMax ? 'bytes' : '';
  };
  let stopped: Found['stopped'] = '';
  if (judge.problems.length === 0)
    try {
      const pages = candidatePages({
        ask: o.ask,
        where: candidateSql(o.rule.set, scope, o.lists),
        scope: scopeSql(scope, o.lists),
        cost,
        order: 'time',
        pageRows: PAGE_ROWS,
        signal,
      });
      for await (const page of pages) {
        for (const row of page) judge.row(row);
        if (o.signal.aborted) throw new StoreError('aborted', 0, 'the search was given up');
        stopped = over();
        if (stopped !== '') break;
      }
    } catch (e) {
      if (o.signal.aborted || !late.aborted) throw e;
      stopped = 'time';
    }
  // What was read to its end is judged to its end; behind what was not, anything may have happened.
  if (stopped === '') judge.end(scope.to);
  return { ...judge.found(), rowsRead: cost.rowsRead, bytesRead: cost.bytesRead, stopped };
}

function candidateScope(o: JudgeOptions): CandidateScope {
  const { tenants, rowFilter, from, to } = o.scope;
  return {
    tenants,
    ...(rowFilter === undefined ? {} : { rowFilter }),
    from: from - o.rule.before - ATTEMPT_WINDOW_US,
    to: o.rule.behind === 0 ? to : Math.max(to, Math.min(to + o.rule.behind, o.now + 1)),
  };
}

/** What the state owner does with matches, of one rule, whose hits are kept as events. */
class Judge {
  readonly #o: JudgeOptions;
  readonly #compiled: ReturnType<typeof compileRules>;
  readonly #memory: Memory;
  readonly #attempts = new Attempts();
  readonly #found = new Map<string, FoundEvent>();
  readonly #foundMax: number;
  readonly #buckets = new Map<number, Bucket>();
  readonly #heard: Heard | undefined;
  #total = 0;
  #unplaced = 0;
  #at: number;
  #swept: number;
  candidates = 0;

  constructor(o: JudgeOptions, scope: CandidateScope, limits: Limits) {
    this.#o = o;
    this.#foundMax = limits.foundMax;
    this.#compiled = compileRules(o.rule.set, o.lists);
    this.#memory = new Memory(o.rule.set, o.lists, { groupsMax: KEYS_MAX });
    this.#heard = o.rule.silence ? new Heard(o.rule, limits.heardMax) : undefined;
    this.#at = scope.from;
    this.#swept = scope.from;
    // It knows what the store holds, as a rule does that was taught from it.
    if (o.firstReceived !== undefined)
      for (const [i, tenant] of scope.tenants.entries())
        this.#memory.teach({
          rule: o.rule.rule.id,
          tenant,
          origin: 'live',
          since: Math.max(scope.from, o.firstReceived),
          keys: [],
          events: [],
          last: i === scope.tenants.length - 1,
        });
  }

  get problems(): readonly RuleProblem[] {
    return this.#compiled.problems;
  }

  row(row: Parameters<typeof eventOf>[0]): void {
    this.candidates++;
    if (!wasJudged(row)) return;
    const rules = this.#compiled.match(eventOf(row));
    if (rules.length === 0) return;
    // As if it had been received when it happened: none is late here.
    const e = matchedOf({ ...row, ingested: row.ts }, rules);
    if (e.ts - this.#at >= TICK_EVERY_US) this.#tick(e.ts - 1);
    const hits: MemoryHit[] = [];
    this.#memory.saw(e);
    if (this.#memory.concerns(e)) this.#memory.apply(e, this.#attempts.count(e), hits);
    this.#heard?.note(e);
    this.#take(hits);
  }

  #tick(at: number): void {
    this.#at = Math.max(this.#at, at);
    const hits: MemoryHit[] = [];
    if (this.#o.rule.rule.deferred) this.#memory.tick(at, hits);
    this.#take(hits);
    this.#heard?.forget(at);
    if (at - this.#swept < SWEEP_EVERY_US) return;
    this.#swept = at;
    this.#memory.sweep(at);
  }

  /** Everything up to then has arrived. */
  end(at: number): void {
    this.#tick(Math.max(this.#at, at) + CLOSE_AFTER_US);
    this.#at = at;
  }

  #take(hits: readonly MemoryHit[]): void {
    const { from, to } = this.#o.scope;
    for (const h of hits) {
      const ts = this.#heard === undefined ? h.trigger.ts : h.to;
      if (ts < from || ts >= to) continue;
      const id = this.#heard === undefined ? h.trigger.id : this.#heard.at(h);
      if (id === undefined) this.#unplaced++;
      else this.#keep({ id, ts }, textOfField(h.trigger, 'event.outcome'));
    }
  }

  #keep(e: FoundEvent, outcome: string): void {
    const text = eventIdText(e.id);
    if (this.#found.has(text)) return;
    this.#found.set(text, e);
    this.#total++;
    // Time goes forward: the first are the oldest.
    if (this.#found.size > this.#foundMax) {
      const oldest = this.#found.keys().next();
      if (oldest.done !== true) this.#found.delete(oldest.value);
    }
    const t = Math.floor(e.ts / this.#o.bucketUs) * this.#o.bucketUs;
    let b = this.#buckets.get(t);
    if (b === undefined) {
      b = { t, success: 0, failure: 0, other: 0 };
      this.#buckets.set(t, b);
    }
    b[outcome === 'success' || outcome === 'failure' ? outcome : 'other']++;
  }

  found(): Omit<Found, 'rowsRead' | 'bytesRead' | 'stopped'> {
    const stats = this.#memory.stats()[0];
    return {
      events: [...this.#found.values()].sort(newestFirst),
      total: this.#total,
      histogram: [...this.#buckets.values()].sort((a, b) => a.t - b.t),
      candidates: this.candidates,
      reached: this.#at,
      forgotten: (stats?.evicted ?? 0) + this.#unplaced,
      learned: stats?.learned,
      problems: this.problems,
    };
  }
}

/** The order of a page of events. */
export const newestFirst = (a: FoundEvent, b: FoundEvent): number =>
  b.ts - a.ts || b.id.batch - a.id.batch || b.id.ord - a.id.ord || b.id.node - a.id.node;

/**
 * Which event a span was judged from: the memory, which judges these rules one span later, knows only when that was. Per key
 * the events of the last span and a little more.
 */
class Heard {
  readonly #rule: SearchRule;
  /** By the last of each. */
  readonly #events = new Map<string, FoundEvent[]>();
  readonly #max: number;
  #held = 0;

  constructor(rule: SearchRule, max: number) {
    this.#rule = rule;
    this.#max = max;
  }

  #groups(e: MatchedEvent): Set<string> {
    const out = new Set<string>();
    for (const a of assignments(this.#rule.rule, e))
      a.groups.forEach((ids, term) => {
        for (const id of ids ?? []) out.add(`${term} ${id}`);
      });
    return out;
  }

  /** After everything that was due before this event was judged. */
  note(e: MatchedEvent): void {
    for (const g of this.#groups(e)) {
      const list = this.#events.get(g) ?? [];
      const settled = this.#settled(e.ts);
      let old = 0;
      while (old < list.length && (list[old] as FoundEvent).ts < settled) old++;
      list.splice(0, old);
      this.#held -= old;
      if (this.#held < this.#max) {
        list.push({ id: e.id, ts: e.ts });
        this.#held++;
        // To the end: those that have been silent for longest come first.
        this.#events.delete(g);
        this.#events.set(g, list);
      } else if (list.length === 0) this.#events.delete(g);
    }
  }

  /** After everything that was due by then was judged: keys that fell silent before are given back. */
  forget(at: number): void {
    const settled = this.#settled(at);
    for (const [g, list] of this.#events) {
      if ((list.at(-1)?.ts ?? 0) >= settled) break;
      this.#held -= list.length;
      this.#events.delete(g);
    }
  }

  /** Events before this have been judged. */
  #settled(at: number): number {
    return at - this.#rule.behind - CLOSE_AFTER_US - 2 * TICK_EVERY_US;
  }

  at(h: MemoryHit): EventId | undefined {
    for (const g of this.#groups(h.trigger)) {
      const list = this.#events.get(g) ?? [];
      let [low, high] = [0, list.length];
      while (low < high) {
        const mid = (low + high) >>> 1;
        if ((list[mid] as FoundEvent).ts <= h.to) low = mid + 1;
        else high = mid;
      }
      const found = list[low - 1];
      if (found !== undefined && found.ts === h.to) return found.id;
    }
    return undefined;
  }
}
