/** Users and tokens, for administrators. Nobody but the person who gets it sees a password or token, and only once. */
import type { TokenCreated, TokenInfo, UserCreated, UserInfo } from '../contract.ts';
import type { TokenRecord, UserRecord } from '../deps.ts';
import { badInput, fail, notFound } from '../errors.ts';
import { type Ctx, type Route, route } from '../route.ts';
import { list, obj, oneOf, opt, str } from '../schema.ts';
import { newPassword, newToken } from '../secrets.ts';
import { newPasswordText } from './session.ts';
import { optTime, seeTenant, tenantName } from './tenant.ts';

const USERS_MAX = 1000;
const TOKENS_MAX = 1000;
const ROLES = ['viewer', 'analyst', 'admin'] as const;
const SCOPES = ['ingest', 'read', 'admin'] as const;
/** Authors of Vigil's own entries; a person of that name could pass for it. */
const RESERVED = new Set(['vigil', 'nobody', 'local']);

const userName = str({
  min: 1,
  max: 64,
  pattern: /^[A-Za-z0-9_][A-Za-z0-9_.@-]*$/,
  about: 'letters, digits, _ . @ -, beginning with a letter, digit or _',
});
const userPath = obj({ name: userName });
const sourceName = str({ min: 1, max: 64, pattern: /^[a-z0-9_.-]+$/, about: 'a source name' });

const userInfo = (u: UserRecord): UserInfo => ({
  name: u.name,
  role: u.role,
  createdAt: u.createdAt,
  lastLogin: u.lastLogin,
});
const tokenInfo = (t: TokenRecord): TokenInfo => ({
  id: t.id,
  name: t.name,
  scope: t.scope,
  tenant: t.tenant,
  sources: t.sources,
  createdAt: t.createdAt,
  expiresAt: t.expiresAt,
  lastUsed: t.lastUsed,
});

async function createUser(
  ctx: Ctx,
  body: { name: string; role: UserRecord['role']; password: string | undefined },
): Promise<UserCreated> {
  const folded = body.name.toLowerCase();
  if (RESERVED.has(folded)) throw badInput('body.name: this name is reserved');
  const users = await ctx.deps.control.users();
  if (users.length >= USERS_MAX) throw fail('conflict', `at most ${USERS_MAX} users`);
  // `Admin` beside `admin` would deceive the reader of an audit.
  if (users.some((u) => u.name.toLowerCase() === folded))
    throw fail('conflict', 'there is a user of this name');
  const password = body.password ?? newPassword();
  const user: UserRecord = {
    name: body.name,
    hash: await ctx.gate.hash(password),
    role: body.role,
    mustChangePassword: true,
    createdAt: ctx.now,
    lastLogin: 0,
  };
  const entry = ctx.audit(user.name, 'ok', { role: user.role, password: '***' });
  if (!(await ctx.deps.control.createUser(user, entry)))
    throw fail('conflict', 'there is a user of this name');
  return { user: userInfo(user), password: body.password === undefined ? password : '' };
}

function settle(result: 'done' | 'unknown' | 'last_admin', name: string): void {
  if (result === 'unknown') throw notFound(`user ${name}`);
  if (result === 'last_admin') throw fail('conflict', 'the last administrator must stay');
}

async function createToken(
  ctx: Ctx,
  body: {
    name: string;
    scope: TokenRecord['scope'];
    sources: readonly string[] | undefined;
    tenant: string | undefined;
    expiresAt: number | undefined;
  },
): Promise<TokenCreated> {
  const tenant = seeTenant(ctx, body.tenant);
  const sources = body.sources ?? [];
  const expiresAt = body.expiresAt ?? 0;
  if (sources.length > 0 && body.scope !== 'ingest') throw badInput('body.sources: for scope ingest alone');
  if (expiresAt !== 0 && expiresAt <= ctx.now) throw badInput('body.expiresAt: lies in the past');
  if ((await ctx.deps.control.tokens()).length >= TOKENS_MAX)
    throw fail('conflict', `at most ${TOKENS_MAX} tokens`);
  const made = newToken();
  const record: TokenRecord = {
    id: made.id,
    hash: made.hash,
    name: body.name,
    scope: body.scope,
    sources,
    tenant,
    createdBy: ctx.whoText,
    lastFrom: '',
    createdAt: ctx.now,
    expiresAt,
    lastUsed: 0,
    revokedAt: 0,
  };
  const detail = { name: body.name, scope: body.scope, sources, tenant, expiresAt, token: '***' };
  await ctx.deps.control.createToken(record, ctx.audit(made.id, 'ok', detail));
  return { token: made.text, info: tokenInfo(record) };
}

const USER_ROUTES: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/v1/users',
    permission: 'admin',
    audit: 'none',
    summary: 'All users.',
    answer: 'UserInfo[]',
    run: async (ctx) => (await ctx.deps.control.users()).map(userInfo),
  }),
  route({
    method: 'POST',
    path: '/api/v1/users',
    permission: 'admin',
    audit: 'user.create',
    summary:
      'Create a user. Without a password one is made and shown once; it must be changed at the first login.',
    answer: 'UserCreated',
    body: obj({ name: userName, role: oneOf(ROLES), password: opt(newPasswordText) }),
    run: (ctx, { body }) => createUser(ctx, body),
  }),
  route({
    method: 'POST',
    path: '/api/v1/users/:name/role',
    permission: 'admin',
    audit: 'user.role',
    summary: "Change a user's role. Ends the user's sessions.",
    answer: '204',
    params: userPath,
    body: obj({ role: oneOf(ROLES) }),
    run: async (ctx, { params, body }) => {
      const before = (await ctx.deps.control.user(params.name))?.role;
      const entry = ctx.audit(params.name, 'ok', { before, after: body.role });
      settle(await ctx.deps.control.setRole(params.name, body.role, entry), params.name);
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/users/:name/password',
    permission: 'admin',
    audit: 'user.password',
    summary: "Give a user a new password, made here and shown once. Ends the user's sessions.",
    answer: 'UserCreated',
    params: userPath,
    run: async (ctx, { params }): Promise<UserCreated> => {
      const user = await ctx.deps.control.user(params.name);
      if (user === undefined) throw notFound(`user ${params.name}`);
      const password = newPassword();
      const hash = await ctx.gate.hash(password);
      const entry = ctx.audit(params.name, 'ok', { password: '***' });
      if (
        !(await ctx.deps.control.setPassword(params.name, { hash, mustChange: true, keepSession: '' }, entry))
      ) {
        throw notFound(`user ${params.name}`);
      }
      return { user: userInfo(user), password };
    },
  }),
  route({
    method: 'DELETE',
    path: '/api/v1/users/:name',
    permission: 'admin',
    audit: 'user.delete',
    summary: 'Delete a user and end their sessions. The last administrator stays.',
    answer: '204',
    params: userPath,
    run: async (ctx, { params }) => {
      settle(await ctx.deps.control.deleteUser(params.name, ctx.audit(params.name, 'ok')), params.name);
    },
  }),
];

const TOKEN_ROUTES: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/v1/tokens',
    permission: 'admin',
    audit: 'none',
    summary: 'Tokens in force, without their secrets.',
    answer: 'TokenInfo[]',
    run: async (ctx) => (await ctx.deps.control.tokens()).map(tokenInfo),
  }),
  route({
    method: 'POST',
    path: '/api/v1/tokens',
    permission: 'admin',
    audit: 'token.create',
    summary: 'Create a token; its text is shown once. `sources` limits what an ingest token may write.',
    answer: 'TokenCreated',
    body: obj({
      name: str({ min: 1, max: 128 }),
      scope: oneOf(SCOPES),
      sources: opt(list(sourceName, 64)),
      tenant: opt(tenantName),
      expiresAt: optTime,
    }),
    run: (ctx, { body }) => createToken(ctx, body),
  }),
  route({
    method: 'DELETE',
    path: '/api/v1/tokens/:id',
    permission: 'admin',
    audit: 'token.revoke',
    summary: 'Revoke a token, at once.',
    answer: '204',
    params: obj({ id: str({ min: 1, max: 64, pattern: /^[0-9a-f]+$/, about: 'a token id' }) }),
    run: async (ctx, { params }) => {
      const token = await ctx.deps.control.token(params.id);
      const detail = { name: token?.name, scope: token?.scope, sources: token?.sources };
      const done = await ctx.deps.control.revokeToken(params.id, ctx.now, ctx.audit(params.id, 'ok', detail));
      if (!done) throw notFound(`token ${params.id}`);
    },
  }),
];

export const accessRoutes: readonly Route[] = [...USER_ROUTES, ...TOKEN_ROUTES];
