/** `tokens`: credentials of machines, by the SHA-256 of a 256-bit secret. A revoked token keeps its row, as events name it. */
import type { Sql } from '../sql.ts';

export const TOKEN_SCOPES = ['ingest', 'read', 'admin'] as const;
export type TokenScope = (typeof TOKEN_SCOPES)[number];

export type TokenRow = {
  id: string;
  hash: string;
  name: string;
  scope: string;
  sources: string;
  tenant: string;
  created_by: string;
  last_from: string;
  created_at: number;
  expires_at: number;
  last_used: number;
  revoked_at: number;
};

export type Token = {
  /** Public part: names the token in events, audit and ledger. */
  readonly id: string;
  readonly hash: string;
  readonly name: string;
  readonly scope: TokenScope;
  /** Sources it may write (scope `ingest`); empty = any. */
  readonly sources: readonly string[];
  readonly tenant: string;
  readonly createdBy: string;
  /** Address of the last use, '' if never used. */
  readonly lastFrom: string;
  readonly createdAt: number;
  /** 0 = never. */
  readonly expiresAt: number;
  readonly lastUsed: number;
  /** 0 = in force. */
  readonly revokedAt: number;
};

export const tokenFromRow = (r: TokenRow): Token => ({
  id: r.id,
  hash: r.hash,
  name: r.name,
  scope: TOKEN_SCOPES.find((s) => s === r.scope) ?? 'ingest',
  sources: JSON.parse(r.sources) as string[],
  tenant: r.tenant,
  createdBy: r.created_by,
  lastFrom: r.last_from,
  createdAt: r.created_at,
  expiresAt: r.expires_at,
  lastUsed: r.last_used,
  revokedAt: r.revoked_at,
});
export const tokenToRow = (t: Token): TokenRow => ({
  id: t.id,
  hash: t.hash,
  name: t.name,
  scope: t.scope,
  sources: JSON.stringify(t.sources),
  tenant: t.tenant,
  created_by: t.createdBy,
  last_from: t.lastFrom,
  created_at: t.createdAt,
  expires_at: t.expiresAt,
  last_used: t.lastUsed,
  revoked_at: t.revokedAt,
});

export function getToken(sql: Sql, id: string): Token | undefined {
  const row = sql.first(sql.db.selectFrom('tokens').selectAll().where('id', '=', id));
  return row === undefined ? undefined : tokenFromRow(row);
}
/** Tokens in force, expired ones included. */
export const listTokens = (sql: Sql): Token[] =>
  sql
    .all(sql.db.selectFrom('tokens').selectAll().where('revoked_at', '=', 0).orderBy('created_at'))
    .map(tokenFromRow);
export const insertToken = (sql: Sql, t: Token): void => {
  sql.run(sql.db.insertInto('tokens').values(tokenToRow(t)));
};
export const revokeToken = (sql: Sql, id: string, at: number): boolean =>
  sql.run(
    sql.db.updateTable('tokens').set({ revoked_at: at }).where('id', '=', id).where('revoked_at', '=', 0),
  ) === 1;
export const touchToken = (sql: Sql, id: string, at: number, from: string): void => {
  sql.run(sql.db.updateTable('tokens').set({ last_used: at, last_from: from }).where('id', '=', id));
};
