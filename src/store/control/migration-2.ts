/** Format 2: rule modes, versions, roll-backs and exceptions, risk counts; alerts name the actor of a built-in alert. */
import type { Sql } from './sql.ts';

export function rulesSchema(sql: Sql): void {
  sql.script(`
    create table rule_modes (rule text not null primary key, mode text not null, reason text not null,
      set_by text not null, set_at bigint not null);
    create table rule_versions (rule text not null, n bigint not null, version text not null, title text not null,
      file text not null, yaml text not null, who text not null, source text not null,
      since bigint not null, until bigint not null, primary key (rule, n));
    create index rule_versions_by_until on rule_versions (until, rule);
    create table rule_rollbacks (rule text not null primary key, away text not null, n bigint not null,
      yaml text not null, set_by text not null, set_at bigint not null);
    create table exceptions (id text not null primary key, title text not null, rules text not null,
      yaml text not null, owner text not null, reason text not null, created_by text not null,
      created_at bigint not null, expires_at bigint not null, ended_at bigint not null, ended_by text not null);
    create index exceptions_by_ended_at on exceptions (ended_at, expires_at);
    create table risk_counts (tenant text not null, entity text not null, rule text not null, hour bigint not null,
      n bigint not null, primary key (tenant, entity, rule, hour));
    create index risk_counts_by_hour on risk_counts (hour);
    alter table alerts add column actor text not null default '';
    create index alerts_by_actor on alerts (actor, opened_at) where actor != '';
  `);
}
