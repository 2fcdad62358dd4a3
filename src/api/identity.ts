/**
 * Who is calling: a session cookie or a bearer token, checked against the control database on every request, so that an
 * ended session or a revoked token ends at once. Held by `permissions.int.test.ts` and `sessions.int.test.ts`.
 */
import type { FastifyRequest } from 'fastify';
import type { AuditEntry } from './contract.ts';
import type { ApiDeps, TokenRecord } from './deps.ts';
import { fail } from './errors.ts';
import type { Identity } from './route.ts';
import { parseToken, SESSION_ID, sameHash, sha256Hex } from './secrets.ts';

export const SESSION_IDLE_US = 8 * 3600 * 1e6;
export const SESSION_MAX_US = 24 * 3600 * 1e6;
/** Last use is written at most this often: each write is an fsync. */
const TOUCH_US = 60 * 1e6;
/** Addresses remembered per process, over all tokens: a first use from any other is audited. */
const TOKEN_ADDRESSES_MAX = 10_000;

export class Identities {
  readonly #deps: ApiDeps;
  readonly #cookie: string;
  /** `token id, address` -> last written, microseconds. */
  readonly #tokenUse = new Map<string, number>();

  constructor(deps: ApiDeps, cookie: string) {
    this.#deps = deps;
    this.#cookie = cookie;
  }

  /** @throws ApiFailure 401 for a credential that is there and not good; no credential is `nobody`. */
  async of(request: FastifyRequest, now: number): Promise<Identity> {
    const bearer = request.headers.authorization;
    if (bearer !== undefined) return this.#byToken(bearer, request.ip, now);
    const id = request.cookies[this.#cookie];
    if (id === undefined || !SESSION_ID.test(id)) return { kind: 'nobody' };
    return (await this.bySession(sha256Hex(id), now, true)) ?? { kind: 'nobody' };
  }

  /** The person behind a session that has not ended. `use` counts as activity. */
  async bySession(
    hash: string,
    now: number,
    use: boolean,
  ): Promise<Extract<Identity, { kind: 'user' }> | undefined> {
    const s = await this.#deps.control.session(hash);
    if (s === undefined || now >= s.expiresAt || now - s.seenAt >= SESSION_IDLE_US) return undefined;
    const user = await this.#deps.control.user(s.user);
    if (user === undefined) return undefined;
    if (use && now - s.seenAt >= TOUCH_US) await this.#deps.control.touchSession(hash, now);
    return {
      kind: 'user',
      name: user.name,
      role: user.role,
      session: hash,
      mustChangePassword: user.mustChangePassword,
    };
  }

  /** Whether an open stream may go on. */
  async stillGood(who: Identity, now: number): Promise<boolean> {
    if (who.kind === 'user') return (await this.bySession(who.session, now, false)) !== undefined;
    if (who.kind === 'nobody') return false;
    const t = await this.#deps.control.token(who.id);
    return t !== undefined && inForce(t, now);
  }

  async #byToken(header: string, from: string, now: number): Promise<Identity> {
    const m = /^Bearer +(\S{1,256})$/i.exec(header);
    const parsed = m === null ? undefined : parseToken(m[1] ?? '');
    const t = parsed === undefined ? undefined : await this.#deps.control.token(parsed.id);
    if (parsed === undefined || t === undefined || !sameHash(t.hash, parsed.hash)) {
      throw fail('unauthenticated', 'the token is not known');
    }
    if (!inForce(t, now)) throw fail('unauthenticated', 'the token is expired or revoked: make a new one');
    await this.#noteUse(t, from, now);
    return {
      kind: 'token',
      id: t.id,
      scope: t.scope,
      tenant: t.tenant,
      sources: t.sources,
      expiresAt: t.expiresAt,
    };
  }

  async #noteUse(t: TokenRecord, from: string, now: number): Promise<void> {
    const key = `${t.id} ${from}`;
    const last = this.#tokenUse.get(key);
    if (last !== undefined && now - last < TOUCH_US) return;
    this.#tokenUse.delete(key);
    this.#tokenUse.set(key, now);
    if (this.#tokenUse.size > TOKEN_ADDRESSES_MAX) {
      const oldest = this.#tokenUse.keys().next().value;
      if (oldest !== undefined) this.#tokenUse.delete(oldest);
    }
    const isNew = last === undefined && t.lastFrom !== from;
    const entry: AuditEntry = {
      at: now,
      who: `token:${t.id}`,
      from,
      action: 'token.use',
      object: t.name,
      outcome: 'ok',
      detail: 'first use from this address',
    };
    await this.#deps.control.touchToken(t.id, now, from, isNew ? entry : undefined);
  }
}

const inForce = (t: TokenRecord, now: number): boolean =>
  t.revokedAt === 0 && (t.expiresAt === 0 || now < t.expiresAt);

export function whoText(who: Identity): string {
  if (who.kind === 'nobody') return 'nobody';
  return who.kind === 'user' ? `user:${who.name}` : `token:${who.id}`;
}
