/**
 * A route as data: path, permission, audit action, shapes and handler. The server, the OpenAPI document and the
 * permission tests all read this one declaration; a route without one cannot be registered (`server.ts`).
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AuditEntry, Role, TenantInfo } from './contract.ts';
import type { ApiDeps, TokenScope } from './deps.ts';
import type { LiveHub } from './live-hub.ts';
import type { LoginQueue } from './login-queue.ts';
import type { LoginThrottle } from './login-throttle.ts';
import type { PasswordGate } from './password-gate.ts';
import type { JsonSchema, Schema } from './schema.ts';

/**
 * public: anybody · own: a logged-in person, about themselves · read: any role, tokens `read` and `admin` ·
 * analyst: roles analyst and admin, tokens `admin` · admin: role admin, tokens `admin` · ingest: tokens `ingest` alone.
 */
export const PERMISSIONS = ['public', 'own', 'read', 'analyst', 'admin', 'ingest'] as const;
export type Permission = (typeof PERMISSIONS)[number];

export type Identity =
  | { readonly kind: 'nobody' }
  | {
      readonly kind: 'user';
      readonly name: string;
      readonly role: Role;
      readonly session: string;
      readonly mustChangePassword: boolean;
    }
  | {
      readonly kind: 'token';
      readonly id: string;
      readonly scope: TokenScope;
      readonly tenant: string;
      readonly sources: readonly string[];
      readonly expiresAt: number;
    };

/** Things with a lifetime that routes share. */
export type ApiParts = {
  readonly deps: ApiDeps;
  readonly gate: PasswordGate;
  readonly throttle: LoginThrottle;
  readonly logins: LoginQueue;
  readonly hub: LiveHub;
  /** Sessions' cookies: name and whether `Secure`. */
  readonly cookie: { readonly name: string; readonly secure: boolean };
};

export type Ctx = ApiParts & {
  readonly who: Identity;
  /** `user:ada`, `token:12ab`, `nobody`: as the audit names them. */
  readonly whoText: string;
  /** Peer address. */
  readonly from: string;
  /** Microseconds, of the request. */
  readonly now: number;
  /** Tenants that the caller may see. */
  readonly tenants: readonly TenantInfo[];
  readonly tenantIds: readonly string[];
  /** The entry of this route's action; a route that declares one must make it. Detail must hold no secret. */
  audit(object: string, outcome: string, detail?: unknown): AuditEntry;
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
};

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';
type Declared = {
  readonly method: Method;
  /** With `:name` parameters, below the root. */
  readonly path: string;
  readonly permission: Permission;
  /** Audit action, or `none` where nothing is changed or asked that people must answer for. */
  readonly audit: string;
  /** A POST that changes nothing and that nobody must answer for: what it asks is only too long for a URL. */
  readonly question?: true;
  /** One line for the documentation. */
  readonly summary: string;
  /** What comes back: a type of contract.ts, or a sentence. */
  readonly answer: string;
  /** Largest body, bytes; BODY_MAX where absent. */
  readonly bodyMax?: number;
  /** The body is not parsed: the handler reads the request's stream. */
  readonly rawBody?: boolean;
};
export type RouteSpec<P, Q, B> = Declared & {
  readonly params?: Schema<P>;
  readonly query?: Schema<Q>;
  readonly body?: Schema<B>;
  /** The answer as JSON; undefined is 204, `HANDLED` means that the handler has answered itself. */
  readonly run: (
    ctx: Ctx,
    input: { readonly params: P; readonly query: Q; readonly body: B },
  ) => Promise<unknown>;
};
export type Route = Declared & {
  readonly json: { readonly params?: JsonSchema; readonly query?: JsonSchema; readonly body?: JsonSchema };
  readonly handle: (ctx: Ctx, raw: { params: unknown; query: unknown; body: unknown }) => Promise<unknown>;
};

export const HANDLED = Symbol('handled');

/** Largest JSON body, bytes. */
export const BODY_MAX = 64 * 1024;

export function route<P, Q, B>(spec: RouteSpec<P, Q, B>): Route {
  const { params, query, body, run, ...declared } = spec;
  return {
    ...declared,
    json: {
      ...(params === undefined ? {} : { params: params.json }),
      ...(query === undefined ? {} : { query: query.json }),
      ...(body === undefined ? {} : { body: body.json }),
    },
    handle: (ctx, raw) =>
      run(ctx, {
        params: params?.parse(raw.params, 'path') as P,
        query: query?.parse(raw.query, 'query') as Q,
        body: body?.parse(raw.body, 'body') as B,
      }),
  };
}

const ROLE_MAY: Readonly<Record<Role, readonly Permission[]>> = {
  viewer: ['public', 'own', 'read'],
  analyst: ['public', 'own', 'read', 'analyst'],
  admin: ['public', 'own', 'read', 'analyst', 'admin'],
};
const SCOPE_MAY: Readonly<Record<TokenScope, readonly Permission[]>> = {
  ingest: ['public', 'ingest'],
  read: ['public', 'read'],
  admin: ['public', 'read', 'analyst', 'admin'],
};

/** The one place that says who may call what. */
export function may(who: Identity, permission: Permission): boolean {
  if (who.kind === 'nobody') return permission === 'public';
  return (who.kind === 'user' ? ROLE_MAY[who.role] : SCOPE_MAY[who.scope]).includes(permission);
}
