/** `rule_stats`: how often each rule matched. */
import type { Sql } from '../sql.ts';

export type RuleStatRow = { rule: string; matched: number; last_matched: number };
/** In a commit `matched` is what to add; when read it is the total. Times in microseconds. */
export type RuleStat = { readonly rule: string; readonly matched: number; readonly lastMatched: number };

export const ruleStatFromRow = (r: RuleStatRow): RuleStat => ({
  rule: r.rule,
  matched: r.matched,
  lastMatched: r.last_matched,
});

const ADD = `insert into rule_stats (rule, matched, last_matched) values (?, ?, ?)
  on conflict (rule) do update set matched = rule_stats.matched + excluded.matched,
    last_matched = max(rule_stats.last_matched, excluded.last_matched)`;
export const addRuleStat = (sql: Sql, s: RuleStat): void => {
  sql.exec(ADD, [s.rule, s.matched, s.lastMatched]);
};
export const allRuleStats = (sql: Sql): Map<string, RuleStat> =>
  new Map(
    sql.all(sql.db.selectFrom('rule_stats').selectAll()).map((r) => [r.rule, ruleStatFromRow(r)] as const),
  );
