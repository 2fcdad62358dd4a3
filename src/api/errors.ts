/** The API's coded errors in one place. Each becomes an `ApiError` body with its HTTP status; the message is for people. */
import type { ApiError } from './contract.ts';

export const ERRORS = {
  bad_input: 400,
  bad_query: 400,
  secret_in_url: 400,
  unauthenticated: 401,
  wrong_login: 401,
  forbidden: 403,
  must_change_password: 403,
  wrong_origin: 403,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  wrong_type: 415,
  wrong_host: 421,
  too_many: 429,
  internal: 500,
  unavailable: 503,
} as const;
export type ErrorCode = keyof typeof ERRORS;

export type ErrorExtra = Pick<ApiError, 'position' | 'expected' | 'suggestion'> & {
  /** Seconds, sent as `Retry-After`. */
  readonly retryAfter?: number;
};

export class ApiFailure extends Error {
  readonly code: ErrorCode;
  readonly extra: ErrorExtra;
  constructor(code: ErrorCode, message: string, extra: ErrorExtra = {}) {
    super(message);
    this.code = code;
    this.extra = extra;
  }
  get status(): number {
    return ERRORS[this.code];
  }
  body(): ApiError {
    const { retryAfter: _, ...shown } = this.extra;
    return { error: this.code, message: this.message, ...shown };
  }
}

export const fail = (code: ErrorCode, message: string, extra?: ErrorExtra): ApiFailure =>
  new ApiFailure(code, message, extra);
export const badInput = (message: string, extra?: ErrorExtra): ApiFailure =>
  fail('bad_input', message, extra);
export const notFound = (what: string): ApiFailure => fail('not_found', `${what} not found`);
