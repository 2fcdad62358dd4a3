/**
 * `risk_counts`: how often a rule of mode `risk` was met per entity and hour of receipt. What the risk score adds up.
 * Bounded by age (housekeeping) and by RISK_ROWS_MAX, oldest hours first.
 */
import type { Sql } from '../sql.ts';

export const RISK_ROWS_MAX = 500_000;

export type RiskCountRow = { tenant: string; entity: string; rule: string; hour: number; n: number };
/** In a commit `n` is what to add; when read it is the total. `hour` in microseconds. */
export type RiskCount = {
  readonly tenant: string;
  readonly entity: string;
  readonly rule: string;
  readonly hour: number;
  readonly n: number;
};

const ADD = `insert into risk_counts (tenant, entity, rule, hour, n) values (?, ?, ?, ?, ?)
  on conflict (tenant, entity, rule, hour) do update set n = risk_counts.n + excluded.n`;
export const addRiskCount = (sql: Sql, r: RiskCount): void => {
  sql.exec(ADD, [r.tenant, r.entity, r.rule, r.hour, r.n]);
};

/** What an entity of a tenant has since `since` (microseconds), newest first. */
export const riskCountsOf = (
  sql: Sql,
  of: { readonly tenant: string; readonly entity: string; readonly since: number },
  limit = 1000,
): RiskCount[] =>
  sql.all(
    sql.db
      .selectFrom('risk_counts')
      .selectAll()
      .where('tenant', '=', of.tenant)
      .where('entity', '=', of.entity)
      .where('hour', '>=', of.since)
      .orderBy('hour', 'desc')
      .limit(limit),
  );

/** Older ones go, and the oldest beyond the cap. */
export function deleteRiskBefore(sql: Sql, before: number): number {
  const old = sql.exec('delete from risk_counts where hour < ?', [before]);
  const edge = sql.rows('select hour from risk_counts order by hour desc limit 1 offset ?', [
    RISK_ROWS_MAX,
  ])[0]?.['hour'];
  return edge === undefined ? old : old + sql.exec('delete from risk_counts where hour <= ?', [edge]);
}
