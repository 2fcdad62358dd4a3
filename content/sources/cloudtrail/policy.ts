/**
 * Whether a resource policy in a request lets everybody in: a statement that allows the principal `*` without a condition
 * that narrows who it is. Policies come as objects or as JSON text, under a name of each service's own.
 */
import { isObject, list } from '../../lib/json.ts';
import { parseJsonObject } from '../../../src/normalize/json.ts';
import type { Json, JsonObject } from '../../../src/normalize/source.ts';

/** Levels of the request that are looked through for a policy. */
const DEPTH_MAX = 4;
const POLICY_CHARS_MAX = 64 * 1024;
/** Conditions on how the call is made; they keep nobody out. */
const OPEN_CONDITIONS =
  /^(?:aws:SecureTransport|s3:x-amz-acl|s3:x-amz-server-side-encryption|s3:TlsVersion)$/i;

/** Undefined where the request holds no policy. */
export function isPublicPolicy(request: Json | undefined): boolean | undefined {
  let found: boolean | undefined;
  for (const p of policies(request, 0)) found = (found ?? false) || statements(p).some(letsAllIn);
  return found;
}

function* policies(v: Json | undefined, depth: number): Generator<JsonObject> {
  if (depth > DEPTH_MAX) return;
  if (typeof v === 'string') {
    if (v.length <= POLICY_CHARS_MAX && v.includes('"Statement"')) {
      const parsed = parseJsonObject(v);
      if (parsed !== undefined && 'Statement' in parsed) yield parsed;
    }
  } else if (isObject(v)) {
    if ('Statement' in v) yield v;
    else for (const key in v) yield* policies(v[key], depth + 1);
  }
}

function statements(p: JsonObject): JsonObject[] {
  const s = p['Statement'];
  return Array.isArray(s) ? (s as readonly Json[]).filter(isObject) : isObject(s) ? [s] : [];
}

function letsAllIn(s: JsonObject): boolean {
  if (s['Effect'] !== 'Allow') return false;
  const principal = s['Principal'];
  const all = isObject(principal) ? list(principal['AWS']) : list(principal);
  if (!all.includes('*')) return false;
  const condition = s['Condition'];
  if (!isObject(condition)) return true;
  return Object.values(condition).every(
    (tests) => !isObject(tests) || Object.keys(tests).every((k) => OPEN_CONDITIONS.test(k)),
  );
}
