/** Answers of the API that come from the pipeline and the control database: ledger, senders. */
import type { LedgerLine, LedgerReport, SenderInfo, Top } from '../api/contract.ts';
import { type Line, totals } from '../pipeline/ledger.ts';

export const toLedgerLine = (l: Line): LedgerLine => ({
  door: l.door,
  sender: l.sender,
  minute: l.minute,
  received: l.received,
  bytes: l.bytes,
  stored: l.stored,
  quarantined: l.quarantined,
  pending: l.pending,
  dropped: l.dropped,
  evaluated: l.evaluated,
  evaluationPending: l.evaluationPending,
  evaluationFailed: l.failed,
  kernelDrops: l.kernelDrops,
  balanced: l.balanced,
});

/** `storeTrouble`: why the store could not be asked, '' where it answered. */
export function ledgerReport(lines: readonly Line[], storeTrouble: string, minutesMax = 5000): LedgerReport {
  const sums = totals(lines);
  return {
    totals: sums.map(toLedgerLine),
    minutes: lines.slice(0, minutesMax).map(toLedgerLine),
    balanced: lines.every((l) => l.balanced),
    storeTrouble,
  };
}

/** By `senderKey`: `kinds` log types, `unparsed` rows that no source understood. */
export function senderInfos(
  lines: readonly Line[],
  kinds: ReadonlyMap<string, readonly Top[]>,
  unparsed: ReadonlyMap<string, number>,
): SenderInfo[] {
  const bySender = Map.groupBy(lines, senderKey);
  const out = totals(lines).map((t): SenderInfo => {
    const key = senderKey(t);
    const mine = bySender.get(key) ?? [];
    const minutes = mine.map((l) => l.minute).sort((a, b) => a - b);
    return {
      door: t.door,
      sender: t.sender,
      sources: kinds.get(key) ?? [],
      firstSeen: minutes[0] ?? 0,
      lastSeen: minutes.at(-1) ?? 0,
      received: t.received,
      unparsed: unparsed.get(key) ?? 0,
      perMinute: mine
        .map((l) => ({ t: l.minute, n: l.received }))
        .sort((a, b) => a.t - b.t)
        .slice(-60),
      ledger: toLedgerLine(t),
    };
  });
  return out.sort((a, b) => b.lastSeen - a.lastSeen || b.received - a.received);
}
export const senderKey = (s: { tenant: string; door: string; sender: string }): string =>
  `${s.tenant}\0${s.door}\0${s.sender}`;
