/**
 * All sources, found by a folder scan, and the tables by which a record finds its source without asking each in turn:
 * program -> sources, first character -> prefixes, a rare JSON key -> signatures; sniffers are asked last.
 * Contract: two sources may claim the same program or prefix (then in order of name; a `no` passes on to the next);
 * a bad folder (name, missing export, empty prefix) fails the load with a sentence that names it. Held by
 * `registry.test.ts`.
 */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { JsonObject, SourceSpec } from './source.ts';

export const SOURCES_MAX = 1000;
/** Source for messages with an envelope that no other source takes. */
export const SYSLOG_SOURCE = 'syslog';
/** Source for JSON objects that no other source takes. */
export const JSON_SOURCE = 'generic-json';

/** Source that hands on what a document says of itself; asked after the line that the document may carry. */
export const PASSING_SOURCE = 'ecs-json';

type Prefix = { readonly text: string; readonly spec: SourceSpec };
type Signature = { readonly keys: readonly string[]; readonly spec: SourceSpec };

export type Registry = {
  readonly specs: ReadonlyMap<string, SourceSpec>;
  readonly programs: ReadonlyMap<string, readonly SourceSpec[]>;
  /** By the first UTF-16 unit of the prefix, longest prefix first. */
  readonly prefixes: ReadonlyMap<number, readonly Prefix[]>;
  /** By the key of the signature that the fewest signatures have, most keys first. */
  readonly signatures: ReadonlyMap<string, readonly Signature[]>;
  readonly paths: readonly { readonly part: string; readonly spec: SourceSpec }[];
  readonly sniffers: readonly SourceSpec[];
  readonly syslog: SourceSpec | undefined;
  readonly json: SourceSpec | undefined;
};

/** Loads `<dir>/<name>/source.ts` of every folder. Throws with what is wrong where. */
export async function loadSources(dir: string): Promise<Registry> {
  const specs: SourceSpec[] = [];
  const folders = (await readdir(dir, { withFileTypes: true })).filter((e) => e.isDirectory());
  for (const { name } of folders.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const file = join(dir, name, 'source.ts');
    // A folder that holds no source yet; the golden test fails for one that stays so.
    if (!existsSync(file)) continue;
    let module: { default?: unknown };
    try {
      module = (await import(pathToFileURL(file).href)) as { default?: unknown };
    } catch (e) {
      throw new Error(
        `source '${name}': cannot load ${file}: ${e instanceof Error ? e.message : String(e)}`,
        {
          cause: e,
        },
      );
    }
    const spec = module.default as SourceSpec | undefined;
    if (typeof spec !== 'object' || spec === null || typeof spec.parse !== 'function')
      throw new Error(`source '${name}': ${file} has no default export made by defineSource`);
    if (spec.name !== name)
      throw new Error(`source '${name}': its spec is named '${spec.name}'; name it as its folder`);
    specs.push(spec);
  }
  return makeRegistry(specs);
}

/** Builds the tables; throws for a spec that cannot be routed as written. */
export function makeRegistry(list: readonly SourceSpec[]): Registry {
  if (list.length > SOURCES_MAX) throw new Error(`${list.length} sources; at most ${SOURCES_MAX}`);
  const byName = [...list].sort((a, b) => (a.name < b.name ? -1 : 1));
  const specs = new Map<string, SourceSpec>();
  const programs = new Map<string, SourceSpec[]>();
  const prefixes = new Map<number, Prefix[]>();
  for (const spec of byName) {
    check(spec);
    if (specs.has(spec.name)) throw new Error(`source '${spec.name}': there are two of that name`);
    specs.set(spec.name, spec);
    for (const p of spec.recognise.programs ?? []) push(programs, p, spec);
    for (const text of spec.recognise.prefixes ?? []) push(prefixes, text.charCodeAt(0), { text, spec });
  }
  for (const bucket of prefixes.values()) bucket.sort((a, b) => b.text.length - a.text.length);
  return {
    specs,
    programs,
    prefixes,
    signatures: indexSignatures(byName),
    paths: byName.flatMap((spec) => (spec.recognise.paths ?? []).map((part) => ({ part, spec }))),
    sniffers: byName.filter((s) => s.recognise.sniff !== undefined),
    syslog: specs.get(SYSLOG_SOURCE),
    json: specs.get(JSON_SOURCE),
  };
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const have = map.get(key);
  if (have === undefined) map.set(key, [value]);
  else have.push(value);
}

function check(spec: SourceSpec): void {
  const bad = (what: string): never => {
    throw new Error(`source '${spec.name}': ${what}`);
  };
  if (!/^[a-z][a-z0-9-]{0,63}$/.test(spec.name)) bad('names are lower-case letters, digits and dashes');
  if (!Number.isInteger(spec.version) || spec.version < 1) bad('version must be a whole number from 1');
  if ((spec.recognise.prefixes ?? []).some((p) => p === '')) bad('a prefix is empty');
  if ((spec.recognise.programs ?? []).some((p) => p === '' || p !== p.toLowerCase()))
    bad('programs are lower case');
  if ((spec.recognise.jsonKeys ?? []).some((k) => k.length === 0)) bad('a list of JSON keys is empty');
}

function indexSignatures(specs: readonly SourceSpec[]): Map<string, Signature[]> {
  const all = specs.flatMap((spec) => (spec.recognise.jsonKeys ?? []).map((keys) => ({ keys, spec })));
  const uses = new Map<string, number>();
  for (const { keys } of all) for (const k of new Set(keys)) uses.set(k, (uses.get(k) ?? 0) + 1);
  const out = new Map<string, Signature[]>();
  for (const sig of all) {
    const rare =
      [...sig.keys].sort((a, b) => (uses.get(a) ?? 0) - (uses.get(b) ?? 0) || b.length - a.length)[0] ?? '';
    push(out, rare, sig);
  }
  return out;
}

/** True where some source claims text that begins so at `at`. */
export function hasPrefix(registry: Registry, text: string, at: number): boolean {
  const bucket = registry.prefixes.get(text.charCodeAt(at));
  if (bucket === undefined) return false;
  for (const p of bucket) if (text.startsWith(p.text, at)) return true;
  return false;
}

/** Sources whose signature the document has, most keys first, then by name. */
export function bySignature(registry: Registry, doc: JsonObject): readonly SourceSpec[] {
  let found: Signature[] | undefined;
  for (const key in doc) {
    const bucket = registry.signatures.get(key);
    if (bucket === undefined) continue;
    for (const sig of bucket) {
      if (sig.keys.every((k) => k in doc)) {
        found ??= [];
        found.push(sig);
      }
    }
  }
  if (found === undefined) return [];
  found.sort((a, b) => b.keys.length - a.keys.length || (a.spec.name < b.spec.name ? -1 : 1));
  return found.map((s) => s.spec);
}
