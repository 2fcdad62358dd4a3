/**
 * What one term of a condition rule remembers: occurrences per key, and what is usual for it. Bounded by keys; what had to
 * go is counted. Held by `memory.test.ts` and `memory.prop.test.ts`.
 */
import type { MatchedEvent } from '../../model/match.ts';
import type { Term } from '../rule.ts';
import { type Keyed, Kept } from './kept.ts';
import { Occurrences, type Range } from './occurrences.ts';
import { Usual, type UsualState } from './usual.ts';

/** Keys per term. */
export const GROUPS_MAX = 20_000;
/** A key without events for this long (receive time, microseconds), or two spans, is forgotten. */
export const IDLE_US = 24 * 3600e6;
/** Events per key kept for the alert: the first half and the newest half. */
export const EVIDENCE_MAX = 32;
/** Events at which a rule was judged, per key: judged again when something older comes late. */
export const WAITING_MAX = 500;

/** An event at which a rule is judged, under one reading of its keys. */
export type Moment = {
  readonly seq: number;
  readonly event: MatchedEvent;
  readonly ts: number;
  readonly groups: readonly (readonly string[] | undefined)[];
  readonly shown: readonly string[];
  readonly values: readonly string[];
  /** It was met already. */
  met: boolean;
};

export type Evidence = { readonly event: MatchedEvent; readonly n: number };

export type Group = Keyed & {
  readonly occurred: Occurrences;
  readonly evidence: Evidence[];
  readonly waiting: Moment[];
  /** Newest receipt, microseconds. */
  touched: number;
};

/** Told when the table lets go of an event. */
export type Release = (n: number) => void;

export class Table {
  readonly term: Term;
  readonly groups: Kept<Group>;
  readonly usual = new Usual();
  readonly #release: Release;

  constructor(term: Term, max: number, release: Release) {
    this.term = term;
    this.#release = release;
    this.groups = new Kept<Group>(max, (g) => release(g.evidence.length + g.waiting.length));
  }

  /** Group of a key, made where it is missing. */
  group(id: string, ingested: number): Group {
    const g =
      this.groups.get(id) ??
      this.groups.add({
        id,
        level: 0,
        occurred: this.fresh(),
        evidence: [],
        waiting: [],
        touched: ingested,
      });
    g.touched = Math.max(g.touched, ingested);
    return g;
  }

  add(
    g: Group,
    o: { readonly ts: number; readonly ingested: number; readonly n: number; readonly value: string },
  ): void {
    g.occurred.add({ ts: o.ts, seen: o.ingested, n: o.n, value: o.value, counted: false });
    this.groups.weigh(g, g.occurred.items.length);
    if (this.term.baseline) this.usual.add(g.id, o.ts, o.n);
  }

  /** Certificates are known by several tokens, so their events are told apart by event. */
  get tellsApart(): boolean {
    return this.term.certificate || this.term.distinct !== '';
  }

  fresh(): Occurrences {
    return new Occurrences(this.term.span, this.tellsApart);
  }

  addEvidence(g: Group, e: Evidence): void {
    if (g.evidence.length >= EVIDENCE_MAX) {
      g.evidence.splice(EVIDENCE_MAX / 2, 1);
      this.#release(1);
    }
    g.evidence.push(e);
  }

  addWaiting(g: Group, m: Moment): void {
    let at = g.waiting.length;
    while (at > 0 && (g.waiting[at - 1] as Moment).ts > m.ts) at--;
    g.waiting.splice(at, 0, m);
    const oldest = (g.waiting.at(-1) as Moment).ts - 2 * this.term.span;
    let n = Math.max(0, g.waiting.length - WAITING_MAX);
    while (n < g.waiting.length - 1 && (g.waiting[n] as Moment).ts < oldest) n++;
    if (n === 0) return;
    g.waiting.splice(0, n);
    this.#release(n);
  }

  count(ids: readonly string[], range: Range): number {
    const first = ids[0];
    if (first !== undefined && ids.length === 1) return this.groups.get(first)?.occurred.count(range) ?? 0;
    const seen = new Set<string>();
    for (const id of ids)
      for (const value of this.groups.get(id)?.occurred.values(range).keys() ?? []) seen.add(value);
    return seen.size;
  }

  /** `count` for windows none of whose ends goes back, while nothing is added. */
  sliding(): (ids: readonly string[], range: Range) => number {
    const byId = new Map<string, (r: Range) => number>();
    return (ids, range) => {
      const [id] = ids;
      const occurred = id === undefined || ids.length > 1 ? undefined : this.groups.get(id)?.occurred;
      if (id === undefined || occurred === undefined) return this.count(ids, range);
      const known = byId.get(id) ?? occurred.sliding();
      byId.set(id, known);
      return known(range);
    };
  }

  /** Event time of every occurrence of these keys. */
  times(ids: readonly string[]): number[] {
    return ids.flatMap((id) => (this.groups.get(id)?.occurred.items ?? []).map((o) => o.ts));
  }

  sweep(now: number): void {
    const idle = Math.max(IDLE_US, 2 * this.term.span);
    for (const g of [...this.groups.all()]) if (now - g.touched > idle) this.groups.delete(g);
    if (this.term.baseline) this.usual.sweep(now);
  }
}

export type TableState = {
  readonly evicted: readonly [number, number, number];
  readonly groups: readonly GroupState[];
  readonly usual: UsualState;
};
type GroupState = readonly [
  id: string,
  level: number,
  touched: number,
  items: readonly (readonly [number, number, number, string, 0 | 1])[],
  evidence: readonly (readonly [number, number])[],
  waiting: readonly MomentState[],
];
export type MomentState = readonly [
  seq: number,
  event: number,
  groups: readonly (readonly string[] | null)[],
  shown: readonly string[],
  values: readonly string[],
  met: 0 | 1,
];

/** Events as numbers, so that each is written once. */
export type Index = (e: MatchedEvent) => number;
export type Events = (at: number) => MatchedEvent;

export const momentState = (m: Moment, at: Index): MomentState => [
  m.seq,
  at(m.event),
  m.groups.map((g) => g ?? null),
  m.shown,
  m.values,
  m.met ? 1 : 0,
];
export function momentOf([seq, at, groups, shown, values, met]: MomentState, events: Events): Moment {
  const event = events(at);
  return {
    seq,
    event,
    ts: event.ts,
    groups: groups.map((g) => g ?? undefined),
    shown,
    values,
    met: met === 1,
  };
}

export const tableState = (t: Table, at: Index): TableState => ({
  evicted: [t.groups.evicted, t.groups.evictedNear, t.usual.evicted],
  groups: t.groups
    .state()
    .map((g) => [
      g.id,
      g.level,
      g.touched,
      g.occurred.items.map((o) => [o.ts, o.seen, o.n, o.value, o.counted ? 1 : 0]),
      g.evidence.map((x) => [at(x.event), x.n]),
      g.waiting.map((m) => momentState(m, at)),
    ]),
  usual: t.usual.state(),
});

/** How many events it holds now. `moment` gives each moment once, whichever groups share it. */
export function restoreTable(
  t: Table,
  s: TableState,
  events: Events,
  moment: (m: MomentState) => Moment,
): number {
  t.groups.evicted = s.evicted[0];
  t.groups.evictedNear = s.evicted[1];
  t.usual.restore(s.usual, s.evicted[2]);
  let held = 0;
  t.groups.restore(
    s.groups.map(([id, level, touched, items, evidence, waiting]) => {
      held += evidence.length + waiting.length;
      const occurred = t.fresh();
      for (const [ts, seen, n, value, counted] of items)
        occurred.items.push({ ts, seen, n, value, counted: counted === 1 });
      return {
        id,
        level,
        touched,
        occurred,
        evidence: evidence.map(([e, n]) => ({ event: events(e), n })),
        waiting: waiting.map(moment),
      };
    }),
  );
  return held;
}
