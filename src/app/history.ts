/**
 * History within a running Vigil: backtests that people ask for, and late work that the pipeline left (marks of events
 * that came too late for their windows), judged over the store when it holds them.
 *
 * Late work is done one mark at a time, beside everything else: after each it rests for a multiple of what it took. A row
 * of work ends in the transaction that writes its alerts, so a crash repeats it and doubles nothing. A row that fails is
 * set aside for a while, so that it holds up no other. Held by `history.int.test.ts`, `history.test.ts`.
 */
import type { Log } from '../base/log.ts';
import { errorText } from '../base/result.ts';
import type { Condition, Lists } from '../condition/tree.ts';
import type { RuleSet } from '../detect/rule.ts';
import { type Backtest, backtest } from '../history/backtest.ts';
import { judgeLate } from '../history/late.ts';
import type { Ask } from '../history/read.ts';
import { ALERTS_MAX, type HistoryLimits, type ListsFrom } from '../history/run.ts';
import type { AlertChange } from '../model/alert.ts';
import type { LateMark } from '../model/late.ts';
import type { Origin } from '../model/event.ts';
import { notices } from '../pipeline/commit.ts';
import type { ControlStore } from '../store/control/control-store.ts';
import type { LateWork } from '../store/control/tables/late.ts';
import { StoreError } from '../store/engine/client.ts';
import type { EventStore } from '../store/events.ts';

/** How often late work is looked for, milliseconds. */
const LATE_EVERY_MS = 2000;
/** A rule's late work rests until nothing came to it for this long, microseconds of receipt ... */
const LATE_QUIET_US = 5e6;
/** ... but not longer than this after it was first seen. */
const LATE_WAIT_US_MAX = 60e6;
/** A row that could not be judged is set aside for this long, microseconds. */
export const LATE_RETRY_US = 60e6;
/** Late work takes at most one part in this many of the time. */
const LATE_SHARE = 8;
/** Versions of lists that "as it was" goes through; before the oldest of them, lists are as they were then. */
export const LIST_PERIODS_MAX = 200;
/** Backtests at once. */
export const BACKTESTS_MAX = 2;
/** A backtest that a person waits for. */
export const BACKTEST_LIMITS: HistoryLimits = {
  candidatesMax: 20_000_000,
  bytesMax: 200e9,
  msMax: 300_000,
  alertsMax: ALERTS_MAX,
};

export type HistoryDeps = {
  readonly store: EventStore;
  readonly control: ControlStore;
  /** Rules that are in force. */
  readonly rules: () => RuleSet;
  /** Lists in force, or those in force at a time (microseconds). */
  readonly lists: (at?: number) => Lists;
  /** Batch up to which the store has everything. */
  readonly storedBatch: () => number;
  /** Notification channels. */
  readonly channels: readonly string[];
  readonly now: () => number;
  readonly log: Log;
  /** Told of alerts that late work opened. */
  readonly opened: (changes: readonly AlertChange[]) => void;
};

export type BacktestRequest = {
  /** A set that holds the rule and what it refers to. */
  readonly set: RuleSet;
  readonly rule: string;
  readonly tenant: string;
  readonly rowFilter?: Condition;
  readonly origins?: readonly Origin[];
  /** Event time, microseconds. */
  readonly from: number;
  readonly to: number;
  readonly lists: 'now' | 'then';
  readonly signal?: AbortSignal;
};

export type LateState = { readonly rules: number; readonly events: number; readonly trouble: string };

export class History {
  readonly #d: HistoryDeps;
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #working: Promise<void> = Promise.resolve();
  #firstSeen = new Map<string, number>();
  /** Rows that failed: not before when they are tried again, and why. */
  readonly #aside = new Map<string, { readonly until: number; readonly trouble: string }>();
  #trouble = '';
  #running = 0;

  constructor(deps: HistoryDeps) {
    this.#d = deps;
  }

  /** Begins to look for late work. */
  start(): void {
    const again = (ms: number): void => {
      if (!this.#stop.signal.aborted) this.#timer = setTimeout(look, ms);
    };
    const look = (): void => {
      const began = performance.now();
      this.#working = this.judgeLate().then(
        (did) =>
          again(
            did === 0 ? LATE_EVERY_MS : Math.max(LATE_EVERY_MS, (performance.now() - began) * LATE_SHARE),
          ),
        (e: unknown) => {
          this.#say(errorText(e));
          again(LATE_EVERY_MS * 5);
        },
      );
    };
    again(LATE_EVERY_MS);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    await this.#working;
  }

  /** What waits to be judged again. */
  get late(): LateState {
    const marks = this.#d.control.lateWork().flatMap((w) => w.marks);
    return {
      rules: new Set(marks.map((m) => m.rule)).size,
      events: marks.reduce((n, m) => n + m.events, 0),
      trouble: this.#trouble,
    };
  }

  /**
   * Judges one row of late work that is ready; how many marks it had. `force` does not wait for quiet. Throws where the
   * row could not be judged, and sets it aside.
   */
  async judgeLate(force = false): Promise<number> {
    const all = this.#d.control.lateWork();
    for (const known of [this.#firstSeen, this.#aside])
      for (const name of known.keys()) if (!all.some((w) => w.name === name)) known.delete(name);
    const work = all.find((w) => this.#ready(w, force));
    let did = 0;
    if (work !== undefined)
      try {
        did = await this.#judgeRow(work);
        this.#aside.delete(work.name);
      } catch (e) {
        const trouble = errorText(e);
        this.#aside.set(work.name, { until: this.#d.now() + LATE_RETRY_US, trouble });
        this.#say(trouble);
        throw e;
      }
    this.#say([...this.#aside.values()][0]?.trouble ?? '');
    return did;
  }

  async #judgeRow(work: LateWork): Promise<number> {
    const changes: AlertChange[] = [];
    for (const mark of work.marks) changes.push(...(await this.#judge(mark)));
    if (this.#stop.signal.aborted) return 0;
    this.#d.control.commitLate({
      work,
      alerts: changes,
      outbox: changes.flatMap((c) => notices(c, this.#d.channels)),
    });
    this.#firstSeen.delete(work.name);
    if (changes.length > 0) this.#d.opened(changes);
    return work.marks.length;
  }

  /** The store has the events, and the backlog that they belong to has come to rest. */
  #ready(w: LateWork, force: boolean): boolean {
    const batch = Math.max(...w.marks.map((m) => m.batch));
    if (batch > this.#d.storedBatch()) return false;
    const now = this.#d.now();
    if (now < (this.#aside.get(w.name)?.until ?? 0)) return false;
    const first = this.#firstSeen.get(w.name) ?? now;
    this.#firstSeen.set(w.name, first);
    const newest = Math.max(...w.marks.map((m) => m.ingested));
    return force || now - newest >= LATE_QUIET_US || now - first >= LATE_WAIT_US_MAX;
  }

  async #judge(mark: LateMark): Promise<readonly AlertChange[]> {
    const judged = await judgeLate(mark, {
      ask: this.#ask,
      rules: this.#d.rules(),
      lists: this.#listsThen(mark.from),
      judgedAt: this.#d.now(),
      known: (of) => this.#d.control.alertsOverlapping(of),
      signal: this.#stop.signal,
    });
    if (judged === undefined) return [];
    this.#d.log.info('late events were judged again over the store', {
      rule: mark.rule,
      events: mark.events,
      alerts: judged.changes.length,
      candidates: judged.result.candidates,
      tookMs: judged.result.tookMs,
    });
    return judged.changes;
  }

  #say(trouble: string): void {
    if (trouble !== '' && trouble !== this.#trouble)
      this.#d.log.error('late events wait: they cannot be judged again now', { cause: trouble });
    this.#trouble = trouble;
  }

  readonly #ask: Ask = (sql, params, options) => this.#d.store.query(sql, params, options);

  /** Lists by the time at which each version came into force. */
  #listsThen(from: number): readonly [ListsFrom, ...ListsFrom[]] {
    const versions = this.#d.control.listVersions(from);
    const changes = [...new Set(versions.map((v) => v.validFrom))]
      .filter((at) => at > from)
      .sort((a, b) => a - b);
    const kept = changes.slice(-LIST_PERIODS_MAX);
    const first = kept.length < changes.length ? (kept[0] as number) - 1 : from;
    // A list that is younger than the events is as it first was: without it the rule would not have been judged at all.
    const oldest = new Map(
      versions.toReversed().map((v) => [v.name, { kind: v.kind, values: v.values }] as const),
    );
    const at = (us: number): Lists => new Map([...oldest, ...this.#d.lists(us)]);
    return [{ from: 0, lists: at(first) }, ...kept.map((us) => ({ from: us, lists: at(us) }))];
  }

  /** Throws a `TooMany` where as many run already, and `StoreError`. */
  async backtest(r: BacktestRequest): Promise<Backtest> {
    if (this.#running >= BACKTESTS_MAX)
      throw new TooMany(`${BACKTESTS_MAX} backtests run already, wait for one to end`);
    this.#running++;
    try {
      return await backtest({
        ask: this.#ask,
        set: r.set,
        rule: r.rule,
        lists: r.lists === 'now' ? [{ from: 0, lists: this.#d.lists() }] : this.#listsThen(r.from),
        scope: {
          tenants: [r.tenant],
          ...(r.rowFilter === undefined ? {} : { rowFilter: r.rowFilter }),
        },
        ...(r.origins === undefined ? {} : { origins: r.origins }),
        from: r.from,
        to: r.to,
        judgedAt: this.#d.now(),
        limits: BACKTEST_LIMITS,
        signal: r.signal === undefined ? this.#stop.signal : AbortSignal.any([r.signal, this.#stop.signal]),
      });
    } finally {
      this.#running--;
    }
  }
}

export class TooMany extends Error {}

/** What the store says, for a person. */
export const storeTrouble = (e: unknown): string | undefined =>
  e instanceof StoreError
    ? e.kind === 'timeout' || e.kind === 'memory'
      ? 'the backtest needs more time or memory than a statement may take; narrow the range'
      : `the event store refused it: ${e.message.slice(0, 300)}`
    : undefined;
