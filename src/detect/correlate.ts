/**
 * Correlations over matches: counts, distinct values, sums and percentiles, rules that occur together or in order, chained.
 * One owner, one thread, events in (batch, ord) order; event time decides, no clock is read.
 *
 * Contract: the result does not depend on how events were batched, and is the same after a snapshot and restore at
 * any point (held by `src/alert/detection.prop.test.ts`). Windows are per (tenant, lane, rule, key), lane being the
 * event's origin, so that an import enters no live window. A missing group-by field is not a shared group.
 *
 * What only time can decide (`closing.ts`) is judged at ticks; all else at the event that fulfils it.
 */
import type { Origin } from '../model/event.ts';
import type { LateMark } from '../model/late.ts';
import type { MatchedEvent } from '../model/match.ts';
import { advanceBelow, type Closed, dueBelow, judgeAbsence, judgeShare } from './closing.ts';
import { CLOSE_AFTER_US, type Judged, judgedBy, specOf } from './correlate-spec.ts';
import { type CorrelatorState, groupOf, groupState, shape } from './correlate-state.ts';
import { countedValue, groupValues, keyText } from './group-keys.ts';
import { type Evictions, type Group, Groups } from './groups.ts';
import { bareEvent, leanEvent } from './held-event.ts';
import { joined, LateMarks, type Lost, reaches } from './late.ts';
import type { CorrelationRule, RuleSet } from './rule.ts';
import { Timers } from './timers.ts';
import { addOccurrence, measure, type Occurrence, type WindowSpec } from './window.ts';

/** Groups kept per correlation, and by all of them together. */
export const GROUPS_MAX = 250_000;
export const GROUPS_TOTAL_MAX = 1_000_000;
/** Correlations over correlations, at most. */
const CHAIN_MAX = 8;
/** Events held in full by windows; beyond it what a sentence needs; beyond LEAN_MAX only id and time. */
export const HELD_MAX = 10_000;
export const LEAN_MAX = 100_000;
/** Groups of a condition about what is missing whose last event is kept with what a sentence needs. */
export const LAST_MAX = 20_000;
/** A group without events for this long (receive time, microseconds) and two timespans is forgotten. */
export const IDLE_US = 3600e6;
/** Idle groups are looked for at full multiples of this receive time, however ticks lie. */
const FORGET_EVERY_US = 60e6;

export type Hit = {
  readonly rule: CorrelationRule;
  readonly tenant: string;
  readonly origin: Origin;
  /** Identity of the group; equal for equal keys of rules with the same group-by. */
  readonly key: string;
  /** `field=value`, as observed. */
  readonly shown: readonly string[];
  readonly from: number;
  readonly to: number;
  /** What the episode has not counted yet. */
  readonly fresh: readonly { readonly event: MatchedEvent; readonly weight: number }[];
  /** The event that fulfilled the condition. */
  readonly trigger: MatchedEvent;
};

type Table = {
  readonly rule: CorrelationRule;
  readonly spec: WindowSpec;
  readonly judged: Judged;
  readonly groups: Groups<MatchedEvent>;
  /** Event times of groups that were forgotten because they were idle. */
  forgotten: Lost | null;
};

export type GroupStats = {
  readonly rule: string;
  readonly groups: number;
  readonly evicted: number;
  readonly evictedNear: number;
};

/** Groups of one rule that had to go, for the alert that names it. */
export type Evicted = Evictions & { readonly rule: CorrelationRule };

export type CorrelatorOptions = { readonly groupsMax?: number; readonly groupsTotalMax?: number };

export class Correlator {
  #tables = new Map<string, Table>();
  /** Rule id -> correlations that count it. */
  #feeds = new Map<string, Table[]>();
  #held = 0;
  #groups = 0;
  readonly #timers = new Timers();
  #forgotAt = 0;
  readonly #late = new LateMarks();
  readonly #groupsMax: number;
  readonly #groupsTotalMax: number;

  constructor(set: RuleSet, groupsMax = GROUPS_MAX, groupsTotalMax = GROUPS_TOTAL_MAX) {
    this.#groupsMax = groupsMax;
    this.#groupsTotalMax = groupsTotalMax;
    this.#build(set);
  }

  #build(set: RuleSet): void {
    const old = this.#tables;
    this.#tables = new Map();
    this.#feeds = new Map();
    for (const rule of set.rules) {
      if (rule.kind !== 'correlation') continue;
      const known = old.get(rule.id);
      // An unchanged definition keeps its windows over a reload.
      const table =
        known !== undefined && shape(known.rule) === shape(rule) ? { ...known, rule } : this.#table(rule);
      if (known !== undefined && table.groups !== known.groups) this.#releaseAll(known);
      this.#tables.set(rule.id, table);
      for (const id of new Set(rule.rules)) this.#feeds.set(id, [...(this.#feeds.get(id) ?? []), table]);
    }
    for (const [id, t] of old) if (!this.#tables.has(id)) this.#releaseAll(t);
  }

  #table(rule: CorrelationRule): Table {
    const groups = new Groups<MatchedEvent>(
      this.#groupsMax,
      (g) => this.#release(g),
      (held) => {
        this.#groups--;
        if (held) this.#held--;
      },
    );
    return { rule, spec: specOf(rule), judged: judgedBy(rule), groups, forgotten: null };
  }

  /** Windows of rules whose definition did not change are kept. */
  swap(set: RuleSet): void {
    this.#build(set);
  }

  /** Are there conditions that only ticks can judge? */
  get hasClosing(): boolean {
    for (const t of this.#tables.values()) if (t.judged !== 'event') return true;
    return false;
  }

  counts(ruleId: string): boolean {
    return this.#feeds.has(ruleId);
  }

  /**
   * Counts a match of `ruleId`. A correlation that counts another one counts how often it began to be met
   * (`crossing`); one that asks for order or proximity sees every event that keeps it met.
   */
  feed(ruleId: string, e: MatchedEvent, weight: number, out: Hit[], depth = 0, crossing = true): void {
    const tables = this.#feeds.get(ruleId);
    if (tables === undefined || weight <= 0 || depth > CHAIN_MAX) return;
    for (const t of tables) {
      if (!crossing && t.rule.type !== 'temporal' && t.rule.type !== 'temporal_ordered') continue;
      const value = countedValue(t.rule, ruleId, e);
      if (value === undefined) continue;
      for (const values of groupValues(t.rule, ruleId, e))
        this.#count(t, e, { weight, value, values, out, depth });
    }
  }

  #count(t: Table, e: MatchedEvent, c: Counted): void {
    if (t.judged === 'event') return this.#countNow(t, e, c);
    // Receive times of an import say nothing about what was or was not there.
    if (e.origin === 'import' && t.judged !== 'absence') return;
    const key = keyText(c.values);
    const g = this.#groupOf(t, groupId(e, key), c, e);
    const byReceipt = t.judged !== 'absence';
    if (t.judged === 'below')
      this.#closed(t, g, advanceBelow(g, t.rule, t.spec, e.ingested - 1, this.#drop), c);
    g.lastIngested = Math.max(g.lastIngested, e.ingested);
    this.#hold(t, g, e);
    const ts = byReceipt ? Math.max(e.ingested, g.lastIngested) : e.ts;
    const added = addOccurrence(g.stretches, this.#occurrence(ts, c, e), t.spec, this.#drop);
    if (byReceipt) t.groups.near(g, 0.5);
    else {
      const due = e.ingested + t.rule.timespan + CLOSE_AFTER_US;
      g.judged = g.judged === 0 ? due : Math.min(g.judged, due);
      t.groups.near(g, added.nearness);
      if (added.late || forgot(t, g, e)) this.#late.note(t.rule.id, key, e);
      g.lost = joined(g.lost, added.evicted);
    }
    this.#arm(t, g);
  }

  /** The newest event stands for a group in which nothing occurs any more. */
  #hold(t: Table, g: Group<MatchedEvent>, e: MatchedEvent): void {
    if (t.judged === 'below') g.last = t.groups.size <= LAST_MAX ? leanEvent(e) : bareEvent(e);
  }

  #countNow(t: Table, e: MatchedEvent, c: Counted): void {
    const key = keyText(c.values);
    const id = groupId(e, key);
    if (this.#asSingle(t, id, e, c)) return;
    const g = this.#groupOf(t, id, c, e);
    g.lastIngested = Math.max(g.lastIngested, e.ingested);
    const added = addOccurrence(g.stretches, this.#occurrence(e.ts, c, e), t.spec, this.#drop);
    t.groups.near(g, added.nearness);
    if (added.late || forgot(t, g, e)) this.#late.note(t.rule.id, key, e);
    g.lost = joined(g.lost, added.evicted);
    if (added.hit === undefined) return;
    const crossing = added.hit.from - g.lastHit > t.spec.timespan;
    g.lastHit = Math.max(g.lastHit, added.hit.to);
    c.out.push(this.#hit(t, g, key, e, added.hit));
    this.feed(t.rule.id, e, 1, c.out, c.depth + 1, crossing);
  }

  #occurrence(ts: number, c: Counted, e: MatchedEvent): Occurrence<MatchedEvent> {
    const event = this.#heldForm(e) ?? bareEvent(e);
    this.#held++;
    return { ts, weight: c.weight, value: c.value, counted: false, event };
  }

  /** In full, with what a sentence needs, or not at all. */
  #heldForm(e: MatchedEvent): MatchedEvent | undefined {
    return this.#held < HELD_MAX ? e : this.#held < LEAN_MAX ? leanEvent(e) : undefined;
  }

  /** A first occurrence that decides nothing is kept small; true where that was done. */
  #asSingle(t: Table, id: string, e: MatchedEvent, c: Counted): boolean {
    if (c.weight !== 1 || t.groups.get(id) !== undefined || t.groups.singles.has(id)) return false;
    if (reaches(t.forgotten, e.ts, t.spec.timespan)) return false;
    const alone = [{ ts: e.ts, weight: 1, value: c.value, counted: false, event: null }];
    if (t.spec.met(measure(alone, 0, 0, t.spec))) return false;
    this.#makeRoom(t);
    const event = this.#heldForm(e);
    t.groups.singles.add(id, e, c.value, event);
    this.#groups++;
    if (event !== undefined) this.#held++;
    return true;
  }

  /** The group of a key, made of its first occurrence where there was one. */
  #groupOf(t: Table, id: string, c: Counted, e: MatchedEvent): Group<MatchedEvent> {
    const known = t.groups.get(id);
    if (known !== undefined) return known;
    const held = t.groups.singles.holdsEvent(id);
    const first = t.groups.singles.take(id, e.tenant, e.origin);
    if (first === undefined) {
      this.#makeRoom(t);
      this.#groups++;
      return t.groups.add(id, c.values, e.ingested);
    }
    if (!held) this.#held++;
    const g = t.groups.add(id, c.values, first.ingested);
    const o = { ts: first.ts, weight: 1, value: first.value, counted: false, event: first.event };
    addOccurrence(g.stretches, o, t.spec, this.#drop);
    return g;
  }

  /** The rule's own groups first; where all rules together are too many, those of the rule that has most. */
  #makeRoom(t: Table): void {
    if (this.#groups < this.#groupsTotalMax) return t.groups.makeRoom();
    let most = t;
    for (const other of this.#tables.values()) if (other.groups.size > most.groups.size) most = other;
    most.groups.evict();
  }

  /** What had to go since the last call. */
  takeEvictions(): Evicted[] {
    const out: Evicted[] = [];
    for (const t of this.#tables.values()) {
      const e = t.groups.takeEvictions();
      if (e !== null) out.push({ ...e, rule: t.rule });
    }
    return out;
  }

  /** What came too late for its window since the last call: the store is to judge it again. */
  takeLate(): LateMark[] {
    return this.#late.take();
  }

  #hit(t: Table, g: Group<MatchedEvent>, key: string, trigger: MatchedEvent, h: Closed<MatchedEvent>): Hit {
    const fresh = h.fresh.flatMap((x) => {
      const event = x.event;
      this.#drop(x);
      x.event = null;
      return event === null ? [] : [{ event, weight: x.weight }];
    });
    return {
      rule: t.rule,
      tenant: trigger.tenant,
      origin: trigger.origin,
      key,
      shown: g.values.map((v, i) => `${t.rule.groupBy[i]?.name ?? ''}=${v}`),
      from: h.from,
      to: h.to,
      fresh,
      trigger,
    };
  }

  /** What time has decided: the newest of its events stands for it, at the time at which it was so. */
  #closed(
    t: Table,
    g: Group<MatchedEvent>,
    list: readonly Closed<MatchedEvent>[],
    c: Pick<Counted, 'out' | 'depth'>,
  ): void {
    for (const h of list) {
      const newest = h.fresh.findLast((o) => o.event !== null)?.event ?? g.last;
      if (newest === null || newest === undefined) continue;
      const trigger: MatchedEvent = { ...newest, ts: h.to, ingested: Math.max(newest.ingested, h.to) };
      const hit = this.#hit(t, g, keyText(g.values), trigger, h);
      // Nothing occurred: the last that did shows who is missing, and counts for nothing.
      c.out.push(hit.fresh.length > 0 ? hit : { ...hit, fresh: [{ event: newest, weight: 0 }] });
      this.feed(t.rule.id, trigger, 1, c.out, c.depth + 1, true);
    }
  }

  /** Judges what time decides, in its order, and forgets what is idle. */
  tick(nowUs: number, out: Hit[]): void {
    for (let top = this.#timers.next(nowUs); top !== undefined; top = this.#timers.next(nowUs)) {
      const t = this.#tables.get(top.rule);
      const g = t?.groups.get(top.id);
      if (t === undefined || g === undefined || !this.#timers.taken(g, top.due)) continue;
      if (this.#dueOf(t, g) <= top.due) this.#judge(t, g, top.due, out);
      if (t.groups.get(top.id) === g) this.#arm(t, g);
    }
    const grid = Math.floor(nowUs / FORGET_EVERY_US) * FORGET_EVERY_US;
    if (grid <= this.#forgotAt) return;
    this.#forgotAt = grid;
    for (const t of this.#tables.values()) this.#forget(t, grid - IDLE_US - 2 * t.spec.timespan);
  }

  #dueOf(t: Table, g: Group<MatchedEvent>): number {
    if (t.judged === 'below') return dueBelow(g, t.spec);
    if (t.judged === 'share') return g.since + t.spec.timespan;
    return t.judged === 'absence' && g.judged > 0 ? g.judged : Number.POSITIVE_INFINITY;
  }

  #arm(t: Table, g: Group<MatchedEvent>): void {
    this.#timers.arm(t.rule.id, g, this.#dueOf(t, g));
  }

  #judge(t: Table, g: Group<MatchedEvent>, nowUs: number, out: Hit[]): void {
    const c = { out, depth: 0 };
    if (t.judged === 'below')
      return this.#closed(t, g, advanceBelow(g, t.rule, t.spec, nowUs, this.#drop), c);
    if (t.judged === 'absence') {
      const ingestedOf = (o: Occurrence<MatchedEvent>): number | undefined => o.event?.ingested;
      return this.#closed(t, g, judgeAbsence(g, t.rule, nowUs, ingestedOf, this.#drop), c);
    }
    const share = judgeShare(g, t.rule, t.spec, nowUs);
    if (share === undefined) return;
    if (share.fresh.length > 0) this.#closed(t, g, [share], c);
    t.groups.delete(g);
  }

  #forget(t: Table, before: number): void {
    t.groups.singles.dropBefore(before, (gone) => {
      this.#groups--;
      if (gone.held) this.#held--;
      t.forgotten = joined(t.forgotten, [gone.ts, gone.ts]);
    });
    for (const g of t.groups.all()) {
      if (g.lastIngested >= before) continue;
      for (const s of g.stretches) t.forgotten = joined(joined(t.forgotten, [s.min, s.max]), s.lost);
      t.forgotten = joined(t.forgotten, g.lost);
      t.groups.delete(g);
    }
  }

  readonly #drop = (o: Occurrence<MatchedEvent>): void => {
    if (o.event !== null) this.#held--;
  };
  #release(g: Group<MatchedEvent>): void {
    this.#groups--;
    for (const s of g.stretches) for (const o of s.items) this.#drop(o);
  }
  #releaseAll(t: Table): void {
    for (const g of t.groups.all()) this.#release(g);
    this.#groups -= t.groups.singles.size;
    this.#held -= t.groups.singles.heldEvents();
  }

  stats(): GroupStats[] {
    return [...this.#tables.values()].map((t) => ({
      rule: t.rule.id,
      groups: t.groups.size,
      evicted: t.groups.evicted,
      evictedNear: t.groups.evictedNear,
    }));
  }

  /** Events are written once, however many windows hold them. */
  state(): CorrelatorState {
    const index = new Map<MatchedEvent, number>();
    const events: MatchedEvent[] = [];
    const at = (e: MatchedEvent | null): number => {
      if (e === null) return -1;
      const known = index.get(e);
      if (known !== undefined) return known;
      index.set(e, events.length);
      return events.push(e) - 1;
    };
    const tables = [...this.#tables.values()].map(
      (t) =>
        [
          t.rule.id,
          shape(t.rule),
          t.groups.evicted,
          t.groups.evictedNear,
          t.groups.state().map((g) => groupState(g, at)),
          t.forgotten,
          t.groups.singles.state(at),
          t.groups.evictions,
        ] as const,
    );
    return { forgotAt: this.#forgotAt, events, tables };
  }

  restore(state: CorrelatorState): void {
    this.#forgotAt = state.forgotAt ?? 0;
    for (const [id, was, evicted, near, groups, forgotten, singles, evictions] of state.tables) {
      const t = this.#tables.get(id);
      if (t === undefined || shape(t.rule) !== was) continue;
      t.groups.evicted = evicted;
      t.groups.evictedNear = near;
      t.forgotten = forgotten ?? null;
      t.groups.restoreEvictions(evictions ?? null);
      t.groups.restore(groups.map((g) => groupOf(g, state.events)));
      if (singles !== undefined) t.groups.singles.restore(singles, state.events);
      this.#groups += t.groups.size;
      this.#held += t.groups.singles.heldEvents();
      for (const g of t.groups.all()) {
        for (const s of g.stretches) for (const o of s.items) if (o.event !== null) this.#held++;
        this.#arm(t, g);
      }
    }
  }
}

type Counted = {
  readonly weight: number;
  readonly value: string;
  readonly values: readonly string[];
  readonly out: Hit[];
  readonly depth: number;
};

/**
 * May a window with this event have held what the key no longer remembers? Groups that were forgotten are not told apart:
 * the key, here again since, may have been one of them.
 */
const forgot = (t: Table, g: Group<MatchedEvent>, e: MatchedEvent): boolean =>
  reaches(g.lost, e.ts, t.spec.timespan) || reaches(t.forgotten, e.ts, t.spec.timespan);

const groupId = (e: MatchedEvent, key: string): string => `${e.tenant}\u0000${e.origin}\u0000${key}`;
