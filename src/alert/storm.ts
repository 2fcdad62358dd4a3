/**
 * Drowning is an attack: limits on how many new alerts a rule, and a tenant's lane, may open in 10 minutes of receive
 * time. What is beyond is folded into one storm alert with an exact count and its main causes. Higher severity, a new
 * tactic, and a critical alert from a sender that has not been heard break through, each within a budget of its own.
 *
 * Contract: at most 92 alerts per tenant and lane in 10 minutes (held by `storm.test.ts`).
 */
import { SEVERITIES, type Severity } from '../model/alert.ts';
import type { MatchedEvent } from '../model/match.ts';

/** Microseconds of receive time. */
export const STORM_WINDOW_US = 600e6;
export const RULE_NEW_MAX = 20;
export const TENANT_NEW_MAX = 50;
/** Beyond the tenant's limit: for critical alerts, and for what the storm has not shown yet. */
export const CRITICAL_EXTRA_MAX = 25;
export const BREAK_MAX = 15;
/** An import is asked for and notifies nobody: its lane may open more. */
export const IMPORT_FACTOR = 10;
const CAUSES_MAX = 64;

export type Admission = 'open' | 'fold_rule' | 'fold_tenant';
export type Newcomer = {
  readonly rule: string;
  readonly severity: Severity;
  readonly attack: readonly string[];
  readonly sender: string;
};

type Opened = {
  readonly at: number;
  readonly rule: string;
  readonly severity: number;
  readonly tactics: readonly string[];
  readonly sender: string;
  /** Which budget it used. */
  readonly budget: 'plain' | 'critical' | 'break';
};

const rankOf = (s: Severity): number => SEVERITIES.indexOf(s);
const tacticsOf = (attack: readonly string[]): string[] => attack.filter((a) => !/^[TSG]\d/.test(a));

/** Limits of one tenant's lane. */
export class StormGate {
  #opened: Opened[] = [];
  readonly #factor: number;

  constructor(factor: number) {
    this.#factor = factor;
  }

  /** Decides and, where it opens, remembers. `storm`: the newcomer is a storm alert itself, of a rule. */
  admit(n: Newcomer, now: number, storm = false): Admission {
    this.#forget(now);
    const severity = rankOf(n.severity);
    const critical = n.severity === 'critical';
    const tactics = tacticsOf(n.attack);
    const used = this.#count((o) => o.budget === 'plain');
    const criticals = this.#count((o) => o.budget === 'critical');
    const take = (budget: Opened['budget']): Admission => {
      this.#opened.push({ at: now, rule: n.rule, severity, tactics, sender: n.sender, budget });
      return 'open';
    };
    const extra = CRITICAL_EXTRA_MAX * this.#factor;
    if (!storm && this.#count((o) => o.rule === n.rule) >= RULE_NEW_MAX * this.#factor) {
      const heard = this.#opened.some((o) => o.rule === n.rule && o.sender === n.sender);
      return critical && !heard && criticals < extra ? take('critical') : 'fold_rule';
    }
    if (used < TENANT_NEW_MAX * this.#factor) return take('plain');
    if (storm) return 'fold_tenant';
    if (this.#count((o) => o.budget === 'break') < BREAK_MAX * this.#factor) {
      const higher = this.#opened.every((o) => o.severity < severity);
      const fresh = tactics.some((t) => !this.#opened.some((o) => o.tactics.includes(t)));
      if (higher || fresh) return take('break');
    }
    return critical && criticals < extra ? take('critical') : 'fold_tenant';
  }

  #forget(now: number): void {
    if (this.#opened.length === 0 || (this.#opened[0] as Opened).at > now - STORM_WINDOW_US) return;
    this.#opened = this.#opened.filter((o) => o.at > now - STORM_WINDOW_US);
  }
  #count(test: (o: Opened) => boolean): number {
    let n = 0;
    for (const o of this.#opened) if (test(o)) n++;
    return n;
  }

  get idle(): boolean {
    return this.#opened.length === 0;
  }
  state(): readonly Opened[] {
    return this.#opened;
  }
  static from(state: ReturnType<StormGate['state']>, factor: number): StormGate {
    const g = new StormGate(factor);
    g.#opened = [...state];
    return g;
  }
}

/**
 * Who causes a storm: heavy hitters in bounded memory (Misra and Gries, 1982). A count is a lower bound, and everything
 * that makes more than 1/CAUSES_MAX of the storm is among them.
 */
export class Causes {
  readonly #counts = new Map<string, number>();

  add(e: MatchedEvent): void {
    this.#one(`sender:${e.door} ${e.sender}`);
    const n = Math.min(8, e.entities.length);
    for (let i = 0; i < n; i++) this.#one(e.entities[i] as string);
  }

  #one(name: string): void {
    const n = this.#counts.get(name);
    if (n !== undefined) this.#counts.set(name, n + 1);
    else if (this.#counts.size < CAUSES_MAX) this.#counts.set(name, 1);
    else
      for (const [k, v] of this.#counts)
        if (v <= 1) this.#counts.delete(k);
        else this.#counts.set(k, v - 1);
  }

  top(n: number): [string, number][] {
    return [...this.#counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, n);
  }
  state(): (readonly [string, number])[] {
    return [...this.#counts];
  }
  static from(state: readonly (readonly [string, number])[]): Causes {
    const c = new Causes();
    for (const [k, v] of state) c.#counts.set(k, v);
    return c;
  }
}
