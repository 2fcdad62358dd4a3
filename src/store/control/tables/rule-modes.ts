/** `rule_modes`: what people made of rules' modes. A rule without a row has the mode of its file and origin. */
import type { Sql } from '../sql.ts';

export type RuleModeRow = { rule: string; mode: string; reason: string; set_by: string; set_at: number };
export type RuleModeSetting = {
  readonly rule: string;
  /** One of RULE_MODES; the loader checks. */
  readonly mode: string;
  readonly reason: string;
  readonly by: string;
  /** Microseconds. */
  readonly at: number;
};

const fromRow = (r: RuleModeRow): RuleModeSetting => ({
  rule: r.rule,
  mode: r.mode,
  reason: r.reason,
  by: r.set_by,
  at: r.set_at,
});

export const ruleModes = (sql: Sql): Map<string, RuleModeSetting> =>
  new Map(sql.all(sql.db.selectFrom('rule_modes').selectAll()).map((r) => [r.rule, fromRow(r)] as const));

const PUT = `insert into rule_modes (rule, mode, reason, set_by, set_at) values (?, ?, ?, ?, ?)
  on conflict (rule) do update set mode = excluded.mode, reason = excluded.reason, set_by = excluded.set_by, set_at = excluded.set_at`;
export const putRuleMode = (sql: Sql, s: RuleModeSetting): void => {
  sql.exec(PUT, [s.rule, s.mode, s.reason, s.by, s.at]);
};
