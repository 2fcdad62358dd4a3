/** Answers of the API that come from the pipeline and the control database: ledger, senders, rules, status. */
import type { LedgerLine, LedgerReport, RuleInfo, SenderInfo, Top } from '../api/contract.ts';
import type { Rule, RuleProblem, RuleSet } from '../detect/rule.ts';
import { type Line, totals } from '../pipeline/ledger.ts';
import type { RuleStat } from '../store/control/tables/rule-stats.ts';

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

export function ledgerReport(lines: readonly Line[], minutesMax = 5000): LedgerReport {
  const sums = totals(lines);
  return {
    totals: sums.map(toLedgerLine),
    minutes: lines.slice(0, minutesMax).map(toLedgerLine),
    balanced: lines.every((l) => l.balanced),
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

export function ruleInfos(
  set: RuleSet,
  problems: readonly RuleProblem[],
  stats: ReadonlyMap<string, RuleStat>,
): RuleInfo[] {
  const reasons = new Map(problems.map((p) => [p.file, `line ${p.line}: ${p.reason}`]));
  const known = set.rules.map((r) => ruleInfo(r, reasons.get(r.file) ?? '', stats.get(r.id)));
  const loaded = new Set(set.rules.map((r) => r.file));
  const broken = problems
    .filter((p) => !loaded.has(p.file))
    .map(
      (p): RuleInfo => ({
        id: p.file,
        title: p.file,
        description: '',
        author: '',
        level: 'informational',
        status: 'not loaded',
        version: '',
        file: p.file,
        kind: 'rule',
        attack: [],
        falsepositives: [],
        nextSteps: [],
        matched: 0,
        lastMatched: 0,
        problem: `line ${p.line}: ${p.reason}`,
        yaml: '',
      }),
    );
  return [...broken, ...known];
}

const ruleInfo = (r: Rule, problem: string, s: RuleStat | undefined): RuleInfo => ({
  id: r.id,
  title: r.title,
  description: r.description,
  author: r.author,
  level: r.level,
  status: r.status,
  version: r.version,
  file: r.file,
  kind: r.kind,
  attack: r.attack,
  falsepositives: r.falsepositives,
  nextSteps: r.nextSteps,
  matched: s?.matched ?? 0,
  lastMatched: s?.lastMatched ?? 0,
  problem,
  yaml: r.yaml,
});
