/** The evasion suite, live: normaliser and matcher (see `harness.ts`). */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { join } from 'node:path';
import { compileCondition } from '../../src/condition/evaluate.ts';
import { loadRules } from '../../src/detect/load.ts';
import { type CompiledRules, compileRules } from '../../src/detect/matcher.ts';
import { makeRuleSet, type RuleSet } from '../../src/detect/rule.ts';
import type { NormalizedEvent } from '../../src/model/event.ts';
import { GOLDEN_INGESTED, GOLDEN_META, goldenNormalizer } from '../../src/normalize/golden.ts';
import { makeNormalizer, type Normalizer } from '../../src/normalize/normalize.ts';
import { loadSources } from '../../src/normalize/registry.ts';
import { parseQuery } from '../../src/query/parse.ts';
import { FAMILIES } from './families/all.ts';
import { bytesOf, conditionOf, type EvasionCase, evasionRules, ROOT, taxonomy } from './harness.ts';

/** The shipped rules that count flagged events. */
const COUNTING = ['event_disguised', 'event_incomplete'];
const CASES_MIN = 301;

let set: RuleSet;
let rules: CompiledRules;
let normalize: Normalizer;
/** Reads fields when they are asked for, as the pipeline's workers do. */
let lazily: Normalizer;
const counting = new Set<string>();
before(async () => {
  const registry = await loadSources(join(ROOT, 'content/sources'));
  normalize = goldenNormalizer(registry);
  lazily = makeNormalizer(registry, { hostZone: 'UTC', hostName: 'collector', lazy: true });
  set = evasionRules();
  const shipped = loadRules([join(ROOT, 'content/rules')], { taxonomy }).set.rules.filter((r) =>
    COUNTING.includes(r.name),
  );
  assert.equal(shipped.length, COUNTING.length, 'the shipped rules are there');
  for (const r of shipped) counting.add(r.id);
  rules = compileRules(makeRuleSet([...set.rules, ...shipped]), new Map());
  assert.deepEqual(rules.problems, []);
});

const eventOf = (c: EvasionCase, by = normalize): NormalizedEvent =>
  by(bytesOf(c), { ...GOLDEN_META, door: 'http', sender: '192.0.2.9', ...c.meta }, GOLDEN_INGESTED);
const flagsOf = (e: NormalizedEvent): readonly string[] =>
  (e.fields.get('vigil.flags') ?? []) as readonly string[];
const show = (c: EvasionCase, e: NormalizedEvent): string =>
  `${c.name}: ${e.source} ${e.status} ${JSON.stringify([...e.fields.entries()].slice(0, 60)).slice(0, 1500)}`;

/** Does the rule fire? The plain evaluator and the engine must say the same. */
function fires(c: EvasionCase, e: NormalizedEvent): { readonly rule: boolean; readonly counted: boolean } {
  const rule = conditionOf(set, c.rule);
  const hits = rules.match(e);
  const env = { lists: new Map() };
  const plain = compileCondition(rule.where, env)(e) && compileCondition(rule.condition, env)(e);
  assert.equal(hits.includes(rule.id), plain, `engine and evaluator differ; ${show(c, e)}`);
  const lazy = rules.match(eventOf(c, lazily));
  assert.deepEqual([...lazy].sort(), [...hits].sort(), `the pipeline's way differs; ${show(c, e)}`);
  return { rule: plain, counted: hits.some((id) => counting.has(id)) };
}

function finds(word: string, e: NormalizedEvent): boolean {
  const q = parseQuery(word, { now: GOLDEN_INGESTED });
  assert.ok(q.ok);
  return compileCondition(q.value.filter, { lists: new Map() })(e);
}

test(`at least ${CASES_MIN} cases, no two alike`, (t) => {
  const all = FAMILIES.flatMap((f) => f.cases.map((c) => `${f.name}: ${c.name}`));
  const named = FAMILIES.flatMap((f) => f.cases).filter((c) => c.named !== undefined).length;
  t.diagnostic(
    `${all.length} cases in ${FAMILIES.length} families: ${all.length - named} fire, ${named} are named`,
  );
  assert.ok(all.length >= CASES_MIN);
  assert.equal(new Set(all).size, all.length);
});

for (const family of FAMILIES) {
  for (const c of family.plain)
    test(`${family.name}: undressed: ${c.name}`, () => {
      const e = eventOf(c);
      assert.ok(fires(c, e).rule, show(c, e));
      assert.deepEqual(flagsOf(e), [], show(c, e));
    });
  for (const c of family.harmless ?? [])
    test(`${family.name}: harmless: ${c.name}`, () => {
      const e = eventOf(c);
      assert.ok(!fires(c, e).rule, show(c, e));
      assert.deepEqual(flagsOf(e), [], show(c, e));
    });
  for (const c of family.cases)
    test(`${family.name}: ${c.name}`, () => {
      const e = eventOf(c);
      const got = fires(c, e);
      if (c.named === undefined) assert.ok(got.rule, show(c, e));
      else {
        assert.ok(flagsOf(e).includes(c.named), `${c.named} is not on it; ${show(c, e)}`);
        assert.ok(got.counted, `flagged, but counted by no rule; ${show(c, e)}`);
      }
      if (c.word !== undefined) assert.ok(finds(c.word, e), `a search for ${c.word} does not find it`);
    });
}
