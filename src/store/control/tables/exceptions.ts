/** `exceptions`: Sigma filter documents made in the product. One without owner, reason and end does not exist here. */
import type { Sql } from '../sql.ts';

export type ExceptionRow = {
  id: string;
  title: string;
  /** JSON array of rule ids. */
  rules: string;
  yaml: string;
  owner: string;
  reason: string;
  created_by: string;
  created_at: number;
  expires_at: number;
  ended_at: number;
  ended_by: string;
};
export type Exception = {
  readonly id: string;
  readonly title: string;
  readonly rules: readonly string[];
  readonly yaml: string;
  readonly owner: string;
  readonly reason: string;
  readonly createdBy: string;
  /** Microseconds; `endedAt` 0 = not ended by hand. */
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly endedAt: number;
  readonly endedBy: string;
};

const fromRow = (r: ExceptionRow): Exception => ({
  id: r.id,
  title: r.title,
  rules: JSON.parse(r.rules) as string[],
  yaml: r.yaml,
  owner: r.owner,
  reason: r.reason,
  createdBy: r.created_by,
  createdAt: r.created_at,
  expiresAt: r.expires_at,
  endedAt: r.ended_at,
  endedBy: r.ended_by,
});

/** Ended and expired ones that are still shown, and characters of their texts; older ones have the text ''. */
const OLD_MAX = 500;
const OLD_CHARS_MAX = 1024 * 1024;

/** What is counted of an exception in force, without its text. */
export type ExceptionFact = Pick<Exception, 'rules' | 'expiresAt'> & { readonly chars: number };

export const exceptionFacts = (sql: Sql, at: number): ExceptionFact[] =>
  sql
    .rows(
      'select rules, expires_at, length(yaml) as chars from exceptions where ended_at = 0 and expires_at > ?',
      [at],
    )
    .map((r) => ({
      rules: JSON.parse(String(r['rules'])) as string[],
      expiresAt: Number(r['expires_at']),
      chars: Number(r['chars']),
    }));

const OVER = `select id, title, rules, owner, reason, created_by, created_at, expires_at, ended_at, ended_by,
    case when sum(length(yaml)) over (order by created_at desc, id) <= ? then yaml else '' end as yaml
  from (select * from exceptions where ended_at != 0 or expires_at <= ? order by created_at desc, id limit ?)
  order by created_at desc, id`;

/** In force at `at` first, then what has ended, newest first. */
export function exceptions(sql: Sql, at: number): { inForce: Exception[]; over: Exception[] } {
  const all = sql.db.selectFrom('exceptions').selectAll();
  const inForce = sql.all(all.where('ended_at', '=', 0).where('expires_at', '>', at).orderBy('created_at'));
  const over = sql.rows(OVER, [OLD_CHARS_MAX, at, OLD_MAX]) as ExceptionRow[];
  return { inForce: inForce.map(fromRow), over: over.map(fromRow) };
}

export const putException = (sql: Sql, e: Exception): void => {
  sql.run(
    sql.db.insertInto('exceptions').values({
      id: e.id,
      title: e.title,
      rules: JSON.stringify(e.rules),
      yaml: e.yaml,
      owner: e.owner,
      reason: e.reason,
      created_by: e.createdBy,
      created_at: e.createdAt,
      expires_at: e.expiresAt,
      ended_at: e.endedAt,
      ended_by: e.endedBy,
    }),
  );
};

/** False where it is not there or has ended. */
export const endException = (sql: Sql, id: string, at: number, by: string): boolean =>
  sql.exec(
    'update exceptions set ended_at = ?, ended_by = ? where id = ? and ended_at = 0 and expires_at > ?',
    [at, by, id, at],
  ) > 0;
