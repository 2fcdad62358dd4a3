/**
 * Reading foreign JSON in sources: own keys only, wrong types are "absent", nothing throws.
 * Held by `lib.test.ts` and by the goldens of the sources that use it.
 */
import type { EventFields, Scalar } from '../../src/model/event.ts';
import type { Json, JsonObject } from '../../src/normalize/source.ts';

/** Nesting below this depth is kept as JSON text of the subtree. */
export const FLATTEN_DEPTH_MAX = 24;
/** Values kept per dotted name when a list of objects is folded into lists. */
export const FLATTEN_LIST_MAX = 256;

export const isObject = (v: Json | undefined): v is JsonObject =>
  typeof v === 'object' && v !== null && !Array.isArray(v);

/** The value at a path of own keys, undefined where there is none. */
export function at(v: Json | undefined, ...path: readonly string[]): Json | undefined {
  let cur = v;
  for (const key of path) {
    if (!isObject(cur) || !Object.hasOwn(cur, key)) return undefined;
    cur = cur[key];
  }
  return cur;
}

/** Text of a string, number or boolean; undefined for anything else and for ''. */
export function text(v: Json | undefined): string | undefined {
  if (typeof v === 'string') return v === '' ? undefined : v;
  return typeof v === 'number' || typeof v === 'boolean' ? String(v) : undefined;
}

/** A finite number, or a string that is one. */
export function number(v: Json | undefined): number | undefined {
  const n = typeof v === 'string' && v.trim() !== '' ? Number(v) : v;
  return typeof n === 'number' && Number.isFinite(n) ? n : undefined;
}

/** The scalars of a list, or the one scalar as a list. */
export function list(v: Json | undefined): string[] {
  const all = Array.isArray(v) ? (v as readonly Json[]) : [v];
  const out: string[] = [];
  for (const one of all) {
    const t = text(one);
    if (t !== undefined) out.push(t);
  }
  return out;
}

const isScalar = (v: Json): v is Scalar => typeof v !== 'object' || v === null;

/**
 * Writes every leaf of `v` under `prefix` with dotted names. Lists of scalars stay lists; lists of objects give one
 * list per dotted name, in order. Empty objects and lists are kept as `{}` text and `[]`.
 */
export function flattenInto(out: EventFields, prefix: string, v: Json, skip?: ReadonlySet<string>): void {
  if (isObject(v)) return flattenObject(out, prefix, v, 0, skip);
  if (isScalar(v)) return out.set(prefix, v);
  flattenList(out, prefix, v as readonly Json[], 0);
}

function flattenObject(
  out: EventFields,
  prefix: string,
  o: JsonObject,
  depth: number,
  skip?: ReadonlySet<string>,
): void {
  for (const key of Object.keys(o)) {
    const name = prefix === '' ? key : `${prefix}.${key}`;
    const v = o[key];
    if (v === undefined || skip?.has(name) === true) continue;
    if (isScalar(v)) out.set(name, v);
    else if (depth >= FLATTEN_DEPTH_MAX) out.set(name, JSON.stringify(v));
    else if (Array.isArray(v)) flattenList(out, name, v as readonly Json[], depth + 1);
    else flattenObject(out, name, v as JsonObject, depth + 1, skip);
  }
}

function flattenList(out: EventFields, name: string, items: readonly Json[], depth: number): void {
  if (items.every(isScalar)) return out.set(name, items as readonly Scalar[]);
  const lists = new Map<string, Scalar[]>();
  for (const item of items) collect(lists, name, item, depth + 1);
  for (const [n, values] of lists) out.set(n, values);
}

function collect(lists: Map<string, Scalar[]>, name: string, v: Json, depth: number): void {
  if (isScalar(v) || depth >= FLATTEN_DEPTH_MAX) {
    const values = lists.get(name) ?? [];
    if (values.length < FLATTEN_LIST_MAX) values.push(isScalar(v) ? v : JSON.stringify(v));
    lists.set(name, values);
  } else if (Array.isArray(v)) {
    for (const item of v as readonly Json[]) collect(lists, name, item, depth + 1);
  } else {
    const o = v as JsonObject;
    for (const key of Object.keys(o)) collect(lists, `${name}.${key}`, o[key] ?? null, depth + 1);
  }
}
