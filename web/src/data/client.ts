/**
 * Calls to `/api/v1` (shapes: src/api/contract.ts). A failure is an `ApiFailure` that carries what the server said, or
 * says in plain words that it could not be reached. A 401 outside login ends the session on every page at once.
 */
import type { ApiError } from '../../../src/api/contract.ts';

/** A call that takes longer than this is given up, milliseconds. Searches may run long. */
const CALL_MS_MAX = 60_000;

export class ApiFailure extends Error {
  readonly status: number;
  readonly body: ApiError;
  constructor(status: number, body: ApiError) {
    super(body.message);
    this.status = status;
    this.body = body;
  }
}

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';
export type Params = Readonly<Record<string, string | number | undefined>>;

let onSignedOut: () => void = () => undefined;
export const whenSignedOut = (f: () => void): void => {
  onSignedOut = f;
};

export function pathWith(path: string, params: Params = {}): string {
  const p = new URLSearchParams();
  for (const [k, v] of Object.entries(params)) if (v !== undefined && v !== '') p.set(k, String(v));
  const s = p.toString();
  return `/api/v1${path}${s === '' ? '' : `?${s}`}`;
}

async function call<T>(method: Method, url: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const limit = AbortSignal.timeout(CALL_MS_MAX);
  let res: Response;
  try {
    res = await fetch(url, {
      method,
      credentials: 'same-origin',
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new ApiFailure(0, {
      error: 'unreachable',
      message: limit.aborted
        ? 'Vigil did not answer within a minute.'
        : 'Vigil cannot be reached. Is it running?',
    });
  }
  if (res.status === 204) return undefined as T;
  const data: unknown = await res.json().catch(() => undefined);
  if (res.ok && data !== undefined) return data as T;
  const error = asError(res.status, data);
  // A wrong password is a 401 too, but ends nothing.
  if (res.status === 401 && error.error !== 'wrong_login') onSignedOut();
  throw new ApiFailure(res.status, error);
}

function asError(status: number, data: unknown): ApiError {
  if (typeof data === 'object' && data !== null && typeof (data as ApiError).message === 'string')
    return data as ApiError;
  if (status === 403) return { error: 'denied', message: 'Your role does not allow this.' };
  if (status === 404) return { error: 'not_found', message: 'Not found.' };
  if (status === 429)
    return { error: 'slow_down', message: 'Too many requests. Wait a moment and try again.' };
  return { error: 'http', message: `The server answered with status ${status}.` };
}

export const get = <T>(path: string, params?: Params, signal?: AbortSignal): Promise<T> =>
  call<T>('GET', pathWith(path, params), undefined, signal);
export const post = <T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> =>
  call<T>('POST', pathWith(path), body, signal);
export const put = <T>(path: string, body: unknown): Promise<T> => call<T>('PUT', pathWith(path), body);
export const del = <T>(path: string): Promise<T> => call<T>('DELETE', pathWith(path));

/** The server's messages begin in lower case, as parts of a line; here they stand alone. */
export const messageOf = (e: unknown): string => {
  const said = e as { readonly message?: unknown } | null | undefined;
  const text = typeof said?.message === 'string' ? said.message : 'Something went wrong.';
  return text.slice(0, 1).toUpperCase() + text.slice(1);
};
