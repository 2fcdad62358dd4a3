/**
 * `audit`: who did what, from where, with what outcome. Append only: there is no update or delete here, and two
 * triggers refuse them to everybody else. Written in the same transaction as the change it speaks of.
 */
import type { Sql } from '../sql.ts';

export type AuditRow = {
  id: number;
  at: number;
  who: string;
  address: string;
  action: string;
  object: string;
  outcome: string;
  detail: string;
};

export type AuditRecord = {
  /** Microseconds. */
  readonly at: number;
  /** `user:ada`, `token:ab12`, `vigil`, or what was claimed at a failed login. */
  readonly who: string;
  /** Address of the caller, `local` for the command line. */
  readonly from: string;
  readonly action: string;
  readonly object: string;
  readonly outcome: string;
  /** JSON or text; secrets are masked by the caller. */
  readonly detail: string;
};

/** Longest text kept in one field, UTF-16 units: a search may be long, its audit need not be. */
export const AUDIT_CHARS_MAX = 4096;
const cut = (s: string): string => (s.length > AUDIT_CHARS_MAX ? `${s.slice(0, AUDIT_CHARS_MAX)}…` : s);

export const auditFromRow = (r: AuditRow): AuditRecord => ({
  at: r.at,
  who: r.who,
  from: r.address,
  action: r.action,
  object: r.object,
  outcome: r.outcome,
  detail: r.detail,
});
export const auditToRow = (a: AuditRecord): Omit<AuditRow, 'id'> => ({
  at: a.at,
  who: cut(a.who),
  address: cut(a.from),
  action: cut(a.action),
  object: cut(a.object),
  outcome: cut(a.outcome),
  detail: cut(a.detail),
});

const INSERT =
  'insert into audit (at, who, address, action, object, outcome, detail) values (?, ?, ?, ?, ?, ?, ?)';
export function appendAudit(sql: Sql, a: AuditRecord): void {
  const r = auditToRow(a);
  sql.exec(INSERT, [r.at, r.who, r.address, r.action, r.object, r.outcome, r.detail]);
}

/** Newest first; `before` is the time of the last row shown (microseconds). */
export async function auditPage(
  sql: Sql,
  page: { readonly before?: number; readonly limit: number },
): Promise<AuditRecord[]> {
  let q = sql.db
    .selectFrom('audit')
    .selectAll()
    .orderBy('at', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit);
  if (page.before !== undefined) q = q.where('at', '<', page.before);
  return (await q.execute()).map((r) => auditFromRow(r));
}
