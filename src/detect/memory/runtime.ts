/** What the memory keeps for one condition rule, and the small things that its judging needs. */
import { createHash } from 'node:crypto';
import { compileCondition, type Judged, type Predicate } from '../../condition/evaluate.ts';
import type { Condition, Lists } from '../../condition/tree.ts';
import type { FieldValue, Origin } from '../../model/event.ts';
import type { MatchedEvent } from '../../model/match.ts';
import { fieldOf } from '../attempts.ts';
import { feederId, partIds } from '../condition-rule-ids.ts';
import type { BaseRule, ConditionRule, Measure, Residual } from '../rule.ts';
import type { Heap } from './heap.ts';
import type { Moment, Table } from './table.ts';

export type MemoryHit = {
  readonly rule: ConditionRule;
  readonly tenant: string;
  readonly origin: Origin;
  readonly key: string;
  readonly shown: readonly string[];
  readonly from: number;
  readonly to: number;
  readonly fresh: readonly { readonly event: MatchedEvent; readonly weight: number }[];
  readonly trigger: MatchedEvent;
  /** The sentence, where the rule has none of its own. */
  readonly said: string;
  /** Receive time or tick at which it was judged. */
  readonly judged: number;
  /** What makes the alert's id where `to` is a tick. */
  readonly crossed?: number;
};

export type Pending = { readonly due: number; readonly seq: number; readonly moment: Moment };
export type Wake = { readonly due: number; readonly seq: number };

export type Runtime = {
  readonly rule: ConditionRule;
  readonly shape: string;
  readonly tables: readonly Table[];
  /** One event alone decides part of it. */
  readonly hasParts: boolean;
  /** It may be met before it has learned what is usual. */
  readonly speaksUnlearned: boolean;
  /** Receive time from which on it remembers, 0 before the first event or tick. */
  start: number;
  /** The store has been asked for its past, or there was none. */
  asked: boolean;
  /** Lane -> since when, where the store taught it. */
  readonly taught: Map<string, number>;
  /** Lane -> moments that wait for the watermark. */
  readonly pending: Map<string, Heap<Pending>>;
  /** Keys of which a moment waits, and the newest such moment's time (rules of negative parts alone). */
  readonly covering: Map<string, number>;
  /** Lane -> certificates to look at again, and when each is due (an entry of the heap that differs is stale). */
  readonly wakes: Map<string, { readonly heap: Heap<Wake>; readonly at: Map<number, number> }>;
  /** Conditions about a certificate, compiled. */
  readonly local: Map<Condition, Predicate>;
  /** Per term: does a renewal that was only inferred (a new serial for the same names) count? */
  readonly renewals: readonly boolean[];
  /** Moments judged before their time because too many waited. */
  early: number;
};

export const hasParts = (r: Residual): boolean =>
  r.kind === 'part' || ((r.kind === 'and' || r.kind === 'or') && r.items.some(hasParts));

/**
 * What a rule needs to keep its memory over a reload: the same things counted in the same way. Parts are known by their
 * conditions, since their ids stay when the rule is edited.
 */
export function shapeOf(r: ConditionRule, bases: ReadonlyMap<string, BaseRule>): string {
  const parts = partIds(r)
    .filter((id) => id !== feederId(r.id))
    .map((id) => [id, bases.get(id)?.condition]);
  const terms = r.terms.map((t) => [t.part, t.distinct, t.by, t.span]);
  const text = JSON.stringify([r.subject, r.deferred, r.residual, terms, parts]);
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** An event as the plain evaluator sees it. */
export function judgedOf(fields: ReadonlyMap<string, FieldValue>, entities: readonly string[]): Judged {
  return {
    fields: {
      get: (name) => fields.get(name),
      has: (name) => fields.has(name),
      entries: () => fields.entries() as IterableIterator<[string, FieldValue]>,
    },
    rawText: '',
    entities,
  };
}

export function localTest(rt: Runtime, c: Condition, lists: Lists): Predicate {
  let p = rt.local.get(c);
  if (p === undefined) {
    p = compileCondition(c, { lists });
    rt.local.set(c, p);
  }
  return p;
}

export function numberOfField(v: FieldValue | undefined): number | undefined {
  const one = Array.isArray(v) ? v[0] : v;
  if (typeof one === 'number') return one;
  if (typeof one !== 'string' || one.trim() === '') return undefined;
  const n = Number(one);
  return Number.isFinite(n) ? n : undefined;
}

/** Fields that a rule still needs of an event that is kept lean. */
export function fieldsOf(rule: ConditionRule): ReadonlySet<string> {
  const out = new Set<string>(['event.action', 'event.outcome', 'host.name', 'user.name', 'source.ip']);
  for (const f of rule.entity) out.add(f);
  for (const t of rule.terms) for (const alternatives of t.by) for (const f of alternatives) out.add(f);
  const walk = (m: Measure): void => {
    if (m.kind === 'field') out.add(m.field);
    if (m.kind === 'arithmetic') {
      walk(m.left);
      walk(m.right);
    }
  };
  const down = (r: Residual): void => {
    if (r.kind === 'and' || r.kind === 'or') r.items.forEach(down);
    if (r.kind === 'test') {
      walk(r.left);
      walk(r.right);
    }
  };
  down(rule.residual);
  return out;
}

export function lean(e: MatchedEvent, keep: ReadonlySet<string>): MatchedEvent {
  return { ...e, fields: e.fields.filter(([name]) => keep.has(name)), entities: e.entities.slice(0, 8) };
}

/** Key of the alert: the rule's own fields where it names some, else what it counts by. */
export function keyOf(
  rule: ConditionRule,
  m: Moment,
): { readonly values: readonly string[]; readonly shown: readonly string[] } {
  if (rule.entity.length === 0) return { values: m.values, shown: m.shown };
  const values = rule.entity.map((f) => {
    const v = fieldOf(m.event, f);
    const one = Array.isArray(v) ? v[0] : v;
    return one === undefined || one === null ? '' : String(one);
  });
  return {
    values,
    shown: rule.entity.flatMap((f, i) => (values[i] === '' ? [] : [`${f}=${values[i] ?? ''}`])),
  };
}
