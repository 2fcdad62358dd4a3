/**
 * What rules that open no alerts of their own leave behind: how often a quiet correlation was met, and, for rules of
 * mode `risk`, how often per entity and hour of receipt, for the risk score. Gathered between two commits and written
 * with the next one, so a replay counts nothing twice.
 *
 * Contract: bounded; what goes beyond RISK_KEYS_MAX is counted under the entity `other`, never lost. Held by
 * `quiet.test.ts`.
 */
import { modeOf, type Rule } from '../detect/rule.ts';
import type { MatchedEvent } from '../model/match.ts';

/** (tenant, entity, rule, hour) told apart per commit. */
export const RISK_KEYS_MAX = 5000;
/** Entities of one event that are booked. */
const ENTITIES_MAX = 16;
const HOUR_US = 3600e6;
export const OTHER_ENTITY = 'other';

export type RiskDelta = {
  readonly tenant: string;
  /** `ip:10.0.1.5`, or OTHER_ENTITY. */
  readonly entity: string;
  readonly rule: string;
  /** Start of the hour of receipt, microseconds. */
  readonly hour: number;
  readonly n: number;
};
export type QuietCounts = {
  /** Correlations that alert not: rule id -> times met, last receipt. */
  readonly met: ReadonlyMap<string, { readonly n: number; readonly last: number }>;
  readonly risk: readonly RiskDelta[];
};

export class Quiet {
  #met = new Map<string, { n: number; last: number }>();
  #risk = new Map<string, { -readonly [K in keyof RiskDelta]: RiskDelta[K] }>();

  /** A rule or correlation was met by (or at) this event. */
  note(rule: Rule, e: MatchedEvent): void {
    const mode = modeOf(rule);
    if (mode === 'alerting' || mode === 'off' || rule.partOf !== undefined) return;
    // Single rules are counted by their matches already.
    if (rule.kind !== 'rule') {
      const m = this.#met.get(rule.id) ?? { n: 0, last: 0 };
      m.n++;
      m.last = Math.max(m.last, e.ingested);
      this.#met.set(rule.id, m);
    }
    if (mode !== 'risk' || e.origin !== 'live') return;
    const hour = e.ingested - (e.ingested % HOUR_US);
    const entities = e.entities.length === 0 ? [OTHER_ENTITY] : e.entities.slice(0, ENTITIES_MAX);
    for (const entity of entities) this.#book(e.tenant, entity, rule.id, hour);
  }

  #book(tenant: string, entity: string, rule: string, hour: number): void {
    const key = JSON.stringify([tenant, entity, rule, hour]);
    const known = this.#risk.get(key);
    if (known !== undefined) known.n++;
    else if (this.#risk.size < RISK_KEYS_MAX || entity === OTHER_ENTITY)
      this.#risk.set(key, { tenant, entity, rule, hour, n: 1 });
    else this.#book(tenant, OTHER_ENTITY, rule, hour);
  }

  /** What was gathered since the last call. */
  take(): QuietCounts {
    const out = { met: this.#met, risk: [...this.#risk.values()] };
    this.#met = new Map();
    this.#risk = new Map();
    return out;
  }
}
