/** Rules as the API shows them, from what is loaded, counted and known of their health. Pure. */
import type { RuleInfo, RuleList, RuleMode, RuleRow, RuleSummary } from '../api/contract.ts';
import { modeOf, type Rule, type RuleProblem, type RuleSet } from '../detect/rule.ts';
import type { RuleStat } from '../store/control/tables/rule-stats.ts';
import type { HealthReport, RuleHealth } from './rule-health.ts';
import { originOf, proposalFor } from './rule-modes.ts';

export type RuleFacts = {
  readonly set: RuleSet;
  readonly problems: readonly RuleProblem[];
  readonly stats: ReadonlyMap<string, RuleStat>;
  readonly settings: ReadonlyMap<string, { readonly mode: string }>;
  readonly health: HealthReport;
  /** Rule id -> exceptions in force. */
  readonly exceptions: ReadonlyMap<string, number>;
};

/** Rules as people know them: parts of condition rules are not shown. */
export const shownRules = (set: RuleSet): readonly Rule[] => set.rules.filter((r) => r.partOf === undefined);

export function ruleList(f: RuleFacts): RuleList {
  const byFile = problemsByFile(f.problems);
  const rules = shownRules(f.set);
  const known = rules.map((r) => rowOf(r, f, byFile));
  const loaded = new Set(rules.map((r) => r.file));
  const broken = f.problems.filter((p) => !loaded.has(p.file)).map(brokenRow);
  const rows = [...broken, ...known];
  return {
    rules: rows,
    summary: summaryOf(rows, f),
    from: f.health.from,
    to: f.health.to,
    trouble: f.health.trouble,
  };
}

export const problemsByFile = (problems: readonly RuleProblem[]): Map<string, string> =>
  new Map(problems.map((p) => [p.file, `line ${p.line}: ${p.reason}`]));

function summaryOf(rows: readonly RuleRow[], f: RuleFacts): RuleSummary {
  const byMode: Record<RuleMode, number> = { off: 0, shadow: 0, risk: 0, alerting: 0 };
  const loaded = rows.filter((r) => r.status !== NOT_LOADED);
  for (const r of loaded) byMode[r.mode]++;
  return {
    total: loaded.length,
    byMode,
    dead: loaded.filter((r) => r.dead !== '').length,
    problems: f.problems.length,
    proposals: loaded.filter((r) => r.proposal !== '').length,
    exceptions: [...f.exceptions.values()].reduce((a, b) => a + b, 0),
  };
}

const NOT_LOADED = 'not loaded';

export function rowOf(r: Rule, f: RuleFacts, byFile: ReadonlyMap<string, string>): RuleRow {
  const h: RuleHealth | undefined = f.health.rules.get(r.id);
  const s = f.stats.get(r.id);
  const mode = modeOf(r);
  return {
    id: r.id,
    title: r.title,
    level: r.level,
    status: r.status,
    file: r.file,
    kind: r.kind,
    attack: r.attack,
    mode,
    origin: originOf(r),
    alerts: r.alerts && r.level !== 'informational',
    proposal: proposalFor(r, f.settings),
    matched: s?.matched ?? 0,
    lastMatched: s?.lastMatched ?? 0,
    problem: byFile.get(r.file) ?? '',
    dead: mode === 'off' ? '' : (h?.dead ?? ''),
    logsource: h?.logsource ?? '',
    lastCandidate: h?.lastCandidate ?? 0,
    cost: h?.cost ?? 0,
    exceptions: f.exceptions.get(r.id) ?? 0,
  };
}

export const infoOf = (r: Rule, row: RuleRow): RuleInfo => ({
  ...row,
  description: r.description,
  author: r.author,
  version: r.version,
  falsepositives: r.falsepositives,
  nextSteps: r.nextSteps,
  references: r.references,
  yaml: r.yaml,
});

/** A file of which nothing is in force. */
const brokenRow = (p: RuleProblem): RuleRow => ({
  id: p.file,
  title: p.file,
  level: 'informational',
  status: NOT_LOADED,
  file: p.file,
  kind: 'rule',
  attack: [],
  mode: 'off',
  origin: originOf(p),
  alerts: false,
  proposal: '',
  matched: 0,
  lastMatched: 0,
  problem: `line ${p.line}: ${p.reason}`,
  dead: '',
  logsource: '',
  lastCandidate: 0,
  cost: 0,
  exceptions: 0,
});
