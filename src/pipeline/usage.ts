/**
 * What judging cost, per rule and log source: each worker tells the difference since it last did, at most every
 * USAGE_EVERY_MS, and the main thread adds them up. Measurement only: no verdict depends on it. Held by `usage.test.ts`.
 */
import type { CompiledRules } from '../detect/matcher.ts';

export const USAGE_EVERY_MS = 5000;

export type UsageDelta = {
  readonly events: number;
  /** Only rules that were evaluated since. */
  readonly rules: readonly (readonly [id: string, evaluated: number, met: number])[];
  /** Only log sources that had events since; `last` is the time of the last one (event time, microseconds). */
  readonly logsources: readonly (readonly [logsource: string, events: number, last: number])[];
};

/** Within a worker. */
export class UsageMeter {
  #of: CompiledRules | undefined;
  #events = 0;
  #rules = new Map<string, { evaluated: number; met: number }>();
  #logsources = new Map<string, number>();
  #next = 0;

  /** Undefined where it is too early, or the engine does not count. */
  take(rules: CompiledRules, nowMs: number): UsageDelta | undefined {
    if (rules.stats === undefined || nowMs < this.#next) return undefined;
    this.#next = nowMs + USAGE_EVERY_MS;
    if (this.#of !== rules) {
      // New rules begin to count anew.
      this.#of = rules;
      this.#events = 0;
      this.#rules = new Map();
      this.#logsources = new Map();
    }
    const s = rules.stats();
    const out = { events: s.events - this.#events, rules: [], logsources: [] } as {
      events: number;
      rules: [string, number, number][];
      logsources: [string, number, number][];
    };
    this.#events = s.events;
    for (const r of s.rules) {
      const was = this.#rules.get(r.id) ?? { evaluated: 0, met: 0 };
      if (r.evaluated === was.evaluated) continue;
      out.rules.push([r.id, r.evaluated - was.evaluated, r.met - was.met]);
      this.#rules.set(r.id, { evaluated: r.evaluated, met: r.met });
    }
    // Rules may mean different events by the same name (their own taxonomy): added up.
    const now = new Map<string, { events: number; last: number }>();
    for (const l of s.logsources) {
      const n = now.get(l.logsource);
      now.set(l.logsource, { events: (n?.events ?? 0) + l.events, last: Math.max(n?.last ?? 0, l.last) });
    }
    for (const [name, l] of now) {
      const was = this.#logsources.get(name) ?? 0;
      if (l.events === was) continue;
      out.logsources.push([name, l.events - was, l.last]);
      this.#logsources.set(name, l.events);
    }
    return out;
  }
}

/** On the main thread, since the start. */
export class RuleUsage {
  events = 0;
  evaluated = 0;
  readonly rules = new Map<string, { evaluated: number; met: number }>();
  /** Log source -> events, time of the last one (event time, microseconds). */
  readonly logsources = new Map<string, { events: number; last: number }>();

  add(d: UsageDelta): void {
    this.events += d.events;
    for (const [id, evaluated, met] of d.rules) {
      this.evaluated += evaluated;
      const r = this.rules.get(id);
      if (r === undefined) this.rules.set(id, { evaluated, met });
      else {
        r.evaluated += evaluated;
        r.met += met;
      }
    }
    for (const [name, events, last] of d.logsources) {
      const l = this.logsources.get(name) ?? { events: 0, last: 0 };
      l.events += events;
      l.last = Math.max(l.last, last);
      this.logsources.set(name, l);
    }
  }
}
