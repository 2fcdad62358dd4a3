/**
 * What parent and child of the embedded engine agree on, and how values become SQL text where binding is not possible
 * (`SET name = '...'`). Pure. Held by `wire.test.ts`.
 */
import type { SqlParam } from './client.ts';

/** First line on the child's standard input: nothing secret stands in its environment or command line. */
export type ChildConfig = {
  /** The engine's folder. */
  readonly path: string;
  readonly configFile: string;
  readonly socket: string;
  /** Folder for insert bodies: on tmpfs where there is room. */
  readonly bodyDir: string;
  /** Used where `bodyDir` is full. */
  readonly bodyDirSpare: string;
  readonly internalKey: string;
  readonly searchKey: string;
  readonly memoryBytes: number;
};

/** Lines on the child's standard output. */
export type ChildMessage =
  | { readonly kind: 'waiting'; readonly why: string }
  | { readonly kind: 'ready'; readonly version: string }
  | { readonly kind: 'failed'; readonly why: string };

export const INTERNAL_USER = 'vigil';
export const SEARCH_USER = 'search';

/** Concurrent statements of each kind and how many may wait; more are refused with error 202. */
export const SEARCHES_MAX = 4;
export const INSERTS_MAX = 2;
export const INTERNAL_MAX = 6;
export const WAITING_MAX = 128;
/** Threads of the child's pool: all of the above, KILL, and room for file writes. */
export const POOL_THREADS = 16;

/** Bytes of a statement (not of an insert's body). Bound lists travel in the URL. */
export const STATEMENT_BYTES_MAX = 4 * 1024 * 1024;
/** Of one insert's blocks together; cut blocks well below (`BlockEncoder.bytes`). */
export const INSERT_BYTES_MAX = 256 * 1024 * 1024;
export const RESULT_BYTES_MAX = 64 * 1024 * 1024;
export const SEARCH_SECONDS_MAX = 60;
export const SEARCH_ROWS_MAX = 100_000;

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '\0': '\\0',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\b': '\\b',
  '\f': '\\f',
};

/** A string as a ClickHouse literal. */
export const literal = (text: string): string => `'${escaped(text)}'`;

/** ClickHouse's escaping of text in literals and in the values of parameters (TabSeparated). */
export const escaped = (text: string): string => text.replace(/[\\'\0\n\r\t\b\f]/g, (c) => ESCAPES[c] ?? c);

/** The value of `param_x` as ClickHouse reads it over HTTP: text escaped, elements of arrays as literals. */
export function paramText(value: SqlParam): string {
  if (value === null) return '\\N';
  if (typeof value === 'string') return escaped(value.toWellFormed());
  if (Array.isArray(value)) return `[${value.map(element).join(',')}]`;
  return String(value);
}

function element(value: SqlParam): string {
  if (value === null) return 'NULL';
  if (typeof value === 'string') return literal(value.toWellFormed());
  if (Array.isArray(value)) return `[${value.map(element).join(',')}]`;
  return String(value);
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

/** `SET a='1', b='2'`; undefined where a name is none. */
export function setStatement(values: ReadonlyMap<string, string>): string | undefined {
  const parts: string[] = [];
  for (const [name, value] of values) {
    if (!NAME.test(name)) return undefined;
    parts.push(`${name}=${literal(value)}`);
  }
  return `SET ${parts.join(', ')}`;
}

/** ClickHouse's number in an error's text, 0 where there is none. */
export const errorCode = (text: string): number => Number(/Code: (\d{1,5})\b/.exec(text)?.[1] ?? 0);

/** The HTTP status that ClickHouse's server gives for an error code (HTTPHandler's mapping, the codes that we can meet). */
export function httpStatus(code: number): number {
  switch (code) {
    case 516:
    case 497:
      return 403;
    case 46:
    case 47:
    case 60:
    case 81:
      return 404;
    case 62:
    case 36:
    case 43:
    case 53:
    case 164:
    case 456:
    case 457:
      return 400;
    case 159:
      return 408;
    case 202:
      return 503;
    default:
      return 500;
  }
}
