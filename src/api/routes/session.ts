/** Login, logout, own password. Every attempt is audited; a wrong user and a wrong password are one answer in one time. */
import type { LoginRequest, Me } from '../contract.ts';
import { badInput, fail } from '../errors.ts';
import { SESSION_MAX_US } from '../identity.ts';
import type { Attempt } from '../login-throttle.ts';
import { type Ctx, type Route, route } from '../route.ts';
import { obj, str } from '../schema.ts';
import { newSessionId, sha256Hex } from '../secrets.ts';

export const PASSWORD_MIN = 12;
/** argon2 takes any length; a bound keeps a login cheap. */
export const PASSWORD_MAX = 1024;
export const newPasswordText = str({ min: PASSWORD_MIN, max: PASSWORD_MAX });
const givenPassword = str({ min: 1, max: PASSWORD_MAX });
const givenUser = str({ min: 1, max: 64 });

/** IPv6 hosts choose among 2^64 addresses of their own: the /64 counts as one. */
export function throttleAddress(ip: string): string {
  if (!ip.includes(':') || ip.startsWith('::ffff:')) return ip;
  const [head = ''] = ip.split('%');
  const halves = head.split('::');
  const left = (halves[0] ?? '').split(':').filter((x) => x !== '');
  const right = (halves[1] ?? '').split(':').filter((x) => x !== '');
  const fill = halves.length === 2 ? Math.max(0, 8 - left.length - right.length) : 0;
  const all = [...left, ...Array.from({ length: fill }, () => '0'), ...right];
  return `${all.slice(0, 4).join(':')}::/64`;
}

function meOf(ctx: Ctx, user: { name: string; role: Me['role']; mustChangePassword: boolean }): Me {
  const tenants = ctx.deps.tenants();
  return {
    user: user.name,
    role: user.role,
    tenants,
    defaultTenant: tenants[0]?.id ?? 'default',
    mustChangePassword: user.mustChangePassword,
  };
}

async function login(ctx: Ctx, body: LoginRequest): Promise<Me> {
  const attempt: Attempt = { account: body.user, address: throttleAddress(ctx.from) };
  const refused = (outcome: string) => ({ ...ctx.audit(body.user, outcome), who: `claims:${body.user}` });
  await ctx.logins.admit(attempt);
  const user = await ctx.deps.control.user(body.user);
  const good = await ctx.gate.verify(user?.hash, body.password, ctx.throttle.isKnown(attempt));
  if (!good || user === undefined) {
    await ctx.deps.control.audit(refused('wrong'));
    throw fail('wrong_login', 'user or password is wrong');
  }
  ctx.throttle.succeeded(attempt, ctx.deps.now());
  // A new id at every login, whatever cookie came with the request: no session can be planted beforehand.
  const id = newSessionId();
  const at = ctx.deps.now();
  const entry = { ...ctx.audit(user.name, 'ok'), who: `user:${user.name}`, at };
  await ctx.deps.control.createSession(
    {
      hash: sha256Hex(id),
      user: user.name,
      address: ctx.from,
      createdAt: at,
      seenAt: at,
      expiresAt: at + SESSION_MAX_US,
    },
    entry,
  );
  ctx.reply.setCookie(ctx.cookie.name, id, {
    httpOnly: true,
    sameSite: 'strict',
    path: '/',
    secure: ctx.cookie.secure,
  });
  return meOf(ctx, user);
}

function person(ctx: Ctx): Extract<Ctx['who'], { kind: 'user' }> {
  if (ctx.who.kind !== 'user') throw fail('forbidden', 'this is for people who logged in');
  return ctx.who;
}

async function changePassword(ctx: Ctx, body: { current: string; next: string }): Promise<void> {
  const me = person(ctx);
  const attempt: Attempt = { account: me.name, address: throttleAddress(ctx.from) };
  await ctx.logins.admit(attempt);
  const user = await ctx.deps.control.user(me.name);
  if (!(await ctx.gate.verify(user?.hash, body.current))) {
    await ctx.deps.control.audit(ctx.audit(me.name, 'wrong'));
    throw fail('wrong_login', 'the present password is wrong');
  }
  ctx.throttle.succeeded(attempt, ctx.deps.now());
  if (body.next === body.current) throw badInput('body.next: must differ from the present one');
  const hash = await ctx.gate.hash(body.next);
  // All sessions end, this one too: the person logs in with the new password.
  await ctx.deps.control.setPassword(
    me.name,
    { hash, mustChange: false, keepSession: '' },
    ctx.audit(me.name, 'ok', { password: '***' }),
  );
  ctx.reply.clearCookie(ctx.cookie.name, { path: '/', secure: ctx.cookie.secure });
}

export const sessionRoutes: readonly Route[] = [
  route({
    method: 'POST',
    path: '/api/v1/session',
    permission: 'public',
    audit: 'login',
    summary: 'Log in. Sets the session cookie; a wrong user and a wrong password get the same answer.',
    answer: 'Me',
    body: obj({ user: givenUser, password: givenPassword }),
    run: (ctx, { body }) => login(ctx, body),
  }),
  route({
    method: 'GET',
    path: '/api/v1/session',
    permission: 'own',
    audit: 'none',
    summary: 'Who is logged in.',
    answer: 'Me',
    run: async (ctx) => meOf(ctx, person(ctx)),
  }),
  route({
    method: 'DELETE',
    path: '/api/v1/session',
    permission: 'own',
    audit: 'logout',
    summary: 'Log out.',
    answer: '204',
    run: async (ctx) => {
      const me = person(ctx);
      await ctx.deps.control.endSession(me.session, ctx.audit(me.name, 'ok'));
      ctx.reply.clearCookie(ctx.cookie.name, { path: '/', secure: ctx.cookie.secure });
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/session/password',
    permission: 'own',
    audit: 'password.change',
    summary: 'Change the own password. Ends all sessions of the user, this one too.',
    answer: '204',
    body: obj({ current: givenPassword, next: newPasswordText }),
    run: (ctx, { body }) => changePassword(ctx, body),
  }),
];
