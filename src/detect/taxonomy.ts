/**
 * What Sigma's words mean in our events: log sources (product, category, service) and field names. The data is in
 * `content/taxonomy/*.yml`; a rule that states `taxonomy: ecs` uses our names and needs none of it but log sources.
 *
 * Held by `load.int.test.ts`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Condition } from '../condition/tree.ts';
import type { LogSource } from './rule.ts';
import { and, or } from './sigma/modifiers.ts';
import { child, readYaml, textOf, textsOf, type Yaml } from './sigma/yaml.ts';

type SourceEntry = {
  readonly product: string;
  readonly category: string;
  readonly service: string;
  readonly when: Condition;
  /** Absent: true. */
  readonly supplied?: boolean;
};

export type Taxonomy = {
  readonly sources: readonly SourceEntry[];
  /** Per scope (`*`, a product, a category) a Sigma name to ours. */
  readonly fields: ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;
  /** Per product, or product/service, the prefixes under which unmapped names may stand. */
  readonly prefixes: ReadonlyMap<string, readonly string[]>;
};

/** Reads the folder; throws on a broken file, since it is ours. */
export function readTaxonomy(dir: string): Taxonomy {
  const sources: SourceEntry[] = [];
  for (const item of items(join(dir, 'logsources.yml'))) {
    const when = child(item, 'when');
    if (when === undefined) throw new Error(`logsources.yml line ${item.line}: 'when' is missing`);
    for (const product of orBlank(textsOf(item, 'product')))
      for (const category of orBlank(textsOf(item, 'category')))
        for (const service of orBlank(textsOf(item, 'service'))) {
          const supplied = textOf(item, 'supplied') !== 'false';
          sources.push({ product, category, service, when: whenOf(when), supplied });
        }
  }
  const fields = new Map<string, Map<string, readonly string[]>>();
  const prefixes = new Map<string, readonly string[]>();
  for (const item of items(join(dir, 'fields.yml'))) {
    const scope = textOf(item, 'scope');
    const prefix = textsOf(item, 'prefix');
    if (prefix.length > 0) prefixes.set(scope, prefix);
    const table = child(item, 'fields');
    const map = fields.get(scope) ?? new Map<string, readonly string[]>();
    if (table?.kind === 'map') for (const [name] of table.entries) map.set(name, textsOf(table, name));
    fields.set(scope, map);
  }
  return { sources, fields, prefixes };
}

const orBlank = (list: readonly string[]): readonly string[] => (list.length === 0 ? [''] : list);

function items(file: string): readonly Yaml[] {
  const { documents, problems } = readYaml(readFileSync(file, 'utf8'));
  const root = documents[0]?.root;
  if (problems.length > 0 || root === undefined || root.kind !== 'seq')
    throw new Error(`${file}: ${problems[0]?.reason ?? 'is not a list'}`);
  return root.items;
}

/** A map is AND, a list of maps OR; a value or list of values is equality, `'*'` presence. */
function whenOf(y: Yaml): Condition {
  if (y.kind === 'seq') return or(y.items.map(whenOf));
  if (y.kind === 'scalar') return { kind: 'const', value: true };
  return and(
    y.entries.map(([field]): Condition => {
      const values = textsOf(y, field);
      if (values.length === 1 && values[0] === '*') return { kind: 'exists', field };
      return { kind: 'equals', field, values, cased: false };
    }),
  );
}

/** Which events a log source means, and whether any source of ours writes them. */
export type SourceEvents = { readonly where: Condition; readonly supplied: boolean };

/** Entries of `logsources.yml` where there are any, else what such events are called by convention. */
export function eventsOf(t: Taxonomy, s: LogSource): SourceEvents {
  const entries = entriesFor(t, s);
  if (entries === undefined) return { where: byConvention(t, s), supplied: false };
  return { where: allOf(entries), supplied: entries.every((e) => e.supplied !== false) };
}

/**
 * A product that nothing parses yet: events of the module or dataset of that name (Elastic's and our naming: `okta.system`,
 * `fortinet_fortigate.log`), such as ECS documents bring. The rule loads, and fires once somebody sends them.
 */
function byConvention(t: Taxonomy, s: LogSource): Condition {
  const parts: Condition[] = [];
  const product =
    s.product === '' ? undefined : logsourceCondition(t, { product: s.product, category: '', service: '' });
  if (s.product !== '') parts.push(product ?? named(s.product));
  if (s.category !== '' && s.category !== 'application') {
    const entry = t.sources.find((e) => e.product === '' && e.category === s.category && e.service === '');
    parts.push(
      entry?.when ?? { kind: 'equals', field: 'event.category', values: [s.category], cased: false },
    );
  }
  if (s.service !== '') {
    const names = s.product === '' ? [s.service] : [s.service, `${s.product}.${s.service}`];
    parts.push(
      or([{ kind: 'equals', field: 'event.dataset', values: names, cased: false }, named(s.service)]),
    );
  }
  return parts.length === 0 ? named(s.category) : and(parts);
}

function named(name: string): Condition {
  const names = [...new Set([name, name.replaceAll('_', '-'), name.replaceAll('-', '_')])];
  const equal = (field: string): Condition => ({ kind: 'equals', field, values: names, cased: false });
  return or([
    equal('event.module'),
    equal('vigil.source'),
    equal('event.dataset'),
    equal('observer.product'),
    ...names.map(
      (n): Condition => ({
        kind: 'like',
        field: 'event.dataset',
        pattern: [{ kind: 'text', text: `${n}.` }, { kind: 'any' }],
        cased: false,
      }),
    ),
  ]);
}

/** The condition of the entries; undefined where the log source has none. */
export function logsourceCondition(t: Taxonomy, s: LogSource): Condition | undefined {
  const entries = entriesFor(t, s);
  return entries === undefined ? undefined : allOf(entries);
}

const allOf = (entries: readonly SourceEntry[]): Condition =>
  entries.length === 0 ? { kind: 'const', value: true } : and(entries.map((e) => e.when));

/** The most specific entry for a log source's category and its service, and the product's own; all of them must hold. */
function entriesFor(t: Taxonomy, s: LogSource): readonly SourceEntry[] | undefined {
  const exact = (p: string, c: string, v: string): SourceEntry | undefined =>
    t.sources.find((e) => e.product === p && e.category === c && e.service === v);
  if (s.product === '' && s.category === '' && s.service === '') return [];
  const whole = exact(s.product, s.category, s.service);
  if (whole !== undefined) return [whole];
  const parts: SourceEntry[] = [];
  if (s.category !== '') {
    const e = exact(s.product, s.category, '') ?? exact('', s.category, '');
    if (e === undefined) return undefined;
    parts.push(e);
    // A category that is not tied to the product is narrowed by the product's own condition.
    if (e.product === '' && s.product !== '') {
      const p = exact(s.product, '', '');
      if (p === undefined) return undefined;
      parts.push(p);
    }
  }
  if (s.service !== '') {
    const e = exact(s.product, '', s.service) ?? exact('', '', s.service);
    if (e === undefined) return undefined;
    parts.push(e);
  }
  return parts;
}

/** Our names for a field of a rule with this log source. Spaces are stripped, as Sigma says. */
export function mapField(t: Taxonomy, s: LogSource, name: string): readonly string[] {
  const bare = name.replaceAll(' ', '');
  const scopes = [
    `${s.product}/${s.category}`,
    `${s.product}/${s.service}`,
    s.category,
    s.service,
    s.product,
    '*',
  ];
  for (const scope of scopes) {
    const found = scope === '' ? undefined : t.fields.get(scope)?.get(bare);
    if (found !== undefined) return found;
  }
  const prefixes = t.prefixes.get(`${s.product}/${s.service}`) ?? t.prefixes.get(s.product);
  if (prefixes === undefined) return [bare];
  const names = prefixes.map((p) => p + bare);
  // A dotted name may be one of ours already.
  return bare.includes('.') ? [...names, bare] : names;
}
