/**
 * Checks on every request before anything else looks at it: the Host it asked for (DNS rebinding), the Origin it comes
 * from (requests forged by other sites), secrets in the URL; and the security headers of every answer.
 * Held by `permissions.int.test.ts` and `headers.int.test.ts`.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { fail } from './errors.ts';
import { TOKEN_PREFIX } from './secrets.ts';

const CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

/** No HSTS: with a self-signed certificate it would take away the browser's way in. */
const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': CSP,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
};

export function setSecurityHeaders(reply: FastifyReply, isApi: boolean): void {
  reply.headers(HEADERS);
  if (isApi) reply.header('cache-control', 'no-store');
}

export const isApiPath = (url: string): boolean =>
  url === '/api' || url.startsWith('/api/') || url.startsWith('/api?');

/** Host names are compared without port; brackets of IPv6 removed; undefined where there is none to be had. */
export function hostName(header: string | undefined): string | undefined {
  const m = /^(?:\[([0-9a-fA-F:.]{2,45})\]|([A-Za-z0-9._-]{1,253}))(?::\d{1,5})?$/.exec(header ?? '');
  return (m?.[1] ?? m?.[2])?.toLowerCase();
}

const LOOPBACK = /^(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1)$/;

export type GuardOptions = {
  /** Names and addresses, besides loopback, under which people reach this server; without port, lower case. */
  readonly hosts: readonly string[];
  readonly secure: boolean;
};

/** @throws ApiFailure */
export function checkRequest(request: FastifyRequest, options: GuardOptions): void {
  const host = hostName(request.headers.host);
  if (host === undefined || !(LOOPBACK.test(host) || options.hosts.includes(host))) {
    throw fail(
      'wrong_host',
      'this name is not one that Vigil answers to: add it to the configured host names',
    );
  }
  // A browser sends Origin with every write and every cross-site fetch; a program without one cannot be tricked into sending.
  const origin = request.headers.origin;
  if (origin !== undefined && origin !== `${options.secure ? 'https' : 'http'}://${request.headers.host}`) {
    throw fail('wrong_origin', 'requests from other sites are refused');
  }
  const site = request.headers['sec-fetch-site'];
  if (
    origin === undefined &&
    isWrite(request.method) &&
    site !== undefined &&
    site !== 'same-origin' &&
    site !== 'none'
  ) {
    throw fail('wrong_origin', 'requests from other sites are refused');
  }
  if (request.url.includes(TOKEN_PREFIX)) {
    throw fail(
      'secret_in_url',
      'a token does not belong in a URL (it lands in logs): send it as "Authorization: Bearer ..." and revoke this one',
    );
  }
}

export const isWrite = (method: string): boolean => method !== 'GET' && method !== 'HEAD';
