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
/** Characters of a text's JSON; what is longer alone is left out. */
export const TEXT_CHARS_MAX = 1024 * 1024;
/** In all, per rule: the keys with most events, the newest events. */
export const KEYS_TAUGHT_MAX = 20_000;
export const EVENTS_TAUGHT_MAX = 20_000;
/** Characters of their JSON; twice as much is held while they are gathered. */
export const EVENTS_TAUGHT_CHARS_MAX = 32 * 1024 * 1024;
const KEYS_CHARS_MAX = 32 * 1024 * 1024;

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
  /** Characters of the keys. */
  #keysChars = 0;
  #events: HeldEvent[] = [];
  #eventsChars = 0;

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
    const event = { ...lean(e, this.#keep), fields };
    const { length: chars } = JSON.stringify(event);
    if (chars > TEXT_CHARS_MAX) return;
    this.#events.push({ event, chars });
    this.#eventsChars += chars;
    if (this.#events.length > 2 * EVENTS_TAUGHT_MAX || this.#eventsChars > 2 * EVENTS_TAUGHT_CHARS_MAX)
      this.#keepNewest();
  }

  #keepNewest(): void {
    let from = this.#events.length;
    let chars = 0;
    while (from > 0 && this.#events.length - from < EVENTS_TAUGHT_MAX) {
      const more = (this.#events[from - 1] as HeldEvent).chars;
      if (chars + more > EVENTS_TAUGHT_CHARS_MAX) break;
      chars += more;
      from--;
    }
    this.#events = this.#events.slice(from);
    this.#eventsChars = chars;
  }

  #count(id: string, key: TaughtKey, ts: number): void {
    let k = this.#days.get(id);
    if (k === undefined) {
      if (this.#days.size >= 4 * KEYS_TAUGHT_MAX || this.#keysChars >= KEYS_CHARS_MAX) return;
      this.#keysChars += id.length + key.values.reduce((n, v) => n + v.length, 0);
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
    this.#keepNewest();
    const base = { rule: this.#rule.id, ...of };
    const sized = keys.map((key) => ({ key, chars: JSON.stringify(key).length }));
    return [
      ...inTexts(sized, KEYS_PER_TEXT_MAX).map((list) => ({
        ...base,
        keys: list.map((k) => k.key),
        events: [],
        last: false,
      })),
      ...inTexts(this.#events, EVENTS_PER_TEXT_MAX).map((list) => ({
        ...base,
        keys: [],
        events: list.map((e) => e.event),
        last: false,
      })),
      { ...base, keys: [], events: [], last: true },
    ];
  }
}

type HeldEvent = { readonly event: MatchedEvent; readonly chars: number };

/** In their order, so many and so long per text. */
function inTexts<T extends { readonly chars: number }>(items: readonly T[], countMax: number): T[][] {
  const out: T[][] = [];
  let list: T[] = [];
  let chars = 0;
  for (const item of items) {
    if (item.chars > TEXT_CHARS_MAX) continue;
    if (list.length === 0 || list.length >= countMax || chars + item.chars > TEXT_CHARS_MAX) {
      list = [];
      chars = 0;
      out.push(list);
    }
    list.push(item);
    chars += item.chars;
  }
  return out;
}
