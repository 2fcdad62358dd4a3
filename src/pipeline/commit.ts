/** What one unit of work writes in its transaction: alerts, ledger, notifications, positions, keys, rule counts. */
import { createHash } from 'node:crypto';
import type { QuietCounts } from '../alert/quiet.ts';
import type { AlertChange } from '../model/alert.ts';
import type { LateMark } from '../model/late.ts';
import type { MatchedEvent } from '../model/match.ts';
import type { BatchCommit } from '../store/control/commit.ts';
import type { LedgerDelta } from '../store/control/tables/ledger.ts';
import { minuteOf } from './counters.ts';
import type { Entry } from './follow.ts';
import type { UnitResult } from './unit.ts';

export type CommitInput = {
  readonly entries: readonly Entry[];
  readonly result: UnitResult;
  readonly changes: readonly AlertChange[];
  readonly matches: readonly MatchedEvent[];
  /** Of rules that open no alerts of their own. */
  readonly quiet: QuietCounts;
  readonly late: readonly LateMark[];
  readonly channels: readonly string[];
};

/** Sender name under which the kernel's own drops of a door are booked. */
export const KERNEL_SENDER = 'kernel';

export function commitOf(c: CommitInput): BatchCommit {
  const last = c.entries.at(-1) as Entry;
  return {
    through: last.ref.batch,
    alerts: c.changes,
    ledger: [...receivedDeltas(c.entries), ...c.result.tallies],
    outbox: c.changes.flatMap((change) => notices(change, c.channels)),
    checkpoints: c.entries.flatMap((e) =>
      e.head.ends.map(([name, pos]) => ({ kind: 'stream' as const, name, pos })),
    ),
    dedup: c.entries.flatMap((e) => e.head.keys.map(([tenant, key]) => ({ tenant, key, at: e.ref.at }))),
    ruleStats: ruleStats(c.matches, c.changes, c.quiet),
    risk: c.quiet.risk,
    late: c.late,
  };
}

/** What doors counted, from the frames' heads. */
export function receivedDeltas(entries: Iterable<Entry>): LedgerDelta[] {
  const out: LedgerDelta[] = [];
  for (const e of entries) {
    const minute = minuteOf(e.ref.at);
    for (const t of e.head.tallies) {
      const m = e.head.metas[t.m];
      if (m === undefined) continue;
      out.push({
        tenant: m.tenant,
        door: m.door,
        sender: m.sender,
        minute,
        received: t.received,
        bytes: t.bytes,
        dropped: t.dropped,
      });
    }
    for (const [door, n] of Object.entries(e.head.kernelDrops ?? {})) {
      out.push({ tenant: 'default', door, sender: KERNEL_SENDER, minute, kernelDrops: n });
    }
  }
  return out;
}

/** Rules count the events that met them, correlations the alerts that they opened, or how often they were met where they open none. */
function ruleStats(
  matches: readonly MatchedEvent[],
  changes: readonly AlertChange[],
  quiet: QuietCounts,
): BatchCommit['ruleStats'] {
  const by = new Map<string, { matched: number; lastMatched: number }>();
  const direct = new Set(matches.flatMap((m) => m.rules));
  for (const { kind, alert } of changes) {
    if (kind !== 'opened' || direct.has(alert.rule)) continue;
    by.set(alert.rule, { matched: (by.get(alert.rule)?.matched ?? 0) + 1, lastMatched: alert.openedAt });
  }
  for (const [rule, m] of quiet.met) by.set(rule, { matched: m.n, lastMatched: m.last });
  for (const m of matches) {
    for (const rule of m.rules) {
      const s = by.get(rule) ?? { matched: 0, lastMatched: 0 };
      s.matched++;
      s.lastMatched = Math.max(s.lastMatched, m.ingested);
      by.set(rule, s);
    }
  }
  return [...by].map(([rule, s]) => ({ rule, ...s }));
}

/** Live alerts are told once when they open and again at each escalation; the id makes a second telling impossible. */
export function notices(change: AlertChange, channels: readonly string[]): BatchCommit['outbox'] {
  const a = change.alert;
  if (change.kind === 'updated' || a.origin !== 'live') return [];
  const event = change.kind === 'opened' ? 'opened' : `escalated:${a.severity}:${a.steps.length}`;
  const id = createHash('sha256').update(`${a.id}\0${event}`).digest('hex').slice(0, 32);
  return channels.map((channel) => ({
    id,
    channel,
    alert: a.id,
    event,
    payload: JSON.stringify(a),
    createdAt: a.updatedAt,
  }));
}
