/**
 * The owner of detection state: takes units' results in order, changes the state, and writes what that caused in one
 * transaction per unit. Whatever it has applied and not committed is applied again from snapshot and journal after a
 * crash. Held by `restart.int.test.ts`, `outage.int.test.ts`, `pipeline.int.test.ts`.
 */
import type { Detection } from '../alert/detection.ts';
import type { QuietCounts } from '../alert/quiet.ts';
import type { Log } from '../base/log.ts';
import { assert, errorText } from '../base/result.ts';
import type { Teaching } from '../detect/memory/teaching.ts';
import type { AlertChange } from '../model/alert.ts';
import type { LateMark } from '../model/late.ts';
import type { BatchCommit } from '../store/control/commit.ts';
import type { ControlStore } from '../store/control/control-store.ts';
import { commitOf } from './commit.ts';
import type { Content } from './content.ts';
import type { Counter } from './counters.ts';
import type { Entry } from './follow.ts';
import { decodeMatches, type UnitResult } from './unit.ts';
import type { UsageDelta } from './usage.ts';

export type Committed = {
  readonly records: number;
  readonly alerts: readonly AlertChange[];
  readonly spentUs: UnitResult['spentUs'];
  readonly usage?: UsageDelta;
};

/** What a unit's matches caused. */
type Judged = {
  readonly changes: readonly AlertChange[];
  readonly quiet: QuietCounts;
  readonly late: readonly LateMark[];
};

/** Wait between attempts to commit. */
const RETRY_MS = 1000;

export type OwnerDeps = {
  readonly control: ControlStore;
  readonly channels: readonly string[];
  readonly log: Log;
  readonly toJudge: Counter;
  readonly uncommitted: Set<Entry>;
  /** Stream positions that are journaled and not committed. */
  readonly positions: Map<string, string>;
  /** Journals that a person closed (true) or reopened an alert. */
  readonly close: (alert: string, closed: boolean) => void;
  readonly toStore: (entries: readonly Entry[], r: UnitResult) => void;
  /** Rules were met: there may be more to say about their alerts soon. */
  readonly changed: () => void;
  readonly closing: () => boolean;
};

export class StateOwner {
  readonly #d: OwnerDeps;
  readonly #listeners: ((c: Committed) => void)[] = [];
  /** Alerts as a replay left them; written with the next commit, since units may have been cut otherwise before the restart. */
  readonly #replayed = new Map<string, AlertChange>();
  detection: Detection;
  /** In force. */
  content: Content;
  /** Batches up to which the state and the control database are. */
  stateBatch: number;
  committedBatch: number;
  /** After this batch the state is that from before the restart, and what people did meanwhile is caught up. */
  alignAfter = -1;
  /** Set while commits fail: what the control database said. */
  commitTrouble = '';

  constructor(
    deps: OwnerDeps,
    start: { detection: Detection; content: Content; stateBatch: number; committedBatch: number },
  ) {
    this.#d = deps;
    this.detection = start.detection;
    this.content = start.content;
    this.stateBatch = start.stateBatch;
    this.committedBatch = start.committedBatch;
  }

  onCommit(listener: (c: Committed) => void): void {
    this.#listeners.push(listener);
  }

  /** Alerts that people closed or reopened without the journal having heard of it (a crash right after). */
  alignAlerts(): void {
    for (const a of this.detection.alerts()) {
      const status = this.#d.control.alertStatus(a.id);
      if (status !== undefined && (status === 'closed') !== a.closed)
        this.#d.close(a.id, status === 'closed');
    }
  }

  /** False where closing came before the commit: the journal has it. */
  async apply(entries: readonly Entry[], r: UnitResult): Promise<boolean> {
    const first = entries[0] as Entry;
    const last = entries.at(-1) as Entry;
    if (first.content !== undefined) {
      if (first.content.hash !== this.content.hash)
        this.detection.swapRules(first.content.rules, first.content.lists);
      this.content = first.content;
    }
    if (first.detect) {
      const matches = decodeMatches(r.matched);
      const changes = this.#judge(entries, matches);
      const quiet = this.detection.takeQuiet();
      const late = this.detection.takeLate();
      this.stateBatch = last.ref.batch;
      if (!first.commit)
        for (const c of changes) this.#replayed.set(c.alert.id, { kind: 'updated', alert: c.alert });
      else if (!(await this.#commit(entries, r, { changes, quiet, late }, matches))) return false;
      if (this.alignAfter >= 0 && last.ref.batch >= this.alignAfter) {
        this.alignAfter = -1;
        this.alignAlerts();
      }
    }
    for (const f of r.ruleFailures) this.#d.log.warn('a rule failed on an event', f);
    if (r.trouble !== '') this.#d.log.error('an event cannot be parsed at all', { cause: r.trouble });
    if (first.store) this.#d.toStore(entries, r);
    return true;
  }

  /** Frame by frame, so that how frames were cut into units decides nothing. */
  #judge(entries: readonly Entry[], matches: ReturnType<typeof decodeMatches>): AlertChange[] {
    const out: AlertChange[] = [];
    let at = 0;
    for (const e of entries) {
      for (const text of e.taught) this.detection.teach(JSON.parse(text) as Teaching);
      for (const [alert, closed] of e.closed) {
        if (closed) this.detection.alertClosed(alert);
        else this.detection.alertReopened(alert);
      }
      let end = at;
      while (end < matches.length && matches[end]?.id.batch === e.ref.batch) end++;
      out.push(...this.detection.apply(matches.slice(at, end)), ...this.detection.tick(e.ref.at));
      at = end;
    }
    assert(at === matches.length, 'every match belongs to a frame of its unit');
    return out;
  }

  async #commit(
    entries: readonly Entry[],
    r: UnitResult,
    { changes, quiet, late }: Judged,
    matches: ReturnType<typeof decodeMatches>,
  ): Promise<boolean> {
    const again = [...this.#replayed.values()];
    this.#replayed.clear();
    const tx = commitOf({
      entries,
      result: r,
      changes: [...again, ...changes],
      matches,
      quiet,
      late,
      channels: this.#d.channels,
    });
    if (!(await this.#write(tx))) return false;
    this.committedBatch = tx.through;
    for (const e of entries) this.#d.uncommitted.delete(e);
    for (const e of entries) for (const l of e.lines) this.#d.toJudge.add(l.key, -l.n);
    for (const c of tx.checkpoints)
      if (this.#d.positions.get(c.name) === c.pos) this.#d.positions.delete(c.name);
    this.#tell({
      records: entries.reduce((n, e) => n + e.ref.count, 0),
      alerts: changes,
      spentUs: r.spentUs,
      ...(r.usage === undefined ? {} : { usage: r.usage }),
    });
    // What changes an alert again within a second waits for the next record or tick: journal one.
    if (matches.length > 0) this.#d.changed();
    return true;
  }

  /** The state has the unit already, so its transaction is tried until it is written; false where closing comes first. */
  async #write(tx: BatchCommit): Promise<boolean> {
    for (;;) {
      try {
        this.#d.control.commitBatch(tx);
        if (this.commitTrouble !== '') this.#d.log.info('the control database takes commits again');
        this.commitTrouble = '';
        return true;
      } catch (e) {
        if (this.commitTrouble === '')
          this.#d.log.error('the control database takes no commits; alerts wait until it does', {
            cause: errorText(e),
          });
        this.commitTrouble = errorText(e);
      }
      if (this.#d.closing()) return false;
      await new Promise((r) => setTimeout(r, RETRY_MS));
    }
  }

  #tell(c: Committed): void {
    for (const listen of this.#listeners) {
      try {
        listen(c);
      } catch (e) {
        this.#d.log.error('a listener of commits failed', { cause: errorText(e) });
      }
    }
  }
}
