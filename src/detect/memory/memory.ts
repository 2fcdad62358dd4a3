/**
 * What condition rules remember, and their judging: counts by key, what is usual, the certificate inventory. One
 * owner, one thread, events in (batch, ord) order; event time decides, receive times and ticks say when, no clock is read.
 *
 * Contract: the hits do not depend on how events were batched, and are the same after `state` and `restore` at any point
 * (`memory.prop.test.ts`). Each tenant and lane (origin) has its own memory, so that an import enters no live one. Bounded
 * by the constants of the parts; what had to go is in `stats`.
 */
import { compileCondition } from '../../condition/evaluate.ts';
import type { Lists } from '../../condition/tree.ts';
import type { FieldValue, Origin } from '../../model/event.ts';
import { eventIdText, type MatchedEvent } from '../../model/match.ts';
import { applyAction } from '../../model/vocabulary.ts';
import { EventFields } from '../../model/event.ts';
import { feederId, partIds, reachOf } from '../condition-rule-ids.ts';
import type { BaseRule, ConditionRule, RuleSet } from '../rule.ts';
import { type Clock, lookAtDue, wake } from './at-clock.ts';
import { atEvent, type Core, cover, remember, settleDue } from './at-events.ts';
import { tokensOf, sightingOf } from './certificate.ts';
import { Heap } from './heap.ts';
import { CERTIFICATE_CHARS_MAX, type Certificate, Inventory, type InventoryState } from './inventory.ts';
import { possibleUnlearned } from './judge.ts';
import { certificateGroups, groupId, laneOf } from './keys.ts';
import { fieldsOf, hasParts, judgedOf, lean, type MemoryHit, type Runtime, shapeOf } from './runtime.ts';
import {
  GROUPS_MAX,
  type Moment,
  momentOf,
  momentState,
  type MomentState,
  restoreTable,
  Table,
  tableState,
  type TableState,
} from './table.ts';
import { asksThePast, type Teaching, type Untaught } from './teaching.ts';
import { learned, LEARN_DAYS } from './usual.ts';
import { Watermark, type WatermarkState } from './watermark.ts';

/** Events held in full by the memory; beyond it only what rules and sentences need. */
export const HELD_MAX = 10_000;
/**
 * Events held in all. Beyond it alerts show fewer of what they counted, and an event that comes late raises nothing that was
 * judged before it; counts go on.
 */
export const KEPT_MAX = 50_000;
const IMPORT = '\u0000import' satisfies `\u0000${Origin}`;
/** Tenants and origins. */
export const LANES_MAX = 1000;

export type MemoryOptions = {
  readonly groupsMax?: number;
  readonly certificatesMax?: number;
  readonly certificateCharsMax?: number;
};

/** What the memory holds for one rule. */
export type MemoryStats = {
  readonly rule: string;
  readonly keys: number;
  readonly evicted: number;
  /** With eight events or more: an alert may have been missed. */
  readonly evictedNear: number;
  readonly waiting: number;
  /** Judged before everything had its time to arrive, because too many waited. */
  readonly early: number;
  /** Receive time from which on it remembers, microseconds; 0 before the first event or tick. */
  readonly since: number;
  /** Certificates known of, for rules about certificates; 0 for all others. */
  readonly certificates: number;
  /** Days of LEARN_DAYS learned; undefined for rules that ask for no baseline. */
  readonly learned: number | undefined;
};

export type MemoryState = {
  readonly events: readonly MatchedEvent[];
  readonly seq: number;
  readonly now: number;
  readonly lanes: readonly (readonly [string, number])[];
  readonly watermark: WatermarkState;
  readonly inventories: readonly (readonly [string, Origin, InventoryState])[];
  readonly rules: readonly RuntimeState[];
};
type RuntimeState = readonly [
  id: string,
  shape: string,
  start: number,
  taught: readonly (readonly [string, number])[],
  early: number,
  asked: 0 | 1,
  tables: readonly TableState[],
  pending: readonly (readonly [string, readonly (readonly [number, MomentState])[]])[],
  wakes: readonly (readonly [string, readonly (readonly [number, number])[]])[],
];

export class Memory {
  #rules = new Map<string, Runtime>();
  /** Part -> rules it belongs to. */
  #byPart = new Map<string, Runtime[]>();
  #keep = new Map<string, ReadonlySet<string>>();
  #feeders = new Set<string>();
  #lists: Lists;
  #watermark = new Watermark();
  readonly #inventories = new Map<string, Inventory>();
  /** Lane -> receive time of its first event; of imports the least event time. */
  readonly #lanes = new Map<string, number>();
  readonly #options: MemoryOptions;
  readonly #core: Core;
  #now = 0;
  #seq = 0;
  #held = 0;
  #lean: { readonly of: MatchedEvent; readonly rule: ConditionRule; readonly copy: MatchedEvent } | undefined;

  constructor(set: RuleSet, lists: Lists, options: MemoryOptions = {}) {
    this.#lists = lists;
    this.#options = options;
    this.#core = {
      nextSeq: () => this.#seq++,
      hold: (rt, e) => this.#hold(rt, e),
      release: (n) => {
        this.#held -= n;
      },
      room: () => this.#held < KEPT_MAX,
      since: (rt, lane) => this.#since(rt, lane),
    };
    this.swap(set, lists);
  }

  /** Rules whose counting did not change keep their memory. */
  swap(set: RuleSet, lists: Lists): void {
    const old = this.#rules;
    const bases = new Map(set.rules.flatMap((r) => (r.kind === 'rule' ? [[r.id, r] as const] : [])));
    this.#lists = lists;
    this.#rules = new Map();
    this.#byPart = new Map();
    this.#feeders = new Set();
    for (const rule of set.rules) {
      if (rule.kind !== 'condition' || rule.mode === 'off') continue;
      const known = old.get(rule.id);
      const shape = shapeOf(rule, bases);
      const kept = known?.shape === shape;
      const rt: Runtime = kept ? { ...known, rule, local: new Map() } : this.#fresh(rule, shape, bases);
      if (!kept) for (const inv of this.#inventories.values()) this.#wakeAll(rt, inv);
      this.#rules.set(rule.id, rt);
      this.#keep.set(rule.id, fieldsOf(rule));
      for (const part of partIds(rule)) this.#byPart.set(part, [...(this.#byPart.get(part) ?? []), rt]);
      this.#feeders.add(feederId(rule.id));
    }
    for (const [id, rt] of old) if (this.#rules.get(id)?.tables !== rt.tables) this.#drop(rt);
  }

  #fresh(rule: ConditionRule, shape: string, bases: ReadonlyMap<string, BaseRule>): Runtime {
    const release = (n: number): void => {
      this.#held -= n;
    };
    return {
      rule,
      shape,
      tables: rule.terms.map((t) => new Table(t, this.#options.groupsMax ?? GROUPS_MAX, release)),
      hasParts: hasParts(rule.residual),
      speaksUnlearned: possibleUnlearned(rule.residual),
      start: this.#now,
      taught: new Map(),
      pending: new Map(),
      covering: new Map(),
      wakes: new Map(),
      local: new Map(),
      asked: false,
      renewals: rule.terms.map((t) => t.certificate && this.#meansRenewal(bases.get(t.part))),
      early: 0,
    };
  }

  /** Would a renewal that was only inferred count for this part? */
  #meansRenewal(part: BaseRule | undefined): boolean {
    if (part === undefined) return false;
    const f = new EventFields();
    applyAction(f, 'certificate_renewed', 'success');
    try {
      const test = compileCondition(part.condition, { lists: this.#lists });
      return test(judgedOf(new Map<string, FieldValue>(f.entries()), []));
    } catch {
      // A list that is missing: the workers refuse the part, and the rule's health says why.
      return false;
    }
  }

  #drop(rt: Runtime): void {
    for (const t of rt.tables) for (const g of [...t.groups.all()]) t.groups.delete(g);
    for (const heap of rt.pending.values()) this.#held -= heap.size;
  }

  /** Does any rule remember anything? */
  get idle(): boolean {
    return this.#rules.size === 0;
  }

  /** Is the event of a part, so that it is to be weighed and given to `apply`? */
  concerns(e: MatchedEvent): boolean {
    if (this.#rules.size === 0) return false;
    for (const id of e.rules) if (this.#byPart.has(id)) return true;
    return false;
  }

  /** Every event that met any rule: tells how far senders are. */
  saw(e: MatchedEvent): void {
    if (this.#rules.size === 0) return;
    this.#now = Math.max(this.#now, e.ingested);
    const lane = laneOf(e);
    const first = this.#lanes.get(lane);
    if (first === undefined ? this.#lanes.size < LANES_MAX : e.origin === 'import' && e.ts < first)
      this.#lanes.set(lane, e.origin === 'import' ? e.ts : e.ingested);
    this.#watermark.saw(lane, e);
    for (const rt of this.#rules.values()) if (rt.start === 0) rt.start = e.ingested;
  }

  /** `weight`: how many new occurrences the event brings. */
  apply(e: MatchedEvent, weight: number, out: MemoryHit[]): void {
    const rules = new Set<Runtime>();
    let feeds = false;
    for (const id of e.rules) {
      for (const rt of this.#byPart.get(id) ?? []) rules.add(rt);
      feeds ||= this.#feeders.has(id);
    }
    for (const rt of rules) {
      if (rt.rule.subject === 'event') atEvent(this.#core, rt, e, weight, out);
      else remember(this.#core, rt, e, weight);
    }
    if (feeds) this.#inventory(e);
    const lane = laneOf(e);
    for (const rt of rules) {
      if (rt.rule.subject !== 'certificate') continue;
      const about = this.#inventories.get(lane)?.about(tokensOf(sightingOf(e))) ?? [];
      for (const c of about) wake(rt, lane, c, e.ingested);
    }
  }

  #inventory(e: MatchedEvent): void {
    const lane = laneOf(e);
    let inv = this.#inventories.get(lane);
    if (inv === undefined) {
      inv = new Inventory(e.tenant, e.origin, this.#options.certificatesMax);
      this.#inventories.set(lane, inv);
    }
    const { certificate, renewal } = inv.update(e);
    this.#boundCertificates();
    for (const rt of this.#rules.values()) {
      if (rt.rule.subject !== 'certificate') {
        if (renewal !== undefined) this.#inferred(rt, lane, renewal, e);
        continue;
      }
      for (const c of [certificate, renewal]) if (c !== undefined) wake(rt, lane, c, e.ingested);
    }
  }

  /** Of all inventories the one that holds most gives way. */
  #boundCertificates(): void {
    const all = [...this.#inventories.values()];
    let chars = all.reduce((n, i) => n + i.chars, 0);
    const max = this.#options.certificateCharsMax ?? CERTIFICATE_CHARS_MAX;
    while (chars > max) {
      const most = all.reduce((a, b) => (b.chars > a.chars ? b : a));
      chars -= most.chars;
      most.evict();
      chars += most.chars;
    }
  }

  /** A new serial for the same names is a renewal, whatever the event that showed it called it. */
  #inferred(rt: Runtime, lane: string, c: Certificate, e: MatchedEvent): void {
    rt.renewals.forEach((counts, i) => {
      const table = rt.tables[i];
      if (!counts || table === undefined || e.rules.includes(table.term.part)) return;
      const tokens = tokensOf({ ...c, previousSerial: '' });
      // When it was issued, where that is known, is when it was renewed; else when it was first seen.
      const ts = Math.min(c.notBefore ?? c.firstSeen, e.ingested);
      for (const id of certificateGroups(lane, tokens)) {
        const g = table.group(id, e.ingested);
        table.add(g, { ts, ingested: e.ingested, n: 1, value: `renewal ${eventIdText(e.id)}` });
      }
    });
  }

  #wakeAll(rt: Runtime, inv: Inventory): void {
    if (rt.rule.subject !== 'certificate') return;
    for (const c of inv.all()) wake(rt, laneOf(inv), c, this.#now);
  }

  /** A journaled tick: judges what is due. */
  tick(nowUs: number, out: MemoryHit[]): void {
    if (this.#rules.size === 0) return;
    this.#now = Math.max(this.#now, nowUs);
    const marks = new Map<string, number>();
    const mark = (lane: string): number => {
      let m = marks.get(lane);
      if (m === undefined) {
        m = this.#watermark.at(lane, this.#now);
        marks.set(lane, m);
      }
      return m;
    };
    const clock: Clock = { lists: this.#lists, inventory: (lane) => this.#inventories.get(lane), mark };
    for (const rt of this.#rules.values()) {
      if (rt.start === 0) rt.start = nowUs;
      if (rt.rule.subject === 'certificate') lookAtDue(this.#core, clock, rt, this.#now, out);
      else if (rt.rule.deferred) settleDue(this.#core, rt, mark, this.#now, out);
    }
  }

  /** Forgets what is idle. */
  sweep(nowUs: number): void {
    for (const rt of this.#rules.values()) for (const t of rt.tables) t.sweep(nowUs);
    for (const inv of this.#inventories.values()) inv.sweep(nowUs);
  }

  /** Rules that ask for the past and have not been taught it. */
  untaught(): Untaught[] {
    const out: Untaught[] = [];
    for (const rt of this.#rules.values())
      if (!rt.asked && rt.start > 0 && asksThePast(rt.rule))
        out.push({ rule: rt.rule, reach: reachOf(rt.rule), before: rt.start });
    return out;
  }

  /** Takes over what the store knows of the past of a rule; nothing is judged at that past. */
  teach(t: Teaching): void {
    const rt = this.#rules.get(t.rule);
    if (rt === undefined || rt.asked) return;
    const lane = laneOf(t);
    rt.taught.set(lane, Math.min(t.since, rt.taught.get(lane) ?? t.since));
    for (const k of t.keys)
      for (const [day, n] of k.days) rt.tables[k.term]?.usual.add(groupId(lane, k.values), day, n);
    for (const e of t.events) {
      remember(this.#core, rt, e, 1);
      if (e.rules.includes(feederId(rt.rule.id))) this.#inventory(e);
    }
    if (t.last) rt.asked = true;
  }

  #since(rt: Runtime, lane: string): number {
    const first = this.#lanes.get(lane);
    // An import brings its own past, however late the rule and the import itself are.
    if (first !== undefined && lane.endsWith(IMPORT)) return first;
    return rt.taught.get(lane) ?? Math.max(rt.start, first ?? rt.start);
  }

  #hold(rt: Runtime, e: MatchedEvent): MatchedEvent {
    this.#held++;
    if (this.#held <= HELD_MAX) return e;
    // One copy for all that hold the event for the rule.
    if (this.#lean?.of !== e || this.#lean.rule !== rt.rule)
      this.#lean = { of: e, rule: rt.rule, copy: lean(e, this.#keep.get(rt.rule.id) ?? new Set()) };
    return this.#lean.copy;
  }

  /** The certificates that are known of, per tenant and lane. */
  inventories(): IterableIterator<Inventory> {
    return this.#inventories.values();
  }

  stats(): MemoryStats[] {
    return [...this.#rules.values()].map((rt) => {
      const certificates = (what: 'size' | 'evicted'): number =>
        rt.rule.subject === 'certificate'
          ? [...this.#inventories.values()].reduce((n, i) => n + i[what], 0)
          : 0;
      const baseline = rt.rule.terms.some((t) => t.baseline);
      const lanes = [...this.#lanes.keys()].filter((l) => l.endsWith('\u0000live'));
      const days = lanes.map((l) => learned(this.#since(rt, l), this.#now));
      const own = rt.start === 0 ? 0 : learned(rt.start, this.#now);
      return {
        rule: rt.rule.id,
        keys: rt.tables.reduce((n, t) => n + t.groups.size, 0),
        evicted:
          rt.tables.reduce((n, t) => n + t.groups.evicted + t.usual.evicted, 0) + certificates('evicted'),
        evictedNear: rt.tables.reduce((n, t) => n + t.groups.evictedNear, 0),
        waiting: [...rt.pending.values()].reduce((n, h) => n + h.size, 0),
        early: rt.early,
        since: rt.start,
        certificates: certificates('size'),
        learned: baseline ? Math.min(...(days.length === 0 ? [own] : days)) : undefined,
      };
    });
  }

  // ── snapshots ─────────────────────────────────────────────────────────────────────────────────────────────────────

  state(): MemoryState {
    const index = new Map<MatchedEvent, number>();
    const events: MatchedEvent[] = [];
    const at = (e: MatchedEvent): number => {
      let i = index.get(e);
      if (i === undefined) {
        i = events.push(e) - 1;
        index.set(e, i);
      }
      return i;
    };
    const rules = [...this.#rules.values()].map(
      (rt): RuntimeState => [
        rt.rule.id,
        rt.shape,
        rt.start,
        [...rt.taught],
        rt.early,
        rt.asked ? 1 : 0,
        rt.tables.map((t) => tableState(t, at)),
        [...rt.pending].map(([lane, h]) => [lane, h.state().map((p) => [p.due, momentState(p.moment, at)])]),
        [...rt.wakes].map(([lane, w]) => [lane, [...w.at].sort((a, b) => a[0] - b[0])]),
      ],
    );
    return {
      events,
      seq: this.#seq,
      now: this.#now,
      lanes: [...this.#lanes],
      watermark: this.#watermark.state(),
      inventories: [...this.#inventories.values()].map((i) => [i.tenant, i.origin, i.state()]),
      rules,
    };
  }

  /** `now`: of the snapshot; without a state of its own (an older Vigil's) the memory begins then. */
  restore(s: MemoryState | undefined, now: number): void {
    this.#now = now;
    if (s === undefined) {
      for (const rt of this.#rules.values()) rt.start = now;
      return;
    }
    this.#seq = s.seq;
    this.#now = s.now;
    for (const [lane, first] of s.lanes) this.#lanes.set(lane, first);
    this.#watermark = Watermark.from(s.watermark);
    for (const [tenant, origin, state] of s.inventories) {
      const inv = new Inventory(tenant, origin, this.#options.certificatesMax);
      inv.restore(state);
      this.#inventories.set(laneOf(inv), inv);
    }
    const events = (at: number): MatchedEvent => s.events[at] as MatchedEvent;
    const moments = new Map<number, Moment>();
    const moment = (m: MomentState): Moment => {
      let known = moments.get(m[0]);
      if (known === undefined) {
        known = momentOf(m, events);
        moments.set(m[0], known);
      }
      return known;
    };
    const asItWas = new Map(s.rules.map((r) => [r[0], r]));
    for (const rt of this.#rules.values()) {
      const state = asItWas.get(rt.rule.id);
      if (state?.[1] === rt.shape) this.#restoreRule(rt, state, moment, events);
      else for (const inv of this.#inventories.values()) this.#wakeAll(rt, inv);
    }
  }

  #restoreRule(
    rt: Runtime,
    [, , start, taught, early, asked, tables, pending, wakes]: RuntimeState,
    moment: (m: MomentState) => Moment,
    events: (at: number) => MatchedEvent,
  ): void {
    rt.start = start;
    rt.early = early;
    rt.asked = asked === 1;
    for (const [lane, since] of taught) rt.taught.set(lane, since);
    rt.tables.forEach((t, i) => {
      const state = tables[i];
      if (state !== undefined) this.#held += restoreTable(t, state, events, moment);
    });
    for (const [lane, list] of pending) {
      const heap = new Heap<{ due: number; seq: number; moment: Moment }>();
      for (const [due, m] of list) {
        const known = moment(m);
        heap.push({ due, seq: m[0], moment: known });
        cover(rt, known);
      }
      this.#held += heap.size;
      rt.pending.set(lane, heap);
    }
    for (const [lane, list] of wakes) {
      const heap = new Heap<{ due: number; seq: number }>();
      for (const [seq, due] of list) heap.push({ due, seq });
      rt.wakes.set(lane, { heap, at: new Map(list) });
    }
  }
}

/** For the rule's state: `learning 3 of 14 days`; '' where there is nothing to learn any more. */
export const learningText = (s: MemoryStats): string =>
  s.learned === undefined || s.learned >= LEARN_DAYS ? '' : `learning ${s.learned} of ${LEARN_DAYS} days`;
