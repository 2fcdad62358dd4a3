/** `users`: who may log in. Password hashes are argon2id in PHC form, made by the API; this file never sees a password. */
import type { Sql } from '../sql.ts';

export const USER_ROLES = ['viewer', 'analyst', 'admin'] as const;
export type UserRole = (typeof USER_ROLES)[number];

export type UserRow = {
  name: string;
  hash: string;
  role: string;
  must_change: number;
  created_at: number;
  last_login: number;
};

export type User = {
  readonly name: string;
  readonly hash: string;
  readonly role: UserRole;
  readonly mustChangePassword: boolean;
  /** Microseconds. */
  readonly createdAt: number;
  /** 0 = never. */
  readonly lastLogin: number;
};

export const userFromRow = (r: UserRow): User => ({
  name: r.name,
  hash: r.hash,
  role: USER_ROLES.find((x) => x === r.role) ?? 'viewer',
  mustChangePassword: r.must_change !== 0,
  createdAt: r.created_at,
  lastLogin: r.last_login,
});
export const userToRow = (u: User): UserRow => ({
  name: u.name,
  hash: u.hash,
  role: u.role,
  must_change: u.mustChangePassword ? 1 : 0,
  created_at: u.createdAt,
  last_login: u.lastLogin,
});

export function getUser(sql: Sql, name: string): User | undefined {
  const row = sql.first(sql.db.selectFrom('users').selectAll().where('name', '=', name));
  return row === undefined ? undefined : userFromRow(row);
}
export const listUsers = (sql: Sql): User[] =>
  sql.all(sql.db.selectFrom('users').selectAll().orderBy('name')).map(userFromRow);

/** False where the name is taken. */
export function insertUser(sql: Sql, user: User): boolean {
  return (
    sql.run(
      sql.db
        .insertInto('users')
        .values(userToRow(user))
        .onConflict((c) => c.column('name').doNothing()),
    ) === 1
  );
}

export type UserPatch = {
  readonly hash?: string;
  readonly role?: UserRole;
  readonly mustChangePassword?: boolean;
  readonly lastLogin?: number;
};
export function patchUser(sql: Sql, name: string, patch: UserPatch): boolean {
  const set: Partial<UserRow> = {};
  if (patch.hash !== undefined) set.hash = patch.hash;
  if (patch.role !== undefined) set.role = patch.role;
  if (patch.mustChangePassword !== undefined) set.must_change = patch.mustChangePassword ? 1 : 0;
  if (patch.lastLogin !== undefined) set.last_login = patch.lastLogin;
  return sql.run(sql.db.updateTable('users').set(set).where('name', '=', name)) === 1;
}

export const deleteUser = (sql: Sql, name: string): boolean =>
  sql.run(sql.db.deleteFrom('users').where('name', '=', name)) === 1;

/** Administrators other than `name`: the last one must stay. */
export const otherAdmins = (sql: Sql, name: string): number =>
  sql.all(sql.db.selectFrom('users').select('name').where('role', '=', 'admin').where('name', '!=', name))
    .length;
