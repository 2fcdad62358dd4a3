/**
 * YAML of rule files into a small tree that knows its lines. Bounded: size, documents, nesting, aliases. Maps are
 * entry lists, so a key named `__proto__` is an ordinary key.
 *
 * Contract: never throws on any text (held by `yaml.test.ts`).
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments } from 'yaml';
import { errorText } from '../../base/result.ts';

/** UTF-16 units. */
export const RULE_FILE_CHARS_MAX = 512 * 1024;
export const DOCUMENTS_MAX = 200;
export const NESTING_MAX = 20;
export const ALIASES_MAX = 100;
/** Nodes per file, aliases expanded. */
export const NODES_MAX = 50_000;

export type Scalar = string | number | boolean | null;
export type YamlMap = {
  readonly kind: 'map';
  readonly line: number;
  readonly entries: readonly (readonly [string, Yaml])[];
};
export type YamlSeq = { readonly kind: 'seq'; readonly line: number; readonly items: readonly Yaml[] };
export type YamlScalar = { readonly kind: 'scalar'; readonly line: number; readonly value: Scalar };
export type Yaml = YamlMap | YamlSeq | YamlScalar;

export type YamlDocument = { readonly line: number; readonly text: string; readonly root: Yaml };
export type YamlProblem = { readonly line: number; readonly reason: string };

class Refused extends Error {
  readonly line: number;
  constructor(line: number, reason: string) {
    super(reason);
    this.line = line;
  }
}

/** Every document of a file; `problem` is set where reading stopped. Lines count from 1. */
export function readYaml(text: string): {
  readonly documents: readonly YamlDocument[];
  readonly problems: readonly YamlProblem[];
} {
  if (text.length > RULE_FILE_CHARS_MAX)
    return {
      documents: [],
      problems: [{ line: 1, reason: `the file is longer than ${RULE_FILE_CHARS_MAX} characters: split it` }],
    };
  const deep = tooDeep(text);
  if (deep > 0)
    return { documents: [], problems: [{ line: deep, reason: `brackets nest deeper than ${NESTING_MAX}` }] };
  const documents: YamlDocument[] = [];
  const problems: YamlProblem[] = [];
  const lines = new LineCounter();
  try {
    const docs = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, logLevel: 'silent' });
    if (!Array.isArray(docs)) return { documents, problems };
    if (docs.length > DOCUMENTS_MAX)
      throw new Refused(1, `more than ${DOCUMENTS_MAX} documents: split the file`);
    const budget = { nodes: 0, aliases: 0 };
    for (const doc of docs) {
      const at = (offset: number | undefined): number => Math.max(1, lines.linePos(offset ?? 0).line);
      const first = doc.errors[0];
      if (first !== undefined) {
        problems.push({ line: at(first.pos[0]), reason: `not valid YAML: ${first.message}` });
        continue;
      }
      if (doc.contents === null) continue;
      try {
        const root = convert(doc.contents, 0, at, budget, (a) => (isAlias(a) ? a.resolve(doc) : undefined));
        const start = doc.contents.range?.[0] ?? 0;
        const end = doc.contents.range?.[2] ?? text.length;
        documents.push({ line: root.line, text: text.slice(start, end).trimEnd(), root });
      } catch (e) {
        if (!(e instanceof Refused)) throw e;
        problems.push({ line: e.line, reason: e.message });
      }
    }
  } catch (e) {
    problems.push({ line: e instanceof Refused ? e.line : 1, reason: errorText(e) });
  }
  return { documents, problems };
}

/** Line at which flow brackets nest too deep, before the parser recurses into them; 0 if they do not. */
function tooDeep(text: string): number {
  let depth = 0;
  let line = 1;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 10) line++;
    else if (c === 91 || c === 123) {
      // Brackets inside long strings nest too, so the bound is generous: the parser itself copes with hundreds.
      if (++depth > 400) return line;
    } else if ((c === 93 || c === 125) && depth > 0) depth--;
  }
  return 0;
}

function convert(
  node: unknown,
  depth: number,
  at: (offset: number | undefined) => number,
  budget: { nodes: number; aliases: number },
  resolve: (alias: unknown) => unknown,
): Yaml {
  const line = at((node as { range?: [number, number, number] | null } | null)?.range?.[0]);
  if (depth > NESTING_MAX) throw new Refused(line, `nests deeper than ${NESTING_MAX}: flatten it`);
  if (++budget.nodes > NODES_MAX) throw new Refused(line, `more than ${NODES_MAX} values: split the file`);
  if (isAlias(node)) {
    if (++budget.aliases > ALIASES_MAX) throw new Refused(line, `more than ${ALIASES_MAX} aliases`);
    const target = resolve(node);
    if (target === undefined) throw new Refused(line, `the alias *${node.source} has no anchor`);
    return convert(target, depth + 1, at, budget, resolve);
  }
  if (isMap(node)) {
    const entries = node.items.map((p): readonly [string, Yaml] => [
      String(isScalar(p.key) ? p.key.value : p.key),
      p.value === null || p.value === undefined
        ? { kind: 'scalar', line, value: null }
        : convert(p.value, depth + 1, at, budget, resolve),
    ]);
    return { kind: 'map', line, entries };
  }
  if (isSeq(node))
    return { kind: 'seq', line, items: node.items.map((x) => convert(x, depth + 1, at, budget, resolve)) };
  const v = isScalar(node) ? node.value : null;
  if (v === null || typeof v === 'string' || typeof v === 'number' || typeof v === 'boolean')
    return { kind: 'scalar', line, value: v };
  return { kind: 'scalar', line, value: v === undefined ? null : String(v) };
}

/** The last value under a key, undefined where absent. */
export function child(map: Yaml, key: string): Yaml | undefined {
  if (map.kind !== 'map') return undefined;
  for (const [k, v] of map.entries) if (k === key) return v;
  return undefined;
}

/** Scalar text, '' where absent or no scalar. */
export function textOf(map: Yaml, key: string): string {
  const v = child(map, key);
  return v === undefined || v.kind !== 'scalar' || v.value === null ? '' : String(v.value);
}

/** A list of texts; a single scalar is a list of one. */
export function textsOf(map: Yaml, key: string): string[] {
  const v = child(map, key);
  if (v === undefined) return [];
  if (v.kind === 'scalar') return v.value === null ? [] : [String(v.value)];
  if (v.kind === 'map') return [];
  return v.items.flatMap((x) => (x.kind === 'scalar' && x.value !== null ? [String(x.value)] : []));
}
