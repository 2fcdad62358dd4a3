/** `sessions`: logged-in browsers, by the SHA-256 of their id (the id itself is nowhere on disk). */
import type { Sql } from '../sql.ts';

export type SessionRow = {
  hash: string;
  user: string;
  address: string;
  created_at: number;
  seen_at: number;
  expires_at: number;
};

export type Session = {
  readonly hash: string;
  readonly user: string;
  /** Where the login came from. */
  readonly address: string;
  readonly createdAt: number;
  /** Last use, written at most once a minute: a commit is an fsync. */
  readonly seenAt: number;
  /** Absolute end, whatever the use. */
  readonly expiresAt: number;
};

export const sessionFromRow = (r: SessionRow): Session => ({
  hash: r.hash,
  user: r.user,
  address: r.address,
  createdAt: r.created_at,
  seenAt: r.seen_at,
  expiresAt: r.expires_at,
});
export const sessionToRow = (s: Session): SessionRow => ({
  hash: s.hash,
  user: s.user,
  address: s.address,
  created_at: s.createdAt,
  seen_at: s.seenAt,
  expires_at: s.expiresAt,
});

export function getSession(sql: Sql, hash: string): Session | undefined {
  const row = sql.first(sql.db.selectFrom('sessions').selectAll().where('hash', '=', hash));
  return row === undefined ? undefined : sessionFromRow(row);
}
export const insertSession = (sql: Sql, s: Session): void => {
  sql.run(sql.db.insertInto('sessions').values(sessionToRow(s)));
};
export const touchSession = (sql: Sql, hash: string, at: number): void => {
  sql.run(sql.db.updateTable('sessions').set({ seen_at: at }).where('hash', '=', hash));
};
export const deleteSession = (sql: Sql, hash: string): boolean =>
  sql.run(sql.db.deleteFrom('sessions').where('hash', '=', hash)) === 1;
/** Ends all sessions of a user, but for `keep` ('' keeps none). */
export const deleteSessionsOf = (sql: Sql, user: string, keep = ''): number =>
  sql.run(sql.db.deleteFrom('sessions').where('user', '=', user).where('hash', '!=', keep));
export const deleteSessionsBefore = (sql: Sql, now: number, idleUs: number): number =>
  sql.run(
    sql.db
      .deleteFrom('sessions')
      .where((w) => w.or([w('expires_at', '<=', now), w('seen_at', '<=', now - idleUs)])),
  );
