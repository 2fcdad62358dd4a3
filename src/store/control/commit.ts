/**
 * The pipeline's commit: everything that one journal batch caused, in one synchronous transaction with the batch's
 * number, so that after a crash a replayed batch is known and ignored. Held by `control.int.test.ts`
 * ("a batch committed twice counts once", "a failing commit leaves nothing").
 */
import type { AlertChange } from '../../model/alert.ts';
import type { LateMark } from '../../model/late.ts';
import type { Sql } from './sql.ts';
import { putAlert } from './tables/alerts.ts';
import { type Checkpoint, getCheckpoint, putCheckpoint } from './tables/checkpoints.ts';
import { type DedupKey, putDedup } from './tables/dedup.ts';
import { addLate } from './tables/late.ts';
import { addLedger, type LedgerDelta } from './tables/ledger.ts';
import { type OutboxInput, putOutbox } from './tables/outbox.ts';
import { addRiskCount, type RiskCount } from './tables/risk-counts.ts';
import { addRuleStat, type RuleStat } from './tables/rule-stats.ts';

export type BatchCommit = {
  /** Number of the last journal batch that this commit covers. */
  readonly through: number;
  readonly alerts: readonly AlertChange[];
  readonly ledger: readonly LedgerDelta[];
  readonly outbox: readonly OutboxInput[];
  readonly checkpoints: readonly Checkpoint[];
  readonly dedup: readonly DedupKey[];
  /** `matched` is what to add. */
  readonly ruleStats: readonly RuleStat[];
  /** Matches of risk rules, to add. */
  readonly risk?: readonly RiskCount[];
  /** What came too late for its window. */
  readonly late?: readonly LateMark[];
};

/** The checkpoint (kind `batch`) that makes commits idempotent. */
const COMMITTED = 'committed';

/** The last batch committed, -1 before the first. */
export const committedBatch = (sql: Sql): number => Number(getCheckpoint(sql, 'batch', COMMITTED) ?? '-1');

/** `known`: this batch was committed before, nothing was written. Durable when it returns. */
export function commitBatch(sql: Sql, tx: BatchCommit): 'committed' | 'known' {
  return sql.tx(() => {
    if (tx.through <= committedBatch(sql)) return 'known';
    for (const a of tx.alerts) putAlert(sql, a.alert);
    for (const l of tx.ledger) addLedger(sql, l);
    for (const o of tx.outbox) putOutbox(sql, o);
    for (const c of tx.checkpoints) putCheckpoint(sql, c);
    for (const d of tx.dedup) putDedup(sql, d);
    for (const r of tx.ruleStats) addRuleStat(sql, r);
    for (const r of tx.risk ?? []) addRiskCount(sql, r);
    for (const m of tx.late ?? []) addLate(sql, m);
    putCheckpoint(sql, { kind: 'batch', name: COMMITTED, pos: String(tx.through) });
    return 'committed';
  });
}
