/**
 * Teaches rules that are new (or whose installation is newer than its events) what the store knows of their past: what is
 * usual for their keys, past renewals, the certificates. Found by the engine that judges history, handed to the journal, so
 * that a replay learns it at the same place; once per rule. Held by `teacher.int.test.ts`.
 */
import type { Log } from '../base/log.ts';
import { errorText } from '../base/result.ts';
import type { Lists } from '../condition/tree.ts';
import { Pupil, type Teaching, type Untaught } from '../detect/memory/teaching.ts';
import type { RuleSet } from '../detect/rule.ts';
import { rulesFor } from '../history/rule-closure.ts';
import { runHistory } from '../history/run.ts';
import type { EventStore } from '../store/events.ts';

/** How often untaught rules are looked for, milliseconds. */
const LOOK_EVERY_MS = 10_000;
/** Receipt to store: what was received before a rule began to remember is in the store by then, microseconds. */
const SETTLED_US = 30e6;
/** A rule's past is worth at most this. */
const LIMITS = { candidatesMax: 5_000_000, bytesMax: 100e9, msMax: 120_000 } as const;

export type TeacherDeps = {
  readonly store: Pick<EventStore, 'query' | 'firstReceived'>;
  readonly untaught: () => readonly Untaught[];
  readonly teach: (t: Teaching) => void;
  readonly rules: () => RuleSet;
  readonly lists: () => Lists;
  /** The store is behind or away: what it says now would be too little. */
  readonly storeBehind: () => boolean;
  readonly tenants: readonly string[];
  readonly now: () => number;
  readonly log: Log;
};

export class Teacher {
  readonly #d: TeacherDeps;
  readonly #stop = new AbortController();
  /** Rule and when it began: handed to the journal already. */
  readonly #taught = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #working: Promise<unknown> = Promise.resolve();
  #trouble = '';

  constructor(deps: TeacherDeps) {
    this.#d = deps;
  }

  start(): void {
    const again = (): void => {
      if (!this.#stop.signal.aborted)
        this.#timer = setTimeout(() => {
          this.#working = this.look().finally(again);
        }, LOOK_EVERY_MS);
    };
    again();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    await this.#working;
  }

  /** Teaches what can be taught now; how many rules that were. Never rejects. */
  async look(): Promise<number> {
    let n = 0;
    for (const u of this.#d.untaught()) {
      const id = `${u.rule.id} ${u.before}`;
      if (this.#taught.has(id) || this.#d.storeBehind() || this.#d.now() < u.before + SETTLED_US) continue;
      try {
        await this.#one(u);
        if (this.#stop.signal.aborted) return n;
        this.#taught.add(id);
        this.#trouble = '';
        n++;
      } catch (e) {
        if (this.#stop.signal.aborted) return n;
        const cause = errorText(e);
        if (cause !== this.#trouble)
          this.#d.log.error('a rule cannot be taught from the store yet', { rule: u.rule.title, cause });
        this.#trouble = cause;
        return n;
      }
    }
    return n;
  }

  async #one(u: Untaught): Promise<void> {
    const texts: Teaching[] = [];
    for (const tenant of this.#d.tenants) {
      const since = (await this.#d.store.firstReceived(tenant)) ?? u.before;
      const pupil = new Pupil(u.rule);
      const r = await runHistory({
        ask: (sql, params, options) => this.#d.store.query(sql, params, options),
        rules: rulesFor(this.#d.rules(), [u.rule.id]),
        lists: [{ from: 0, lists: this.#d.lists() }],
        scope: { tenants: [tenant] },
        origins: ['live'],
        from: u.before - u.reach,
        to: u.before + 600e6,
        judgedAt: u.before - 1,
        limits: LIMITS,
        signal: this.#stop.signal,
        onMatch: (e) => pupil.see(e),
      });
      if (this.#stop.signal.aborted) return;
      if (r.stopped !== '')
        this.#d.log.warn('a rule is taught a part of its past only', {
          rule: u.rule.title,
          limit: r.stopped,
        });
      texts.push(...pupil.teachings({ tenant, origin: 'live', since: Math.min(since, u.before) }));
      this.#d.log.info('a rule learned from the store', {
        rule: u.rule.title,
        tenant,
        events: r.matchedEvents,
        tookMs: r.tookMs,
      });
    }
    // The rule's last text, of whichever tenant, ends its lessons.
    const last = texts.length - 1;
    for (const [i, t] of texts.entries()) this.#d.teach({ ...t, last: i === last });
  }
}
