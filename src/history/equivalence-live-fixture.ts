/**
 * For the judge of generated cases (`equivalence-fixture.ts`): the state owner over frames of events, as it is fed live, and
 * its alerts in a form that can be compared with those of history.
 */
import { Detection } from '../alert/detection.ts';
import type { Lists } from '../condition/tree.ts';
import type { RuleSet } from '../detect/rule.ts';
import type { Alert, AlertChange } from '../model/alert.ts';
import type { NormalizedEvent, Origin } from '../model/event.ts';
import type { LateMark } from '../model/late.ts';
import type { MatchedEvent } from '../model/match.ts';
import { type Case, S } from './equivalence-cases-fixture.ts';
import type { ListsFrom } from './run.ts';

export type Frame = {
  readonly at: number;
  readonly batch: number;
  readonly events: readonly NormalizedEvent[];
  readonly lists: number;
};

export const matched = (
  e: NormalizedEvent,
  rules: readonly string[],
  o: { batch: number; ord: number; tenant: string; at: number },
): MatchedEvent => ({
  id: { node: 1, batch: o.batch, ord: o.ord },
  tenant: o.tenant,
  origin: e.fields.get('vigil.origin') as Origin,
  door: 'syslog-udp',
  sender: '192.0.2.7',
  source: e.source,
  ts: e.ts,
  ingested: o.at,
  rules,
  fields: [...e.fields.entries()],
  entities: e.entities,
});

/** Lists as they changed, by receive time of the first frame judged by them. */
export function periods(c: Case, frames: readonly Frame[]): readonly [ListsFrom, ...ListsFrom[]] {
  const out: ListsFrom[] = [];
  for (const [i, lists] of c.lists.entries()) {
    const first = frames.find((f) => f.lists === i);
    if (first !== undefined) out.push({ from: i === 0 ? 0 : first.at, lists });
  }
  return out as unknown as readonly [ListsFrom, ...ListsFrom[]];
}

export type Seen = { readonly alerts: ReadonlyMap<string, Alert>; readonly late: readonly LateMark[] };

/** The state owner: frames in order, a tick after each and every ten seconds between. */
export function detect(
  set: RuleSet,
  frames: readonly Frame[],
  matches: readonly MatchedEvent[][],
  o: {
    readonly judgedAt: number;
    readonly lists: readonly Lists[];
    readonly cuts?: readonly number[];
    readonly restoreAt?: number;
  },
): Seen {
  const lists = (i: number): Lists => o.lists[frames[i]?.lists ?? 0] ?? new Map();
  let d = new Detection(set, { lists: lists(0) });
  const changes: AlertChange[] = [];
  const late: LateMark[] = [];
  let now = frames[0]?.at ?? 0;
  let turn = 0;
  const ticks = (to: number): void => {
    const step = Math.max(10 * S, Math.ceil((to - now) / 300));
    for (let at = now + step; at < to; at += step) changes.push(...d.tick(at));
    // However coarse the rest, the last is at most ten seconds old.
    if (to - 7 * S > now) changes.push(...d.tick(to - 7 * S));
    now = to;
  };
  for (const [i, f] of frames.entries()) {
    ticks(f.at);
    if (i > 0 && frames[i - 1]?.lists !== f.lists) d.swapRules(set, lists(i));
    const all = matches[i] ?? [];
    for (let at = 0; at < all.length; ) {
      const n = o.cuts?.[turn++ % o.cuts.length] ?? all.length;
      changes.push(...d.apply(all.slice(at, at + n)));
      at += n;
    }
    changes.push(...d.tick(f.at));
    late.push(...d.takeLate());
    if (o.restoreAt === i) d = Detection.restore(d.snapshot(), set, { lists: lists(i) });
  }
  ticks(o.judgedAt);
  changes.push(...d.tick(Math.max(o.judgedAt, now + S)));
  return { alerts: byId(changes.map((x) => x.alert)), late };
}

/** Final states; what lists no order is ordered. */
export const byId = (alerts: readonly Alert[]): Map<string, Alert> =>
  new Map([...new Map(alerts.map((a) => [a.id, comparable(a)]))].sort(([a], [b]) => (a < b ? -1 : 1)));

/** Of a number without a column of its own the type is not kept (it reads the same); the order of fields is not either. */
const comparable = (a: Alert): Alert => ({
  ...a,
  // What time decides is told at the tick after; the store does not keep when that was.
  ...(a.rule === 'm1' ? { openedAt: 0, updatedAt: 0, steps: a.steps.map((s) => ({ ...s, at: 0 })) } : {}),
  events: a.events.map((e) => ({
    ...e,
    fields: [...e.fields]
      .sort(([x], [y]) => (x < y ? -1 : 1))
      .map(([name, v]) => [name, v === null ? null : Array.isArray(v) ? v.map(String) : String(v)] as const),
  })),
});
