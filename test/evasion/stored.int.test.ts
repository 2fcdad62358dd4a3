/**
 * The evasion suite in SQL: every record of it stored by the real engine, every rule asked of all of them. The verdicts are
 * the live ones, the flags are there to be searched, and bare words find what the fields do not show.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { compileCondition } from '../../src/condition/evaluate.ts';
import type { Condition } from '../../src/condition/tree.ts';
import type { NormalizedEvent } from '../../src/model/event.ts';
import { FLAGS } from '../../src/normalize/flags.ts';
import { GOLDEN_META, goldenNormalizer } from '../../src/normalize/golden.ts';
import { loadSources } from '../../src/normalize/registry.ts';
import { parseQuery } from '../../src/query/parse.ts';
import { compileWhere, type Scope } from '../../src/query/sql.ts';
import { BlockEncoder, stampOurs } from '../../src/store/native.ts';
import { openTestStore, TEST_INGESTED, testProvenance, type TestStore } from '../../src/store/testing.ts';
import { FAMILIES } from './families/all.ts';
import { bytesOf, conditionOf, type EvasionCase, evasionRules, ROOT, type RuleName } from './harness.ts';
import { RULES } from './rules.ts';

const scope: Scope = {
  tenants: ['default'],
  from: TEST_INGESTED - 400 * 86_400e6,
  to: TEST_INGESTED + 400 * 86_400e6,
};
const env = { lists: new Map() };
const cases: readonly EvasionCase[] = FAMILIES.flatMap((f) => [
  ...f.plain,
  ...f.cases,
  ...(f.harmless ?? []),
]);
const events: NormalizedEvent[] = [];
let t: TestStore;

before(async () => {
  t = await openTestStore();
  const normalize = goldenNormalizer(await loadSources(join(ROOT, 'content/sources')));
  const encoder = new BlockEncoder();
  cases.forEach((c, ord) => {
    const e = normalize(bytesOf(c), { ...GOLDEN_META, door: 'http', ...c.meta }, TEST_INGESTED);
    // The records' own stamps are of one day in March; the store keeps a year.
    const p = testProvenance({ ord, door: 'http', sender: 'evasion' });
    const recent = { ...e, ts: TEST_INGESTED };
    stampOurs(recent, p);
    encoder.add(recent, p);
    events.push(recent);
  });
  await t.store.insert([encoder.finish()], 'evasion');
});
after(() => t.end());

/** Numbers of the records for which the condition holds in SQL. */
async function stored(
  c: Condition,
): Promise<{ readonly ords: ReadonlySet<number>; readonly exact: boolean }> {
  const w = compileWhere(c, scope, env);
  assert.ok(w.ok, w.ok ? '' : w.error.message);
  const { sql, params, exact } = w.value;
  const r = await t.store.query(`SELECT ord FROM vigil.events WHERE ${sql}`, params, {
    timeoutMs: 20_000,
    maxRows: 10_000,
  });
  return { ords: new Set(r.rows.map((row) => Number(row[0]))), exact };
}

/** Live and stored verdicts of one condition over all records; more only where SQL says that it is not exact. */
async function agree(c: Condition, what: string): Promise<number> {
  const live = compileCondition(c, env);
  const { ords, exact } = await stored(c);
  events.forEach((e, i) => {
    const want = live(e);
    if (want === ords.has(i) || (!exact && !want)) return;
    assert.fail(`${what}: live ${want}, stored ${!want}: ${cases[i]?.name} ${e.rawText.slice(0, 300)}`);
  });
  return ords.size;
}

test('all records are there', async () => {
  assert.equal((await stored({ kind: 'const', value: true })).ords.size, cases.length);
  assert.ok(cases.length >= 150);
});

test('every rule gives the live verdict on every record', async (t) => {
  const set = evasionRules();
  let verdicts = 0;
  for (const name of Object.keys(RULES) as RuleName[]) {
    const rule = conditionOf(set, name);
    const found = await agree({ kind: 'and', items: [rule.where, rule.condition] }, name);
    assert.ok(found > 0, `${name} finds nothing`);
    verdicts += cases.length;
  }
  t.diagnostic(`${verdicts} verdicts`);
});

test('every flag can be searched', async () => {
  for (const flag of FLAGS) {
    const found = await agree({ kind: 'equals', field: 'vigil.flags', values: [flag], cased: false }, flag);
    assert.ok(found > 0, `no record has ${flag}`);
  }
});

test('bare words find what the fields do not show', async () => {
  const words = new Set(cases.flatMap((c) => (c.word === undefined ? [] : [c.word])));
  assert.ok(words.size > 3);
  for (const word of words) {
    const q = parseQuery(word, { now: TEST_INGESTED });
    assert.ok(q.ok);
    await agree(q.value.filter, word);
    const { ords } = await stored(q.value.filter);
    cases.forEach((c, i) => {
      if (c.word === word) assert.ok(ords.has(i), `${word} does not find: ${c.name}`);
    });
  }
});
