/**
 * The conformance suite (`README.md`) through the real loader, matcher and correlator.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { parse, parseAllDocuments, stringify } from 'yaml';
import type { Lists, NamedList } from '../../src/condition/tree.ts';
import { Correlator, type Hit } from '../../src/detect/correlate.ts';
import { rulesFromFiles } from '../../src/detect/load.ts';
import { compileRules } from '../../src/detect/matcher.ts';
import { runRuleTests } from '../../src/detect/rule-tests.ts';
import { readTaxonomy, type Taxonomy } from '../../src/detect/taxonomy.ts';
import { EventFields, type FieldValue, type NormalizedEvent } from '../../src/model/event.ts';

type Fields = Readonly<Record<string, FieldValue>>;
type Step = {
  readonly at: number;
  readonly on?: Fields;
  readonly late?: number;
  readonly tick?: boolean;
  readonly fires?: boolean;
};
type Case = {
  readonly name: string;
  readonly spec?: string;
  readonly sel?: unknown;
  readonly detection?: unknown;
  readonly correlation?: unknown;
  readonly rule?: string;
  readonly lists?: Readonly<Record<string, readonly string[]>>;
  readonly match?: readonly Fields[];
  readonly none?: readonly Fields[];
  readonly timeline?: readonly Step[];
  readonly refused?: string;
};

/** Every log source of the suite means every event, and every name is itself. */
const NO_TAXONOMY: Taxonomy = {
  sources: ['', 'windows', 'linux'].flatMap((product) =>
    ['', 'test', 'process_creation'].map((category) => ({
      product,
      category,
      service: '',
      when: { kind: 'const', value: true } as const,
    })),
  ),
  fields: new Map(),
  prefixes: new Map(),
};

/** The rules that every correlation of the suite may name, by id and by name. */
const BASE = ['a', 'b', 'c'].map((k) =>
  stringify({
    title: k,
    id: `id-${k}`,
    name: k,
    logsource: { category: 'test' },
    detection: { sel: { k }, condition: 'sel' },
  }),
);

function textOf(c: Case): string {
  const head = { title: 'x', id: 'x' };
  if (c.rule !== undefined) return c.timeline === undefined ? c.rule : [...BASE, c.rule].join('---\n');
  if (c.correlation !== undefined)
    return [...BASE, stringify({ ...head, correlation: c.correlation })].join('---\n');
  const detection = c.detection ?? { selection: c.sel, condition: 'selection' };
  return stringify({ ...head, logsource: { category: 'test' }, detection });
}

function eventOf(fields: Fields, ts: number): NormalizedEvent {
  const f = new EventFields();
  for (const [name, v] of Object.entries(fields)) {
    if (name === '@timestamp') f.setOurs(name, Date.parse(String(v)) * 1000);
    else f.set(name, v);
  }
  return {
    fields: f,
    rawText: '',
    raw: new Uint8Array(),
    ts,
    status: 'parsed',
    source: 'test',
    parser: 'test@1',
    entities: [],
  };
}

const listsOf = (c: Case): Lists =>
  new Map(
    Object.entries(c.lists ?? {}).map(([name, values]): [string, NamedList] => [
      name,
      { kind: 'text', values },
    ]),
  );

function run(c: Case): void {
  const { set, problems } = rulesFromFiles([{ path: 'case.yml', text: textOf(c) }], {
    taxonomy: NO_TAXONOMY,
  });
  const compiled = compileRules(set, listsOf(c));
  const all = [...problems, ...compiled.problems];
  if (c.refused !== undefined) {
    const why = new RegExp(c.refused);
    assert.ok(
      all.some((p) => why.test(p.reason) && p.file === 'case.yml' && p.line >= 1),
      `refused for another reason: ${JSON.stringify(all)}`,
    );
    return;
  }
  assert.deepEqual(all, []);
  const meets = (e: Fields): boolean => compiled.match(eventOf(e, 0)).includes('x');
  for (const e of c.match ?? []) assert.equal(meets(e), true, `must match ${JSON.stringify(e)}`);
  for (const e of c.none ?? []) assert.equal(meets(e), false, `must not match ${JSON.stringify(e)}`);
  if (c.timeline !== undefined) play(c.timeline, new Correlator(set), (e) => compiled.match(e));
}

/** 2026-03-05 14:00 UTC, microseconds. */
const START = Date.UTC(2026, 2, 5, 14) * 1000;

function play(
  steps: readonly Step[],
  correlator: Correlator,
  match: (e: NormalizedEvent) => readonly string[],
): void {
  steps.forEach((s, ord) => {
    const ts = START + s.at * 1e6;
    const hits: Hit[] = [];
    if (s.tick === true) correlator.tick(ts, hits);
    else {
      const e = eventOf(s.on ?? {}, ts);
      const rules = match(e);
      const matched = {
        id: { node: 1, batch: 1, ord },
        tenant: 'default',
        origin: 'live' as const,
        door: 'test',
        sender: 'test',
        source: 'test',
        ts,
        ingested: ts + (s.late ?? 0) * 1e6,
        rules,
        fields: [...e.fields.entries()],
        entities: [],
      };
      for (const r of rules) correlator.feed(r, matched, 1, hits);
    }
    const fired = hits.some((h) => h.rule.id === 'x');
    assert.equal(fired, s.fires === true, `step ${ord + 1} of ${steps.length}: ${JSON.stringify(s)}`);
  });
}

let cases = 0;
for (const file of readdirSync(import.meta.dirname).filter((f) => f.endsWith('.yml'))) {
  test(`conformance: ${file}`, async (t) => {
    const doc = parse(readFileSync(join(import.meta.dirname, file), 'utf8')) as {
      spec: string;
      cases: readonly Case[];
    };
    assert.match(doc.spec, /sigma-/, 'a file names the section of the specification');
    assert.equal(new Set(doc.cases.map((c) => c.name)).size, doc.cases.length, 'names are unique in a file');
    cases += doc.cases.length;
    for (const c of doc.cases)
      await t.test(c.name, () => {
        // A case that asks for nothing would always pass.
        const asks = [...(c.match ?? []), ...(c.none ?? []), ...(c.timeline ?? [])].length;
        assert.ok(asks > 0 || c.refused !== undefined, 'the case asks for nothing');
        run(c);
      });
  });
}

test('conformance: the examples of docs/SIGMA.md load, and their tests pass', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/SIGMA.md'), 'utf8');
  const dir = mkdtempSync(join(tmpdir(), 'sigma-docs-'));
  try {
    for (const m of page.matchAll(/^```yaml\n# (\S+)\n([\s\S]*?)^```$/gm))
      writeFileSync(join(dir, m[1] ?? ''), m[2] ?? '');
    const report = runRuleTests(dir, readTaxonomy(join(import.meta.dirname, '../../content/taxonomy')));
    assert.deepEqual(report.problems, []);
    assert.deepEqual(report.untested, []);
    assert.deepEqual(
      report.results.map((r) => [r.test, r.ok, r.reason]),
      [
        ['it stops', true, ''],
        ['it goes on', true, ''],
      ],
    );
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test('conformance: at least 300 cases', () => {
  assert.ok(cases >= 300, `${cases}`);
  assert.ok(parseAllDocuments(BASE.join('---\n')).length === 3);
});
