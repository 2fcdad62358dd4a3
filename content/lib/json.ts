/**
 * Reading foreign JSON in sources: own keys only, wrong types are "absent", nothing throws.
 * Held by `lib.test.ts` and by the goldens of the sources that use it.
 */
import type { EventFields, Scalar } from '../../src/model/event.ts';
import { flatten } from '../../src/normalize/json.ts';
import type { Json, JsonObject } from '../../src/normalize/source.ts';

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

/** Writes every leaf of `v` under `prefix` with dotted names, by the rules of `flatten`. Anything but an object is kept as text. */
export function flattenInto(out: EventFields, prefix: string, v: Json | undefined): void {
  if (isObject(v)) flatten(v, out, prefix);
  else if (Array.isArray(v)) out.set(prefix, JSON.stringify(v));
  else out.set(prefix, v as Scalar | undefined);
}
