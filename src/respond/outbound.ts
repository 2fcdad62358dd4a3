/**
 * The one outbound client. A host is resolved once, every address it has must be allowed, and the connection goes to an
 * address that was checked (a name that changes its mind between check and connect gains nothing). Redirects are not
 * followed; time, request and response are bounded. No proxy of the environment is used.
 *
 * Held by `outbound.int.test.ts`.
 */
import { lookup } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import { Agent, request } from 'undici';
import { err, errorText, ok, type Result } from '../base/result.ts';
import { addressKind } from './address.ts';

/** Whole request: resolve, connect, send, answer. */
export const REQUEST_MS_MAX = 10_000;
export const RESOLVE_MS_MAX = 5_000;
export const REQUEST_BYTES_MAX = 256 * 1024;
/** An answer longer than this ends the request as failed. */
export const RESPONSE_BYTES_MAX = 64 * 1024;
export const URL_CHARS_MAX = 2048;
const ADDRESSES_MAX = 32;

export type Address = { readonly address: string; readonly family: 4 | 6 };
export type Resolver = (host: string) => Promise<readonly Address[]>;
export type OutboundOptions = {
  /** Loopback and local networks too. Link-local, metadata, multicast and reserved addresses stay refused. */
  readonly allowPrivate: boolean;
  /** For tests. */
  readonly resolve?: Resolver;
  readonly requestMs?: number;
};
export type Post = {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal?: AbortSignal;
};
export type Answer = { readonly status: number };

/** An http(s) URL without credentials in it. */
export function parseTarget(text: string): Result<URL> {
  if (text.length > URL_CHARS_MAX) return err(`the URL is longer than ${URL_CHARS_MAX} characters`);
  if (!URL.canParse(text)) return err('this is no URL');
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return err(`only http and https are allowed, not ${url.protocol.slice(0, 20)}`);
  }
  if (url.username !== '' || url.password !== '') return err('a URL must not hold a user name or password');
  return ok(url);
}

/** The checked addresses of a host (a name, an IPv4 address, or an IPv6 address with or without brackets); at least one. */
export async function resolveChecked(host: string, o: OutboundOptions): Promise<Result<readonly Address[]>> {
  const name = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
  let found: readonly Address[];
  try {
    found = (await within(RESOLVE_MS_MAX, (o.resolve ?? systemResolver)(name))).slice(0, ADDRESSES_MAX);
  } catch (e) {
    return err(`${name} cannot be resolved: ${errorText(e)}`);
  }
  if (found.length === 0) return err(`${name} has no address`);
  for (const { address } of found) {
    const kind = addressKind(address);
    if (kind === 'never') return err(`${name} leads to ${address}, which is never allowed`);
    if (kind === 'private' && !o.allowPrivate) {
      return err(`${name} leads to the private address ${address}; set allowPrivate if that is meant`);
    }
  }
  return ok(found);
}

/** POSTs once. An answer of any status is a value; what never got an answer is an error. */
export async function post(p: Post, o: OutboundOptions): Promise<Result<Answer>> {
  const target = parseTarget(p.url);
  if (!target.ok) return target;
  if (Buffer.byteLength(p.body) > REQUEST_BYTES_MAX) {
    return err(`the request is larger than ${REQUEST_BYTES_MAX} bytes`);
  }
  const addresses = await resolveChecked(target.value.hostname, o);
  if (!addresses.ok) return addresses;
  const limit = AbortSignal.timeout(o.requestMs ?? REQUEST_MS_MAX);
  const agent = new Agent({
    connect: { lookup: pinned(addresses.value), timeout: REQUEST_MS_MAX },
    maxResponseSize: RESPONSE_BYTES_MAX,
    pipelining: 0,
  });
  try {
    const answer = await request(target.value, {
      method: 'POST',
      headers: p.headers,
      body: p.body,
      dispatcher: agent,
      signal: p.signal === undefined ? limit : AbortSignal.any([limit, p.signal]),
    });
    await answer.body.dump({ limit: RESPONSE_BYTES_MAX });
    return ok({ status: answer.statusCode });
  } catch (e) {
    if (limit.aborted) return err(`no answer within ${o.requestMs ?? REQUEST_MS_MAX} ms`);
    return err(errorText(e));
  } finally {
    await agent.destroy();
  }
}

const systemResolver: Resolver = async (host) =>
  (await lookup(host, { all: true })).map((a) => ({ address: a.address, family: a.family === 6 ? 6 : 4 }));

/** Answers every look-up of the connection with the addresses that were checked. */
function pinned(checked: readonly Address[]): LookupFunction {
  return (_host, options, done) => {
    const first = checked[0] as Address;
    if (options.all === true) done(null, [...checked]);
    else done(null, first.address, first.family);
  };
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
