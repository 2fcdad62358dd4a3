/**
 * Rules that are judged at events. Without negative parts: at once, and again when something older comes late. With
 * negative parts: once, at a tick, when everything up to then has had its time to arrive.
 *
 * A rule of negative parts alone (`NOT exists(heartbeat for host in 1 hour)`) speaks of keys that were seen: it is
 * judged one span after an event of the key, over that span. Held by `memory.test.ts` and `memory.prop.test.ts`.
 */
import type { MatchedEvent } from '../../model/match.ts';
import { fieldOf, textOfField } from '../attempts.ts';
import { Heap } from './heap.ts';
import { judge, possible, type View } from './judge.ts';
import { assignments, countedIn, laneOf } from './keys.ts';
import { eventIdText } from '../../model/match.ts';
import { keyText } from '../group-keys.ts';
import { keyOf, type MemoryHit, numberOfField, type Pending, type Runtime } from './runtime.ts';
import { type Counted, historyNote, sayCounts } from './say.ts';
import type { Range } from './occurrences.ts';
import type { Evidence, Group, Moment, Table } from './table.ts';
import { learned, LEARN_DAYS } from './usual.ts';

/** Moments of one rule that wait for the watermark; beyond it the oldest is judged early. */
export const PENDING_MAX = 20_000;

/** What the owner of the memory gives. */
export type Core = {
  readonly nextSeq: () => number;
  /** The event, or a lean copy where too many are held. */
  readonly hold: (rt: Runtime, e: MatchedEvent) => MatchedEvent;
  readonly release: (n: number) => void;
  /** May more events be held for what is shown and for what may come late? */
  readonly room: () => boolean;
  readonly since: (rt: Runtime, lane: string) => number;
};

/** Counts the event in every term whose part it met; gives the groups that grew. `weight` 0: another door brought it. */
export function remember(
  core: Core,
  rt: Runtime,
  e: MatchedEvent,
  weight: number,
): { table: Table; group: Group }[] {
  const grown: { table: Table; group: Group }[] = [];
  if (weight <= 0) return grown;
  for (const table of rt.tables) {
    const { term } = table;
    if (!e.rules.includes(term.part)) continue;
    const value =
      term.distinct !== '' ? textOfField(e, term.distinct) : term.certificate ? eventIdText(e.id) : '';
    if (term.distinct !== '' && value === '') continue;
    for (const { id } of countedIn(term, e)) {
      const group = table.group(id, e.ingested);
      table.add(group, { ts: e.ts, ingested: e.ingested, n: weight, value });
      if (core.room()) table.addEvidence(group, { event: core.hold(rt, e), n: weight });
      grown.push({ table, group });
    }
  }
  return grown;
}

/** An event that met a part of the rule. */
export function atEvent(core: Core, rt: Runtime, e: MatchedEvent, weight: number, out: MemoryHit[]): void {
  const grown = remember(core, rt, e, weight);
  if (!rt.rule.deferred) again(core, rt, e, grown, out);
  // What another door brought already is no event of its own, unless it is what the rule waits for.
  if (weight <= 0 && !rt.hasParts) return;
  if (!possible(rt.rule.residual, viewOf(core, rt, e))) return;
  for (const a of assignments(rt.rule, e)) {
    const m: Moment = {
      seq: core.nextSeq(),
      event: core.hold(rt, e),
      ts: e.ts,
      groups: a.groups,
      shown: a.shown,
      values: a.values,
      met: false,
    };
    if (rt.rule.deferred) wait(core, rt, m, e.ingested, out);
    else if (!now(core, rt, m, e.ingested, out)) core.release(1);
  }
}

/** Judges a moment, and keeps it with its groups for what may come late. False where nothing keeps it. */
function now(core: Core, rt: Runtime, m: Moment, at: number, out: MemoryHit[]): boolean {
  const range = at_(m);
  if (judge(rt.rule.residual, momentView(core, rt, m, range))) hitAt(core, rt, m, range, at, out);
  let kept = 0;
  if (!core.room()) return false;
  m.groups.forEach((ids, i) => {
    const table = rt.tables[i];
    for (const id of table === undefined ? [] : (ids ?? [])) {
      table?.addWaiting(table.group(id, at), m);
      kept++;
    }
  });
  for (let i = 1; i < kept; i++) core.hold(rt, m.event);
  return kept > 0;
}

/** Moments after a late event, within a span of it, are judged again: the first that is met takes it. */
function again(
  core: Core,
  rt: Runtime,
  e: MatchedEvent,
  grown: readonly { readonly table: Table; readonly group: Group }[],
  out: MemoryHit[],
): void {
  for (const { table, group } of grown) {
    const last = group.waiting.at(-1);
    if (last === undefined || last.ts < e.ts) continue;
    const until = Math.min(last.ts, e.ts + table.term.span);
    if (!rt.speaksUnlearned && learned(core.since(rt, laneOf(e)), until) < LEARN_DAYS) continue;
    // Moments are in order of time, so that each window is counted from the one before.
    const counts = rt.tables.map((t) => t.sliding());
    for (let i = firstFrom(group.waiting, e.ts); i < group.waiting.length; i++) {
      const m = group.waiting[i] as Moment;
      if (m.ts > until) break;
      if (m.met && rt.hasParts) continue;
      const range = at_(m);
      if (!judge(rt.rule.residual, momentView(core, rt, m, range, counts))) continue;
      hitAt(core, rt, m, range, e.ingested, out);
      break;
    }
  }
}

function firstFrom(list: readonly Moment[], ts: number): number {
  let lo = 0;
  let hi = list.length;
  while (lo < hi) {
    const mid = (lo + hi) >>> 1;
    if ((list[mid] as Moment).ts < ts) lo = mid + 1;
    else hi = mid;
  }
  return lo;
}

/** The window that ends at the moment. */
const at_ = (m: Moment): ((span: number) => Range) => {
  return (span) => ({ after: m.ts - span, until: m.ts, closed: true });
};
/** The window that begins right after it: has nothing come since? */
const after = (m: Moment): ((span: number) => Range) => {
  return (span) => ({ after: m.ts, until: m.ts + span, closed: false });
};

const viewOf = (_core: Core, rt: Runtime, e: MatchedEvent): Pick<View, 'met' | 'local'> => ({
  met: (part) => e.rules.includes(part),
  local: () => rt.rule.subject === 'event',
});

function momentView(
  core: Core,
  rt: Runtime,
  m: Moment,
  range: (span: number) => Range,
  counts?: readonly ReturnType<Table['sliding']>[],
): View {
  return {
    ...viewOf(core, rt, m.event),
    field: (name) => numberOfField(fieldOf(m.event, name)),
    count: (i) => {
      const ids = m.groups[i];
      const table = rt.tables[i];
      if (ids === undefined || table === undefined) return undefined;
      const r = range(table.term.span);
      return counts?.[i]?.(ids, r) ?? table.count(ids, r);
    },
    baseline: (i) => usualOf(core, rt, m, i),
  };
}

function usualOf(core: Core, rt: Runtime, m: Moment, i: number): number | undefined | 'learning' {
  const table = rt.tables[i];
  const id = m.groups[i]?.[0];
  if (table === undefined || id === undefined) return undefined;
  if (learned(core.since(rt, laneOf(m.event)), m.ts) < LEARN_DAYS) return 'learning';
  return table.usual.at(id, m.ts, table.term.span);
}

function hitAt(
  core: Core,
  rt: Runtime,
  m: Moment,
  range: (span: number) => Range,
  judged: number,
  out: MemoryHit[],
): void {
  const shown: Counted[] = [];
  const evidence: { readonly event: MatchedEvent; readonly weight: number }[] = [];
  let fresh = 0;
  let first = m.ts;
  for (const [i, table] of rt.tables.entries()) {
    const ids = m.groups[i];
    if (ids === undefined) continue;
    const r = range(table.term.span);
    const n = table.count(ids, r);
    const usual = table.term.baseline ? usualOf(core, rt, m, i) : undefined;
    shown.push({ term: table.term, n, usual: typeof usual === 'number' ? usual : undefined });
    for (const id of ids) {
      const g = table.groups.get(id);
      if (g === undefined) continue;
      const taken = take(g, r);
      fresh += taken.n;
      first = Math.min(first, taken.first);
      core.release(taken.evidence.length);
      for (const x of taken.evidence) evidence.push({ event: x.event, weight: rt.hasParts ? 0 : x.n });
    }
  }
  if (!rt.hasParts && fresh === 0 && !rt.rule.deferred) return;
  m.met = true;
  const key = keyOf(rt.rule, m);
  out.push({
    rule: rt.rule,
    tenant: m.event.tenant,
    origin: m.event.origin,
    key: keyText(key.values),
    shown: key.shown,
    from: rt.hasParts ? m.ts : first,
    to: m.ts,
    fresh: weighed(evidence, m, rt.hasParts || fresh === 0 ? 1 : fresh, rt.hasParts),
    trigger: m.event,
    said: sayCounts(rt.rule, key.shown, shown, notesOf(core, rt, m)),
    judged,
  });
}

/** What was not part of an alert yet, and is from now on. */
function take(g: Group, r: Range): { n: number; first: number; evidence: readonly Evidence[] } {
  const { n, first } = g.occurred.take(r);
  const evidence = g.evidence.filter((x) => x.event.ts >= r.after && x.event.ts <= r.until);
  if (evidence.length > 0) {
    const rest = g.evidence.filter((x) => x.event.ts < r.after || x.event.ts > r.until);
    g.evidence.splice(0, g.evidence.length, ...rest);
  }
  return { n, first, evidence };
}

/** Events that the alert shows, their weights adding up to `total`. */
function weighed(
  evidence: readonly { readonly event: MatchedEvent; readonly weight: number }[],
  m: Moment,
  total: number,
  trigger: boolean,
): { event: MatchedEvent; weight: number }[] {
  const own = eventIdText(m.event.id);
  const once = new Map<string, { readonly event: MatchedEvent; readonly weight: number }>();
  for (const x of evidence) {
    const id = eventIdText(x.event.id);
    if ((once.get(id)?.weight ?? -1) < x.weight) once.set(id, x);
  }
  if (trigger || once.size === 0) once.set(own, { event: m.event, weight: 0 });
  let left = total;
  const list = [...once.values()].sort(
    (a, b) =>
      a.event.ts - b.event.ts || a.event.id.batch - b.event.id.batch || a.event.id.ord - b.event.id.ord,
  );
  const out = list.map(({ event, weight }) => {
    const w = Math.min(weight, left);
    left -= w;
    return { event, weight: w };
  });
  // What is not shown counts with the newest.
  const at = trigger ? out.findIndex((x) => eventIdText(x.event.id) === own) : out.length - 1;
  const x = out[at];
  if (x !== undefined) x.weight += left;
  return out;
}

function notesOf(core: Core, rt: Runtime, m: Moment): string[] {
  if (!rt.rule.deferred) return [];
  const since = core.since(rt, laneOf(m.event));
  const short = rt.tables.find((t) => m.ts - since < t.term.span);
  const notes = short === undefined ? [] : [historyNote(since, m.ts, short.term.span)];
  const gone = rt.tables.reduce((n, t) => n + t.groups.evicted, 0);
  if (gone > 0) notes.push(`${gone} keys did not fit into memory and were forgotten`);
  return notes;
}

// ── negative parts ──────────────────────────────────────────────────────────────────────────────────────────────────

function wait(core: Core, rt: Runtime, m: Moment, at: number, out: MemoryHit[]): void {
  const lane = laneOf(m.event);
  let heap = rt.pending.get(lane);
  if (heap === undefined) {
    heap = new Heap();
    rt.pending.set(lane, heap);
  }
  if (!rt.hasParts && covered(rt, m)) {
    core.release(1);
    return;
  }
  cover(rt, m);
  heap.push({ due: dueOf(rt, m), seq: m.seq, moment: m });
  if (heap.size <= PENDING_MAX) return;
  const oldest = heap.pop();
  if (oldest === undefined) return;
  rt.early++;
  settle(core, rt, oldest, at, out);
}

const reach = (rt: Runtime): number => Math.max(0, ...rt.tables.map((t) => t.term.span));
const dueOf = (rt: Runtime, m: Moment): number => (rt.hasParts ? m.ts : m.ts + reach(rt));

const coverId = (m: Moment): string => JSON.stringify(m.groups);

/** One moment per key waits; what comes within its span is looked at when it is due. */
function covered(rt: Runtime, m: Moment): boolean {
  const ts = rt.covering.get(coverId(m));
  return ts !== undefined && ts <= m.ts && m.ts <= ts + reach(rt);
}
export function cover(rt: Runtime, m: Moment): void {
  if (rt.hasParts) return;
  const id = coverId(m);
  rt.covering.set(id, Math.max(m.ts, rt.covering.get(id) ?? m.ts));
}

function settle(core: Core, rt: Runtime, p: Pending, at: number, out: MemoryHit[]): void {
  const m = p.moment;
  core.release(1);
  const range = rt.hasParts ? at_(m) : after(m);
  if (judge(rt.rule.residual, momentView(core, rt, m, range))) hitAt(core, rt, m, range, at, out);
  if (rt.hasParts) return;
  if (rt.covering.get(coverId(m)) === m.ts) rt.covering.delete(coverId(m));
  // The next stretch of silence may begin at the newest event of this one.
  const until = m.ts + reach(rt);
  let newest = m.ts;
  for (const [i, table] of rt.tables.entries())
    for (const id of m.groups[i] ?? [])
      for (const o of table.groups.get(id)?.occurred.items ?? [])
        if (o.ts <= until) newest = Math.max(newest, o.ts);
  if (newest <= m.ts) return;
  const event = core.hold(rt, { ...m.event, ts: newest });
  const next: Moment = { ...m, seq: core.nextSeq(), ts: newest, met: false, event };
  cover(rt, next);
  rt.pending.get(laneOf(m.event))?.push({ due: dueOf(rt, next), seq: next.seq, moment: next });
}

/** Judges what is due. `mark`: up to when everything of a lane has arrived. */
export function settleDue(
  core: Core,
  rt: Runtime,
  mark: (lane: string) => number,
  at: number,
  out: MemoryHit[],
): void {
  for (const [lane, heap] of rt.pending) {
    const first = heap.peek();
    if (first === undefined || first.due > at) continue;
    const until = mark(lane);
    for (let p = heap.peek(); p !== undefined && p.due <= until; p = heap.peek()) {
      heap.pop();
      settle(core, rt, p, at, out);
    }
  }
}
