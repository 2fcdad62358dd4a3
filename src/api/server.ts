/**
 * The HTTP server: one onRequest hook decides (Host, Origin, identity, permission), one error handler answers, one onRoute
 * hook refuses a route without a declaration, so nothing can be served by accident. Held by `permissions.int.test.ts`.
 */
import { createServer as createHttp, type Server } from 'node:http';
import { createServer as createHttps, type Server as HttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import fastifyCookie from '@fastify/cookie';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { errorText } from '../base/result.ts';
import type { AuditEntry, TenantInfo } from './contract.ts';
import type { ApiDeps } from './deps.ts';
import { ApiFailure, fail, notFound } from './errors.ts';
import { FailureAudit } from './failure-audit.ts';
import { checkRequest, isApiPath, setSecurityHeaders } from './guard.ts';
import { Identities, whoText } from './identity.ts';
import { LiveHub } from './live-hub.ts';
import { LoginQueue } from './login-queue.ts';
import { LoginThrottle } from './login-throttle.ts';
import { PasswordGate } from './password-gate.ts';
import {
  type ApiParts,
  BODY_MAX,
  type Ctx,
  HANDLED,
  type Identity,
  may,
  type Permission,
  type Route,
} from './route.ts';
import { ROUTES } from './route-table.ts';
import { registerStatic } from './static-files.ts';

export type Declaration = { readonly permission: Permission; readonly audit: string };
declare module 'fastify' {
  interface FastifyContextConfig {
    vigil?: Declaration;
  }
  interface FastifyRequest {
    vigil: { who: Identity; now: number } | undefined;
  }
}

export type TlsPair = { readonly key: string; readonly cert: string };
export type ApiOptions = {
  /** The console's built files; without them a page says how to build them. */
  readonly webRoot?: string;
  /** Host names and addresses, besides loopback, under which people reach this server; without port. */
  readonly hosts: readonly string[];
  /** PEM. Without it plain HTTP. */
  readonly tls?: TlsPair;
  /** For tests: further routes. */
  readonly extraRoutes?: (app: FastifyInstance) => void;
};
export type ServedRoute = Declaration & { readonly method: string; readonly path: string };
export type Api = {
  /** @throws what the socket throws (EADDRINUSE, EACCES). */
  listen(at: {
    host: string;
    port: number;
  }): Promise<{ readonly host: string; readonly port: number; readonly url: string }>;
  /** New connections get the new certificate; open ones live on. */
  reloadTls(pair: TlsPair): void;
  /** As the router registered them. */
  readonly routes: readonly ServedRoute[];
  readonly app: FastifyInstance;
  /** Live streams and idle connections are closed; running requests get CLOSE_MS. */
  close(): Promise<void>;
};

const HEADERS_MS_MAX = 15_000;
/** A request's time to arrive whole: an ingest of a large file may be slow. */
const REQUEST_MS_MAX = 600_000;
const KEEP_ALIVE_MS = 65_000;
const CONNECTIONS_MAX = 4096;
const CLOSE_MS = 2000;

export async function makeApi(deps: ApiDeps, options: ApiOptions): Promise<Api> {
  const secure = options.tls !== undefined;
  const cookie = { name: secure ? '__Host-vigil' : 'vigil', secure };
  const identities = new Identities(deps, cookie.name);
  const throttle = new LoginThrottle();
  const parts: ApiParts = {
    deps,
    gate: new PasswordGate(),
    throttle,
    logins: new LoginQueue(throttle, () => deps.now()),
    hub: new LiveHub((who) => identities.stillGood(who, deps.now())),
    cookie,
  };
  const servers = new Set<Server | HttpsServer>();
  const app = fastify({
    serverFactory: (handler) => {
      const server =
        options.tls === undefined
          ? createHttp(handler)
          : createHttps({ ...options.tls, minVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'] }, handler);
      server.headersTimeout = HEADERS_MS_MAX;
      server.requestTimeout = REQUEST_MS_MAX;
      server.keepAliveTimeout = KEEP_ALIVE_MS;
      server.maxConnections = CONNECTIONS_MAX;
      servers.add(server);
      return server as Server;
    },
    bodyLimit: BODY_MAX,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 256 },
    forceCloseConnections: 'idle',
    frameworkErrors: (_error, request, reply) => {
      setSecurityHeaders(reply as FastifyReply, isApiPath(request.url));
      void (reply as FastifyReply).code(400).send(fail('bad_input', 'the URL is malformed').body());
    },
  });
  const routes = refuseUndeclared(app);
  await app.register(fastifyCookie);
  const failures = new FailureAudit((a) => deps.control.audit(a));
  decide(app, { deps, identities, guard: { hosts: options.hosts.map((h) => h.toLowerCase()), secure } });
  answerErrors(app, deps, failures);
  registerRoutes(app, parts);
  await registerStatic(app, options.webRoot);
  options.extraRoutes?.(app);
  await app.ready();
  return {
    app,
    routes,
    listen: (at) => listen(app, at, secure),
    reloadTls: (pair) => {
      for (const s of servers)
        if ('setSecureContext' in s) s.setSecureContext({ ...pair, minVersion: 'TLSv1.2' });
    },
    close: async () => {
      parts.hub.close();
      parts.logins.close();
      const late = setTimeout(() => {
        for (const s of servers) s.closeAllConnections();
      }, CLOSE_MS);
      await app.close();
      clearTimeout(late);
    },
  };
}

async function listen(
  app: FastifyInstance,
  at: { host: string; port: number },
  secure: boolean,
): Promise<{ host: string; port: number; url: string }> {
  await app.listen(at);
  const port = (app.server.address() as AddressInfo).port;
  const shown = at.host.includes(':') ? `[${at.host}]` : at.host;
  return { host: at.host, port, url: `${secure ? 'https' : 'http'}://${shown}:${port}/` };
}

/** Deny by default: what is not declared cannot be registered. */
function refuseUndeclared(app: FastifyInstance): readonly ServedRoute[] {
  const routes: ServedRoute[] = [];
  app.addHook('onRoute', (r) => {
    const declared = r.config?.vigil;
    if (declared === undefined) {
      throw new Error(`bug: route ${String(r.method)} ${r.url} declares no permission and audit action`);
    }
    for (const method of [r.method].flat()) routes.push({ method, path: r.url, ...declared });
  });
  return routes;
}

type Deciding = {
  readonly deps: ApiDeps;
  readonly identities: Identities;
  readonly guard: { readonly hosts: readonly string[]; readonly secure: boolean };
};

function decide(app: FastifyInstance, d: Deciding): void {
  app.decorateRequest('vigil', undefined);
  app.addHook('onRequest', async (request, reply) => {
    setSecurityHeaders(reply, isApiPath(request.url));
    checkRequest(request, d.guard);
    if (request.is404) return;
    const declared = request.routeOptions.config.vigil;
    if (declared === undefined) throw fail('forbidden', 'not permitted');
    const now = d.deps.now();
    const who = await d.identities.of(request, now);
    request.vigil = { who, now };
    if (!may(who, declared.permission)) {
      throw who.kind === 'nobody'
        ? fail('unauthenticated', 'log in, or send a token as "Authorization: Bearer ..."')
        : fail('forbidden', `${whoText(who)} may not do this (needs: ${declared.permission})`);
    }
    const free = declared.permission === 'public' || declared.permission === 'own';
    if (who.kind === 'user' && who.mustChangePassword && !free) {
      throw fail('must_change_password', 'change the password first: POST /api/v1/session/password');
    }
  });
}

/** Refusals that people must answer for; the rest is noise. */
const AUDITED_FAILURES: ReadonlySet<string> = new Set([
  'unauthenticated',
  'forbidden',
  'wrong_origin',
  'wrong_host',
  'secret_in_url',
  'too_many',
]);

function answerErrors(app: FastifyInstance, deps: ApiDeps, failures: FailureAudit): void {
  app.setErrorHandler(async (error, request, reply) => {
    const failure = failureOf(error);
    if (failure.code === 'internal') {
      deps.log.error('api request failed', {
        route: `${request.method} ${request.routeOptions.url ?? ''}`,
        error: errorText(error),
        stack: error instanceof Error ? (error.stack ?? '') : '',
      });
    }
    const who = request.vigil?.who ?? { kind: 'nobody' };
    // A browser that merely is not logged in is no failure.
    const asked = failure.code !== 'unauthenticated' || request.headers.authorization !== undefined;
    if (AUDITED_FAILURES.has(failure.code) && asked) {
      const entry: AuditEntry = {
        at: deps.now(),
        who: whoText(who),
        from: peer(request),
        action: request.routeOptions.config.vigil?.audit ?? 'none',
        object: `${request.method} ${request.routeOptions.url ?? 'unknown'}`,
        outcome: failure.code,
        detail: failure.message,
      };
      await failures.note(entry.action === 'none' ? { ...entry, action: 'access' } : entry);
    }
    if (failure.extra.retryAfter !== undefined) reply.header('retry-after', String(failure.extra.retryAfter));
    if (failure.code === 'unauthenticated') reply.header('www-authenticate', 'Bearer');
    // The body may not have been read: the connection is of no further use.
    if (request.routeOptions.config.vigil?.permission === 'ingest') reply.header('connection', 'close');
    return reply.code(failure.status).type('application/json; charset=utf-8').send(failure.body());
  });
  app.setNotFoundHandler(async () => {
    throw notFound('page');
  });
}

function failureOf(error: unknown): ApiFailure {
  if (error instanceof ApiFailure) return error;
  const status = (error as { statusCode?: unknown }).statusCode;
  if (status === 413) return fail('too_large', 'the body is too large');
  if (status === 415) return fail('wrong_type', 'send the body as application/json');
  if (status === 404) return notFound('page');
  if (typeof status === 'number' && status >= 400 && status < 500) return fail('bad_input', errorText(error));
  return fail('internal', 'something went wrong inside Vigil; its log says what');
}

/** IPv4 peers on a dual-stack socket look like `::ffff:192.0.2.1`. */
const peer = (request: FastifyRequest): string => request.ip.replace(/^::ffff:(?=\d+\.)/, '');

function registerRoutes(app: FastifyInstance, parts: ApiParts): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, text, done) => {
    if (text === '') return done(null, undefined);
    try {
      done(null, JSON.parse(text as string) as unknown);
    } catch (e) {
      done(fail('bad_input', `body: not JSON (${errorText(e).slice(0, 200)})`));
    }
  });
  const add = (scope: FastifyInstance, r: Route): void => {
    scope.route({
      method: r.method,
      url: r.path,
      config: { vigil: { permission: r.permission, audit: r.audit } },
      bodyLimit: r.bodyMax ?? BODY_MAX,
      handler: (request, reply) => serve(r, parts, request, reply),
    });
  };
  for (const r of ROUTES) if (r.rawBody !== true) add(app, r);
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
    for (const r of ROUTES) if (r.rawBody === true) add(scope, r);
  });
}

async function serve(
  r: Route,
  parts: ApiParts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const { who, now } = request.vigil ?? { who: { kind: 'nobody' } as const, now: parts.deps.now() };
  const gone = new AbortController();
  reply.raw.on('close', () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  const tenants = visibleTenants(who, parts.deps.tenants());
  let audited = false;
  const ctx: Ctx = {
    ...parts,
    who,
    whoText: whoText(who),
    from: peer(request),
    now,
    tenants,
    tenantIds: tenants.map((t) => t.id),
    audit: (object, outcome, detail) => {
      audited = true;
      const text = detail === undefined ? '' : typeof detail === 'string' ? detail : JSON.stringify(detail);
      return {
        at: now,
        who: whoText(who),
        from: peer(request),
        action: r.audit,
        object,
        outcome,
        detail: text,
      };
    },
    signal: gone.signal,
    request,
    reply,
  };
  const answer = await r.handle(ctx, { params: request.params, query: request.query, body: request.body });
  if (r.audit !== 'none' && !audited) throw new Error(`bug: ${r.method} ${r.path} made no audit entry`);
  if (answer === HANDLED) return reply;
  if (answer === undefined) return reply.code(204).send();
  return reply.type('application/json; charset=utf-8').send(JSON.stringify(answer));
}

/** A token sees its own tenant alone, and not even that once the tenant is gone. */
function visibleTenants(who: Identity, all: readonly TenantInfo[]): readonly TenantInfo[] {
  if (who.kind === 'nobody') return [];
  return who.kind === 'user' ? all : all.filter((t) => t.id === who.tenant);
}
