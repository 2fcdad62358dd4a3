/**
 * `rule_versions`: every text of a rule (or filter) that was in force, with who brought it, from where, and when.
 * `rule_rollbacks`: a text of a rule that was put back in force in place of the file's; it holds as long as the file
 * has the version that was rolled back from. Held by `src/app/rules.int.test.ts`.
 */
import type { Sql } from '../sql.ts';

/** Versions kept per rule; the oldest go. */
export const VERSIONS_MAX = 50;

export type RuleVersionRow = {
  rule: string;
  n: number;
  version: string;
  title: string;
  file: string;
  yaml: string;
  who: string;
  source: string;
  since: number;
  until: number;
};
/** A document in force: `version` is the hash of its text. */
export type RuleText = {
  readonly rule: string;
  readonly version: string;
  readonly title: string;
  readonly file: string;
  readonly yaml: string;
};
export type RuleVersion = Omit<RuleText, 'yaml'> & {
  /** Counts from 1 per rule. */
  readonly n: number;
  readonly who: string;
  /** `file`, `import ...`, `rolled back to version 3`. */
  readonly source: string;
  /** Microseconds; `until` 0 = in force. */
  readonly since: number;
  readonly until: number;
};
type Named = Pick<RuleText, 'rule' | 'title' | 'file'>;
export type RuleChanges = {
  /** Nothing was known before: no change, but the beginning. */
  readonly first: boolean;
  readonly added: readonly Named[];
  readonly edited: readonly Named[];
  readonly removed: readonly Named[];
};

export type Noted = { readonly at: number; readonly who: string; readonly source: string };

const INSERT = `insert into rule_versions (rule, n, version, title, file, yaml, who, source, since, until)
  values (?, (select coalesce(max(n), 0) + 1 from rule_versions where rule = ?), ?, ?, ?, ?, ?, ?, ?, 0)`;

/** Compares with what was in force and writes the difference. Inside a transaction. */
export function noteRuleVersions(sql: Sql, texts: readonly RuleText[], by: Noted): RuleChanges {
  const now = new Map(
    sql
      .all(
        sql.db
          .selectFrom('rule_versions')
          .select(['rule', 'version', 'title', 'file'])
          .where('until', '=', 0),
      )
      .map((r) => [r.rule, r]),
  );
  const first = now.size === 0 && sql.rows('select 1 from rule_versions limit 1').length === 0;
  const added: Named[] = [];
  const edited: Named[] = [];
  const end = (rule: string): void =>
    void sql.exec('update rule_versions set until = ? where rule = ? and until = 0', [by.at, rule]);
  for (const t of texts) {
    const known = now.get(t.rule);
    now.delete(t.rule);
    if (known?.version === t.version) continue;
    if (known !== undefined) end(t.rule);
    (known === undefined ? added : edited).push({ rule: t.rule, title: t.title, file: t.file });
    sql.exec(INSERT, [t.rule, t.rule, t.version, t.title, t.file, t.yaml, by.who, by.source, by.at]);
    if (known !== undefined)
      sql.exec(
        'delete from rule_versions where rule = ? and n <= (select max(n) from rule_versions where rule = ?) - ?',
        [t.rule, t.rule, VERSIONS_MAX],
      );
  }
  const removed = [...now.values()].map((r) => ({ rule: r.rule, title: r.title, file: r.file }));
  for (const r of removed) end(r.rule);
  return { first, added, edited, removed };
}

/** Texts of rules that have not been in force since `at` (microseconds); how many went. */
export const deleteVersionsBefore = (sql: Sql, at: number): number =>
  sql.exec(
    'delete from rule_versions where rule in (select rule from rule_versions group by rule having min(until) > 0 and max(until) < ?)',
    [at],
  );

/** Newest first. */
export const ruleVersions = (sql: Sql, rule: string): RuleVersion[] =>
  sql.all(
    sql.db
      .selectFrom('rule_versions')
      .select(['rule', 'n', 'version', 'title', 'file', 'who', 'source', 'since', 'until'])
      .where('rule', '=', rule)
      .orderBy('n', 'desc')
      .limit(VERSIONS_MAX),
  );

export const ruleVersion = (sql: Sql, rule: string, n: number): (RuleVersion & RuleText) | undefined =>
  sql.first(sql.db.selectFrom('rule_versions').selectAll().where('rule', '=', rule).where('n', '=', n));

export type RuleRollbackRow = {
  rule: string;
  away: string;
  n: number;
  yaml: string;
  set_by: string;
  set_at: number;
};
export type RuleRollback = {
  readonly rule: string;
  /** Version (hash) of the file's text that must not be in force. */
  readonly away: string;
  /** Number of the version that is in force instead, and its text. */
  readonly n: number;
  readonly yaml: string;
  readonly by: string;
  readonly at: number;
};

export const rollbacks = (sql: Sql): Map<string, RuleRollback> =>
  new Map(
    sql
      .all(sql.db.selectFrom('rule_rollbacks').selectAll())
      .map((r) => [r.rule, { rule: r.rule, away: r.away, n: r.n, yaml: r.yaml, by: r.set_by, at: r.set_at }]),
  );

const PUT_ROLLBACK = `insert into rule_rollbacks (rule, away, n, yaml, set_by, set_at) values (?, ?, ?, ?, ?, ?)
  on conflict (rule) do update set away = excluded.away, n = excluded.n, yaml = excluded.yaml, set_by = excluded.set_by, set_at = excluded.set_at`;
export const putRollback = (sql: Sql, r: RuleRollback): void => {
  sql.exec(PUT_ROLLBACK, [r.rule, r.away, r.n, r.yaml, r.by, r.at]);
};
export const deleteRollback = (sql: Sql, rule: string): void => {
  sql.exec('delete from rule_rollbacks where rule = ?', [rule]);
};
