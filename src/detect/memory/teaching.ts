/**
 * What a rule that is new here, or an installation that is newer than its events, can learn from the store: what is usual
 * for its keys, and what happened that must not have (renewals), with the certificates themselves. Taught once per rule,
 * by a record of the journal, so that a replay knows it at the same place.
 *
 * A rule is taught what was received before it began to remember; what came later it has counted itself.
 */
import type { Origin } from '../../model/event.ts';
import type { MatchedEvent } from '../../model/match.ts';
import { reachOf } from '../condition-rule-ids.ts';
import type { ConditionRule } from '../rule.ts';
import { countedIn } from './keys.ts';
import { fieldsOf, lean } from './runtime.ts';
import { DAY_US } from './usual.ts';

/** Keys and events per text; a rule may be taught in several. */
export const KEYS_PER_TEXT_MAX = 1000;
export const EVENTS_PER_TEXT_MAX = 300;
/** In all, per rule: the keys with most events, the newest events. */
export const KEYS_TAUGHT_MAX = 20_000;
export const EVENTS_TAUGHT_MAX = 20_000;

export type TaughtKey = {
  /** Index of the rule's term. */
  readonly term: number;
  readonly values: readonly string[];
  /** Start of the UTC day in microseconds, and how many events. */
  readonly days: readonly (readonly [day: number, n: number])[];
};
export type Teaching = {
  readonly rule: string;
  readonly tenant: string;
  readonly origin: Origin;
  /** Receive time of the tenant's first event that the store holds, microseconds. */
  readonly since: number;
  readonly keys: readonly TaughtKey[];
  /** Past events of the rule's parts, oldest first. */
  readonly events: readonly MatchedEvent[];
  /** Nothing follows for this rule. */
  readonly last: boolean;
};

/** A rule that asks for the past: how far back, and up to which receipt. */
export type Untaught = { readonly rule: ConditionRule; readonly reach: number; readonly before: number };

/** Does the rule ask for more than its windows gather by themselves soon? */
export const asksThePast = (r: ConditionRule): boolean =>
  r.subject === 'certificate' || r.terms.some((t) => t.baseline) || (r.deferred && reachOf(r) >= DAY_US);

const START = (us: number): number => Math.floor(us / DAY_US) * DAY_US;
const CERTIFICATE_FIELD = /^(?:x509|certificate|service|tls|destination|network)[.]/;

/** Gathers a rule's past, event by event, oldest first. */
export class Pupil {
  readonly #rule: ConditionRule;
  readonly #keep: ReadonlySet<string>;
  readonly #days = new Map<
    string,
    { readonly key: TaughtKey; readonly days: Map<number, number>; total: number }
  >();
  readonly #events: MatchedEvent[] = [];

  constructor(rule: ConditionRule) {
    this.#rule = rule;
    this.#keep = fieldsOf(rule);
  }

  see(e: MatchedEvent): void {
    let wanted = this.#rule.subject === 'certificate';
    for (const [term, t] of this.#rule.terms.entries()) {
      if (!e.rules.includes(t.part)) continue;
      if (!t.baseline) wanted ||= this.#rule.deferred;
      else
        for (const { id, values } of countedIn(t, e))
          this.#count(`${term} ${id}`, { term, values, days: [] }, e.ts);
    }
    if (!wanted) return;
    const fields = e.fields.filter(([n]) => this.#keep.has(n) || CERTIFICATE_FIELD.test(n));
    this.#events.push({ ...lean(e, this.#keep), fields });
    if (this.#events.length > 2 * EVENTS_TAUGHT_MAX) this.#events.splice(0, EVENTS_TAUGHT_MAX);
  }

  #count(id: string, key: TaughtKey, ts: number): void {
    let k = this.#days.get(id);
    if (k === undefined) {
      if (this.#days.size >= 4 * KEYS_TAUGHT_MAX) return;
      k = { key, days: new Map(), total: 0 };
      this.#days.set(id, k);
    }
    k.total++;
    k.days.set(START(ts), (k.days.get(START(ts)) ?? 0) + 1);
  }

  /** At least one text, the last one marked. */
  teachings(of: { readonly tenant: string; readonly origin: Origin; readonly since: number }): Teaching[] {
    const keys = [...this.#days.values()]
      .sort((a, b) => b.total - a.total)
      .slice(0, KEYS_TAUGHT_MAX)
      .map((k): TaughtKey => ({ ...k.key, days: [...k.days] }));
    const events = this.#events.slice(-EVENTS_TAUGHT_MAX);
    const out: Teaching[] = [];
    const base = { rule: this.#rule.id, ...of };
    for (let i = 0; i < keys.length; i += KEYS_PER_TEXT_MAX)
      out.push({ ...base, keys: keys.slice(i, i + KEYS_PER_TEXT_MAX), events: [], last: false });
    for (let i = 0; i < events.length; i += EVENTS_PER_TEXT_MAX)
      out.push({ ...base, keys: [], events: events.slice(i, i + EVENTS_PER_TEXT_MAX), last: false });
    out.push({ ...base, keys: [], events: [], last: true });
    return out;
  }
}
