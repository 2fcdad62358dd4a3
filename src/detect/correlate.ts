/**
 * Correlations over matches: event_count, value_count, temporal, temporal_ordered, chained. One owner, one thread,
 * events in (batch, ord) order; event time decides, no clock is read.
 *
 * Contract: the result does not depend on how events were batched, and is the same after a snapshot and restore at
 * any point (held by `src/alert/detection.prop.test.ts`). Windows are per (tenant, lane, rule, key), lane being the
 * event's origin, so that an import enters no live window. A missing group-by field is not a shared group.
 *
 * Conditions that only have an upper bound (lt, lte) are judged once per window, at a tick, when the window is over
 * by receive time; all others at the event that fulfils them.
 */
import type { FieldValue, Origin } from '../model/event.ts';
import type { LateMark } from '../model/late.ts';
import type { MatchedEvent } from '../model/match.ts';
import { fieldOf } from './attempts.ts';
import { type Group, Groups } from './groups.ts';
import { joined, LateMarks, type Lost, reaches } from './late.ts';
import type { CorrelationOp, CorrelationRule, RuleSet } from './rule.ts';
import { addOccurrence, type Occurrence, type Stretch, type WindowSpec } from './window.ts';

/** Groups kept per correlation. */
export const GROUPS_MAX = 20_000;
/** Group keys that one event with multi-valued fields may count for. */
export const KEYS_PER_EVENT_MAX = 16;
/** Characters of one group-by value; longer ones are cut (and share a group with what begins alike). */
export const KEY_CHARS_MAX = 512;
/** Correlations over correlations, at most. */
const CHAIN_MAX = 8;
/** Events held in full by windows; beyond it only what a sentence needs. */
export const HELD_MAX = 10_000;
/** A group without events for this long (receive time, microseconds), or two timespans, is forgotten. */
export const IDLE_US = 24 * 3600e6;
/** Receive-time allowance before a window with only an upper bound is judged. */
export const CLOSE_AFTER_US = 60e6;

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
  /** Judged at ticks. */
  readonly closing: boolean;
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
export type CorrelatorState = {
  readonly events: readonly MatchedEvent[];
  readonly tables: readonly (readonly [
    string,
    string,
    number,
    number,
    readonly GroupState[],
    (Lost | null)?,
  ])[];
};
type GroupState = readonly [
  string,
  readonly string[],
  number,
  number,
  number,
  number,
  readonly StretchState[],
  (Lost | null)?,
];
type StretchState = readonly [
  number,
  number,
  readonly (readonly [number, number, string, 0 | 1, number])[],
  (Lost | null)?,
  (Lost | null)?,
];

export class Correlator {
  #tables = new Map<string, Table>();
  /** Rule id -> correlations that count it. */
  #feeds = new Map<string, Table[]>();
  #held = 0;
  readonly #late = new LateMarks();
  readonly #groupsMax: number;

  constructor(set: RuleSet, groupsMax = GROUPS_MAX) {
    this.#groupsMax = groupsMax;
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
      const table = known !== undefined && same(known.rule, rule) ? { ...known, rule } : this.#table(rule);
      if (table.groups !== known?.groups) for (const g of known?.groups.all() ?? []) this.#release(g);
      this.#tables.set(rule.id, table);
      for (const id of new Set(rule.rules)) this.#feeds.set(id, [...(this.#feeds.get(id) ?? []), table]);
    }
    for (const [id, t] of old) if (!this.#tables.has(id)) for (const g of t.groups.all()) this.#release(g);
  }

  #table(rule: CorrelationRule): Table {
    const spec = specOf(rule);
    const closing = rule.criteria.every((c) => c.op === 'lt' || c.op === 'lte');
    const groups = new Groups<MatchedEvent>(this.#groupsMax, (g) => this.#release(g));
    return { rule, spec, closing, groups, forgotten: null };
  }

  /** Windows of rules whose definition did not change are kept. */
  swap(set: RuleSet): void {
    this.#build(set);
  }

  /** Are there conditions that only ticks can judge? */
  get hasClosing(): boolean {
    for (const t of this.#tables.values()) if (t.closing) return true;
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
      if (!crossing && (t.rule.type === 'event_count' || t.rule.type === 'value_count')) continue;
      for (const values of groupValues(t.rule, ruleId, e)) {
        const hit = this.#count(t, ruleId, e, weight, values);
        if (hit === undefined) continue;
        out.push(hit.hit);
        this.feed(t.rule.id, e, 1, out, depth + 1, hit.crossing);
      }
    }
  }

  #count(
    t: Table,
    ruleId: string,
    e: MatchedEvent,
    weight: number,
    values: readonly string[],
  ): { readonly hit: Hit; readonly crossing: boolean } | undefined {
    const value = countedValue(t.rule, ruleId, e);
    if (value === undefined) return undefined;
    const key = keyText(values);
    const id = groupId(e, key);
    const g = t.groups.get(id) ?? this.#newGroup(t, id, values, e);
    g.lastIngested = Math.max(g.lastIngested, e.ingested);
    const event = this.#held < HELD_MAX ? e : lean(e);
    this.#held++;
    const o: Occurrence<MatchedEvent> = { ts: e.ts, weight, value, counted: false, event };
    const added = addOccurrence(g.stretches, o, t.spec, (x) => this.#drop(x));
    t.groups.near(g, added.nearness);
    if (added.late || reaches(g.lost, e.ts, t.spec.timespan)) this.#late.note(t.rule.id, key, e);
    g.lost = joined(g.lost, added.evicted);
    if (added.hit === undefined) return undefined;
    const crossing = added.hit.from - g.lastHit > t.spec.timespan;
    g.lastHit = Math.max(g.lastHit, added.hit.to);
    return { hit: this.#hit(t, g, key, e, added.hit), crossing };
  }

  #newGroup(t: Table, id: string, values: readonly string[], e: MatchedEvent): Group<MatchedEvent> {
    const g = t.groups.add(id, values, e.ingested);
    // The key may be one of those that were forgotten; what is newer than all of them need not ask.
    if (reaches(t.forgotten, e.ts, t.spec.timespan)) g.lost = t.forgotten;
    return g;
  }

  /** What came too late for its window since the last call: the store is to judge it again. */
  takeLate(): LateMark[] {
    return this.#late.take();
  }

  #hit(
    t: Table,
    g: Group<MatchedEvent>,
    key: string,
    trigger: MatchedEvent,
    h: { readonly from: number; readonly to: number; readonly fresh: readonly Occurrence<MatchedEvent>[] },
  ): Hit {
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

  /** Judges what is over by receive time and forgets what is idle. */
  tick(nowUs: number, out: Hit[]): void {
    for (const t of this.#tables.values()) {
      if (t.closing) this.#close(t, nowUs, out);
      const idle = Math.max(IDLE_US, 2 * t.spec.timespan);
      for (const g of t.groups.all()) {
        if (nowUs - g.lastIngested <= idle) continue;
        for (const s of g.stretches) t.forgotten = joined(joined(t.forgotten, [s.min, s.max]), s.lost);
        t.forgotten = joined(t.forgotten, g.lost);
        t.groups.delete(g);
      }
    }
  }

  #close(t: Table, nowUs: number, out: Hit[]): void {
    for (const g of [...t.groups.all()]) {
      if (nowUs < g.since + t.spec.timespan + CLOSE_AFTER_US) continue;
      const items = g.stretches.flatMap((s) => s.items).filter((o) => o.event !== null);
      const last = items.at(-1);
      const n = items.reduce((sum, o) => sum + o.weight, 0);
      const distinct = new Set(items.map((o) => o.value)).size;
      const met = holds(t.rule, t.spec.kind === 'count' ? n : distinct);
      if (met && last?.event) {
        const window = { from: items[0]?.ts ?? last.ts, to: last.ts, fresh: items };
        out.push(this.#hit(t, g, keyText(g.values), last.event, window));
      }
      t.groups.delete(g);
    }
  }

  #drop(o: Occurrence<MatchedEvent>): void {
    if (o.event !== null) this.#held--;
  }
  #release(g: Group<MatchedEvent>): void {
    for (const s of g.stretches) for (const o of s.items) this.#drop(o);
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
        ] as const,
    );
    return { events, tables };
  }

  restore(state: CorrelatorState): void {
    for (const [id, was, evicted, near, groups, forgotten] of state.tables) {
      const t = this.#tables.get(id);
      if (t === undefined || shape(t.rule) !== was) continue;
      t.groups.evicted = evicted;
      t.groups.evictedNear = near;
      t.forgotten = forgotten ?? null;
      t.groups.restore(groups.map((g) => groupOf(g, state.events)));
      for (const g of t.groups.all())
        for (const s of g.stretches) for (const o of s.items) if (o.event !== null) this.#held++;
    }
  }
}

const groupState = (g: Group<MatchedEvent>, at: (e: MatchedEvent | null) => number): GroupState => [
  g.id,
  g.values,
  g.level,
  g.lastIngested,
  g.since,
  g.lastHit,
  g.stretches.map((s) => [
    s.min,
    s.max,
    s.items.map((o) => [o.ts, o.weight, o.value, o.counted ? 1 : 0, at(o.event)]),
    s.lost,
    s.thinned,
  ]),
  g.lost,
];

function groupOf(g: GroupState, events: readonly MatchedEvent[]): Group<MatchedEvent> {
  const [id, values, level, lastIngested, since, lastHit, stretches, lost] = g;
  return {
    id,
    values,
    level,
    lastIngested,
    since,
    lastHit,
    lost: lost ?? null,
    stretches: stretches.map(
      ([min, max, items, gone, thinned]): Stretch<MatchedEvent> => ({
        min,
        max,
        lost: gone ?? null,
        thinned: thinned ?? null,
        items: items.map(([ts, weight, value, counted, at]) => ({
          ts,
          weight,
          value,
          counted: counted === 1,
          event: at < 0 ? null : (events[at] ?? null),
        })),
      }),
    ),
  };
}

/** What must be equal for windows to be carried over. */
const shape = (r: CorrelationRule): string =>
  JSON.stringify([r.type, r.rules, r.groupBy, r.timespan, r.criteria, r.fields]);
const same = (a: CorrelationRule, b: CorrelationRule): boolean => shape(a) === shape(b);

const holds = (rule: CorrelationRule, n: number): boolean =>
  rule.criteria.every((c) => fulfils(c.op, n, c.value));

function fulfils(op: CorrelationOp, n: number, value: number): boolean {
  switch (op) {
    case 'gt':
      return n > value;
    case 'gte':
      return n >= value;
    case 'lt':
      return n < value;
    case 'lte':
      return n <= value;
    case 'eq':
      return n === value;
    case 'neq':
      return n !== value;
  }
}

function specOf(rule: CorrelationRule): WindowSpec {
  const kind =
    rule.type === 'event_count' ? 'count' : rule.type === 'temporal_ordered' ? 'ordered' : 'distinct';
  const closing = rule.criteria.every((c) => c.op === 'lt' || c.op === 'lte');
  const values = rule.criteria.map((c) => c.value);
  return {
    kind,
    timespan: rule.timespan,
    need: Math.max(1, ...values) + 1,
    met: closing ? () => false : (n) => holds(rule, n),
    order: rule.rules,
  };
}

/** The value that is told apart: the field tuple, the rule, or nothing. Undefined: the event does not count. */
function countedValue(rule: CorrelationRule, ruleId: string, e: MatchedEvent): string | undefined {
  if (rule.type === 'event_count') return '';
  if (rule.type !== 'value_count') return ruleId;
  const parts: string[] = [];
  for (const f of rule.fields) {
    const v = fieldOf(e, f);
    if (v === undefined || v === null || v === '') return undefined;
    parts.push(cut(Array.isArray(v) ? JSON.stringify(v) : String(v)).toLowerCase());
  }
  return parts.length === 1 ? parts[0] : JSON.stringify(parts);
}

const cut = (s: string): string => (s.length > KEY_CHARS_MAX ? s.slice(0, KEY_CHARS_MAX) : s);

/** Values of a field as texts, without absent, null and empty ones. */
export function textsOfField(v: FieldValue | undefined): string[] {
  const list = Array.isArray(v) ? v : [v];
  const out: string[] = [];
  for (const x of list) if (x !== undefined && x !== null && x !== '') out.push(cut(String(x)));
  return out;
}

/** Every group the event belongs to; none where a group-by field is missing. */
export function groupValues(rule: CorrelationRule, ruleId: string, e: MatchedEvent): string[][] {
  let out: string[][] = [[]];
  for (const g of rule.groupBy) {
    const field = (g.perRule.find(([id]) => id === ruleId) ?? g.perRule.find(([id]) => id === ''))?.[1];
    const values = field === undefined ? [] : textsOfField(fieldOf(e, field));
    if (values.length === 0) return [];
    out = out.flatMap((key) => values.map((v) => [...key, v])).slice(0, KEYS_PER_EVENT_MAX);
  }
  return out;
}

/** Case does not tell groups apart. */
export const keyText = (values: readonly string[]): string =>
  JSON.stringify(values.map((v) => v.toLowerCase()));

const groupId = (e: MatchedEvent, key: string): string => JSON.stringify([e.tenant, e.origin, key]);

const LEAN: ReadonlySet<string> = new Set([
  'message',
  'event.action',
  'event.outcome',
  'host.name',
  'user.name',
  'source.ip',
  'destination.ip',
]);
function lean(e: MatchedEvent): MatchedEvent {
  return { ...e, fields: e.fields.filter(([name]) => LEAN.has(name)), entities: e.entities.slice(0, 8) };
}
